"""Augmentation as data: policies draw sample plans, and operators apply them.

======================== =============================================================================================
``sample_plan.py``       ``SamplePlan``: what happens to the pixels of single samples before they are mixed
``operations.py``        ``Operation``, and the table of operations with their parameters
``plan_table.py``        sample plans as a table of text
``policy.py``            ``SamplePolicy``, the base of policies, and drafts of plans
``compose.py``           ``Compose``, ``RandomApply``, ``RandomChoice``
``scheduled.py``         ``Scheduled``: a policy that depends on the epoch; ``Linear``, ``Steps``
``windows.py``           ``RandomResizedCrop``, ``SimpleRandomCrop``
``flips.py``             ``RandomHorizontalFlip``, ``RandomVerticalFlip``
``photometric.py``       ``Grayscale``, ``Solarize``, ``Posterize``, ``Sharpness``, ``GaussianBlur``, ...
``jitter.py``            ``ColorJitter``
``warps.py``             ``ShearX``, ``ShearY``, ``TranslateX``, ``TranslateY``, ``Rotate``, ``PadCrop``
``erasing.py``           ``RandomErasing``, ``Cutout``
``auto_augment.py``      ``AutoAugment``
``rand_augment.py``      ``RandAugment``
``trivial_augment.py``   ``TrivialAugmentWide``
``augmix.py``            ``AugMix``
``three_augment.py``     ``ThreeAugment``
``timm_config.py``       ``from_timm``: policies from timm's configuration strings
``torchvision_laws.py``  magnitudes of torchvision's policies
``timm_laws.py``         magnitudes of timm's policies
``sub_policies.py``      AutoAugment's tables
``draws.py``             random numbers by sample key
``packing.py``           operations of many samples as words
``ranges.py``            checks of policies' parameters
======================== =============================================================================================
"""

from fastmix.augment.augmix import AugMix
from fastmix.augment.auto_augment import AutoAugment
from fastmix.augment.compose import Compose, RandomApply, RandomChoice
from fastmix.augment.erasing import Cutout, RandomErasing
from fastmix.augment.flips import RandomHorizontalFlip, RandomVerticalFlip
from fastmix.augment.jitter import ColorJitter
from fastmix.augment.operations import Operation
from fastmix.augment.photometric import (
    AutoContrast,
    Brightness,
    Color,
    Contrast,
    Equalize,
    GaussianBlur,
    Grayscale,
    Invert,
    Posterize,
    Sharpness,
    Solarize,
    SolarizeAdd,
)
from fastmix.augment.policy import SamplePolicy
from fastmix.augment.rand_augment import RandAugment
from fastmix.augment.sample_plan import SamplePlan
from fastmix.augment.scheduled import Linear, Scheduled, Steps
from fastmix.augment.three_augment import ThreeAugment
from fastmix.augment.timm_config import from_timm
from fastmix.augment.trivial_augment import TrivialAugmentWide
from fastmix.augment.warps import PadCrop, Rotate, ShearX, ShearY, TranslateX, TranslateY
from fastmix.augment.windows import RandomResizedCrop, SimpleRandomCrop
from fastmix.plan.draw_key import SampleKeys

__all__ = [
    "AugMix",
    "AutoAugment",
    "AutoContrast",
    "Brightness",
    "Color",
    "ColorJitter",
    "Compose",
    "Contrast",
    "Cutout",
    "Equalize",
    "GaussianBlur",
    "Grayscale",
    "Invert",
    "Linear",
    "Operation",
    "PadCrop",
    "Posterize",
    "RandAugment",
    "RandomApply",
    "RandomChoice",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomVerticalFlip",
    "Rotate",
    "SampleKeys",
    "SamplePlan",
    "SamplePolicy",
    "Scheduled",
    "Sharpness",
    "ShearX",
    "ShearY",
    "SimpleRandomCrop",
    "Solarize",
    "SolarizeAdd",
    "Steps",
    "ThreeAugment",
    "TranslateX",
    "TranslateY",
    "TrivialAugmentWide",
    "from_timm",
]
