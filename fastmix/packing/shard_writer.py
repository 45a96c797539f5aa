"""Writes one shard: a tar file that gets its name when it is whole, and its index."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass, field
from tarfile import BLOCKSIZE
from typing import Any

from fastmix.loader.sources.shard_index import INDEX_SUFFIX, Seal, index_record, last_header
from fastmix.loader.sources.shards import describe
from fastmix.packing.durable import NewFile, write_json
from fastmix.packing.members import END_OF_TAR, Packed, owned


@dataclass
class ShardRecord:
    """What ``pack.json`` says of a finished shard.

    Attributes:
        name: file name.
        part: the part that it belongs to.
        samples: how many it has.
        bytes: its size.
        blake2b: digest of its bytes, 32 hexadecimal digits.
        first: the first sample's key.
        end: the place in the part's order at which the next shard begins.
        source_bytes: bytes of the samples' originals.
        classes: the largest class id and one, or the length of rows; 0 without labels.
        skipped: path and reason of the bad samples that were left out.
    """

    name: str
    part: str
    samples: int = 0
    bytes: int = 0
    blake2b: str = ""
    first: str = ""
    end: int = 0
    source_bytes: int = 0
    classes: int = 0
    skipped: list[list[str]] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return asdict(self)


class ShardWriter:
    """Writes a shard.

    A context manager: without :meth:`finish`, leaving it removes the file.

    Args:
        folder: the pack.
        record: its name and part; the writer fills in the rest, except for what only the samples tell.
    """

    def __init__(self, folder: str, record: ShardRecord) -> None:
        self.record = record
        self._file = NewFile(os.path.join(folder, record.name))
        self._digest = hashlib.blake2b(digest_size=16)
        self._samples: list[list[Any]] = []
        self._seal = Seal()

    def __enter__(self) -> ShardWriter:
        self._file.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.__exit__()

    def has_room(self, sample: Packed, most: int) -> bool:
        """Whether the shard with this sample too takes at most so many bytes; the first sample always has room."""
        return not self._samples or self._file.size + len(sample.block) + len(END_OF_TAR) <= most

    def add(self, sample: Packed) -> None:
        """Append a sample.

        Raises:
            OSError: the disk is full.
        """
        start = self._file.size
        places = {name: [start + at, *rest] for name, (at, *rest) in sample.places.items()}
        self._samples.append([sample.key, places])
        self._seal.add(self._samples[-1])
        header = last_header(sample.places)
        self._write(sample.block[:header])
        self._write(owned(sample.block[header : header + BLOCKSIZE], self._seal.text()))
        self._write(sample.block[header + BLOCKSIZE :])
        self.record.first = self.record.first or sample.key
        self.record.samples += 1

    def finish(self) -> None:
        """End the shard, give it its name, and write its index.

        Raises:
            OSError: the disk is full.
        """
        self._write(END_OF_TAR)
        self.record.bytes, self.record.blake2b = self._file.size, self._digest.hexdigest()
        self._file.finish()
        write_json(self._file.path + INDEX_SUFFIX, index_record(describe(self._file.path), self._samples))

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)
