"""CIFAR: pad and crop, Cutout, AutoAugment."""

from __future__ import annotations

from fastmix.augment.auto_augment import AutoAugment
from fastmix.augment.compose import Compose
from fastmix.augment.erasing import Cutout
from fastmix.augment.flips import RandomHorizontalFlip
from fastmix.augment.policy import SamplePolicy
from fastmix.augment.warps import PadCrop
from fastmix.augment.windows import RandomResizedCrop
from fastmix.recipes.recipe import Evaluation, Recipe

_MEAN, _STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
# The whole image. The flip comes before the crop in sample plans; the crop's law is symmetric.
_CLASSIC = (RandomResizedCrop((1.0, 1.0), (1.0, 1.0)), RandomHorizontalFlip(), PadCrop(4))
_STATISTICS = "mean and std: CIFAR-10's, from memory"


def _cifar(name: str, source: str, more: tuple[SamplePolicy, ...], unverified: tuple[str, ...]) -> Recipe:
    return Recipe(
        name=name,
        source=source,
        size=32,
        augment=Compose([*_CLASSIC, *more]),
        evaluation=Evaluation(32, resize=32),
        mean=_MEAN,
        std=_STD,
        image_size=(32, 32),
        unverified=(_STATISTICS, *unverified),
    )


CIFAR = _cifar(
    "CIFAR",
    "He et al. 2016; the crop as in facebookresearch/deit, datasets.py, at 32 pixels",
    (),
    ("all but the crop: from the paper, not read in a script",),
)
CIFAR_CUTOUT = _cifar(
    "CIFAR_CUTOUT",
    "Cutout (DeVries and Taylor, 2017)",
    (Cutout(16),),
    ("the square's law: read in third parties' copies only; its side, CIFAR-10's: from the paper",),
)
CIFAR_AUTOAUGMENT = _cifar(
    "CIFAR_AUTOAUGMENT",
    "AutoAugment (Cubuk et al., CVPR 2019)",
    (AutoAugment("cifar10"), Cutout(16)),
    ("the order of the steps and the warps' interpolation and fill: from the paper, not read in a script",),
)
