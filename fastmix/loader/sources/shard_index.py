"""The index of a tar shard: where each sample's image lies, and its label; built once and kept beside the shard."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.source import IMAGE_EXTENSIONS

INDEX_SUFFIX = ".fastmix-index.json"
INDEX_VERSION = 1
LABEL_EXTENSIONS = (".cls", ".cls2", ".label")


@dataclass(frozen=True)
class Shard:
    """One tar file: where it is, how large, and when it was written (as text, since file systems differ)."""

    name: str
    size: int
    written: str


def read_index(shard: Shard, cache: str | os.PathLike[str] | None) -> list[list]:
    """Return [key, first byte, bytes, label] of every sample, from the shard's index; write one if there is none."""
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
    """Write the index whole or not at all, since several ranks may write it at once; returns whether it was written."""
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
        raise ValueError(f"data: expected a tar file without compression at {shard.name}: {error}") from error


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
            f"data: expected a .cls member with a class id or numbers beside {sample['key']} in {shard.name}, "
            f"got {words}"
        ) from None
    yield [sample["key"], *sample["place"], label]


def _open(name: str) -> BinaryIO:
    if is_url(name):
        system, path = filesystem(name)
        return system.open(path, "rb")
    return open(name, "rb")
