"""Packs the samples of one part into shards: reads and judges them in chunks, encodes them in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from fastmix.loader.faults.fault import Fault
from fastmix.loader.faults.judge import BATCH, Judge
from fastmix.packing.encoding import encode
from fastmix.packing.members import Packed, extension_of, key_of, label_text, packed, shard_name
from fastmix.packing.options import CALLER, Options
from fastmix.packing.originals import Originals
from fastmix.packing.record import PackRecord
from fastmix.packing.shard_writer import ShardRecord, ShardWriter
from fastmix.packing.workers import Workers


class Judged(NamedTuple):
    """A sample at its place in the part's order, and what is wrong with it, if anything is."""

    place: int
    sample: int
    fault: Fault | None


class Encoded(NamedTuple):
    """A sample that is ready to be written, or bad."""

    place: int
    sample: int
    fault: Fault | None
    packed: Packed | None = None
    source_bytes: int = 0
    classes: int = 0


class PartPacker:
    """Packs samples in an order.

    Args:
        folder: the pack.
        originals: the data.
        options: what decides the bytes.
        judge: of ``originals``.
        pool: the threads.
        skip: whether bad samples are left out; if not, they are errors.
    """

    def __init__(
        self, folder: str, originals: Originals, options: Options, judge: Judge, pool: Workers, skip: bool
    ) -> None:
        self._folder = folder
        self._originals = originals
        self._options = options
        self._judge = judge
        self._pool = pool
        self._skip = skip

    def pack(self, part: str, order: np.ndarray, record: PackRecord, advance: Callable[[int], None]) -> None:
        """Write the shards of a part that are not finished.

        Args:
            part: its name.
            order: int64 (N,), its samples.
            record: of the pack; finished shards are added.
            advance: called with the number of samples that were dealt with.

        Raises:
            ValueError: a sample is bad, and bad samples are not skipped.
            OSError: the disk is full.
        """
        finished = record.of_part(part)
        number = len(finished)
        begin = finished[-1].end if finished else 0
        advance(begin)
        samples = self._pool.in_order(self._encode, self._judged(order, begin))
        waiting = next(samples, None)
        while waiting is not None:
            shard = ShardRecord(shard_name(part, number), part, end=len(order))
            with ShardWriter(self._folder, shard) as writer:
                while waiting is not None and self._add(waiting, writer):
                    advance(1)
                    waiting = next(samples, None)
                if waiting is not None:
                    shard.end = waiting.place
                if not shard.samples:
                    path, reason = shard.skipped[0]
                    raise ValueError(
                        f"{CALLER}: expected samples that can be decoded in {part}, got only bad ones, such as {path}: "
                        f"{reason}"
                    )
                writer.finish()
            record.add(shard)
            number, begin = number + 1, shard.end

    def _add(self, sample: Encoded, writer: ShardWriter) -> bool:
        """Write a sample, or leave it out if it is bad; returns False if the shard is full."""
        shard = writer.record
        if sample.fault is not None:
            path, reason = self._originals.path(sample.sample), sample.fault.reason
            if sample.fault.retry:
                raise OSError(f"{CALLER}: expected to read {path}, got: {reason}; pack again later, which goes on here")
            if not self._skip:
                raise bad_sample(path, reason)
            shard.skipped.append([path, reason])
            return True
        assert sample.packed is not None
        if not writer.has_room(sample.packed, self._options.shards):
            return False
        writer.add(sample.packed)
        shard.source_bytes += sample.source_bytes
        shard.classes = max(shard.classes, sample.classes)
        return True

    def _judged(self, order: np.ndarray, begin: int) -> Iterator[Judged]:
        for start in range(begin, len(order), BATCH):
            chunk = order[start : start + BATCH]
            for _ in self._pool.in_order(self._originals.read_ahead, chunk.tolist()):
                pass
            faults = self._judge.faults(chunk)
            for i, sample in enumerate(chunk.tolist()):
                yield Judged(start + i, sample, faults.get(sample))

    def _encode(self, judged: Judged) -> Encoded:
        place, sample, fault = judged
        if fault is not None:
            self._originals.drop(sample)
            return Encoded(place, sample, fault)
        path = self._originals.path(sample)
        data, label = self._originals.take(sample)
        try:
            image = encode(data, self._options)
            members = {extension_of(image): image}
        except (OSError, ValueError) as error:
            raise bad_sample(path, str(error)) from error
        classes = 0
        if label is not None:
            members["cls"] = label_text(label, path)
            classes = int(label) + 1 if np.ndim(label) == 0 else len(label)
        return Encoded(place, sample, None, packed(key_of(place, path), members), data.size, classes)


def bad_sample(path: str, reason: str) -> ValueError:
    """Return the error of a sample that cannot be packed."""
    return ValueError(
        f"{CALLER}: expected samples that can be decoded, got {path}: {reason}; repair or remove it, or leave such "
        "samples out with on_error='skip'"
    )
