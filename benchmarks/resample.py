"""How much CPU time is there between decoded pixels and the mixed, normalised batch?

Compares, on one thread and the same decoded images, ``fn.fastmix.resample_mix`` with mixing against DALI's own
``resize`` + ``crop_mirror_normalize`` + mixup from DALI operators, and against Pillow's ``resize`` alone. Times are
CPU milliseconds per image (user and system, all threads), medians of rounds in alternating order. They include what
a pipeline costs that only hands the images over, which is measured too. Each instruction set is chosen when a process
starts, so each has a process of its own, with all rivals in it.

    python -m benchmarks.resample --json benchmarks/results/resample.json
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import nvidia.dali.fn as fn
from nvidia.dali import Pipeline, pipeline_def, types
from PIL import Image

import fastmix.dali
from benchmarks.timing import write_json

SIZE = 224
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
RIVAL = "DALI resize + crop_mirror_normalize + mixup"


def make_images(batch: int, height: int, width: int, seed: int) -> list[np.ndarray]:
    """Noise: the time of resampling does not depend on the pixels."""
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


def fastmix_batch(**options) -> Callable:
    return lambda images: fn.fastmix.resample_mix(images, size=SIZE, mean=MEAN, std=STD, mirror=1, **options)


GRAPHS: dict[str, Callable] = {
    "source only": lambda images: images,
    "DALI resize + crop_mirror_normalize": normalized,
    RIVAL: lambda images: dali_mixup(normalized(images)),
    "fastmix.resample_mix, no mixing": fastmix_batch(alpha=0.0),
    "fastmix.resample_mix, mixup, neighbours": fastmix_batch(alpha=0.2, pairing="neighbor"),
    "fastmix.resample_mix, mixup, permutation": fastmix_batch(alpha=0.2),
    "fastmix.resample_mix, mixup, neighbours, bfloat16": fastmix_batch(alpha=0.2, pairing="neighbor", bfloat16=True),
}


def build(graph: Callable, images: list[np.ndarray]) -> Pipeline:
    # Nothing runs ahead: what a pipeline does outside its turn would be counted as another's.
    @pipeline_def(batch_size=len(images), num_threads=1, device_id=None, seed=1, exec_async=False, exec_pipelined=False)
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
    """CPU milliseconds per image, by name, with the instruction set of this process."""
    images = make_images(batch, height, width, seed=0)
    pipelines = {name: build(graph, images) for name, graph in GRAPHS.items()}
    bodies: dict[str, Callable[[], object]] = {
        name: lambda pipeline=pipeline: [pipeline.run() for _ in range(runs)] for name, pipeline in pipelines.items()
    }
    bodies["Pillow resize alone, uint8"] = lambda: [pillow_resize(images) for _ in range(runs)]
    times: dict[str, list[float]] = {name: [] for name in bodies}
    for turn in range(rounds):
        for name in list(bodies) if turn % 2 == 0 else reversed(list(bodies)):
            times[name].append(1e3 * cpu_seconds(bodies[name]) / (runs * batch))
    return {name: statistics.median(values) for name, values in times.items()}


def measure_with(instruction_set: str, arguments: argparse.Namespace) -> dict[str, float]:
    sizes = [f"--{name}={getattr(arguments, name)}" for name in ("batch", "height", "width", "rounds", "runs")]
    command = [sys.executable, "-m", "benchmarks.resample", "--this-process", *sizes]
    environment = {**os.environ, "FASTMIX_CPU": instruction_set}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"benchmarks.resample with FASTMIX_CPU={instruction_set}: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def instruction_sets() -> list[str]:
    """The vector instructions that this processor has, or the baseline."""
    flags = re.findall(r"[a-z0-9_]+", Path("/proc/cpuinfo").read_text())
    return [name for name, flag in (("avx2", "avx2"), ("avx512", "avx512bw")) if flag in flags] or ["baseline"]


def print_table(instruction_set: str, times: dict[str, float]) -> None:
    print(f"{instruction_set}: CPU ms per image, and how many times that {RIVAL} takes")
    for name, value in times.items():
        print(f"  {value:6.3f}  {times[RIVAL] / value:5.1f}x  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--height", type=int, default=300)
    parser.add_argument("--width", type=int, default=360)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sets", nargs="+", help="values of FASTMIX_CPU (default: what this processor runs)")
    parser.add_argument("--this-process", action="store_true", help="measure the set chosen already; print JSON")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    sizes = {name: getattr(arguments, name) for name in ("batch", "height", "width", "rounds", "runs")}
    if arguments.this_process:
        fastmix.dali.load()
        print(json.dumps(measure(**sizes)))
        return
    print(f"{arguments.height}x{arguments.width} -> {SIZE}x{SIZE}, batch {arguments.batch}, one thread")
    rows = []
    for instruction_set in arguments.sets or instruction_sets():
        times = measure_with(instruction_set, arguments)
        print_table(instruction_set, times)
        ratios = {name: times[RIVAL] / value for name, value in times.items()}
        rows.append({"set": instruction_set, "cpu_ms_per_image": times, "speedup_over_dali_with_mixup": ratios})
    if arguments.json:
        write_json(arguments.json, {**sizes, "size": SIZE, "threads": 1, "sets": rows})


if __name__ == "__main__":
    main()
