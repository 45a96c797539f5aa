"""Convert a draw's arguments for the native core: the draw key, the images' size and the samples' groups."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch


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


def draw_key(seed: int, epoch: int, step: int, rank: int, offset: int) -> tuple[int, int, int, int, int]:
    """Return the draw key for the native core.

    Raises:
        TypeError: A part is not an integer.
        ValueError: A part is out of range.
    """
    return (
        integer_below("seed", seed, 64),
        integer_below("epoch", epoch, 32),
        integer_below("step", step, 64),
        integer_below("rank", rank, 32),
        integer_below("offset", offset, 32),
    )


def image_extent(image_size: tuple[int, ...] | None) -> tuple[int, int, int]:
    """Return (frames, height, width) in pixels; frames are 0 for images."""
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
    """Return a one-dimensional array or sequence as int64 ids, equal for equal entries.

    Raises:
        ValueError: ``groups`` has another number of dimensions.
    """
    if isinstance(groups, torch.Tensor):
        groups = groups.detach().cpu().numpy()
    array = np.asarray(groups)
    if array.ndim != 1:
        raise ValueError(f"plan: expected groups of shape (B,), got {array.shape}")
    return np.unique(array, return_inverse=True)[1].astype(np.int64)
