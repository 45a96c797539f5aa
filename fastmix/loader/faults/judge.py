"""Judges samples by decoding them whole, outside the training pipeline."""

from __future__ import annotations

import time

import numpy as np
import torch
from nvidia.dali import Pipeline, fn, types

from fastmix.dali import Status
from fastmix.dali.plugin import load_decoders
from fastmix.loader.faults.fault import RETRY_SECONDS, Fault, fault_of, read_fault, with_absent
from fastmix.loader.graph import inputs
from fastmix.loader.graph.dali_queue import DaliQueue, Ticket
from fastmix.loader.graph.samples import read_samples
from fastmix.loader.sources.source import IN_FILES, Source

BATCH = 64
# JPEGs are decoded at the smallest size, which reads all of their data.
_SIZE = 1


class Judge:
    """Reads and decodes samples of one source. No sample makes it fail."""

    def __init__(self, source: Source, max_pixels: int, num_threads: int = 1, guest_decoder: int = 0) -> None:
        load_decoders("scan")
        self._source = source
        self._max_pixels = max_pixels
        self._options = {"max_pixels": max_pixels, "guest_decoder": guest_decoder}
        self._queue = DaliQueue(lambda: self._build(num_threads), torch.device("cpu"))

    def faults(self, samples: np.ndarray) -> dict[int, Fault]:
        """Return the bad samples among these, each once, and their faults."""
        found = self._try(np.unique(samples))
        for delay in RETRY_SECONDS:
            again = [sample for sample, fault in found.items() if fault.retry]
            if not again:
                break
            time.sleep(delay)
            for sample in again:
                del found[sample]
            found |= self._try(np.array(again, dtype=np.int64))
        return found

    def _try(self, samples: np.ndarray) -> dict[int, Fault]:
        found: dict[int, Fault] = {}
        answers: dict[str, bool] = {}
        for start in range(0, len(samples), BATCH):
            batch = samples[start : start + BATCH]
            if self._source.delivers in IN_FILES:
                self._decode(batch, self._source.files(batch), found)
                found = with_absent(found, {sample: self._source.path(sample) for sample in found}, answers)
                continue
            data = [self._read(sample, found) for sample in batch.tolist()]
            read = [i for i, array in enumerate(data) if array is not None]
            if self._source.delivers == "encoded" and read:
                self._decode(batch[read], {"encoded": [data[i] for i in read]}, found)
        return found

    def _read(self, sample: int, found: dict[int, Fault]) -> np.ndarray | None:
        try:
            data, _ = self._source.read(sample)
        except Exception as error:
            found[sample] = read_fault(error)
            return None
        if not data.size:
            found[sample] = fault_of(Status.empty, "", self._max_pixels)
            return None
        return data

    def _decode(self, samples: np.ndarray, data: dict, found: dict[int, Fault]) -> None:
        self._queue.submit(Ticket(self, samples, {inputs.STATUS: np.zeros(len(samples), np.int32), **data}))
        _, (statuses, *messages) = self._queue.take(self)
        for i, number in enumerate(np.array(statuses.as_tensor()).tolist()):
            if number != Status.ok:
                message = bytes(np.array(messages[0].at(i))).decode(errors="replace") if messages else ""
                found[int(samples[i])] = fault_of(Status(number), message, self._max_pixels)

    def _build(self, num_threads: int) -> Pipeline:
        pipeline = Pipeline(BATCH, num_threads, None, prefetch_queue_depth=1, exec_dynamic=True)
        with pipeline:
            encoded, status, *details = read_samples(self._source.delivers)
            shape, status, _ = fn.fastmix.peek(encoded, status, **self._options)
            sides = fn.cast(shape[:2], dtype=types.FLOAT)
            window = fn.cat(sides * 0, sides)
            _, _, status = fn.fastmix.decode(shape, window, encoded, status, size=_SIZE, **self._options)
            pipeline.set_outputs(status, *details[:1])
        pipeline.build()
        return pipeline
