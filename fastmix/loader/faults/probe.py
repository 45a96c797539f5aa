"""Finds out which samples of a batch are bad, and why, by decoding them whole: whatever the crop, the answer is one."""

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

# DALI wraps its reason into a traceback of the graph's definition.
_REASON = re.compile(r"encountered:\s*(.*?)\s*(?:C\+\+ context|Current pipeline object|$)", re.DOTALL)
# A batch that fails is divided by this, until single samples fail.
_PARTS = 4
_BATCH = 64
# Reads from a network that fail are tried again after these seconds.
RETRY_SECONDS = (0.1, 0.5, 2.0)
# What such a failure is called when it is not the network's.
_LASTING = ("decode", "damaged", "not found")


class Fault(NamedTuple):
    """What is wrong with a sample."""

    reason: str
    lasting: bool = True  # whether it will be there next time, which failures of a network may not


class Probe:
    """Reads and decodes samples of one source, apart from the training pipeline."""

    def __init__(self, source: Source, max_pixels: int, num_threads: int = 1) -> None:
        self._source = source
        self._max_pixels = max_pixels
        self._owner = object()
        cpu = torch.device("cpu")
        self._headers = DaliQueue(lambda: self._build(num_threads, decode=False), cpu)
        self._decoder = DaliQueue(lambda: self._build(num_threads, decode=True), cpu)

    def faults(self, samples: np.ndarray) -> dict[int, Fault]:
        """The bad ones among these samples, each once, with what is wrong with them."""
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
        """Bad samples and their faults."""
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
        """What is wrong with a sample before anybody decodes it, and its data where a thread reads it."""
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
    """What is wrong with a local file before anybody looks into it."""
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
    """Of a sample whose source could not read it."""
    text = " ".join(str(error).split())
    return Fault(f"{type(error).__name__}: {text}" if text else type(error).__name__, lasting=False)


def reason_of(error: Exception) -> str:
    match = _REASON.search(str(error))
    reason = " ".join((match.group(1) if match else str(error)).split())
    # "Failed to decode sample #0 :" is all that DALI says of a damaged image; the number is that of its batch. That of
    # nvImageCodec's failure says nothing either.
    if reason.startswith("Failed to decode sample"):
        return "cannot be decoded (truncated or damaged)"
    return "is no image of a known kind, or has a damaged header" if "nvImageCodec failure" in reason else reason
