"""What a data set holds, from labels, file sizes and headers: nothing is decoded."""

from __future__ import annotations

import hashlib
import os
import statistics
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastmix.loader.sources.paths import PathSource
from fastmix.loader.sources.remote import is_url

if TYPE_CHECKING:
    from fastmix.loader.sources.source import Source

_READ = 1 << 20  # bytes at a time
_ORIENTATION = 0x0112


class Header(NamedTuple):
    """What the first bytes of an image say."""

    format: str
    mode: str
    width: int
    height: int
    frames: int
    orientation: int


class Item(NamedTuple):
    """One sample: its bytes, the key that equal samples share, and its header if it could be read."""

    size: int
    key: bytes
    header: Header | None


def census(source: Source, threads: int, tick: Callable[[int], None]) -> dict[str, Any]:
    """Count classes, formats, sizes and duplicates; ``tick`` gets the number of samples that are done.

    Remote files and Datasets of pixels are not read: their part is None.
    """
    found: dict[str, Any] = {"classes": class_counts(source)}
    if source.delivers == "pixels" or (isinstance(source, PathSource) and is_url(source.path(0))):
        tick(len(source))
        return {**found, "kilobytes": None, "duplicates": None, "headers": None}
    items: list[Item | None] = []
    alike = same_sizes(source)
    with ThreadPoolExecutor(threads) as pool:
        for item in pool.map(lambda sample: look_at(source, sample, sample in alike), range(len(source))):
            items.append(item)
            tick(1)
    there = [item for item in items if item is not None]
    found["kilobytes"] = spread([item.size / 1e3 for item in there])
    found["duplicates"] = duplicates(source, items)
    found["headers"] = describe_headers([item.header for item in there if item.header]) if has_pillow() else None
    return found


def class_counts(source: Source) -> dict[str, int] | None:
    """Return the number of samples of every class; a sample of several classes counts for each."""
    if source.labels is None:
        return None
    values = source.labels.values
    counts = (values > 0).sum(0) if source.labels.dense else np.bincount(values, minlength=len(source.classes))
    return dict(zip(source.classes, counts.tolist(), strict=False))


def same_sizes(source: Source) -> set[int]:
    """Return the files that have another one's size: only these can be duplicates. Other sources are read anyway."""
    if not isinstance(source, PathSource):
        return set(range(len(source)))
    by_size: dict[int, list[int]] = defaultdict(list)
    for sample in range(len(source)):
        if os.path.isfile(path := source.path(sample)):
            by_size[os.path.getsize(path)].append(sample)
    return {sample for samples in by_size.values() if len(samples) > 1 for sample in samples}


def look_at(source: Source, sample: int, hash_it: bool) -> Item | None:
    """Return what is to know of a sample, or None if it cannot be read."""
    try:
        if not isinstance(source, PathSource):
            data = source.read(sample)[0].tobytes()
            return Item(len(data), hashlib.blake2b(data, digest_size=16).digest(), header(BytesIO(data)))
        path = source.path(sample)
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            key = hash_of(file) if hash_it else f"{sample}".encode()
            file.seek(0)
            return Item(os.fstat(file.fileno()).st_size, key, header(file))
    except Exception:  # the decoder says what is wrong with it
        return None


def hash_of(file: Any) -> bytes:
    """Return a digest of a file's bytes."""
    hasher = hashlib.blake2b(digest_size=16)
    while chunk := file.read(_READ):
        hasher.update(chunk)
    return hasher.digest()


def has_pillow() -> bool:
    """Whether Pillow reads headers here."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        return False
    return True


def header(file: Any) -> Header | None:
    """Read a header with Pillow, which decodes nothing yet."""
    if not has_pillow():
        return None
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file) as image:
                orientation = image.getexif().get(_ORIENTATION, 1)
                frames = getattr(image, "n_frames", 1)
                return Header(image.format or "", image.mode, image.width, image.height, frames, int(orientation))
        except Exception:
            return None


def describe_headers(headers: list[Header]) -> dict[str, Any]:
    """Return formats, colours and sizes of the images whose header can be read."""
    return {
        "read": len(headers),
        "formats": dict(Counter(header.format for header in headers).most_common()),
        "modes": dict(Counter(header.mode for header in headers).most_common()),
        "megapixels": spread([header.width * header.height / 1e6 for header in headers]),
        "shorter_side": spread([float(min(header.width, header.height)) for header in headers]),
        "rotated_by_exif": sum(header.orientation not in (0, 1) for header in headers),
        "animated": sum(header.frames > 1 for header in headers),
    }


def spread(values: list[float]) -> dict[str, float] | None:
    """Return least, median and greatest value."""
    if not values:
        return None
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def duplicates(source: Source, items: Iterable[Item | None]) -> dict[str, Any]:
    """Return how many samples repeat the bytes of an earlier one, and those with different labels."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for sample, item in enumerate(items):
        if item is not None:
            groups[item.key].append(sample)
    repeated = [samples for samples in groups.values() if len(samples) > 1]
    labels = None if source.labels is None else source.labels.values
    contradicting = [s for s in repeated if labels is not None and not (labels[s] == labels[s[0]]).all()]
    return {
        "samples": sum(len(samples) - 1 for samples in repeated),
        "groups": [[source.path(sample) for sample in samples] for samples in repeated],
        "with_different_labels": [[source.path(sample) for sample in samples] for samples in contradicting],
    }
