"""Several rivals at once, each in its own process, of which only one works at a time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks.rivals import Job
from benchmarks.rivals.meter import wait_until_idle

ROOT = Path(__file__).resolve().parents[2]


class Failed(Exception):
    """A rival died or does other work than it was asked for."""


class Rival:
    """A process that waits until it is asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        command = [sys.executable, "-m", "benchmarks.rivals.worker", name]
        # A file, not a pipe: nobody empties it while the rival works.
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def open(self, job: Job) -> None:
        self._send("open", **job._asdict())

    def wait_until_ready(self) -> str | None:
        """None, or why it cannot take part."""
        return self._read().get("unavailable")

    def ask(self, task: str, **arguments: float) -> dict:
        self._send(task, **arguments)
        return self._read()

    def _send(self, task: str, **arguments: object) -> None:
        try:
            print(json.dumps({"task": task, "arguments": arguments}), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            self._read()

    def _read(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._errors.seek(0)
            errors = self._errors.read().strip()
            raise Failed(f"{self.name}: {errors.splitlines()[-1][:300] if errors else f'died with status {status}'}")
        return json.loads(line)

    def close(self, patience: float = 10) -> None:
        """Waits until the process is gone, or ends it, and all that it started."""
        if self._process.poll() is None:
            self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()


class Contest:
    """``with Contest(names, job) as contest``: ``rivals`` that take part, and of the others the reason why not."""

    def __init__(self, names: Iterable[str], job: Job) -> None:
        self._processes = {name: Rival(name) for name in names}
        self.rivals: dict[str, Rival] = {}
        self.unavailable: dict[str, str] = {}
        try:
            self.open(job)
        except BaseException:
            for rival in self._processes.values():
                rival.close(patience=0)
            raise

    def open(self, job: Job) -> None:
        """From here on everybody does this job; who cannot takes part again in the next.

        Nothing is measured yet: they get ready side by side, and all of them have gone idle before it begins.
        """
        self.rivals, self.unavailable = {}, {}
        for name, rival in list(self._processes.items()):
            with self._out_if_failed(name):
                rival.open(job)
        for name, rival in list(self._processes.items()):
            with self._out_if_failed(name):
                reason = rival.wait_until_ready()
                if reason is None:
                    self.rivals[name] = rival
                else:
                    self.unavailable[name] = reason
        if not wait_until_idle([rival.pid for rival in self._processes.values()], longest=120):
            raise RuntimeError("the loaders' processes did not go idle within 120 s: is the machine busy?")

    @contextlib.contextmanager
    def _out_if_failed(self, name: str) -> Iterator[None]:
        try:
            yield
        except Failed as failure:
            self.unavailable[name] = str(failure)
            self.rivals.pop(name, None)
            self._processes.pop(name).close()

    def round(
        self, task: str, order: int = 1, before: Callable[[], None] | None = None, **arguments: float
    ) -> Iterator[tuple[str, dict]]:
        """Everybody's (name, answer), one after another; one who dies is taken out of the contest.

        Args:
            task: of :mod:`.worker`.
            order: 1, or -1 to begin with the last.
            before: called before each.
            **arguments: of the task.
        """
        for name in list(self.rivals)[::order]:
            if before is not None:
                before()
            answer = None
            with self._out_if_failed(name):
                answer = self.rivals[name].ask(task, **arguments)
            if answer is not None:
                yield name, answer

    def rounds(
        self, count: int, task: str, before: Callable[[], None] | None = None, **arguments: float
    ) -> dict[str, list[dict]]:
        """Everybody's answers of several rounds; who begins changes from round to round."""
        answers: dict[str, list[dict]] = {}
        for turn in range(count):
            for name, answer in self.round(task, 1 if turn % 2 == 0 else -1, before, **arguments):
                answers.setdefault(name, []).append(answer)
        return {name: found for name, found in answers.items() if name in self.rivals}

    def __enter__(self) -> Contest:
        return self

    def __exit__(self, *_: object) -> None:
        for rival in self._processes.values():
            rival.close()
