"""Streaming (mosaicml-streaming): MDS shards of photographs, cropped with Pillow, mixed with torch expressions."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import torch

from benchmarks.rivals import DEPTH, Job, Unavailable
from benchmarks.rivals.compiled import import_torchvision
from benchmarks.rivals.crops import random_crop
from benchmarks.rivals.naive import mixed
from benchmarks.rivals.pillow import normalized
from benchmarks.rivals.prepared import prepared

LABEL = "Streaming + Pillow + torch mixing"
FORM = "mds"
# Each is a stream of the data set; an epoch has all of them.
MOST_COPIES = 8


def library() -> ModuleType:
    import_torchvision()  # streaming needs it
    try:
        import streaming
    except ImportError as error:
        raise Unavailable(f"Streaming: {error}") from error
    return streaming


def write(job: Job, path: Path) -> None:
    with library().MDSWriter(out=str(path), columns={"image": "bytes", "label": "int"}) as writer:
        for file, label in job.files():
            writer.write({"image": Path(file).read_bytes(), "label": label})


def batches(job: Job) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    streaming, path = library(), prepared(job, FORM, write)
    from streaming.base.util import clean_stale_shared_memory

    class Crops(streaming.StreamingDataset):
        def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
            sample = super().__getitem__(i)
            return normalized(random_crop(io.BytesIO(sample["image"]), job.size)), sample["label"]

    # A rival's process is ended without ceremony, and leaves its shared memory.
    clean_stale_shared_memory()
    # Its workers may still write when the rival ends.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        streams = [
            streaming.Stream(remote=job.place(path, copy), local=f"{cache}/{copy}")
            for copy in job.copies()[:MOST_COPIES]
        ]
        place = {"streams": streams} if job.store else {"local": str(path)}
        data = Crops(**place, shuffle=True, batch_size=job.batch_size)
        loader = streaming.StreamingDataLoader(
            data, batch_size=job.batch_size, num_workers=job.cores, drop_last=True, prefetch_factor=DEPTH
        )
        while True:
            for images, labels in loader:
                yield mixed(images, labels, job)
