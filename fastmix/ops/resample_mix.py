"""Crop, resize, mirror, mix, normalise, cast and lay out decoded images in one pass."""

# ruff: noqa: ARG001  (the fake kernel has its operator's signature)
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from fastmix.arguments import mirror_flags
from fastmix.ops import library as _library  # noqa: F401  (registers the operators)
from fastmix.ops.augment import SampleRows, sample_rows
from fastmix.ops.checks import check_format, check_plan, pixel_units
from fastmix.ops.mix import masks_on
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD
from fastmix.ops.sources import Edges, Filter, sources
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.rows import WORDS

__all__ = ["WindowedImages", "resample_mix"]

_resample_mix = torch.ops.fastmix.resample_mix.default


class WindowedImages(NamedTuple):
    """Decoded images with their windows, as a ``collate_fn`` returns them to :func:`fastmix.prefetch`.

    Attributes:
        images: B tensors uint8 (H, W, C) of any sizes, as for :func:`resample_mix`.
        windows: float (B, 4) or a sequence of (y, x, height, width) in pixels; None takes whole images.
        mirror: bool (B,) or a sequence: the windows to flip left to right; None flips none.
        filter: as for :func:`resample_mix`.
        edges: as for :func:`resample_mix`; "image" for an evaluation that resizes before it crops.
    """

    images: Sequence[Tensor]
    windows: Tensor | Sequence[Sequence[float]] | None = None
    mirror: Tensor | Sequence[bool] | None = None
    filter: Filter | Sequence[Filter] = "bilinear"
    edges: Edges | Sequence[Edges] = "crop"


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
    filter: Filter | Sequence[Filter] | None = None,
    edges: Edges | Sequence[Edges] | None = None,
    sample_plan: SampleRows | Tensor | None = None,
) -> Tensor:
    """Turn decoded images of any sizes into a training batch in one pass.

    Equivalent to ``x = torch.stack([resize(image, window, size) for image, window in zip(images, windows)])``,
    then :func:`fastmix.normalize_mix` of ``x``.

    ``resize`` is Pillow's antialiased filter in float32, without rounding in between: bilinear is within one grey
    level of :func:`fastmix.resample`, which has Pillow's bits. Values are clamped to [0, 255] once, at the end.
    Pillow also clamps between its two passes, so bicubic and lanczos, which overshoot, may differ by more. All CPUs and
    GPUs return the same bits.

    With ``sample_plan``, ``resize`` is :func:`fastmix.resample` with the sample plan's windows and filters, followed by
    :func:`fastmix.augment_`. So every image has exactly Pillow's pixels until it is mixed.

    Args:
        images: B tensors uint8 (H, W, C) with the same 1 to 4 channels, on one device; sizes may differ.
        windows: float (B, 4) or a sequence of (y, x, height, width) in source pixels; None takes whole images.
        plan: For B samples, with boxes in output pixels; None mixes nothing. Masks (M, h, w) are stretched over the
            output.
        size: Output (height, width) in pixels, or one number for both.
        mean: One value per channel, in units of the full pixel range (0 to 1), as in torchvision.
        std: One value > 0 per channel, in the same units.
        dtype: float16, bfloat16 or float32.
        memory_format: torch.contiguous_format (NCHW) or torch.channels_last (NHWC) of the result.
        mirror: bool (B,) on the CPU, or a sequence: the outputs to flip left to right before mixing.
        filter: Pillow's filter of this name, one for all images or one per image; None means "bilinear".
        edges: "crop" reads only pixels that the window touches, as if the image were cropped first, like training
            in torchvision and timm. "image" also reads pixels beside the window, as Pillow's ``resize(box=window)``; an
            evaluation that resizes before it crops needs it. One for all images or one per image; None means "crop".
        sample_plan: For B RGB images: a :class:`fastmix.augment.SamplePlan` or its rows. It sets the filters and edges,
            so leave out ``filter`` and ``edges``. Leave out ``windows`` if it sets windows, too. It flips after
            ``mirror`` does. Operations that erase with normalised values change the normalised images, before or after
            they are mixed.

    Returns:
        (B, C, height, width) of ``dtype`` on the device of ``images``.

    Raises:
        TypeError: An image is not a uint8 tensor, ``mirror`` is not bool, ``dtype`` is not supported, or
            ``sample_plan`` is not a sample plan.
        ValueError: ``images`` is empty, a shape or length does not fit, ``filter``, ``edges`` or ``memory_format`` is
            unknown, or ``std`` is <= 0; or ``sample_plan`` sets what an argument sets too.
        RuntimeError: A window leaves its image, a partner is out of range, a box does not fit the output, or the
            sample plan does not fit.

    Example:
        >>> batch = resample_mix(decoded, [(0, 0, 300, 400)] * len(decoded), plan, size=224)
    """
    op = "resample_mix"
    rows = None if sample_plan is None else sample_rows(op, sample_plan)
    if rows is not None:
        _refuse_both(op, rows, windows, filter, edges)
    given = sources(op, images, windows, size, filter or "bilinear", edges or "crop")
    check_format(op, dtype, memory_format)
    if plan is None:
        plan = MixPlan.identity(len(images))
    check_plan(op, plan, len(images))
    channels = images[0].shape[2]
    return _resample_mix(
        given.images,
        plan.rows,
        given.windows,
        *given.size,
        given.filter,
        given.edges,
        pixel_units(op, "mean", mean, channels, positive=False),
        pixel_units(op, "std", std, channels, positive=True),
        dtype,
        memory_format == torch.channels_last,
        None if mirror is None else mirror_flags(op, mirror, len(images)),
        masks_on(plan, images[0].device),
        rows,
    )


def _refuse_both(op: str, rows: Tensor, windows: object, filter: object, edges: object) -> None:
    """Raise ValueError for arguments that the sample plan sets too."""
    for name, value in (("filter", filter), ("edges", edges)):
        if value is not None:
            raise ValueError(f"{op}: expected {name}=None with a sample plan, which sets the {name}, got {value!r}")
    if windows is not None and rows.dim() == 2 and rows.shape[1] >= WORDS and bool(rows[:, 4:6].any()):
        raise ValueError(f"{op}: expected windows in windows= or in the sample plan, got both; use windows=None")


@torch.library.register_fake("fastmix::resample_mix")
def _(
    images: list[Tensor],
    plan: Tensor,
    windows: Tensor,
    height: int,
    width: int,
    filter: list[int],
    edges: list[int],
    mean: list[float],
    std: list[float],
    dtype: torch.dtype,
    channels_last: bool,
    mirror: Tensor | None = None,
    masks: Tensor | None = None,
    sample_plan: Tensor | None = None,
) -> Tensor:
    shape = (len(images), images[0].shape[2], height, width)
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty(shape, dtype=dtype, device=images[0].device, memory_format=memory_format)
