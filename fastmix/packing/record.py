"""``pack.json``: what a pack is made of, and which of its shards are finished."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from typing import Any

from fastmix.loader.sources.class_names import IdNames
from fastmix.loader.sources.source import Source
from fastmix.packing.durable import write_json
from fastmix.packing.options import CALLER, Options
from fastmix.packing.shard_writer import ShardRecord

NAME = "pack.json"
VERSION = 1
_FIELDS = {field.name: field.type for field in fields(ShardRecord)}
_TYPES = {"str": str, "int": int, "list[list[str]]": list}


class PackRecord:
    """The file ``pack.json`` of a pack.

    Args:
        folder: the pack.
        source: the data.
        options: what decides the bytes.

    Attributes:
        shards: the finished shards.
        complete: whether no shard is missing.

    Raises:
        ValueError: the file is of another version, or of a pack of other data or with other options.
    """

    def __init__(self, folder: str, source: Source, options: Options) -> None:
        self.path = os.path.join(folder, NAME)
        self.shards: list[ShardRecord] = []
        self.complete = False
        self._head: dict[str, Any] = {
            "version": VERSION,
            "source": source.fingerprint(),
            "samples": len(source),
            "classes": None if isinstance(source.classes, IdNames) else list(source.classes),
            "options": options.as_json(),
        }
        if os.path.lexists(self.path):
            self._load()

    def begin(self) -> None:
        """Write the file, unless it exists: it is the first one of a pack."""
        if not os.path.lexists(self.path):
            self._store([], False)

    def refuse_skipped(self, skip: bool) -> None:
        """Refuse to go on without skipping if samples were skipped before.

        Raises:
            ValueError: some were.
        """
        bad = [path for shard in self.shards for path, _ in shard.skipped]
        if bad and not skip:
            raise ValueError(
                f"{CALLER}: expected on_error='skip', since {self.path} has {len(bad)} skipped samples, such as "
                f"{bad[0]}"
            )

    def of_part(self, part: str) -> list[ShardRecord]:
        """Return the finished shards of a part."""
        return [shard for shard in self.shards if shard.part == part]

    def add(self, shard: ShardRecord) -> None:
        """Remember a finished shard.

        Raises:
            OSError: the disk is full.
        """
        self._store([*self.shards, shard], False)
        self.shards.append(shard)

    def end(self) -> None:
        """Remember that the pack is complete."""
        self._store(self.shards, True)
        self.complete = True

    def _store(self, shards: list[ShardRecord], complete: bool) -> None:
        record = {**self._head, "complete": complete, "shards": [shard.as_json() for shard in shards]}
        write_json(self.path, record, indent=1)

    def _load(self) -> None:
        record = read_record(self.path)
        for name, value in self._head.items():
            if name != "options" and record[name] != value:
                raise ValueError(
                    f"{CALLER}: expected the data that {self.path} was made of, got other data (its {name} differ: "
                    f"{_shown(record[name])} there, {_shown(value)} now); choose another folder"
                )
        there, now = record["options"], self._head["options"]
        differing = [
            f"{name}={there.get(name)!r} there, {now[name]!r} now" for name in now if there.get(name) != now[name]
        ]
        if differing:
            raise ValueError(
                f"{CALLER}: expected the options of the pack in {self.path}, got others: {'; '.join(differing)}; pass "
                "the same ones to go on, or choose another folder"
            )
        self.shards = [ShardRecord(**shard) for shard in record["shards"]]
        self.complete = record["complete"]


def read_record(path: str) -> dict[str, Any]:
    """Read the file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not of this version.
    """
    with open(path, "rb") as file:
        data = file.read()
    try:
        record = json.loads(data)
        version = record["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        version = None
    if version != VERSION or not _is_record(record):
        raise ValueError(
            f"{CALLER}: expected a pack of version {VERSION} in {path}, got {data[:60]!r}, of version {version}; pack "
            "into another folder"
        )
    return record


def _is_record(record: dict[str, Any]) -> bool:
    types = {"source": str, "samples": int, "options": dict, "complete": bool, "shards": list}
    return (
        "classes" in record
        and all(type(record.get(name)) is kind for name, kind in types.items())
        and all(_is_shard(shard) for shard in record["shards"])
    )


def _is_shard(shard: Any) -> bool:
    return (
        isinstance(shard, dict)
        and shard.keys() == _FIELDS.keys()
        and all(type(shard[name]) is _TYPES[str(kind)] for name, kind in _FIELDS.items())
        and all(
            isinstance(bad, list) and len(bad) == 2 and all(isinstance(t, str) for t in bad) for bad in shard["skipped"]
        )
    )


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
