"""Section 3.4: does mixup memorise corrupt labels less than ERM, and how does it compare with dropout?

A share of the training labels is replaced by uniformly random ones; test labels are intact. "last" is the test error
after the last epoch, "best" the lowest of all epochs; "train real" and "train corrupt" are the errors on the training
labels that were kept and replaced: memorisation is a low error on the latter.

    python -m benchmarks.paper.corrupt_labels [--data CIFAR_BINARIES] [--seeds K] [--quick]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

import fastmix as fm
from benchmarks.paper import command_line, figures
from benchmarks.paper.claims import Claim
from benchmarks.paper.digits import corrupted
from benchmarks.paper.evaluation import error_percent
from benchmarks.paper.models import logits_of
from benchmarks.paper.report import Report
from benchmarks.paper.tasks import Cifar, Digits, Task
from benchmarks.paper.training import fit

METRICS = {"best": "%", "last": "%", "train real": "%", "train corrupt": "%"}
SEEDS = 5


@dataclass(frozen=True)
class Method:
    """What is done against memorisation; 0 is without."""

    alpha: float = 0.0
    dropout: float = 0.0

    @property
    def name(self) -> str:
        """As rows are called."""
        parts = [f"mixup {self.alpha:g}"] if self.alpha else []
        return " + ".join([*parts, *([f"dropout {self.dropout:g}"] if self.dropout else [])]) or "ERM"


ERM = Method()
SMALL = (ERM, Method(0, 0.5), Method(0, 0.8), Method(1), Method(8), Method(32), Method(8, 0.5))
# The paper's grids.
FULL = (
    ERM,
    *(Method(0, p) for p in (0.5, 0.7, 0.8, 0.9)),
    *(Method(alpha) for alpha in (1, 2, 8, 32)),
    *(Method(alpha, p) for alpha in (1, 2, 4, 8) for p in (0.3, 0.5, 0.7)),
)
NOISES = (20, 50, 80)


def _row(noise: int, method: str) -> str:
    return f"{noise} %, {method}"


# Table 2: best, last, and what training errors could be found, for CIFAR-10 and PreAct ResNet-18.
_TABLE = {
    (20, "ERM"): (12.7, 16.6, 0.05, 0.28),
    (20, "dropout 0.7"): (8.8, 10.4, 5.26, 83.55),
    (20, "mixup 8"): (5.9, 6.4, 2.27, 86.32),
    (50, "ERM"): (18.8, 44.6, 0.26, 0.64),
    (50, "dropout 0.8"): (14.1, 15.5, 12.71, 86.98),
    (50, "mixup 32"): (11.3, 12.7, 5.84, 85.71),
    (50, "mixup 8 + dropout 0.3"): (10.9, 10.9, 7.56, 87.90),
    (80, "ERM"): (36.5, 73.9, 0.62, 0.83),
    (80, "dropout 0.8"): (30.9, 35.1, 29.84, 86.37),
    (80, "mixup 32"): (25.3, 30.9, 18.92, 85.44),
    (80, "mixup 8 + dropout 0.3"): (24.0, 24.8, 19.70, 87.67),
}
PAPER = {_row(*place): dict(zip(METRICS, values, strict=True)) for place, values in _TABLE.items()}


def claims_of(both: str) -> list[Claim]:
    """The paper's, for each share of noise; ``both`` is the row that has mixup and dropout."""
    paper = {
        20: ("16.6 → 6.4", "0.3 → 86 †", "10.4 → 6.4", "6.4 → 6.2", "12.7 → 5.9"),
        50: ("44.6 → 12.7", "0.6 → 86 †", "15.5 → 12.7", "12.7 → 10.9", "18.8 → 11.3"),
        80: ("73.9 → 30.9", "0.8 → 85 †", "35.1 → 30.9", "30.9 → 24.8", "36.5 → 25.3"),
    }
    found = []
    for noise, (last, memorised, dropout, together, best) in paper.items():
        at = f"{noise} % corrupt labels"
        for alpha in (8, 32):
            treatment = _row(noise, f"mixup {alpha}")
            found.append(
                Claim(f"{at}: mixup {alpha} has a lower last-epoch error", last, "last", _row(noise, "ERM"), treatment)
            )
            text = f"{at}: mixup {alpha} memorises less"
            found.append(Claim(text, memorised, "train corrupt", _row(noise, "ERM"), treatment, "higher"))
        larger = f"{at}: larger alpha resists more (1, then 8)"
        found.append(Claim(larger, "stated", "last", _row(noise, "mixup 1"), _row(noise, "mixup 8")))
        for p in (0.5, 0.8):
            text = f"{at}: mixup 32 has a lower last-epoch error than dropout {p:g}"
            found.append(Claim(text, dropout, "last", _row(noise, f"dropout {p:g}"), _row(noise, "mixup 32")))
        text = f"{at}: mixup with dropout is better than mixup alone"
        found.append(Claim(text, together, "last", _row(noise, "mixup 32"), _row(noise, both)))
        text = f"{at}: mixup has the lower best-epoch error"
        found.append(Claim(text, best, "best", _row(noise, "ERM"), _row(noise, "mixup 8")))
    return found


def train(task: Task, seed: int, noise: int, method: Method, after_epoch: Callable[[], object] | None = None):
    """One run.

    Returns:
        Its figures by metric, and the test error after every epoch.
    """
    data = task.split(seed)
    labels, replaced = corrupted(data.labels, noise / 100, task.classes, seed)
    model = task.model(seed, method.dropout)
    mix = fm.Mixup(method.alpha) if method.alpha else None

    def measure(_: int) -> dict[str, float]:
        return {"test": error_percent(logits_of(model, data.test_inputs), data.test_labels)}

    batches = task.batches(data.inputs, labels, seed, mix)
    options = {"seed": seed, "rate": task.rate(), "measure": measure, "after_epoch": after_epoch}
    run = fit(model, batches, task.optimizer(model), task.epochs, **options)
    curve = [epoch["test"] for epoch in run.history]
    trained = torch.cat([logits_of(model, task.plain(part)).cpu() for part in data.inputs.split(2048)])
    values = {
        "best": min(curve),
        "last": curve[-1],
        "train real": error_percent(trained[~replaced], labels[~replaced]),
        "train corrupt": error_percent(trained[replaced], labels[replaced]),
    }
    return values, curve


def main(argv: Sequence[str] | None = None) -> None:
    parser = command_line.parser(__doc__, "this folder of CIFAR's binary files")
    arguments = parser.parse_args(argv)
    form, seeds = command_line.form_of(arguments), command_line.seeds_of(arguments, SEEDS)
    task: Task = Digits(epochs=3 if arguments.quick else 100)
    methods, noises, both = SMALL, NOISES, "mixup 8 + dropout 0.5"
    if form == "quick":
        methods, noises = (ERM, Method(8)), (50,)
    if form == "full":
        task, methods, both = Cifar(arguments.data), FULL, "mixup 8 + dropout 0.3"
    report = Report(
        "corrupt_labels",
        "Memorisation of corrupt labels",
        form,
        task.data,
        {"task": str(task), "noise": noises, "methods": [method.name for method in methods]},
        seeds,
        METRICS,
        PAPER,
        notes=["Labels are redrawn over all classes, the true one included: 90 % of the corrupt ones are wrong."],
    )
    curves: dict[int, dict[str, list[list[float]]]] = {noise: {} for noise in noises}
    with command_line.progress("corrupt labels", len(seeds) * len(noises) * len(methods) * task.epochs) as advance:
        for seed in seeds:
            for noise in noises:
                for method in methods:
                    values, curve = train(task, seed, noise, method, advance)
                    report.add(_row(noise, method.name), **values)
                    curves[noise].setdefault(method.name, []).append(curve)
    figure, axes = figures.panels(len(noises))
    shown = ("ERM", "dropout 0.5", "dropout 0.8", "mixup 1", "mixup 32", both)
    for axis, noise in zip(axes, noises, strict=True):
        lines = {name: runs for name, runs in curves[noise].items() if name in shown or form == "quick"}
        figures.curves(axis, range(1, task.epochs + 1), lines, "epoch", "test error (%)")
        axis.set_title(f"{noise} % corrupt labels", fontsize=10)
    figures.save(figure, arguments.out, report.experiment)
    command_line.finish(report, claims_of(both), arguments.out)


if __name__ == "__main__":
    main()
