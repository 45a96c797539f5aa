"""Lists of decoded images of different sizes to a training batch, in one pass."""

# ruff: noqa: ARG001  (the fake kernel has the whole signature of its operator)
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from fastmix.ops import library as _library  # noqa: F401  (registers the operators)
from fastmix.ops.checks import MAX_CHANNELS, check_format, check_plan, mirror_flags, pixel_units
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD
from fastmix.plan.mix_plan import MixPlan

__all__ = ["WindowedImages", "resample_mix"]

_FILTERS = {"nearest": 0, "bilinear": 1, "bicubic": 2}

_resample_mix = torch.ops.fastmix.resample_mix.default


class WindowedImages(NamedTuple):
    """Decoded images and what is seen of them: what a ``collate_fn`` gives :func:`fastmix.integrations.prefetch`.

    Attributes:
        images: B tensors uint8 (H, W, C) of any sizes, as for :func:`resample_mix`.
        windows: float (B, 4) or a sequence of (y, x, height, width) in pixels; None shows whole images.
        mirror: bool (B,) or a sequence: which views are flipped left to right; None for none.
    """

    images: Sequence[Tensor]
    windows: Tensor | Sequence[Sequence[float]] | None = None
    mirror: Tensor | Sequence[bool] | None = None


def resample_mix(
    images: Sequence[Tensor],
    windows: Tensor | Sequence[Sequence[float]] | None = None,
    plan: MixPlan | None = None,
    *,
    size: int | tuple[int, int],
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
    mirror: Tensor | Sequence[bool] | None = None,
    interpolation: Literal["nearest", "bilinear", "bicubic"] = "bilinear",
) -> Tensor:
    """Turn decoded images into a training batch in one pass: crop, resize, mirror, mix, normalise, cast, lay out.

    Every window is resampled with Pillow's antialiased filter, in float32 and without rounding to whole grey levels
    in between, so the result is within one grey level of ``Image.resize(size, BILINEAR, box=window)``. Like Pillow's,
    the filter reads pixels beside the window where the image has them. Cubic is clamped to 0 and 255 once, at the
    end. CPUs of every instruction set and GPUs give the same bits.

    Equivalent to ``x = torch.stack([resize(image, window, size) for ...])`` followed by
    :func:`fastmix.normalize_mix` on values that are not rounded.

    Args:
        images: B tensors uint8 (H, W, C), all with the same 1 to 4 channels and on one device; sizes may differ.
        windows: float (B, 4) or a sequence of (y, x, height, width) in source pixels; None takes whole images.
        plan: For B samples, its boxes in coordinates of the output; None mixes nothing.
        size: Output (height, width) in pixels, or one number for squares.
        mean: One value per channel, in units of the full pixel range (0 to 1), as in torchvision.
        std: One value > 0 per channel, in the same units.
        dtype: float16, bfloat16 or float32.
        memory_format: torch.contiguous_format (NCHW) or torch.channels_last (NHWC) of the result.
        mirror: bool (B,) on the CPU, or a sequence: which outputs are flipped left to right before mixing.
        interpolation: Pillow's filter of that name.

    Returns:
        (B, C, height, width) of ``dtype`` on the device of ``images``.

    Raises:
        TypeError: An image is no uint8 tensor, ``dtype`` is not one of the three, ``mirror`` is not bool.
        ValueError: No images, wrong shapes or lengths, an unknown filter or memory format, std <= 0.
        RuntimeError: A window leaves its image, a partner is out of range or a box does not fit the output.
    """
    op = "resample_mix"
    if len(images) == 0:
        raise ValueError(f"{op}: expected at least one image, got none")
    for index, image in enumerate(images):
        if not isinstance(image, Tensor) or image.dtype != torch.uint8:
            kind = image.dtype if isinstance(image, Tensor) else type(image).__name__
            raise TypeError(f"{op}: expected images as tensors of dtype torch.uint8, got {kind} at index {index}")
        if image.dim() != 3 or not 1 <= image.shape[2] <= MAX_CHANNELS:
            raise ValueError(
                f"{op}: expected images of shape (H, W, C) with 1 to {MAX_CHANNELS} channels, "
                f"got {tuple(image.shape)} at index {index}"
            )
    if interpolation not in _FILTERS:
        raise ValueError(f"{op}: expected interpolation 'nearest', 'bilinear' or 'bicubic', got {interpolation!r}")
    check_format(op, dtype, memory_format)
    if plan is None:
        plan = MixPlan.identity(len(images))
    check_plan(op, plan, len(images))
    if plan.mask is not None:
        raise ValueError(
            f"{op}: expected a plan of boxes and weights, got one with masks; resize first, then use normalize_mix()"
        )
    height, width = (size, size) if isinstance(size, int) else size
    channels = images[0].shape[2]
    return _resample_mix(
        list(images),
        _window_array(op, windows, images),
        None if mirror is None else mirror_flags(op, mirror, len(images)),
        plan.partner,
        plan.weight_in,
        plan.weight_out,
        plan.box,
        height,
        width,
        _FILTERS[interpolation],
        pixel_units(op, "mean", mean, channels, positive=False),
        pixel_units(op, "std", std, channels, positive=True),
        dtype,
        memory_format == torch.channels_last,
    )


def _window_array(op: str, windows: Tensor | Sequence[Sequence[float]] | None, images: Sequence[Tensor]) -> Tensor:
    if windows is None:
        windows = [(0, 0, image.shape[0], image.shape[1]) for image in images]
    array = torch.as_tensor(windows, dtype=torch.float32, device="cpu").contiguous()
    if array.shape != (len(images), 4):
        raise ValueError(
            f"{op}: expected windows of shape ({len(images)}, 4), one (y, x, height, width) per image, "
            f"got {tuple(array.shape)}"
        )
    return array


@torch.library.register_fake("fastmix::resample_mix")
def _(
    images: list[Tensor],
    windows: Tensor,
    mirror: Tensor | None,
    partner: Tensor,
    weight_in: Tensor,
    weight_out: Tensor,
    box: Tensor,
    height: int,
    width: int,
    filter: int,
    mean: list[float],
    std: list[float],
    dtype: torch.dtype,
    channels_last: bool,
) -> Tensor:
    shape = (len(images), images[0].shape[2], height, width)
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty(shape, dtype=dtype, device=images[0].device, memory_format=memory_format)
