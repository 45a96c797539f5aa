"""timm: "ResNet strikes back" A1 to A3, and the RandAugment recipes of EfficientNets."""

from __future__ import annotations

from fastmix.augment.compose import Compose
from fastmix.augment.erasing import RandomErasing
from fastmix.augment.flips import RandomHorizontalFlip
from fastmix.augment.timm_config import from_timm
from fastmix.augment.windows import RandomResizedCrop
from fastmix.plan.choice import Choice
from fastmix.plan.policies import CutMix, Mixup
from fastmix.recipes.notes import NEIGHBORS, POSTERIZE, REPEATS, TIMM_CUTMIX, TIMM_ROUNDING
from fastmix.recipes.recipe import Evaluation, Recipe


def _strikes_back(
    name: str, epochs: int, magnitude: int, alpha: float, smoothing: float, repeats: int, size: int, note: str
) -> Recipe:
    rand = from_timm(f"rand-m{magnitude}-mstd0.5-inc1", interpolation="bicubic")
    return Recipe(
        name=f"TIMM_{name}",
        source=f"ResNet strikes back (Wightman et al., 2021), {name}; evaluation: timm's pretrained configurations",
        size=size,
        augment=Compose([RandomResizedCrop(interpolation="bicubic"), RandomHorizontalFlip(), rand]),
        mix=Choice([Mixup(alpha, pairing="flip"), CutMix(1.0, pairing="flip")]),
        smoothing=smoothing,
        loss="binary cross entropy",
        repeats=repeats,
        evaluation=Evaluation(224, crop_pct=0.95, interpolation="bicubic"),
        epochs=epochs,
        unverified=(note,),
        differs=(NEIGHBORS, *((REPEATS,) if repeats > 1 else ()), TIMM_CUTMIX, TIMM_ROUNDING, POSTERIZE),
    )


_MEMORY = "training settings: from the paper, not read in a script"
TIMM_A1 = _strikes_back("A1", 600, 7, 0.2, 0.1, 3, 224, _MEMORY)
TIMM_A2 = _strikes_back("A2", 300, 7, 0.1, 0.0, 3, 224, "training settings: read in third parties' copies only")
TIMM_A3 = _strikes_back("A3", 100, 6, 0.1, 0.0, 1, 160, _MEMORY)

TIMM_RA = Recipe(
    name="TIMM_RA",
    source="timm, training recipes 'ra' and 'ra2' of EfficientNet-B0 to B3 and MobileNetV3",
    size=224,
    augment=Compose(
        [
            RandomResizedCrop(interpolation="random"),
            RandomHorizontalFlip(),
            from_timm("rand-m9-mstd0.5", interpolation="random"),
            RandomErasing(0.2, "pixel", dialect="timm", before_mixing=False),
        ]
    ),
    smoothing=0.1,
    evaluation=Evaluation(224, crop_pct=0.875, interpolation="bicubic"),
    unverified=("size and crop_pct: they depend on the model; these are EfficientNet-B0's",),
    differs=(POSTERIZE,),
)
