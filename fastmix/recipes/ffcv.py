"""FFCV's ResNet-18 and ResNet-50 on ImageNet, 16 to 88 epochs, with the side growing from 160 to 192 pixels."""

from __future__ import annotations

from fastmix.augment.compose import Compose
from fastmix.augment.flips import RandomHorizontalFlip
from fastmix.augment.windows import RandomResizedCrop
from fastmix.recipes.notes import INTER_AREA
from fastmix.recipes.recipe import Evaluation, Recipe
from fastmix.recipes.sizes import SizeRamp

# Epochs, and the last epoch of 160 and the first of 192 pixels.
_RAMPS = {16: (11, 13), 24: (17, 20), 32: (23, 27), 40: (29, 34), 56: (41, 48), 88: (65, 76)}
_LONG_SIDE = {18: 400, 50: 500}


def _ffcv(depth: int, epochs: int) -> Recipe:
    return Recipe(
        name=f"FFCV_RN{depth}_{epochs}",
        source=f"libffcv/ffcv-imagenet, rn{depth}_configs/rn{depth}_{epochs}_epochs.yaml",
        size=SizeRamp(160, 192, *_RAMPS[epochs]),
        augment=Compose([RandomResizedCrop(), RandomHorizontalFlip()]),
        smoothing=0.1,
        evaluation=Evaluation(256, crop_pct=224 / 256),
        epochs=epochs,
        differs=(
            INTER_AREA,
            f"images: the reference stores them with a longer side of at most {_LONG_SIDE[depth]} pixels, half of them "
            "as JPEGs of quality 90",
            "evaluation: the reference also averages the logits of the flipped image; flip in your loop",
            "evaluation: the resize reads pixels beside the crop; the reference crops first",
        ),
    )


FFCV_RN18_16, FFCV_RN18_24, FFCV_RN18_32, FFCV_RN18_40, FFCV_RN18_56, FFCV_RN18_88 = (_ffcv(18, e) for e in _RAMPS)
FFCV_RN50_16, FFCV_RN50_24, FFCV_RN50_32, FFCV_RN50_40, FFCV_RN50_56, FFCV_RN50_88 = (_ffcv(50, e) for e in _RAMPS)
