"""Names of classes, and labels that are names."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, overload

import numpy as np

from fastmix.loader.sources.label_table import Labels, label_table

_SHOWN = 5


class IdNames(Sequence[str]):
    """Names of classes that have none: their ids. A large id makes no list of names."""

    def __init__(self, classes: int) -> None:
        self._ids = range(classes)

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return tuple(map(str, self._ids[index])) if isinstance(index, slice) else str(self._ids[index])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, IdNames):
            return self._ids == other._ids
        return isinstance(other, Sequence) and len(other) == len(self) and all(map(str.__eq__, self, other))

    def __hash__(self) -> int:
        return hash(self._ids)

    def __repr__(self) -> str:
        return repr(tuple(self)) if len(self) <= _SHOWN else f"('0', ..., '{self[-1]}')"


def class_names(count: int, classes: Sequence[str] | None = None) -> Sequence[str]:
    """Return the given names, or ids as names.

    Raises:
        ValueError: there are fewer names than classes.
    """
    if classes is None:
        return IdNames(count)
    if len(classes) < count:
        raise ValueError(f"data: expected classes= to have at least {count} names, since labels go up to {count - 1}")
    return tuple(map(str, classes))


def ids_of_names(
    labels: Sequence[str | Set[str]], classes: Sequence[str] | None = None
) -> tuple[list[Any], tuple[str, ...]]:
    """Return ids, or sets of ids, of labels that are names, and the names: ``classes``, or all in alphabetical order.

    Raises:
        ValueError: a label is not one of ``classes``.
    """
    found = set().union(*(({label} if isinstance(label, str) else label) for label in labels))
    names = tuple(sorted(found) if classes is None else map(str, classes))
    if missing := sorted(found.difference(names)):
        shown = ", ".join(map(repr, missing[:_SHOWN])) + (", ..." if len(missing) > _SHOWN else "")
        raise ValueError(f"data: expected labels that are in classes=, got {shown}")
    ids = {name: i for i, name in enumerate(names)}
    return [ids[label] if isinstance(label, str) else {ids[name] for name in label} for label in labels], names


def read_labels(labels: Sequence[Any], classes: Sequence[str] | None = None) -> tuple[Labels | None, Sequence[str]]:
    """Make the labels of a data set from one entry per sample, and return the names of the classes.

    Entries are all None (no labels, then the result is None), all names, all sets or lists of names, or as
    :func:`label_table` takes them.

    Raises:
        ValueError: an entry is of another kind than the first one.
    """
    if not {list, tuple, np.ndarray}.isdisjoint(map(type, labels)):
        labels = [set(label) if _is_list_of_names(label) else label for label in labels]
    missing = [i for i, label in enumerate(labels) if label is None]
    if len(missing) == len(labels):
        return None, () if classes is None else tuple(classes)
    if missing:
        raise ValueError(f"data: expected a label for every sample or for none, got None for entry {missing[0]}")
    if all(isinstance(label, str) or (isinstance(label, Set) and _all_names(label)) for label in labels):
        kinds = {isinstance(label, str) for label in labels}
        if any(labels) and len(kinds) == 1:
            ids, names = ids_of_names(labels, classes)
            return label_table(ids).at_least(len(names)), names
    table = label_table(labels)
    names = class_names(table.classes, classes)
    return table.at_least(len(names)), names


def _is_list_of_names(label: Any) -> bool:
    is_list = isinstance(label, list | tuple) or (isinstance(label, np.ndarray) and label.ndim == 1)
    return is_list and len(label) > 0 and all(isinstance(name, str) for name in label)


def _all_names(label: Set[Any]) -> bool:
    return all(isinstance(name, str) for name in label)
