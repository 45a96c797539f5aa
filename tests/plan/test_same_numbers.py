"""A plan is a function of (seed, epoch, step): its numbers never change from one version to the next."""

import hashlib

import numpy as np
import pytest

import fastmix as fm
from fastmix import _core

SIZE = (33, 47)
KEYS = [
    {"seed": 0, "epoch": 0, "step": 0},
    {"seed": 7, "epoch": 3, "step": 41},
    {"seed": 2**63, "epoch": 2**32 - 1, "step": 2**40, "rank": 5, "offset": 6},
]
POLICIES = {
    "mixup": lambda: fm.Mixup(alpha=0.2),
    "mixup per sample": lambda: fm.Mixup(alpha=1.0, per="sample", pairing="derangement"),
    "cutmix": lambda: fm.CutMix(alpha=1.0, per="pair"),
    "hmix": lambda: fm.HMix(),
    "choice": lambda: fm.Choice([fm.Mixup(0.8), fm.CutMix(1.0)]),
    "gridmix": lambda: fm.GridMix(),
    "smoothmix": lambda: fm.SmoothMix(),
    "gmix": lambda: fm.GMix(),
    "fmix": lambda: fm.FMix(),
    "dirichlet": lambda: fm.DirichletMix(k=3),
}
# Taken before the layout of plans was first changed.
DIGESTS = {
    "mixup": "1eaf25d53e450624c2cfee9bf4336d94",
    "mixup per sample": "b4cc20edb2c7b61bf7baadd32ff0204a",
    "cutmix": "f82cff22f672ccaadede8efb542281f2",
    "hmix": "33145f73f48b21c416a3ab4341bda834",
    "choice": "e10db93510322b5d466ce7b5774aa81d",
    "gridmix": "87281431280cf4388a8f4c754f5b4c6f",
    "smoothmix": "063b99e913c65faf15a033e9004d0e53",
    "gmix": "45b945a8fea401f3dc554f986b99f062",
    "fmix": "90f320ac2fca3489a94a8a11e5f92b3e",
    "dirichlet": "6513a62a0cc1c33c8c18ffccf54caba3",
    "order": "6b892b2bc084cd17a80c17661fe7e736",
}


def numbers(name: str) -> str:
    """One digest of every number that a policy draws for all keys."""
    content = hashlib.sha256()
    policy = POLICIES[name]()
    for key in KEYS:
        if name == "dirichlet":
            key = {part: value for part, value in key.items() if part != "offset"}
            plan = policy.plan(10, **key)
            arrays = (plan.partner, plan.weight)
        else:
            plan = policy.plan(10, SIZE, **key)
            arrays = (plan.partner, plan.weight_in, plan.weight_out, plan.box, plan.label_weight)
            if plan.masks is not None:
                arrays += (plan.masks, plan.mask_index)
        for array in arrays:
            values = np.ascontiguousarray(np.asarray(array))
            content.update(f"{values.dtype.str}{values.shape}".encode())
            content.update((values + values.dtype.type(0)).tobytes())
    return content.hexdigest()[:32]


@pytest.mark.parametrize("name", POLICIES)
def test_plans_have_the_numbers_they_always_had(name: str) -> None:
    assert numbers(name) == DIGESTS[name]


def test_the_order_of_an_epoch_is_the_one_it_always_was() -> None:
    order = np.concatenate([_core.epoch_order(1000, seed, epoch) for seed, epoch in ((0, 0), (9, 2), (2**63 - 1, 7))])
    assert hashlib.sha256(order.astype("<i8").tobytes()).hexdigest()[:32] == DIGESTS["order"]
