"""Parquet files with the images' bytes in them, as the Hugging Face hub keeps them: read by row group."""

from __future__ import annotations

import glob
import json
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastmix.loader.sources.block_cache import BlockCache
from fastmix.loader.sources.columns import Table
from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.label_texts import parse_labels
from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.source import Path, Source, digest

# Decoded row groups are kept up to this size; a random order over more reads a row group for a few images.
CACHE_BYTES = 4 << 30
_LABEL_NAMES = ("label", "labels", "class", "target", "fine_label")


class ParquetImages(Source):
    """Images in a column of Parquet files; the column holds bytes, or structs of bytes and path.

    Args:
        files: paths or URLs.
        image: name of the column.
        groups: int64 (G, 3): file, row group in it and number of rows.
    """

    delivers = "encoded"

    def __init__(self, files: Sequence[str], image: str, groups: np.ndarray) -> None:
        self.files = files
        self._image = image
        self._groups = groups
        self._starts = np.cumsum(groups[:, 2]) - groups[:, 2]
        self._rows = int(groups[:, 2].sum())
        self._begin()

    def _begin(self) -> None:
        self._cached = BlockCache(self._read_group, CACHE_BYTES)

    def __len__(self) -> int:
        return self._rows

    def path(self, sample: int) -> str:
        group, row = self._place(sample)
        return f"{self.files[self._groups[group, 0]]}[{int(self._groups[group, 1])}:{row}]"

    def fingerprint(self) -> str:
        names = "\n".join(os.path.basename(file) for file in self.files)
        labels = [] if self.labels is None else [self.labels.values]
        return digest(np.frombuffer(os.fsencode(names), np.uint8), self._groups, *labels)

    def read(self, sample: int) -> tuple[np.ndarray, object]:
        group, row = self._place(sample)
        value = self._cached.get(group)[row]
        data = value["bytes"] if value.is_valid and hasattr(value, "keys") else value
        if data.is_valid:
            return np.frombuffer(data.as_buffer(), np.uint8), None
        name = value["path"].as_py() if value.is_valid and "path" in value else None
        if not name:
            raise ValueError("the image has no bytes and no path")
        # datasets keeps only the paths of images that are local files.
        with open(os.path.join(os.path.dirname(self.files[self._groups[group, 0]]), name), "rb") as file:
            return np.frombuffer(file.read(), np.uint8), None

    def _place(self, sample: int) -> tuple[int, int]:
        group = int(np.searchsorted(self._starts, sample, side="right")) - 1
        return group, int(sample - self._starts[group])

    def blocks(self) -> np.ndarray:
        return self._starts[self._groups[:, 2] > 0]

    def _read_group(self, group: int) -> tuple[Any, int]:
        """Return the images of a row group, and their bytes."""
        file = open_parquet(self.files[self._groups[group, 0]])
        column = file.read_row_group(int(self._groups[group, 1]), columns=[self._image], use_threads=False)
        values = column.column(0).combine_chunks()
        return values, values.nbytes

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_cached"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()


def open_parquet(name: str) -> Any:
    """Return pyarrow's ParquetFile.

    Raises:
        ImportError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(f"data: expected pyarrow for {name}; pip install pyarrow, or use a CSV") from error
    if is_url(name):
        system, path = filesystem(name)
        return pyarrow.parquet.ParquetFile(system.open(path, "rb"))
    return pyarrow.parquet.ParquetFile(name)


def has_images(data: object) -> bool:
    """Whether ``data`` names Parquet files with a column of bytes."""
    if not isinstance(data, str | os.PathLike) or not os.fspath(data).lower().endswith(".parquet"):
        return False
    files = _files(os.fspath(data))
    return bool(files) and bool(_byte_columns(open_parquet(files[0]).schema_arrow))


def parquet_images(data: Path, hints: Hints = NO_HINTS) -> ParquetImages:
    """Open Parquet files with embedded images; ``*`` and ``?`` in the name stand for several.

    Raises:
        ValueError: several columns of bytes, or of labels; the message names ``image_key`` or ``label_key``.
    """
    files = _files(os.fspath(data))
    opened = [open_parquet(file) for file in files]
    schema = opened[0].schema_arrow
    shown = f"{files[0]}, whose columns are {', '.join(schema.names)}"
    images = _byte_columns(schema)
    image = hints.image_key or (images[0] if len(images) == 1 else None)
    if image not in images:
        raise ValueError(f"data: expected image_key=, a column of bytes, for {shown}")
    others = [name for name in schema.names if name not in images]
    known = [name for name in _LABEL_NAMES if name in others]
    label = hints.label_key or (known[0] if len(known) == 1 else None)
    if label not in schema.names and (others or hints.label_key is not None):
        raise ValueError(f"data: expected label_key=, the column of labels, for {shown}")
    groups = [
        (number, group, file.metadata.row_group(group).num_rows)
        for number, file in enumerate(opened)
        for group in range(file.metadata.num_row_groups)
    ]
    source = ParquetImages(files, image, np.array(groups, dtype=np.int64).reshape(-1, 3))
    if not len(source):
        raise ValueError(f"data: expected at least one row in {', '.join(files)}, got none")
    size = sum(
        file.metadata.row_group(g).total_byte_size for file in opened for g in range(file.metadata.num_row_groups)
    )
    if size > CACHE_BYTES:
        warnings.warn(
            f"data: {size >> 30} GiB of images in Parquet files do not fit into memory, and a random order reads "
            "a row group for every few; shuffle='blocks' reads each row group about once",
            UserWarning,
            stacklevel=4,
        )
    values = [] if label is None else [v for file in opened for v in file.read(columns=[label]).column(0).to_pylist()]
    names = hints.classes or _hub_names(schema, label)
    places = None if label is None else [0]
    source.labels, source.classes = parse_labels(
        Table(shown, [label or ""], [values or [None] * len(source)]), places, names
    )
    source.unlabelled = source.labels is None
    source.ids_by_name = names is None and bool(values) and isinstance(values[0], str)
    return source


def _files(pattern: str) -> list[str]:
    if is_url(pattern):
        system, path = filesystem(pattern)
        return [system.unstrip_protocol(found) for found in sorted(system.glob(path))] if "*" in pattern else [pattern]
    return sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern] if os.path.exists(pattern) else []


def _byte_columns(schema: Any) -> list[str]:
    def holds_bytes(kind: Any) -> bool:
        if str(kind) in ("binary", "large_binary"):
            return True
        return str(kind).startswith("struct") and any(str(field.type) in ("binary", "large_binary") for field in kind)

    return [field.name for field in schema if holds_bytes(field.type)]


def _hub_names(schema: Any, label: str | None) -> Sequence[str] | None:
    """Return the names of a ClassLabel column, which ``datasets`` keeps in the file's metadata."""
    try:
        info = json.loads((schema.metadata or {})[b"huggingface"])
        names = info["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return tuple(map(str, names)) if isinstance(names, list) else None
