"""Decodes whole images with nvImageCodec, for comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from nvidia.dali import Pipeline, fn, types

from fastmix.dali import Status
from fastmix.dali.plugin import load_decoders
from fastmix.loader.graph import inputs
from fastmix.loader.graph.dali_queue import DaliQueue, Ticket
from fastmix.packing.options import CALLER

# Whole images take memory.
BATCH = 8


class WholeDecoder:
    """Decodes images, at most ``BATCH`` at a time."""

    def __init__(self, max_pixels: int, threads: int) -> None:
        load_decoders(CALLER)
        self._max_pixels = max_pixels
        self._queue = DaliQueue(lambda: self._build(threads), torch.device("cpu"))

    def decode(self, images: Sequence[np.ndarray]) -> list[np.ndarray | None]:
        """Return uint8 (H, W, 3) for each uint8 (bytes,); None for one that cannot be decoded."""
        if not images:
            return []
        status = np.zeros(len(images), np.int32)
        self._queue.submit(Ticket(self, status, {inputs.STATUS: status, "encoded": list(images)}))
        _, (pixels, statuses) = self._queue.take(self)
        good = np.array(statuses.as_tensor()) == Status.ok
        return [np.array(pixels.at(i)) if good[i] else None for i in range(len(images))]

    def _build(self, threads: int) -> Pipeline:
        pipeline = Pipeline(BATCH, threads, None, prefetch_queue_depth=1, exec_dynamic=True)
        with pipeline:
            encoded, status = inputs.encoded(), inputs.status()
            shape, status, _ = fn.fastmix.peek(encoded, status, max_pixels=self._max_pixels)
            sides = fn.cast(shape[:2], dtype=types.FLOAT)
            window = fn.cat(sides * 0, sides)
            # fastmix's own decoder would show what it makes of both, and is the one to be checked.
            pixels, _, status = fn.fastmix.decode(
                shape, window, encoded, status, size=1, max_pixels=self._max_pixels, own_jpeg=False
            )
            pipeline.set_outputs(pixels, status)
        pipeline.build()
        return pipeline
