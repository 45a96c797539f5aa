"""Figure 2: how do models behave between training samples, at ``w * x_i + (1 - w) * x_j``?

A prediction there that is neither class i nor class j is a miss. The gradient is that of the loss with label i with
respect to the input; how far the largest probability's gradient shrinks is shown beside it.

    python -m benchmarks.paper.manifold [--data CIFAR_BINARIES] [--seeds K] [--quick]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import fastmix as fm
from benchmarks.paper import command_line, figures
from benchmarks.paper.claims import Claim
from benchmarks.paper.digits import Split
from benchmarks.paper.evaluation import error_percent
from benchmarks.paper.models import logits_of
from benchmarks.paper.report import Report
from benchmarks.paper.seeding import generator
from benchmarks.paper.tasks import Cifar, Digits, Task
from benchmarks.paper.training import fit

METRICS = {"misses": "%", "loss gradient": "norm", "probability gradient": "norm", "clean": "%"}
SEEDS = 5
WEIGHTS = tuple(i / 10 for i in range(11))
PAIRS = 2000
_PAIRS = 41
CHUNK = 500


def between(inputs: Tensor, labels: Tensor, weight: float, seed: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Points between random pairs: ``(points, labels_i, labels_j)``, as the model takes them."""
    first, second = torch.randint(0, len(labels), (2, count), generator=generator(seed, _PAIRS))
    both = torch.cat((inputs[first], inputs[second]))
    partner = torch.arange(2 * count).roll(count)
    points = fm.mix(both, fm.MixPlan.mixup(partner, weight))[:count]
    return points, labels[first], labels[second]


def behaviour(model: nn.Module, points: Tensor, own: Tensor, other: Tensor) -> dict[str, float]:
    """The share of misses in percent and the mean norms of both gradients."""
    model.eval()
    misses, loss_norms, probability_norms = [], [], []
    for part, label, second in zip(*(values.split(CHUNK) for values in (points, own, other)), strict=True):
        part = part.detach().requires_grad_(True)
        logits = model(part)
        predicted = logits.argmax(1)
        misses.append((predicted != label) & (predicted != second))
        loss = F.cross_entropy(logits, label, reduction="sum")
        probability = F.softmax(logits, 1).amax(1).sum()
        for value, norms in ((loss, loss_norms), (probability, probability_norms)):
            (gradient,) = torch.autograd.grad(value, part, retain_graph=True)
            norms.append(gradient.flatten(1).norm(dim=1))
    return {
        "misses": 100 * torch.cat(misses).float().mean().item(),
        "loss gradient": torch.cat(loss_norms).mean().item(),
        "probability gradient": torch.cat(probability_norms).mean().item(),
    }


def profile(model: nn.Module, task: Task, data: Split, seed: int, pairs: int) -> dict[str, list[float]]:
    """``behaviour`` at every weight, between pairs of training samples as the model takes them."""
    inputs, where = task.plain(data.inputs), data.inputs.device
    found: dict[str, list[float]] = {}
    for weight in WEIGHTS:
        points, own, other = between(inputs, data.labels, weight, seed, pairs)
        for metric, value in behaviour(model, points, own.to(where), other.to(where)).items():
            found.setdefault(metric, []).append(value)
    return found


def trained(task: Task, data: Split, seed: int, mix: fm.Policy | None, after_epoch: Callable[[], object] | None = None):
    """A model of this seed."""
    model = task.model(seed)
    batches = task.batches(data.inputs, data.labels, seed, mix)
    fit(model, batches, task.optimizer(model), task.epochs, seed=seed, rate=task.rate(), after_epoch=after_epoch)
    return model


def claims() -> list[Claim]:
    """Both panels of figure 2, whose figures the paper does not print."""
    return [
        Claim("fewer misses between samples", "figure 2a", "misses", "ERM", "mixup 1"),
        Claim("smaller gradient of the loss between samples", "figure 2b", "loss gradient", "ERM", "mixup 1"),
        Claim(
            "smaller gradient of the largest probability between samples (the paper does not name which norm it shows)",
            "figure 2b",
            "probability gradient",
            "ERM",
            "mixup 1",
        ),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    parser = command_line.parser(__doc__, "this folder of CIFAR's binary files")
    arguments = parser.parse_args(argv)
    form, seeds = command_line.form_of(arguments), command_line.seeds_of(arguments, SEEDS)
    task: Task = Cifar(arguments.data) if form == "full" else Digits(epochs=2 if form == "quick" else 60)
    alphas = (1.0,) if form != "small" else (0.2, 1.0)
    report = Report(
        "manifold",
        "Between training samples",
        form,
        task.data,
        {"task": str(task), "pairs": PAIRS, "weights": WEIGHTS},
        seeds,
        METRICS,
        notes=["Means over weights 0, 0.1, ..., 1 and 2,000 random pairs of training samples each."],
    )
    curves: dict[str, dict[str, list[list[float]]]] = {}
    with command_line.progress("manifold", len(seeds) * (1 + len(alphas)) * task.epochs) as advance:
        for seed in seeds:
            data = task.split(seed)
            for alpha in (0.0, *alphas):
                name = f"mixup {alpha:g}" if alpha else "ERM"
                model = trained(task, data, seed, fm.Mixup(alpha) if alpha else None, advance)
                found = profile(model, task, data, seed, PAIRS)
                clean = error_percent(logits_of(model, data.test_inputs), data.test_labels)
                report.add(name, clean=clean, **{metric: sum(v) / len(v) for metric, v in found.items()})
                for metric, values in found.items():
                    curves.setdefault(metric, {}).setdefault(name, []).append(values)
    labels = {"misses": "misses (%)", "loss gradient": "norm of the loss's gradient"}
    figure, axes = figures.panels(len(labels))
    for axis, (metric, label) in zip(axes, labels.items(), strict=True):
        figures.curves(axis, WEIGHTS, curves[metric], "weight of $x_i$", label)
    figures.save(figure, arguments.out, report.experiment)
    command_line.finish(report, claims(), arguments.out)


if __name__ == "__main__":
    main()
