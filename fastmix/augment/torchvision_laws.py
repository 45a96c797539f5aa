"""Magnitudes of torchvision's policies: each operation's value per bin.

Thresholds of Solarize are those of ``torchvision.transforms``; ``transforms.v2`` computes some one grey level higher.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from fastmix.augment.operations import CODE
from fastmix.augment.packing import Words, bits, pack

_AFFINE = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
_ENHANCE = ("Brightness", "Color", "Contrast", "Sharpness")
_LUT = ("Posterize", "Solarize", "AutoContrast", "Equalize")


@dataclass(frozen=True)
class Space:
    """The operations of one policy, and their magnitudes in the last bin.

    Attributes:
        names: The operations.
        shear: Slope.
        rotate: Degrees.
        enhance: Distance of the factor from 1.
        bits: Bits that Posterize keeps in the first and last bin.
        pixels: Translation in pixels, or
        share: in shares of the image's side.
    """

    names: tuple[str, ...]
    shear: float
    rotate: float
    enhance: float
    bits: tuple[int, int]
    pixels: float = 0.0
    share: float = 0.0


WIDE = Space(("Identity", *_AFFINE, *_ENHANCE, *_LUT), 0.99, 135.0, 0.99, (8, 2), pixels=32.0)
RAND = Space(("Identity", *_AFFINE, *_ENHANCE, *_LUT), 0.3, 30.0, 0.9, (8, 4), share=150.0 / 331.0)
AUTO = Space((*_AFFINE, *_ENHANCE, *_LUT, "Invert"), 0.3, 30.0, 0.9, (8, 4), share=150.0 / 331.0)
MIX = Space((*_AFFINE, *_LUT, *_ENHANCE), 0.3, 30.0, 0.9, (4, 0), share=1.0 / 3.0)


@lru_cache(maxsize=64)
def table(space: Space, bins: int, size: tuple[int, int] | None) -> Words:
    """Return words int32 (operations, bins, 2, 4): for each bin one without and one with negated magnitude.

    Args:
        space: The operations.
        bins: How many magnitudes there are, >= 2.
        size: (height, width) of the images; only needed for translations by a share of it.
    """
    words = np.zeros((len(space.names), bins, 2, 4), np.int32)
    for k, name in enumerate(space.names):
        values = _values(name, space, bins, size)
        words[k] = pack(CODE[name], bits(values))
    words.setflags(write=False)
    return words


def _values(name: str, space: Space, bins: int, size: tuple[int, int] | None) -> np.ndarray:
    """Return the values (bins, 2). torchvision computes magnitudes in float32, and with them in float64."""

    def up_to(last: float) -> np.ndarray:
        return torch.linspace(0.0, last, bins).numpy().astype(np.float64)[:, None] * [1.0, -1.0]

    if name.startswith("Shear"):
        return up_to(space.shear)
    if name.startswith("Translate"):
        last = space.pixels
        if space.share and size is not None:
            last = space.share * size[name == "TranslateX"]
        # Pillow's matrix is the inverse map, so a shift to the right is negative.
        return -np.trunc(up_to(last))
    if name == "Rotate":
        return up_to(space.rotate)
    if name in _ENHANCE:
        return 1.0 + up_to(space.enhance)
    if name == "Posterize":
        first, last = space.bits
        dropped = (torch.arange(bins) / ((bins - 1) / (first - last))).round().numpy()
        return np.repeat(first - dropped[:, None], 2, axis=1)
    if name == "Solarize":
        return np.repeat(torch.linspace(255.0, 0.0, bins).numpy()[:, None], 2, axis=1)
    return np.zeros((bins, 2))
