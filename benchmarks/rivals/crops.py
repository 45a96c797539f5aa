"""The training preset's random resized crop with Pillow: one ``resize(box=)``, so that no cropped copy is made."""

from __future__ import annotations

import math
import random
from typing import BinaryIO

import numpy as np
from PIL import Image

from benchmarks.rivals import RATIO, SCALE, Job


def window(width: int, height: int) -> tuple[int, int, int, int]:
    """Torchvision's RandomResizedCrop: (left, top, width, height)."""
    for _ in range(10):
        area = width * height * random.uniform(*SCALE)
        ratio = math.exp(random.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return random.randint(0, width - w), random.randint(0, height - h), w, h
    w, h = min(width, round(height * RATIO[1])), min(height, round(width / RATIO[0]))
    return (width - w) // 2, (height - h) // 2, w, h


def cropped(image: Image.Image, place: tuple[int, int, int, int], size: int, draft: bool) -> Image.Image:
    """The window (left, top, width, height) of an opened photograph, resized to a square.

    Args:
        image: not decoded yet.
        place: in its pixels.
        size: of the square, in pixels.
        draft: let libjpeg decode at the reduced scale at which the window is still as large as the output.
    """
    x, y, w, h = place
    whole = image.size
    if draft:
        shrink = max(min(w, h) / size, 1)
        image.draft("RGB", (int(whole[0] / shrink), int(whole[1] / shrink)))
    fx, fy = image.width / whole[0], image.height / whole[1]
    box = (x * fx, y * fy, min((x + w) * fx, image.width), min((y + h) * fy, image.height))
    return image.convert("RGB").resize((size, size), Image.BILINEAR, box=box)


def random_crop(file: str | BinaryIO, size: int, draft: bool = False) -> np.ndarray:
    """Uint8 (3, size, size), mirrored with probability 1/2."""
    with Image.open(file) as image:
        small = cropped(image, window(*image.size), size, draft)
    if random.random() < 0.5:
        small = small.transpose(Image.FLIP_LEFT_RIGHT)
    return np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1))


class PillowCrops:
    """A map-style Dataset of uint8 (3, size, size) arrays and labels.

    Args:
        job: what has to be made.
        draft: let libjpeg decode at a reduced scale where the window is large (``Image.draft``).
    """

    def __init__(self, job: Job, draft: bool = False) -> None:
        self.files = job.endless_files()
        self.size = job.size
        self.draft = draft

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[np.ndarray, int]:
        path, label = self.files[i]
        return random_crop(path, self.size, self.draft), label
