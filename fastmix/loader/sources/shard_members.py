"""Chooses the members of a shard's samples that are the image and the label, and reads labels."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastmix.loader.sources.hints import Hints
from fastmix.loader.sources.source import IMAGE_EXTENSIONS

_LABELS = ("cls", "cls2", "label")
# The index of a shard holds labels up to so many bytes: ids and names, and no long rows.
_SHORT = 64
# Members that hold a label in some archives, and something else in others.
_PERHAPS = ("json", "txt", "npy", "pyd", "pickle", "index", "id", "text")


@dataclass(frozen=True)
class MemberKey:
    """The member that is a sample's label, and the field of it if it is JSON."""

    member: str
    field: tuple[str, ...] = ()

    def parse(self, data: bytes, sample: str) -> Any:
        """Return a label: an id, a name, or a vector of floats.

        Raises:
            ValueError: there is none in the member; the message names the sample.
        """
        kind = self.member.rpartition(".")[2]
        try:
            if kind == "npy":
                return np.load(io.BytesIO(data), allow_pickle=False).astype(np.float32)
            if kind == "json":
                value = json.loads(data)
                for name in self.field:
                    value = value[name]
                return value
            words = data.decode().split()
            if kind not in (*_LABELS, "index", "id"):
                return int(words[0]) if len(words) == 1 and words[0].isdecimal() else data.decode().strip()
            if len(words) == 1 and not _is_number(words[0]):
                return words[0]
            if len(words) > 1 and all(map(str.isdecimal, words)) and max(map(int, words)) > 1:
                raise ValueError("ids or a vector")
            return (
                int(words[0]) if len(words) == 1 and "." not in words[0] else [float(words[0]), *map(float, words[1:])]
            )
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise ValueError(
                f"data: expected a .cls member with a class id, a name, or a vector with decimal points, or what "
                f"label_key= names, beside {sample}, got {data[:80]!r}"
            ) from error


def is_label(extension: str, size: int) -> bool:
    """Whether a member of so many bytes is a label that the index of its shard holds."""
    return extension.rpartition(".")[2] in _LABELS and size <= _SHORT


def choose_members(
    samples: Sequence[Mapping[str, Any]], hints: Hints, name: str
) -> tuple[frozenset[str], MemberKey | None]:
    """Return the images' extensions, one of which a sample has, and the labels' key, or None for no labels.

    Raises:
        ValueError: no images, or members that can be read in more than one way; the message names the argument.
    """
    found = Counter(extension for members in samples for extension in members)
    images = [extension for extension in found if f".{extension}".endswith(IMAGE_EXTENSIONS)]
    shown = ", ".join(f".{extension} ({count})" for extension, count in found.most_common(12))
    if hints.image_key is not None:
        images = [hints.image_key.lower().lstrip(".")]
        if images[0] not in found:
            raise ValueError(
                f"data: expected image_key= to be one of the members in {name}: {shown}; got {images[0]!r}"
            )
    elif not images:
        raise ValueError(f"data: expected images ({', '.join(IMAGE_EXTENSIONS)}) in {name}, found none")
    elif any(sum(image in members for image in images) > 1 for members in samples):
        raise ValueError(f"data: expected image_key=, since samples in {name} have several members: {shown}")
    if hints.label_key is not None:
        return frozenset(images), _label_key(hints.label_key.lstrip("."), found, name, shown)
    labels = [extension for extension in found if extension.rpartition(".")[2] in _LABELS]
    if len(labels) == 1:
        return frozenset(images), MemberKey(labels[0])
    perhaps = [extension for extension in found if extension.rpartition(".")[2] in _PERHAPS]
    if labels or perhaps:
        raise ValueError(
            f"data: expected label_key=, the member that is the label (json.label: a field of .json), since "
            f"there {'are several .cls members' if labels else 'is no .cls member'} in {name}: {shown}"
        )
    return frozenset(images), None


def _label_key(key: str, found: Mapping[str, int], name: str, shown: str) -> MemberKey:
    parts = key.split(".")
    for i in range(len(parts), 0, -1):
        member = ".".join(parts[:i]).lower()
        if member in found and (i == len(parts) or member.rpartition(".")[2] == "json"):
            if member.rpartition(".")[2] in ("pyd", "pickle", "pkl"):
                raise ValueError(f"data: expected a label_key= other than .{member}: pickles are not read")
            return MemberKey(member, tuple(parts[i:]))
    raise ValueError(f"data: expected label_key= to be one of the members in {name}: {shown}; got {key!r}")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
