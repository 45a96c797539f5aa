"""DALI on the same pixels: crop_mirror_normalize with and without mixing, and with a resize before it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor


def dali_seconds(images: Tensor, sources: list[Tensor], size: int, device: str, repeats: int) -> dict[str, float | str]:
    """Seconds per batch of DALI pipelines, the hand-over of the batch ("source only") not taken off.

    Args:
        images: uint8 (B, H, W, C) on `device`.
        sources: B images uint8 (H, W, C) there.
        size: height and width after the resize.
        device: "cpu" or "cuda".
        repeats: runs that count; each is 10 batches, so that DALI's own queue is full.

    Returns:
        Medians by name, or the reason for none.
    """
    try:
        import nvidia.dali.fn as fn
        from nvidia.dali import pipeline_def, types

        import fastmix.dali

        fastmix.dali.load()
    except Exception as error:
        # DALI is optional on these machines.
        return {"DALI": f"not available: {error!r}"[:300]}
    backend = "gpu" if device == "cuda" else "cpu"

    def normalized(x, output):
        return fn.crop_mirror_normalize(
            x, dtype=output, output_layout="CHW", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
        )

    def mixed(x):
        partner = fn.permute_batch(x, indices=fn.batch_permutation())
        return x * 0.3712839 + partner * 0.6287161

    def resized(x):
        return fn.resize(x, size=(size, size))

    graphs: dict[str, tuple[Callable, object]] = {
        "source only": (lambda x: x, images),
        "crop_mirror_normalize float16": (lambda x: normalized(x, types.FLOAT16), images),
        "crop_mirror_normalize float32": (lambda x: normalized(x, types.FLOAT), images),
        "crop_mirror_normalize float32 + mixing": (lambda x: mixed(normalized(x, types.FLOAT)), images),
        "sources only": (lambda x: x, sources),
        "resize + crop_mirror_normalize float16": (lambda x: normalized(resized(x), types.FLOAT16), sources),
        "resize + crop_mirror_normalize float32 + mixing": (
            lambda x: mixed(normalized(resized(x), types.FLOAT)), sources),
        "fastmix.resample_mix bfloat16": (
            lambda x: fn.fastmix.resample_mix(x, size=size, mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
                                       alpha=0.2, pairing="neighbor", bfloat16=True), sources),
    }  # fmt: skip

    def built(graph, data):
        # DALI takes tensors of a GPU as they are, and arrays on the CPU.
        batch = [x if device == "cuda" else x.numpy() for x in data]

        @pipeline_def(batch_size=len(batch), num_threads=4, device_id=0 if device == "cuda" else None, seed=1)
        def pipeline():
            return graph(fn.external_source(lambda: batch, batch=True, layout="HWC", device=backend, no_copy=True))

        pipe = pipeline()
        pipe.build()
        return pipe

    found: dict[str, float | str] = {}
    for name, (graph, data) in graphs.items():
        try:
            pipe = built(graph, data)
            found[name] = _median_of_runs(pipe, device, repeats)
        except Exception as error:
            # A graph that this DALI cannot run must not take the others with it.
            found[name] = repr(error)[:300]
    return found


def _median_of_runs(pipe, device: str, repeats: int, batches: int = 10) -> float:
    def synchronize() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    seconds = []
    for turn in range(2 + max(repeats // 3, 2)):
        synchronize()
        start = time.perf_counter()
        for _ in range(batches):
            outputs = pipe.run()
        del outputs
        synchronize()
        if turn >= 2:
            seconds.append((time.perf_counter() - start) / batches)
    return statistics.median(seconds)
