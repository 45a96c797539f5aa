"""The operations that are measured: ours, the call of Pillow that gives the same pixels, and the floor.

A floor is the time of a hand-written loop with the same arithmetic on a Zen 5 core with AVX-512, without dispatch,
bounds or rounding checks, in microseconds for 224 x 224 pixels.
"""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from benchmarks.augment.pictures import Picture
from fastmix.augment import Operation

FILL = (124, 116, 104)
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
Call = Callable[[Picture], Picture]


def affine(filter: str, *matrix: float) -> Call:
    return lambda x: x.transform(x.size, Image.Transform.AFFINE, matrix, FILTERS[filter], fillcolor=FILL)


def enhance(name: str, factor: float) -> tuple[Operation, Call]:
    return Operation(name, (factor,)), lambda x: getattr(ImageEnhance, name)(x).enhance(factor)


def warp(name: str, amount: float, filter: str) -> tuple[Operation, Call]:
    matrices = {
        "ShearX": (1, amount, 0, 0, 1, 0),
        "ShearY": (1, 0, 0, amount, 1, 0),
        "TranslateX": (1, 0, amount, 0, 1, 0),
        "TranslateY": (1, 0, 0, 0, 1, amount),
    }
    call = affine(filter, *matrices[name]) if name in matrices else rotate(amount, filter)
    return Operation(name, (amount,), fill=FILL, interpolation=filter), call


def rotate(degrees: float, filter: str) -> Call:
    return lambda x: x.rotate(degrees, FILTERS[filter], fillcolor=FILL)


OPERATIONS: dict[str, tuple[Operation, Call, float | None]] = {
    "Invert": (Operation("Invert"), ImageOps.invert, 1.6),
    "Posterize 4": (Operation("Posterize", (4,)), lambda x: ImageOps.posterize(x, 4), 1.6),
    "Solarize 128": (Operation("Solarize", (128,)), lambda x: ImageOps.solarize(x, 128), 1.6),
    "Brightness 1.4": (*enhance("Brightness", 1.4), 1.6),
    "Contrast 1.4": (*enhance("Contrast", 1.4), 6.0),
    "Color 1.4": (*enhance("Color", 1.4), 22.0),
    "Grayscale": (Operation("Grayscale"), lambda x: x.convert("L").convert("RGB"), 3.9),
    "Sharpness 1.4": (*enhance("Sharpness", 1.4), 55.0),
    "AutoContrast": (Operation("AutoContrast"), ImageOps.autocontrast, 3.0),
    "Equalize": (Operation("Equalize"), ImageOps.equalize, 42.0),
    "GaussianBlur 0.5": (Operation("GaussianBlur", (0.5,)), lambda x: x.filter(ImageFilter.GaussianBlur(0.5)), 69.0),
    "GaussianBlur 2": (Operation("GaussianBlur", (2.0,)), lambda x: x.filter(ImageFilter.GaussianBlur(2.0)), 82.0),
    "ShearX nearest": (*warp("ShearX", 0.198, "nearest"), 3.0),
    "ShearX bilinear": (*warp("ShearX", 0.198, "bilinear"), 75.0),
    "ShearX bicubic": (*warp("ShearX", 0.198, "bicubic"), 161.0),
    "ShearY bilinear": (*warp("ShearY", 0.198, "bilinear"), 75.0),
    "TranslateX 20 bilinear": (*warp("TranslateX", 20.0, "bilinear"), 3.0),
    "TranslateY 20.3 bicubic": (*warp("TranslateY", 20.3, "bicubic"), 161.0),
    "Rotate 20 nearest": (*warp("Rotate", 20.0, "nearest"), 16.0),
    "Rotate 20 bilinear": (*warp("Rotate", 20.0, "bilinear"), 75.0),
    "Rotate 20 bicubic": (*warp("Rotate", 20.0, "bicubic"), 161.0),
}


def hue(x: Picture) -> Picture:
    h, s, v = x.convert("HSV").split()
    return Image.merge("HSV", (h.point([(k + 25) % 256 for k in range(256)]), s, v)).convert("RGB")


OPERATIONS["Hue 0.1"] = (Operation("Hue", (0.1,)), hue, 36.0)
