"""Policies of one operation on pixel values: ``Solarize``, ``Posterize``, ``Sharpness``, ``GaussianBlur``, ..."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from fastmix.arguments import integer
from fastmix.augment.draws import Draws
from fastmix.augment.operations import CODE
from fastmix.augment.packing import bits, pack, where
from fastmix.augment.policy import Draft, SamplePolicy
from fastmix.augment.ranges import Range, between, probability, span


@dataclass(frozen=True, repr=False)
class _Single(SamplePolicy):
    """One operation with one value, uniform in a range, applied with a probability."""

    parts = frozenset({"values"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "prob", probability(type(self).__name__, getattr(self, "prob")))  # noqa: B009
        self._range()

    def _range(self) -> tuple[float, float]:
        """Return the range of the value, or raise ValueError."""
        return 0.0, 0.0

    def draft(self, draws: Draws) -> Draft:
        applied, value = self.stream(draws).uniform(2).T
        low, high = self._range()
        words = pack(CODE[type(self).__name__], bits(low + (high - low) * value))
        return Draft(None, where(applied < getattr(self, "prob"), words)[:, None])  # noqa: B009


@dataclass(frozen=True, repr=False)
class _Plain(_Single):
    prob: float = 1.0


class Grayscale(_Plain):
    """Replace the colour by its luma L with probability ``prob``, as Pillow converts to "L".

    Both dialects convert PIL images so. torchvision's tensor path rounds L down instead.

    Args:
        prob: In [0, 1]; 0.2 in SimCLR, BYOL and DINO.

    Raises:
        ValueError: ``prob`` is outside [0, 1].
    """


class Invert(_Plain):
    """Replace each value v by 255 - v with probability ``prob``.

    Args:
        prob: In [0, 1].

    Raises:
        ValueError: ``prob`` is outside [0, 1].
    """


class Equalize(_Plain):
    """Equalize each channel's histogram with probability ``prob``, as ``PIL.ImageOps.equalize``.

    Args:
        prob: In [0, 1].

    Raises:
        ValueError: ``prob`` is outside [0, 1].
    """


class AutoContrast(_Plain):
    """Stretch each channel to 0 ... 255 with probability ``prob``, as ``PIL.ImageOps.autocontrast``.

    Args:
        prob: In [0, 1].

    Raises:
        ValueError: ``prob`` is outside [0, 1].
    """


@dataclass(frozen=True, repr=False)
class Solarize(_Single):
    """Invert values from ``threshold`` up with probability ``prob``.

    Args:
        threshold: In [0, 256]; 256 changes nothing. DINO, MoCo v3 and 3-Augment use 128.
        prob: In [0, 1].

    Raises:
        ValueError: A parameter is out of range.
    """

    threshold: float = 128.0
    prob: float = 1.0

    def _range(self) -> tuple[float, float]:
        threshold = between("Solarize", "threshold", self.threshold, 0, 256)
        return threshold, threshold


@dataclass(frozen=True, repr=False)
class SolarizeAdd(_Single):
    """Add ``addend`` to values below 128 with probability ``prob``, up to 255 (timm).

    Args:
        addend: In [0, 255].
        prob: In [0, 1].

    Raises:
        ValueError: A parameter is out of range.
    """

    addend: int = 64
    prob: float = 1.0

    def _range(self) -> tuple[float, float]:
        addend = float(integer("SolarizeAdd", "addend", self.addend, 0))
        return (between("SolarizeAdd", "addend", addend, 0, 255),) * 2


@dataclass(frozen=True, repr=False)
class Posterize(_Single):
    """Keep the highest ``bits`` bits of each value with probability ``prob``.

    Args:
        bits: In [0, 8]. 0 gives a black image, as Pillow did before version 13, which refuses it.
        prob: In [0, 1].

    Raises:
        ValueError: A parameter is out of range.
    """

    bits: int = 4
    prob: float = 1.0

    def _range(self) -> tuple[float, float]:
        kept = float(integer("Posterize", "bits", self.bits, 0))
        return (between("Posterize", "bits", kept, 0, 8),) * 2


@dataclass(frozen=True, repr=False)
class _Factor(_Single):
    factor: Range = field(default=1.0)
    prob: float = 1.0

    _low: ClassVar[float] = 0.0
    _high: ClassVar[float] = 1000.0

    def _range(self) -> tuple[float, float]:
        return span(type(self).__name__, "factor", self.factor, self._low, self._high)


class Brightness(_Factor):
    """Multiply values by a factor, as ``PIL.ImageEnhance.Brightness``.

    Args:
        factor: >= 0, or (least, most) for a uniform one; 1 changes nothing.
        prob: In [0, 1].

    Raises:
        ValueError: A parameter is out of range.
    """


class Contrast(_Factor):
    """Scale the distance to the mean luma by a factor, as ``PIL.ImageEnhance.Contrast``.

    Args:
        factor: >= 0, or (least, most) for a uniform one; 1 changes nothing.
        prob: In [0, 1].

    Raises:
        ValueError: A parameter is out of range.
    """


class Color(_Factor):
    """Scale the distance to each pixel's luma by a factor, as ``PIL.ImageEnhance.Color``: the saturation.

    Args:
        factor: >= 0, or (least, most) for a uniform one; 1 changes nothing, 0 is grey.
        prob: In [0, 1].

    Raises:
        ValueError: A parameter is out of range.
    """


class Sharpness(_Factor):
    """Scale the distance to the smoothed image by a factor, as ``PIL.ImageEnhance.Sharpness``.

    Args:
        factor: >= 0, or (least, most) for a uniform one; 1 changes nothing, 0 smooths.
        prob: In [0, 1].

    Raises:
        ValueError: A parameter is out of range.
    """


@dataclass(frozen=True, repr=False)
class GaussianBlur(_Single):
    """Blur with a uniform sigma, by Pillow's extended box blur.

    DINO, MoCo v3, DeiT III and timm's RandAugment blur so. torchvision's transform of this name, and timm's
    ``gaussian_blur_prob``, compute a Gaussian with 23 taps instead.

    Args:
        sigma: In pixels, >= 0, or (least, most) for a uniform one.
        prob: In [0, 1].

    Raises:
        ValueError: A parameter is out of range.
    """

    sigma: Range = (0.1, 2.0)
    prob: float = 1.0

    def _range(self) -> tuple[float, float]:
        return span("GaussianBlur", "sigma", self.sigma, 0.0, 100.0)
