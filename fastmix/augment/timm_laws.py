"""Magnitudes of timm's policies: each operation's value as a function of the level m, mostly 0 to 10."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastmix.arguments import number
from fastmix.augment.draws import Stream
from fastmix.augment.operations import CODE
from fastmix.augment.packing import Words, bits, pack
from fastmix.augment.ranges import between

MOST = 10.0  # the level that the ranges refer to, and the default upper bound


@dataclass(frozen=True)
class Law:
    """value = max(low, base + sign * x), where x = range * m / 10, truncated if ``whole`` and at most ``cap``.

    Attributes:
        code: The operation's name.
        base: The value at level 0.
        range: How far level 10 is from it.
        sign: 1 or -1; 0 draws one.
        whole: Whether x is an integer.
        cap: The greatest x.
        low: The least value.
    """

    code: str
    base: float = 0.0
    range: float = 0.0
    sign: int = 1
    whole: bool = False
    cap: float = np.inf
    low: float = -np.inf


LAWS = {
    **{name: Law(name) for name in ("AutoContrast", "Equalize", "Invert")},
    "Rotate": Law("Rotate", range=30.0, sign=0),
    "Posterize": Law("Posterize", range=4, whole=True, cap=8),
    "PosterizeIncreasing": Law("Posterize", 4, 4, -1, True, cap=4),
    "PosterizeOriginal": Law("Posterize", 4, 4, whole=True, cap=4),
    "Solarize": Law("Solarize", range=256, whole=True, cap=256),
    "SolarizeIncreasing": Law("Solarize", 256, 256, -1, True, cap=256),
    "SolarizeAdd": Law("SolarizeAdd", range=110, whole=True, cap=128),
    **{name: Law(name, 0.1, 1.8) for name in ("Color", "Contrast", "Brightness", "Sharpness")},
    **{
        f"{name}Increasing": Law(name, 1.0, 0.9, 0, low=0.1)
        for name in ("Color", "Contrast", "Brightness", "Sharpness")
    },
    **{name: Law(name, range=0.3, sign=0) for name in ("ShearX", "ShearY")},
    # In shares of the image's side; the range is the policy's translation.
    **{name: Law(name, range=1.0, sign=0) for name in ("TranslateX", "TranslateY")},
    "Desaturate": Law("Color", 0.5, 0.5, -1, cap=0.5),
    "GaussianBlur": Law("GaussianBlur", 0.1, 2.0 - 0.1, cap=2.0 - 0.1),
}

_PLAIN = (
    "AutoContrast Equalize Invert Rotate Posterize Solarize SolarizeAdd Color Contrast Brightness Sharpness ShearX "
    "ShearY TranslateX TranslateY"
).split()
_GROWING = [f"{name}Increasing" if f"{name}Increasing" in LAWS else name for name in _PLAIN]

# Named sets of operations with their weights; None draws uniformly, and with replacement.
SETS: dict[str, dict[str, float] | list[str]] = {
    "plain": _PLAIN,
    "increasing": _GROWING,
    "3a": ["SolarizeIncreasing", "Desaturate", "GaussianBlur"],
    "3aw": {
        **dict.fromkeys(("SolarizeIncreasing", "Desaturate", "GaussianBlur"), 6.0),
        **{"Rotate": 3.0, "ShearX": 2.0, "ShearY": 2.0},
        **dict.fromkeys(("PosterizeIncreasing", "AutoContrast", "ColorIncreasing", "SharpnessIncreasing"), 1.0),
        **dict.fromkeys(("ContrastIncreasing", "BrightnessIncreasing", "Equalize", "Invert"), 1.0),
    },
    "weights": {
        **{"Rotate": 3.0, "ShearX": 2.0, "ShearY": 2.0, "TranslateX": 1.0, "TranslateY": 1.0},
        **dict.fromkeys(("ColorIncreasing", "SharpnessIncreasing", "AutoContrast"), 0.25),
        **dict.fromkeys(("SolarizeIncreasing", "SolarizeAdd", "ContrastIncreasing", "BrightnessIncreasing"), 0.05),
        **dict.fromkeys(("Equalize", "PosterizeIncreasing", "Invert"), 0.05),
    },
    "augmix": [name for name in _GROWING if name not in ("Invert", "SolarizeAdd")],
}


class Menu:
    """Operations by number, and their words for given levels.

    Args:
        names: Names of ``LAWS``.
        translate: The greatest translation in shares of the image's side; 0.45, or 0.3 in AugMix.
    """

    def __init__(self, names: tuple[str, ...], translate: float) -> None:
        laws = [LAWS[name] for name in names]
        self.code = np.array([CODE[law.code] for law in laws], np.int32)
        self.base = np.array([law.base for law in laws], np.float64)
        moved = [law.code.startswith("Translate") for law in laws]
        self.range = np.where(moved, translate, [law.range for law in laws])
        self.sign = np.array([law.sign for law in laws])
        self.whole = np.array([law.whole for law in laws])
        self.cap = np.array([law.cap for law in laws], np.float64)
        self.low = np.array([law.low for law in laws], np.float64)
        # Which entry of (height, width, 1) the value is multiplied with.
        self.side = np.array([{"TranslateY": 0, "TranslateX": 1}.get(law.code, 2) for law in laws])

    def words(self, which: np.ndarray, level: np.ndarray, coin: np.ndarray, size: tuple[int, int]) -> Words:
        """Return words (..., 4) of operations ``which`` at ``level``; ``coin`` are uniforms that draw signs."""
        x = level / MOST * self.range[which]
        x = np.minimum(np.where(self.whole[which], np.trunc(x), x), self.cap[which])
        sign = np.where(self.sign[which] == 0, np.where(coin < 0.5, 1.0, -1.0), self.sign[which])
        value = np.maximum(self.base[which] + sign * x, self.low[which])
        return pack(self.code[which], bits(value * np.array([*size, 1.0])[self.side[which]]))


@lru_cache
def menu(names: tuple[str, ...], translate: float) -> Menu:
    """Return ``Menu(names, translate)``."""
    return Menu(names, translate)


def levels(stream: Stream, mean: ArrayLike, count: int, deviation: float, most: float, part: int) -> Any:
    """Return levels float64 (N, count), clipped to [0, ``most``].

    Around ``mean`` they are normal, or uniform in [0, mean] for an infinite deviation.
    """
    if np.isinf(deviation):
        return np.clip(np.asarray(mean) * stream.uniform(count, part=part), 0.0, most)
    noise = stream.normal(count, 0.0, deviation, part=part) if deviation else np.zeros((len(stream), count))
    return np.clip(np.asarray(mean) + noise, 0.0, most)


def deviation(caller: str, value: float) -> float:
    """Return a standard deviation >= 0, which may be infinite."""
    given = number(f"{caller}: magnitude_std", value)
    return given if given == np.inf else between(caller, "magnitude_std", given, 0.0, 1e6)
