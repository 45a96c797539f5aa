"""Drop samples from a batch's plan; their partners stay unmixed."""

from __future__ import annotations

import numpy as np

from fastmix.plan.mix_plan import MixPlan

# The loader draws no masks.
_FIELDS = ("partner", "weight_in", "weight_out", "box", "label_weight")


def unmixed(plan: MixPlan, samples: np.ndarray) -> MixPlan:
    """The plan with these samples, bool (B,), and whoever was to be mixed with them, left as they are."""
    partner = plan.partner.numpy()
    alone = samples | samples[partner]
    if not alone.any():
        return plan
    arrays = {name: getattr(plan, name).numpy().copy() for name in _FIELDS}
    arrays["partner"][alone] = np.flatnonzero(alone)
    arrays["box"][alone] = 0
    for name in ("weight_in", "weight_out", "label_weight"):
        arrays[name][alone] = 1.0
    return MixPlan.from_arrays(**arrays)


def without(plan: MixPlan, samples: np.ndarray) -> MixPlan:
    """The plan of the batch without these samples, bool (B,); whoever was to be mixed with them is left as it is."""
    if not samples.any():
        return plan
    plan = unmixed(plan, samples)
    kept = ~samples
    arrays = {name: getattr(plan, name).numpy()[kept] for name in _FIELDS}
    arrays["partner"] = (np.cumsum(kept) - 1)[arrays["partner"]].astype(np.int32)
    return MixPlan.from_arrays(**arrays)
