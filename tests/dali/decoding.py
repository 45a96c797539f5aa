"""Pipelines around fn.fastmix.read, peek and decode, and DALI's own decoder, on lists of files in memory."""

from collections.abc import Sequence

import numpy as np
import nvidia.dali.fn as fn
from dali_support import feed
from nvidia.dali import pipeline_def

import fastmix.dali
from fastmix.dali import Status

fastmix.dali.load()

MAX_PIXELS = 10**7


def run(graph, count: int, threads: int = 2) -> list[list[np.ndarray]]:
    """The outputs of one batch, each as a list with an entry per sample."""
    built = pipeline_def(graph, batch_size=count, num_threads=threads, device_id=None)()
    return [[np.array(output.at(i)) for i in range(count)] for output in built.run()]


def encoded(files: Sequence[bytes]):
    return feed([[np.frombuffer(data, np.uint8) for data in files]])


def statuses(numbers: Sequence[np.ndarray]) -> list[Status]:
    return [Status(int(number)) for number in numbers]


def peek(files: Sequence[bytes], **options) -> tuple[list[np.ndarray], list[Status]]:
    """Shapes and statuses."""
    shapes, found, _ = run(lambda: tuple(fn.fastmix.peek(encoded(files), **options)), len(files))
    return shapes, statuses(found)


def decode(
    files: Sequence[bytes], windows: Sequence | None = None, size: int = 400, threads: int = 2, shapes=None, **options
) -> tuple[list[np.ndarray], list[np.ndarray], list[Status]]:
    """Images, windows in them and statuses; without ``windows`` of the whole images.

    ``windows`` are parts (y, x, height, width) of the image's sides, from 0 to 1.
    """
    if windows is None:
        windows = [(0, 0, 1, 1)] * len(files)
    options = {"max_pixels": MAX_PIXELS, **options}
    peeked = {name: options[name] for name in ("max_pixels", "guest_decoder") if name in options}

    def graph():
        data = encoded(files)
        shape, status, _ = fn.fastmix.peek(data, **peeked)
        if shapes is not None:
            shape = feed([[np.int64(shape) for shape in shapes]])
        sides = fn.cast_like(shape[:2], np.float32(0))
        window = fn.cat(sides, sides) * feed([[np.float32(window) for window in windows]])
        return tuple(fn.fastmix.decode(shape, window, data, status, size=size, **options))

    images, inner, found = run(graph, len(files), threads)
    return images, inner, statuses(found)


def by_dali(data: bytes) -> np.ndarray | None:
    """The whole image; None where DALI refuses it."""
    try:
        return run(lambda: (fn.decoders.image(encoded([data])),), 1, threads=1)[0][0]
    except RuntimeError:
        return None
