"""torch's DataLoader with torchvision's v2 transforms on tensors and its MixUp as collate function.

Decoding is Pillow's, or that of torchvision's compiled part (``decode=torchvision``) or of torchcodec, which took
image decoding over from it (``decode=torchcodec``), where these load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from PIL import Image
from torch.utils.data import default_collate

from benchmarks.rivals import ALPHA, MEAN, RATIO, SCALE, STD, Job, Unavailable
from benchmarks.rivals.compiled import can_decode, import_torchvision
from benchmarks.rivals.naive import finished
from benchmarks.rivals.workers import torch_loader

LABEL = "torch DataLoader + torchvision v2 transforms and MixUp"


class Crops:
    """A map-style Dataset of float32 (3, size, size) and labels."""

    def __init__(self, job: Job, decode: Callable[[str], torch.Tensor]) -> None:
        from torchvision.transforms import v2

        self.files = job.endless_files()
        self.decode = decode
        self.transform = v2.Compose(
            [
                v2.RandomResizedCrop(job.size, SCALE, RATIO, antialias=True),
                v2.RandomHorizontalFlip(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(MEAN, STD),
            ]
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        path, label = self.files[i]
        return self.transform(self.decode(path)), label


def with_pillow(path: str) -> torch.Tensor:
    with Image.open(path) as image:
        return torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1)


def choose_decoder(name: str) -> Callable[[str], torch.Tensor]:
    """From a path to uint8 (3, H, W); raises Unavailable where the decoder's library does not load."""
    if name == "torchvision":
        if reason := can_decode():
            raise Unavailable(f"torchvision's decoder: {reason}")
        from torchvision.io import ImageReadMode, decode_image

        return lambda path: decode_image(path, ImageReadMode.RGB)
    if name == "torchcodec":
        try:
            from torchcodec.decoders import decode_jpeg
        except (ImportError, OSError, RuntimeError) as error:
            cause = error.__cause__ or error
            raise Unavailable(f"torchcodec: {str(cause).splitlines()[0]}") from error
        return decode_jpeg
    return with_pillow


def batches(job: Job, decode: str = "pillow") -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    import_torchvision()
    from torchvision.transforms import v2

    mix = v2.RandomApply([v2.MixUp(alpha=ALPHA, num_classes=job.num_classes)], p=job.share)
    loader = torch_loader(Crops(job, choose_decoder(decode)), job, lambda samples: mix(*default_collate(samples)))
    while True:
        for images, targets in loader:
            if targets.dim() == 1:
                targets = torch.nn.functional.one_hot(targets, job.num_classes).float()
            yield finished(images, job), targets
