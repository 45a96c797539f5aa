"""The recipes as their references have them: torchvision's or timm's transforms of Pillow images, and mixing."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image, ImageFilter, ImageOps

from benchmarks.rivals import ALPHA, MEAN, STD, Job, Unavailable
from benchmarks.rivals.compiled import import_torchvision

Transform = Callable[[Image.Image], Any]
Mix = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


class Photographs(torch.utils.data.Dataset):
    """A map-style Dataset of what a transform makes of a photograph, and labels; timm sets ``transform``."""

    def __init__(self, job: Job, transform: Transform | None = None) -> None:
        self.files = job.endless_files()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        path, label = self.files[i]
        with Image.open(path) as image:
            return self.transform(image.convert("RGB")), label


def transform_of(recipe: str, size: int) -> Transform:
    """Return what makes normalised float32 (3, size, size) of a photograph; for ``"dino"`` a list of ten views."""
    import_torchvision()
    from torchvision import transforms as T

    bilinear = T.InterpolationMode.BILINEAR
    if recipe == "deit":
        return timm_transform(size)
    if recipe == "dino":
        return DinoViews()
    augment, erasing = {
        "v2": (T.TrivialAugmentWide(interpolation=bilinear), [T.RandomErasing(0.1)]),
        "randaugment": (T.RandAugment(2, 9, interpolation=bilinear), []),
    }[recipe]
    crop = [T.RandomResizedCrop(size, interpolation=bilinear), T.RandomHorizontalFlip(), augment]
    return T.Compose([*crop, T.ToTensor(), T.Normalize(MEAN, STD), *erasing])


def mix_of(recipe: str, classes: int) -> Mix:
    """Return what mixes a float batch and its class ids to (images, dense targets)."""
    import_torchvision()
    from torchvision.transforms import v2

    if recipe == "dino":
        return lambda images, labels: (images, torch.nn.functional.one_hot(labels, classes).float())
    if recipe == "deit":
        from timm.data import Mixup

        return Mixup(0.8, 1.0, switch_prob=0.5, label_smoothing=0.1, num_classes=classes, mode="batch")
    mixup = v2.MixUp(alpha=ALPHA, num_classes=classes)
    return mixup if recipe == "randaugment" else v2.RandomChoice([mixup, v2.CutMix(alpha=1.0, num_classes=classes)])


def timm_transform(size: int, **options: Any) -> Transform:
    """Return timm's training transform with DeiT's arguments.

    Raises:
        Unavailable: timm is not installed.
    """
    import_torchvision()  # timm.data needs it
    try:
        from timm.data import auto_augment, create_transform
    except ImportError as error:
        raise Unavailable(f"timm: {error}") from error
    let_posterize_make_black(auto_augment)
    given = {"auto_augment": "rand-m9-mstd0.5-inc1", "re_prob": 0.25, "re_mode": "pixel", **options}
    return create_transform(size, is_training=True, interpolation="bicubic", **given)


def let_posterize_make_black(auto_augment: Any) -> None:
    """Let timm's posterize with 0 bits make a black image, as with Pillow before 13, which raises an error."""

    def posterize(image: Image.Image, bits: int, **_: Any) -> Image.Image:
        if bits >= 8:
            return image
        return ImageOps.posterize(image, bits) if bits > 0 else Image.new("RGB", image.size)

    for name in ("PosterizeIncreasing", "Posterize", "PosterizeOriginal"):
        auto_augment.NAME_TO_OP[name] = posterize


class DinoViews:
    """DINO's DataAugmentationDINO: two views of 224 pixels, eight of 96."""

    def __init__(self) -> None:
        from torchvision import transforms as T

        bicubic = T.InterpolationMode.BICUBIC
        jitter = T.RandomApply([T.ColorJitter(0.4, 0.4, 0.2, 0.1)], 0.8)
        colours = [T.RandomHorizontalFlip(), jitter, T.RandomGrayscale(0.2)]
        normal = [T.ToTensor(), T.Normalize(MEAN, STD)]
        solarized = [T.RandomApply([lambda image: ImageOps.solarize(image)], 0.2)]

        def view(size: int, scale: tuple[float, float], blur: float, last: list) -> Transform:
            crop = T.RandomResizedCrop(size, scale=scale, interpolation=bicubic)
            return T.Compose([crop, *colours, T.RandomApply([blurred], blur), *last, *normal])

        self.views = [view(224, (0.4, 1.0), 1.0, []), view(224, (0.4, 1.0), 0.1, solarized)]
        self.views += [view(96, (0.05, 0.4), 0.5, [])] * 8

    def __call__(self, image: Image.Image) -> list[torch.Tensor]:
        return [view(image) for view in self.views]


def blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2.0)))
