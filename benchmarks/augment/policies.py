"""The policies that are measured, and the floor of each: see ``operations.py``."""

from __future__ import annotations

from fastmix import augment as fa

POLICIES: dict[str, tuple[fa.SamplePolicy, float]] = {
    "TrivialAugmentWide": (fa.TrivialAugmentWide(), 26.0),
    "RandAugment n2 m9": (fa.RandAugment(), 52.0),
    "AutoAugment ImageNet": (fa.AutoAugment(interpolation="bilinear"), 27.0),
    "AugMix": (fa.AugMix(), 200.0),
    "timm rand-m9-inc1": (fa.from_timm("rand-m9-inc1", interpolation="bicubic"), 63.0),
    "ColorJitter 0.4": (fa.ColorJitter(0.4, 0.4, 0.4), 30.0),
}
