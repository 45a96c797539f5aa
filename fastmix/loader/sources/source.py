"""Where the samples are, and what they are labelled with. Each kind of source has a file of its own."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import numpy as np

from fastmix.loader.sources.label_table import Labels, label_table

# torchvision's list; DALI decodes all of them.
IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

Path: TypeAlias = "str | os.PathLike[str]"


class Source(ABC):
    """The samples of a data set.

    Attributes:
        delivers: what the graph gets of a sample: its ``"path"``, which DALI reads; or what :meth:`read` returns in a
            thread of the loader's: its ``"encoded"`` bytes, or its ``"pixels"``.
        labels: of all samples, or None if a label is known only when its sample has been read.
        classes: the classes' names, by id.
    """

    delivers: Literal["path", "encoded", "pixels"]
    labels: Labels | None
    classes: tuple[str, ...]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def path(self, sample: int) -> str:
        """What a sample is called in messages, reports and the quarantine file."""

    @abstractmethod
    def fingerprint(self) -> str:
        """A digest that differs when other samples, or the same ones in another order, are to come."""

    def read(self, sample: int) -> tuple[np.ndarray, object]:
        """uint8 (bytes,) or uint8 (H, W, 3), and the label if ``labels`` is None. May be called in any thread."""
        raise NotImplementedError


class PathSource(Source):
    """Samples that are files, local or at URLs that DALI reads (``s3://``).

    Args:
        paths: bytes (N,) of fixed width W, shorter ones padded with zeros: a batch of them is one array.
        labels: of the N samples.
        classes: the classes' names, by id; the ids themselves by default.
    """

    delivers = "path"

    def __init__(self, paths: np.ndarray, labels: Labels, classes: Sequence[str] | None = None) -> None:
        self.paths = paths
        self.labels = labels
        self.classes = class_names(labels.classes) if classes is None else tuple(classes)

    def __len__(self) -> int:
        return len(self.paths)

    def encoded_paths(self, samples: np.ndarray) -> np.ndarray:
        """uint8 (B, W): the paths of these samples, padded with zeros."""
        return self.paths[samples].view(np.uint8).reshape(len(samples), self.paths.dtype.itemsize)

    def path(self, sample: int) -> str:
        return os.fsdecode(self.paths[sample])

    def fingerprint(self) -> str:
        """Of the paths below the folder that they share, so that a data set may be moved, and of the labels."""
        table = self.paths.view(np.uint8).reshape(len(self), self.paths.dtype.itemsize)
        differs = np.flatnonzero((table != table[0]).any(axis=0))
        start = int(differs[0]) if len(differs) else 0
        return digest(np.ascontiguousarray(table[:, start:]), self.labels.values)


def open_source(data: Path | Source | Iterable[tuple[Path, object]] | object) -> Source:
    """A source from whatever the loader was given.

    * a folder with one folder per class, local or at a URL that fsspec lists (``s3://bucket/train``);
    * a ``.csv``, ``.tsv`` or ``.parquet`` file with a path and a label per row;
    * a ``.tar`` file, or a pattern of them (``train-{0000..0099}.tar``, ``train-*.tar``), in WebDataset's layout;
    * a list of (path or URL, label);
    * a torch Dataset with ``__len__`` and ``__getitem__`` that returns (image, label);
    * a :class:`Source`.

    Raises:
        FileNotFoundError, NotADirectoryError: the data is not there, or not of that kind.
        ValueError: there are no samples, or an entry is not what it should be.
        TypeError: ``data`` is none of these.
    """
    from fastmix.loader.sources import datasets, folders, manifests, shards

    if isinstance(data, Source):
        return data
    if isinstance(data, str | os.PathLike):
        name = os.fspath(data)
        if shards.is_pattern(name):
            return shards.tar_shards(name)
        if name.lower().endswith(manifests.EXTENSIONS):
            return manifests.manifest(name)
        return folders.class_folder(name)
    if isinstance(data, list | tuple):
        return path_list(data)
    if datasets.is_dataset(data):
        return datasets.DatasetSource(data)
    if isinstance(data, Iterable):
        return path_list(data)
    raise TypeError(
        f"DataLoader: expected data to be a folder of class folders, a manifest, tar shards, a list of (path, label) "
        f"or a map-style Dataset, got {type(data).__name__}"
    )


def path_list(samples: Iterable[tuple[Path, object]]) -> PathSource:
    """A list of (path or URL, label), where a label is a class id, a set of class ids or a vector of floats.

    Relative paths start from the current folder of now. Whether the files are there is seen when they are read.
    """
    samples = list(samples)
    if not samples:
        raise ValueError("DataLoader: expected at least one (path, label), got an empty list")
    paths, labels = [], []
    for i, sample in enumerate(samples):
        try:
            path, label = sample
            paths.append(os.fspath(path))
        except (TypeError, ValueError) as error:
            raise ValueError(f"DataLoader: expected (path, label) as entry {i} of data, got {sample!r}") from error
        labels.append(label)
    return PathSource(path_table(paths), label_table(labels))


def path_table(paths: Sequence[str]) -> np.ndarray:
    """Absolute paths and URLs, as bytes (N,)."""
    here = os.getcwd()
    absolute = [path if path.startswith("/") or "://" in path else _below(here, path) for path in paths]
    if "\0" in "".join(absolute) or "" in paths:
        bad = next(path for path in paths if not path or "\0" in path)
        raise ValueError(f"DataLoader: expected paths that are not empty and have no zero bytes, got {bad!r}")
    return np.array(list(map(os.fsencode, absolute)))


def class_names(classes: int) -> tuple[str, ...]:
    return tuple(map(str, range(classes)))


def digest(*arrays: np.ndarray) -> str:
    """32 hexadecimal digits of what the arrays hold and how they are shaped."""
    hasher = hashlib.blake2b(digest_size=16)
    for array in arrays:
        hasher.update(f"{array.dtype.str}{array.shape}".encode())
        hasher.update(np.ascontiguousarray(array).view(np.uint8).reshape(-1))
    return hasher.hexdigest()


def _below(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path)) if path else path
