"""How much CPU time is there between decoded pixels and the mixed, normalised batch?

Compares, on one thread and the same decoded images, ``fn.fastmix.batch`` with mixing against DALI's own
``resize`` + ``crop_mirror_normalize`` + mixup from DALI operators, and against Pillow's ``resize`` alone. Times are
CPU milliseconds per image (user and system, all threads), medians of alternating rounds; a pipeline that only hands
over the images is measured too and taken off.

    python -m benchmarks.resample --json benchmarks/results/resample.json
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np
import nvidia.dali.fn as fn
from nvidia.dali import Pipeline, pipeline_def, types
from PIL import Image

import fastmix.dali

SIZE = 224
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


def make_images(batch: int, height: int, width: int, seed: int) -> list[np.ndarray]:
    """Soft noise: the time of resampling does not depend on the pixels."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(batch)]


def dali_mixup(images):
    weight = fn.random.beta(alpha=0.2, beta=0.2)
    partner = fn.permute_batch(images, indices=fn.batch_permutation())
    return images * weight + partner * (1.0 - weight)


def normalized(images):
    return fn.crop_mirror_normalize(
        fn.resize(images, size=(SIZE, SIZE)), dtype=types.FLOAT, output_layout="CHW", mean=MEAN, std=STD, mirror=1
    )


GRAPHS: dict[str, Callable] = {
    "source only": lambda images: images,
    "DALI resize + crop_mirror_normalize": normalized,
    "DALI resize + crop_mirror_normalize + mixup": lambda images: dali_mixup(normalized(images)),
    "fastmix.batch, no mixing": lambda images: fn.fastmix.batch(
        images, size=SIZE, mean=MEAN, std=STD, mirror=1, alpha=0.0
    ),
    "fastmix.batch, mixup, neighbours": lambda images: fn.fastmix.batch(
        images, size=SIZE, mean=MEAN, std=STD, mirror=1, alpha=0.2, pairing="neighbor"
    ),
    "fastmix.batch, mixup, permutation": lambda images: fn.fastmix.batch(
        images, size=SIZE, mean=MEAN, std=STD, mirror=1, alpha=0.2
    ),
    "fastmix.batch, mixup, neighbours, bfloat16": lambda images: fn.fastmix.batch(
        images, size=SIZE, mean=MEAN, std=STD, mirror=1, alpha=0.2, pairing="neighbor", bfloat16=True
    ),
}


def build(graph: Callable, images: list[np.ndarray]) -> Pipeline:
    @pipeline_def(batch_size=len(images), num_threads=1, device_id=None, seed=1)
    def pipeline():
        return graph(fn.external_source(lambda: images, batch=True, layout="HWC", no_copy=True))

    built = pipeline()
    built.build()
    for _ in range(3):
        built.run()
    return built


def cpu_seconds(body: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF)
    body()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def pillow_resize(images: list[np.ndarray]) -> None:
    for image in images:
        Image.fromarray(image).resize((SIZE, SIZE), Image.BILINEAR)


def measure(batch: int, height: int, width: int, rounds: int, runs: int) -> dict[str, float]:
    images = make_images(batch, height, width, seed=0)
    pipelines = {name: build(graph, images) for name, graph in GRAPHS.items()}
    bodies: dict[str, Callable[[], object]] = {
        name: lambda pipeline=pipeline: [pipeline.run() for _ in range(runs)] for name, pipeline in pipelines.items()
    }
    bodies["Pillow resize alone, uint8"] = lambda: [pillow_resize(images) for _ in range(runs)]
    times: dict[str, list[float]] = {name: [] for name in bodies}
    for _ in range(rounds):
        for name, body in bodies.items():
            times[name].append(1e3 * cpu_seconds(body) / (runs * batch))
    medians = {name: statistics.median(values) for name, values in times.items()}
    source = medians.pop("source only")
    return {name: value - (0.0 if "Pillow" in name else source) for name, value in medians.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--height", type=int, default=300)
    parser.add_argument("--width", type=int, default=360)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    fastmix.dali.load()
    result = measure(args.batch, args.height, args.width, args.rounds, args.runs)
    print(f"{args.height}x{args.width} -> {SIZE}x{SIZE}, batch {args.batch}, one thread, CPU ms per image")
    for name, value in result.items():
        print(f"  {value:6.3f}  {name}")
    if args.json is not None:
        settings = {"batch": args.batch, "height": args.height, "width": args.width, "size": SIZE}
        settings["instruction_set"] = os.environ.get("FASTMIX_CPU", "widest")
        args.json.write_text(json.dumps({"settings": settings, "cpu_ms_per_image": result}, indent=2) + "\n")


if __name__ == "__main__":
    main()
