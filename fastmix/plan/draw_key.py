"""The keys that draws depend on: ``DrawKey`` for batches, ``SampleKeys`` for samples; checks of sizes and groups."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fastmix import _core


def integer_below(name: str, value: int, bits: int) -> int:
    """Return ``value`` as an int in [0, 2**bits).

    Raises:
        TypeError: ``value`` is not an integer.
        ValueError: ``value`` is out of range.
    """
    integer = operator.index(value)
    if not 0 <= integer < 1 << bits:
        raise ValueError(f"plan: expected {name} in [0, 2**{bits}), got {integer}")
    return integer


@dataclass(frozen=True)
class DrawKey:
    """Identify the draws of one batch. Equal keys draw equal numbers, on every machine.

    Args:
        seed: Seed of the run, below 2**64.
        epoch: Epoch of the run, below 2**32.
        step: Step within the epoch, below 2**64.
        rank: Below 2**32; ranks draw independently.
        offset: Index of this rank's first sample in the global batch, below 2**32. If all ranks pass ``rank=0`` and
            their own offset, their plans are slices of one global plan. This requires ``pairing="neighbor"`` and even
            offsets.

    Raises:
        TypeError: A part is not an integer.
        ValueError: A part is out of range.

    Example:
        >>> key = DrawKey(seed=0, epoch=3, step=17)
    """

    seed: int = 0
    epoch: int = 0
    step: int = 0
    rank: int = 0
    offset: int = 0

    def __post_init__(self) -> None:
        for name, bits in (("seed", 64), ("epoch", 32), ("step", 64), ("rank", 32), ("offset", 32)):
            object.__setattr__(self, name, integer_below(name, getattr(self, name), bits))

    def to_core(self) -> _core.DrawKey:
        """Return the key for the C++ core."""
        return _core.DrawKey(self.seed, self.epoch, self.step, self.rank, self.offset)


@dataclass(frozen=True, eq=False)
class SampleKeys:
    """Identify the random draws of B samples. A sample's draws do not depend on its batch or rank.

    Args:
        seed: Seed of the run.
        epoch: Epoch of the run.
        sample: int64 (B,), indices in the data set.
        occurrence: int64 (B,) or one number for all: 0 the first time that a sample is drawn in the epoch, then 1, ...
        view: int64 (B,) or one number for all: index of the view, if each sample is augmented to several views.
    """

    seed: int
    epoch: int
    sample: np.ndarray
    occurrence: np.ndarray | int = 0
    view: np.ndarray | int = 0

    @property
    def rows(self) -> np.ndarray:
        """The keys without the seed, int64 (B, 4), for the C++ core and for ``fn.fastmix.random_resized_crop``."""
        parts = np.broadcast_arrays(self.epoch, self.sample, self.occurrence, self.view)
        return np.stack(parts, axis=1).astype(np.int64, copy=False)


def image_extent(image_size: tuple[int, ...] | None) -> tuple[int, int, int]:
    """Return (frames, height, width) in pixels; ``frames`` is 0 for images."""
    if image_size is None:
        return 0, 0, 0
    try:
        frames, height, width = image_size if len(image_size) == 3 else (0, *image_size)
    except (TypeError, ValueError):
        raise ValueError(
            f"plan: expected image_size=(height, width) or (frames, height, width), got {image_size!r}"
        ) from None
    return integer_below("frames", frames, 31), integer_below("height", height, 31), integer_below("width", width, 31)


def group_ids(groups: Any) -> np.ndarray:
    """Return int64 (B,) ids of a one-dimensional array or sequence; equal entries get equal ids.

    Raises:
        ValueError: ``groups`` has another number of dimensions.
    """
    if isinstance(groups, torch.Tensor):
        groups = groups.detach().cpu().numpy()
    array = np.asarray(groups)
    if array.ndim != 1:
        raise ValueError(f"plan: expected groups of shape (B,), got {array.shape}")
    return np.unique(array, return_inverse=True)[1].astype(np.int64)
