"""Replays sample plans through Pillow, one operation after the other."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from fastmix.augment import Operation, SamplePlan

_FILTERS = {name: Image.Resampling[name.upper()] for name in ("nearest", "bilinear", "bicubic")}
_ENHANCE = {name: getattr(ImageEnhance, name) for name in ("Brightness", "Contrast", "Color", "Sharpness")}


def replay(images: np.ndarray, plan: SamplePlan) -> np.ndarray:
    """Return the augmented batch uint8 (B, H, W, 3); windows and noise are not replayed."""
    results = [_one(image, plan, i) for i, image in enumerate(images)]
    return np.stack(results) if results else images.copy()


def _one(pixels: np.ndarray, plan: SamplePlan, i: int) -> np.ndarray:
    image = Image.fromarray(pixels)
    if plan.flip_x[i]:
        image = ImageOps.mirror(image)
    if plan.flip_y[i]:
        image = ImageOps.flip(image)
    kept, total = image, np.zeros(pixels.shape, np.float32)
    for operation in plan.operations(i):
        if operation.name == "AugMixBegin":
            kept, total = image, np.zeros(pixels.shape, np.float32)
        elif operation.name == "AugMixChainEnd":
            total = total + np.float32(operation.values[0]) * np.asarray(image, np.float32)
            image = kept
        elif operation.name == "AugMixEnd":
            own, added = map(np.float32, operation.values)
            image = Image.fromarray(
                np.clip(own * np.asarray(kept, np.float32) + added * total, 0, 255).astype(np.uint8)
            )
        else:
            image = apply(image, operation)
    return np.asarray(image)


def apply(image: Image.Image, operation: Operation) -> Image.Image:
    """Return the image after one operation of Pillow's."""
    name, values = operation.name, operation.values
    value = values[0] if values else 0.0
    match name:
        case "Identity":
            return image
        case "Invert" | "AutoContrast" | "Equalize" | "Grayscale":
            return getattr(ImageOps, name.lower())(image).convert("RGB")
        case "Posterize":
            # Pillow 13 refuses 0 bits; earlier versions gave a black image.
            return ImageOps.posterize(image, int(value)) if value else Image.new("RGB", image.size)
        case "Solarize":
            return ImageOps.solarize(image, value)
        case "SolarizeAdd":
            return image.point([min(255, i + int(value)) if i < 128 else i for i in range(256)] * 3)
        case "Brightness" | "Contrast" | "Color" | "Sharpness":
            return _ENHANCE[name](image).enhance(value)
        case "Hue":
            return _hue(image, value)
        case "GaussianBlur":
            return image.filter(ImageFilter.GaussianBlur(value))
        case "Rotate":
            return image.rotate(value, _FILTERS[operation.interpolation], fillcolor=operation.fill)
        case "ShearX" | "ShearY" | "TranslateX" | "TranslateY":
            place = {"ShearX": 1, "TranslateX": 2, "ShearY": 3, "TranslateY": 5}[name]
            matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
            matrix[place] = value
            filtered = _FILTERS[operation.interpolation]
            return image.transform(image.size, Image.Transform.AFFINE, matrix, filtered, fillcolor=operation.fill)
        case "EraseConstant":
            y, x, height, width = map(int, values)
            erased = image.copy()
            erased.paste(operation.fill, (x, y, x + width, y + height))
            return erased
        case "PadCrop":
            return _pad_crop(image, operation)
    raise ValueError(f"replay: expected an operation on uint8 pixels, got {name}")


def _hue(image: Image.Image, shift: float) -> Image.Image:
    """As torchvision's ``adjust_hue`` does it with Pillow."""
    hue, saturation, value = image.convert("HSV").split()
    shifted = np.array(hue, np.uint8) + np.array(math.trunc(np.float32(shift) * 255)).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(shifted.astype(np.uint8)), saturation, value)).convert("RGB")


def _pad_crop(image: Image.Image, operation: Operation) -> Image.Image:
    y, x = map(int, operation.values)
    margin = max(abs(y), abs(x))
    if not operation.reflect:
        padded = ImageOps.expand(image, margin, operation.fill)
    else:
        pixels = np.pad(np.asarray(image), ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
        padded = Image.fromarray(pixels)
    return padded.crop((margin + x, margin + y, margin + x + image.width, margin + y + image.height))
