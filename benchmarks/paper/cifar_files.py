"""CIFAR-10 and CIFAR-100 as their authors distribute them in the binary version: no pickle anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.paper.digits import Split

SIDE = 32
PIXEL_BYTES = 3 * SIDE * SIDE


class Layout(NamedTuple):
    """The files of a data set, and how many label bytes precede each picture; the last one is the label."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    label_bytes: int
    classes: int


# CIFAR-100's first label byte is the superclass.
LAYOUTS = {
    "cifar10": Layout(tuple(f"data_batch_{i}.bin" for i in range(1, 6)), ("test_batch.bin",), 1, 10),
    "cifar100": Layout(("train.bin",), ("test.bin",), 2, 100),
}


def layout_of(folder: Path) -> Layout:
    """Which of the two the folder holds.

    Raises:
        FileNotFoundError: Neither.
    """
    for layout in LAYOUTS.values():
        if all((folder / name).is_file() for name in (*layout.train, *layout.test)):
            return layout
    expected = " or ".join(", ".join((*layout.train, *layout.test)) for layout in LAYOUTS.values())
    raise FileNotFoundError(f"{folder}: expected {expected}; these are the files of CIFAR's binary version")


def read(path: Path, layout: Layout) -> tuple[Tensor, Tensor]:
    """One file.

    Returns:
        Images uint8 (N, 32, 32, 3) and class ids int64 (N,).

    Raises:
        ValueError: The file holds no whole number of records, or a label that is no class.
    """
    record = layout.label_bytes + PIXEL_BYTES
    data = np.fromfile(path, np.uint8)
    if len(data) == 0 or len(data) % record:
        raise ValueError(f"{path}: expected records of {record} bytes, got {len(data)} bytes in all")
    records = data.reshape(-1, record)
    labels = records[:, layout.label_bytes - 1].astype(np.int64)
    if labels.max() >= layout.classes:
        raise ValueError(f"{path}: expected labels below {layout.classes}, got {labels.max()}")
    planes = records[:, layout.label_bytes :].reshape(-1, 3, SIDE, SIDE)
    return torch.from_numpy(np.ascontiguousarray(planes.transpose(0, 2, 3, 1))), torch.from_numpy(labels)


def load(folder: Path) -> tuple[Split, int]:
    """The whole data set and its number of classes.

    Raises:
        FileNotFoundError: Files are missing.
        ValueError: A file is damaged.
    """
    layout = layout_of(folder)
    parts = []
    for names in (layout.train, layout.test):
        files = [read(folder / name, layout) for name in names]
        parts += [torch.cat(column) for column in zip(*files, strict=True)]
    return Split(*parts), layout.classes


def write(path: Path, images: Tensor, labels: Tensor, layout: Layout) -> None:
    """Write a file that ``read`` reads: uint8 (N, 32, 32, 3) and class ids (N,)."""
    planes = images.permute(0, 3, 1, 2).reshape(len(images), PIXEL_BYTES).numpy()
    zeros = np.zeros((len(images), layout.label_bytes - 1), np.uint8)
    records = np.concatenate((zeros, labels.numpy().astype(np.uint8)[:, None], planes), axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    records.tofile(path)
