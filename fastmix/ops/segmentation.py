"""Mix segmentation maps by the boxes, masks and weights that their images are mixed by."""

import torch
from torch import Tensor

from fastmix.ops.checks import check_plan, check_tensor
from fastmix.ops.mix import mix
from fastmix.ops.partners import partner_batch
from fastmix.plan.mix_plan import MixPlan

__all__ = ["mix_segmentation"]

# A kernel that copies floats of this size copies ids of this size: weights 0 and 1 copy bits.
_CARRIERS = {1: torch.uint8, 2: torch.float16, 4: torch.float32, 8: torch.float64}


def mix_segmentation(
    masks: Tensor,
    plan: MixPlan,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    *,
    other: Tensor | None = None,
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
        other: (N, ..., H, W), the maps of the other batch, where partners are rows of one.

    Returns:
        Of the shape and dtype of ``masks``; or float32 (B, C, ..., H, W).

    Raises:
        TypeError: ``masks`` is no tensor, not of an integer dtype, or ``plan`` no MixPlan.
        ValueError: The plan is for another batch size or blends ids; with ``num_classes``, an id out of range.
        RuntimeError: The plan's boxes do not fit.
    """
    op = "mix_segmentation"
    check_tensor(op, "masks", masks)
    check_plan(op, plan, masks.shape[0])
    if masks.is_floating_point() or masks.is_complex():
        raise TypeError(f"{op}: expected class ids of an integer dtype, got {masks.dtype}; use mix() for dense maps")
    if masks.dim() < 3:
        raise ValueError(f"{op}: expected masks of shape (B, ..., H, W), got {tuple(masks.shape)}")
    if other is not None:
        partner_batch(op, plan, masks, other)
    if num_classes is not None:
        dense = [x if x is None else _one_hot(op, x, num_classes, ignore_index) for x in (masks, other)]
        return mix(dense[0], plan, other=dense[1])
    blended = _blended_samples(plan, other is not None)
    if blended:
        raise ValueError(
            f"{op}: class ids cannot be blended, and the plan blends sample {blended[0]}; pass num_classes= for dense "
            "maps, or draw a plan that cuts only (CutMix)"
        )
    carrier = _CARRIERS[masks.element_size()]
    other = other if other is None else other.view(carrier)
    return mix(masks.view(carrier), plan, other=other).view(masks.dtype)


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
