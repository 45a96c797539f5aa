"""WebDataset's tar shards, with an index that is built once, so that access is random and the order is ours."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from fastmix.loader.sources.label_table import Labels, label_table
from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.source import IMAGE_EXTENSIONS, Source, class_names, digest

INDEX_SUFFIX = ".fastmix-index.json"
INDEX_VERSION = 1
LABEL_EXTENSIONS = (".cls", ".cls2", ".label")
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True)
class Shard:
    """One tar file: where it is, how large, and when it was written (as text, since file systems differ)."""

    name: str
    size: int
    written: str


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
        """An open file per shard and process: a forked child reads at its own places, with its own descriptors."""
        key = (os.getpid(), shard)
        if key not in self._files:
            descriptor = os.open(self.shards[shard].name, os.O_RDONLY | os.O_CLOEXEC)
            # Two threads may both have opened it: the first one's stays.
            if self._files.setdefault(key, descriptor) != descriptor:
                os.close(descriptor)
        return self._files[key]

    def __del__(self) -> None:
        for (process, _), descriptor in getattr(self, "_files", {}).items():
            if process == os.getpid():
                os.close(descriptor)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_files": {}}


def is_pattern(name: str) -> bool:
    return name.lower().endswith(".tar")


def tar_shards(pattern: str, cache: str | os.PathLike[str] | None = None) -> ShardSource:
    """The images of one or more tar files, shard by shard, in the order in which they were written.

    A sample is a run of members that share their name up to its first dot: an image, and ``.cls`` with a class id, or
    with several numbers separated by spaces (a vector of floats).

    The first use reads every shard once and writes an index of it: beside a local shard if its folder can be written
    to, else into ``cache`` (default: ``$XDG_CACHE_HOME/fastmix``). An index is used as long as its shard's size and
    time are what they were.

    Args:
        pattern: a path or URL; ``*``, ``?`` and ranges ``{0000..0146}`` stand for several.
        cache: folder for indices.

    Raises:
        FileNotFoundError: no shard is there.
        ValueError: a shard is no tar file, or a sample has no label.
    """
    shards = _find(pattern)
    keys, places, labels = [], [], []
    for number, shard in enumerate(shards):
        for key, start, size, label in _index(shard, cache):
            keys.append(key)
            places.append((number, start, size))
            labels.append(label)
    if not keys:
        raise ValueError(f"DataLoader: expected images ({', '.join(IMAGE_EXTENSIONS)}) in {pattern}, found none")
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
            raise FileNotFoundError(f"DataLoader: expected tar shards at {name}, found none")
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


def _index(shard: Shard, cache: str | os.PathLike[str] | None) -> list[list]:
    """[key, first byte, bytes, label] of every sample: from the index, or from the shard, of which one is left."""
    places = [] if is_url(shard.name) else [shard.name + INDEX_SUFFIX]
    places.append(os.path.join(_cache_folder(cache), _cache_name(shard)))
    for place in places:
        samples = _load(place, shard)
        if samples is not None:
            return samples
    samples = list(_scan(shard))
    record = {"version": INDEX_VERSION, "size": shard.size, "written": shard.written, "samples": samples}
    for place in places:
        if _store(place, record):
            break
    return samples


def _cache_folder(cache: str | os.PathLike[str] | None) -> str:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.fspath(cache) if cache is not None else os.path.join(home, "fastmix")


def _cache_name(shard: Shard) -> str:
    name = hashlib.blake2b(shard.name.encode(), digest_size=8).hexdigest()
    return f"{os.path.basename(shard.name)}.{name}{INDEX_SUFFIX}"


def _load(place: str, shard: Shard) -> list[list] | None:
    try:
        with open(place, encoding="utf-8") as file:
            record = json.load(file)
    except (OSError, ValueError):
        return None
    head = (INDEX_VERSION, shard.size, shard.written)
    if not isinstance(record, dict) or tuple(map(record.get, ("version", "size", "written"))) != head:
        return None
    return record["samples"]


def _store(place: str, record: dict[str, Any]) -> bool:
    """Write the index whole or not at all: several ranks may do so at the same time."""
    folder = os.path.dirname(place)
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=INDEX_SUFFIX)
    except OSError:
        return False
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record, file, separators=(",", ":"))
        os.replace(temporary, place)
    except BaseException:
        os.unlink(temporary)
        raise
    return True


def _scan(shard: Shard) -> Iterator[list]:
    try:
        with _open(shard.name) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            sample: dict[str, Any] = {"key": None}
            for member in tar:
                if not member.isfile():
                    continue
                folder, _, base = member.name.rpartition("/")
                stem, dot, extension = base.partition(".")
                key = f"{folder}/{stem}" if folder else stem
                if key != sample["key"]:
                    yield from _finish(sample, shard)
                    sample = {"key": key}
                _add(sample, (dot + extension).lower(), member, tar)
            yield from _finish(sample, shard)
    except tarfile.TarError as error:
        raise ValueError(f"DataLoader: expected a tar file without compression at {shard.name}: {error}") from error


def _add(sample: dict[str, Any], extension: str, member: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
    if extension.endswith(IMAGE_EXTENSIONS):
        sample["place"] = [member.offset_data, member.size]
    elif extension in LABEL_EXTENSIONS:
        sample["label"] = tar.extractfile(member).read().decode("utf-8", "replace").split()


def _finish(sample: dict[str, Any], shard: Shard) -> Iterator[list]:
    if "place" not in sample:
        return
    words = sample.get("label")
    try:
        label = int(words[0]) if len(words) == 1 and "." not in words[0] else [float(word) for word in words]
    except (TypeError, ValueError):
        raise ValueError(
            f"DataLoader: expected a .cls member with a class id or numbers beside {sample['key']} in {shard.name}, "
            f"got {words}"
        ) from None
    yield [sample["key"], *sample["place"], label]


def _open(name: str) -> BinaryIO:
    if is_url(name):
        system, path = filesystem(name)
        return system.open(path, "rb")
    return open(name, "rb")
