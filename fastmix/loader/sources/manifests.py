"""Manifests: a CSV, TSV, JSON-lines or Parquet file, or a DataFrame, with a path and a label per row."""

from __future__ import annotations

import csv
import io
import json
import os
from typing import Any

from fastmix.loader.sources.class_names import IdNames
from fastmix.loader.sources.columns import Table, choose_columns
from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.label_texts import parse_labels
from fastmix.loader.sources.parquet_images import open_parquet
from fastmix.loader.sources.path_table import PathTable
from fastmix.loader.sources.paths import PathSource, check_first, rooted
from fastmix.loader.sources.remote import filesystem, is_url
from fastmix.loader.sources.source import Path

_EXTENSIONS = (".csv", ".tsv", ".parquet", ".jsonl")


def is_manifest(data: object) -> bool:
    """Whether ``data`` is the path or URL of a manifest."""
    return isinstance(data, str | os.PathLike) and os.fspath(data).lower().endswith(_EXTENSIONS)


def is_frame(data: object) -> bool:
    """Whether ``data`` is a pandas DataFrame."""
    return all(hasattr(data, name) for name in ("columns", "iloc", "to_numpy"))


def manifest(file: Path, hints: Hints = NO_HINTS) -> PathSource:
    """Open the samples that a manifest lists, in its order.

    The first row names the columns; ``path_column`` and ``label_column`` say which are read, and are places if there is
    no such row. Without them, the usual names are looked for. Relative paths start from ``root``, or the manifest's
    folder. A column of labels holds

    * integers: class ids;
    * texts: class names, whose ids are their places in ``classes``, or in alphabetical order;
    * ids or names separated by ``;`` or ``|`` (a ``;`` or ``|`` in at least one row): multi-label;
    * decimal numbers separated by spaces, or lists of floats in Parquet: vectors.

    Several label columns are the columns of vectors, and the classes' names. A manifest without a column of labels has
    no labels.

    Raises:
        FileNotFoundError: there is no such file, or no file at the first row's path.
        ImportError: the file is Parquet, and pyarrow is not installed.
        ValueError: no rows, columns that cannot be told apart, or a label of none of these kinds.
    """
    name = os.fspath(file)
    folder = name.rpartition("/")[0] if is_url(name) else os.path.dirname(os.path.abspath(name))
    return _open(_table(name, hints), folder, hints)


def frame(data: Any, hints: Hints = NO_HINTS) -> PathSource:
    """Open a pandas DataFrame as :func:`manifest` opens a file; relative paths start from the current folder."""
    columns = [data.iloc[:, i].tolist() for i in range(len(data.columns))]
    return _open(Table("the DataFrame", list(map(str, data.columns)), columns), os.getcwd(), hints)


def _open(table: Table, folder: str, hints: Hints) -> PathSource:
    if table.header and not len(table):
        raise ValueError(f"data: expected at least one row in {table.name}, got none")
    path, label = choose_columns(table, hints)
    paths = table.columns[path]
    for row, value in enumerate(paths):
        if not isinstance(value, str) or not value:
            raise ValueError(f"data: expected a path in every row of {table.name}, got {value!r:.80} in row {row}")
    full = rooted(paths, folder if hints.root is None else os.fspath(hints.root))
    if hints.root is not None and not os.path.isabs(full[0]) and not is_url(full[0]):
        full = list(map(os.path.abspath, full))
    labels, classes = parse_labels(table, label, hints.classes)
    check_first(full[0], "pass root=, the folder that paths start from, with {} for names without extension: {}.jpg")
    source = PathSource(PathTable(full), labels, classes)
    source.ids_by_name = hints.classes is None and len(label or ()) == 1 and not isinstance(classes, IdNames)
    return source


def _table(name: str, hints: Hints) -> Table:
    if name.lower().endswith(".parquet"):
        return _parquet(name)
    try:
        text = _read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"data: expected UTF-8 text in {name}: {error}; save it as UTF-8") from error
    if name.lower().endswith(".jsonl"):
        return _json_lines(name, text)
    return _csv(name, text, isinstance(hints.path_column, int))


def _csv(name: str, text: str, headless: bool) -> Table:
    delimiter = "\t" if name.lower().endswith(".tsv") else ","
    first = text.partition("\n")[0]
    if delimiter not in first and ";" in first and not headless:
        delimiter = ";"
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        raise ValueError(f"data: expected a table in {name}: {error}") from error
    header = (
        list(map(str, range(len(rows[0])))) if headless and rows else [cell.strip() for cell in rows[:1] and rows[0]]
    )
    body = rows if headless else rows[1:]
    for place, row in enumerate(body):
        if len(row) != len(header):
            raise ValueError(
                f"data: expected {len(header)} columns in row {place + 1 + (not headless)} of {name}, got {len(row)}"
            )
    return Table(name, header, [list(column) for column in zip(*body, strict=True)], text=True, headless=headless)


def _json_lines(name: str, text: str) -> Table:
    try:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"data: expected one JSON object per line in {name}: {error}") from error
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"data: expected one JSON object per line in {name}")
    header = list(rows[0]) if rows else []
    return Table(name, header, [[row.get(column) for row in rows] for column in header])


def _parquet(name: str) -> Table:
    table = open_parquet(name).read()
    return Table(name, table.column_names, [column.to_pylist() for column in table.columns])


def _read(name: str) -> bytes:
    if is_url(name):
        system, path = filesystem(name)
        return system.cat_file(path)
    with open(name, "rb") as file:
        return file.read()
