"""WebDataset's tar shards: an index of each gives random access, so the samples come in the loader's order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastmix.loader.sources.label_table import Labels, label_table
from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.shard_index import Shard, read_index
from fastmix.loader.sources.source import IMAGE_EXTENSIONS, Path, Source, class_names, digest

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


class ShardSource(Source):
    """Images in tar files.

    Args:
        shards: the tar files.
        keys: the samples' names, shard by shard.
        places: int64 (N, 3): shard, first byte and number of bytes of each image.
        labels: of the N samples.
    """

    delivers = "encoded"

    def __init__(self, shards: list[Shard], keys: list[str], places: np.ndarray, labels: Labels) -> None:
        self.shards = shards
        self.keys = keys
        self.places = places
        self.labels = labels
        self.classes = class_names(labels.classes)
        self._files: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def path(self, sample: int) -> str:
        return f"{self.shards[self.places[sample, 0]].name}!{self.keys[sample]}"

    def fingerprint(self) -> str:
        names = [os.path.basename(shard.name) for shard in self.shards]
        return digest(
            np.frombuffer("\n".join([*names, *self.keys]).encode(), np.uint8), self.places, self.labels.values
        )

    def read(self, sample: int) -> tuple[np.ndarray, object]:
        shard, start, size = self.places[sample].tolist()
        name = self.shards[shard].name
        if is_url(name):
            system, path = filesystem(name)
            data = system.cat_file(path, start=start, end=start + size)
        else:
            data = os.pread(self._descriptor(shard), size, start)
        if len(data) != size:
            raise OSError(f"the shard ends after {len(data)} of {size} bytes; it changed since it was indexed")
        return np.frombuffer(data, np.uint8), None

    def _descriptor(self, shard: int) -> int:
        """Open a shard once per process: a forked child has its own descriptors."""
        key = (os.getpid(), shard)
        if key not in self._files:
            descriptor = os.open(self.shards[shard].name, os.O_RDONLY | os.O_CLOEXEC)
            # Two threads may both have opened the shard: the first descriptor stays.
            if self._files.setdefault(key, descriptor) != descriptor:
                os.close(descriptor)
        return self._files[key]

    def __del__(self) -> None:
        for (process, _), descriptor in getattr(self, "_files", {}).items():
            if process == os.getpid():
                os.close(descriptor)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_files": {}}


def is_shards(data: object) -> bool:
    """Whether ``data`` is the path of a tar file, or a pattern of such paths."""
    return isinstance(data, str | os.PathLike) and os.fspath(data).lower().endswith(".tar")


def tar_shards(pattern: Path, cache: str | os.PathLike[str] | None = None) -> ShardSource:
    """Open the images of one or more tar files, shard by shard, in the order in which they were written.

    A sample is a run of members that share their name up to its first dot: an image, and ``.cls`` with a class id, or
    with several numbers separated by spaces (a vector of floats).

    The first use reads every shard once and writes an index of it: beside a local shard if its folder can be written
    to, else into ``cache`` (default: ``$XDG_CACHE_HOME/fastmix``). An index is used until its shard's size or time
    changes.

    Args:
        pattern: a path or URL; ``*``, ``?`` and ranges ``{0000..0146}`` stand for several.
        cache: folder for indices.

    Raises:
        FileNotFoundError: there is no shard.
        ValueError: a shard is not a tar file, or a sample has no label.
    """
    pattern = os.fspath(pattern)
    shards = _find(pattern)
    keys, places, labels = [], [], []
    for number, shard in enumerate(shards):
        for key, start, size, label in read_index(shard, cache):
            keys.append(key)
            places.append((number, start, size))
            labels.append(label)
    if not keys:
        raise ValueError(f"data: expected images ({', '.join(IMAGE_EXTENSIONS)}) in {pattern}, found none")
    return ShardSource(shards, keys, np.array(places, dtype=np.int64), label_table(labels))


def _find(pattern: str) -> list[Shard]:
    names = []
    for name in _expand(pattern):
        if is_url(name):
            system, path = filesystem(name)
            found = [system.unstrip_protocol(p) for p in sorted(system.glob(path))]
        else:
            found = sorted(glob.glob(os.path.abspath(name)))
        if not found:
            raise FileNotFoundError(f"data: expected tar shards at {name}, found none")
        names += found
    return [_describe(name) for name in names]


def _expand(pattern: str) -> Iterator[str]:
    match = _RANGE.search(pattern)
    if not match:
        yield pattern
        return
    first, last = match.groups()
    for number in range(int(first), int(last) + 1):
        yield from _expand(f"{pattern[: match.start()]}{number:0{len(first)}d}{pattern[match.end() :]}")


def _describe(name: str) -> Shard:
    if is_url(name):
        system, path = filesystem(name)
        info = system.info(path)
        written = next((str(info[key]) for key in ("ETag", "LastModified", "mtime", "created") if key in info), "")
        return Shard(name, int(info["size"]), written)
    status = os.stat(name)
    return Shard(name, status.st_size, str(status.st_mtime_ns))
