"""Operations of many samples as words, int32 (..., 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmix.augment.operations import FILTER_SHIFT, FILTERS, FIRST_WARP, LAST_WARP, packed_color

Words = NDArray[np.int32]
Floats = NDArray[np.float64]


def bits(values: ArrayLike) -> Words:
    """Return the bit patterns of float32 values; -0.0 becomes 0.0."""
    return (np.asarray(values, np.float64) + 0.0).astype(np.float32).view(np.int32)


def pack(code: ArrayLike, a: ArrayLike = 0, b: ArrayLike = 0, c: ArrayLike = 0) -> Words:
    """Return words int32 (..., 4) of broadcast int32 words; floats go through ``bits``."""
    parts: Sequence[NDArray[Any]] = [np.asarray(part) for part in (code, a, b, c)]
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    words = np.empty((*shape, 4), np.int32)
    for k, part in enumerate(parts):
        words[..., k] = part
    return words


def pack_box(y: ArrayLike, x: ArrayLike, height: ArrayLike, width: ArrayLike) -> tuple[Words, Words]:
    """Return the two words of boxes with sides and offsets below 65536."""
    first, second, third, fourth = (np.asarray(part).astype(np.uint32) for part in (y, x, height, width))
    return (first | second << np.uint32(16)).view(np.int32), (third | fourth << np.uint32(16)).view(np.int32)


def where(chosen: NDArray[np.bool_], words: Words) -> Words:
    """Return the words where ``chosen``, and Identity elsewhere."""
    return np.where(chosen[..., None], words, np.int32(0))


def finish_warps(words: Words, interpolation: str, fill: tuple[int, int, int], pick: Floats) -> Words:
    """Give warps their filter and fill colour, in place; ``pick`` are uniforms for ``"random"``."""
    codes = words[..., 0]
    warps = (codes >= FIRST_WARP) & (codes <= LAST_WARP)
    if interpolation == "random":
        filters: Any = np.where(pick < 0.5, FILTERS.index("bilinear"), FILTERS.index("bicubic"))
    else:
        filters = FILTERS.index(interpolation)
    codes |= np.where(warps, filters << FILTER_SHIFT, 0).astype(np.int32)
    words[..., 2] |= np.where(warps, packed_color(fill), 0).astype(np.int32)
    return words


def compact(words: Words) -> tuple[Words, NDArray[np.int32]]:
    """Move Identity operations of (N, K, 4) behind the others; return the words and how many others there are."""
    empty = (words[..., 0] & 255) == 0
    order = np.argsort(empty, axis=1, kind="stable")
    return np.take_along_axis(words, order[..., None], axis=1), (~empty).sum(1, dtype=np.int32)


def choose(uniform: Floats, weights: ArrayLike) -> NDArray[np.int64]:
    """Return indices with probability proportional to ``weights``, (k,) or (..., k), for uniforms (...)."""
    sums = np.cumsum(np.asarray(weights, np.float64), axis=-1)
    return (uniform[..., None] * sums[..., -1:] >= sums).sum(-1)


def below(uniform: Floats, bound: ArrayLike) -> NDArray[np.int64]:
    """Return integers in [0, bound), every one equally likely."""
    return np.floor(uniform * np.asarray(bound)).astype(np.int64)
