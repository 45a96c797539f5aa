"""Whether the GPU's decoder overwrites images that earlier kernels still read, with and without its hardware engine.

Every step queues about 0.1 s of work before anything reads the batch. A decoder that ignores the order of the stream
then shows as a batch that differs from the one that a loader at leisure gives.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from benchmarks.data import write_set
from benchmarks.gpu.options import parse, write

BUSY_CYCLES = 200_000_000  # about 0.1 s
DALI_LOAD = 0.65  # DALI's default


def forced(decode: Callable[..., Any], load: float) -> Callable[..., Any]:
    """Return the decoder with another share of images for the hardware engine than its caller asks for."""
    return lambda *inputs, **options: decode(*inputs, **{**options, "hw_decoder_load": load})


def batches(folder: Path, device: str, steps: int, busy: bool) -> list[torch.Tensor]:
    """The sums of `steps` batches, taken on the GPU behind the work that keeps it busy."""
    import fastmix as fm

    loader = fm.DataLoader(str(folder), batch_size=8, size=96, device=device, seed=1)
    sums: list[torch.Tensor] = []
    while len(sums) < steps:
        for images, _ in loader:
            if busy and device == "cuda":
                torch.cuda._sleep(BUSY_CYCLES)
            sums.append(images.double().sum((1, 2, 3)).clone())
            if len(sums) == steps:
                break
    return [one.cpu() for one in sums]


def main() -> int:
    options = parse(__doc__)
    try:
        import nvidia.dali.fn as fn
    except ImportError as error:
        print(f"no DALI: {error}")
        return 0 if options.device == "cpu" else 1
    steps = 6 if options.small else 200
    results = {}
    with tempfile.TemporaryDirectory() as cache:
        folder = write_set("imagenet", 24 if options.small else 160, Path(cache))
        for load in (DALI_LOAD, 0.0):
            # The loader asks for 0.
            with mock.patch.object(fn.decoders, "image", forced(fn.decoders.image, load)):
                calm, busy = (batches(folder, options.device, steps, work) for work in (False, True))
            name = f"hw_decoder_load={load}"
            results[name] = {
                "batches": steps,
                "corrupted": sum(not a.equal(b) for a, b in zip(calm, busy, strict=True)),
            }
            print(f"{name}: {results[name]['corrupted']} of {steps} batches corrupted", flush=True)
            write(options, "decoder_order", results)
    return 1 if results["hw_decoder_load=0.0"]["corrupted"] else 0


if __name__ == "__main__":
    sys.exit(main())
