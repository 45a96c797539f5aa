"""Reads shards by block: local blocks through the kernel's read-ahead, remote ones whole."""

from __future__ import annotations

import os
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


class BlockReads:
    """Reads samples of shards by their blocks.

    Args:
        places: int64 (N, 3): shard, first byte and number of bytes of each sample.
        fetch: returns bytes of a shard, given shard, first byte and number of bytes.
        descriptor: returns a shard's open file. The kernel is told to read a block ahead when its first sample is read.
            None if the shards are remote: blocks are then fetched whole, and held.
    """

    def __init__(
        self,
        places: np.ndarray,
        fetch: Callable[[int, int, int], bytes],
        descriptor: Callable[[int], int] | None,
    ) -> None:
        self._places = places
        self._starts = block_starts(places)
        self._fetch = fetch
        self._descriptor = descriptor
        self._cache = BlockCache(self._read_ahead if descriptor else self._read_whole, HELD_BYTES)

    def read(self, sample: int, place: tuple[int, int, int]) -> bytes | memoryview:
        """Return the bytes of a sample at (shard, first byte, number of bytes)."""
        block = int(np.searchsorted(self._starts, sample, side="right")) - 1
        shard, first, size = place
        held = self._cache.get(block)
        if self._descriptor is not None:
            return self._fetch(shard, first, size)
        start = first - self._extent(block)[1]
        return memoryview(held)[start : start + size]

    def _extent(self, block: int) -> tuple[int, int, int]:
        """Return (shard, first byte, number of bytes) of a block."""
        end = int(self._starts[block + 1]) if block + 1 < len(self._starts) else len(self._places)
        shard, first, _ = self._places[self._starts[block]].tolist()
        _, last, size = self._places[end - 1].tolist()
        return shard, first, last + size - first

    def _read_whole(self, block: int) -> tuple[bytes, int]:
        shard, first, size = self._extent(block)
        return self._fetch(shard, first, size), size

    def _read_ahead(self, block: int) -> tuple[bytes, int]:
        """Start the kernel's read-ahead of a block; its bytes are the page cache's."""
        assert self._descriptor is not None
        shard, first, size = self._extent(block)
        os.posix_fadvise(self._descriptor(shard), first, size, os.POSIX_FADV_WILLNEED)
        return b"", size
