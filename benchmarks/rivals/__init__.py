"""The loaders that are compared, one file each, all doing the same work with their own recommended settings.

A rival is a module with ``LABEL``, the name in the tables, and ``batches(job, ...)``, which yields without end images
float (B, 3, size, size), normalised and mixed, and float32 dense targets (B, num_classes). It raises
:class:`Unavailable` with the reason if it cannot run. Each runs in a process of its own (:mod:`.worker`). A variant is
written behind the name, ``"fastmix:resampler=dali"``, and becomes keyword arguments of ``batches``.

==================  ==================================================================================================
``fastmix.py``      fastmix's loader
``dali.py``         DALI's ResNet-50 pipeline, which does not mix
``packed.py``       fastmix's loader, on what ``fastmix.pack`` wrote
``ffcv.py``         FFCV
``litdata.py``      LitData
``streaming.py``    Streaming (mosaicml-streaming)
``pillow.py``       torch's DataLoader with Pillow
``spdl.py``         SPDL
``timm.py``         timm
``torchvision.py``  torchvision
``recipes/``        training recipes through several of them
``crops.py``        the random resized crop with Pillow, which several rivals share
``prepared.py``     writes a rival's own form of the data
``naive.py``        mixing with torch expressions, which several rivals share
``compiled.py``     imports torchvision, even without its compiled part
``workers.py``      torch's DataLoader with a worker per core
``contest.py``      runs several rivals, one at a time
``worker.py``       one rival in its process
``consumers.py``    consume batches: drain, an emulated accelerator, a small network
``meter.py``        CPU seconds and memory of a process and its children
==================  ==================================================================================================
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import torch

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
ALPHA = 0.2
SCALE, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)
# The list of files is repeated until it has this many: no epoch ends, and nobody's pipeline runs empty, while timed.
ENDLESS = 200_000
# Depths are what the rivals set themselves, except where they leave it to the user.
DEPTH = 2


class Unavailable(Exception):
    """Why a rival cannot run here."""


class Job(NamedTuple):
    """What has to be made.

    Attributes:
        folder: of class folders of JPEGs.
        batch_size, size: samples per batch, and the side of the square outputs in pixels.
        cores: CPUs that may be used, and the number of workers or threads to ask for.
        dtype: of the images, a torch dtype's name.
        channels_last: their memory format.
        share: probability that a batch is mixed.
        store: URL at which a server shows the folder's surroundings any number of times, under other names: as
            ``URL/0``, ``URL/1``. By default the data is on the disk.
    """

    folder: str
    batch_size: int = 64
    size: int = 224
    cores: int = 1
    dtype: str = "float32"
    channels_last: bool = False
    share: float = 1.0
    store: str = ""

    @property
    def torch_dtype(self) -> torch.dtype:
        return getattr(torch, self.dtype)

    @property
    def memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def class_names(self) -> list[str]:
        return sorted(path.name for path in Path(self.folder).iterdir() if path.is_dir())

    @property
    def num_classes(self) -> int:
        return len(self.class_names())

    def files(self) -> list[tuple[str, int]]:
        """(path, label) of every photograph, once."""
        return [
            (str(path), label)
            for label, name in enumerate(self.class_names())
            for path in sorted((Path(self.folder) / name).glob("*.jpg"))
        ]

    def place(self, path: str | Path, copy: int) -> str:
        """Where a file that lies in or beside the folder is read: on the disk, or a copy of it in the store."""
        return f"{self.store}/{copy}/{Path(path).relative_to(Path(self.folder).parent)}" if self.store else str(path)

    def copies(self) -> range:
        """Numbers of the data set's copies that make a list without end."""
        return range(-(-ENDLESS // len(self.files())))

    def endless_files(self) -> list[tuple[str, int]]:
        files = self.files()
        return [(self.place(path, copy), label) for copy in self.copies() for path, label in files]


def open_rival(name: str) -> tuple[ModuleType, dict[str, str]]:
    """The module of ``"module"`` or ``"module:key=value,key=value"``, and the keyword arguments."""
    module, _, variant = name.partition(":")
    options = dict(pair.split("=", 1) for pair in variant.split(",")) if variant else {}
    return importlib.import_module(f"{__name__}.{module}"), options


def label_of(name: str) -> str:
    module, options = open_rival(name)
    return module.LABEL + "".join(f", {key}={value}" for key, value in options.items())
