"""Which kind of mixing works where: every cell is tried, and the table of docs/mixing.md is printed from here.

PYTHONPATH=tests:tests/loader python tests/loader/surfaces.py
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import nvidia.dali.fn as fn
import torch
from nvidia.dali import pipeline_def
from support import random_plan

import fastmix as fm
import fastmix.dali
from fastmix.ops import reference

fastmix.dali.load()

BATCH, SIDE, CLASSES = 6, 8, 4
DOCUMENT = Path(__file__).parents[2] / "docs" / "mixing.md"
_GENERATOR = torch.Generator().manual_seed(11)
IMAGES = torch.rand(BATCH, 3, SIDE, SIDE, generator=_GENERATOR)
PIXELS = torch.randint(0, 256, (BATCH, SIDE, SIDE, 3), generator=_GENERATOR, dtype=torch.uint8)
LABELS = torch.tensor([0, 1, 2, 3, 0, 2])
LOGITS = torch.rand(BATCH, CLASSES, generator=_GENERATOR)
AS_PIXELS = {"mean": [0.0] * 3, "std": [1 / 255] * 3}


def of(policy: fm.Policy) -> fm.MixPlan:
    """Nobody is alone: normalize_mix applies the formula to such samples, resample_mix does not."""
    return policy.plan(BATCH, (SIDE, SIDE), seed=4)


MASKS = torch.rand(3, 3, 5, generator=_GENERATOR)
KINDS: dict[str, fm.MixPlan | fm.MultiwayPlan] = {
    "`Mixup`": of(fm.Mixup(1.0, per="sample", pairing="derangement")),
    "`CutMix`": of(fm.CutMix(1.0, per="pair", pairing="derangement")),
    "`HMix`": of(fm.HMix(1.0, per="pair", pairing="derangement")),
    "`GridMix`": of(fm.GridMix(per="pair", pairing="derangement")),
    "`SmoothMix`": of(fm.SmoothMix(per="pair", pairing="derangement")),
    "`GMix`": of(fm.GMix(per="sample", pairing="derangement")),
    "`FMix`": of(fm.FMix(per="pair", pairing="derangement")),
    "own masks": fm.MixPlan.masked([5, 0, 1, 2, 3, 4], MASKS, [0, 1, 2, -1, 0, 1], image_size=(SIDE, SIDE)),
    "repeated partners": random_plan(BATCH, SIDE, SIDE, _GENERATOR, "repeats"),
    "`DirichletMix`": fm.DirichletMix(3).plan(BATCH, seed=2),
}


def mixed(plan: fm.MixPlan | fm.MultiwayPlan) -> torch.Tensor:
    if isinstance(plan, fm.MultiwayPlan):
        return reference.combine_reference(IMAGES, plan)
    return reference.mix_reference(IMAGES, plan)


def gradient(plan: fm.MixPlan | fm.MultiwayPlan) -> torch.Tensor:
    if isinstance(plan, fm.MultiwayPlan):
        return reference.combine_backward_reference(IMAGES, plan)
    return reference.mix_backward_reference(IMAGES, plan)


def normalized(plan: fm.MixPlan) -> torch.Tensor:
    return reference.normalize_mix_reference(PIXELS, plan, **AS_PIXELS)


def targets(plan: fm.MixPlan | fm.MultiwayPlan) -> torch.Tensor:
    if isinstance(plan, fm.MixPlan):
        return reference.mix_labels_reference(LABELS, plan, CLASSES)
    rows = torch.eye(CLASSES, dtype=torch.float64)[LABELS][plan.partner.long()]
    return (plan.weight[..., None] * rows).sum(1).float()


def loss(plan: fm.MixPlan | fm.MultiwayPlan) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(LOGITS, targets(plan))


def policy(plan: fm.MixPlan | fm.MultiwayPlan) -> fm.Policy:
    """A policy that has this plan in every batch."""
    return fm.DirichletMix(3) if isinstance(plan, fm.MultiwayPlan) else fm.PlanFunction(lambda *_: plan)


def of_mix_(plan) -> torch.Tensor:
    return fm.mix_(IMAGES.clone(), plan)


def of_gradient(plan) -> torch.Tensor:
    x = IMAGES.clone().requires_grad_()
    fm.mix(x, plan).backward(IMAGES)
    assert x.grad is not None
    return x.grad


def of_resample(plan) -> torch.Tensor:
    return fm.resample_mix(list(PIXELS), None, plan, size=SIDE, **AS_PIXELS)


def of_dali(operator: str, **options) -> Callable[..., torch.Tensor]:
    def run(plan) -> torch.Tensor:
        @pipeline_def(batch_size=BATCH, num_threads=1, device_id=None)
        def graph():
            arguments = {"plan": external(list(plan.rows.numpy()))}
            if getattr(plan, "masks", None) is not None:
                arguments["masks"] = external(plan.masks_of_samples())
            return getattr(fn.fastmix, operator)(external(list(PIXELS.numpy()), "HWC"), **arguments, **options)

        pipeline = graph()
        pipeline.build()
        return torch.from_numpy(np.array(pipeline.run()[0].as_array()))

    return run


def external(batch: list, layout: str | None = None):
    return fn.external_source(lambda: batch, batch=True, layout=layout)


def of_prefetch(plan) -> torch.Tensor:
    loader = fm.prefetch([(PIXELS, LABELS)], mix=policy(plan), num_classes=CLASSES, device="cpu", **AS_PIXELS)
    ((images, _),) = loader
    return images


def of_mixer(plan) -> torch.Tensor:
    mixer = fm.Mixer(policy(plan), num_classes=CLASSES, seed=2)
    return mixer(IMAGES, LABELS)[0]


def of_resident(plan) -> torch.Tensor:
    resident_plan = fm.ResidentPlan(
        BATCH, "cpu", masks=None if getattr(plan, "masks", None) is None else plan.masks.shape
    )
    resident_plan.update(plan)
    return fm.mix_(IMAGES.clone(), resident_plan)


# What each surface gives for a plan, and what it has to give: the twin in plain torch, bit for bit.
SURFACES: dict[str, tuple[Callable[..., torch.Tensor], Callable[..., torch.Tensor]]] = {
    "`mix_`": (of_mix_, mixed),
    "`mix`": (lambda plan: fm.mix(IMAGES, plan), mixed),
    "its gradient": (of_gradient, gradient),
    "`normalize_mix`": (lambda plan: fm.normalize_mix(PIXELS, plan, **AS_PIXELS), normalized),
    "`resample_mix`": (of_resample, normalized),
    "`mix_labels`": (lambda plan: fm.mix_labels(LABELS, plan, CLASSES), targets),
    "`mix_loss`": (lambda plan: fm.mix_loss(torch.nn.functional.cross_entropy, LOGITS, LABELS, plan), loss),
    "`fn.fastmix.mix`": (of_dali("mix"), normalized),
    "`fn.fastmix.resample_mix`": (of_dali("resample_mix", size=SIDE), normalized),
    "`prefetch`": (of_prefetch, normalized),
    "`Mixer`": (of_mixer, mixed),
    "`ResidentPlan`": (of_resident, mixed),
}
IN_PLACE = {"`mix_`", "`ResidentPlan`"}
MULTIWAY = {"`mix`", "its gradient", "`mix_labels`", "`mix_loss`", "`Mixer`"}


def works(kind: str, surface: str) -> bool:
    if kind == "`DirichletMix`":
        return surface in MULTIWAY
    return kind != "repeated partners" or surface not in IN_PLACE


def table() -> list[str]:
    surfaces = [*SURFACES, "`DataLoader`"]
    lines = ["| | " + " | ".join(KINDS) + " |", "| --- |" + " :---: |" * len(KINDS)]
    for surface in surfaces:
        cells = ["yes" if works(kind, surface) else "-" for kind in KINDS]
        lines.append(f"| {surface} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))  # noqa: T201
