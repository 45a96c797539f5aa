"""Describe a sample plan as a table of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastmix.augment.operations import COLORED, WARPS, Operation
from fastmix.plan.description import sample_names, table

if TYPE_CHECKING:
    from fastmix.augment.sample_plan import SamplePlan


def describe(plan: SamplePlan, names: Sequence[object] | None) -> str:
    names = sample_names("SamplePlan.describe", len(plan), names)
    rows: list[tuple[str, ...]] = [("sample", "window (y, x, h, w)", "flip", "operations")]
    flips = zip(plan.flip_x.tolist(), plan.flip_y.tolist(), strict=True)
    for i, (name, window, (x, y)) in enumerate(zip(names, plan.window.tolist(), flips, strict=True)):
        shown = f"({', '.join(map(str, window))})" if window[2] or window[3] else "whole"
        operations = ", ".join(map(one, plan.operations(i)))
        rows.append((name, shown, "x" * x + "y" * y or "-", operations or "-"))
    changed = sum(row[3] != "-" for row in rows[1:])
    return "\n".join([*table(rows), f"{changed} of {len(plan)} samples have operations"])


def one(operation: Operation) -> str:
    """Return one operation in a few words."""
    words = [str(value) if isinstance(value, int) else f"{value:g}" for value in operation.values]
    if operation.name in COLORED and any(operation.fill):
        words.append(f"fill {operation.fill}")
    if operation.name in WARPS:
        words.append(operation.interpolation)
    words += [
        flag.replace("_", " ") for flag in ("reflect", "per_channel", "before_mixing") if getattr(operation, flag)
    ]
    return f"{operation.name}({', '.join(words)})" if words else operation.name
