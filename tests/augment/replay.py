"""Replays sample plans through Pillow, one operation after the other."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps
from pillow_operations import FILTERS, by_pillow

from fastmix.augment import Operation, SamplePlan

_PLACES = {"ShearX": 1, "TranslateX": 2, "ShearY": 3, "TranslateY": 5}


def replay(images: np.ndarray, plan: SamplePlan) -> np.ndarray:
    """Return the augmented batch uint8 (B, H, W, 3); windows and noise are not replayed."""
    results = [_one(image, plan, i) for i, image in enumerate(images)]
    return np.stack(results) if results else images.copy()


def _one(pixels: np.ndarray, plan: SamplePlan, i: int) -> np.ndarray:
    image = Image.fromarray(pixels)
    image = ImageOps.mirror(image) if plan.flip_x[i] else image
    image = ImageOps.flip(image) if plan.flip_y[i] else image
    kept, total = image, np.zeros(pixels.shape, np.float32)
    for operation in plan.operations(i):
        if operation.name == "AugMixBegin":
            kept, total = image, np.zeros(pixels.shape, np.float32)
        elif operation.name == "AugMixChainEnd":
            total = total + np.float32(operation.values[0]) * np.asarray(image, np.float32)
            image = kept
        elif operation.name == "AugMixEnd":
            own, added = map(np.float32, operation.values)
            mixed = own * np.asarray(kept, np.float32) + added * total
            image = Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))
        else:
            image = apply(image, operation)
    return np.asarray(image)


def apply(image: Image.Image, operation: Operation) -> Image.Image:
    """Return the image after one operation."""
    name, values = operation.name, operation.values
    if name == "Rotate":
        return image.rotate(values[0], FILTERS[operation.interpolation], fillcolor=operation.fill)
    if name in _PLACES:
        matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        matrix[_PLACES[name]] = values[0]
        filtered = FILTERS[operation.interpolation]
        return image.transform(image.size, Image.Transform.AFFINE, matrix, filtered, fillcolor=operation.fill)
    if name == "EraseConstant":
        y, x, height, width = map(int, values)
        erased = image.copy()
        erased.paste(operation.fill, (x, y, x + width, y + height))
        return erased
    if name == "PadCrop":
        return _pad_crop(image, operation)
    return by_pillow(image, name, *values)


def _pad_crop(image: Image.Image, operation: Operation) -> Image.Image:
    y, x = map(int, operation.values)
    margin = max(abs(y), abs(x))
    if operation.reflect:
        pixels = np.pad(np.asarray(image), ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
        padded = Image.fromarray(pixels)
    else:
        padded = ImageOps.expand(image, margin, operation.fill)
    return padded.crop((margin + x, margin + y, margin + x + image.width, margin + y + image.height))
