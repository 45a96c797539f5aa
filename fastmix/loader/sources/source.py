"""The abstract source: where the samples are, and what they are labelled with."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from fastmix.loader.sources.label_table import Labels

# torchvision's list; DALI decodes all of them.
IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

Path: TypeAlias = "str | os.PathLike[str]"
Delivers: TypeAlias = Literal["path", "range", "encoded", "pixels"]
# The graph reads these itself.
IN_FILES = ("path", "range")


class IgnoredFilesWarning(UserWarning):
    """Data has files or samples that are left out, though they may be meant as images."""


class Source(ABC):
    """The samples of a data set.

    Attributes:
        delivers: what the graph gets of a sample: its ``"path"``, or its ``"range"`` of bytes in a file, which DALI
            reads; or what :meth:`read` returns in one of the loader's threads: its ``"encoded"`` bytes, or its
            ``"pixels"``.
        labels: of all samples, or None if a label is known only when its sample has been read.
        classes: the classes' names, by id.
        dense: whether labels are rows of floats; only used if ``labels`` is None.
        unlabelled: whether the samples have no labels.
        ids_by_name: whether class ids are places among the names that were found, in alphabetical order.
    """

    delivers: Delivers
    labels: Labels | None
    classes: Sequence[str]
    dense: bool = False
    unlabelled: bool = False
    ids_by_name: bool = False

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def path(self, sample: int) -> str:
        """Return a sample's name in messages, reports and the quarantine file."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a digest that changes when the samples, their order or their labels change."""

    def files(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        """Return the graph's inputs that say where samples lie, if ``delivers`` is ``"path"`` or ``"range"``."""
        raise NotImplementedError

    def read(self, sample: int) -> tuple[np.ndarray, object]:
        """Return uint8 (bytes,) or uint8 (H, W, 3), and the label if ``labels`` is None. Any thread may call it."""
        raise NotImplementedError

    def blocks(self) -> np.ndarray | None:
        """Return int64 (K,), the first sample of each block that one sequential read fetches; None without blocks."""
        return None

    def read_by_block(self, alone: bool) -> None:  # noqa: B027  (most sources have no blocks)
        """Prepare for an order that goes by block; ``alone`` if no other rank reads the same blocks."""


def digest(*arrays: np.ndarray) -> str:
    """Return 32 hexadecimal digits of the arrays' contents, dtypes and shapes."""
    hasher = hashlib.blake2b(digest_size=16)
    for array in arrays:
        hasher.update(f"{array.dtype.str}{array.shape}".encode())
        hasher.update(np.ascontiguousarray(array).view(np.uint8).reshape(-1))
    return hasher.hexdigest()
