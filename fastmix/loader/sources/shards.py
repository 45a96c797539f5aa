"""WebDataset's tar shards: an index of each gives random access, so the samples come in the loader's order."""

from __future__ import annotations

import glob
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from fastmix.loader.sources.block_reads import Blocks, ReadAhead, WholeBlocks, block_starts
from fastmix.loader.sources.class_names import read_labels
from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.label_table import Labels
from fastmix.loader.sources.path_table import PathTable
from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.shard_classes import read_classes
from fastmix.loader.sources.shard_index import Shard, read_index
from fastmix.loader.sources.shard_members import MemberKey, choose_members
from fastmix.loader.sources.source import IgnoredFilesWarning, Path, Source, digest

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_ALTERNATIVES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_COMPRESSED = (".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")


class ShardSource(Source):
    """Images in tar files. DALI reads them if all files are local, else threads do.

    Args:
        shards: the tar files.
        keys: the samples' names, shard by shard.
        places: int64 (N, 3): shard, first byte and number of bytes of each image.
    """

    def __init__(self, shards: list[Shard], keys: list[str], places: np.ndarray) -> None:
        self.shards = shards
        self.keys = keys
        self.places = places
        self.labels: Labels | None = None
        self.unlabelled = True
        self.classes: Sequence[str] = ()
        self._remote = [is_url(shard.name) for shard in shards]
        self.delivers = "encoded" if any(self._remote) else "range"
        self._files: dict[tuple[int, int], int] = {}
        self._whole_blocks: WholeBlocks | None = None
        self._read_ahead: ReadAhead | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def path(self, sample: int) -> str:
        return f"{self.shards[self.places[sample, 0]].name}!{self.keys[sample]}"

    def fingerprint(self) -> str:
        names = [os.path.basename(shard.name) for shard in self.shards]
        text = np.frombuffer(os.fsencode("\n".join([*names, *self.keys])), np.uint8)
        return digest(text, self.places, *([] if self.labels is None else [self.labels.values]))

    def read_labels(
        self, label: MemberKey, samples: Sequence[tuple[int, str, dict[str, list[int]]]], classes: Sequence[str] | None
    ) -> None:
        """Read a member of every sample as its label.

        Raises:
            ValueError: a sample has no such member, or it holds no label.
        """
        labels = []
        for number, key, members in samples:
            name = f"{key} in {self.shards[number].name}"
            if label.member not in members:
                raise ValueError(f"data: expected a .{label.member} member beside {name}, its label, found none")
            start, size, *text = members[label.member]
            data = text[0].encode() if text else self._bytes(number, start, size)
            labels.append(label.parse(data, name))
        self.labels, self.classes = read_labels(labels, classes)
        self.unlabelled = False

    def read(self, sample: int) -> tuple[np.ndarray, object]:
        shard, first, size = self.places[sample].tolist()
        blocks = self._whole_blocks
        data = self._bytes(shard, first, size) if blocks is None else blocks.read(sample, first, size)
        return np.frombuffer(data, np.uint8), None

    def files(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        shard = self.places[samples, 0]
        ahead = np.zeros((len(samples), 2), np.int64) if self._read_ahead is None else self._read_ahead.extents(samples)
        ranges = np.column_stack((self.places[samples, 1:], self._versions[shard], ahead))
        return {"path": self._names.padded(shard), "range": ranges}

    @cached_property
    def _names(self) -> PathTable:
        return PathTable([shard.name for shard in self.shards])

    @cached_property
    def _versions(self) -> np.ndarray:
        """Int64 (S, 2): size of each shard, and when it was written, in nanoseconds since 1970."""
        return np.array([(shard.size, int(shard.written)) for shard in self.shards], dtype=np.int64)

    def blocks(self) -> np.ndarray:
        return block_starts(self.places)

    def read_by_block(self, alone: bool) -> None:
        if self._whole_blocks is not None or self._read_ahead is not None:
            return
        if not any(self._remote):
            self._read_ahead = ReadAhead(Blocks(self.places))
        # A block of a remote shard is fetched whole unless ranks share it, which would each fetch all of it.
        elif alone and all(self._remote):
            self._whole_blocks = WholeBlocks(Blocks(self.places), self._bytes)

    def _bytes(self, shard: int, start: int, size: int) -> bytes:
        name = self.shards[shard].name
        if self._remote[shard]:
            system, path = filesystem(name)
            data = system.cat_file(path, start=start, end=start + size)
        else:
            data = os.pread(self._descriptor(shard), size, start)
        if len(data) != size:
            raise OSError(f"the shard ends after {len(data)} of {size} bytes; it changed since it was indexed")
        return data

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
        return {**self.__dict__, "_files": {}, "_whole_blocks": None, "_read_ahead": None}


def is_shards(data: object) -> bool:
    """Whether ``data`` is the path of a tar file, a pattern of such paths, or a list of them."""
    if isinstance(data, list | tuple):
        return bool(data) and all(isinstance(item, str | os.PathLike) and is_shards(item) for item in data)
    if not isinstance(data, str | os.PathLike):
        return False
    name = os.fspath(data).lower()
    return name.endswith((".tar", *_COMPRESSED)) or name.startswith("pipe:")


def tar_shards(
    data: Path | Sequence[Path], hints: Hints = NO_HINTS, cache: str | os.PathLike[str] | None = None
) -> ShardSource:
    """Open the images of one or more tar files, shard by shard, in the order in which they were written.

    A sample is a run of members that share their name up to its first dot: an image, and its label: ``.cls`` with a
    class id or name, or with several numbers separated by spaces (a vector of floats).

    The first use reads every shard once and writes an index of it: beside a local shard if its folder can be written
    to, else into ``cache`` (default: ``$XDG_CACHE_HOME/fastmix``). An index is used until its shard's size or time
    changes. The classes' names are read from a file ``classes.json`` in the shards' folder, if there is one and
    ``classes=`` is not given.

    Args:
        data: paths or URLs; ``*``, ``?``, ranges ``{0000..0146}`` and ``{a,b}`` stand for several, as does ``::``.
        hints: ``image_key`` and ``label_key``: which members are the image and the label, by what follows the key
            (``"left.jpg"``); ``label_key="json.label"`` is a field of a JSON member.
        cache: folder for indices.

    Raises:
        FileNotFoundError: there is no shard.
        ValueError: a shard is compressed or not a tar file, samples have several images or none, or a label is missing.
    """
    patterns = [os.fspath(item) for item in data] if isinstance(data, list | tuple) else os.fspath(data).split("::")
    for pattern in patterns:
        if pattern.startswith("pipe:") or pattern.lower().endswith(_COMPRESSED):
            raise ValueError(
                f"data: expected tar files, which are read at random places, got {pattern}; store them uncompressed, "
                "or wrap webdataset's loader in fastmix.prefetch(loader, ...)"
            )
    shards = [shard for pattern in patterns for shard in _find(pattern)]
    samples = [(number, *sample) for number, shard in enumerate(shards) for sample in read_index(shard, cache)]
    classes = hints.classes or read_classes([shard.name for shard in shards])
    images, label = choose_members([members for _, _, members in samples], hints, ", ".join(patterns))
    with_images = [sample for sample in samples if not images.isdisjoint(sample[2])]
    if len(with_images) < len(samples):
        lost = next(key for _, key, members in samples if images.isdisjoint(members))
        warnings.warn(
            f"data: {len(samples) - len(with_images)} samples in {', '.join(patterns)} have no image and are ignored, "
            f"such as {lost}",
            IgnoredFilesWarning,
            stacklevel=4,
        )
    keys = [key for _, key, _ in with_images]
    places = [
        (number, *next(members[image][:2] for image in members if image in images))
        for number, _, members in with_images
    ]
    source = ShardSource(shards, keys, np.array(places, dtype=np.int64))
    if label is not None:
        source.read_labels(label, with_images, classes)
    elif classes is not None:
        source.classes = tuple(classes)
    return source


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
    return [describe(name) for name in names]


def _expand(pattern: str) -> Iterator[str]:
    if match := _RANGE.search(pattern):
        first, last = match.groups()
        parts = [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]
    elif match := _ALTERNATIVES.search(pattern):
        parts = match[1].split(",")
    else:
        yield pattern
        return
    for part in parts:
        yield from _expand(f"{pattern[: match.start()]}{part}{pattern[match.end() :]}")


def describe(name: str) -> Shard:
    """Return size and time of a tar file, local or at a URL."""
    if is_url(name):
        system, path = filesystem(name)
        info = system.info(path)
        written = next((str(info[key]) for key in ("ETag", "LastModified", "mtime", "created") if key in info), "")
        return Shard(name, int(info["size"]), written)
    status = os.stat(name)
    return Shard(name, status.st_size, str(status.st_mtime_ns))
