"""Crop and resize decoded images to a uint8 batch with Pillow's bits."""

# ruff: noqa: ARG001  (the fake kernel has its operator's signature)
from collections.abc import Sequence

import torch
from torch import Tensor

from fastmix.arguments import mirror_flags
from fastmix.ops import library as _library  # noqa: F401  (registers the operators)
from fastmix.ops.sources import Edges, Filter, sources

__all__ = ["resample"]

_resample = torch.ops.fastmix.resample.default


def resample(
    images: Sequence[Tensor],
    windows: Tensor | Sequence[Sequence[float]] | None = None,
    *,
    size: int | tuple[int, int],
    filter: Filter | Sequence[Filter] = "bilinear",
    edges: Edges | Sequence[Edges] = "crop",
    mirror: Tensor | Sequence[bool] | None = None,
) -> Tensor:
    """Resize windows of decoded images to one size, with exactly the pixels of Pillow 13.

    Equivalent to ``torch.stack([resize(image, window) for image, window in zip(images, windows)])``, where ``resize``
    is ``Image.crop(window).resize(size, filter)`` for ``edges="crop"`` and ``Image.resize(size, filter, box=window)``
    for ``edges="image"``. Every channel is resized by itself, also alpha; Pillow multiplies RGB by alpha first.

    Use this before operations on uint8 images; :func:`fastmix.resample_mix` resizes without rounding. All CPUs and GPUs
    return the same bits. Pillow stores the window's borders in float32. So a window with fractions gives Pillow's
    result if float32 holds ``y + height`` and ``x + width`` exactly.

    Args:
        images: B tensors uint8 (H, W, C) with the same 1 to 4 channels; sizes may differ.
        windows: float (B, 4) or a sequence of (y, x, height, width) in source pixels; None takes whole images.
        size: Output (height, width) in pixels, or one number for both.
        filter: Pillow's filter of this name, one for all images or one per image.
        edges: "crop" reads only pixels that the window touches; "image" also reads pixels beside it. One for all
            images or one per image.
        mirror: bool (B,) on the CPU, or a sequence: the outputs to flip left to right.

    Returns:
        uint8 (B, height, width, C) on the device of ``images``.

    Raises:
        TypeError: An image is not a uint8 tensor, or ``mirror`` is not bool.
        ValueError: ``images`` is empty, a shape or length does not fit, or ``filter`` or ``edges`` is unknown.
        RuntimeError: A window leaves its image, a side is out of range, or the images are on several devices.

    Example:
        >>> crops = resample(decoded, [(0, 0, 300, 400)] * len(decoded), size=224, filter="bicubic")
    """
    op = "resample"
    given = sources(op, images, windows, size, filter, edges)
    flags = None if mirror is None else mirror_flags(op, mirror, len(images))
    return _resample(given.images, given.windows, *given.size, given.filter, given.edges, flags)


@torch.library.register_fake("fastmix::resample")
def _(
    images: list[Tensor],
    windows: Tensor,
    height: int,
    width: int,
    filter: list[int],
    edges: list[int],
    mirror: Tensor | None = None,
) -> Tensor:
    return images[0].new_empty((len(images), height, width, images[0].shape[2]))
