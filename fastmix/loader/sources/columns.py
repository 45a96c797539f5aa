"""Chooses a manifest's columns of paths and of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastmix.loader.sources.hints import Hints
from fastmix.loader.sources.source import IMAGE_EXTENSIONS

# Names of the two columns, the first ones preferred.
_PATH_NAMES = ("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "img", "url")
_LABEL_NAMES = ("label", "labels", "class", "class_id", "class_name", "target", "category")


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a manifest.

    Attributes:
        name: in messages.
        header: the columns' names.
        columns: their entries.
        text: whether all entries are texts, which have to be parsed.
        headless: whether the names are places, since the file has no header.
    """

    name: str
    header: Sequence[str]
    columns: Sequence[Sequence[Any]]
    text: bool = False
    headless: bool = False

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0


def choose_columns(table: Table, hints: Hints) -> tuple[int, list[int] | None]:
    """Return the places of the column of paths, and of the columns of labels, or None if there are no labels.

    Raises:
        ValueError: there is no such column, or columns cannot be told apart; the message names the argument.
    """
    names = [column.strip().lower() for column in table.header]
    shown = f"{table.name}, whose columns are {', '.join(table.header)}"
    if not table.header:
        raise ValueError(f"data: expected a header with a column of paths and one of labels in {table.name}, got none")
    if hints.path_column is None and _is_data(table):
        raise ValueError(
            f"data: expected a header in the first row of {table.name}, got {', '.join(table.header)}; add one, or "
            "pass path_column=0 and label_column=1, the places of the columns"
        )
    if hints.path_column is not None:
        path = _place(table, hints.path_column, "path_column")
    else:
        known = next((names.index(name) for name in _PATH_NAMES if name in names), None)
        images = [i for i, column in enumerate(table.columns) if _is_image(column[0])]
        if known is None and len(images) != 1:
            raise ValueError(f"data: expected path_column=, the column of paths, for {shown}")
        path = images[0] if known is None else known
    if hints.label_column is not None:
        several = not isinstance(hints.label_column, str | int)
        wanted = list(hints.label_column) if several else [hints.label_column]
        return path, [_place(table, column, "label_column") for column in wanted]
    label = next((names.index(name) for name in _LABEL_NAMES if name in names), None)
    others = [i for i in range(len(names)) if i != path]
    if label is None and len(others) > 1:
        raise ValueError(
            f"data: expected label_column=, the column of labels, or a list of several columns of numbers, for {shown}"
        )
    if label is None:
        return path, others or None
    return path, [label]


def _place(table: Table, column: str | int, argument: str) -> int:
    if isinstance(column, int) and not isinstance(column, bool) and 0 <= column < len(table.header):
        return column
    if isinstance(column, str) and not table.headless and column in table.header:
        return list(table.header).index(column)
    raise ValueError(
        f"data: expected {argument} to be one of {', '.join(table.header)} in {table.name}, got {column!r}"
    )


def _is_image(cell: Any) -> bool:
    return isinstance(cell, str) and cell.lower().endswith(IMAGE_EXTENSIONS)


def _is_data(table: Table) -> bool:
    """Whether the first row of a text looks like the others."""
    return table.text and any(_is_image(cell) or cell.isdecimal() for cell in table.header)
