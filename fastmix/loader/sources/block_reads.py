"""Reads shards by block: the kernel reads ahead blocks of local shards, and remote blocks are fetched whole."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from fastmix.loader.sources.block_cache import BlockCache

BLOCK_BYTES = 8 << 20
# More than the blocks that an order draws from at a time (256 MiB), so that each is fetched once an epoch.
HELD_BYTES = 384 << 20


def block_starts(places: np.ndarray) -> np.ndarray:
    """Return int64 (K,): the first samples of blocks, each of neighbours in one shard and of about ``BLOCK_BYTES``.

    Args:
        places: int64 (N, 3): shard, first byte and number of bytes of each sample.
    """
    shard, first = places[:, 0], places[:, 1]
    new_shard = np.diff(shard, prepend=-1) != 0
    begin = np.maximum.accumulate(np.where(new_shard, np.arange(len(places)), 0))
    part = (first - first[begin]) // BLOCK_BYTES
    return np.flatnonzero(new_shard | (np.diff(part, prepend=-1) != 0))


class Blocks:
    """The blocks of shards.

    Args:
        places: int64 (N, 3): shard, first byte and number of bytes of each sample.
    """

    def __init__(self, places: np.ndarray) -> None:
        self._places = places
        self._starts = block_starts(places)

    def of(self, samples: np.ndarray) -> np.ndarray:
        """Return int64 (B,): the blocks of samples."""
        return np.searchsorted(self._starts, samples, side="right") - 1

    def extent(self, block: int) -> tuple[int, int, int]:
        """Return (shard, first byte, number of bytes) of a block."""
        end = int(self._starts[block + 1]) if block + 1 < len(self._starts) else len(self._places)
        shard, first, _ = self._places[self._starts[block]].tolist()
        _, last, size = self._places[end - 1].tolist()
        return shard, first, last + size - first


class ReadAhead:
    """Says which blocks the kernel shall read ahead: a block when its first sample is read."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._lately: OrderedDict[int, None] = OrderedDict()

    def extents(self, samples: np.ndarray) -> np.ndarray:
        """Return int64 (B, 2): first byte and number of bytes of the sample's block, 0 if that was returned lately."""
        extents = np.zeros((len(samples), 2), np.int64)
        blocks, places = np.unique(self._blocks.of(samples), return_index=True)
        for block, place in zip(blocks.tolist(), places.tolist(), strict=True):
            if block not in self._lately:
                extents[place] = self._blocks.extent(block)[1:]
            self._lately[block] = None
            self._lately.move_to_end(block)
        while len(self._lately) > max(HELD_BYTES // BLOCK_BYTES, len(blocks)):
            self._lately.popitem(last=False)
        return extents


class WholeBlocks:
    """Fetches blocks whole, and holds them while their samples are wanted.

    Args:
        blocks: of the shards.
        fetch: returns bytes of a shard, given shard, first byte and number of bytes.
    """

    def __init__(self, blocks: Blocks, fetch: Callable[[int, int, int], bytes]) -> None:
        self._blocks = blocks
        self._fetch = fetch
        self._cache = BlockCache(self._read_whole, HELD_BYTES)

    def read(self, sample: int, first: int, size: int) -> memoryview:
        """Return the bytes of a sample, which are at these places of its shard."""
        block = int(self._blocks.of(np.int64(sample)))
        held = self._cache.get(block)
        start = first - self._blocks.extent(block)[1]
        return memoryview(held)[start : start + size]

    def _read_whole(self, block: int) -> tuple[bytes, int]:
        shard, first, size = self._blocks.extent(block)
        return self._fetch(shard, first, size), size
