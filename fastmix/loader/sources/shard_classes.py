"""``classes.json`` beside shards: the names of their classes, or how many there are."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from fastmix.loader.sources.class_names import IdNames
from fastmix.loader.sources.remote import filesystem, is_url

CLASSES = "classes.json"
# A file may say that there are so many without naming them.
MOST_CLASSES = 2**20


def read_classes(shards: Sequence[str]) -> Sequence[str] | None:
    """Return the names of the classes of these shards; None if there is no ``classes.json`` in their folders.

    The file holds a list of names, or the number of classes if they have none.

    Raises:
        ValueError: it holds something else, or the folders' files differ.
    """
    found: dict[str, Sequence[str] | None] = {}
    for shard in shards:
        folder = shard.rpartition("/")[0]
        if folder not in found:
            found[folder] = _read(f"{folder}/{CLASSES}")
    first, *others = found.items()
    for folder, classes in others:
        if classes != first[1]:
            raise ValueError(
                f"data: expected the same classes in {first[0]}/{CLASSES} and {folder}/{CLASSES}, got other ones; "
                "pass classes="
            )
    return first[1]


def _read(place: str) -> Sequence[str] | None:
    try:
        if is_url(place):
            system, path = filesystem(place)
            data = system.cat_file(path)
        else:
            with open(os.fsencode(place), "rb") as file:
                data = file.read()
    except FileNotFoundError:
        return None
    except PermissionError:
        if is_url(place):  # a store that does not list its files refuses missing ones
            return None
        raise
    try:
        classes = json.loads(data)
    except (ValueError, RecursionError):
        classes = None
    if type(classes) is int and 0 < classes <= MOST_CLASSES:
        return IdNames(classes)
    if isinstance(classes, list) and classes and all(isinstance(name, str) for name in classes):
        if len(set(classes)) == len(classes):
            return tuple(classes)
    raise ValueError(
        f"data: expected a list of different names, or their number, in {place}, got {data[:80]!r}; pass classes="
    )
