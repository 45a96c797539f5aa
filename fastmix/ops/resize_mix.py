"""ResizeMix: put the whole partner, resized, into the box."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from fastmix.ops import registration as _ops
from fastmix.ops.checks import check_plan, check_tensor
from fastmix.ops.partners import partner_batch
from fastmix.plan.boxes import BoxRule, Inside
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import CutMix
from fastmix.plan.weights import UniformSide, Weight

__all__ = ["ResizeMix", "resize_mix"]


@dataclass(frozen=True, repr=False)
class ResizeMix(CutMix):
    """Draw plans for :func:`resize_mix`.

    The box's sides are ``s`` times the image's, with ``s`` uniform in ``scale``. The box lies anywhere in the
    image, and the label weight is 1 minus its share of the area. :func:`fastmix.mix` cuts by the same plan.

    Source: ResizeMix (Qin et al., 2020).

    Args:
        alpha: Ignored; ``weight`` replaces ``scale``.
        per: As for ``Mixup``.
        prob: As for ``Mixup``.
        pairing: As for ``Mixup``.
        weight: As for ``CutMix``; the box's area is then ``1 - w``.
        box: As for ``CutMix``.
        inside: As for ``CutMix``.
        scale: ``0 <= least <= most <= 1``; the paper uses 0.1 and 0.8.

    Raises:
        ValueError: As for ``CutMix``, or a bad ``scale``.
    """

    box: BoxRule = field(default=Inside(), kw_only=True)
    scale: tuple[float, float] = field(default=(0.1, 0.8), kw_only=True)

    @property
    def distribution(self) -> Weight:
        return self.weight if self.weight is not None else UniformSide(*self.scale)


def resize_mix(
    images: Tensor, plan: MixPlan, *, mode: Literal["bilinear", "nearest"] = "bilinear", other: Tensor | None = None
) -> Tensor:
    """Resize each partner into the sample's box, in a new tensor.

    Equivalent to ``out[i, :, y0:y1, x0:x1] = w * own + (1 - w) * F.interpolate(images[partner], (y1 - y0, x1 - x0),
    mode="bilinear")`` with ``w = weight_in``, which ResizeMix sets to 0. Computed in float32, or in float64 for float64
    images. A sample stays as it is if it has no box or is its own partner. Differentiable.

    Args:
        images: (B, C, H, W) of dtype uint8, float16, bfloat16, float32 or float64, on the CPU or a CUDA device.
        plan: For B samples, with ``weight_out`` 1.
        mode: ``"bilinear"``, or ``"nearest"`` (``F.interpolate``'s ``"nearest-exact"``) for class ids as floats.
        other: (N, ...), the batch that partners come from; None means ``images``. Refused with a MultiwayPlan.

    Returns:
        A tensor of the shape and dtype of ``images``, channels_last if ``images`` is.

    Raises:
        TypeError: ``images`` is not a tensor, or ``plan`` not a MixPlan.
        ValueError: The rank, dtype, ``mode``, ``other``, plan size or a box does not fit, or ``weight_out`` is not 1.

    Example:
        >>> mixed = resize_mix(images, ResizeMix().plan(len(images), images.shape[-2:]))
    """
    op = "resize_mix"
    check_tensor(op, "images", images)
    check_plan(op, plan, images.shape[0])
    if images.dim() != 4 or not (images.is_floating_point() or images.dtype == torch.uint8):
        raise ValueError(
            f"{op}: expected floating or uint8 images (B, C, H, W), got {images.dtype} {tuple(images.shape)}"
        )
    if mode not in ("bilinear", "nearest"):
        raise ValueError(f"{op}: expected mode 'bilinear' or 'nearest', got {mode!r}")
    height, width = images.shape[2:]
    if not torch.compiler.is_compiling():
        _check_boxes(op, plan, height, width)
    rows = partner_batch(op, plan, images, other)
    alone = torch.zeros(len(plan), dtype=torch.bool)
    if other is None:
        alone = plan.partner == torch.arange(len(plan), dtype=torch.int32)
    # Box by box resizes a quarter of the pixels for the policy's boxes. A GPU loses more to the many launches, and
    # transforms and compilers need operators that do not depend on the boxes.
    by_box = images.device.type == "cpu" and images.shape[1] > 0
    by_box = by_box and not torch.compiler.is_compiling() and not _is_transformed(images, rows)
    mixed = (_box_by_box if by_box else _all_at_once)(images, plan, rows, alone, mode)
    return mixed.contiguous(memory_format=_ops.output_memory_format(images))


def _is_transformed(*tensors: Tensor) -> bool:
    """Return whether torch.func transforms a tensor; torch has no public test for it."""
    return any(torch._C._functorch.is_functorch_wrapped_tensor(tensor) for tensor in tensors)


def _box_by_box(images: Tensor, plan: MixPlan, rows: Tensor, alone: Tensor, mode: str) -> Tensor:
    dtype = _computed_in(images)
    mixed = images.clone()
    # With gradients each sample is its own tensor, so that a backward step touches one sample and not the batch.
    differentiable = torch.is_grad_enabled() and (images.requires_grad or rows.requires_grad)
    samples = [sample.clone() for sample in images] if differentiable else mixed.unbind()
    partners = rows.unbind()
    plans = zip(plan.partner.tolist(), plan.box.tolist(), plan.weight_in.tolist(), alone.tolist(), strict=True)
    for sample, (partner, (y0, x0, y1, x1), weight, is_alone) in zip(samples, plans, strict=True):
        if is_alone or y0 >= y1 or x0 >= x1:
            continue
        pixels, size = partners[partner].to(dtype), (y1 - y0, x1 - x0)
        if mode == "nearest":
            y, x = (_nearest(torch.arange(n), n, length) for n, length in zip(size, images.shape[2:], strict=True))
            resized = pixels[:, y[:, None], x]
        else:
            resized = F.interpolate(pixels[None], size, mode=mode, align_corners=False)[0]
        place = sample[:, y0:y1, x0:x1]
        place.copy_(_blended(place, resized, torch.tensor(weight, dtype=dtype)))
    return torch.stack(samples) if differentiable and samples else mixed


def _all_at_once(images: Tensor, plan: MixPlan, rows: Tensor, alone: Tensor, mode: str) -> Tensor:
    dtype, box = _computed_in(images), plan.box.to(device=images.device, dtype=torch.int64)
    partner = plan.partner.to(device=rows.device, dtype=torch.int64)
    y, y_extent, y_inside = _in_box(box[:, 0], box[:, 2], images.shape[2])
    x, x_extent, x_inside = _in_box(box[:, 1], box[:, 3], images.shape[3])
    inside = y_inside[:, :, None] & x_inside[:, None, :] & ~alone.to(images.device)[:, None, None]
    if mode == "nearest":
        y, x = _nearest(y, y_extent, images.shape[2]), _nearest(x, x_extent, images.shape[3])
        resized = rows[partner[:, None, None], :, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2).to(dtype)
    else:
        places = [2.0 * (k.to(dtype) + 0.5) / n - 1.0 for k, n in ((x, x_extent), (y, y_extent))]
        grid = torch.stack(torch.broadcast_tensors(places[0][:, None, :], places[1][:, :, None]), dim=3)
        resized = F.grid_sample(rows[partner].to(dtype), grid, mode=mode, padding_mode="border", align_corners=False)
    weight = plan.weight_in.to(device=images.device, dtype=dtype)[:, None, None, None]
    return torch.where(inside[:, None], _blended(images, resized, weight), images)


def _nearest(pixel: Tensor, extent: Tensor | int, length: int) -> Tensor:
    """Return the source pixel at the middle of each box pixel; ties take the later one, as "nearest-exact" does."""
    return ((2 * pixel + 1) * length // (2 * extent)).clamp(0, length - 1)


def _computed_in(images: Tensor) -> torch.dtype:
    return images.dtype if images.dtype == torch.float64 else torch.float32


def _blended(own: Tensor, resized: Tensor, weight: Tensor) -> Tensor:
    mixed = torch.where(weight == 0.0, resized, weight * own.to(resized.dtype) + (1.0 - weight) * resized)
    return (mixed.round() if own.dtype == torch.uint8 else mixed).to(own.dtype)


def _check_boxes(op: str, plan: MixPlan, height: int, width: int) -> None:
    if not bool((plan.weight_out == 1.0).all()):
        raise ValueError(f"{op}: expected weight_out 1, got others; draw the plan with ResizeMix")
    edges = torch.tensor([height, width, height, width])
    if not bool(((plan.box >= 0) & (plan.box <= edges)).all()):
        raise ValueError(
            f"{op}: expected boxes within height {height} and width {width}, got others; draw with this image_size"
        )


def _in_box(begin: Tensor, end: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pixels (B, length) relative to the box, its extent (B, 1), at least 1, and the pixels that lie in it."""
    pixel = torch.arange(length, device=begin.device)[None] - begin[:, None]
    extent = (end - begin)[:, None]
    return pixel, extent.clamp(min=1), (pixel >= 0) & (pixel < extent)
