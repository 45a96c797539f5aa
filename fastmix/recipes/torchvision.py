"""torchvision's references and NVIDIA's examples: supervised training on ImageNet."""

from __future__ import annotations

from fastmix.augment.auto_augment import AutoAugment
from fastmix.augment.compose import Compose
from fastmix.augment.erasing import RandomErasing
from fastmix.augment.flips import RandomHorizontalFlip
from fastmix.augment.trivial_augment import TrivialAugmentWide
from fastmix.augment.windows import RandomResizedCrop
from fastmix.plan.choice import Choice
from fastmix.plan.policies import CutMix, Mixup
from fastmix.recipes.notes import CUTMIX_SIDES, NEIGHBORS, NVIDIA_RESIZE, REPEATS
from fastmix.recipes.recipe import Evaluation, Recipe

TORCHVISION_V1 = Recipe(
    name="TORCHVISION_V1",
    source="torchvision references/classification, ResNet50_Weights.IMAGENET1K_V1 (76.13 %)",
    size=224,
    augment=Compose([RandomResizedCrop(), RandomHorizontalFlip()]),
    evaluation=Evaluation(224, resize=256),
)

TORCHVISION_V2 = Recipe(
    name="TORCHVISION_V2",
    source="torchvision issue 3995, ResNet50_Weights.IMAGENET1K_V2 (80.858 %)",
    size=176,
    augment=Compose(
        [RandomResizedCrop(), RandomHorizontalFlip(), TrivialAugmentWide(), RandomErasing(0.1, before_mixing=True)]
    ),
    mix=Choice([Mixup(0.2, pairing="roll"), CutMix(1.0, pairing="roll")]),
    smoothing=0.1,
    repeats=4,
    evaluation=Evaluation(224, resize=232),
    unverified=("repeats: read in third parties' copies of the command only",),
    differs=(NEIGHBORS, REPEATS, CUTMIX_SIDES),
)

NVIDIA_RESNET50 = Recipe(
    name="NVIDIA_RESNET50",
    source="NVIDIA DeepLearningExamples, ResNet-50 v1.5, 250 epochs",
    size=224,
    augment=Compose([RandomResizedCrop(), RandomHorizontalFlip()]),
    mix=Mixup(0.2),
    smoothing=0.1,
    evaluation=Evaluation(224, resize=256),
    epochs=250,
    unverified=("the resize's interpolation and the evaluation",),
    differs=(NVIDIA_RESIZE,),
)


def _nvidia_efficientnet(name: str, size: int) -> Recipe:
    return Recipe(
        name=f"NVIDIA_EFFICIENTNET_{name}",
        source=f"NVIDIA DeepLearningExamples, EfficientNet-{name}, 400 epochs",
        size=size,
        augment=Compose(
            [
                RandomResizedCrop(interpolation="bicubic"),
                RandomHorizontalFlip(),
                AutoAugment("v0", interpolation="nearest", fill=128),
            ]
        ),
        mix=Mixup(0.2),
        smoothing=0.1,
        evaluation=Evaluation(size, crop_pct=0.875, interpolation="bicubic"),
        epochs=400,
        unverified=("evaluation: the share of the crop",),
        differs=(NVIDIA_RESIZE, "shears are nearest; NVIDIA's are bicubic, its other warps nearest"),
        refused=(
            "translations: NVIDIA's policy shifts up to 250 pixels, fastmix's table v0 is timm's and shifts up to 0.45 "
            "of the side",
        ),
    )


NVIDIA_EFFICIENTNET_B0 = _nvidia_efficientnet("B0", 224)
NVIDIA_EFFICIENTNET_B4 = _nvidia_efficientnet("B4", 380)
