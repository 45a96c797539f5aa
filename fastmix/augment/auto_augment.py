"""AutoAugment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fastmix.arguments import one_of
from fastmix.augment.draws import Draws
from fastmix.augment.operations import color
from fastmix.augment.packing import below, finish_warps, where
from fastmix.augment.policy import Draft, SamplePolicy
from fastmix.augment.ranges import Dialect, Fill, Interpolation, settle_warps
from fastmix.augment.sub_policies import TIMM, TORCHVISION
from fastmix.augment.timm_laws import LAWS, MOST, deviation, levels, menu
from fastmix.augment.torchvision_laws import AUTO, table

_BINS = 10


@dataclass(frozen=True, repr=False)
class AutoAugment(SamplePolicy):
    """Apply one of 25 pairs of operations, each with its own probability (Cubuk et al., CVPR 2019).

    The policy settles the dialect. ``"imagenet"``, ``"cifar10"`` and ``"svhn"`` are torchvision's: magnitudes k of 9,
    whole pixels of translation, bilinear (the references'), black. ``"v0"``, ``"v0r"``, ``"original"`` and
    ``"originalr"`` are timm's: levels m of 10, bilinear or bicubic at random, the mean colour. ``"original"`` has the
    table of ``"imagenet"``, read in the opposite way: Color with magnitude 0 changes nothing in torchvision and is
    almost grey in timm, Posterize with 8 keeps 4 bits in torchvision and 7 in timm, Solarize with 8 has the threshold
    28 in torchvision and 204 in timm. The names ending in "r" drop more bits with growing magnitude.

    ``plan`` requires ``size``.

    Args:
        policy: One of the names above.
        magnitude_std: timm only. Standard deviation of the level.
        interpolation: ``"nearest"``, ``"bilinear"``, ``"bicubic"`` or ``"random"``; None is the dialect's.
        fill: Colour outside the image, an int or (red, green, blue), 0 to 255; None is the dialect's.

    Raises:
        ValueError: The policy is unknown, or a parameter is out of range.

    Example:
        >>> plan = AutoAugment("cifar10").plan(SampleKeys(0, 0, np.arange(256)), (32, 32))
    """

    policy: str = "imagenet"
    magnitude_std: float = 0.0
    interpolation: Interpolation | None = None
    fill: Fill | None = None

    parts = frozenset({"values", "places"})

    def __post_init__(self) -> None:
        one_of("AutoAugment", "policy", self.policy, [*TORCHVISION, *TIMM])
        object.__setattr__(self, "magnitude_std", deviation("AutoAugment", self.magnitude_std))
        if self.magnitude_std and self.dialect != "timm":
            raise ValueError(f"AutoAugment: expected no magnitude_std for {self.policy!r}, got {self.magnitude_std}")
        settle_warps(self, self.dialect)

    @property
    def dialect(self) -> Dialect:
        return "timm" if self.policy in TIMM else "torchvision"

    @property
    def slots(self) -> int:
        return 2

    def draft(self, draws: Draws) -> Draft:
        size = draws.need_size("AutoAugment")
        stream = self.stream(draws)
        uniform = stream.uniform(7)
        applied, coin, pick = np.split(uniform[:, 1:], 3, axis=1)
        operation, prob, magnitude = (part[below(uniform[:, 0], len(part))] for part in _arrays(self.policy))
        if self.dialect == "timm":
            level = levels(stream, magnitude, 2, self.magnitude_std, MOST, part=1)
            words = menu(tuple(LAWS), translate=0.45).words(operation, level, coin, size)
        else:
            words = table(AUTO, _BINS, size)[operation, magnitude, (coin < 0.5).astype(int)]
        finish_warps(words, str(self.interpolation), color("fill", self.fill), pick)
        return Draft(None, where(applied < prob, words))


@lru_cache
def _arrays(policy: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return operations, probabilities and magnitudes, (25, 2) each."""
    names = list(LAWS) if policy in TIMM else list(AUTO.names)
    pairs = {**TORCHVISION, **TIMM}[policy]
    entries = [[(names.index(name), prob, magnitude) for name, prob, magnitude in pair] for pair in pairs]
    operation, prob, magnitude = np.moveaxis(np.array(entries), 2, 0)
    return operation.astype(np.int64), prob, magnitude.astype(np.int64)
