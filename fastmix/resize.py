"""ResizeMix: the whole partner, made smaller, in the box, instead of a part of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from fastmix import _ops
from fastmix.boxes import BoxRule, Inside
from fastmix.functional import check_plan, check_tensor
from fastmix.plan import MixPlan, partner_rows
from fastmix.policies import CutMix
from fastmix.weights import UniformSide, Weight

__all__ = ["ResizeMix", "resize_mix"]


@dataclass(frozen=True, repr=False)
class ResizeMix(CutMix):
    """ResizeMix (Qin et al., 2020): plans for :func:`resize_mix`.

    The box's sides are ``s`` times the image's, ``s`` uniform in ``scale``, anywhere in the image; the label goes by
    area. With :func:`fastmix.mix` such a plan is CutMix: labels, and all that does not resize, are the same.

    Args:
        alpha: Not used; ``weight`` replaces ``scale``.
        per: As for ``Mixup``.
        prob: As for ``Mixup``.
        pairing: As for ``Mixup``.
        weight: As for ``CutMix``; with it the box's area is ``1 - w``.
        box: As for ``CutMix``.
        inside: As for ``CutMix``.
        scale: ``0 <= least <= most <= 1``; the paper's are 0.1 and 0.8.

    Raises:
        ValueError: As for ``CutMix``, or a bad ``scale``.
    """

    box: BoxRule = field(default=Inside(), kw_only=True)
    scale: tuple[float, float] = field(default=(0.1, 0.8), kw_only=True)

    @property
    def distribution(self) -> Weight:
        return self.weight if self.weight is not None else UniformSide(*self.scale)


def resize_mix(
    images: Tensor, plan: MixPlan, other: Tensor | None = None, *, mode: Literal["bilinear", "nearest"] = "bilinear"
) -> Tensor:
    """Put each sample's partner, resized, into the sample's box. Differentiable; a few torch operators, out of place.

    Equivalent to ``out[i, :, y0:y1, x0:x1] = w * own + (1 - w) * F.interpolate(images[partner], (y1 - y0, x1 - x0),
    mode="bilinear")`` with ``w = weight_in``, 0 for the policy's plans. Computed in float32, float64 for float64. A
    sample that is its own partner, or has no box, stays as it is.

    Args:
        images: (B, C, H, W) of dtype uint8, float16, bfloat16, float32 or float64, on the CPU or a CUDA device.
        plan: For B samples, cut only: ``weight_out`` is 1.
        other: A second batch (N, C, H, W) whose rows the partners are.
        mode: ``"nearest"`` for maps of class ids given as floating numbers.

    Returns:
        A tensor of the shape and dtype of ``images``, channels_last where these are.

    Raises:
        TypeError: ``images`` is no tensor, or ``plan`` no MixPlan.
        ValueError: Another rank or dtype, an unknown ``mode``, or a plan that does not fit or blends outside its boxes.
    """
    op = "resize_mix"
    check_tensor(op, "images", images)
    check_plan(op, plan, images)
    if images.dim() != 4 or not (images.is_floating_point() or images.dtype == torch.uint8):
        raise ValueError(
            f"{op}: expected floating or uint8 images (B, C, H, W), got {images.dtype} {tuple(images.shape)}"
        )
    if mode not in ("bilinear", "nearest"):
        raise ValueError(f"{op}: expected mode 'bilinear' or 'nearest', got {mode!r}")
    height, width = images.shape[2:]
    box = plan.box.to(images.device)
    if not torch.compiler.is_compiling():
        _check_boxes(op, plan, height, width)
    dtype = images.dtype if images.dtype == torch.float64 else torch.float32
    partners = partner_rows(op, images, plan, other).to(dtype)
    rows, y_inside = _places(box[:, 0], box[:, 2], height, dtype)
    columns, x_inside = _places(box[:, 1], box[:, 3], width, dtype)
    inside = y_inside[:, :, None] & x_inside[:, None, :]
    if other is None:
        own = plan.partner == torch.arange(len(plan), dtype=torch.int32)
        inside = inside & ~own.to(images.device)[:, None, None]
    grid = torch.stack(torch.broadcast_tensors(columns[:, None, :], rows[:, :, None]), dim=3)
    resized = F.grid_sample(partners, grid, mode=mode, padding_mode="border", align_corners=False)
    weight = plan.weight_in.to(device=images.device, dtype=dtype)[:, None, None, None]
    blended = torch.where(weight == 0.0, resized, weight * images.to(dtype) + (1.0 - weight) * resized)
    if images.dtype == torch.uint8:
        blended = blended.round()
    mixed = torch.where(inside[:, None], blended.to(images.dtype), images)
    return mixed.contiguous(memory_format=_ops.output_memory_format(images))


def _check_boxes(op: str, plan: MixPlan, height: int, width: int) -> None:
    if not bool((plan.weight_out == 1.0).all()):
        raise ValueError(f"{op}: expected weight_out 1, the partner lies in the box only; draw the plan with ResizeMix")
    edges = torch.tensor([height, width, height, width])
    if not bool(((plan.box >= 0) & (plan.box <= edges)).all()):
        raise ValueError(f"{op}: expected boxes within height {height} and width {width}; draw with this image_size")


def _places(begin: Tensor, end: Tensor, length: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Per sample and pixel the place in the partner, -1 to 1 from edge to edge, and whether it lies in the box."""
    pixel = torch.arange(length, device=begin.device)
    extent = (end - begin).clamp(min=1)[:, None].to(dtype)
    place = 2.0 * (pixel.to(dtype) + 0.5 - begin[:, None].to(dtype)) / extent - 1.0
    return place, (pixel >= begin[:, None]) & (pixel < end[:, None])
