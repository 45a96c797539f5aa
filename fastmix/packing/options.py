"""``Options``: what decides the bytes of a pack, checked and comparable."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastmix.arguments import integer, number

CALLER = "pack"
# An interval of 4 MCUs lets the decoder pass over what lies left and right of a window, too.
RESTART_INTERVAL = 4
QUALITY = 90
_LARGEST_INTERVAL = 65535
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
# The part of a pack that is not split.
WHOLE = "shard"


@dataclass(frozen=True)
class Options:
    """What decides the bytes of a pack, beside the source.

    Attributes:
        shards: bytes of a shard at most, unless one sample alone is larger.
        shuffle: seed of the samples' order; None for the source's order.
        split: names of the parts and their shares of the samples, which add up to 1.
        max_side: larger images are shrunk until no side is longer, in pixels.
        quality: JPEG quality of images that are encoded anew; None encodes only images that are shrunk.
        restart_interval: MCUs between restart markers; 0 leaves JPEGs as they are.
        max_pixels: images whose header claims more are bad samples.
    """

    shards: int
    shuffle: int | None
    split: tuple[tuple[str, float], ...]
    max_side: int | None
    quality: int | None
    restart_interval: int
    max_pixels: int

    @property
    def lossless(self) -> bool:
        """Whether no pixel changes."""
        return self.max_side is None and self.quality is None

    def as_json(self) -> dict[str, Any]:
        """Return the options by name, as they stand in ``pack.json``."""
        return {**vars(self), "split": [list(part) for part in self.split]}


def choose_options(
    shards: int | str,
    shuffle: int | None,
    split: Mapping[str, float] | None,
    max_side: int | None,
    quality: int | None,
    restart_interval: int,
    max_pixels: int,
) -> Options:
    """Check the arguments of ``pack``.

    Raises:
        TypeError, ValueError: one of them is of another type or out of range.
    """
    interval = integer(CALLER, "restart_interval", restart_interval, 0)
    if interval > _LARGEST_INTERVAL:
        raise ValueError(f"{CALLER}: expected restart_interval <= {_LARGEST_INTERVAL}, got {interval}")
    if quality is not None and not 1 <= integer(CALLER, "quality", quality) <= 100:
        raise ValueError(f"{CALLER}: expected quality in [1, 100], got {quality}")
    return Options(
        bytes_of(shards),
        None if shuffle is None else _seed(shuffle),
        _parts(split),
        None if max_side is None else integer(CALLER, "max_side", max_side),
        None if quality is None else operator.index(quality),
        interval,
        integer(CALLER, "max_pixels", max_pixels),
    )


def bytes_of(size: int | str) -> int:
    """Return a number of bytes: an int, or a text such as ``"1GB"`` or ``"512 MiB"``."""
    if not isinstance(size, str):
        return integer(CALLER, "shards", size)
    match = _SIZE.fullmatch(size)
    if match is None or match[2].upper() not in _UNITS or not float(match[1]):
        raise ValueError(f"{CALLER}: expected shards as bytes, or as a text such as '1GB' or '512MiB', got {size!r}")
    return max(int(float(match[1]) * _UNITS[match[2].upper()]), 1)


def _seed(seed: int) -> int:
    if isinstance(seed, bool):
        raise TypeError(f"{CALLER}: expected shuffle to be a seed, or None for the order of the data, got {seed}")
    found = integer(CALLER, "shuffle", seed, 0)
    if found >= 2**64:
        raise ValueError(f"{CALLER}: expected shuffle < 2**64, got {found}")
    return found


def _parts(split: Mapping[str, float] | None) -> tuple[tuple[str, float], ...]:
    if split is None:
        return ((WHOLE, 1.0),)
    if not isinstance(split, Mapping) or not split:
        raise TypeError(f"{CALLER}: expected split as a dict of names and shares, {{'train': 0.9, 'val': 0.1}}")
    for name in split:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"{CALLER}: expected names of letters, digits, - and _ in split, got {name!r}")
    parts = tuple((name, number(f"{CALLER}: split", share)) for name, share in split.items())
    if not all(share > 0 for _, share in parts) or not math.isclose(sum(share for _, share in parts), 1, abs_tol=1e-6):
        raise ValueError(f"{CALLER}: expected shares > 0 that add up to 1 in split, got {dict(parts)}")
    return parts
