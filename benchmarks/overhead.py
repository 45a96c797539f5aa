"""What the loader costs: with mixing and everything else on, against the bare DALI graph without.

The bare graph reads, decodes, crops and resizes the same samples, as the loader does with ``resampler="dali"``, with
``fn.crop_mirror_normalize`` in place of fastmix's operator, in a plain loop with as many batches under way: no mixing,
no dense targets, no plans, no checks of the files, no statistics. With ``--hostile`` a twentieth of the files is
damaged and the loader skips them; the first epoch, which finds them, is the warm-up.

    python -m benchmarks.overhead --json benchmarks/results/overhead.json
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from nvidia.dali import fn, types

import fastmix
from benchmarks.timing import Times, compare, write_json
from fastmix.cli.demo_data import write_photos
from fastmix.loader.faults.on_error import BadSampleWarning
from fastmix.loader.graph.builder import PIXEL_MAX, empty_pipeline
from fastmix.loader.graph.inputs import encoded_images, random_crop
from fastmix.loader.loader import DataLoader
from fastmix.loader.order import Order

GOAL = 0.97
HOSTILE_GOAL = 1.3
# ImageNet's training set, and how long going on at the last step of an epoch over it may take.
MANY, RESUME_GOAL = 1_281_167, 1.0
CLASSES = 10


def whole_epoch(loader: DataLoader) -> Callable[[], None]:
    return lambda: list_nothing(loader)


def list_nothing(loader: DataLoader) -> None:
    for _ in loader:
        pass


def damage(folder: Path) -> None:
    """Every 20th photograph is cut off, emptied or replaced by text."""
    for i, path in enumerate(sorted(folder.glob("*/*.jpg"))[::20]):
        data = path.read_bytes()
        path.write_bytes((data[: len(data) * (i % 7) // 7], b"", b"<html>")[i % 3])


def bare_epoch(loader: DataLoader) -> Callable[[], None]:
    """The same samples with the same crops, epoch by epoch, through the graph without mixing."""
    graph, source = loader.graph, loader.source
    pipeline = empty_pipeline(graph, loader.batch_size, loader.num_threads)
    with pipeline:
        encoded = encoded_images(graph)
        anchor, extent, mirror, roi_start, roi_end = random_crop(graph, fn.peek_image_shape(encoded))
        if graph.device_id is None:
            images = fn.decoders.image_slice(encoded, start=anchor, shape=extent, axes=[0, 1])
            images = fn.resize(images, size=graph.size)
        else:
            images = fn.decoders.image(encoded, device="mixed")
            images = fn.resize(images, size=graph.size, roi_start=roi_start, roi_end=roi_end)
        images = fn.crop_mirror_normalize(
            images,
            mirror=mirror,
            mean=[PIXEL_MAX * value for value in graph.mean],
            std=[PIXEL_MAX * value for value in graph.std],
            dtype=types.FLOAT16 if graph.dtype == torch.float16 else types.FLOAT,
            output_layout="HWC" if graph.channels_last else "CHW",
        )
        pipeline.set_outputs(images, fn.external_source(name="label", dtype=types.INT64, ndim=0))
    pipeline.build()
    order = Order(len(source), loader.batch_size, graph.seed)
    epochs = itertools.count()
    stream = torch.cuda.current_stream(loader.device) if loader.device.type == "cuda" else None

    def run() -> None:
        epoch = next(epochs)
        batches = order.samples(epoch)[: len(loader) * loader.batch_size].reshape(len(loader), loader.batch_size)
        for step in range(len(batches) + loader.depth):
            if step >= loader.depth:
                for output in pipeline.outputs(stream):
                    torch.from_dlpack(output.as_tensor())
            if step < len(batches):
                samples = batches[step]
                pipeline.feed_input("path", source.files(samples)["path"])
                pipeline.feed_input("key", np.stack((np.full_like(samples, epoch), samples), axis=1))
                pipeline.feed_input("label", source.labels.values[samples])
                pipeline.schedule_run()

    return run


def resume_seconds() -> float:
    """Resuming at the last step of an epoch over a long list: from the state to the last batch's inputs."""
    names = [(f"/data/train/n{i % 1000:08d}/n{i % 1000:08d}_{i}.JPEG", i % 1000) for i in range(MANY)]
    loader = DataLoader(names, 256, 224, mix=fastmix.Mixup(0.2), device="cpu")
    state = {**loader.state_dict(), "step": len(loader) - 1}
    resumed = DataLoader(names, 256, 224, mix=fastmix.Mixup(0.2), device="cpu")
    start = time.perf_counter()
    resumed.load_state_dict(state)
    iter(resumed)._step(len(loader) - 1)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of class folders; by default photographs are written for the occasion")
    parser.add_argument("--count", type=int, default=1024, help="photographs to write")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32")
    parser.add_argument("--hostile", action="store_true", help="compare with a folder of which 5 %% is damaged")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or write_photos(folder, arguments.count, CLASSES)

        def loader_of(data: str | Path) -> DataLoader:
            return DataLoader(
                data,
                arguments.batch_size,
                arguments.size,
                mix=fastmix.Mixup(0.2),
                num_threads=arguments.threads,
                device=arguments.device,
                dtype=getattr(torch, arguments.dtype),
                resampler="dali",
                on_error="skip",
                quarantine=Path(folder) / "bad.jsonl",
            )

        loader = loader_of(data)
        images = dict.fromkeys(("bare", "loader"), len(loader) * loader.batch_size)
        runs = {"bare": bare_epoch(loader), "loader": whole_epoch(loader)}
        if arguments.hostile:
            damaged = Path(folder) / "damaged"
            shutil.copytree(data, damaged)
            damage(damaged)
            warnings.simplefilter("ignore", BadSampleWarning)
            hostile = loader_of(damaged)
            start = time.perf_counter()
            images["hostile"] = sum(len(batch) for batch, _ in hostile)
            print(
                f"first epoch over damaged files: {time.perf_counter() - start:.2f} s, {len(hostile.bad_samples)} bad"
            )
            runs["hostile"] = whole_epoch(hostile)
        times = compare(runs, arguments.repeats)
    speeds = {name: images[name] / taken.median for name, taken in times.items()}
    ratio = report(times, speeds, loader)
    resume = resume_seconds()
    print(f" resume: {resume:.2f} s at the last step of {MANY} samples   (goal: at most {RESUME_GOAL})")
    if arguments.json:
        results = {
            "images": images,
            "batch_size": loader.batch_size,
            "size": loader.size,
            "threads": loader.num_threads,
            "device": loader.device.type,
            "dtype": arguments.dtype,
            "seconds": {name: taken._asdict() for name, taken in times.items()},
            "images_per_second": speeds,
            "ratio": ratio,
            "goal": GOAL,
            "resume_samples": MANY,
            "resume_seconds": resume,
            "resume_goal": RESUME_GOAL,
        }
        write_json(arguments.json, results)


def report(times: dict[str, Times], speeds: dict[str, float], loader: DataLoader) -> float:
    """Print the comparison; returns the loader's speed as a share of the bare graph's."""
    ratio = speeds["loader"] / speeds["bare"]
    print(f"batches of {loader.batch_size}, {loader.num_threads} threads, {loader.device.type}")
    for name, taken in times.items():
        print(f"{name:>7}: {speeds[name]:8.1f} images/s   (IQR {100 * taken.iqr / taken.median:.1f} %)")
    print(f"  ratio: {ratio:.3f}   (goal: at least {GOAL})")
    if "hostile" in times:
        share = speeds["loader"] / speeds["hostile"]
        print(f"hostile: {share:.3f} times as long for an image   (goal: at most {HOSTILE_GOAL})")
    return ratio


if __name__ == "__main__":
    main()
