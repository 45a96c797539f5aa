"""The images of the benchmark, for Pillow and as a batch."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

from benchmarks.data import photographs

Picture = Image.Image


def pictures(count: int, size: int) -> list[Picture]:
    """Return ``count`` parts of the photographs, each another one, of ``size`` x ``size`` pixels."""
    sources = photographs()
    parts = []
    for i in range(count):
        source = sources[i % len(sources)].convert("RGB")
        side = min(source.size)
        left, top = (i * 37) % (source.width - side + 1), (i * 53) % (source.height - side + 1)
        parts.append(source.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)))
    return parts


def batch_of(images: list[Picture]) -> Tensor:
    """Return the images as uint8 (B, H, W, 3)."""
    rows = torch.stack([torch.frombuffer(bytearray(x.tobytes()), dtype=torch.uint8) for x in images])
    return rows.reshape(len(images), images[0].height, images[0].width, 3)
