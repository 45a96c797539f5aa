"""Labels of manifests, which may be texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastmix.loader.sources.class_names import read_labels
from fastmix.loader.sources.columns import Table
from fastmix.loader.sources.label_table import Labels

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NUMBERS = re.compile(rf"\[?\s*{_NUMBER.pattern}(\s*,\s*{_NUMBER.pattern})+\s*\]?")


def parse_labels(
    table: Table, places: Sequence[int] | None, classes: Sequence[str] | None
) -> tuple[Labels | None, Sequence[str]]:
    """Return the labels of a manifest's columns, and the names of the classes.

    Raises:
        ValueError: labels of several kinds, or none in a row; the message names the row.
    """
    if places is None:
        return read_labels([None] * len(table), classes)
    if len(places) > 1:
        return _vectors(table, places, classes)
    first_row = 1 if not table.text or table.headless else 2
    labels = list(table.columns[places[0]])
    if any(label is None or label == "" for label in labels):
        row = next(i for i, label in enumerate(labels) if label is None or label == "") + first_row
        raise ValueError(f"data: expected a label in every row of {table.name}, got none in row {row}")
    if table.text:
        labels = _parsed([label.strip() for label in labels], table.name, first_row, classes is not None)
    try:
        return read_labels(labels, classes)
    except ValueError as error:
        raise ValueError(f"{error}, in {table.name}") from error


def _parsed(texts: list[str], name: str, first_row: int, named: bool) -> list[Any]:
    """Return ids, names, sets of one of them, or vectors."""
    if any(";" in text or "|" in text for text in texts):
        parts = [[part.strip() for part in re.split("[;|]", text) if part.strip()] for text in texts]
        if not named and all(part.isdecimal() for row in parts for part in row):
            return [{int(part) for part in row} for row in parts]
        if not named:
            _refuse_commas(parts, name, first_row)
        return [set(row) for row in parts]
    if named:
        return texts
    for row, text in enumerate(texts, first_row):
        if _NUMBERS.fullmatch(text):
            raise ValueError(
                f"data: expected class ids separated by ';', or the numbers of a vector by spaces, as label in row "
                f"{row} of {name}, got {text!r:.80}"
            )
    numeric = [all(_NUMBER.fullmatch(part) for part in text.split()) for text in texts]
    if any(numeric) and not all(numeric):
        row = numeric.index(not numeric[0])
        raise ValueError(
            f"data: expected labels of one kind in {name}, got {texts[0]!r:.80} and, in row {row + first_row}, "
            f"{texts[row]!r:.80}; pass classes= if all are names"
        )
    if not all(numeric):
        _refuse_commas([[text] for text in texts], name, first_row)
        return texts
    if all(text.isdecimal() for text in texts):
        return [int(text) for text in texts]
    vectors = [[float(part) for part in text.split()] for text in texts]
    if all(len(vector) == 1 for vector in vectors) and any(
        "." not in text and "e" not in text.lower() for text in texts
    ):
        odd = next(i for i, text in enumerate(texts) if text.isdecimal() != texts[0].isdecimal() or text[0] in "+-")
        raise ValueError(
            f"data: expected labels of one kind in {name}, got class ids and, in row {odd + first_row}, "
            f"{texts[odd]!r}; class ids are integers from 0"
        )
    return vectors


def _refuse_commas(rows: list[list[str]], name: str, first_row: int) -> None:
    """Refuse a class name that joins other classes with commas. Names such as "hen, domestic" are fine."""
    names = {part for row in rows for part in row}
    for number, row in enumerate(rows, first_row):
        for part in row:
            if "," in part and names.issuperset(piece.strip() for piece in part.split(",")):
                raise ValueError(
                    f"data: expected class names separated by ';' in row {number} of {name}, got {part!r:.80}, which "
                    "joins other classes; pass classes= if it is one name"
                )


def _vectors(table: Table, places: Sequence[int], classes: Sequence[str] | None) -> tuple[Labels, Sequence[str]]:
    names = [table.header[place] for place in places]
    if classes is not None and list(classes) != names:
        raise ValueError(
            f"data: expected no classes=, or {names}, with several columns in label_column=, got {classes}"
        )
    try:
        values = np.array([[float(cell) for cell in table.columns[place]] for place in places], dtype=np.float32).T
    except (TypeError, ValueError) as error:
        raise ValueError(f"data: expected numbers in {', '.join(names)} of {table.name}: {error}") from error
    if not np.isfinite(values).all():
        raise ValueError(f"data: expected finite numbers in {', '.join(names)} of {table.name}")
    return Labels(np.ascontiguousarray(values), len(names)), tuple(names)
