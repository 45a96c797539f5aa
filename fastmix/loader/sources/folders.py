"""Class folders, local or remote: one folder of images per class, as in torchvision's ImageFolder."""

from __future__ import annotations

import os

import numpy as np

from fastmix.loader.sources.label_table import Labels
from fastmix.loader.sources.paths import PathSource, path_table
from fastmix.loader.sources.remote import filesystem, is_url, list_files
from fastmix.loader.sources.source import IMAGE_EXTENSIONS, Path

_SHOWN = 5


def is_folder(data: object) -> bool:
    """Whether ``data`` is a path or URL."""
    return isinstance(data, str | os.PathLike)


def class_folder(folder: Path) -> PathSource:
    """Open a folder with one folder per class, with images at any depth.

    The classes are the folders in alphabetical order. Files without an image's extension are ignored; links are
    followed. The samples come in the order of ImageFolder.
    """
    name = os.fspath(folder)
    found = _remote_classes(name) if is_url(name) else _local_classes(name)
    if not found:
        raise ValueError(
            f"data: expected one folder per class in {name}, found none; for other layouts pass a list of (path, label)"
        )
    if empty := [name for name, paths in found.items() if not paths]:
        shown = ", ".join(empty[:_SHOWN]) + (", ..." if len(empty) > _SHOWN else "")
        raise ValueError(
            f"data: expected images ({', '.join(IMAGE_EXTENSIONS)}) in every class folder of {name}, found none "
            f"in {len(empty)} of {len(found)}: {shown}"
        )
    labels = np.repeat(np.arange(len(found), dtype=np.int64), [len(paths) for paths in found.values()])
    paths = [path for paths in found.values() for path in paths]
    return PathSource(path_table(paths), Labels(labels, len(found)), tuple(found))


def _local_classes(folder: str) -> dict[str, list[str]]:
    top = os.path.abspath(folder)
    if not os.path.exists(top):
        raise FileNotFoundError(f"data: expected a folder of class folders, got {top}, which does not exist")
    if not os.path.isdir(top):
        raise NotADirectoryError(
            f"data: expected a folder of class folders, got the file {top}; for single files pass a list of "
            "(path, label)"
        )
    classes = sorted(entry.name for entry in os.scandir(top) if entry.is_dir())
    return {name: _images_below(os.path.join(top, name)) for name in classes}


def _remote_classes(url: str) -> dict[str, list[str]]:
    """Find the same layout below a URL; the listed files are sorted as ImageFolder sorts."""
    files = list_files(*filesystem(url))
    found: dict[str, list[tuple[str, str, str]]] = {}
    for file in files:
        name, _, rest = file.relative.partition("/")
        if rest and rest.lower().endswith(IMAGE_EXTENSIONS):
            inner, _, base = rest.rpartition("/")
            found.setdefault(name, []).append((inner, base, file.url))
    return {name: [url for _, _, url in sorted(found[name])] for name in sorted(found)}


def _images_below(folder: str) -> list[str]:
    def fail(error: OSError) -> None:
        raise error

    found = []
    for root, folders, names in os.walk(folder, followlinks=True, onerror=fail):
        folders[:] = [name for name in folders if not _leads_back(root, name)]
        # An empty folder with an image's name stands for a lost image: it is listed, and reported when it is read.
        names += [name for name in folders if name.lower().endswith(IMAGE_EXTENSIONS) and _is_empty(root, name)]
        found.append((root, sorted(name for name in names if name.lower().endswith(IMAGE_EXTENSIONS))))
    return [os.path.join(root, name) for root, names in sorted(found) for name in names]


def _is_empty(root: str, name: str) -> bool:
    return next(os.scandir(os.path.join(root, name)), None) is None


def _leads_back(root: str, name: str) -> bool:
    """Whether a folder is a link to a folder that it lies in, which would never end."""
    path = os.path.join(root, name)
    if not os.path.islink(path):
        return False
    target = os.path.realpath(path)
    return os.path.commonpath([target, os.path.realpath(root)]) == target
