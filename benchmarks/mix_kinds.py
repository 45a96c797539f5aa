"""Every kind of mixing against its peers: drawing, images and dense targets of a batch, as a training loop calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from rich.table import Table
from torch import Tensor

import fastmix as fm
from benchmarks import mix_peers as peers
from benchmarks.timing import Times, compare

CLASSES = 1000


class Step:
    """A policy drawn anew with each call, as with every step of training."""

    def __init__(self, policy: Any, apply: Callable[..., Tensor | None], **labels: Tensor) -> None:
        self.policy, self.apply, self.labels, self.step = policy, apply, labels, 0

    def __call__(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        self.step += 1
        plan = self.policy.plan(len(x), tuple(x.shape[-2:]), step=self.step)
        mixed = self.apply(x, plan)
        return x if mixed is None else mixed, fm.mix_labels(y, plan, CLASSES, **self.labels)


def kinds(other: Tensor, other_labels: Tensor) -> Iterator[tuple[str, Step, dict[str, peers.Rival]]]:
    """(name, ours, rivals). In place where there is such a way; kinds that this build lacks are left out."""
    for per, mode in (("batch", "batch"), ("pair", "pair"), ("sample", "elem")):
        rivals = peers.timm(mode, CLASSES, mixup_alpha=1.0)
        if per == "batch":
            rivals |= peers.torchvision("MixUp", CLASSES) | peers.naive_mixup(CLASSES)
        yield f"Mixup per {per}", Step(fm.Mixup(per=per), fm.mix_), rivals
    for per, mode in (("batch", "batch"), ("pair", "pair"), ("sample", "elem")):
        rivals = peers.timm(mode, CLASSES, mixup_alpha=0.0, cutmix_alpha=1.0)
        if per == "batch":
            rivals |= peers.torchvision("CutMix", CLASSES)
        yield f"CutMix per {per}", Step(fm.CutMix(per=per), fm.mix_), rivals
    both = fm.Choice([fm.Mixup(per="sample"), fm.CutMix(per="sample")], per="sample")
    yield (
        "Mixup or CutMix per sample",
        Step(both, fm.mix_),
        peers.timm("elem", CLASSES, mixup_alpha=1.0, cutmix_alpha=1.0),
    )
    for name, mask in (
        ("HMix", peers.hmix_mask),
        ("GridMix", peers.grid_mask),
        ("SmoothMix", peers.gaussian_mask),
        ("GMix", peers.gaussian_mask),
        ("FMix", peers.fourier_mask),
    ):
        if hasattr(fm, name):
            policy = getattr(fm, name)(per="batch")
            yield f"{name} per batch", Step(policy, fm.mix_), peers.masked(CLASSES, mask, "mask expression")
    yield "Dirichlet, 3 ways", Step(fm.DirichletMix(3), fm.mix), peers.dirichlet(CLASSES, 3)
    yield "RegMixup", Step(fm.Mixup(weight=fm.Beta(20, 20)), fm.regmixup), peers.regmixup(CLASSES)
    yield (
        "Mixup with a second batch",
        Step(fm.Mixup(), lambda x, plan: fm.mix_(x, plan, other=other), other=other_labels),
        peers.second_batch(CLASSES, other, other_labels),
    )


def measure(x: Tensor, repeats: int) -> list[dict[str, Any]]:
    """One row per kind: seconds of all, and how many times the best rival's median is ours."""
    y = torch.arange(len(x), device=x.device) * 7 % CLASSES
    rows = []
    for name, ours, rivals in kinds(x.flip(0), y.flip(0)):
        # Each works on a batch of its own: some write into it.
        functions = {who: partial(function, x.clone(), y) for who, function in {"fastmix": ours, **rivals}.items()}
        times = compare(functions, repeats, warmup=1)
        best = min((who for who in times if who != "fastmix"), key=lambda who: times[who].median, default=None)
        row = {"kind": name, "seconds": {who: t._asdict() for who, t in times.items()}, "best_rival": best}
        row["speedup_over_best"] = times[best].median / times["fastmix"].median if best else None
        rows.append(row)
    return rows


def per_sample_cost(x: Tensor, repeats: int) -> dict[str, Any]:
    """What drawing Mixup or CutMix anew for every sample costs, against one Mixup weight for the batch."""
    y = torch.arange(len(x), device=x.device) * 7 % CLASSES
    both = fm.Choice([fm.Mixup(per="sample"), fm.CutMix(per="sample")], per="sample")
    steps = {"Mixup per batch": Step(fm.Mixup(), fm.mix_), "Mixup or CutMix per sample": Step(both, fm.mix_)}
    batch = x.clone()
    times: dict[str, Times] = compare(
        {name: partial(step, batch, y) for name, step in steps.items()},
        repeats,
        warmup=2,
        prepare=lambda: batch.copy_(x),
    )
    ratio = times["Mixup or CutMix per sample"].median / times["Mixup per batch"].median
    return {"seconds": {name: t._asdict() for name, t in times.items()}, "ratio": ratio}


def table(rows: list[dict[str, Any]], title: str) -> Table:
    result = Table(title=title)
    for column in ("kind", "fastmix ms", "rivals ms", "best rival / fastmix"):
        result.add_column(column, justify="left" if column in ("kind", "rivals ms") else "right")
    for row in rows:
        milliseconds = {who: 1e3 * seconds["median"] for who, seconds in row["seconds"].items()}
        ours = milliseconds.pop("fastmix")
        rivals = ", ".join(f"{who} {ms:.1f}" for who, ms in milliseconds.items()) or "not installed"
        speedup = row["speedup_over_best"]
        result.add_row(row["kind"], f"{ours:.1f}", rivals, f"{speedup:.1f}x" if speedup else "")
    return result
