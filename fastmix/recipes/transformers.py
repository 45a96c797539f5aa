"""Vision transformers and their like: DeiT, DeiT III, Swin, ConvNeXt, MAE's fine-tuning."""

from __future__ import annotations

from fastmix.augment.compose import Compose
from fastmix.augment.erasing import RandomErasing
from fastmix.augment.flips import RandomHorizontalFlip
from fastmix.augment.three_augment import ThreeAugment
from fastmix.augment.timm_config import from_timm
from fastmix.augment.windows import RandomResizedCrop, SimpleRandomCrop
from fastmix.plan.choice import Choice
from fastmix.plan.policies import CutMix, Mixup
from fastmix.recipes.notes import NEIGHBORS, POSTERIZE, REPEATS, TIMM_CUTMIX
from fastmix.recipes.recipe import Evaluation, Recipe

_MIX = Choice([Mixup(0.8, pairing="flip"), CutMix(1.0, pairing="flip")])
_DIFFERS = (NEIGHBORS, TIMM_CUTMIX, POSTERIZE)
_CROP = (RandomResizedCrop(interpolation="bicubic"), RandomHorizontalFlip())
_RAND = from_timm("rand-m9-mstd0.5-inc1", interpolation="bicubic")
_ERASE = RandomErasing(0.25, "pixel", dialect="timm", before_mixing=True)


def _like_deit(name: str, source: str, repeats: int = 1) -> Recipe:
    return Recipe(
        name=name,
        source=source,
        size=224,
        augment=Compose([*_CROP, _RAND, _ERASE]),
        mix=_MIX,
        smoothing=0.1,
        repeats=repeats,
        evaluation=Evaluation(224, resize=256, interpolation="bicubic"),
        differs=(*_DIFFERS, REPEATS) if repeats > 1 else _DIFFERS,
    )


DEIT = _like_deit("DEIT", "facebookresearch/deit, main.py and datasets.py", repeats=3)
SWIN = _like_deit("SWIN", "microsoft/Swin-Transformer, config.py and data/build.py")
CONVNEXT = _like_deit("CONVNEXT", "facebookresearch/ConvNeXt, main.py and datasets.py, below 384 pixels")
MAE_FINETUNE = _like_deit("MAE_FINETUNE", "facebookresearch/mae, main_finetune.py and util/datasets.py")


def _deit3(model: str, size: int) -> Recipe:
    return Recipe(
        name=f"DEIT3_{model}",
        source=f"facebookresearch/deit, README_revenge.md, ImageNet-1k, {model}",
        size=size,
        augment=Compose([*_CROP, ThreeAugment(0.3)]),
        mix=_MIX,
        loss="binary cross entropy, with 1 for every target > 0",
        repeats=3,
        evaluation=Evaluation(224, crop_pct=1.0, interpolation="bicubic"),
        unverified=("evaluation: the size, which is that of the last 20 epochs (DEIT3_FINETUNE)",),
        differs=(NEIGHBORS, REPEATS, TIMM_CUTMIX),
    )


DEIT3_S = _deit3("S", 224)
DEIT3_BL = _deit3("BL", 192)
DEIT3_H = _deit3("H", 160)
DEIT3_FINETUNE = Recipe(
    name="DEIT3_FINETUNE",
    source="facebookresearch/deit, README_revenge.md, ImageNet-1k, the last 20 epochs",
    size=224,
    augment=Compose([*_CROP, _RAND]),
    mix=_MIX,
    smoothing=0.1,
    evaluation=Evaluation(224, crop_pct=1.0, interpolation="bicubic"),
    epochs=20,
    differs=_DIFFERS,
)
DEIT3_IN21K = Recipe(
    name="DEIT3_IN21K",
    source="facebookresearch/deit, README_revenge.md, ImageNet-21k",
    size=224,
    # The flip comes first in sample plans; the crop's law is symmetric.
    augment=Compose([RandomHorizontalFlip(), SimpleRandomCrop(4), ThreeAugment(0.3)]),
    mix=CutMix(1.0, pairing="flip"),
    smoothing=0.1,
    evaluation=Evaluation(224, crop_pct=1.0, interpolation="bicubic"),
    unverified=("size: S's; larger models differ",),
    differs=(NEIGHBORS, TIMM_CUTMIX, "the crop's place is rounded to a pixel of the decoded image"),
    refused=("crop: the loader draws the windows of RandomResizedCrop only; policy.plan draws SimpleRandomCrop's",),
)
