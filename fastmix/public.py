"""The public names, with what they import: torch and the native library, and DALI where a name needs it."""

import importlib
from typing import TYPE_CHECKING

from fastmix import augment, integrations, ops, recipes
from fastmix.integrations.mixer import Mixer
from fastmix.integrations.prefetch import prefetch
from fastmix.ops import reference
from fastmix.ops.augment import augment as augment_images
from fastmix.ops.augment import augment_
from fastmix.ops.label_weights import attention_label_weight, remix_label_weight
from fastmix.ops.labels import mix_labels, mix_values
from fastmix.ops.losses import mix_accuracy, mix_loss
from fastmix.ops.mix import mix, mix_, regmixup
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD, normalize_mix
from fastmix.ops.resample import resample
from fastmix.ops.resample_mix import WindowedImages, resample_mix
from fastmix.ops.segmentation import mix_segmentation
from fastmix.ops.targets import IndexTargets, PairTargets, pair_labels
from fastmix.plan import boxes, pairings, schedules, weights
from fastmix.plan.choice import Choice
from fastmix.plan.draw_key import DrawKey
from fastmix.plan.mask_policies import FMix, GMix, GridMix, SmoothMix
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import DirichletMix, MultiwayPlan
from fastmix.plan.plan_function import PlanFunction
from fastmix.plan.policies import CutMix, HMix, Mixup, Policy
from fastmix.plan.resident_plan import ResidentPlan
from fastmix.plan.schedules import Scheduled
from fastmix.plan.weights import Beta, Fixed, Uniform, UniformSide

if TYPE_CHECKING:
    from fastmix import dali, loader
    from fastmix.loader.loader import DataLoader
    from fastmix.packing.pack import pack

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "Beta",
    "Choice",
    "CutMix",
    "DataLoader",
    "DirichletMix",
    "DrawKey",
    "FMix",
    "Fixed",
    "GMix",
    "GridMix",
    "HMix",
    "IndexTargets",
    "MixPlan",
    "Mixer",
    "Mixup",
    "MultiwayPlan",
    "PairTargets",
    "PlanFunction",
    "Policy",
    "ResidentPlan",
    "Scheduled",
    "SmoothMix",
    "Uniform",
    "UniformSide",
    "WindowedImages",
    "attention_label_weight",
    "augment",
    "augment_",
    "augment_images",
    "boxes",
    "dali",
    "integrations",
    "loader",
    "mix",
    "mix_",
    "mix_accuracy",
    "mix_labels",
    "mix_loss",
    "mix_segmentation",
    "mix_values",
    "normalize_mix",
    "ops",
    "pack",
    "pair_labels",
    "pairings",
    "prefetch",
    "recipes",
    "reference",
    "regmixup",
    "remix_label_weight",
    "resample",
    "resample_mix",
    "schedules",
    "weights",
]

# These import DALI, which takes a second: on first use, so that tensors are mixed without it.
_LAZY = {
    "DataLoader": ("fastmix.loader.loader", "DataLoader"),
    "dali": ("fastmix.dali", None),
    "loader": ("fastmix.loader", None),
    "pack": ("fastmix.packing.pack", "pack"),
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'fastmix' has no attribute {name!r}")
    module, attribute = _LAZY[name]
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("nvidia"):
            raise
        from fastmix.dali.packages import INSTALL

        raise ImportError(f"{name}: expected NVIDIA DALI, found none; {INSTALL}") from error
    return imported if attribute is None else getattr(imported, attribute)
