"""From decoded pixels to the batch: normalize_mix and resample_mix against torch, its compiled form and DALI."""

from __future__ import annotations

from typing import Any

import torch

import fastmix as fm
from benchmarks.gpu.clock import Body, allocated, medians
from benchmarks.gpu.dali_rivals import dali_seconds
from benchmarks.mix import WEIGHT, partners
from benchmarks.normalize import DTYPES, LAYOUTS, torch_chain
from benchmarks.timing import write_json
from fastmix.ops.resample_mix import resample_mix


def measure(settings) -> tuple[dict[str, Any], list[str]]:
    """Rows of normalize_mix and resample_mix, and DALI's times on the same batches."""
    shape = (4, 32, 32, 3) if settings.dry_run else (256, 224, 224, 3)
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator).to(settings.device)
    pristine = images.clone()
    rows = []
    for dtype in DTYPES:
        for layout in LAYOUTS:
            rows.append(normalizing(settings, images, pristine, dtype, layout))
            print(line(rows[-1]), flush=True)
    side = (40, 50) if settings.dry_run else (300, 360)
    size = shape[1]
    sources = [
        torch.randint(0, 256, (*side, 3), dtype=torch.uint8, generator=generator).to(settings.device)
        for _ in range(shape[0])
    ]
    rows.append(resampling(settings, sources, size))
    print(line(rows[-1]), flush=True)
    dali = dali_seconds(images, sources, size, settings.device, settings.repeats)
    write_json(settings.out / "pixels_results.json", {"dry_run": settings.dry_run, "rows": rows, "dali": dali})
    lines = [line(row) for row in rows]
    for name, found in dali.items():
        lines.append(f"DALI {name}: " + (f"{1e6 * found:.0f} us" if isinstance(found, float) else found))
    return {"rows": rows, "dali": dali}, lines


def normalizing(settings, images, pristine, dtype: str, layout: str) -> dict[str, Any]:
    index = partners("permutation", images.shape[0])
    plan = fm.MixPlan.mixup(index, WEIGHT)
    output, memory_format = DTYPES[dtype], LAYOUTS[layout]
    chain = torch_chain(index.to(images.device), output, memory_format)
    compiled = torch.compile(chain)
    written = torch.empty(images.numel(), dtype=output, device=images.device)
    # The yardstick: a copy that moves as many bytes, half of them reads.
    moved = images.numel() * (1 + output.itemsize)
    a, b = (torch.empty(moved // 2, dtype=torch.uint8, device=images.device) for _ in range(2))
    bodies: dict[str, Body] = {
        "copy of as many bytes": lambda: a.copy_(b),
        "cast alone": lambda: written.copy_(images.view(-1)),
        "normalize_mix": lambda: fm.normalize_mix(images, plan, dtype=output, memory_format=memory_format),
        "chain": lambda: chain(images),
        "compiled chain": lambda: compiled(images),
    }
    times = medians(bodies, lambda: images.copy_(pristine), settings.device, settings.repeats)
    return {
        "operator": "normalize_mix",
        "shape": list(images.shape),
        "dtype": dtype,
        "layout": layout,
        "bytes_moved": moved,
        "seconds": times,
        "share_of_copy_bandwidth": times["copy of as many bytes"]["median"] / times["normalize_mix"]["median"],
        "allocated_bytes": {name: allocated(bodies[name], settings.device) for name in ("normalize_mix", "chain")},
    }


def resampling(settings, sources: list[torch.Tensor], size: int) -> dict[str, Any]:
    plan = fm.MixPlan.mixup(partners("flip", len(sources)), WEIGHT)
    moved = sum(source.numel() for source in sources) + 2 * 3 * size * size * len(sources)
    a, b = (torch.empty(moved // 2, dtype=torch.uint8, device=sources[0].device) for _ in range(2))
    bodies: dict[str, Body] = {
        "copy of as many bytes": lambda: a.copy_(b),
        "resample_mix": lambda: resample_mix(sources, None, plan, size=size, dtype=torch.bfloat16),
    }
    times = medians(bodies, lambda: b.fill_(1), settings.device, settings.repeats)
    return {
        "operator": "resample_mix",
        "shape": [len(sources), *sources[0].shape],
        "dtype": "bfloat16",
        "layout": "NCHW",
        "bytes_moved": moved,
        "seconds": times,
        "share_of_copy_bandwidth": times["copy of as many bytes"]["median"] / times["resample_mix"]["median"],
    }


def line(row: dict[str, Any]) -> str:
    ours = row["seconds"][row["operator"]]["median"]
    text = f"{row['operator']} {'x'.join(map(str, row['shape']))} {row['dtype']} {row['layout']}: {1e6 * ours:.0f} us, "
    text += f"{row['share_of_copy_bandwidth']:.2f} of copy bandwidth"
    for name, found in row["seconds"].items():
        if name != row["operator"] and "median" in found:
            text += f"; {name} {found['median'] / ours:.2f}x"
    return text
