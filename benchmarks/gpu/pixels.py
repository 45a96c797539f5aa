"""From decoded pixels to the batch: normalize_mix and resample_mix against torch, its compiled form and DALI."""

from __future__ import annotations

import argparse
from typing import Any

import torch

import fastmix as fm
from benchmarks.gpu.clock import Body, Clock, allocated
from benchmarks.gpu.dali_rivals import dali_seconds
from benchmarks.gpu.options import parse, write
from benchmarks.mix import WEIGHT, partners
from benchmarks.normalize import DTYPES, LAYOUTS, torch_chain
from fastmix.ops.resample_mix import resample_mix


def main() -> None:
    options = parse(__doc__)
    clock = Clock(options.device, options.small)
    shape = (4, 32, 32, 3) if options.small else (256, 224, 224, 3)
    generator = torch.Generator().manual_seed(1)
    pristine = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator).to(options.device)
    images = [pristine.clone() for _ in range(clock.batches)]
    rows: list[dict[str, Any]] = []
    for dtype in DTYPES:
        for layout in LAYOUTS:
            # Compiled for one dtype only: each takes seconds.
            rows.append(normalizing(options, clock, images, dtype, layout, compiled=dtype == "bfloat16"))
            print(line(rows[-1]), flush=True)
            write(options, "pixels", {"rows": rows})
    side = (40, 50) if options.small else (300, 360)
    # One tensor each, as a decoder gives them.
    drawn = torch.randint(0, 256, (shape[0], *side, 3), dtype=torch.uint8, generator=generator).to(options.device)
    sources = [image.clone() for image in drawn]
    rows.append(resampling(clock, sources, shape[1]))
    print(line(rows[-1]), flush=True)
    write(options, "pixels", {"rows": rows})
    dali = dali_seconds(images[0], sources, shape[1], options.device, 2 if options.small else 9)
    for name, found in dali.items():
        print(f"DALI {name}: " + (f"{1e6 * found:.0f} us" if isinstance(found, float) else found), flush=True)
    write(options, "pixels", {"rows": rows, "dali": dali})


def row_of(operator: str, shape: tuple[int, ...], dtype: str, layout: str, moved: int, times: Any) -> dict[str, Any]:
    return {
        "operator": operator,
        "shape": list(shape),
        "dtype": dtype,
        "layout": layout,
        "bytes_moved": moved,
        "seconds": times,
        "share_of_copy_bandwidth": times["copy of as many bytes"]["median"] / times[operator]["median"],
    }


def unchanged(_: int) -> None:
    """Nothing to restore: these calls leave their inputs as they are."""


def copies(clock: Clock, moved: int) -> Body:
    """The yardstick: a copy that moves as many bytes, half of them reads."""
    pairs = [torch.empty((2, moved // 2), dtype=torch.uint8, device=clock.device) for _ in range(clock.batches)]
    return lambda k: pairs[k][0].copy_(pairs[k][1])


def normalizing(
    options: argparse.Namespace, clock: Clock, images: list[torch.Tensor], dtype: str, layout: str, compiled: bool
) -> dict[str, Any]:
    index = partners("permutation", images[0].shape[0])
    plan = fm.MixPlan.mixup(index, WEIGHT)
    output, memory_format = DTYPES[dtype], LAYOUTS[layout]
    chain = torch_chain(index.to(options.device), output, memory_format)
    moved = images[0].numel() * (1 + output.itemsize)
    bodies: dict[str, Body] = {
        "copy of as many bytes": copies(clock, moved),
        "normalize_mix": lambda k: fm.normalize_mix(images[k], plan, dtype=output, memory_format=memory_format),
        "chain": lambda k: chain(images[k]),
    }
    if compiled:
        compiled_chain = torch.compile(chain)
        bodies["compiled chain"] = lambda k: compiled_chain(images[k])
    times = clock.medians(bodies, unchanged)
    row = row_of("normalize_mix", images[0].shape, dtype, layout, moved, times)
    return row | {"allocated_bytes": {"normalize_mix": allocated(bodies["normalize_mix"], options.device)}}


def resampling(clock: Clock, sources: list[torch.Tensor], size: int) -> dict[str, Any]:
    plan = fm.MixPlan.mixup(partners("flip", len(sources)), WEIGHT)
    moved = sum(source.numel() for source in sources) + 2 * 3 * size * size * len(sources)
    bodies: dict[str, Body] = {
        "copy of as many bytes": copies(clock, moved),
        # The same sources every time; all of them together exceed the cache.
        "resample_mix": lambda _: resample_mix(sources, None, plan, size=size, dtype=torch.bfloat16),
    }
    times = clock.medians(bodies, unchanged)
    return row_of("resample_mix", (len(sources), *sources[0].shape), "bfloat16", "NCHW", moved, times)


def line(row: dict[str, Any]) -> str:
    ours = row["seconds"][row["operator"]]["median"]
    text = f"{row['operator']} {'x'.join(map(str, row['shape']))} {row['dtype']} {row['layout']}: {1e6 * ours:.1f} us, "
    text += f"{row['share_of_copy_bandwidth']:.3f} of copy bandwidth"
    for name, found in row["seconds"].items():
        if name != row["operator"]:
            text += f"; {name} " + (f"{found['median'] / ours:.2f}x" if "median" in found else "failed")
    return text


if __name__ == "__main__":
    main()
