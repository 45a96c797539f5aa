"""Loss and accuracy of a mixed batch, without dense targets."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from fastmix.moving import moved
from fastmix.ops.checks import check_plan_type
from fastmix.ops.partners import check_other, partner_rows
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import MultiwayPlan

# The default of torch.nn.functional.cross_entropy and nll_loss.
_DEFAULT_IGNORE_INDEX = -100


def mix_loss(
    criterion: Callable[..., Tensor],
    logits: Tensor,
    labels: Tensor,
    plan: MixPlan | MultiwayPlan,
    *,
    other: Tensor | None = None,
    **kwargs: Any,
) -> Tensor:
    """Compute the mean loss of a mixed batch, with both labels weighted by the plan.

    Equivalent to ``(w * loss(logits, labels) + (1 - w) * loss(logits, labels[plan.partner])).mean()`` with
    ``w = plan.label_weight``. With a MultiwayPlan, the loss on ``labels[plan.partner[:, k]]`` has weight
    ``plan.weight[:, k]``.

    For ``cross_entropy``, which is linear in its targets, this also equals
    ``cross_entropy(logits, mix_labels(labels, plan, num_classes))``, without the memory of (B, C) targets.
    ``label_smoothing=s`` equals ``mix_labels(..., smoothing=s)``.

    The mean is the weighted sum of losses, divided by the sum of weights. Both sums skip labels equal to
    ``ignore_index`` (from ``kwargs``, else -100). If all labels are ignored, the loss is NaN, as in torch. Class
    weights (``weight=``) scale the losses and not the divisor, as in torch with dense targets.

    Args:
        criterion: A function ``(logits, labels, reduction="none", **kwargs)`` that returns losses (B, ...), for
            example ``torch.nn.functional.cross_entropy`` or ``binary_cross_entropy_with_logits``.
        logits: (B, ...), as the criterion takes them.
        labels: (B, ...), class ids of an integer dtype or floating targets.
        plan: For B samples.
        other: (N, ...), the batch that partners come from; None means ``labels``. Refused with a MultiwayPlan.
        **kwargs: Passed to the criterion.

    Returns:
        A scalar, differentiable with respect to ``logits``.

    Raises:
        TypeError: ``plan`` is not a plan, ``criterion`` is a torch.nn.Module, or ``reduction`` was given.
        ValueError: The batch sizes of labels, logits and plan differ, ``other`` does not fit, or the criterion
            reduced its losses.

    Example:
        >>> loss = mix_loss(torch.nn.functional.cross_entropy, logits, labels, plan)
    """
    check_plan_type("mix_loss", plan, multiway=True)
    if isinstance(criterion, torch.nn.Module):
        raise TypeError(
            "mix_loss: expected a function such as torch.nn.functional.cross_entropy, "
            f"got the module {type(criterion).__name__}; pass the function and its options as keywords"
        )
    if "reduction" in kwargs:
        raise TypeError(
            "mix_loss: reduction= has no effect here, since mix_loss returns the mean; leave reduction= out"
        )
    batch = len(plan)
    for name, value in (("logits", logits), ("labels", labels)):
        if value.dim() == 0 or value.shape[0] != batch:
            raise ValueError(
                f"mix_loss: expected {name} for the plan's {batch} samples, got shape {tuple(value.shape)}"
            )
    terms, shares = [], []
    for term_labels, weight in _label_terms("mix_loss", labels, plan, other):
        loss = criterion(logits, term_labels, reduction="none", **kwargs)
        if loss.dim() == 0 or loss.shape[0] != batch:
            raise ValueError(
                f'mix_loss: expected the criterion to return one loss per sample with reduction="none", '
                f"got shape {tuple(loss.shape)}"
            )
        weight = moved(weight, loss.device, torch.promote_types(loss.dtype, torch.float32))
        share = _shares(weight.reshape(-1, *[1] * (loss.dim() - 1)), term_labels, loss, criterion, kwargs)
        # Where the share is 0, ignore the loss even if it is infinite: 0 * inf would be NaN.
        terms.append(torch.where(share == 0.0, 0.0, share * loss))
        shares.append(share)
    return reduce(torch.add, terms).sum() / reduce(torch.add, shares).sum()


def _label_terms(
    op: str, labels: Tensor, plan: MixPlan | MultiwayPlan, other: Tensor | None
) -> list[tuple[Tensor, Tensor]]:
    """Return (labels, weights) for each image in a mix, weights (B,). The weights may be on the CPU."""
    check_other(op, plan, labels, other)
    if isinstance(plan, MultiwayPlan):
        return [(labels[partner], weight) for partner, weight in plan.columns(labels.device)]
    return [(labels, plan.label_weight), (partner_rows(op, plan, labels, other), 1.0 - plan.label_weight)]


def mix_accuracy(
    logits: Tensor,
    labels: Tensor,
    plan: MixPlan | MultiwayPlan,
    topk: int = 1,
    ignore_index: int = -100,
    *,
    other: Tensor | None = None,
) -> Tensor:
    """Compute the accuracy on a mixed batch, with both labels weighted by the plan.

    Equivalent to ``(w * hit(labels) + (1 - w) * hit(labels[plan.partner])).mean()`` with ``w = plan.label_weight``;
    ``hit`` is 1 if a label is among the ``topk`` largest logits.

    Args:
        logits: (B, C).
        labels: (B,) class ids of an integer dtype.
        plan: For B samples.
        topk: In [1, C].
        ignore_index: The mean leaves out labels equal to this. If all labels are left out, the result is NaN.
        other: (N, ...), the batch that partners come from; None means ``labels``. Refused with a MultiwayPlan.

    Returns:
        A scalar in [0, 1], float32, on the device of ``logits``.

    Raises:
        TypeError: ``plan`` is not a plan.
        ValueError: A shape, ``other`` or ``topk`` does not fit.

    Example:
        >>> top5 = mix_accuracy(logits, labels, plan, topk=5)
    """
    check_plan_type("mix_accuracy", plan, multiway=True)
    batch = len(plan)
    if logits.dim() != 2 or labels.dim() != 1 or logits.shape[0] != batch or labels.shape[0] != batch:
        raise ValueError(
            f"mix_accuracy: expected logits ({batch}, C) and labels ({batch},) for the plan's {batch} samples, "
            f"got {tuple(logits.shape)} and {tuple(labels.shape)}"
        )
    if not 1 <= topk <= logits.shape[1]:
        raise ValueError(f"mix_accuracy: expected topk in [1, {logits.shape[1]}], got {topk}")
    ids = moved(labels, logits.device, torch.int64)
    others = None if other is None else moved(other, logits.device, torch.int64)
    best = logits.detach().topk(topk, dim=1).indices
    hits = counted = torch.zeros(batch, dtype=torch.float64, device=logits.device)
    for label, weight in _label_terms("mix_accuracy", ids, plan, others):
        share = torch.where(label == ignore_index, 0.0, moved(weight, logits.device, torch.float64))
        hits = hits + share * (best == label[:, None]).any(1)
        counted = counted + share
    return (hits.sum() / counted.sum()).to(torch.float32)


def _shares(
    weight: Tensor, labels: Tensor, losses: Tensor, criterion: Callable[..., Tensor], kwargs: dict[str, Any]
) -> Tensor:
    """Return the weight of each loss in the mean, in the shape of ``losses``. It is 0 for ignored labels."""
    share = weight.expand(losses.shape)
    if labels.is_floating_point() or labels.shape != losses.shape:
        return share
    # A functools.partial holds its options in `keywords`.
    bound = getattr(criterion, "keywords", {})
    ignore_index = kwargs.get("ignore_index", bound.get("ignore_index", _DEFAULT_IGNORE_INDEX))
    return torch.where(labels == ignore_index, 0.0, share)
