"""The kinds of sources, in a table, and ``open_source``, which opens data by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fastmix.loader.sources.datasets import DatasetSource, is_dataset
from fastmix.loader.sources.folders import class_folder, is_folder
from fastmix.loader.sources.hf_datasets import hf_dataset, is_hf_dataset
from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.image_folders import image_folder, is_image_folder
from fastmix.loader.sources.manifests import frame, is_frame, is_manifest, manifest
from fastmix.loader.sources.parquet_images import has_images, parquet_images
from fastmix.loader.sources.path_lists import path_list
from fastmix.loader.sources.shards import is_shards, tar_shards
from fastmix.loader.sources.source import Path, Source


class Kind(NamedTuple):
    """A kind of data."""

    name: str
    takes: tuple[str, ...]  # the hints that it understands
    recognises: Callable[[Any], bool]
    open: Callable[[Any, Hints], Source]


_COLUMNS = ("path_column", "label_column", "root", "classes")
_KEYS = ("image_key", "label_key", "classes")
# The first kind that recognises the data opens it: any path that no kind before recognises is a folder.
KINDS = (
    Kind("a Source", (), lambda data: isinstance(data, Source), lambda source, _: source),
    Kind("tar shards", _KEYS, is_shards, tar_shards),
    Kind("Parquet files of images", _KEYS, has_images, parquet_images),
    Kind("a manifest", _COLUMNS, is_manifest, manifest),
    Kind("a DataFrame", _COLUMNS, is_frame, frame),
    Kind("a folder", ("classes",), is_folder, class_folder),
    Kind("a list", ("root", "classes"), lambda data: isinstance(data, list | tuple), path_list),
    Kind("a datasets.Dataset", _KEYS, is_hf_dataset, hf_dataset),
    Kind("an ImageFolder", ("classes",), is_image_folder, image_folder),
    Kind("a Dataset", _KEYS, is_dataset, DatasetSource),
)


def open_source(data: Path | Source | Iterable[tuple[Path, object]] | object, hints: Hints = NO_HINTS) -> Source:
    """Open the data that a loader is given.

    * a folder with one folder per class, local or at a URL that fsspec lists (``s3://bucket/train``);
    * a ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet`` file, or a DataFrame, with a path and a label per row;
    * a ``.tar`` file, a pattern (``train-{0000..0099}.tar``, ``train-*.tar``) or a list of them, as WebDataset writes;
    * a list of (path or URL, label), or of paths;
    * a torch Dataset with ``__len__`` and ``__getitem__`` that returns (image, label);
    * a :class:`Source`.

    Raises:
        FileNotFoundError, NotADirectoryError: the data is missing, or not of the kind that its name says.
        ValueError: there are no samples, an entry is malformed, or the data can be read in more than one way; the
            message names the argument that settles it.
        TypeError: ``data`` is none of these kinds.
    """
    if isinstance(data, Mapping):
        keys = list(data)
        raise TypeError(
            f"data: expected one data set, got a dict of {', '.join(map(repr, keys[:9]))}; pass data[{keys[0]!r}]"
            if keys
            else "data: expected a data set, got an empty dict"
        )
    for kind in KINDS:
        if kind.recognises(data):
            hints.refuse_others(kind.takes, kind.name)
            return kind.open(data, hints)
    if isinstance(data, Iterable):
        raise TypeError(
            f"data: expected data with a length and access by index, got the stream {type(data).__name__}; wrap a "
            "torch DataLoader of it in fastmix.prefetch(loader, mix=..., num_classes=..., size=...)"
        )
    raise TypeError(
        f"data: expected a folder of class folders, a manifest, tar shards, a list of (path, label) or a map-style "
        f"Dataset, got {type(data).__name__}"
    )
