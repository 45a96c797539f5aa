"""FFCV on a .beton file of JPEGs of the same quality, with its own mixup, on CPU. The file is written once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.rivals import ALPHA, MEAN, RATIO, SCALE, STD, Job, Unavailable
from benchmarks.rivals.naive import finished
from benchmarks.rivals.prepared import prepared

LABEL = "FFCV (JPEG mode)"
# MixupToOneHot assigns where it should add: of two samples of one class only the partner's weight is left.
DEFECT = "target rows of two samples of one class do not sum to 1"
# FFCV encodes again: at the data sets' quality, so that there is as much to decode.
QUALITY = 96
FORM = f"q{QUALITY}.beton"


class Photographs:
    def __init__(self, job: Job) -> None:
        self.files = job.files()

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[Image.Image, int]:
        path, label = self.files[i]
        return Image.open(path).convert("RGB"), label


def write(job: Job, path: Path) -> None:
    try:
        from ffcv.fields import IntField, RGBImageField
        from ffcv.writer import DatasetWriter
    except ImportError as error:
        raise Unavailable(f"FFCV: {error}") from error
    fields = {"image": RGBImageField("jpg", jpeg_quality=QUALITY), "label": IntField()}
    DatasetWriter(str(path), fields, num_workers=job.cores).from_indexed_dataset(Photographs(job))


def batches(job: Job, cache: str = "os") -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """``cache=process``: as FFCV recommends for data sets that do not fit into memory."""
    try:
        from ffcv import transforms
        from ffcv.fields.decoders import IntDecoder, RandomResizedCropRGBImageDecoder
        from ffcv.loader import Loader, OrderOption
        from ffcv.transforms.mixup import ImageMixup, LabelMixup, MixupToOneHot
    except ImportError as error:
        raise Unavailable(f"FFCV: {error}") from error
    if job.share != 1:
        raise Unavailable("FFCV: mixes every batch")
    if job.store:
        raise Unavailable("FFCV: reads local files only")
    mean, std = (255 * np.array(values) for values in (MEAN, STD))
    loader = Loader(
        str(prepared(job, FORM, write)),
        batch_size=job.batch_size,
        num_workers=job.cores,
        order=OrderOption.RANDOM if cache == "os" else OrderOption.QUASI_RANDOM,
        os_cache=cache == "os",
        drop_last=True,
        # Its own order reads pages in turns, and takes no sample twice.
        indices=np.resize(np.arange(len(job.files())), len(job.endless_files())) if cache == "os" else None,
        pipelines={
            "image": [
                RandomResizedCropRGBImageDecoder((job.size, job.size), SCALE, RATIO),
                transforms.RandomHorizontalFlip(),
                ImageMixup(ALPHA, True),
                transforms.NormalizeImage(mean, std, np.float16 if job.dtype == "float16" else np.float32),
                transforms.ToTensor(),
                transforms.ToTorchImage(channels_last=job.channels_last),
            ],
            "label": [IntDecoder(), LabelMixup(ALPHA, True), transforms.ToTensor(), MixupToOneHot(job.num_classes)],
        },
    )
    while True:
        for images, targets in loader:
            yield finished(images, job), targets
