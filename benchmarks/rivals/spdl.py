"""SPDL: threads, FFmpeg's decoder, crop and scale in one filter graph; normalised and mixed with torch expressions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import torch

from benchmarks.rivals import DEPTH, MEAN, STD, Job, Unavailable
from benchmarks.rivals.crops import window
from benchmarks.rivals.naive import mixed

LABEL = "SPDL + torch mixing"


def shuffled(files: list[tuple[str, int]], batch_size: int) -> Iterator[list[tuple[str, int]]]:
    order = list(files)
    while True:
        random.shuffle(order)
        yield from (order[i : i + batch_size] for i in range(0, len(order) - batch_size + 1, batch_size))


def batches(job: Job) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    try:
        import spdl.io
        from spdl.pipeline import PipelineBuilder

        spdl.io.demux_image  # noqa: B018  (loads the library that wants FFmpeg's)
    except (ImportError, RuntimeError) as error:
        raise Unavailable(f"SPDL: {str(error)[:200]}") from error

    def decoded(sample: tuple[str, int]):
        path, label = sample
        packets = spdl.io.demux_image(path)
        x, y, w, h = window(packets.codec.width, packets.codec.height)
        flip = ",hflip" if random.random() < 0.5 else ""
        scaled = f"crop={w}:{h}:{x}:{y}:exact=1,scale={job.size}:{job.size}:flags=bilinear{flip},format=pix_fmts=rgb24"
        return spdl.io.decode_packets(packets, filter_desc=scaled), label

    mean, std = (255 * torch.tensor(values)[:, None, None] for values in (MEAN, STD))

    def batched(samples: list) -> tuple[torch.Tensor, torch.Tensor]:
        pixels = spdl.io.to_torch(spdl.io.convert_frames([frames for frames, _ in samples]))
        images = pixels.permute(0, 3, 1, 2).float().sub_(mean).div_(std)
        return mixed(images.contiguous(), torch.tensor([label for _, label in samples]), job)

    files = itertools.chain.from_iterable(shuffled(job.endless_files(), job.batch_size))
    graph = (
        PipelineBuilder()
        .add_source(files)
        .pipe(decoded, concurrency=job.cores)
        .aggregate(job.batch_size, drop_last=True)
        .pipe(batched)
        .add_sink(DEPTH)
        .build(num_threads=job.cores + 1)
    )
    with graph.auto_stop():
        yield from graph
