"""Threads that wait for DALI do so on the loader's GPU, and no batch is taken while a CUDA graph is captured."""

import contextlib
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from fastmix.loader.graph import dali_queue
from fastmix.loader.graph.dali_queue import DaliQueue, Ticket

GPU = torch.device("cuda", 1)


class FakePipeline:
    """Says which device was current where it was waited for."""

    def __init__(self, current: threading.local) -> None:
        self.current = current
        self._pipe = object()

    def schedule_run(self) -> None:
        pass

    def outputs(self, *_: object) -> tuple:
        return (getattr(self.current, "device", None),)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> DaliQueue:
    current = threading.local()

    @contextlib.contextmanager
    def device(chosen: torch.device) -> Iterator[None]:
        current.device = chosen
        yield
        current.device = None

    monkeypatch.setattr(torch.cuda, "device", device)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda *_: "stream")
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: False)
    monkeypatch.setattr(dali_queue, "has_handle", lambda *_: True)
    return DaliQueue(lambda: FakePipeline(current), GPU)


def test_the_waiting_thread_is_on_the_loaders_gpu(queue: DaliQueue) -> None:
    owner = object()
    queue.submit(Ticket(owner, np.array([0]), {}))
    assert queue.take(owner)[1] == (GPU,)


def test_no_batch_is_taken_during_a_capture(queue: DaliQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = object()
    queue.submit(Ticket(owner, np.array([0]), {}))
    with monkeypatch.context() as capturing:
        capturing.setattr(torch.cuda, "is_current_stream_capturing", lambda: True)
        with pytest.raises(RuntimeError, match="DataLoader: expected a stream that is not capturing"):
            queue.take(owner)
    assert queue.take(owner)[1] == (GPU,), "the batch was lost"
