"""Which samples a part of a pack has, and in which order."""

from __future__ import annotations

import numpy as np

from fastmix import _core
from fastmix.packing.options import CALLER, Options

# Epochs that no training reaches: the draws of a loader with the same seed are others.
_ORDER, _SPLIT = 2**32 - 1, 2**32 - 2


def parts_of(samples: int, options: Options) -> list[tuple[str, np.ndarray]]:
    """Return the name of every part and its samples, int64 (N,), in the order in which they are packed.

    A pure function of the number of samples, the seed and the shares.

    Raises:
        ValueError: a part has no samples.
    """
    order = np.arange(samples)
    if options.shuffle is not None:
        order = _core.epoch_order(samples, options.shuffle, _ORDER)
    if len(options.split) == 1:
        return [(options.split[0][0], order)]
    drawn = _core.epoch_order(samples, options.shuffle or 0, _SPLIT)
    bounds = np.round(np.cumsum([share for _, share in options.split]) * samples).astype(np.int64)
    number = np.empty(samples, np.int64)
    number[drawn] = np.searchsorted(bounds, np.arange(samples), side="right")
    parts = [(name, order[number[order] == i]) for i, (name, _) in enumerate(options.split)]
    for name, members in parts:
        if not len(members):
            raise ValueError(f"{CALLER}: expected at least one sample in every part, got none of {samples} in {name!r}")
    return parts
