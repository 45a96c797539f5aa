"""The arguments that ``resample`` and ``resample_mix`` share: images of any sizes, windows, filters and edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from fastmix.augment.sample_plan import RESIZE_FILTERS
from fastmix.ops.checks import MAX_CHANNELS

Filter = Literal["nearest", "box", "bilinear", "bicubic", "lanczos"]
Edges = Literal["crop", "image"]

# The native operators take the index of a name in this tuple instead of the name, as with RESIZE_FILTERS.
EDGES = ("crop", "image")


class Sources(NamedTuple):
    """The checked arguments of the native operators, in their order.

    Attributes:
        images: B tensors uint8 (H, W, C).
        windows: float32 (B, 4).
        size: height and width of the output in pixels.
        filter: indices into ``RESIZE_FILTERS``: one for all images, or one per image.
        edges: indices into ``EDGES``: one for all images, or one per image.
    """

    images: list[Tensor]
    windows: Tensor
    size: tuple[int, int]
    filter: list[int]
    edges: list[int]


def sources(
    op: str,
    images: Sequence[Tensor],
    windows: Tensor | Sequence[Sequence[float]] | None,
    size: int | tuple[int, int],
    filter: str | Sequence[str],
    edges: str | Sequence[str],
) -> Sources:
    """Check the arguments of a resampling operator.

    Raises:
        TypeError: An image is not a uint8 tensor.
        ValueError: ``images`` is empty, a shape or length does not fit, or a filter or an edge is unknown.
    """
    if len(images) == 0:
        raise ValueError(f"{op}: expected at least one image, got none")
    for index, image in enumerate(images):
        if not isinstance(image, Tensor) or image.dtype != torch.uint8:
            kind = image.dtype if isinstance(image, Tensor) else type(image).__name__
            raise TypeError(
                f"{op}: expected tensors of dtype torch.uint8 in images, got {kind} at index {index}; "
                "use mix() for floating images and their gradients"
            )
        if image.dim() != 3 or not 1 <= image.shape[2] <= MAX_CHANNELS:
            raise ValueError(
                f"{op}: expected images of shape (H, W, C) with 1 to {MAX_CHANNELS} channels, "
                f"got {tuple(image.shape)} at index {index}"
            )
    return Sources(
        list(images),
        _window_array(op, windows, images),
        (size, size) if isinstance(size, int) else size,
        _indices(op, "filter", filter, RESIZE_FILTERS, len(images)),
        _indices(op, "edges", edges, EDGES, len(images)),
    )


def _indices(op: str, name: str, value: str | Sequence[str], known: Sequence[str], count: int) -> list[int]:
    values = [value] if isinstance(value, str) else list(value)
    if len(values) != count and not isinstance(value, str):
        raise ValueError(f"{op}: expected one {name} for all images or {count}, one per image, got {len(values)}")
    for one in values:
        if one not in known:
            names = ", ".join(repr(each) for each in known[:-1])
            raise ValueError(f"{op}: expected {name} {names} or {known[-1]!r}, got {one!r}")
    return [known.index(one) for one in values]


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
