"""The members of a packed sample: their names, and the text of its label."""

from __future__ import annotations

import operator
import os
import re
import tarfile
from typing import Any, NamedTuple

import numpy as np

from fastmix.loader.sources.shard_index import label_texts
from fastmix.loader.sources.shard_members import is_label
from fastmix.packing.options import CALLER

_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_STEM = 40


def key_of(position: int, path: str) -> str:
    """Return the name of a sample in its shard, without a dot: its place in the part, and its file's name."""
    name = re.split("[/!]", path)[-1]
    stem = name.rpartition(".")[0] or name
    return f"{position:08d}_{_OTHER.sub('_', stem)[:_LONGEST_STEM]}"


def position_of(key: str) -> int:
    """Return a sample's place in its part.

    Raises:
        ValueError: ``key`` is of another program.
    """
    return int(key[: key.index("_")])


def extension_of(data: bytes) -> str:
    """Return the extension that the first bytes of an image stand for, as Pillow and webdataset know it.

    Raises:
        ValueError: none that fastmix decodes.
    """
    starts = {b"\xff\xd8": "jpg", b"\x89PNG": "png", b"BM": "bmp", b"II*\0": "tif", b"MM\0*": "tif"}
    starts |= {b"II+\0": "tif", b"MM\0+": "tif", b"P2": "pgm", b"P5": "pgm", b"P": "ppm"}
    for start, extension in starts.items():
        if data.startswith(start):
            return extension
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise ValueError(f"expected an image of a format that fastmix decodes, got bytes that begin with {data[:12]!r}")


def label_text(label: Any, path: str) -> bytes:
    """Return a class id, or a row of floats with every bit, as the loader reads it from a ``.cls`` member.

    Raises:
        ValueError: neither; the message names the sample.
    """
    try:
        if np.ndim(label) == 0:
            return str(operator.index(label)).encode()
        row = np.asarray(label, dtype=np.float32)
        if row.ndim == 1 and row.size and np.isfinite(row).all():
            # As float64, whose shortest text is read back exactly; a float's text always has a dot, an id's never.
            return " ".join(map(repr, row.astype(np.float64).tolist())).encode()
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{CALLER}: expected a class id or a row of finite floats as label of {path}, got {label!r:.80}")


class Packed(NamedTuple):
    """A sample as it stands in a shard.

    Attributes:
        key: its name.
        block: its members, with their headers.
        places: by extension, as an index holds it, but the first byte counts from the block's.
    """

    key: str
    block: bytes
    places: dict[str, list[Any]]


def packed(key: str, members: dict[str, bytes]) -> Packed:
    """Return a sample with these members, the same bytes for the same arguments."""
    parts: list[bytes] = []
    places: dict[str, list[Any]] = {}
    size = 0
    for extension, data in members.items():
        info = tarfile.TarInfo(f"{key}.{extension}")
        info.size = len(data)
        info.mode = 0o644
        header = info.tobuf(tarfile.USTAR_FORMAT)
        places[extension] = [size + len(header), len(data)]
        if is_label(extension, len(data)):
            places[extension] += label_texts(data)
        parts += [header, data, bytes(-len(data) % tarfile.BLOCKSIZE)]
        size += sum(map(len, parts[-3:]))
    return Packed(key, b"".join(parts), places)


def owned(header: bytes, owner: str) -> bytes:
    """Return a member's header with this owner."""
    info = tarfile.TarInfo.frombuf(header, tarfile.ENCODING, "surrogateescape")
    info.uname = owner
    return info.tobuf(tarfile.USTAR_FORMAT)


END_OF_TAR = bytes(2 * tarfile.BLOCKSIZE)


def shard_name(part: str, number: int) -> str:
    """Return the file name of a part's shard."""
    return f"{part}-{number:06d}.tar"


def shard_pattern(folder: str, part: str) -> str:
    """Return the pattern of a part's shards, as ``fastmix.DataLoader`` takes it."""
    return os.path.join(folder, f"{part}-*.tar")
