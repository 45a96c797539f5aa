"""Verifies a pack: its shards have the recorded bytes, and its samples the pixels and labels of the data."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

import numpy as np

from fastmix.loader.sources.shards import ShardSource, tar_shards
from fastmix.loader.sources.source import Source
from fastmix.packing.decoded import BATCH, WholeDecoder
from fastmix.packing.members import position_of
from fastmix.packing.options import CALLER, Options
from fastmix.packing.originals import Originals
from fastmix.packing.record import PackRecord
from fastmix.packing.shard_writer import ShardRecord
from fastmix.packing.workers import Workers

_CHUNK = 1 << 20


def check_pack(
    folder: str, source: Source, options: Options, record: PackRecord, parts: Mapping[str, np.ndarray], pool: Workers
) -> None:
    """Compare a pack with its record and with the data.

    Args:
        folder: the pack.
        source: the data that it was made of.
        options: what decides its bytes; if they shrink images, the pixels are decoded and not compared.
        record: of the pack.
        parts: by name, int64 (N,), the samples in their order.
        pool: threads.

    Raises:
        ValueError: a shard is missing, cut off or altered, or a sample is another one; the message names it.
    """
    for _ in pool.in_order(lambda shard: check_shard(folder, shard), record.shards):
        pass
    decoder = WholeDecoder(options.max_pixels, pool.threads)
    originals = Originals(source)
    for shard in record.shards:
        packed = tar_shards(os.path.join(folder, shard.name))
        if len(packed) != shard.samples:
            raise ValueError(f"{CALLER}: expected {shard.samples} samples in {shard.name}, got {len(packed)}")
        for start in range(0, len(packed), BATCH):
            places = range(start, min(start + BATCH, len(packed)))
            samples = [int(parts[shard.part][position_of(packed.keys[place])]) for place in places]
            _compare(packed, list(places), originals, samples, options, decoder)


def check_shard(folder: str, shard: ShardRecord) -> None:
    """Compare a shard's bytes with its record.

    Raises:
        ValueError: the shard is missing, cut off or altered.
    """
    path = os.path.join(folder, shard.name)
    digest = hashlib.blake2b(digest_size=16)
    size = 0
    try:
        with open(path, "rb") as file:
            while block := file.read(_CHUNK):
                digest.update(block)
                size += len(block)
    except FileNotFoundError:
        raise ValueError(f"{CALLER}: expected the shard {path}, found none; {_AGAIN}") from None
    if size != shard.bytes:
        raise ValueError(f"{CALLER}: expected {shard.bytes} bytes in {path}, got {size}; {_AGAIN}")
    if digest.hexdigest() != shard.blake2b:
        raise ValueError(f"{CALLER}: expected the bytes that were packed in {path}, got others; {_AGAIN}")


_AGAIN = "restore it, or pack again into another folder"


def _compare(
    packed: ShardSource,
    places: list[int],
    originals: Originals,
    samples: list[int],
    options: Options,
    decoder: WholeDecoder,
) -> None:
    """Compare samples of a shard with those of the data."""
    theirs = [originals.take(sample) for sample in samples]
    ours = [packed.read(place)[0] for place in places]
    # Bytes that are equal were decoded when they were judged.
    other = [i for i in range(len(places)) if not np.array_equal(ours[i], theirs[i].data)]
    found = dict(zip(other, decoder.decode([ours[i] for i in other]), strict=True))
    files = [i for i in other if options.lossless and theirs[i].data.ndim == 1]
    expected: dict[int, np.ndarray | None] = {i: theirs[i].data for i in other if theirs[i].data.ndim == 3}
    expected |= dict(zip(files, decoder.decode([theirs[i].data for i in files]), strict=True))
    for i, place in enumerate(places):
        name = packed.path(place)
        if i in found and found[i] is None:
            raise ValueError(f"{CALLER}: expected an image that can be decoded at {name}, got a damaged one")
        if i in found and options.lossless and not _same(found[i], expected[i]):
            raise ValueError(f"{CALLER}: expected the pixels of the data at {name}, got other ones")
        label = None if packed.labels is None else packed.labels.values[place]
        if not _same(label, theirs[i].label):
            raise ValueError(f"{CALLER}: expected the label {_shown(theirs[i].label)} at {name}, got {_shown(label)}")


def _shown(label: object) -> str:
    return f"{np.asarray(label).tolist()!r:.80}"


def _same(a: object, b: object) -> bool:
    """Whether two arrays or numbers are equal, or neither is there."""
    if a is None or b is None:
        return a is b
    return np.array_equal(np.asarray(a), np.asarray(b))
