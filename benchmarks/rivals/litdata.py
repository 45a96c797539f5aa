"""LitData: chunks of encoded photographs, read in its workers, cropped with Pillow, mixed with torch expressions."""

from __future__ import annotations

import io
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import torch

from benchmarks.rivals import DEPTH, Job, Unavailable
from benchmarks.rivals.crops import random_crop
from benchmarks.rivals.naive import mixed
from benchmarks.rivals.pillow import normalized
from benchmarks.rivals.prepared import prepared

LABEL = "LitData + Pillow + torch mixing"
FORM = "litdata"


def sample(file: tuple[str, int]) -> dict:
    path, label = file
    return {"image": Path(path).read_bytes(), "label": label}


def library() -> ModuleType:
    try:
        import litdata
    except ImportError as error:
        raise Unavailable(f"LitData: {error}") from error
    return litdata


def write(job: Job, path: Path) -> None:
    library().optimize(sample, job.files(), str(path), chunk_bytes="64MB", num_workers=job.cores)


class Crop:
    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, sample: dict) -> tuple[torch.Tensor, int]:
        return normalized(random_crop(io.BytesIO(sample["image"]), self.size)), sample["label"]


def reading_from_store() -> dict:
    from litdata.streaming import downloader

    # LitData has no setting that lets its client go without TLS, which the store has not.
    downloader._OBSTORE_CLIENT_OPTIONS["allow_http"] = True
    return {"storage_options": {"endpoint_url": os.environ["AWS_ENDPOINT_URL"]}}


def batches(job: Job) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    litdata, path = library(), prepared(job, FORM, write)
    options = reading_from_store() if job.store else {}
    for copy in itertools.count():
        with tempfile.TemporaryDirectory() as cache:
            data = litdata.StreamingDataset(
                job.place(path, copy), cache_dir=cache, shuffle=True, transform=Crop(job.size), **options
            )
            loader = litdata.StreamingDataLoader(
                data, batch_size=job.batch_size, num_workers=job.cores, drop_last=True, prefetch_factor=DEPTH
            )
            for images, labels in loader:
                yield mixed(images, labels, job)
