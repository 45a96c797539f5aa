"""What the tests of peers' defects share: policies of every kind, and the share of own pixels that they leave."""

import torch

import fastmix as fm
from fastmix.plan.boxes import Coverage, Inside, MinMax

SIZES = [(9, 13), (7, 4), (224, 160)]
CUTS = [
    fm.CutMix(per="sample"),
    fm.CutMix(per="sample", box=Coverage()),
    fm.CutMix(per="sample", box=Inside()),
    fm.CutMix(per="sample", box=MinMax(0.2, 0.8)),
    fm.CutMix(per="sample", inside=fm.Uniform()),
    fm.HMix(per="sample"),
    fm.Mixup(per="sample"),
]
MASKS = [
    fm.GridMix(per="sample", holes=(2, 5), crop_area=(0.3, 0.9), crop_aspect=(0.5, 2.0)),
    fm.SmoothMix(per="sample"),
    fm.GMix(per="sample"),
    fm.FMix(per="sample"),
    fm.FMix(per="sample", softness=0.3),
]
KINDS = [*CUTS, *MASKS]


def own_pixels(images: torch.Tensor) -> torch.Tensor:
    """The share of ones: own pixels of images that are 1, mixed with partners that are 0."""
    return images.double().flatten(1).mean(1)


def mixed_share(policy: fm.Policy, size: tuple[int, int], steps: int = 50) -> tuple[torch.Tensor, torch.Tensor]:
    """Own pixels of the first of two images, and its label weight."""
    x = torch.zeros(2, 1, *size, dtype=torch.float64)
    x[0] = 1
    shares, weights = [], []
    for step in range(steps):
        plan = policy.plan(2, size, step=step, partner=[1, 0])
        shares.append(own_pixels(fm.mix(x, plan))[0])
        weights.append(plan.label_weight[0])
    return torch.stack(shares), torch.stack(weights)
