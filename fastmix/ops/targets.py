"""Make the targets of a mixed batch in the form that ``targets=`` names: dense, pair or index."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor

from fastmix.arguments import one_of
from fastmix.moving import moved
from fastmix.ops.checks import check_plan, check_tensor
from fastmix.ops.labels import mix_labels
from fastmix.ops.partners import partner_batch, partner_rows
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import MultiwayPlan

Targets = Literal["dense", "pair", "index"]
TARGETS = ("dense", "pair", "index")


class PairTargets(NamedTuple):
    """Targets for ``weight * loss(labels) + (1 - weight) * loss(partner_labels)``.

    Attributes:
        labels, partner_labels: (B, ...), of the labels' dtype.
        weight: float32 (B,), the weight of the sample's own label.
    """

    labels: Tensor
    partner_labels: Tensor
    weight: Tensor


class IndexTargets(NamedTuple):
    """PairTargets with partners by index: ``partner_labels`` is ``labels[partner]``.

    Attributes:
        labels: (B, ...).
        partner: int64 (B,).
        weight: float32 (B,), the weight of the sample's own label.
    """

    labels: Tensor
    partner: Tensor
    weight: Tensor


def pair_labels(labels: Tensor, plan: MixPlan, *, other: Tensor | None = None) -> PairTargets:
    """Return the labels, the partners' labels and the label weights.

    Equivalent to ``(labels, labels[plan.partner], plan.label_weight.to(labels.device))``. For a MultiwayPlan, use
    ``labels[plan.partner]`` (B, K, ...) with the weights ``plan.weight`` (B, K) instead.

    Args:
        labels: (B, ...) of any dtype.
        plan: For B samples.
        other: (N, ...), the batch that partners come from; None means ``labels``. Refused with a MultiwayPlan.

    Returns:
        ``(labels, partner_labels, weight)``: ``labels`` itself, a tensor like it, and float32 (B,).

    Raises:
        TypeError: ``labels`` is not a tensor, or ``plan`` is not a MixPlan.
        ValueError: ``other`` or the plan's size do not fit, or a partner is out of range.

    Example:
        >>> labels, partner_labels, weight = pair_labels(labels, plan)
        >>> loss = (weight * criterion(x, labels) + (1 - weight) * criterion(x, partner_labels)).mean()
    """
    check_tensor("pair_labels", "labels", labels)
    check_plan("pair_labels", plan, labels.shape[0])
    partner_labels = partner_rows("pair_labels", plan, labels, other)
    return PairTargets(labels, partner_labels, moved(plan.label_weight, labels.device))


def check_targets(caller: str, targets: str, smoothing: float) -> None:
    """Raise ValueError for an unknown form of targets, or for smoothing of targets that are not dense."""
    one_of(caller, "targets", targets, TARGETS)
    if targets != "dense" and smoothing:
        raise ValueError(
            f"{caller}: expected smoothing=0 with targets={targets!r}, got {smoothing}; smooth in the loss"
        )


def make_targets(
    form: Targets, labels: Tensor, plan: MixPlan | MultiwayPlan, num_classes: int | None, smoothing: float = 0.0
) -> Tensor | PairTargets | IndexTargets:
    """Make the targets of a mixed batch.

    Args:
        form: "dense" for :func:`fastmix.mix_labels`; "pair" for :func:`pair_labels`; "index" for IndexTargets. The
            last two need no memory for (B, C) targets.
        labels: (B,) class ids or (B, C) dense labels; with "pair" and "index" (B, ...) of any dtype.
        plan: For B samples; a MixPlan with "pair" and "index".
        num_classes: C; required for "dense" targets of class ids.
        smoothing: In [0, 1); label smoothing, for "dense" targets of class ids.
    """
    if form == "dense":
        return mix_labels(labels, plan, num_classes, smoothing)
    plan = cast(MixPlan, plan)  # the other two forms check the plan and refuse a MultiwayPlan
    if form == "pair":
        return pair_labels(labels, plan)
    check_tensor("index targets", "labels", labels)
    check_plan("index targets", plan, labels.shape[0])
    partner_batch("index targets", plan, labels, None)
    partner = moved(plan.partner, labels.device, torch.int64)
    return IndexTargets(labels, partner, moved(plan.label_weight, labels.device))
