"""Finds the bad samples of a batch by decoding them whole, so that the verdict does not depend on the crop."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from nvidia.dali import Pipeline, fn, types

from fastmix.loader.graph.dali_queue import PIPELINE_ERRORS, DaliQueue, Ticket
from fastmix.loader.sources.remote import is_url
from fastmix.loader.sources.source import Source

# DALI puts its reason into a traceback of the graph's definition.
_REASON = re.compile(r"encountered:\s*(.*?)\s*(?:C\+\+ context|Current pipeline object|$)", re.DOTALL)
# A batch that fails is divided into so many parts, until single samples fail.
_PARTS = 4
_BATCH = 64
# Failed reads from a network are tried again after so many seconds.
RETRY_SECONDS = (0.1, 0.5, 2.0)
# Words of failures that are not the network's.
_LASTING = ("decode", "damaged", "not found")


class Fault(NamedTuple):
    """What is wrong with a sample."""

    reason: str
    lasting: bool = True  # False for failures of a network, which may pass


class Probe:
    """Reads and decodes samples of one source, outside the training pipeline."""

    def __init__(self, source: Source, max_pixels: int, num_threads: int = 1) -> None:
        self._source = source
        self._max_pixels = max_pixels
        self._owner = object()
        cpu = torch.device("cpu")
        self._headers = DaliQueue(lambda: self._build(num_threads, decode=False), cpu)
        self._decoder = DaliQueue(lambda: self._build(num_threads, decode=True), cpu)

    def faults(self, samples: np.ndarray) -> dict[int, Fault]:
        """Return the bad samples among these, each once, and their faults."""
        samples = np.unique(samples)
        found, data = {}, {}
        for sample in samples.tolist():
            fault, data[sample] = self._read(sample)
            if fault is not None:
                found[sample] = fault
        if self._source.delivers != "pixels":
            for stage in (self._headers, self._decoder):
                left = [sample for sample in samples.tolist() if sample not in found]
                for start in range(0, len(left), _BATCH):
                    found.update(self._search(stage, left[start : start + _BATCH], data))
        return found

    def _search(self, stage: DaliQueue, samples: list[int], data: dict) -> Iterator[tuple[int, Fault]]:
        """Yield bad samples and their faults."""
        try:
            shapes = self._run(stage, samples, data)
        except PIPELINE_ERRORS as error:
            if len(samples) > 1:
                part = -(-len(samples) // _PARTS)
                for start in range(0, len(samples), part):
                    yield from self._search(stage, samples[start : start + part], data)
                return
            fault = self._decoder_fault(stage, samples, data, error)
            if fault is not None:
                yield samples[0], fault
            return
        for sample, (height, width, _) in zip(samples, shapes.tolist(), strict=True):
            if height * width > self._max_pixels:
                yield sample, Fault(f"is {width} x {height} pixels, more than max_pixels={self._max_pixels}")

    def _run(self, stage: DaliQueue, samples: list[int], data: dict) -> np.ndarray:
        indices = np.array(samples, dtype=np.int64)
        if self._source.delivers == "path":
            inputs = {"path": self._source.encoded_paths(indices)}
        else:
            inputs = {"encoded": [data[sample] for sample in samples]}
        stage.submit(Ticket(self._owner, indices, inputs))
        return np.array(stage.take(self._owner)[0].as_tensor())

    def _read(self, sample: int) -> tuple[Fault | None, np.ndarray | None]:
        """Return what is wrong with a sample before it is decoded, and its data if the source reads it."""
        if self._source.delivers == "path":
            return file_fault(self._source.path(sample)), None
        try:
            data, _ = self._source.read(sample)
        except Exception as error:
            return read_fault(error), None
        return (Fault("is empty") if data.size == 0 else None), data

    def _decoder_fault(self, stage: DaliQueue, samples: list[int], data: dict, error: Exception) -> Fault | None:
        remote = self._source.delivers == "path" and is_url(self._source.path(samples[0]))
        if remote:
            for delay in RETRY_SECONDS:
                if any(word in reason_of(error) for word in _LASTING):
                    break
                time.sleep(delay)
                try:
                    self._run(stage, samples, data)
                    return None
                except PIPELINE_ERRORS as again:
                    error = again
        reason = reason_of(error)
        return Fault(reason, not remote or any(word in reason for word in _LASTING))

    def _build(self, num_threads: int, decode: bool) -> Pipeline:
        pipeline = Pipeline(_BATCH, num_threads, None, prefetch_queue_depth=1, exec_dynamic=True)
        with pipeline:
            if self._source.delivers == "path":
                encoded = fn.io.file.read(fn.external_source(name="path", dtype=types.UINT8, ndim=1))
            else:
                encoded = fn.external_source(name="encoded", dtype=types.UINT8, ndim=1)
            pipeline.set_outputs(fn.decoders.image(encoded).shape() if decode else fn.peek_image_shape(encoded))
        pipeline.build()
        return pipeline


def file_fault(path: str) -> Fault | None:
    """Return what is wrong with a local file before it is decoded."""
    if is_url(path):
        return None
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            return Fault("is a folder")
        if not stat.S_ISREG(status.st_mode):
            return Fault("is not a regular file")
        with open(path, "rb") as file:
            return None if file.read(1) else Fault("is empty")
    except OSError as error:
        return Fault(error.strerror)


def read_fault(error: Exception) -> Fault:
    """Return the fault of a sample that its source could not read."""
    text = " ".join(str(error).split())
    return Fault(f"{type(error).__name__}: {text}" if text else type(error).__name__, lasting=False)


def reason_of(error: Exception) -> str:
    """Return DALI's reason for a failure, in words that do not depend on the batch."""
    match = _REASON.search(str(error))
    reason = " ".join((match.group(1) if match else str(error)).split())
    # DALI says only "Failed to decode sample #0 :" of a damaged image, with its place in the batch, and only
    # "nvImageCodec failure" of other data.
    if reason.startswith("Failed to decode sample"):
        return "cannot be decoded (truncated or damaged)"
    return "is not an image of a known kind, or has a damaged header" if "nvImageCodec failure" in reason else reason
