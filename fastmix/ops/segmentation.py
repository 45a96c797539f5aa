"""Mix segmentation maps by the plan of their images."""

import torch
from torch import Tensor

from fastmix.ops.checks import check_plan, check_tensor
from fastmix.ops.gradients import is_transformed
from fastmix.ops.mix import mix
from fastmix.ops.partners import partner_batch
from fastmix.plan.mix_plan import MixPlan

__all__ = ["mix_segmentation"]

# mix() does not take integer ids, except uint8. So the ids are viewed as the dtype of the same size in bytes: int64 as
# float64, for example. Every weight is 0 or 1, so mix() copies the ids and does not change their bits.
_CARRIERS = {1: torch.uint8, 2: torch.float16, 4: torch.float32, 8: torch.float64}


def mix_segmentation(
    maps: Tensor,
    plan: MixPlan,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    *,
    other: Tensor | None = None,
) -> Tensor:
    """Mix segmentation maps by the plan of their images.

    Without ``num_classes``, equivalent to ``torch.where(w == 1, maps, maps[plan.partner])``, where ``w`` is the weight
    of the sample's own image at each pixel. Ids cannot be blended, so every ``w`` must be 0 or 1 (CutMix, hard masks).
    With ``num_classes``, equivalent to ``mix(one_hot(maps, num_classes).movedim(-1, 1).float(), plan)``.

    Args:
        maps: (B, ..., H, W) class ids of an integer dtype or bool, with the H and W of the images.
        plan: For B samples.
        num_classes: C, for a dense result; None copies ids.
        ignore_index: An id whose pixels are 0 in all channels of a dense result; may lie outside [0, C).
        other: (N, ...), the batch that partners come from; None means ``maps``. Refused with a MultiwayPlan.

    Returns:
        A tensor of the shape and dtype of ``maps``, or float32 (B, C, ..., H, W).

    Raises:
        TypeError: ``maps`` is not an integer tensor, or ``plan`` not a MixPlan.
        ValueError: ``other`` or the plan's size do not fit, the plan blends ids, or an id is out of range.
        RuntimeError: A box of the plan does not fit into H x W.

    Example:
        >>> maps = mix_segmentation(maps, CutMix().plan(len(maps), maps.shape[-2:]))
    """
    op = "mix_segmentation"
    check_tensor(op, "maps", maps)
    check_plan(op, plan, maps.shape[0])
    if maps.is_floating_point() or maps.is_complex():
        raise TypeError(f"{op}: expected class ids of an integer dtype, got {maps.dtype}; use mix() for dense maps")
    if maps.dim() < 3:
        raise ValueError(f"{op}: expected maps of shape (B, ..., H, W), got {tuple(maps.shape)}")
    if other is not None:
        partner_batch(op, plan, maps, other)
    if num_classes is not None:
        dense_other = None if other is None else _one_hot(op, other, num_classes, ignore_index)
        return mix(_one_hot(op, maps, num_classes, ignore_index), plan, other=dense_other)
    blended = _blended_samples(plan, other is not None)
    if blended:
        raise ValueError(
            f"{op}: expected a plan that cuts (CutMix), got one that blends sample {blended[0]}; "
            "pass num_classes= for dense maps"
        )
    carrier = _CARRIERS[maps.element_size()]
    other = other if other is None else other.resolve_neg().view(carrier)
    return mix(maps.resolve_neg().view(carrier), plan, other=other).view(maps.dtype)


def _blended_samples(plan: MixPlan, with_other: bool) -> list[int]:
    """Return the samples with a pixel whose weight lies between 0 and 1."""
    has_box = (plan.box[:, 2] > plan.box[:, 0]) & (plan.box[:, 3] > plan.box[:, 1])
    if plan.masks is not None:
        # A pixel blends at a mask level between 0 and 255, unless weight_in and weight_out are equal. At level 255 it
        # blends if weight_in lies between 0 and 1, at level 0 if weight_out does.
        soft = ((plan.masks != 0) & (plan.masks != 255)).flatten(1).any(1)
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


def _one_hot(op: str, maps: Tensor, num_classes: int, ignore_index: int | None) -> Tensor:
    if num_classes < 1:
        raise ValueError(f"{op}: expected num_classes >= 1, got {num_classes}")
    ids = maps.to(torch.int64)
    ignored = torch.zeros_like(ids, dtype=torch.bool) if ignore_index is None else ids == ignore_index
    # Reading the values would synchronise with a GPU, and vmap refuses to read them. In both cases an id out of range
    # gives a pixel of zeros instead of an error.
    unknown = ~ignored & ((ids < 0) | (ids >= num_classes))
    if ids.device.type == "cpu" and not is_transformed(ids) and bool(unknown.any()):
        got = int(ids[unknown][0])
        raise ValueError(f"{op}: expected ids in [0, {num_classes}) or ignore_index={ignore_index}, got {got}")
    channels = torch.arange(num_classes, device=ids.device).reshape(-1, *[1] * (ids.dim() - 1))
    return ((ids[:, None] == channels) & ~ignored[:, None]).to(torch.float32)
