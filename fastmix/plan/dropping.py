"""Drop samples from a batch's plan. Samples whose partner is dropped stay unmixed."""

from __future__ import annotations

import numpy as np
import torch

from fastmix.plan.mix_plan import MixPlan


def unmixed(plan: MixPlan, samples: np.ndarray) -> MixPlan:
    """Leave some samples unmixed, and every sample whose partner is one of them.

    ``samples``: bool (B,), True for the samples to leave unmixed.
    """
    alone = torch.from_numpy(samples | samples[plan.partner.numpy()])
    if not bool(alone.any()):
        return plan
    same = MixPlan.identity(len(plan))
    return MixPlan(torch.where(alone[:, None], same.rows, plan.rows), plan.masks)


def without(plan: MixPlan, samples: np.ndarray) -> MixPlan:
    """Drop some samples. Leave every sample unmixed whose partner is dropped.

    ``samples``: bool (B,), True for the samples to drop.
    """
    if not samples.any():
        return plan
    kept = torch.from_numpy(~samples)
    left = MixPlan(unmixed(plan, samples).rows[kept], plan.masks)
    left.partner[:] = (kept.cumsum(0) - 1)[left.partner.long()]
    return left
