"""DALI's training pipeline as NVIDIA's ResNet-50 example has it, without mixing: what no loader on DALI can beat.

``mixing=torch`` adds the mixup of NVIDIA's DeepLearningExamples, a torch expression behind the pipeline. The default
executor hands out its buffers without a copy. Labels without mixing come as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.rivals import DEPTH, MEAN, RATIO, SCALE, STD, Job, Unavailable
from benchmarks.rivals.naive import finished, mixed

LABEL = "DALI"
# May hand out labels as they are.
CEILING = True


def pipeline(job: Job):
    """(images, labels) from a reader that never ends."""
    try:
        from nvidia.dali import fn, pipeline_def, types
    except ImportError as error:
        raise Unavailable(f"DALI: {error}") from error

    @pipeline_def(batch_size=job.batch_size, num_threads=job.cores, device_id=None, prefetch_queue_depth=DEPTH)
    def definition():
        encoded, labels = fn.readers.file(file_root=job.folder, random_shuffle=True)
        images = fn.decoders.image_random_crop(encoded, random_area=list(SCALE), random_aspect_ratio=list(RATIO))
        images = fn.resize(images, size=(job.size, job.size), interp_type=types.INTERP_TRIANGULAR)
        images = fn.crop_mirror_normalize(
            images,
            mirror=fn.random.coin_flip(),
            mean=[255 * value for value in MEAN],
            std=[255 * value for value in STD],
            dtype=types.FLOAT16 if job.dtype == "float16" else types.FLOAT,
            output_layout="HWC" if job.channels_last else "CHW",
        )
        return images, labels

    return definition()


def batches(job: Job, mixing: str = "no") -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    graph = pipeline(job)
    from nvidia.dali.plugin.pytorch import DALIGenericIterator

    for (batch,) in DALIGenericIterator(graph, ["images", "labels"], size=-1):
        images, labels = batch["images"], batch["labels"].squeeze(1)
        if job.channels_last:
            images = images.permute(0, 3, 1, 2)
        yield mixed(images, labels, job) if mixing == "torch" else (finished(images, job), labels)
