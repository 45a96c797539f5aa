"""Targets other than class labels: pairs, real values, maps of class ids; and what Remix and TransMix do to weights."""

from __future__ import annotations

import torch
from torch import Tensor

from fastmix._checks import check_plan, check_tensor
from fastmix.functional import blend_values, mix
from fastmix.multiway import MultiwayPlan
from fastmix.plan import MixPlan, partner_rows

__all__ = ["attention_label_weight", "mix_masks", "mix_targets", "mix_values", "remix_label_weight"]

# A kernel that copies floats of this size copies ids of this size: weights 0 and 1 copy bits.
_CARRIERS = {1: torch.uint8, 2: torch.float16, 4: torch.float32, 8: torch.float64}


def mix_targets(labels: Tensor, plan: MixPlan, *, other_labels: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The pair form of mixed targets: own labels, the partners' labels, and the weight of the own ones.

    Equivalent to ``(labels, labels[plan.partner], plan.label_weight.to(labels.device))``. A MultiwayPlan has no pairs:
    ``labels[plan.partner]`` (B, K, ...) and ``plan.weight`` (B, K) are its form.

    Args:
        labels: (B, ...) of any dtype.
        plan: For B samples.
        other_labels: (N, ...), the labels of the other batch, where partners are rows of one.

    Returns:
        ``(y_a, y_b, w)``: two tensors like ``labels``, the first one itself, and float32 (B,).

    Raises:
        TypeError: ``labels`` is no tensor or ``plan`` no MixPlan.
        ValueError: The plan is for another batch size, or ``other_labels`` do not fit.
    """
    check_tensor("mix_targets", "labels", labels)
    check_plan("mix_targets", plan, labels)
    return labels, partner_rows("mix_targets", labels, plan, other_labels), plan.label_weight.to(labels.device)


def mix_values(values: Tensor, plan: MixPlan | MultiwayPlan, *, other_values: Tensor | None = None) -> Tensor:
    """Mix real-valued targets: regression, multi-label rows, embeddings of a teacher. Differentiable.

    Equivalent to ``w * values + (1 - w) * values[plan.partner]`` in float64, rounded once, with ``w`` the label
    weight of the sample; weights 1 and 0 copy. With a MultiwayPlan the sum over its ways, likewise.

    Args:
        values: (B, ...) of a floating dtype.
        plan: For B samples.
        other_values: (N, ...), the values of the other batch, where partners are rows of one.

    Returns:
        A tensor of the shape and dtype of ``values``.

    Raises:
        TypeError: ``values`` is no tensor, or no floating one, or ``plan`` no plan.
        ValueError: The plan is for another batch size, or ``other_values`` do not fit.
    """
    check_tensor("mix_values", "values", values)
    check_plan("mix_values", plan, values, multiway=True)
    if not values.is_floating_point():
        raise TypeError(f"mix_values: expected a floating dtype, got {values.dtype}; use values.float()")
    return blend_values("mix_values", values, plan, other_values).to(values.dtype)


def mix_masks(
    masks: Tensor,
    plan: MixPlan,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    *,
    other_masks: Tensor | None = None,
) -> Tensor:
    """Mix segmentation maps by the boxes, masks and weights that their images are mixed by.

    Ids cannot be blended: without ``num_classes`` the plan has to take each pixel from one of the two (CutMix, hard
    masks). The result is ``torch.where(own_pixel, masks, masks[plan.partner])``. With ``num_classes`` it is the
    dense ``mix(one_hot(masks).movedim(-1, 1), plan)``, as losses on soft targets take it.

    Args:
        masks: (B, ..., H, W) class ids of an integer dtype or bool, with the H and W of the images.
        plan: For B samples.
        num_classes: C; makes the result dense. The masks then are (B, H, W) or (B, D, H, W).
        ignore_index: An id, also outside [0, C), whose pixels are 0 in all channels of a dense result. Ids are
            copied whatever they mean.
        other_masks: (N, ..., H, W), the maps of the other batch, where partners are rows of one.

    Returns:
        Of the shape and dtype of ``masks``; or float32 (B, C, ..., H, W).

    Raises:
        TypeError: ``masks`` is no tensor, not of an integer dtype, or ``plan`` no MixPlan.
        ValueError: The plan is for another batch size or blends ids; with ``num_classes``, an id out of range.
        RuntimeError: The plan's boxes do not fit.
    """
    op = "mix_masks"
    check_tensor(op, "masks", masks)
    check_plan(op, plan, masks)
    if masks.is_floating_point() or masks.is_complex():
        raise TypeError(f"{op}: expected class ids of an integer dtype, got {masks.dtype}; use mix() for dense maps")
    if masks.dim() < 3:
        raise ValueError(f"{op}: expected masks of shape (B, ..., H, W), got {tuple(masks.shape)}")
    if other_masks is not None:
        partner_rows(op, masks, plan, other_masks)
    maps = [x for x in (masks, other_masks) if x is not None]
    if num_classes is not None:
        dense = [_one_hot(op, x, num_classes, ignore_index) for x in maps]
        return mix(dense[0], plan, *dense[1:])
    blended = _blended_samples(plan, other_masks is not None)
    if blended:
        raise ValueError(
            f"{op}: class ids cannot be blended, and the plan blends sample {blended[0]}; pass num_classes= for dense "
            "maps, or draw a plan that cuts only (CutMix)"
        )
    carrier = _CARRIERS[masks.element_size()]
    return mix(masks.view(carrier), plan, *(x.view(carrier) for x in maps[1:])).view(masks.dtype)


def _blended_samples(plan: MixPlan, with_other: bool) -> list[int]:
    """Samples with a pixel of a weight between 0 and 1."""
    has_box = (plan.box[:, 2] > plan.box[:, 0]) & (plan.box[:, 3] > plan.box[:, 1])
    if plan.mask is not None:
        # Levels between the ends blend, and so do ends of such a weight.
        soft = ((plan.mask != 0) & (plan.mask != 255)).flatten(1).any(1)
        has_mask = plan.mask_index >= 0
        equal = plan.weight_in == plan.weight_out
        blends = has_mask & soft[plan.mask_index.clamp(min=0).long()] & ~equal
        inside = (has_box | has_mask) & _between(plan.weight_in)
        return _not_alone(plan, with_other, blends | _between(plan.weight_out) | inside)
    return _not_alone(plan, with_other, _between(plan.weight_out) | (has_box & _between(plan.weight_in)))


def _between(weight: Tensor) -> Tensor:
    return (weight != 0) & (weight != 1)


def _not_alone(plan: MixPlan, with_other: bool, samples: Tensor) -> list[int]:
    alone = (plan.partner == torch.arange(len(plan), dtype=torch.int32)) & (not with_other)
    return (samples & ~alone).nonzero().flatten().tolist()


def _one_hot(op: str, masks: Tensor, num_classes: int, ignore_index: int | None) -> Tensor:
    if num_classes < 1:
        raise ValueError(f"{op}: expected num_classes >= 1, got {num_classes}")
    ids = masks.to(torch.int64)
    ignored = torch.zeros_like(ids, dtype=torch.bool) if ignore_index is None else ids == ignore_index
    # A look at the values waits for a GPU; on one, an id out of range gives zeros instead.
    if ids.device.type == "cpu" and bool((~ignored & ((ids < 0) | (ids >= num_classes))).any()):
        raise ValueError(f"{op}: expected ids in [0, {num_classes}) or ignore_index={ignore_index}, got others")
    channels = torch.arange(num_classes, device=ids.device).reshape(-1, *[1] * (ids.dim() - 1))
    return ((ids[:, None] == channels) & ~ignored[:, None]).to(torch.float32)


def remix_label_weight(
    labels: Tensor, plan: MixPlan, class_counts: Tensor, kappa: float = 3.0, tau: float = 0.5
) -> Tensor:
    """Label weights of Remix (Chou et al., ECCVW 2020): of an unequal pair, the rarer class takes the whole label.

    The own label gets 0 where its class is at least ``kappa`` times as frequent as the partner's and its weight is
    below ``tau``; 1 where it is at most ``1 / kappa`` times as frequent and the partner's weight is below ``tau``.

    Args:
        labels: (B,) class ids of an integer dtype; on a GPU they are waited for.
        plan: For B samples.
        class_counts: (C,) how often each class occurs, > 0.
        kappa: >= 1.
        tau: In [0, 1].

    Returns:
        float32 (B,) on the CPU, for ``plan.with_label_weight``.

    Raises:
        TypeError: ``labels`` is no tensor or ``plan`` no MixPlan.
        ValueError: The plan is for another batch size, ``kappa`` < 1, or ``tau`` outside [0, 1].
    """
    check_tensor("remix_label_weight", "labels", labels)
    check_plan("remix_label_weight", plan, labels)
    if not kappa >= 1.0 or not 0.0 <= tau <= 1.0:
        raise ValueError(f"remix_label_weight: expected kappa >= 1 and tau in [0, 1], got {kappa} and {tau}")
    own = torch.as_tensor(class_counts).to("cpu", torch.float64)[labels.cpu().to(torch.int64)]
    ratio = own / own[plan.partner.to(torch.int64)]
    weight = plan.label_weight
    rarer_partner = (ratio >= kappa) & (weight < tau)
    rarer_own = (ratio <= 1.0 / kappa) & (1.0 - weight < tau)
    return torch.where(rarer_partner, 0.0, torch.where(rarer_own, 1.0, weight))


def attention_label_weight(attention: Tensor, plan: MixPlan, image_size: tuple[int, int]) -> Tensor:
    """Label weights of TransMix (Chen et al., CVPR 2022): the mean of the share of pixels and the share of attention.

    Args:
        attention: (B, h, w), >= 0: how much the class token looks at each patch of the mixed image; any scale. On a
            GPU it is waited for.
        plan: For B samples.
        image_size: (H, W) of the images, which the plan's boxes refer to; multiples of h and w or not.

    Returns:
        float32 (B,) on the CPU, for ``plan.with_label_weight``.

    Raises:
        TypeError: ``attention`` is no tensor or ``plan`` no MixPlan.
        ValueError: The plan is for another batch size or has masks, or ``attention`` is not (B, h, w).
    """
    check_tensor("attention_label_weight", "attention", attention)
    check_plan("attention_label_weight", plan, attention)
    if attention.dim() != 3:
        raise ValueError(f"attention_label_weight: expected attention (B, h, w), got {tuple(attention.shape)}")
    looked = attention.detach().to("cpu", torch.float64)
    if plan.mask is not None:
        raise ValueError(
            "attention_label_weight: expected a plan of boxes and weights, got one with masks; weigh the attention by "
            "fastmix.reference.weight_map(plan, images.shape) and pass the result to plan.with_label_weight"
        )
    rows = _covered(plan.box[:, 0], plan.box[:, 2], looked.shape[1], image_size[0])
    columns = _covered(plan.box[:, 1], plan.box[:, 3], looked.shape[2], image_size[1])
    # The share of each patch that lies in the box, then the own weight there.
    inside = rows[:, :, None] * columns[:, None, :]
    own = 1.0 - inside
    own = own * plan.weight_out.double()[:, None, None] + inside * plan.weight_in.double()[:, None, None]
    total = looked.sum(dim=(1, 2))
    share = (own * looked).sum(dim=(1, 2)) / total
    weight = plan.label_weight.double()
    return torch.where(total > 0, 0.5 * (weight + share), weight).clamp(0, 1).to(torch.float32)


def _covered(begin: Tensor, end: Tensor, patches: int, length: int) -> Tensor:
    """float64 (B, patches): how much of each patch lies in [begin, end) pixels of ``length``."""
    edges = torch.arange(patches + 1, dtype=torch.float64) * (length / patches)
    low = torch.maximum(edges[:-1], begin.double()[:, None])
    high = torch.minimum(edges[1:], end.double()[:, None])
    return (high - low).clamp(min=0) * (patches / length)
