"""The index of a tar shard: where each sample's members lie; built once and kept beside the shard."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.shard_members import is_label

INDEX_SUFFIX = ".fastmix-index.json"
INDEX_VERSION = 3
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Shard:
    """One tar file: where it is, how large, and when it was written (as text, since file systems differ)."""

    name: str
    size: int
    written: str


def read_index(shard: Shard, cache: str | os.PathLike[str] | None) -> list[list]:
    """Return [key, {extension: place}] of every sample from the shard's index, written if there is none.

    A place is [first byte, bytes], and of a short label also its text: reading millions of labels one by one takes
    hours from a store. An index beside a shard at a URL is used if the shard carries its seal, as those of
    ``fastmix.pack`` do.

    Raises:
        ValueError: not a tar file, or one that is cut off or damaged.
    """
    places = [] if is_url(shard.name) else [shard.name + INDEX_SUFFIX]
    places.append(os.path.join(_cache_folder(cache), _cache_name(shard)))
    for place in places:
        samples = _load(place, shard)
        if samples is not None:
            return samples
    samples = (is_url(shard.name) and _load_remote(shard)) or list(_scan(shard))
    record = index_record(shard, samples)
    for place in places:
        if _store(place, record):
            break
    return samples


def index_record(shard: Shard, samples: list[list]) -> dict[str, Any]:
    """Return what the index of a shard with these samples holds."""
    return {"version": INDEX_VERSION, "size": shard.size, "written": shard.written, "samples": samples}


class Seal:
    """The digest of an index's samples up to one, which a pack writes as the owner of that sample's last member.

    So one request for a header shows whether an index is of this shard: another shard may have the same size and the
    same samples with other labels.
    """

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=8)

    def add(self, sample: list) -> None:
        """Go on to the next sample of an index."""
        self._digest.update(json.dumps(sample, separators=(",", ":")).encode())

    def text(self) -> str:
        """Return 16 hexadecimal digits."""
        return self._digest.hexdigest()


def last_header(places: Mapping[str, list]) -> int:
    """Return the first byte of the header of a sample's last member."""
    return max(start for start, *_ in places.values()) - tarfile.BLOCKSIZE


def label_texts(data: bytes) -> list[str]:
    """Return a label's text as the end of its place; nothing if it is no text."""
    try:
        return [data.decode()]
    except UnicodeDecodeError:
        return []


def _cache_folder(cache: str | os.PathLike[str] | None) -> str:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.fspath(cache) if cache is not None else os.path.join(home, "fastmix")


def _cache_name(shard: Shard) -> str:
    name = hashlib.blake2b(os.fsencode(shard.name), digest_size=8).hexdigest()
    return f"{os.path.basename(shard.name)}.{name}{INDEX_SUFFIX}"


def _load(place: str, shard: Shard) -> list[list] | None:
    try:
        with open(place, encoding="utf-8") as file:
            record = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("written") != shard.written:
        return None
    return _samples(record, shard)


def _load_remote(shard: Shard) -> list[list] | None:
    """Return the samples of an index beside a shard at a URL. Its shard's time is of the disk where it was written."""
    system, path = filesystem(shard.name)
    try:
        record = json.loads(system.cat_file(path + INDEX_SUFFIX))
    except (OSError, ValueError, RecursionError):
        return None
    samples = _samples(record, shard) if isinstance(record, dict) else None
    if not samples:
        return None
    seal = Seal()
    for sample in samples:
        seal.add(sample)
    start = last_header(samples[-1][1])
    try:
        header = system.cat_file(path, start=start, end=start + tarfile.BLOCKSIZE)
        member = tarfile.TarInfo.frombuf(header, tarfile.ENCODING, "surrogateescape")
    except (OSError, tarfile.HeaderError):
        return None
    return samples if member.uname == seal.text() else None


def _samples(record: dict[str, Any], shard: Shard) -> list[list] | None:
    if (record.get("version"), record.get("size")) != (INDEX_VERSION, shard.size):
        return None
    samples = record.get("samples")
    return samples if _are_samples(samples, shard.size) else None


def _are_samples(samples: Any, size: int) -> bool:
    """Whether these are an index of a shard of ``size`` bytes: another program may have written it."""
    return isinstance(samples, list) and all(
        isinstance(sample, list)
        and len(sample) == 2
        and isinstance(sample[0], str)
        and isinstance(sample[1], dict)
        and all(_is_place(place, size) for place in sample[1].values())
        for sample in samples
    )


def _is_place(place: Any, size: int) -> bool:
    """Whether this is [first byte, bytes] or [first byte, bytes, text] within the shard."""
    if not isinstance(place, list) or len(place) not in (2, 3) or not all(isinstance(text, str) for text in place[2:]):
        return False
    if not all(type(number) is int for number in place[:2]):
        return False
    return place[0] >= 0 and place[1] >= 0 and place[0] + place[1] <= size


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
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):  # the disk is full
            return False
        raise
    return True


def _scan(shard: Shard) -> Iterator[list]:
    try:
        with _open(shard.name) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            key: str | None = None
            members: dict[str, list[int]] = {}
            for member in tar:
                if member.isdir():
                    continue
                folder, _, base = member.name.rpartition("/")
                stem, dot, extension = base.partition(".")
                if not member.isreg() or member.issparse():
                    raise ValueError(
                        f"data: expected plain files in {shard.name}, got a link or a sparse file: {member.name}; "
                        "write the shard with tar --hard-dereference --dereference"
                    )
                current = f"{folder}/{stem}" if folder else stem
                if current != key:
                    if members:
                        yield [key, members]
                    key, members = current, {}
                name = (dot + extension).lower().lstrip(".")
                members[name] = [member.offset_data, member.size]
                if is_label(name, member.size) and (data := tar.extractfile(member)) is not None:
                    members[name] += label_texts(data.read())
            if members:
                yield [key, members]
            _check_end(stream, tar.offset, shard)
    except tarfile.TarError as error:
        raise ValueError(f"data: expected a tar file without compression at {shard.name}: {error}") from error


def _check_end(stream: BinaryIO, offset: int, shard: Shard) -> None:
    """Refuse a shard that goes on after tarfile's end: it takes a damaged header for one."""
    stream.seek(offset)
    if not stream.read(tarfile.BLOCKSIZE):
        raise ValueError(
            f"data: expected an end mark in {shard.name}, which is cut off after {offset} bytes; write it again"
        )
    stream.seek(offset)
    while block := stream.read(_CHUNK):
        if block.count(0) != len(block):
            raise ValueError(
                f"data: expected the end of {shard.name} at byte {offset}, got more data: a damaged header, or a "
                "second archive behind the first; write the shard again"
            )


def _open(name: str) -> BinaryIO:
    if is_url(name):
        system, path = filesystem(name)
        return system.open(path, "rb")
    return open(name, "rb")
