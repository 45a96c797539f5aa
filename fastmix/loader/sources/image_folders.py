"""torchvision's ImageFolder, also behind Subset and ConcatDataset: read as files, without Pillow."""

from __future__ import annotations

import sys
from typing import Any

from torch.utils.data import ConcatDataset, Subset

from fastmix.loader.sources.dataset_labels import all_names
from fastmix.loader.sources.hints import NO_HINTS, Hints
from fastmix.loader.sources.path_lists import path_list
from fastmix.loader.sources.paths import PathSource


def file_samples(dataset: Any) -> list[tuple[str, int]] | None:
    """Return (path, class id) of every sample, or None if ``__getitem__`` does more than to load a file with Pillow."""
    if isinstance(dataset, Subset) and type(dataset) is Subset:
        inner = file_samples(dataset.dataset)
        return None if inner is None else [inner[i] for i in dataset.indices]
    if type(dataset) is ConcatDataset:
        parts = [file_samples(part) for part in dataset.datasets]
        return None if any(part is None for part in parts) else [sample for part in parts for sample in part or ()]
    module = sys.modules.get("torchvision.datasets.folder")
    if module is None or not isinstance(dataset, module.DatasetFolder):
        return None
    plain = type(dataset).__getitem__ is module.DatasetFolder.__getitem__ and dataset.loader is module.default_loader
    if not plain or dataset.transform is not None or dataset.target_transform is not None:
        return None
    return dataset.samples


def is_image_folder(data: object) -> bool:
    """Whether ``data`` is made of ImageFolders without transforms."""
    return file_samples(data) is not None


def image_folder(dataset: Any, hints: Hints = NO_HINTS) -> PathSource:
    """Open the files of ImageFolders, which are then decoded as those of a folder."""
    samples = file_samples(dataset) or []
    return path_list(samples, Hints(classes=hints.classes or all_names(dataset)))
