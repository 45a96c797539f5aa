"""Mirror, mix, normalise, cast and lay out a uint8 batch in one pass."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fastmix.arguments import mirror_flags
from fastmix.ops import registration as _ops
from fastmix.ops.checks import (
    MAX_CHANNELS,
    check_format,
    check_out,
    check_plan,
    check_tensor,
    pixel_units,
)
from fastmix.ops.mix import masks_on
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.resident_plan import ResidentPlan

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "normalize_mix"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalize_mix(
    images: Tensor,
    plan: MixPlan | None,
    *,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
    mirror: Tensor | Sequence[bool] | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Turn a uint8 batch into a training batch in one pass.

    Equivalent to ``x = torch.where(mirror[:, None, None, None], images.flip(2), images).permute(0, 3, 1, 2) / 255``,
    then ``((w * x + (1 - w) * x[plan.partner] - mean) / std).to(dtype)``, in float32 with one rounding to ``dtype``.
    :func:`fastmix.ops.reference.normalize_mix_reference` returns the same bits.

    Args:
        images: uint8 (B, H, W, C) with 1 to 4 channels, on the CPU or a CUDA device.
        plan: For B samples, with boxes in the coordinates of the mirrored images; None mixes nothing.
        mean: One value per channel, in units of the full pixel range (0 to 1), as in torchvision.
        std: One value > 0 per channel, in the same units.
        dtype: float16, bfloat16 or float32.
        memory_format: torch.contiguous_format (NCHW) or torch.channels_last (NHWC) of the result.
        mirror: bool (B,) on the CPU, or a sequence of B: the images to flip left to right before mixing.
        out: (B, C, H, W) of ``dtype`` in ``memory_format``, to write to and return. It must not share memory with
            ``images``. Reusing it avoids the page faults of new memory on the CPU.

    Returns:
        (B, C, H, W) of ``dtype`` on the device of ``images``.

    Raises:
        TypeError: The dtype of ``images``, ``mirror`` or ``out`` does not fit, or ``dtype`` is not supported.
        ValueError: A shape or length does not fit, ``std`` is <= 0, or ``memory_format`` is not supported.
        RuntimeError: A partner is out of range, or a box does not fit.

    Example:
        >>> batch = normalize_mix(uint8_images, plan, dtype=torch.bfloat16, memory_format=torch.channels_last)
    """
    op = "normalize_mix"
    check_tensor(op, "images", images)
    if images.dtype != torch.uint8:
        raise TypeError(
            f"{op}: expected images of dtype torch.uint8, got {images.dtype}; "
            "use mix() for floating images and their gradients"
        )
    if images.dim() != 4 or not 1 <= images.shape[3] <= MAX_CHANNELS:
        raise ValueError(
            f"{op}: expected images of shape (B, H, W, C) with 1 to {MAX_CHANNELS} channels, "
            f"got {tuple(images.shape)}; for (B, C, H, W) use images.permute(0, 2, 3, 1)"
        )
    check_format(op, dtype, memory_format)
    channels = images.shape[3]
    pixel_mean = pixel_units(op, "mean", mean, channels, positive=False)
    pixel_std = pixel_units(op, "std", std, channels, positive=True)
    if mirror is not None:
        mirror = mirror_flags(op, mirror, images.shape[0])
    if plan is None:
        plan = MixPlan.identity(images.shape[0])
    check_plan(op, plan, images.shape[0], resident=True)
    if isinstance(plan, ResidentPlan):
        if mirror is not None:
            raise ValueError(
                f"{op}: expected mirror=None with a ResidentPlan, which holds the mirror flags, got a value; "
                "pass the flags to ResidentPlan.update()"
            )
        mirror = plan.mirror if plan.device.type == "cpu" else None
    channels_last = memory_format == torch.channels_last
    masks = masks_on(plan, images.device)
    if out is None:
        return _ops.normalize_mix(
            images, plan.rows, pixel_mean, pixel_std, dtype, channels_last, mirror=mirror, masks=masks
        )
    check_out(op, out, images, dtype, memory_format)
    _ops.normalize_mix_into(out, images, plan.rows, pixel_mean, pixel_std, channels_last, mirror=mirror, masks=masks)
    return out
