"""Manifests: a CSV, TSV or Parquet file with a path and a label per row."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence

from fastmix.loader.sources.label_table import Labels, label_table
from fastmix.loader.sources.paths import PathSource, path_table
from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.source import Path

_EXTENSIONS = (".csv", ".tsv", ".parquet")
# Names of the two columns, the first ones preferred.
_PATH_NAMES = ("path", "file", "filename", "file_name", "image", "image_path", "url")
_LABEL_NAMES = ("label", "labels", "class", "class_id", "target", "category")


def is_manifest(data: object) -> bool:
    """Whether ``data`` is the path or URL of a manifest."""
    return isinstance(data, str | os.PathLike) and os.fspath(data).lower().endswith(_EXTENSIONS)


def manifest(file: Path) -> PathSource:
    """Open the samples that a manifest lists, in its order.

    The first row names the columns. ``path`` and ``label`` (or other usual names) are read, else the first and the
    second column. Relative paths start from the manifest's folder. A column of labels holds

    * integers: class ids;
    * texts: class names, whose ids are their places in alphabetical order;
    * integers separated by ``;`` or ``|`` (a ``;`` or ``|`` in at least one row): multi-label;
    * decimal numbers separated by spaces, or lists of floats in Parquet: vectors.

    Raises:
        FileNotFoundError: there is no such file.
        ImportError: the file is Parquet, and pyarrow is not installed.
        ValueError: no rows, too few columns, or a label of none of these kinds.
    """
    name = os.fspath(file)
    paths, labels = _parquet(name) if name.lower().endswith(".parquet") else _csv(name)
    if not paths:
        raise ValueError(f"data: expected at least one row in {name}, got none")
    folder = name.rpartition("/")[0] if is_url(name) else os.path.dirname(os.path.abspath(name))
    full = [path if path.startswith("/") or is_url(path) else f"{folder}/{path}" for path in paths]
    table, classes = _labels(labels, name)
    return PathSource(path_table(full), table, classes)


def _csv(name: str) -> tuple[list[str], list[str]]:
    text = _read(name).decode("utf-8-sig")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if name.lower().endswith(".tsv") else ",")
    header = next(rows, [])
    path, label = _columns(header, name)
    found = [(row[path], row[label]) if len(row) > max(path, label) else None for row in rows if row]
    if None in found:
        raise ValueError(f"data: expected {len(header)} columns in row {found.index(None) + 2} of {name}")
    return [row[0] for row in found], [row[1] for row in found]


def _parquet(name: str) -> tuple[list[str], list[object]]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(f"data: expected pyarrow for {name}; pip install pyarrow, or use a CSV") from error
    table = pyarrow.parquet.read_table(io.BytesIO(_read(name)))
    path, label = _columns(table.column_names, name)
    paths, labels = table.column(path).to_pylist(), table.column(label).to_pylist()
    if None in paths or None in labels:
        row = (paths if None in paths else labels).index(None)
        raise ValueError(f"data: expected a path and a label in every row of {name}, got none in row {row}")
    return paths, labels


def _columns(header: Sequence[str], name: str) -> tuple[int, int]:
    """Return the places of the column of paths and of the column of labels."""
    if len(header) < 2:
        raise ValueError(
            f"data: expected a header with a column of paths and one of labels in {name}, got {list(header)}"
        )
    names = [column.strip().lower() for column in header]
    path, label = (next((names.index(n) for n in known if n in names), None) for known in (_PATH_NAMES, _LABEL_NAMES))
    if path is None:
        path = 0 if label != 0 else 1
    if label is None:
        label = 1 if path != 1 else 0
    return path, label


def _labels(labels: list, name: str) -> tuple[Labels, tuple[str, ...] | None]:
    """Return the table, and the classes' names if the labels are names."""
    if not isinstance(labels[0], str):
        return label_table(labels), None
    texts = [str(label).strip() for label in labels]
    try:
        if any(";" in text or "|" in text for text in texts):
            return label_table(
                [{int(part) for part in text.replace("|", ";").split(";") if part} for text in texts]
            ), None
        if all(text.isdecimal() for text in texts):
            return label_table([int(text) for text in texts]), None
        if " " in texts[0] or "." in texts[0]:
            return label_table([[float(part) for part in text.split()] for text in texts]), None
    except ValueError as error:
        raise ValueError(f"data: expected labels of one kind in {name}: {error}") from error
    if "" in texts:
        raise ValueError(f"data: expected a label in every row of {name}, got none in row {texts.index('') + 2}")
    classes = sorted(set(texts))
    ids = {text: i for i, text in enumerate(classes)}
    return Labels(label_table([ids[text] for text in texts]).values, len(classes)), tuple(classes)


def _read(name: str) -> bytes:
    if is_url(name):
        system, path = filesystem(name)
        return system.cat_file(path)
    with open(name, "rb") as file:
        return file.read()
