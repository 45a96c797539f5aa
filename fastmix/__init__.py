"""fastmix: a data loader for PyTorch that hands the trainer mixed, normalised, ready-to-use batches."""

from importlib.metadata import version

from fastmix.functional import mix, mix_, mix_labels, normalize_mix, regmixup
from fastmix.losses import mix_accuracy, mix_loss
from fastmix.mask_policies import FMix, GMix, GridMix, SmoothMix
from fastmix.mixer import Mixer
from fastmix.multiway import DirichletMix, MultiwayPlan
from fastmix.plan import MixPlan
from fastmix.policies import Choice, CutMix, HMix, Mixup, Policy
from fastmix.prefetch import prefetch
from fastmix.resample import Views, batch
from fastmix.resize import ResizeMix, resize_mix
from fastmix.schedules import Scheduled
from fastmix.targets import mix_masks, mix_targets, mix_values
from fastmix.weights import Beta, Fixed, Uniform, UniformSide

__version__ = version("fastmix")

__all__ = [
    "Beta",
    "Choice",
    "CutMix",
    "DataLoader",
    "DirichletMix",
    "FMix",
    "Fixed",
    "GMix",
    "GridMix",
    "HMix",
    "MixPlan",
    "Mixer",
    "Mixup",
    "MultiwayPlan",
    "Policy",
    "ResizeMix",
    "Scheduled",
    "SmoothMix",
    "Uniform",
    "UniformSide",
    "Views",
    "batch",
    "mix",
    "mix_",
    "mix_accuracy",
    "mix_labels",
    "mix_loss",
    "mix_masks",
    "mix_targets",
    "mix_values",
    "normalize_mix",
    "prefetch",
    "regmixup",
    "resize_mix",
]


def __getattr__(name: str):
    # The loader needs DALI, which takes a second to import: whoever only mixes tensors does not wait for it.
    if name == "DataLoader":
        from fastmix.data.loader import DataLoader

        return DataLoader
    raise AttributeError(f"module 'fastmix' has no attribute {name!r}")
