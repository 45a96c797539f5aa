"""The labels of a data set: class ids, sets of class ids (multi-label), or vectors of floats."""

from __future__ import annotations

import operator
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

MAX_CLASS = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of a data set.

    Attributes:
        values: int64 (N,), class ids, or float32 (N, C), one row per sample.
        classes: number of classes: the largest id and one, or C.
    """

    values: np.ndarray
    classes: int

    @property
    def dense(self) -> bool:
        """Whether the labels are rows of floats."""
        return self.values.ndim == 2

    def at_least(self, classes: int) -> Labels:
        """Return the same labels with at least this many classes."""
        return self if classes <= self.classes else self.widened(classes)

    def widened(self, classes: int) -> Labels:
        """Return the same labels with more classes; added columns are zeros."""
        if not self.dense or classes == self.classes:
            return Labels(self.values, classes)
        columns = ((0, 0), (0, classes - self.classes))
        return Labels(np.pad(self.values, columns), classes)


def label_table(labels: Sequence[object]) -> Labels:
    """Make labels from one entry per sample, all of one kind.

    * ints: class ids in [0, 2**31);
    * sets of ints: multi-label, rows of zeros and ones;
    * sequences or arrays of floats, all of one length: the rows themselves; sequences of ints are refused.

    Raises:
        ValueError: an entry is none of these, or not of the first one's kind; the message names the entry.
    """
    ids = _all_ids(labels)
    if ids is not None:
        return Labels(ids, int(ids.max()) + 1)
    if isinstance(labels[0], Set):
        return _multi_label(labels)
    return _vectors(labels)


def _all_ids(labels: Sequence[object]) -> np.ndarray | None:
    """Return the labels as int64 (N,) if the first one is an integer."""
    try:
        operator.index(labels[0])
    except TypeError:
        return None
    # NumPy converts a list of ints a hundred times faster than a loop; the check below finds entries of other types.
    try:
        values = np.asarray(labels)
    except ValueError:
        values = np.asarray([None])
    if values.shape != (len(labels),) or values.dtype.kind not in "iu":
        for i, label in enumerate(labels):
            try:
                operator.index(label)
            except TypeError as error:
                raise ValueError(f"data: expected a class id as label of entry {i}, got {label!r}") from error
    # Also integers that NumPy has no type for.
    outside = np.flatnonzero((values < 0) | (values > MAX_CLASS))
    if len(outside):
        i = outside[0]
        raise ValueError(f"data: expected a class id in [0, 2**31) as label of entry {i}, got {values[i]!s:.40}")
    return values.astype(np.int64)


def _multi_label(labels: Sequence[object]) -> Labels:
    rows, columns = [], []
    for i, label in enumerate(labels):
        if not isinstance(label, Set):
            raise ValueError(f"data: expected a set of class ids as label of entry {i}, got {label!r}")
        for value in label:
            try:
                columns.append(operator.index(value))
            except TypeError as error:
                raise ValueError(f"data: expected class ids in the label of entry {i}, got {value!r}") from error
            if not 0 <= columns[-1] <= MAX_CLASS:
                raise ValueError(f"data: expected class ids in [0, 2**31) in entry {i}, got {value!r}")
            rows.append(i)
    if not columns:
        raise ValueError("data: expected at least one class id in the labels, got only empty sets")
    values = np.zeros((len(labels), max(columns) + 1), dtype=np.float32)
    values[rows, columns] = 1.0
    return Labels(values, values.shape[1])


def _vectors(labels: Sequence[object]) -> Labels:
    length = None
    for i, label in enumerate(labels):
        _refuse_ids(label, i)
        try:
            row = np.asarray(label, dtype=np.float32)
        except (TypeError, ValueError):
            row = np.empty(())
        if isinstance(label, str | bytes) or row.ndim != 1 or row.size == 0 or not np.isfinite(row).all():
            raise ValueError(
                f"data: expected a class id, a set of class ids or a vector of floats as label of entry {i}, "
                f"got {label!r}"
            )
        length = length or row.size
        if row.size != length:
            raise ValueError(f"data: expected vectors of {length} floats, got {row.size} in entry {i}")
    values = np.stack([np.asarray(label, dtype=np.float32) for label in labels])
    return Labels(values, values.shape[1])


def _refuse_ids(label: object, i: int) -> None:
    """Refuse a sequence of integers, which may be several class ids or a vector."""
    try:
        kind = np.asarray(label).dtype.kind
    except ValueError:
        return
    if kind in "iub" and np.ndim(label) == 1:
        raise ValueError(
            f"data: expected a set of class ids, {{3, 5}}, or a vector of floats, [0.0, 1.0], as label of entry {i}, "
            f"got {label!r:.80}, which may be either; a manifest's text '3;5' is ids"
        )
