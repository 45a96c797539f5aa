"""Pillow on all cores: processes that hold their images, as the workers of a DataLoader do.

Only the order to begin and the CPU seconds travel; results stay in the workers, which favours Pillow.
"""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

import torch

from benchmarks.augment.pictures import pictures
from benchmarks.augment.rivals import on_pillow


class PillowWorkers:
    """Processes that apply a policy to ``count`` images of ``size`` x ``size``, in equal parts."""

    def __init__(self, policy: str, count: int, size: int, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._ends: list[Connection] = []
        self._processes = []
        for worker in range(processes):
            ours, theirs = context.Pipe()
            part = (worker, count, processes)
            process = context.Process(target=_serve, args=(theirs, policy, size, part), daemon=True)
            process.start()
            theirs.close()
            self._ends.append(ours)
            self._processes.append(process)

    def __call__(self) -> float:
        """Augment all images once and return the workers' CPU seconds."""
        for end in self._ends:
            end.send(True)
        return sum(end.recv() for end in self._ends)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for end in self._ends:
            end.close()
        for process in self._processes:
            process.join()


def _serve(end: Connection, policy: str, size: int, part: tuple[int, int, int]) -> None:
    torch.set_num_threads(1)
    first, count, step = part
    call, images = on_pillow(policy), pictures(count, size)[first::step]
    assert call is not None, policy
    while True:
        try:
            end.recv()
        except EOFError:
            return
        start = time.process_time()
        for image in images:
            call(image)
        end.send(time.process_time() - start)
