"""Self-supervised training: several views of each image, with their own policies."""

from __future__ import annotations

from fastmix.augment.compose import Compose, RandomApply
from fastmix.augment.flips import RandomHorizontalFlip
from fastmix.augment.jitter import ColorJitter
from fastmix.augment.photometric import GaussianBlur, Grayscale, Solarize
from fastmix.augment.windows import RandomResizedCrop, ResizeFilter
from fastmix.recipes.notes import HSV, TF_BLUR, TF_RESIZE
from fastmix.recipes.recipe import Recipe, View

_NONE, _UNIT = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def _view(
    name: str,
    jitter: ColorJitter,
    blur: float,
    solarize: float = 0.0,
    scale: tuple[float, float] = (0.08, 1.0),
    interpolation: ResizeFilter = "bicubic",
    count: int = 1,
    size: int = 224,
) -> View:
    steps = [
        RandomResizedCrop(scale, interpolation=interpolation),
        RandomHorizontalFlip(),
        RandomApply(jitter, 0.8),
        Grayscale(0.2),
        GaussianBlur((0.1, 2.0), blur),
        *([Solarize(128, solarize)] if solarize else []),
    ]
    return View(name, count, size, Compose(steps))


SIMCLR = Recipe(
    name="SIMCLR",
    source="google-research/simclr, tf2/data_util.py",
    size=224,
    views=(_view("view", ColorJitter(0.8, 0.8, 0.8, 0.2), 0.5, count=2),),
    loss="NT-Xent",
    mean=_NONE,
    std=_UNIT,
    differs=("crop: up to 10 tries, then the largest centred window; the reference tries 100 times",),
    refused=(TF_RESIZE, HSV, TF_BLUR),
)

_BYOL = ColorJitter(0.4, 0.4, 0.2, 0.1)
BYOL = Recipe(
    name="BYOL",
    source="deepmind-research, byol/utils/augmentations.py and dataset.py",
    size=224,
    views=(_view("view 1", _BYOL, 1.0), _view("view 2", _BYOL, 0.1, 0.2)),
    loss="BYOL's regression of the other view's projection",
    unverified=("mean and std: ImageNet's, not read in the source",),
    refused=(
        TF_RESIZE,
        HSV,
        TF_BLUR,
        "brightness: the reference adds a number, fastmix multiplies",
        "crop: the reference draws once and clamps the sides, fastmix tries up to 10 times",
    ),
)

_JITTER = ColorJitter(0.4, 0.4, 0.2, 0.1)
MOCO_V3 = Recipe(
    name="MOCO_V3",
    source="facebookresearch/moco-v3, main_moco.py; ViTs crop with scale (0.2, 1)",
    size=224,
    views=(
        _view("view 1", _JITTER, 1.0, interpolation="bilinear"),
        _view("view 2", _JITTER, 0.1, 0.2, interpolation="bilinear"),
    ),
    loss="InfoNCE",
    differs=("the flip comes before the jitter, which changes no pixel; the reference flips last",),
)

DINO = Recipe(
    name="DINO",
    source="facebookresearch/dino, main_dino.py",
    size=224,
    views=(
        _view("global 1", _JITTER, 1.0, scale=(0.4, 1.0)),
        _view("global 2", _JITTER, 0.1, 0.2, scale=(0.4, 1.0)),
        _view("local", _JITTER, 0.5, scale=(0.05, 0.4), count=8, size=96),
    ),
    loss="DINO's cross entropy between teacher and student",
)
