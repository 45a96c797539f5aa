"""Policies of one warp: ``ShearX``, ``ShearY``, ``TranslateX``, ``TranslateY``, ``Rotate``; and ``PadCrop``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastmix.arguments import integer, one_of
from fastmix.augment.draws import Draws
from fastmix.augment.operations import CODE, REFLECT, VALUES, color, packed_color
from fastmix.augment.packing import below, bits, finish_warps, pack, where
from fastmix.augment.policy import Draft, SamplePolicy
from fastmix.augment.ranges import Fill, Interpolation, Range, check_interpolation, probability, span


@dataclass(frozen=True, repr=False)
class _Warp(SamplePolicy):
    amount: Range
    prob: float = 1.0
    interpolation: Interpolation = "bilinear"
    fill: Fill = (0, 0, 0)

    parts = frozenset({"places"})

    def __post_init__(self) -> None:
        name = type(self).__name__
        object.__setattr__(self, "prob", probability(name, self.prob))
        object.__setattr__(self, "fill", color(name, self.fill))
        check_interpolation(name, self.interpolation)
        self._range()

    def _range(self) -> tuple[float, float]:
        name = type(self).__name__
        ((low, high),) = VALUES[name].values()
        return span(name, "amount", self.amount, low, high, signed=True)

    def draft(self, draws: Draws) -> Draft:
        applied, value, pick = self.stream(draws).uniform(3).T
        low, high = self._range()
        words = pack(CODE[type(self).__name__], bits(low + (high - low) * value))
        finish_warps(words, self.interpolation, color("fill", self.fill), pick)
        return Draft(None, where(applied < self.prob, words)[:, None])


class ShearX(_Warp):
    """Shift each row in proportion to its height: pixel (y, x) reads (y, x + slope * y), from the top-left corner.

    Args:
        amount: Slope d for a uniform one in (-d, d), or (least, most), in [-1, 1].
        prob: In [0, 1].
        interpolation: ``"nearest"``, ``"bilinear"``, ``"bicubic"`` or ``"random"``: bilinear or bicubic, 1/2 each.
        fill: Colour outside the image, an int or (red, green, blue), 0 to 255.

    Raises:
        ValueError: A parameter is out of range.
    """


class ShearY(_Warp):
    """Shift each column in proportion to its x: pixel (y, x) reads (y + slope * x, x).

    Args:
        amount: As for ``ShearX``.
        prob: As for ``ShearX``.
        interpolation: As for ``ShearX``.
        fill: As for ``ShearX``.

    Raises:
        ValueError: A parameter is out of range.
    """


class TranslateX(_Warp):
    """Shift to the side: pixel (y, x) reads (y, x + pixels).

    Args:
        amount: Pixels d for a uniform shift in (-d, d), fractions included, or (least, most).
        prob: As for ``ShearX``.
        interpolation: As for ``ShearX``.
        fill: As for ``ShearX``.

    Raises:
        ValueError: A parameter is out of range.
    """


class TranslateY(_Warp):
    """Shift up and down: pixel (y, x) reads (y + pixels, x).

    Args:
        amount: As for ``TranslateX``.
        prob: As for ``ShearX``.
        interpolation: As for ``ShearX``.
        fill: As for ``ShearX``.

    Raises:
        ValueError: A parameter is out of range.
    """


class Rotate(_Warp):
    """Rotate about the centre, counter-clockwise, as ``PIL.Image.rotate``.

    Args:
        amount: Degrees d for a uniform angle in (-d, d), or (least, most).
        prob: As for ``ShearX``.
        interpolation: As for ``ShearX``.
        fill: As for ``ShearX``.

    Raises:
        ValueError: A parameter is out of range.
    """


@dataclass(frozen=True, repr=False)
class PadCrop(SamplePolicy):
    """Pad all sides, then crop the original size at a uniform place (CIFAR's augmentation).

    Equivalent to torchvision's ``RandomCrop(size, padding)`` on images of that size.

    Args:
        padding: Pixels >= 0; 4 for CIFAR.
        mode: ``"constant"`` pads with ``fill``, ``"reflect"`` with the mirrored image without its edge (Wide ResNet).
        fill: An int or (red, green, blue), 0 to 255.

    Raises:
        TypeError: ``padding`` is not an integer.
        ValueError: A parameter is out of range.

    Example:
        >>> policy = Compose([RandomHorizontalFlip(), PadCrop(4)])
    """

    padding: int = 4
    mode: Literal["constant", "reflect"] = "constant"
    fill: Fill = (0, 0, 0)

    parts = frozenset({"places"})

    def __post_init__(self) -> None:
        integer("PadCrop", "padding", self.padding, 0)
        one_of("PadCrop", "mode", self.mode, ("constant", "reflect"))
        object.__setattr__(self, "fill", color("PadCrop", self.fill))

    def draft(self, draws: Draws) -> Draft:
        y, x = (below(self.stream(draws).uniform(2), 2 * self.padding + 1) - self.padding).T
        last = packed_color(color("fill", self.fill)) | REFLECT * (self.mode == "reflect")
        return Draft(None, pack(CODE["PadCrop"], y, x, last)[:, None])
