"""The paper's six UCI sets, read from the files of the UCI repository, and those that scikit-learn bundles."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from sklearn import datasets
from torch import Tensor


class Table(NamedTuple):
    """float32 (N, D) features and class ids (N,), int64."""

    features: Tensor
    labels: Tensor

    @property
    def classes(self) -> int:
        """Number of class ids."""
        return int(self.labels.max()) + 1


# File names in the order in which they are looked for; the label is the last column of all but Arcene.
FILES = {
    "abalone": ("abalone.data",),
    "arcene": ("arcene_train.data", "arcene_train.labels"),
    "arrhythmia": ("arrhythmia.data",),
    "htru2": ("HTRU_2.csv",),
    "iris": ("iris.data",),
    "phishing": ("Training Dataset.arff",),
}
_MISSING = "?"


def read(folder: Path, name: str) -> Table:
    """One set, from ``folder`` or a folder of its name in it.

    Columns of words become one column per word; missing values become the mean of their column.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: Rows of different lengths, or none.
    """
    paths = [_find(folder, name, file) for file in FILES[name]]
    rows = _rows(paths[0])
    if len(paths) == 2:
        labels = [row[0] for row in _rows(paths[1])]
        if len(labels) != len(rows):
            raise ValueError(f"{paths[1]}: expected {len(rows)} labels, got {len(labels)}")
    else:
        labels = [row[-1] for row in rows]
        rows = [row[:-1] for row in rows]
    columns = [_column(values) for values in zip(*rows, strict=True)]
    ids = {label: i for i, label in enumerate(sorted(set(labels)))}
    features = np.concatenate(columns, axis=1).astype(np.float32)
    return Table(torch.from_numpy(features), torch.tensor([ids[label] for label in labels]))


def available(folder: Path) -> list[str]:
    """The names of the sets whose files are there.

    Raises:
        FileNotFoundError: None is.
    """
    found = []
    for name, files in FILES.items():
        try:
            [_find(folder, name, file) for file in files]
        except FileNotFoundError:
            continue
        found.append(name)
    if not found:
        expected = ", ".join(file for files in FILES.values() for file in files)
        raise FileNotFoundError(f"{folder}: expected some of UCI's files: {expected}")
    return found


def bundled(name: str) -> Table:
    """scikit-learn's ``iris``, ``wine`` or ``breast_cancer``."""
    data = getattr(datasets, f"load_{name}")()
    return Table(torch.from_numpy(data.data).to(torch.float32), torch.from_numpy(data.target).to(torch.int64))


def _find(folder: Path, name: str, file: str) -> Path:
    for path in (folder / file, folder / name / file):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder}: expected {file} or {name}/{file}")


def _rows(path: Path) -> list[list[str]]:
    """Fields separated by commas or blanks; ARFF headers and empty lines are left out."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    lines = [line for line in lines if line and line[0] not in "@%"]
    if not lines:
        raise ValueError(f"{path}: expected rows of data, got none")
    if "," in lines[0]:
        return [[field.strip() for field in row] for row in csv.reader(lines)]
    return [line.split() for line in lines]


def _column(values: tuple[str, ...]) -> np.ndarray:
    """(N, 1) numbers or (N, words) ones and zeros."""
    known = [value for value in values if value != _MISSING]
    try:
        mean = float(np.mean([float(value) for value in known])) if known else 0.0
        return np.array([[mean if value == _MISSING else float(value)] for value in values])
    except ValueError:
        words = sorted(set(values))
        return np.array([[float(value == word) for word in words] for value in values])
