"""RandAugment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastmix.arguments import integer, one_of
from fastmix.augment.draws import Draws, Stream
from fastmix.augment.operations import color
from fastmix.augment.packing import Words, below, choose, finish_warps, where
from fastmix.augment.policy import Draft, SamplePolicy
from fastmix.augment.ranges import (
    Dialect,
    Fill,
    Interpolation,
    between,
    check_dialect,
    probability,
    settle_warps,
)
from fastmix.augment.timm_laws import MOST, SETS, deviation, levels, menu
from fastmix.augment.torchvision_laws import RAND, table


@dataclass(frozen=True, repr=False)
class RandAugment(SamplePolicy):
    """Apply several operations of one magnitude (Cubuk et al., NeurIPS 2020).

    ==================  =======================================  ==================================================
    .                   ``"torchvision"``                        ``"timm"``
    ==================  =======================================  ==================================================
    operations          14, Identity among them                  15: also Invert and SolarizeAdd, no Identity
    applied             always                                   each with ``prob``, 0.5 unless given
    magnitude           bin of 31, the same for all              level 0 to 10, plus normal noise
    translations        150/331 of the side, whole pixels        0.45 of the side, fractions too
    enhancements        1 +- 0.03 m                              0.1 + 0.18 m, increasing: 1 +- 0.09 m
    interpolation       bilinear (the references')               bilinear or bicubic at random, per operation
    fill                black                                    the mean colour, (124, 116, 104)
    ==================  =======================================  ==================================================

    ``plan`` requires ``size``. Operations are drawn with replacement; timm's weighted sets without. At level 10,
    "PosterizeIncreasing" keeps 0 bits: a black image.

    Args:
        num_ops: Operations per sample, >= 1.
        magnitude: torchvision: a bin in [0, ``bins``). timm: the level, >= 0.
        dialect: ``"torchvision"`` or ``"timm"``.
        prob: Probability of each operation; None is the dialect's.
        magnitude_std: timm only. Standard deviation of the level; infinite for levels uniform in [0, ``magnitude``].
        magnitude_max: timm only. The greatest level.
        operations: timm only: ``"increasing"`` (config strings' ``inc1``), ``"plain"``, ``"weights"``, ``"3a"`` or
            ``"3aw"``.
        bins: torchvision only: how many magnitudes there are.
        interpolation: ``"nearest"``, ``"bilinear"``, ``"bicubic"`` or ``"random"``; None is the dialect's.
        fill: Colour outside the image, an int or (red, green, blue), 0 to 255; None is the dialect's.

    Raises:
        TypeError: A number is not one.
        ValueError: A parameter is out of range or belongs to the other dialect.

    Example:
        >>> policy = RandAugment(2, 9, dialect="timm", magnitude_std=0.5)
        >>> plan = policy.plan(SampleKeys(0, 0, np.arange(256)), (224, 224))
    """

    num_ops: int = 2
    magnitude: float = 9
    dialect: Dialect = "torchvision"
    prob: float | None = None
    magnitude_std: float = 0.0
    magnitude_max: float = MOST
    operations: str = "increasing"
    bins: int = 31
    interpolation: Interpolation | None = None
    fill: Fill | None = None

    parts = frozenset({"values", "places"})

    def __post_init__(self) -> None:
        name = "RandAugment"
        check_dialect(name, self.dialect)
        timm = self.dialect == "timm"
        integer(name, "num_ops", self.num_ops)
        foreign: dict[str, object] = {"magnitude_std": 0.0, "magnitude_max": MOST, "operations": "increasing"}
        foreign = {"bins": 31} if timm else foreign
        for field, neutral in foreign.items():
            if getattr(self, field) != neutral:
                raise ValueError(f"{name}: expected no {field} for dialect={self.dialect!r}, got one")
        settle_warps(self, self.dialect)
        prob = (0.5 if timm else 1.0) if self.prob is None else self.prob
        object.__setattr__(self, "prob", probability(name, prob))
        if timm:
            one_of(name, "operations", self.operations, [key for key in SETS if key != "augmix"])
            object.__setattr__(self, "magnitude_std", deviation(name, self.magnitude_std))
            object.__setattr__(self, "magnitude", between(name, "magnitude", self.magnitude, 0, 1000))
            object.__setattr__(self, "magnitude_max", between(name, "magnitude_max", self.magnitude_max, 0, 30))
            if self.num_ops > len(SETS[self.operations]) and isinstance(SETS[self.operations], dict):
                raise ValueError(f"{name}: expected num_ops up to {len(SETS[self.operations])}, got {self.num_ops}")
        else:
            integer(name, "bins", self.bins, 2)
            if integer(name, "magnitude", self.magnitude, 0) >= self.bins:  # type: ignore[arg-type]
                raise ValueError(f"{name}: expected magnitude in [0, {self.bins}), got {self.magnitude}")

    @property
    def slots(self) -> int:
        return self.num_ops

    def draft(self, draws: Draws) -> Draft:
        size = draws.need_size("RandAugment")
        stream = self.stream(draws)
        each = stream.uniform(4 * self.num_ops).reshape(len(draws), self.num_ops, 4)
        which, applied, coin, pick = np.moveaxis(each, 2, 0)
        if self.dialect == "timm":
            words = self._timm(stream, which, coin, size)
        else:
            chosen = below(which, len(RAND.names))
            words = table(RAND, self.bins, size)[chosen, int(self.magnitude), (coin < 0.5).astype(int)]
        finish_warps(words, str(self.interpolation), color("fill", self.fill), pick)
        return Draft(None, where(applied < (self.prob or 0.0), words))

    def _timm(self, stream: Stream, which: np.ndarray, coin: np.ndarray, size: tuple[int, int]) -> Words:
        names = SETS[self.operations]
        if isinstance(names, dict):
            chosen = without_replacement(which, np.array(list(names.values())))
        else:
            chosen = below(which, len(names))
        level = levels(stream, self.magnitude, self.num_ops, self.magnitude_std, self.magnitude_max, part=1)
        return menu(tuple(names), translate=0.45).words(chosen, level, coin, size)


def without_replacement(uniform: np.ndarray, weights: np.ndarray) -> Any:
    """Return int64 (N, n): n different choices per row, each in proportion to the weights of those that are left."""
    left = np.tile(weights, (len(uniform), 1))
    chosen = np.empty(uniform.shape, np.int64)
    for k in range(uniform.shape[1]):
        chosen[:, k] = choose(uniform[:, k], left)
        np.put_along_axis(left, chosen[:, k : k + 1], 0.0, axis=1)
    return chosen
