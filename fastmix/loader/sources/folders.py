"""Class folders, local or remote: one folder of images per class, as in torchvision's ImageFolder."""

from __future__ import annotations

import glob
import os
import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np

from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.label_table import Labels
from fastmix.loader.sources.path_table import PathTable
from fastmix.loader.sources.paths import PathSource
from fastmix.loader.sources.remote import filesystem, is_url, list_files
from fastmix.loader.sources.source import IMAGE_EXTENSIONS, IgnoredFilesWarning, Path

_SHOWN = 5
# Folders of splits, which look like class folders to a program.
_SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"}
_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
# Files beside images that nobody takes for images.
_NO_IMAGES = {".txt", ".md", ".json", ".jsonl", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".npy", ".npz", ".pkl", ".db"}
_NO_IMAGES |= {".ini", ".html", ".log", ".parquet", ".lock", ".py", ".mat", ".zip", ".tar", ".gz", ""}


def is_folder(data: object) -> bool:
    """Whether ``data`` is a path or URL."""
    return isinstance(data, str | os.PathLike)


def class_folder(folder: Path, hints: Hints = NO_HINTS) -> PathSource:
    """Open a folder with one folder per class, with images at any depth; or a folder of images without labels.

    The classes are the folders in alphabetical order, or ``classes``, of which folders may be missing. Files without an
    image's extension are ignored, and reported if they may be images; links are followed. The samples come in the
    order of ImageFolder.

    Raises:
        ValueError: the folders are splits (train, val), classes are not those of the ``train`` folder beside this one,
            or the folder has both images and a manifest of them.
    """
    name = os.fspath(folder)
    ignored: Counter[str] = Counter()
    found = _remote_classes(name, ignored) if is_url(name) else _local_classes(name, hints.classes, ignored)
    if ignored:
        kinds = ", ".join(f"{count} {extension}" for extension, count in ignored.most_common(_SHOWN))
        warnings.warn(
            f"data: {sum(ignored.values())} files in {name} do not have an image's extension and are ignored: {kinds}; "
            f"rename them to one of {', '.join(IMAGE_EXTENSIONS)}, or pass a list of (path, label)",
            IgnoredFilesWarning,
            stacklevel=4,
        )
    if list(found) == [""]:
        return PathSource(PathTable(found[""]), None, hints.classes)
    if not found:
        raise ValueError(
            f"data: expected one folder per class in {name}, found none; for other layouts pass "
            f"a list of (path, label), for tar shards {name}/*.tar, for images in Parquet files {name}/*.parquet"
        )
    if hints.classes is not None:
        if others := sorted(set(found) - set(hints.classes)):
            raise ValueError(f"data: expected class folders in {name} that are in classes=, got {others[:_SHOWN]}")
        found = {known: found.get(known, []) for known in hints.classes}
        if not any(found.values()):
            raise ValueError(f"data: expected images in {name}, found none in the folders of classes=")
        return _labelled(found)
    if set(map(str.lower, found)) <= _SPLITS:
        raise ValueError(
            f"data: expected class folders in {name}, got the splits {', '.join(found)}; pass "
            f"{name}/{next(iter(found))}, or classes={list(found)} if these are the classes"
        )
    if not is_url(name):
        _compare_with_train(os.path.abspath(name), list(found))
    if empty := [name for name, paths in found.items() if not paths]:
        shown = ", ".join(empty[:_SHOWN]) + (", ..." if len(empty) > _SHOWN else "")
        raise ValueError(
            f"data: expected images ({', '.join(IMAGE_EXTENSIONS)}) in every class folder of {name}, found none "
            f"in {len(empty)} of {len(found)}: {shown}"
        )
    source = _labelled(found)
    source.ids_by_name = True
    return source


def _labelled(found: dict[str, list[str]]) -> PathSource:
    labels = np.repeat(np.arange(len(found), dtype=np.int64), [len(paths) for paths in found.values()])
    paths = [path for paths in found.values() for path in paths]
    return PathSource(PathTable(paths), Labels(labels, len(found)), tuple(found))


def _compare_with_train(folder: str, classes: list[str]) -> None:
    """Refuse an evaluation folder whose class ids would differ from those of the folder ``train`` beside it."""
    train = os.path.join(os.path.dirname(folder), "train")
    if os.path.basename(folder).lower() not in _SPLITS - {"train"} or not os.path.isdir(train):
        return
    trained = sorted(entry.name for entry in os.scandir(train) if entry.is_dir())
    if trained and trained != classes:
        raise ValueError(
            f"data: expected the {len(trained)} classes of {train} in {folder}, got {len(classes)}, so that class ids "
            "would differ; pass classes=train_loader.classes"
        )


def _local_classes(folder: str, known: Sequence[str] | None, ignored: Counter[str]) -> dict[str, list[str]]:
    top = os.path.abspath(folder)
    if not os.path.exists(top):
        hint = f"; for a pattern pass the list sorted(glob.glob({folder!r}))" if glob.has_magic(folder) else ""
        raise FileNotFoundError(f"data: expected a folder of class folders, got {top}, which does not exist{hint}")
    if not os.path.isdir(top):
        raise NotADirectoryError(
            f"data: expected a folder of class folders, got the file {top}; for single files pass a list of "
            "(path, label)"
        )
    entries = sorted(os.scandir(top), key=lambda entry: entry.name)
    if (metadata := [entry.name for entry in entries if entry.name in _METADATA]) and known is None:
        raise ValueError(
            f"data: expected class folders in {top}, got {metadata[0]} too; pass {top}/{metadata[0]} and "
            "label_column=, or classes= to read the class folders"
        )
    classes = [entry.name for entry in entries if entry.is_dir()]
    if not classes:
        images = [entry.path for entry in entries if entry.name.lower().endswith(IMAGE_EXTENSIONS)]
        _count_ignored([entry.name for entry in entries], ignored)
        return {"": images} if images else {}
    _refuse_links_between(top, classes)
    return {name: _images_below(os.path.join(top, name), ignored) for name in classes}


def _refuse_links_between(top: str, classes: Sequence[str]) -> None:
    """Refuse classes that are the same folder, whose images would have two labels."""
    names: dict[str, str] = {}
    for name in classes:
        other = names.setdefault(os.path.realpath(os.path.join(top, name)), name)
        if other != name:
            raise ValueError(
                f"data: expected classes of different folders in {top}, got {other} and {name}, which are links to one "
                "folder; remove one, or pass a list of (path, label)"
            )


def _count_ignored(names: list[str], ignored: Counter[str]) -> None:
    """Count files that may be images."""
    for name in names:
        extension = os.path.splitext(name)[1].lower()
        if extension not in IMAGE_EXTENSIONS and extension not in _NO_IMAGES and not name.startswith("."):
            ignored[extension] += 1


def _remote_classes(url: str, ignored: Counter[str]) -> dict[str, list[str]]:
    """Find the same layout below a URL; the listed files are sorted as ImageFolder sorts."""
    files = list_files(*filesystem(url))
    found: dict[str, list[tuple[str, str, str]]] = {}
    _count_ignored([file.relative.rpartition("/")[2] for file in files], ignored)
    if files and all("/" not in file.relative for file in files):
        images = sorted(file.url for file in files if file.relative.lower().endswith(IMAGE_EXTENSIONS))
        return {"": images} if images else {}
    for file in files:
        name, _, rest = file.relative.partition("/")
        if rest and rest.lower().endswith(IMAGE_EXTENSIONS):
            inner, _, base = rest.rpartition("/")
            found.setdefault(name, []).append((inner, base, file.url))
    return {name: [url for _, _, url in sorted(found[name])] for name in sorted(found)}


def _images_below(folder: str, ignored: Counter[str]) -> list[str]:
    def fail(error: OSError) -> None:
        raise error

    found = []
    listed: set[str] = set()
    _list_once(folder, listed)
    for root, folders, names in os.walk(folder, followlinks=True, onerror=fail):
        folders[:] = [name for name in folders if not _leads_back(root, name)]
        for name in folders:
            _list_once(os.path.join(root, name), listed)
        # An empty folder with an image's name stands for a lost image: it is listed, and reported when it is read.
        names += [name for name in folders if name.lower().endswith(IMAGE_EXTENSIONS) and _is_empty(root, name)]
        _count_ignored([name for name in names if name not in folders], ignored)
        found.append((root, sorted(name for name in names if name.lower().endswith(IMAGE_EXTENSIONS))))
    return [os.path.join(root, name) for root, names in sorted(found) for name in names]


def _list_once(path: str, listed: set[str]) -> None:
    """Refuse a folder that a class lists already, under another name: links may lead to each other without end."""
    target = os.path.realpath(path)
    if target in listed:
        raise ValueError(
            f"data: expected every folder once in a class, got {target} again as {path}; remove one of them, or pass a "
            "list of (path, label)"
        )
    listed.add(target)


def _is_empty(root: str, name: str) -> bool:
    return next(os.scandir(os.path.join(root, name)), None) is None


def _leads_back(root: str, name: str) -> bool:
    """Whether a folder is a link to a folder that it lies in, which would never end."""
    path = os.path.join(root, name)
    if not os.path.islink(path):
        return False
    target = os.path.realpath(path)
    return os.path.commonpath([target, os.path.realpath(root)]) == target
