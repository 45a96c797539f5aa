"""Samples that are files which DALI reads: what lists, folders and manifests of paths have in common."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from fastmix.loader.sources.class_names import class_names
from fastmix.loader.sources.label_table import Labels
from fastmix.loader.sources.remote import is_url
from fastmix.loader.sources.source import Source, digest


class PathSource(Source):
    """Samples that are files, local or at URLs that DALI reads (``s3://``).

    Args:
        paths: bytes (N,) of fixed width W, shorter ones padded with zeros: a batch of them is one array.
        labels: of the N samples; None for none.
        classes: the classes' names, by id; the ids themselves by default.
    """

    delivers = "path"

    def __init__(self, paths: np.ndarray, labels: Labels | None, classes: Sequence[str] | None = None) -> None:
        self.paths = paths
        self.labels = labels
        self.unlabelled = labels is None
        self.classes = class_names(0 if labels is None else labels.classes) if classes is None else classes

    def __len__(self) -> int:
        return len(self.paths)

    def encoded_paths(self, samples: np.ndarray) -> np.ndarray:
        """Return uint8 (B, W): the paths of these samples, padded with zeros."""
        return self.paths[samples].view(np.uint8).reshape(len(samples), self.paths.dtype.itemsize)

    def path(self, sample: int) -> str:
        return os.fsdecode(self.paths[sample])

    def fingerprint(self) -> str:
        """Return a digest of the labels, and of the paths below their common start, so that a data set may be moved."""
        table = self.paths.view(np.uint8).reshape(len(self), self.paths.dtype.itemsize)
        differs = np.flatnonzero((table != table[0]).any(axis=0))
        start = int(differs[0]) if len(differs) else 0
        labels = [] if self.labels is None else [self.labels.values]
        return digest(np.ascontiguousarray(table[:, start:]), *labels)


def path_table(paths: Sequence[str]) -> np.ndarray:
    """Return absolute paths and URLs as bytes (N,)."""
    here = os.getcwd()
    absolute = [path if path.startswith("/") or "://" in path else _below(here, path) for path in paths]
    if "\0" in "".join(absolute) or "" in paths:
        bad = next(path for path in paths if not path or "\0" in path)
        raise ValueError(f"data: expected paths that are not empty and have no zero bytes, got {bad!r}")
    return np.array(list(map(os.fsencode, absolute)))


def _below(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path)) if path else path


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
