"""The loss and the accuracy of a mixed batch, without dense targets."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fastmix.plan import MixPlan, partner_rows

# What torch.nn.functional.cross_entropy and nll_loss ignore unless told otherwise.
_DEFAULT_IGNORE_INDEX = -100


def mix_loss(criterion: Callable[..., Tensor], logits: Tensor, labels: Tensor, plan: MixPlan, **kwargs: Any) -> Tensor:
    """The mean of ``w * loss(logits, labels) + (1 - w) * loss(logits, labels[partner])``, ``w = plan.label_weight``.

    Never makes (B, C) targets. For ``torch.nn.functional.cross_entropy`` it is equivalent to the loss on soft
    targets, ``cross_entropy(logits, mix_labels(labels, plan, num_classes))``, since that loss is linear in its
    targets; ``label_smoothing=s`` likewise equals ``mix_labels(..., smoothing=s)``.

    A label equal to ``ignore_index`` (of ``kwargs``, else -100) has no loss and does not count in the mean, which
    divides by the shares of all labels that do: with weights 1 this is torch's own mean. All labels ignored give
    NaN, as in torch. Class weights (``weight=``) scale the losses and not the divisor, as torch does with soft
    targets.

    Args:
        criterion: A function ``(logits, labels, reduction="none", **kwargs) -> losses`` with losses (B, ...), for
            example ``torch.nn.functional.cross_entropy`` or ``binary_cross_entropy_with_logits``.
        logits: (B, ...), whatever the criterion takes.
        labels: (B, ...), class ids of an integer dtype or floating targets.
        plan: For B samples.
        **kwargs: Handed on to the criterion.

    Returns:
        A scalar, differentiable with respect to ``logits``.

    Raises:
        TypeError: ``plan`` is no MixPlan, ``criterion`` is a torch.nn.Module, ``reduction`` was given, or class ids
            are floating point where the criterion needs integers (its own error).
        ValueError: The batch sizes of labels, logits and plan differ, or the criterion reduced its losses.
    """
    if not isinstance(plan, MixPlan):
        raise TypeError(f"mix_loss: expected plan to be a fastmix.MixPlan, got {type(plan).__name__}")
    if isinstance(criterion, torch.nn.Module):
        raise TypeError(
            f"mix_loss: expected a function that takes reduction=, such as torch.nn.functional.cross_entropy, "
            f"got the module {type(criterion).__name__}; pass the function and the module's options as keywords"
        )
    if "reduction" in kwargs:
        raise TypeError("mix_loss: expected no reduction=; the losses are weighted before they are averaged")
    batch = plan.partner.shape[0]
    for name, value in (("logits", logits), ("labels", labels)):
        if value.dim() == 0 or value.shape[0] != batch:
            raise ValueError(
                f"mix_loss: expected {name} of {batch} samples as the plan has, got shape {tuple(value.shape)}"
            )
    partner_labels = partner_rows("mix_loss", labels, plan)
    own_loss = criterion(logits, labels, reduction="none", **kwargs)
    if own_loss.dim() == 0 or own_loss.shape[0] != batch:
        raise ValueError(
            f'mix_loss: expected one loss per sample from the criterion with reduction="none", '
            f"got shape {tuple(own_loss.shape)}"
        )
    partner_loss = criterion(logits, partner_labels, reduction="none", **kwargs)

    weight = plan.label_weight.to(device=own_loss.device, dtype=torch.promote_types(own_loss.dtype, torch.float32))
    weight = weight.reshape(-1, *[1] * (own_loss.dim() - 1))
    own_share = _shares(weight, labels, own_loss, criterion, kwargs)
    partner_share = _shares(1.0 - weight, partner_labels, own_loss, criterion, kwargs)
    # A share of 0 drops the other label's loss even where that is infinite.
    own_term = torch.where(own_share == 0.0, 0.0, own_share * own_loss)
    partner_term = torch.where(partner_share == 0.0, 0.0, partner_share * partner_loss)
    return (own_term + partner_term).sum() / (own_share + partner_share).sum()


def mix_accuracy(logits: Tensor, labels: Tensor, plan: MixPlan, topk: int = 1, ignore_index: int = -100) -> Tensor:
    """The accuracy of predictions on a mixed batch: a hit on either label counts by that label's weight.

    Equivalent to the mean of ``w * hit(labels) + (1 - w) * hit(labels[partner])``, ``w = plan.label_weight``, where
    ``hit`` is whether a label is among the ``topk`` largest logits. Where both labels are the same, a hit counts 1.

    Args:
        logits: (B, C).
        labels: (B,) class ids of an integer dtype.
        plan: For B samples.
        topk: In [1, C].
        ignore_index: A label that does not count, in the hits and in the mean; all of them give NaN.

    Returns:
        A scalar in [0, 1], float32, on the device of ``logits``.

    Raises:
        TypeError: ``plan`` is no MixPlan.
        ValueError: Shapes that do not fit, or ``topk`` out of range.
    """
    if not isinstance(plan, MixPlan):
        raise TypeError(f"mix_accuracy: expected plan to be a fastmix.MixPlan, got {type(plan).__name__}")
    batch = len(plan)
    if logits.dim() != 2 or labels.dim() != 1 or logits.shape[0] != batch or labels.shape[0] != batch:
        raise ValueError(
            f"mix_accuracy: expected logits ({batch}, C) and labels ({batch},) as the plan has, "
            f"got {tuple(logits.shape)} and {tuple(labels.shape)}"
        )
    if not 1 <= topk <= logits.shape[1]:
        raise ValueError(f"mix_accuracy: expected topk in [1, {logits.shape[1]}], got {topk}")
    own = labels.to(device=logits.device, dtype=torch.int64)
    partner = partner_rows("mix_accuracy", own, plan)
    best = logits.detach().topk(topk, dim=1).indices
    weight = plan.label_weight.to(device=own.device, dtype=torch.float64)
    own_share = torch.where(own == ignore_index, 0.0, weight)
    partner_share = torch.where(partner == ignore_index, 0.0, 1.0 - weight)
    own_hit, partner_hit = ((best == label[:, None]).any(1) for label in (own, partner))
    hits = own_share * own_hit + partner_share * partner_hit
    return (hits.sum() / (own_share + partner_share).sum()).to(torch.float32)


def _shares(
    weight: Tensor, labels: Tensor, losses: Tensor, criterion: Callable[..., Tensor], kwargs: dict[str, Any]
) -> Tensor:
    """The weight of every loss in the mean, 0 where its label is ignored."""
    share = weight.expand(losses.shape)
    if labels.is_floating_point() or labels.shape != losses.shape:
        return share
    # A functools.partial may carry the option.
    bound = getattr(criterion, "keywords", {})
    ignore_index = kwargs.get("ignore_index", bound.get("ignore_index", _DEFAULT_IGNORE_INDEX))
    return torch.where(labels == ignore_index, 0.0, share)
