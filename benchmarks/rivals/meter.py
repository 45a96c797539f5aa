"""What a process and its children have used, from /proc: CPU seconds and memory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """The process and all below it that are alive."""
    found = [pid]
    for parent in found:
        for thread in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in thread.read_text().split())
            except OSError:
                continue
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the process and its descendants, of those that ended too if they were waited for."""
    total = 0
    for process in descendants(pid):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return total / _TICK


def memory_mib(pid: int) -> float:
    """Proportional set size of the process and its descendants: shared pages count once."""
    total = 0
    for process in descendants(pid):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


class PeakMemory:
    """``with PeakMemory(pid) as peak: ...`` then ``peak.mib``; looking costs time, so nothing is timed meanwhile."""

    def __init__(self, pid: int, every: float = 0.05) -> None:
        self.mib = 0.0
        self._pid, self._every = pid, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        stopped = False
        while not stopped:
            self.mib = max(self.mib, memory_mib(self._pid))
            stopped = self._stop.wait(self._every)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def wait_until_idle(pids: Iterable[int], longest: float = 10.0) -> bool:
    """Whether, in this time, all processes have filled their queues and use no CPU any more, but for a tick each."""
    deadline, pids = time.monotonic() + longest, list(pids)
    before = sum(map(cpu_seconds, pids))
    while time.monotonic() < deadline:
        time.sleep(0.1 + 0.02 * len(pids))
        now = sum(map(cpu_seconds, pids))
        if now - before <= len(pids) / _TICK:
            return True
        before = now
    return False
