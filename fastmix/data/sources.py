"""Where the encoded samples are: class folders and lists of (path, label), as a table of paths and one of labels."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

# torchvision's list; DALI decodes all of them.
IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
_SHOWN = 5

Path: TypeAlias = "str | os.PathLike[str]"


@dataclass(frozen=True, eq=False)
class Source:
    """The samples of a data set: where each is, and its class.

    Attributes:
        paths: bytes (N,) of fixed width W, shorter ones padded with zeros: a batch of them is one array.
        labels: int64 (N,), class ids in [0, len(classes)).
        classes: the classes' names, by id.
    """

    paths: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def encoded_paths(self, samples: np.ndarray) -> np.ndarray:
        """uint8 (B, W): the paths of these samples, padded with zeros."""
        return self.paths[samples].view(np.uint8).reshape(len(samples), self.paths.dtype.itemsize)

    def path(self, sample: int) -> str:
        """The path or URI of one sample."""
        return os.fsdecode(self.paths[sample])


def open_source(data: Path | Source | Sequence[tuple[Path, int]]) -> Source:
    """A source from whatever the loader was given: a folder, a list of (path, label), or a source.

    Raises:
        FileNotFoundError, NotADirectoryError: the folder is not there, or not a folder.
        ValueError: there are no classes or no images, or an entry of the list is not (path, label).
        TypeError: ``data`` is none of these.
    """
    if isinstance(data, Source):
        return data
    if isinstance(data, str | os.PathLike):
        return class_folder(data)
    if isinstance(data, Iterable):
        return path_list(data)
    raise TypeError(
        f"DataLoader: expected data to be a folder of class folders or a list of (path, label), "
        f"got {type(data).__name__}"
    )


def class_folder(folder: Path) -> Source:
    """A folder with one folder per class, with images at any depth, as in torchvision's ImageFolder.

    The classes are the folders in alphabetical order; files whose extension is not an image's are ignored; links are
    followed. The samples are in the order of ImageFolder's.
    """
    top = os.path.abspath(os.fspath(folder))
    if not os.path.exists(top):
        raise FileNotFoundError(f"DataLoader: expected a folder of class folders, got {top}, which does not exist")
    if not os.path.isdir(top):
        raise NotADirectoryError(
            f"DataLoader: expected a folder of class folders, got the file {top}; for single files pass a list of "
            "(path, label)"
        )
    classes = sorted(entry.name for entry in os.scandir(top) if entry.is_dir())
    if not classes:
        raise ValueError(
            f"DataLoader: expected one folder per class in {top}, found none; for other layouts pass a list of "
            "(path, label)"
        )
    found = [_images_below(os.path.join(top, name)) for name in classes]
    if empty := [name for name, paths in zip(classes, found, strict=True) if not paths]:
        shown = ", ".join(empty[:_SHOWN]) + (", ..." if len(empty) > _SHOWN else "")
        raise ValueError(
            f"DataLoader: expected images ({', '.join(IMAGE_EXTENSIONS)}) in every class folder of {top}, found none "
            f"in {len(empty)} of {len(classes)}: {shown}"
        )
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), [len(paths) for paths in found])
    return Source(_path_table([path for paths in found for path in paths]), labels, tuple(classes))


def path_list(samples: Iterable[tuple[Path, int]]) -> Source:
    """A list of (path or URI, class id); the classes are 0 to the largest id and their names the ids.

    Relative paths start from the current folder of now. Whether the files are there is seen when they are read.
    """
    paths, labels = [], []
    for i, sample in enumerate(samples):
        try:
            path, label = sample
            paths.append(_absolute(os.fspath(path)))
            labels.append(operator.index(label))
        except (TypeError, ValueError) as error:
            raise ValueError(f"DataLoader: expected (path, class id) as entry {i} of data, got {sample!r}") from error
        if not 0 <= labels[-1] < 2**31:
            raise ValueError(f"DataLoader: expected a class id in [0, 2**31) as entry {i} of data, got {labels[-1]}")
    if not paths:
        raise ValueError("DataLoader: expected at least one (path, label), got an empty list")
    classes = tuple(str(label) for label in range(max(labels) + 1))
    return Source(_path_table(paths), np.array(labels, dtype=np.int64), classes)


def _images_below(folder: str) -> list[str]:
    def fail(error: OSError) -> None:
        raise error

    found = []
    for root, folders, names in os.walk(folder, followlinks=True, onerror=fail):
        folders[:] = [name for name in folders if not _leads_back(root, name)]
        found.append((root, sorted(name for name in names if name.lower().endswith(IMAGE_EXTENSIONS))))
    return [os.path.join(root, name) for root, names in sorted(found) for name in names]


def _leads_back(root: str, name: str) -> bool:
    """Whether a folder is a link to one that it lies in, which would be walked for ever."""
    path = os.path.join(root, name)
    if not os.path.islink(path):
        return False
    target = os.path.realpath(path)
    return os.path.commonpath([target, os.path.realpath(root)]) == target


def _absolute(path: str) -> str:
    return path if path.startswith("/") or "://" in path else os.path.abspath(path)


def _path_table(paths: list[str]) -> np.ndarray:
    encoded = [os.fsencode(path) for path in paths]
    for path in encoded:
        if not path or b"\0" in path:
            raise ValueError(f"DataLoader: expected paths without zero bytes, got {path!r}")
    return np.array(encoded)
