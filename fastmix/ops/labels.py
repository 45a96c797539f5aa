"""Mix labels: class ids into dense targets, and real values."""

import torch
from torch import Tensor

from fastmix.moving import moved
from fastmix.ops import registration as _ops
from fastmix.ops.checks import check_plan, check_tensor
from fastmix.ops.partners import check_other, partner_batch, partner_rows
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import MultiwayPlan, combine_labels, combine_values
from fastmix.plan.resident_plan import ResidentPlan

__all__ = ["mix_labels", "mix_values"]

_INTEGER_DTYPES = (
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.uint16,
    torch.uint32,
    torch.uint64,
)


def mix_labels(
    labels: Tensor,
    plan: MixPlan | MultiwayPlan | ResidentPlan,
    num_classes: int | None = None,
    smoothing: float = 0.0,
    *,
    other: Tensor | None = None,
) -> Tensor:
    """Mix labels into dense targets by ``plan.label_weight``.

    Equivalent to ``w * y + (1 - w) * y[plan.partner]`` in float64, rounded once, with ``w = plan.label_weight``.
    ``y`` is ``labels`` if dense, else ``one_hot(labels, num_classes) * (1 - smoothing) + smoothing / num_classes``.
    With a MultiwayPlan: ``sum(plan.weight[:, k, None] * y[plan.partner[:, k]] for k in range(plan.ways))``.
    Each row sums to 1, also if both labels are equal.

    Args:
        labels: Class ids (B,) of any integer dtype, or dense floating labels (B, C).
        plan: For B samples.
        num_classes: C; required with class ids, optional with dense labels.
        smoothing: In [0, 1), label smoothing of class ids; 0 with dense labels.
        other: (N, ...), the batch that partners come from; None means ``labels``. Refused with a MultiwayPlan.

    Returns:
        float32 (B, C) on the device of ``labels``.

    Raises:
        TypeError: ``labels`` is not a tensor, or has neither an integer dtype nor dense floating rows.
        ValueError: ``labels``, ``num_classes``, ``smoothing``, ``other`` or the plan's size do not fit.
        RuntimeError: A label is outside [0, num_classes). On CUDA, rows with such a label become NaN instead, since an
            error would need a synchronisation.

    Example:
        >>> targets = mix_labels(torch.tensor([3, 1]), MixPlan.mixup([1, 0], 0.25), num_classes=5)
    """
    op = "mix_labels"
    check_tensor(op, "labels", labels)
    check_plan(op, plan, labels.shape[0], multiway=True, resident=True)
    check_other(op, plan, labels, other)
    if labels.dim() == 2 and labels.is_floating_point():
        if smoothing != 0.0:
            raise ValueError(f"{op}: expected smoothing=0 with dense labels, got {smoothing}; smooth the labels first")
        if num_classes is not None and num_classes != labels.shape[1]:
            raise ValueError(f"{op}: expected num_classes={labels.shape[1]}, as in the labels, got {num_classes}")
        if isinstance(plan, ResidentPlan):
            raise ValueError(f"{op}: expected class ids with a ResidentPlan, got dense labels; use a MixPlan")
        return _blend(op, labels, plan, other).to(torch.float32)
    if labels.dtype not in _INTEGER_DTYPES:
        raise TypeError(
            f"{op}: expected class ids (B,) of an integer dtype or dense floating labels (B, C), "
            f"got {labels.dtype} {tuple(labels.shape)}"
        )
    if labels.dim() != 1:
        raise ValueError(
            f"{op}: expected class ids of shape (B,), got {tuple(labels.shape)}; use labels.float() if dense"
        )
    if num_classes is None:
        raise ValueError(f"{op}: expected num_classes with class ids, got none; pass num_classes=...")
    if isinstance(num_classes, bool | float | str):
        raise TypeError(f"{op}: expected num_classes as an integer, got {num_classes!r}")
    if num_classes < 1:
        raise ValueError(f"{op}: expected num_classes >= 1, got {num_classes}")
    if not 0.0 <= smoothing < 1.0:
        raise ValueError(f"{op}: expected smoothing in [0, 1), got {smoothing}")
    ids = labels.to(torch.int64)
    if isinstance(plan, MultiwayPlan):
        return combine_labels(op, ids, plan, num_classes, smoothing)
    if other is not None and isinstance(plan, MixPlan):
        partner_batch(op, plan, labels, other)
        other = other.to(torch.int64)
    return _ops.mix_labels(ids, plan.rows, num_classes, smoothing, other)


def mix_values(values: Tensor, plan: MixPlan | MultiwayPlan, *, other: Tensor | None = None) -> Tensor:
    """Mix real-valued targets, such as regression targets, multi-label rows or a teacher's logits.

    Equivalent to ``w * values + (1 - w) * values[plan.partner]`` in float64, rounded once, with
    ``w = plan.label_weight``. A weight of 1 copies the value, a weight of 0 the partner's value. Differentiable.
    With a MultiwayPlan: ``sum(plan.weight[:, k] * values[plan.partner[:, k]] for k in range(plan.ways))``.

    Args:
        values: (B, ...) of a floating dtype.
        plan: For B samples.
        other: (N, ...), the batch that partners come from; None means ``values``. Refused with a MultiwayPlan.

    Returns:
        A tensor of the shape and dtype of ``values``.

    Raises:
        TypeError: ``values`` is not a floating tensor, or ``plan`` not a plan.
        ValueError: ``other`` or the plan's size do not fit, or a partner is out of range.

    Example:
        >>> targets = mix_values(torch.tensor([[1.0], [3.0]]), MixPlan.mixup([1, 0], 0.25))
    """
    check_tensor("mix_values", "values", values)
    check_plan("mix_values", plan, values.shape[0], multiway=True)
    if not values.is_floating_point():
        remedy = "torch.view_as_real(values)" if values.is_complex() else "values.float()"
        raise TypeError(f"mix_values: expected a floating dtype, got {values.dtype}; use {remedy}")
    check_other("mix_values", plan, values, other)
    return _blend("mix_values", values, plan, other).to(values.dtype)


def _blend(op: str, values: Tensor, plan: MixPlan | MultiwayPlan, other: Tensor | None) -> Tensor:
    """Return the mixed rows as float64. A row of weight 0 is ignored, so its NaN does not reach the result."""
    if isinstance(plan, MultiwayPlan):
        return combine_values(values, plan)
    own = values.to(torch.float64)
    partner = partner_rows(op, plan, values, other).to(torch.float64)
    weight = moved(plan.label_weight, values.device, torch.float64)
    weight = weight.reshape(-1, *[1] * (values.dim() - 1))
    mixed = weight * own + (1.0 - weight) * partner
    return torch.where(weight == 1.0, own, torch.where(weight == 0.0, partner, mixed))
