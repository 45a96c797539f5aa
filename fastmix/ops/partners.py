"""Find the rows that a plan's partners index: rows of the batch itself, or of ``other=``."""

from __future__ import annotations

import torch
from torch import Tensor

from fastmix.moving import moved
from fastmix.ops.checks import check_tensor
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import MultiwayPlan
from fastmix.plan.resident_plan import ResidentPlan


def check_other(op: str, plan: MixPlan | MultiwayPlan | ResidentPlan, values: Tensor, other: Tensor | None) -> None:
    """Check the argument ``other=``, for every function that takes it.

    Raises:
        TypeError: ``other`` is not a tensor.
        ValueError: ``plan`` is a MultiwayPlan or a ResidentPlan, or ``other`` differs in dtype, device or the
            shape of one sample.
    """
    if other is None:
        return
    if isinstance(plan, MultiwayPlan):
        raise ValueError(
            f"{op}: other= works with a MixPlan only, got a MultiwayPlan; "
            "concatenate both batches and draw a plan for the joined batch"
        )
    if isinstance(plan, ResidentPlan):
        raise ValueError(f"{op}: other= works with a MixPlan only, got a ResidentPlan; use a MixPlan")
    check_tensor(op, "other", other)
    if (other.shape[1:], other.dtype, other.device) != (values.shape[1:], values.dtype, values.device):
        shape = ", ".join(map(str, ("N", *values.shape[1:])))
        raise ValueError(
            f"{op}: expected other= of shape ({shape}), {values.dtype} on {values.device}, "
            f"got {tuple(other.shape)}, {other.dtype} on {other.device}"
        )


def partner_batch(op: str, plan: MixPlan, values: Tensor, other: Tensor | None) -> Tensor:
    """Return the batch that ``plan.partner`` indexes: ``other`` if given, else ``values``.

    Raises:
        TypeError: As :func:`check_other`.
        ValueError: As :func:`check_other`, or a partner is out of range. (Without the check, torch would count a
            negative partner from the end.)
    """
    check_other(op, plan, values, other)
    batch = values if other is None else other
    if not torch.compiler.is_compiling() and plan.partner.numel() > 0:
        low, high = (int(bound) for bound in plan.partner.aminmax())
        if low < 0 or high >= batch.shape[0]:
            got = low if low < 0 else high
            raise ValueError(f"{op}: expected partner in [0, {batch.shape[0]}), got {got}; draw partners in that range")
    return batch


def partner_rows(op: str, plan: MixPlan, values: Tensor, other: Tensor | None) -> Tensor:
    """Return ``values[plan.partner]``, or ``other[plan.partner]`` if given. Raises as :func:`partner_batch`."""
    batch = partner_batch(op, plan, values, other)
    return batch[moved(plan.partner, batch.device, torch.int64)]
