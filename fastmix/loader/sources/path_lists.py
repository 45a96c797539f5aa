"""Lists of (path or URL, label), and of paths alone."""

from __future__ import annotations

import os
from collections.abc import Sequence

from fastmix.arguments import one_line
from fastmix.loader.sources.class_names import IdNames, read_labels
from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.path_table import PathTable
from fastmix.loader.sources.paths import PathSource, rooted
from fastmix.loader.sources.source import Path

_PAIR = 2


def path_list(samples: Sequence[Path | tuple[Path, object]], hints: Hints = NO_HINTS) -> PathSource:
    """Open (path or URL, label) pairs, or paths without labels.

    A label is a class id, a class name, a set of either, or a vector of floats; None for no labels at all. Relative
    paths start from ``root``, or the current folder at this call. A missing file is found when it is read.
    """
    if not samples:
        raise ValueError("data: expected at least one (path, label), got an empty list")
    alone = isinstance(samples[0], str | os.PathLike)
    paths, labels = [], []
    for i, sample in enumerate(samples):
        try:
            if not alone and (isinstance(sample, str | os.PathLike) or len(sample) != _PAIR):
                raise TypeError
            path, label = (sample, None) if alone else (sample[0], sample[1])
            paths.append(os.fspath(path))
        except (TypeError, ValueError) as error:
            expected = "a path, as entry 0," if alone else "(path, label)"
            arrays = (
                "; for pixels pass torch.utils.data.TensorDataset(images, labels)" if hasattr(sample, "shape") else ""
            )
            raise ValueError(f"data: expected {expected} as entry {i}, got {one_line(sample)}{arrays}") from error
        labels.append(label)
    table, names = read_labels(labels, hints.classes)
    source = PathSource(PathTable(paths if hints.root is None else rooted(paths, os.fspath(hints.root))), table, names)
    source.ids_by_name = hints.classes is None and not isinstance(names, IdNames)
    return source
