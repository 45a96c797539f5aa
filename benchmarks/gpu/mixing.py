"""Mixing batches in memory: fastmix against a copy, the torch expression, its compiled form and other libraries."""

from __future__ import annotations

import argparse
from typing import Any

import torch

import fastmix as fm
from benchmarks.gpu.clock import Body, Clock, allocated
from benchmarks.gpu.options import parse, write
from benchmarks.gpu.torch_rivals import mixing_rivals
from benchmarks.mix import WEIGHT, batch_of, partners

LARGE, MANY = (256, 3, 224, 224), (4096, 3, 32, 32)
TRIAL_LARGE, TRIAL_MANY = (4, 3, 32, 32), (16, 3, 8, 8)
DTYPES = {"uint8": torch.uint8, "bfloat16": torch.bfloat16, "float32": torch.float32, "float16": torch.float16}
PAIRINGS = {"pairs": "flip", "permutation": "permutation", "one cycle": "roll"}
BOXES = ("CutMix per pair", "CutMix per sample")


def main() -> None:
    options = parse(__doc__)
    clock = Clock(options.device, options.small)
    large, many = (TRIAL_LARGE, TRIAL_MANY) if options.small else (LARGE, MANY)
    cases = [(large, dtype, pairing, False) for dtype in DTYPES for pairing in (*PAIRINGS, *BOXES)]
    cases += [(many, dtype, pairing, False) for dtype in DTYPES for pairing in ("pairs", "permutation")]
    # Compiling takes seconds, so rivals come last.
    cases += [(large, dtype, "permutation", True) for dtype in ("bfloat16", "uint8", "float32")]
    rows: list[dict[str, Any]] = []
    for shape, dtype, pairing, rivals in cases:
        rows.append(one(options, clock, shape, dtype, pairing, rivals))
        print(line(rows[-1]), flush=True)
        write(options, "mixing", rows)


def plan_of(pairing: str, shape: tuple[int, ...]) -> fm.MixPlan:
    if pairing in BOXES:
        return fm.CutMix(1.0, per=pairing.split()[-1]).plan(shape[0], image_size=shape[2:], seed=1)
    return fm.MixPlan.mixup(partners(PAIRINGS[pairing], shape[0]), WEIGHT)


def one(
    options: argparse.Namespace, clock: Clock, shape: tuple[int, ...], dtype: str, pairing: str, rivals: bool
) -> dict[str, Any]:
    """Measure one shape, dtype and pairing; `copy` in the row is the yardstick of the same run."""
    pristine = batch_of(shape, DTYPES[dtype], options.device)
    batches = [pristine.clone() for _ in range(clock.batches)]
    others = [torch.empty_like(pristine) for _ in range(clock.batches)]
    plan = plan_of(pairing, shape)
    bodies: dict[str, Body] = {
        "copy": lambda k: others[k].copy_(batches[k]),
        "mix_": lambda k: fm.mix_(batches[k], plan),
    }
    if pristine.is_floating_point() and shape[0] != MANY[0]:
        bodies["backward"] = lambda k: torch.ops.fastmix.mix_backward(batches[k], plan.rows)
    if rivals:
        index = plan.partner.long().to(options.device)
        named = [mixing_rivals(x, index) for x in batches]
        bodies |= {name: (lambda k, name=name: named[k][name]()) for name in named[0]}
    times = clock.medians(bodies, lambda k: batches[k].copy_(pristine))
    moved = 2 * pristine.numel() * pristine.element_size()
    copied = times["copy"]["median"]
    return {
        "shape": shape,
        "dtype": dtype,
        "pairing": pairing,
        "bytes_moved": moved,
        "seconds": times,
        "copy_gigabytes_per_second": moved / copied / 1e9,
        "share_of_copy_bandwidth": {
            name: copied / times[name]["median"] for name in ("mix_", "backward") if "median" in times.get(name, {})
        },
        "allocated_bytes": {"mix_": allocated(bodies["mix_"], options.device)},
    }


def line(row: dict[str, Any]) -> str:
    seconds = row["seconds"]
    ours = seconds["mix_"]["median"]
    text = (
        f"{'x'.join(map(str, row['shape']))} {row['dtype']} {row['pairing']}: mix_ {1e6 * ours:.1f} us; share of copy "
    )
    text += ", ".join(f"{name} {share:.3f}" for name, share in row["share_of_copy_bandwidth"].items())
    text += f"; {row['allocated_bytes']['mix_']} bytes allocated"
    for name, found in seconds.items():
        if name not in ("copy", "mix_", "backward"):
            text += f"; {name} " + (f"{found['median'] / ours:.2f}x" if "median" in found else "failed")
    return text


if __name__ == "__main__":
    main()
