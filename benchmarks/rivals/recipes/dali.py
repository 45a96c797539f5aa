"""DALI's training pipeline with ``nvidia.dali.auto_aug``, mixed with torch expressions.

It does less than the recipes: V2's erasing and CutMix are missing, and DeiT's policy is DALI's own RandAugment.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.rivals import DEPTH, MEAN, RATIO, SCALE, STD, Job, Unavailable
from benchmarks.rivals.naive import mixed

LABEL = "DALI auto_aug"


def batches(job: Job, recipe: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    if recipe == "dino":
        raise Unavailable("nvidia.dali.auto_aug has no DINO")
    try:
        from nvidia.dali import fn, pipeline_def, types
        from nvidia.dali.auto_aug import rand_augment, trivial_augment
        from nvidia.dali.plugin.pytorch import DALIGenericIterator
    except ImportError as error:
        raise Unavailable(f"DALI: {error}") from error
    side = job.size

    @pipeline_def(
        batch_size=job.batch_size,
        num_threads=job.cores,
        device_id=None,
        prefetch_queue_depth=DEPTH,
        enable_conditionals=True,
    )
    def definition():
        encoded, labels = fn.readers.file(file_root=job.folder, random_shuffle=True)
        images = fn.decoders.image_random_crop(encoded, random_area=list(SCALE), random_aspect_ratio=list(RATIO))
        images = fn.resize(images, size=(side, side), interp_type=types.INTERP_TRIANGULAR)
        images = fn.flip(images, horizontal=fn.random.coin_flip())
        if recipe == "v2":
            images = trivial_augment.trivial_augment_wide(images, shape=(side, side), fill_value=0)
        else:
            images = rand_augment.rand_augment(images, n=2, m=9, shape=(side, side), fill_value=0)
        images = fn.crop_mirror_normalize(
            images, mean=[255 * value for value in MEAN], std=[255 * value for value in STD], dtype=types.FLOAT
        )
        return images, labels

    for (batch,) in DALIGenericIterator(definition(), ["images", "labels"], size=-1):
        yield mixed(batch["images"], batch["labels"].squeeze(1), job)
