"""``DaliQueue``: batches under way in a DALI pipeline, each with a ticket that says whose it is."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from nvidia.dali import Pipeline

from fastmix._core import hold_returning_threads
from fastmix.loader.graph.dali_private import give_up, has_handle, never_shut_down, shut_down
from fastmix.loader.stall import Stall

# What a failed run raises: the C++ exceptions' counterparts.
PIPELINE_ERRORS = (RuntimeError, ValueError, IndexError, TypeError)
# How long an interrupted wait still waits for the pipeline, in seconds, so that it can be shut down.
_PATIENCE = 1.0

_living: weakref.WeakSet[DaliQueue] = weakref.WeakSet()


# Runs before DALI's own exit handler, registered at its import, which waits for every pipeline's runs.
@atexit.register
def _close_all() -> None:
    for queue in list(_living):
        queue.close_at_exit()
    hold_returning_threads()


@dataclass(frozen=True, eq=False)
class Ticket:
    """One batch: which iterator it is for, and what the pipeline is fed for it.

    Attributes:
        owner: the iterator that asked for it.
        samples: int64 (B,), indices in the source, B >= 1.
        inputs: the pipeline's inputs by name, with B entries each: an array, or a list of arrays.
    """

    owner: object
    samples: np.ndarray
    inputs: dict[str, np.ndarray | list[np.ndarray]]


class DaliQueue:
    """Runs batches through a pipeline, in the order in which they are submitted.

    The batches of an iterator that is given up run on, and the next iterator passes over them. The pipeline is built
    when the first batch is submitted.
    """

    def __init__(self, build: Callable[[], Pipeline], device: torch.device, stall: Stall | None = None) -> None:
        self._build = build
        self._device = device
        self._stall = stall or Stall(None)
        self._pipeline: Pipeline | None = None
        self._process = os.getpid()
        self._tickets: deque[Ticket] = deque()
        self._in_use = threading.RLock()
        _living.add(self)

    def submit(self, ticket: Ticket) -> None:
        """Start a batch; returns at once."""
        if self._process != os.getpid():
            self._leave_to_parent()
        with self._in_use:
            self._submit(ticket)

    def _submit(self, ticket: Ticket) -> None:
        try:
            if self._pipeline is None:
                self._pipeline = self._build()
            for name, data in ticket.inputs.items():
                self._pipeline.feed_input(name, data)
            self._tickets.append(ticket)
            self._pipeline.schedule_run()
        except BaseException:
            # After an interrupt between two inputs, all later batches would be out of step.
            self.reset()
            raise

    def take(self, owner: object) -> tuple[Ticket, tuple]:
        """Return the owner's oldest batch and its outputs. Waits on the host (CPU), or on the current stream (CUDA).

        Raises:
            RuntimeError: or another of PIPELINE_ERRORS: the batch failed. All batches under way are lost, and the next
                one starts a new pipeline, since DALI makes no promise for one that failed. Or the current stream is
                capturing: the batches under way stay.
        """
        self._refuse_capture()
        with self._in_use:
            return self._take(owner)

    def _take(self, owner: object) -> tuple[Ticket, tuple]:
        try:
            while self._tickets[0].owner is not owner:
                self._discard()
            outputs = self._outputs()
            return self._tickets.popleft(), outputs
        except BaseException:
            # After an interrupt between the two, tickets and runs would be out of step.
            self.reset()
            raise

    def reset(self) -> None:
        """Drop the pipeline and all batches in it; a read that never ends is left running."""
        pipeline, under_way = self._pipeline, len(self._tickets)
        self._pipeline = None
        self._tickets.clear()
        # A pipeline whose wait was given up has no handle any more.
        if pipeline is None or not has_handle(pipeline):
            return
        if not under_way or _finish(pipeline, under_way, self._on_device()):
            shut_down(pipeline)

    def close(self) -> None:
        """Drop the pipeline, in the process that built it or in a forked child."""
        if self._process == os.getpid():
            self.reset()
        elif self._pipeline is not None:
            never_shut_down(self._pipeline)

    __del__ = close

    def close_at_exit(self) -> None:
        """Drop the pipeline when the interpreter ends. Daemon threads that still use the queue wait from then on."""
        if self._process != os.getpid() or self._in_use.acquire(timeout=_PATIENCE):
            self.close()
        elif (pipeline := self._pipeline) is not None and has_handle(pipeline):
            give_up(pipeline)

    def _leave_to_parent(self) -> None:
        """Drop the parent's pipeline after a fork: its threads do not exist here and cannot be joined."""
        if self._pipeline is not None:
            never_shut_down(self._pipeline)
        self._in_use = threading.RLock()  # another thread of the parent may have held it
        self._process = os.getpid()
        self.reset()

    def _discard(self) -> None:
        try:
            self._outputs()
            self._tickets.popleft()
        except PIPELINE_ERRORS:
            # The batch is unwanted, and so is its error. The batches after it start again.
            _, *wanted = self._tickets
            self.reset()
            for ticket in wanted:
                self.submit(ticket)

    def _outputs(self) -> tuple:
        """Wait for the oldest batch in a thread: Python cannot interrupt a wait inside DALI."""
        pipeline, stream = self._pipeline, self._stream()
        result: list = []
        done = threading.Event()

        def wait() -> None:
            try:
                with self._on_device():
                    result.append(pipeline.outputs(stream))
            except BaseException as error:
                result.append(error)
            finally:
                done.set()

        # A daemon thread does not keep the interpreter from ending.
        threading.Thread(target=wait, name="fastmix-wait", daemon=True).start()
        try:
            self._stall.wait(done, "DALI's pipeline (reading, decoding, augmenting)")
        except BaseException:
            _abandon(pipeline, done)
            raise
        outcome = result.pop()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _on_device(self) -> contextlib.AbstractContextManager:
        """A new thread starts on GPU 0: without this, other ranks would wait there and take memory of it."""
        return torch.cuda.device(self._device) if self._device.type == "cuda" else contextlib.nullcontext()

    def _refuse_capture(self) -> None:
        """DALI frees batches in its own threads, which would break the capture of a CUDA graph."""
        if self._device.type == "cuda" and torch.cuda.is_current_stream_capturing():
            raise RuntimeError(
                "DataLoader: expected a stream that is not capturing, got one that is; take batches outside CUDA graphs"
            )

    def _stream(self) -> torch.cuda.Stream | None:
        return torch.cuda.current_stream(self._device) if self._device.type == "cuda" else None


def _abandon(pipeline: Pipeline, done: threading.Event) -> None:
    """Give up a pipeline that does not return soon: it may be in a read that never ends."""
    if not done.wait(_PATIENCE):
        give_up(pipeline)


def _finish(pipeline: Pipeline, runs: int, on_device: contextlib.AbstractContextManager) -> bool:
    """Wait for unwanted runs, for a bounded time; returns whether the pipeline can be shut down without waiting."""
    if sys.is_finalizing():
        never_shut_down(pipeline)
        return False
    done = threading.Event()

    def wait() -> None:
        # A failed pipeline raises StopIteration, and one that was given up has no handle (AttributeError).
        with on_device, contextlib.suppress(*PIPELINE_ERRORS, StopIteration, AttributeError):
            for _ in range(runs):
                pipeline.outputs()
        done.set()

    try:
        threading.Thread(target=wait, name="fastmix-finish", daemon=True).start()
    except RuntimeError:  # the interpreter is about to end
        never_shut_down(pipeline)
        return False
    _abandon(pipeline, done)
    return has_handle(pipeline)
