"""Samples that are files which DALI reads: what lists, folders and manifests of paths have in common."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from fastmix.loader.sources.class_names import class_names
from fastmix.loader.sources.label_table import Labels
from fastmix.loader.sources.path_table import PathTable
from fastmix.loader.sources.remote import is_url
from fastmix.loader.sources.source import Source, digest


class PathSource(Source):
    """Samples that are files, local or at URLs that DALI reads (``s3://``).

    Args:
        paths: of the samples.
        labels: of the samples; None for none.
        classes: the classes' names, by id; the ids themselves by default.
    """

    delivers = "path"

    def __init__(self, paths: PathTable, labels: Labels | None, classes: Sequence[str] | None = None) -> None:
        self.paths = paths
        self.labels = labels
        self.unlabelled = labels is None
        self.classes = class_names(0 if labels is None else labels.classes) if classes is None else classes

    def __len__(self) -> int:
        return len(self.paths)

    def files(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        return {"path": self.paths.padded(samples)}

    def path(self, sample: int) -> str:
        return os.fsdecode(self.paths[sample])

    def fingerprint(self) -> str:
        """Return a digest of the labels, and of the paths below their common start, so that a data set may be moved."""
        start = self.paths.common_start()
        labels = [] if self.labels is None else [self.labels.values]
        return digest(self.paths.lengths - start, *self.paths.without_start(start), *labels)


def rooted(paths: Sequence[str], root: str) -> list[str]:
    """Return relative paths below ``root``, a folder or URL, in which ``{}`` stands for the path."""
    pattern = root if "{}" in root else f"{root.rstrip('/')}/{{}}"
    before, _, after = pattern.partition("{}")
    return [path if path.startswith("/") or is_url(path) else f"{before}{path}{after}" for path in paths]


def check_first(path: str, argument: str) -> None:
    """Refuse a data set whose first local file is missing.

    Raises:
        FileNotFoundError: it is; the message names the arguments that say where files are.
    """
    if not is_url(path) and not os.path.lexists(path):
        raise FileNotFoundError(f"data: expected a file at {path}, the first sample's path, found none; {argument}")
