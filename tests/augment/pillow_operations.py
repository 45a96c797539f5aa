"""Rows of sample plans by hand, pictures of every sort, and each operation by Pillow."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from sklearn.datasets import load_sample_images

HEADER = ord("F") << 24 | ord("S") << 16 | 1 << 8
NAMES = (
    *("Identity", "Invert", "Posterize", "Solarize", "SolarizeAdd", "Brightness", "Contrast", "Color", "Grayscale"),
    *("Hue", "Sharpness", "AutoContrast", "Equalize", "GaussianBlur", "ShearX", "ShearY", "TranslateX", "TranslateY"),
    *("Rotate", "EraseConstant", "EraseNormal", "AugMixBegin", "AugMixChainEnd", "AugMixEnd", "PadCrop"),
    "ErasePixelsNormalized",
)
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
FILL = (124, 116, 104)
# name, parameters (float: its bits), filter of a warp
Operation = tuple


def bits(value: float) -> int:
    return struct.unpack("<i", struct.pack("<f", value))[0]


def color(rgb: Sequence[int]) -> int:
    return rgb[0] | rgb[1] << 8 | rgb[2] << 16


def words(name: str, *parameters: float | int, filter: str = "nearest", flags: int = 0) -> list[int]:
    """The four words of an operation; a Python float is stored by its bits, an int as it is."""
    code = NAMES.index(name) | list(FILTERS).index(filter) << 8 | flags
    stored = [bits(p) if isinstance(p, float) else p for p in parameters]
    return [code, *stored, *[0] * (3 - len(stored))]


def rows(samples: Sequence[Sequence[list[int]]], capacity: int | None = None, flags: Sequence[int] | None = None):
    """Sample plan rows for lists of operations."""
    capacity = max((len(operations) for operations in samples), default=0) if capacity is None else capacity
    table = np.zeros((len(samples), 16 + 4 * capacity), dtype=np.uint32)
    table[:, 0] = HEADER
    for i, operations in enumerate(samples):
        table[i, 1] = 0 if flags is None else flags[i]
        table[i, 8] = len(operations)
        for k, operation in enumerate(operations):
            table[i, 16 + 4 * k : 20 + 4 * k] = [word & 0xFFFFFFFF for word in operation]
    return torch.from_numpy(table.view(np.int32))


def float32(value: float) -> float:
    return float(np.float32(value))


def affine(image: Image.Image, matrix: Sequence[float], filter: str) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, matrix, FILTERS[filter], fillcolor=FILL)


def hue(image: Image.Image, shift: float) -> Image.Image:
    """torchvision's adjust_hue for Pillow images."""
    h, s, v = image.convert("HSV").split()
    turned = (np.asarray(h).astype(np.int32) + int(float32(shift) * 255)) % 256
    return Image.merge("HSV", (Image.fromarray(turned.astype(np.uint8)), s, v)).convert("RGB")


def posterize(image: Image.Image, number: int) -> Image.Image:
    return Image.new("RGB", image.size) if number == 0 else ImageOps.posterize(image, number)


def by_pillow(image: Image.Image, name: str, amount: float = 0.0, filter: str = "nearest") -> Image.Image:
    """Apply an operation; ``amount`` is rounded to float32 first, as plans hold it."""
    a = float32(amount)
    match name:
        case "Identity":
            return image
        case "Invert":
            return ImageOps.invert(image)
        case "Posterize":
            return posterize(image, int(a))
        case "Solarize":
            return ImageOps.solarize(image, a)
        case "SolarizeAdd":
            return image.point([min(255, v + int(a)) if v < 128 else v for v in range(256)] * 3)
        case "Brightness" | "Contrast" | "Color" | "Sharpness":
            return getattr(ImageEnhance, name)(image).enhance(a)
        case "Grayscale":
            return image.convert("L").convert("RGB")
        case "Hue":
            return hue(image, a)
        case "AutoContrast":
            return ImageOps.autocontrast(image)
        case "Equalize":
            return ImageOps.equalize(image)
        case "GaussianBlur":
            return image.filter(ImageFilter.GaussianBlur(a))
        case "ShearX":
            return affine(image, (1, a, 0, 0, 1, 0), filter)
        case "ShearY":
            return affine(image, (1, 0, 0, a, 1, 0), filter)
        case "TranslateX":
            return affine(image, (1, 0, a, 0, 1, 0), filter)
        case "TranslateY":
            return affine(image, (1, 0, 0, 0, 1, a), filter)
        case "Rotate":
            return image.rotate(a, FILTERS[filter], fillcolor=FILL)
    raise ValueError(name)


WARPS = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
WITHOUT_AMOUNT = ("Identity", "Invert", "Grayscale", "AutoContrast", "Equalize")


def operation(name: str, amount: float = 0.0, filter: str = "nearest") -> list[int]:
    """The words of an operation that ``by_pillow`` knows."""
    if name in WITHOUT_AMOUNT:
        return words(name)
    if name in WARPS:
        return words(name, float(amount), color(FILL), filter=filter)
    return words(name, float(amount))


def photographs(height: int, width: int) -> list[np.ndarray]:
    """Parts of scikit-learn's two photographs."""
    images = [
        Image.fromarray(image).resize((341, 256), Image.Resampling.BICUBIC) for image in load_sample_images().images
    ]
    return [
        np.array(image.resize((width, height), Image.Resampling.BICUBIC, box=(30, 20, 290, 240))) for image in images
    ]


def pictures(height: int, width: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng((height, width))
    y, x = np.mgrid[0:height, 0:width]
    gradient = np.stack([x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x + 2 * y) % 256], -1)
    few = generator.choice(np.array([0, 3, 128, 250, 255]), (height, width, 3))
    grey = np.repeat(generator.integers(0, 256, (height, width, 1)), 3, 2)
    few[: height // 2] = few[: height // 2, :1]
    named = {
        "noise": generator.integers(0, 256, (height, width, 3)),
        "gradient": gradient,
        "few": few,
        "grey": grey,
        "constant": np.full((height, width, 3), (7, 200, 255)),
        "black": np.zeros((height, width, 3)),
        "white": np.full((height, width, 3), 255),
    }
    first, second = photographs(height, width)
    return {"flower": first, "china": second} | {name: image.astype(np.uint8) for name, image in named.items()}
