"""Labels of manifests, which may be texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from fastmix.loader.sources.class_names import read_labels
from fastmix.loader.sources.columns import Table
from fastmix.loader.sources.label_table import Labels

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SEPARATOR = re.compile("[;|]")
_BRACKETS = re.compile(r"\[.*\]|\{.*\}|\(.*,.*\)")
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
    several = any(isinstance(label, str) and _SEPARATOR.search(label) for label in labels)
    empty = [row for row, label in enumerate(labels, first_row) if _is_empty(label)]
    if empty and not several:
        raise ValueError(
            f"data: expected a label in every row of {table.name}, got none in row {empty[0]}; a row without "
            "classes is possible where other rows separate classes by ';'"
        )
    labels = ["" if _is_empty(label) else label for label in labels]
    if all(isinstance(label, str) for label in labels):
        labels = _parsed([label.strip() for label in labels], table.name, first_row, classes)
    try:
        return read_labels(labels, classes)
    except ValueError as error:
        raise ValueError(f"{error}, in {table.name}") from error


def _is_empty(label: Any) -> bool:
    """Whether a cell is empty; pandas has a float that is not a number there."""
    return label is None or label == "" or (isinstance(label, float) and label != label)


def _parsed(texts: list[str], name: str, first_row: int, classes: Sequence[str] | None) -> list[Any]:
    """Return ids, names, sets of one of them, or vectors."""
    # Many rows have the same text.
    parts = {text: [part.strip() for part in _SEPARATOR.split(text) if part.strip()] for text in set(texts)}
    several = any(map(_SEPARATOR.search, parts))
    # Names that are numbers stay names; else a number is an id.
    are_ids = all(map(str.isdecimal, chain(*parts.values()))) and not any(map(str.isdecimal, classes or ()))
    if several and are_ids:
        return [{int(part) for part in parts[text]} for text in texts]
    if classes is None and (joined := _joined(chain(*parts.values()))):
        row, part = next(
            (row, part) for row, text in enumerate(texts, first_row) for part in parts[text] if part in joined
        )
        raise ValueError(
            f"data: expected class ids or names separated by ';' in row {row} of {name}, got {part!r:.80}, which looks "
            "like several; pass classes= if it is one name, or separate the numbers of a vector by spaces"
        )
    if several:
        return [set(parts[text]) for text in texts]
    if are_ids:
        return [int(text) for text in texts]
    return texts if classes is not None else _names_or_vectors(texts, name, first_row)


def _names_or_vectors(texts: list[str], name: str, first_row: int) -> list[Any]:
    numeric = [all(_NUMBER.fullmatch(part) for part in text.split()) for text in texts]
    if any(numeric) and not all(numeric):
        row = numeric.index(not numeric[0])
        raise ValueError(
            f"data: expected labels of one kind in {name}, got {texts[0]!r:.80} and, in row {row + first_row}, "
            f"{texts[row]!r:.80}; pass classes= if all are names"
        )
    if not all(numeric):
        return texts
    vectors = [[float(part) for part in text.split()] for text in texts]
    if all(len(vector) == 1 for vector in vectors) and any(
        "." not in text and "e" not in text.lower() for text in texts
    ):
        odd = next(i for i, text in enumerate(texts) if text.isdecimal() != texts[0].isdecimal() or text[0] in "+-")
        raise ValueError(
            f"data: expected labels of one kind in {name}, got class ids and, in row {odd + first_row}, "
            f"{texts[odd]!r}; class ids are integers from 0"
        )
    if all(part.isdecimal() for text in texts for part in text.split()) and max(map(max, vectors)) > 1:
        row = next(i for i, vector in enumerate(vectors) if max(vector) > 1)
        raise ValueError(
            f"data: expected class ids separated by ';', or a vector with decimal points, as label in row "
            f"{row + first_row} of {name}, got {texts[row]!r:.80}, which may be either"
        )
    return vectors


def _joined(names: Iterable[str]) -> set[str]:
    """Return the names that look like several joined ones. Names such as "hen, domestic" are fine."""
    names = set(names)
    pieces = {name: {piece.strip() for piece in name.split(",")} for name in names if "," in name}
    uses = Counter(piece for found in pieces.values() for piece in found) + Counter(names.difference(pieces))
    recur = {name for name, found in pieces.items() if all(uses[piece] > 1 for piece in found)}
    return recur | {name for name in names if _NUMBERS.fullmatch(name) or _BRACKETS.fullmatch(name)}


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
