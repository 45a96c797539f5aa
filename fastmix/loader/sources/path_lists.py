"""Lists of (path or URL, label)."""

from __future__ import annotations

import os
from collections.abc import Iterable

from fastmix.loader.sources.label_table import label_table
from fastmix.loader.sources.paths import PathSource, path_table
from fastmix.loader.sources.source import Path


def path_list(samples: Iterable[tuple[Path, object]]) -> PathSource:
    """Open (path or URL, label) pairs, where a label is a class id, a set of class ids or a vector of floats.

    Relative paths start from the current folder at this call. A missing file is found when it is read.
    """
    samples = list(samples)
    if not samples:
        raise ValueError("data: expected at least one (path, label), got an empty list")
    paths, labels = [], []
    for i, sample in enumerate(samples):
        try:
            path, label = sample
            paths.append(os.fspath(path))
        except (TypeError, ValueError) as error:
            raise ValueError(f"data: expected (path, label) as entry {i}, got {sample!r}") from error
        labels.append(label)
    return PathSource(path_table(paths), label_table(labels))
