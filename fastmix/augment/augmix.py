"""AugMix."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from fastmix.arguments import integer
from fastmix.augment.draws import Draws
from fastmix.augment.operations import CODE, color
from fastmix.augment.packing import below, bits, finish_warps, pack, where
from fastmix.augment.policy import Draft, SamplePolicy
from fastmix.augment.ranges import (
    Dialect,
    Fill,
    Interpolation,
    between,
    check_dialect,
    settle_warps,
)
from fastmix.augment.timm_laws import MOST, SETS, deviation, levels, menu
from fastmix.augment.torchvision_laws import MIX, table

_BINS = 10
_ENHANCEMENTS = 4
_DEEPEST = 3


@dataclass(frozen=True, repr=False)
class AugMix(SamplePolicy):
    """Mix the image with several chains of operations of itself (Hendrycks et al., ICLR 2020).

    The result is ``m0 * image + m1 * sum(w[i] * chain_i(image))`` with (m0, m1) and w from Dirichlet distributions,
    summed in float32 and truncated to uint8 once, as torchvision does.

    ==================  =======================================  ==================================================
    .                   ``"torchvision"``                        ``"timm"``
    ==================  =======================================  ==================================================
    operations          13, 9 without ``all_ops``                13
    magnitude           bin of 10, uniform below ``severity``    level uniform in [0, ``severity``]
    translations        1/3 of the side, whole pixels            0.3 of the side, fractions too
    interpolation       bilinear                                 bilinear or bicubic at random, per operation
    fill                black                                    the mean colour, (124, 116, 104)
    ==================  =======================================  ==================================================

    timm truncates the sum of the chains before it blends it with the image, so its pixels differ by one level. Its
    ``b1`` computes the same mixture in another order. ``plan`` requires ``size``.

    Args:
        severity: torchvision: 1 to 10. timm: the level, >= 0.
        width: How many chains, >= 1.
        depth: Operations per chain; None is uniform from 1 to 3.
        alpha: Shape of both Dirichlet distributions, > 0.
        dialect: ``"torchvision"`` or ``"timm"``.
        all_ops: torchvision only: whether Brightness, Color, Contrast and Sharpness are among the operations.
        magnitude_std: timm only: standard deviation of the level, None for uniform levels.
        interpolation: ``"nearest"``, ``"bilinear"``, ``"bicubic"`` or ``"random"``; None is the dialect's.
        fill: Colour outside the image, an int or (red, green, blue), 0 to 255; None is the dialect's.

    Raises:
        TypeError: A number is not one.
        ValueError: A parameter is out of range or belongs to the other dialect.

    Example:
        >>> plan = AugMix().plan(SampleKeys(0, 0, np.arange(256)), (224, 224))
    """

    severity: float = 3
    width: int = 3
    depth: int | None = None
    alpha: float = 1.0
    dialect: Dialect = "torchvision"
    all_ops: bool = True
    magnitude_std: float | None = None
    interpolation: Interpolation | None = None
    fill: Fill | None = None

    parts = frozenset({"values", "places"})

    def __post_init__(self) -> None:
        check_dialect("AugMix", self.dialect)
        timm = self.dialect == "timm"
        integer("AugMix", "width", self.width)
        if self.depth is not None:
            integer("AugMix", "depth", self.depth)
        object.__setattr__(self, "alpha", between("AugMix", "alpha", self.alpha, 1e-300, 1e300))
        if timm:
            if not self.all_ops:
                raise ValueError("AugMix: expected all_ops=True for dialect='timm', got False")
            object.__setattr__(self, "severity", between("AugMix", "severity", self.severity, 0, MOST))
            if self.magnitude_std is not None:
                object.__setattr__(self, "magnitude_std", deviation("AugMix", self.magnitude_std))
        else:
            if self.magnitude_std is not None:
                raise ValueError("AugMix: magnitude_std= belongs to dialect='timm'; leave it out for 'torchvision'")
            if integer("AugMix", "severity", self.severity) > _BINS:  # type: ignore[arg-type]
                raise ValueError(f"AugMix: expected severity in [1, {_BINS}], got {self.severity}")
        settle_warps(self, self.dialect)

    @property
    def slots(self) -> int:
        return 2 + self.width * ((self.depth or _DEEPEST) + 1)

    def draft(self, draws: Draws) -> Draft:
        size = draws.need_size("AugMix")
        stream = self.stream(draws)
        samples, deep = len(draws), self.depth or _DEEPEST
        weight, (kept, added) = stream.dirichlet(self.width, self.alpha), stream.dirichlet(2, self.alpha, part=1).T
        each = stream.uniform(self.width * deep * 4, part=2).reshape(samples, self.width, deep, 4)
        which, level, coin, pick = np.moveaxis(each, 3, 0)
        if self.dialect == "timm":
            names = SETS["augmix"]
            spread = np.inf if self.magnitude_std is None else self.magnitude_std
            noisy = levels(stream, self.severity, self.width * deep, spread, MOST, part=3).reshape(which.shape)
            words = menu(tuple(names), translate=0.3).words(below(which, len(names)), noisy, coin, size)
        else:
            space = MIX if self.all_ops else dataclasses.replace(MIX, names=MIX.names[:-_ENHANCEMENTS])
            bins = below(level, self.severity)
            words = table(space, _BINS, size)[below(which, len(space.names)), bins, (coin < 0.5).astype(int)]
        finish_warps(words, str(self.interpolation), color("fill", self.fill), pick)
        if self.depth is None:
            lengths = 1 + below(stream.uniform(self.width, part=4), _DEEPEST)
            words = where(np.arange(deep) < lengths[..., None], words)
        ends = pack(CODE["AugMixChainEnd"], bits(weight))[:, :, None]
        chains = np.concatenate((words, ends), axis=2).reshape(samples, self.width * (deep + 1), 4)
        first = np.broadcast_to(pack(CODE["AugMixBegin"]), (samples, 1, 4))
        last = pack(CODE["AugMixEnd"], bits(kept), bits(added))[:, None]
        return Draft(None, np.concatenate((first, chains, last), axis=1))
