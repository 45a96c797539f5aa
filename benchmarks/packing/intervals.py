"""What restart markers cost in bytes and save in decoding, by their interval.

Photographs of 500 x 375 pixels (4:2:0) are packed with every interval. One thread decodes the same random crops of all
of them, in turns; a figure is the median over rounds of the CPU time relative to the files without markers.
"""

from __future__ import annotations

import io
import random
import statistics
import time

import numpy as np

from benchmarks.data import cut, photographs
from benchmarks.decode import Photographs, build, reduced_part, with_windows
from fastmix.loader.settings import MAX_PIXELS
from fastmix.packing.encoding import encode
from fastmix.packing.options import choose_options

INTERVALS = (0, 4, 8, 16)
QUALITIES = (98, 90, 75)
SIZE = (500, 375)
CROPS = 8  # of each photograph


def encoded(quality: int, count: int) -> list[bytes]:
    """Photographs as Pillow writes them."""
    whole, files = photographs(), []
    for i in range(count):
        buffer = io.BytesIO()
        cut(whole[i % len(whole)], *SIZE, np.random.default_rng((2012, i))).save(buffer, "JPEG", quality=quality)
        files.append(buffer.getvalue())
    return files


def packed(files: list[bytes], interval: int) -> list[bytes]:
    options = choose_options("1GB", None, None, None, None, interval, MAX_PIXELS)
    return [encode(np.frombuffer(file, np.uint8), options) for file in files]


def decoding_times(forms: dict[int, list[bytes]], rounds: int) -> dict[int, float]:
    """By interval, the CPU time to decode random crops, relative to that without markers."""
    random.seed(2012)
    windows = with_windows(forms[0] * CROPS).windows
    pipelines = {key: build(reduced_part, Photographs(files * CROPS, windows)) for key, files in forms.items()}
    times: dict[int, list[float]] = {key: [] for key in pipelines}
    for turn in range(rounds + 1):
        for key in list(pipelines)[:: -1 if turn % 2 else 1]:
            start = time.process_time()
            pipelines[key].run()
            if turn:
                times[key].append(time.process_time() - start)
    return {
        key: statistics.median(one / plain for one, plain in zip(taken, times[0], strict=True))
        for key, taken in times.items()
    }


def measure(count: int, rounds: int) -> dict:
    """By quality and interval: bytes and decoding time relative to the files without markers."""
    found = {}
    for quality in QUALITIES:
        files = encoded(quality, count)
        forms = {interval: packed(files, interval) for interval in INTERVALS}
        sizes = {interval: sum(map(len, form)) / sum(map(len, files)) for interval, form in forms.items()}
        times = decoding_times(forms, rounds)
        found[str(quality)] = {str(key): {"bytes": sizes[key], "cpu_time": times[key]} for key in INTERVALS}
    return {"photographs": count, "crops": count * CROPS, "qualities": found}
