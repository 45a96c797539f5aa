"""The kinds of sources, in a table, and ``open_source``, which opens data by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from fastmix.loader.sources.datasets import DatasetSource, is_dataset
from fastmix.loader.sources.folders import class_folder, is_folder
from fastmix.loader.sources.manifests import is_manifest, manifest
from fastmix.loader.sources.path_lists import path_list
from fastmix.loader.sources.shards import is_shards, tar_shards
from fastmix.loader.sources.source import Path, Source


class Kind(NamedTuple):
    """A kind of data."""

    recognises: Callable[[Any], bool]
    open: Callable[[Any], Source]


# The first kind that recognises the data opens it: any path that no kind before recognises is a folder.
KINDS = (
    Kind(lambda data: isinstance(data, Source), lambda source: source),
    Kind(is_shards, tar_shards),
    Kind(is_manifest, manifest),
    Kind(is_folder, class_folder),
    Kind(lambda data: isinstance(data, list | tuple), path_list),
    Kind(is_dataset, DatasetSource),
    Kind(lambda data: isinstance(data, Iterable), path_list),
)


def open_source(data: Path | Source | Iterable[tuple[Path, object]] | object) -> Source:
    """Open the data that a loader is given.

    * a folder with one folder per class, local or at a URL that fsspec lists (``s3://bucket/train``);
    * a ``.csv``, ``.tsv`` or ``.parquet`` file with a path and a label per row;
    * a ``.tar`` file, or a pattern of them (``train-{0000..0099}.tar``, ``train-*.tar``), in WebDataset's layout;
    * a list of (path or URL, label);
    * a torch Dataset with ``__len__`` and ``__getitem__`` that returns (image, label);
    * a :class:`Source`.

    Raises:
        FileNotFoundError, NotADirectoryError: the data is missing, or not of the kind that its name says.
        ValueError: there are no samples, or an entry is malformed.
        TypeError: ``data`` is none of these kinds.
    """
    for kind in KINDS:
        if kind.recognises(data):
            return kind.open(data)
    raise TypeError(
        f"data: expected a folder of class folders, a manifest, tar shards, a list of (path, label) or a map-style "
        f"Dataset, got {type(data).__name__}"
    )
