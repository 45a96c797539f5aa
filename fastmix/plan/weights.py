"""Distributions of the weight that a sample's own image gets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from fastmix import _core
from fastmix.arguments import number

Fold = Literal["max", "min"]


@dataclass(frozen=True, kw_only=True)
class Weight(ABC):
    """Distribution of the weight ``w`` of a sample's own image, in [0, 1]. A draw is folded, then clamped.

    Attributes:
        fold: ``"max"`` takes the larger of ``w`` and ``1 - w``, ``"min"`` the smaller, None keeps ``w``.
        clamp: ``(least, most)``; a smaller weight becomes ``least``, a larger one ``most``.
    """

    fold: Fold | None = None
    clamp: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "clamp", tuple(map(float, self.clamp)))
        self.to_core()

    @abstractmethod
    def law(self) -> tuple[_core.Law, float, float]:
        """Return the kind of distribution and its two parameters."""

    def to_core(self) -> _core.WeightLaw:
        """Return the distribution for the C++ core.

        Raises:
            ValueError: A parameter is out of range.
        """
        folds = {None: _core.Fold.none, "max": _core.Fold.max, "min": _core.Fold.min}
        if self.fold not in folds:
            raise ValueError(f"fold: expected 'max', 'min' or None, got {self.fold!r}")
        if len(self.clamp) != 2:
            raise ValueError(f"clamp: expected (least, most), got {self.clamp}")
        return _core.WeightLaw(*self.law(), folds[self.fold], self.clamp)


@dataclass(frozen=True)
class Beta(Weight):
    """Beta(a, b), with mean ``a / (a + b)``. A draw is never NaN, even for tiny ``a`` and ``b``.

    Args:
        a: > 0.
        b: > 0; None means ``a``.
        fold: See :class:`Weight`.
        clamp: See :class:`Weight`.

    Raises:
        ValueError: ``a`` or ``b`` is not finite and > 0, or ``fold`` or ``clamp`` does not fit.
    """

    a: float = 1.0
    b: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "b", self.a if self.b is None else self.b)
        super().__post_init__()

    def law(self) -> tuple[_core.Law, float, float]:
        return _core.Law.beta, number("alpha", self.a), number("b", self.b)


@dataclass(frozen=True)
class Uniform(Weight):
    """Uniform in [``low``, ``high``].

    Args:
        low: >= 0.
        high: <= 1.
        fold: See :class:`Weight`.
        clamp: See :class:`Weight`.

    Raises:
        ValueError: ``0 <= low <= high <= 1`` does not hold, or ``fold`` or ``clamp`` does not fit.
    """

    low: float = 0.0
    high: float = 1.0

    def law(self) -> tuple[_core.Law, float, float]:
        return _core.Law.uniform, number("low", self.low), number("high", self.high)


@dataclass(frozen=True)
class Fixed(Weight):
    """The same weight for every sample.

    Args:
        weight: In [0, 1].
        fold: See :class:`Weight`.
        clamp: See :class:`Weight`.

    Raises:
        ValueError: ``weight`` is outside [0, 1], or ``fold`` or ``clamp`` does not fit.
    """

    weight: float = 0.5

    def law(self) -> tuple[_core.Law, float, float]:
        return _core.Law.fixed, number("weight", self.weight), 0.0


@dataclass(frozen=True)
class UniformSide(Weight):
    """Distribution of ``1 - s**2`` with ``s`` uniform in [``low``, ``high``].

    It is the share of an image outside a box whose sides are ``s`` times the image's sides.

    Args:
        low: >= 0.
        high: <= 1.
        fold: See :class:`Weight`.
        clamp: See :class:`Weight`.

    Raises:
        ValueError: ``0 <= low <= high <= 1`` does not hold, or ``fold`` or ``clamp`` does not fit.
    """

    low: float = 0.0
    high: float = 1.0

    def law(self) -> tuple[_core.Law, float, float]:
        return _core.Law.uniform_side, number("low", self.low), number("high", self.high)
