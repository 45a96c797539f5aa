"""What does decoding alone cost? It bounds every loader: with the same windows, on one thread, nothing else done.

Times are CPU milliseconds per photograph, medians of alternating rounds; files are in memory.

    python -m benchmarks.decode --json benchmarks/results/decode.json
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import nvidia.dali.fn as fn
from nvidia.dali import Pipeline, pipeline_def, types
from PIL import Image

import fastmix.dali
from benchmarks.data import KINDS, read_description, write_set
from benchmarks.rivals import Job
from benchmarks.rivals.crops import cropped, window
from benchmarks.timing import summarize, write_json
from fastmix.loader.settings import MAX_PIXELS

SIZE = 224
EXACT = 1e-3  # grey levels: what the order of operations makes
COUNTS = {"imagenet": 256, "large": 12}


class Photographs(NamedTuple):
    """Encoded, with a window (left, top, width, height) of each."""

    encoded: list[bytes]
    windows: list[tuple[int, int, int, int]]


def with_windows(encoded: list[bytes]) -> Photographs:
    return Photographs(encoded, [window(*Image.open(io.BytesIO(data)).size) for data in encoded])


def whole(encoded, start, shape):  # noqa: ARG001  (all graphs have the same arguments)
    return fn.decoders.image(encoded)


def part(encoded, start, shape):
    return fn.decoders.image_slice(encoded, start=start, shape=shape, axes=[0, 1])


def resized(encoded, start, shape):
    return fn.resize(part(encoded, start, shape), size=(SIZE, SIZE))


def batched(encoded, start, shape):
    return fn.fastmix.resample_mix(part(encoded, start, shape), size=SIZE, mean=[0.0] * 3, std=[1.0] * 3, alpha=0.0)


def window_of(start, shape):
    return fn.cat(fn.cast(start, dtype=types.FLOAT), fn.cast(shape, dtype=types.FLOAT))


def reduced_part(encoded, start, shape):
    sizes, status, _ = fn.fastmix.peek(encoded, max_pixels=MAX_PIXELS)
    images, place, _ = fn.fastmix.decode(sizes, window_of(start, shape), encoded, status, size=SIZE)
    return images, place


def reduced(encoded, start, shape):
    images, place = reduced_part(encoded, start, shape)
    return fn.fastmix.resample_mix(images, window=place, size=SIZE, mean=[0.0] * 3, std=[1.0] * 3, alpha=0.0)


def in_full(encoded, start, shape):
    images, place = fn.decoders.image(encoded), window_of(start, shape)
    return fn.fastmix.resample_mix(images, window=place, size=SIZE, mean=[0.0] * 3, std=[1.0] * 3, alpha=0.0)


GRAPHS = {
    "DALI, whole photograph": whole,
    "DALI, rows and columns of the window": part,
    "DALI, window, and its resize": resized,
    "DALI, window, and fastmix's resize to floats": batched,
    "fastmix, window, at a reduced scale where it is large": reduced_part,
    "fastmix, that window, and its resize to floats": reduced,
}


def build(graph: Callable, photographs: Photographs) -> Pipeline:
    arrays = [np.frombuffer(data, np.uint8) for data in photographs.encoded]
    starts = [np.array([y, x], np.int32) for x, y, _, _ in photographs.windows]
    shapes = [np.array([h, w], np.int32) for _, _, w, h in photographs.windows]

    @pipeline_def(
        batch_size=len(arrays),
        num_threads=1,
        device_id=None,
        prefetch_queue_depth=1,
        exec_pipelined=False,
        exec_async=False,
    )
    def definition():
        return graph(*(fn.external_source(itertools.repeat(part), batch=True) for part in (arrays, starts, shapes)))

    pipeline = definition()
    pipeline.build()
    return pipeline


def pillow(photographs: Photographs, draft: bool) -> None:
    for data, place in zip(photographs.encoded, photographs.windows, strict=True):
        with Image.open(io.BytesIO(data)) as image:
            cropped(image, place, SIZE, draft)


def grey_levels_off(photographs: Photographs) -> dict[str, float] | None:
    """How resized windows differ from decoding in full, of the photographs that differ at all; None if none does."""
    if not fastmix.dali.decodes_jpeg():
        return None
    inexact, exact = (build(graph, photographs).run()[0].as_array() for graph in (reduced, in_full))
    difference = np.abs(inexact - exact).reshape(len(exact), -1)
    smaller = difference[difference.max(1) > EXACT]
    if len(smaller) == 0:
        return None
    return {"photographs": len(smaller), "mean": float(smaller.mean()), "max": float(smaller.max())}


def measure(photographs: Photographs, rounds: int) -> dict[str, dict]:
    missing = () if fastmix.dali.decodes_jpeg() else (reduced_part, reduced)
    graphs = {name: graph for name, graph in GRAPHS.items() if graph not in missing}
    pipelines = {name: build(graph, photographs) for name, graph in graphs.items()}
    bodies: dict[str, Callable[[], object]] = {name: pipeline.run for name, pipeline in pipelines.items()}
    bodies["Pillow, and its resize"] = lambda: pillow(photographs, False)
    bodies["Pillow at a reduced scale (draft), and its resize"] = lambda: pillow(photographs, True)
    times: dict[str, list[float]] = {name: [] for name in bodies}
    for turn in range(rounds + 1):
        for name in list(bodies)[:: 1 if turn % 2 else -1]:
            start = time.process_time()
            bodies[name]()
            if turn:
                times[name].append(1e3 * (time.process_time() - start) / len(photographs.encoded))
    return {name: summarize(taken)._asdict() for name, taken in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="at least 2")
    parser.add_argument("--quick", action="store_true", help="few: shows that everything runs, no figures")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    fastmix.dali.load()
    random.seed(2012)
    sets = {}
    for name in KINDS:
        folder = write_set(name, 4 if arguments.quick else None)
        photographs = with_windows([Path(path).read_bytes() for path, _ in Job(str(folder)).files()[: COUNTS[name]]])
        found = measure(photographs, 2 if arguments.quick else arguments.rounds)
        sets[name] = {"data": read_description(folder), "cpu_ms_per_photograph": found}
        sets[name]["grey_levels_off"] = off = grey_levels_off(photographs)
        print(f"{name}, {len(photographs.encoded)} photographs, windows resized to {SIZE}x{SIZE}, one thread")
        for step, taken in found.items():
            print(f"  {taken['median']:8.3f} ms  {step}")
        if off is not None:
            print(
                f"  {off['photographs']} decoded at a reduced scale: {off['mean']:.2f} grey levels off on average, "
                f"{off['max']:.1f} at most"
            )
    if arguments.json:
        write_json(arguments.json, {"size": SIZE, "sets": sets})


if __name__ == "__main__":
    main()
