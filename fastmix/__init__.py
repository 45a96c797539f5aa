"""fastmix: a data loader for PyTorch that hands the trainer mixed, normalised, ready-to-use batches.

==================  ================================================================================================
``DataLoader``      reads, decodes, crops, resizes, flips, mixes and normalises; ``fastmix.loader``
``pack``            writes a data set as shards that load faster; ``fastmix.packing``
policies            ``Mixup``, ``CutMix``, ... draw plans; with ``boxes``, ``pairings``, ``schedules`` and ``weights``
plans               ``MixPlan``, ``MultiwayPlan``: what is mixed with what; ``ResidentPlan`` for CUDA graphs
``fastmix.augment`` policies that draw sample plans: ``TrivialAugmentWide``, ``RandAugment``, ...
``fastmix.recipes`` published training recipes: ``TORCHVISION_V2``, ``DEIT``, ...
operators           ``mix_``, ``mix``, ``normalize_mix``, ``resample``, ``resample_mix``, ``mix_labels``, ``augment_``
integrations        ``prefetch``, ``Mixer`` and drop-ins for timm and torchvision
``fastmix.dali``    the operators in a DALI pipeline of your own
==================  ================================================================================================
"""

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastmix.public import *  # noqa: F403
    from fastmix.public import __all__ as __all__
else:

    def __getattr__(name: str) -> object:
        """Import the public names when the first one is used: ``fastmix --help`` then needs no torch."""
        if name.startswith("_") and name != "__all__":
            raise AttributeError(f"module 'fastmix' has no attribute {name!r}")
        return getattr(importlib.import_module("fastmix.public"), name)


__version__ = version("fastmix")


def __dir__() -> list[str]:
    return sorted({*globals(), *importlib.import_module("fastmix.public").__all__})
