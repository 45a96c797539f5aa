"""What mixing costs the loader: the loader with mixing against the bare DALI graph without.

The bare graph reads, decodes, crops and resizes the same samples, with ``fn.crop_mirror_normalize`` in place of
fastmix's operator, in a plain loop with as many batches under way: no mixing, no soft targets, no plans.

    python -m benchmarks.loader --json benchmarks/results/loader.json
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable

import numpy as np
import torch
from nvidia.dali import fn, types

import fastmix
from benchmarks.timing import Times, compare, write_json
from fastmix.data.graph import PIXEL_MAX
from fastmix.data.loader import DataLoader
from fastmix.data.order import Order
from fastmix.demo_data import write_photos

GOAL = 0.97
CLASSES = 10


def mixed_epoch(loader: DataLoader) -> Callable[[], None]:
    def run() -> None:
        for _ in loader:
            pass

    return run


def bare_epoch(loader: DataLoader) -> Callable[[], None]:
    """The same samples with the same crops, epoch by epoch, through the graph without mixing."""
    graph, source = loader.graph, loader.source
    pipeline = graph.empty_pipeline(loader.batch_size, loader.num_threads)
    with pipeline:
        images, mirror = graph.decoded_images()
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
                pipeline.feed_input("path", source.encoded_paths(samples))
                pipeline.feed_input("key", np.stack((np.full_like(samples, epoch), samples), axis=1))
                pipeline.feed_input("label", source.labels[samples])
                pipeline.schedule_run()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of class folders; by default photographs are written for the occasion")
    parser.add_argument("--count", type=int, default=1024, help="photographs to write")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or write_photos(folder, arguments.count, CLASSES)
        loader = DataLoader(
            data,
            arguments.batch_size,
            arguments.size,
            mix=fastmix.Mixup(0.2),
            num_threads=arguments.threads,
            device=arguments.device,
            dtype=getattr(torch, arguments.dtype),
        )
        images = len(loader) * loader.batch_size
        times = compare({"bare": bare_epoch(loader), "mixed": mixed_epoch(loader)}, arguments.repeats)
    ratio = report(times, images, loader)
    if arguments.json:
        results = {
            "images": images,
            "batch_size": loader.batch_size,
            "size": loader.size,
            "threads": loader.num_threads,
            "device": loader.device.type,
            "dtype": arguments.dtype,
            "seconds": {name: time._asdict() for name, time in times.items()},
            "images_per_second": {name: images / time.median for name, time in times.items()},
            "ratio": ratio,
            "goal": GOAL,
        }
        write_json(arguments.json, results)


def report(times: dict[str, Times], images: int, loader: DataLoader) -> float:
    """Print the comparison; returns the mixed loader's speed as a share of the bare graph's."""
    ratio = times["bare"].median / times["mixed"].median
    print(f"{images} images, batches of {loader.batch_size}, {loader.num_threads} threads, {loader.device.type}")
    for name, time in times.items():
        print(f"{name:>6}: {images / time.median:8.1f} images/s   (IQR {100 * time.iqr / time.median:.1f} %)")
    print(f" ratio: {ratio:.3f}   (goal: at least {GOAL})")
    return ratio


if __name__ == "__main__":
    main()
