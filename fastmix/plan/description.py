"""Describe plans as tables of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastmix.plan.mix_plan import MixPlan


def describe(plan: MixPlan, names: Sequence[object] | None) -> str:
    names = sample_names("MixPlan.describe", len(plan), names)
    rows: list[tuple[str, ...]] = [("sample", "partner", "mixed", "inside", "outside", "box (y0, x0, y1, x1)", "label")]
    rows += [_row(plan, i, names) for i in range(len(plan))]
    mixed = sum(row[2] != "-" for row in rows[1:])
    safe = "a permutation: safe in place" if plan.is_permutation() else "repeated partners: out of place only"
    return "\n".join([*table(rows), f"{mixed} of {len(plan)} samples mixed; {safe}"])


def _row(plan: MixPlan, i: int, names: list[str]) -> tuple[str, ...]:
    partner = int(plan.partner[i])
    box = plan.box[i].tolist()
    has_box = box[2] > box[0] and box[3] > box[1]
    mask = int(plan.mask_index[i])
    inside, outside = float(plan.weight_in[i]), float(plan.weight_out[i])
    if partner == i or (outside == 1.0 and ((not has_box and mask < 0) or inside == 1.0)):
        how = "-"
    elif mask >= 0:
        how = "mask"
    elif not has_box:
        how = "blend"
    elif inside == 0.0 and outside == 1.0:
        how = "cut"
    else:
        how = "blend in box" if outside == 1.0 else "cut and blend" if inside == 0.0 else "two blends"
    return (
        names[i],
        name_of(partner, names),
        how,
        f"{inside:.4f}" if has_box or mask >= 0 else "",
        f"{outside:.4f}",
        f"mask {mask}" if mask >= 0 else f"({', '.join(map(str, box))})" if has_box else "",
        f"{float(plan.label_weight[i]):.4f}",
    )


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return one line per row, with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def sample_names(op: str, batch: int, names: Sequence[object] | None) -> list[str]:
    shown = [str(i) for i in range(batch)] if names is None else [str(_plain(name)) for name in names]
    if len(shown) != batch:
        raise ValueError(f"{op}: expected one name per sample ({batch}), got {len(shown)}")
    return shown


def name_of(partner: int, names: list[str]) -> str:
    return names[partner] if 0 <= partner < len(names) else f"{partner} (out of range)"


def _plain(name: object) -> object:
    """Return the number if the name is a tensor or array of one element; otherwise return the name itself."""
    return name.item() if hasattr(name, "item") else name
