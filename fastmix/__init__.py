"""fastmix: a data loader for PyTorch that hands the trainer mixed, normalised, ready-to-use batches."""

from importlib.metadata import version

from fastmix.functional import mix, mix_, mix_labels, normalize_mix
from fastmix.losses import mix_loss
from fastmix.plan import MixPlan
from fastmix.policies import Choice, CutMix, Mixup, Policy

__version__ = version("fastmix")

__all__ = [
    "Choice",
    "CutMix",
    "DataLoader",
    "MixPlan",
    "Mixup",
    "Policy",
    "mix",
    "mix_",
    "mix_labels",
    "mix_loss",
    "normalize_mix",
]


def __getattr__(name: str):
    # The loader needs DALI, which takes a second to import: whoever only mixes tensors does not wait for it.
    if name == "DataLoader":
        from fastmix.data.loader import DataLoader

        return DataLoader
    raise AttributeError(f"module 'fastmix' has no attribute {name!r}")
