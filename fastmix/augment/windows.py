"""Policies of windows: ``RandomResizedCrop`` and ``SimpleRandomCrop``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fastmix import _core
from fastmix.arguments import integer, one_of
from fastmix.augment.draws import Draws, Stream
from fastmix.augment.operations import CODE, REFLECT
from fastmix.augment.packing import below, pack, where
from fastmix.augment.policy import Draft, SamplePolicy, empty_head, no_operations
from fastmix.augment.ranges import span
from fastmix.augment.sample_plan import DEFAULT_FILTER, EDGES, RESIZE_FILTERS, RESIZE_SHIFT

ResizeFilter = Literal["nearest", "box", "bilinear", "bicubic", "lanczos", "random"]


@dataclass(frozen=True, repr=False)
class RandomResizedCrop(SamplePolicy):
    """Draw a window of random area and aspect ratio, which is resized to the output.

    The law of torchvision and timm: up to ten tries, then the largest centred window whose ratio is in range. The
    windows are those that ``fn.fastmix.random_resized_crop`` draws for the same keys. ``plan`` requires
    ``image_sizes``; windows of images whose size is unknown are drawn where they are decoded.

    Args:
        scale: (least, most) share of the image's area, in (0, 1].
        ratio: (least, most) width / height, log-uniform.
        interpolation: ``"nearest"``, ``"box"``, ``"bilinear"``, ``"bicubic"``, ``"lanczos"``, or ``"random"``: bilinear
            or bicubic, 1/2 each, per image (timm's default).
        edges: ``"crop"`` crops and then resizes (torchvision, timm); ``"image"`` lets the resize read beside the window
            (``PIL.Image.resize(box=)``).

    Raises:
        ValueError: A parameter is out of range.

    Example:
        >>> policy = Compose([RandomResizedCrop((0.08, 1.0)), RandomHorizontalFlip()])
        >>> plan = policy.plan(SampleKeys(0, 0, np.arange(2)), image_sizes=[(375, 500), (480, 640)])
    """

    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: ResizeFilter = "bilinear"
    edges: Literal["crop", "image"] = "crop"

    parts = frozenset({"window"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", span("RandomResizedCrop", "scale", self.scale))
        object.__setattr__(self, "ratio", span("RandomResizedCrop", "ratio", self.ratio))
        one_of("RandomResizedCrop", "interpolation", self.interpolation, (*RESIZE_FILTERS, "random"))
        one_of("RandomResizedCrop", "edges", self.edges, ("crop", "image"))
        self._spec()

    @property
    def slots(self) -> int:
        return 0

    def _spec(self) -> _core.CropSpec:
        return _core.CropSpec(self.scale, self.ratio, 0.0)

    def draft(self, draws: Draws) -> Draft:
        sizes = draws.need_image_sizes("RandomResizedCrop")
        window, _ = _core.random_resized_crop(self._spec(), sizes, draws.seed, draws.keys)
        draft = draft_resize(self.stream(draws), self.interpolation, self.edges)
        assert draft.head is not None
        draft.head[:, 2:6] = window
        return draft


@dataclass(frozen=True, repr=False)
class SimpleRandomCrop(SamplePolicy):
    """Resize the short side to the output, then crop at a random place after padding (DeiT III's "SRC").

    Equivalent to torchvision's ``Resize(size)`` and ``RandomCrop(size, padding=padding, padding_mode="reflect")`` for
    square outputs, except that the window's place is rounded to a pixel of the decoded image. ``plan`` requires
    ``size``, with equal sides, and ``image_sizes``.

    Args:
        padding: Pixels of the output, >= 0.
        interpolation: As for ``RandomResizedCrop``.

    Raises:
        TypeError: ``padding`` is not an integer.
        ValueError: A parameter is out of range.
    """

    padding: int = 4
    interpolation: ResizeFilter = "bicubic"

    parts = frozenset({"window", "places"})

    def __post_init__(self) -> None:
        integer("SimpleRandomCrop", "padding", self.padding, 0)
        one_of("SimpleRandomCrop", "interpolation", self.interpolation, (*RESIZE_FILTERS, "random"))

    def draft(self, draws: Draws) -> Draft:
        height, width = draws.need_size("SimpleRandomCrop")
        if height != width or not height:
            raise ValueError(f"SimpleRandomCrop: expected a square size, got {height} x {width}")
        sizes = draws.need_image_sizes("SimpleRandomCrop")
        *at, pick = self.stream(draws).uniform(3).T
        short = sizes.min(1, keepdims=True)
        resized = height * sizes // short
        # Relative to the resized image: negative or beyond its end where the crop shows padding.
        offset = below(np.stack(at, 1), resized - height + 2 * self.padding + 1) - self.padding
        inside = np.clip(offset, 0, resized - height)
        head = empty_head(len(draws))
        # To the nearest pixel of the decoded image, in whole numbers.
        head[:, 2:4] = np.minimum((2 * inside * short + height) // (2 * height), sizes - short)
        head[:, 4:6] = short
        head[:, 1] = _resize_flags(self.interpolation, "image", pick)
        beside = (offset - inside).T
        padded = (beside != 0).any(0)
        return Draft(head, where(padded, pack(CODE["PadCrop"], beside[0], beside[1], REFLECT))[:, None])


def draft_resize(stream: Stream, interpolation: str, edges: str) -> Draft:
    """Draw how whole images are resized; ``"random"`` interpolation takes one number of the stream."""
    head = empty_head(len(stream))
    head[:, 1] = _resize_flags(interpolation, edges, stream.uniform(1)[:, 0])
    return Draft(head, no_operations(len(stream)))


def _resize_flags(interpolation: str, edges: str, pick: np.ndarray) -> np.ndarray:
    """Return the flags relative to those of a plan that changes nothing."""
    if interpolation == "random":
        bilinear, bicubic = map(RESIZE_FILTERS.index, ("bilinear", "bicubic"))
        chosen = np.where(pick < 0.5, bilinear, bicubic)
    else:
        chosen = np.full(len(pick), RESIZE_FILTERS.index(interpolation))
    return (chosen ^ DEFAULT_FILTER) << RESIZE_SHIFT | EDGES * (edges == "image")
