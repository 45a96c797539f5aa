"""Mixing batches in memory: fastmix against a copy, the torch expression, its compiled form and other libraries."""

from __future__ import annotations

from typing import Any

import torch

import fastmix as fm
from benchmarks.gpu.clock import Body, allocated, medians
from benchmarks.gpu.torch_rivals import mixing_rivals
from benchmarks.mix import WEIGHT, batch_of, partners
from benchmarks.timing import write_json

LARGE, SMALL = (256, 3, 224, 224), (4096, 3, 32, 32)
TRIAL_LARGE, TRIAL_SMALL = (4, 3, 32, 32), (16, 3, 8, 8)
DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32, "uint8": torch.uint8, "float16": torch.float16}
PAIRINGS = {"pairs": "flip", "permutation": "permutation", "one cycle": "roll"}
BOXES = "pairs with boxes"  # of CutMix, one for each pair


def measure(settings) -> tuple[dict[str, Any], list[str]]:
    """Every row is one shape, dtype and pairing; `copy` in it is the yardstick of the same run."""
    shapes = (TRIAL_LARGE, TRIAL_SMALL) if settings.dry_run else (LARGE, SMALL)
    rows = []
    for shape in shapes:
        for dtype in DTYPES:
            for pairing in (*PAIRINGS, BOXES):
                rivals = shape == shapes[0] and dtype != "float16" and pairing == "permutation"
                rows.append(one(settings, shape, dtype, pairing, rivals))
                print(line(rows[-1]), flush=True)
    write_json(settings.out / "mixing_results.json", {"dry_run": settings.dry_run, "rows": rows})
    return {"rows": rows}, [line(row) for row in rows]


def one(settings, shape: tuple[int, ...], dtype: str, pairing: str, rivals: bool) -> dict[str, Any]:
    device = settings.device
    pristine = batch_of(shape, DTYPES[dtype], device)
    x, other = pristine.clone(), torch.empty_like(pristine)
    if pairing == BOXES:
        plan = fm.CutMix(1.0, per="pair").plan(shape[0], image_size=shape[2:], seed=1)
    else:
        plan = fm.MixPlan.mixup(partners(PAIRINGS[pairing], shape[0]), WEIGHT)
    bodies: dict[str, Body] = {"copy": lambda: other.copy_(x), "mix_": lambda: fm.mix_(x, plan)}
    if rivals:
        bodies |= {"mix": lambda: fm.mix(x, plan), **mixing_rivals(x, plan.partner.long().to(device))}
    times = medians(bodies, lambda: x.copy_(pristine), device, settings.repeats)
    moved = 2 * x.numel() * x.element_size()
    return {
        "shape": shape,
        "dtype": dtype,
        "pairing": pairing,
        "bytes_moved": moved,
        "seconds": times,
        "gigabytes_per_second": {
            name: moved / times[name]["median"] / 1e9 for name in ("copy", "mix_") if "median" in times[name]
        },
        "share_of_copy_bandwidth": times["copy"]["median"] / times["mix_"]["median"],
        "allocated_bytes": {name: allocated(bodies[name], device) for name in bodies if "error" not in times[name]},
    }


def line(row: dict[str, Any]) -> str:
    seconds = row["seconds"]
    ours = seconds["mix_"]["median"]
    shape = "x".join(map(str, row["shape"]))
    text = f"mix_ {shape} {row['dtype']} {row['pairing']}: {1e6 * ours:.0f} us, {row['share_of_copy_bandwidth']:.2f} "
    text += f"of copy, {row['allocated_bytes'].get('mix_')} bytes allocated"
    for name, found in seconds.items():
        if name not in ("copy", "mix_"):
            text += f"; {name} " + (f"{found['median'] / ours:.1f}x" if "median" in found else "failed")
    return text
