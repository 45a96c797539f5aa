"""Section 3.2: CIFAR-10 and CIFAR-100, ERM against mixup with alpha 1.

SGD with momentum 0.9, weight decay 1e-4, minibatches of 128, learning rate 0.1, a tenth of it after epochs 100 and 150
of 200 (WideResNet: 60, 120 and 180), crops out of zero-padded images and flips. Reads the binary version's files. A
run that was interrupted goes on from its checkpoint in ``--out``. Without ``--data``: scikit-learn's digits written as
such files, with a narrow network and few epochs.

    python -m benchmarks.paper.cifar [--data CIFAR_BINARIES] [--network wrn28-10] [--seeds K] [--quick]
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import fastmix as fm
from benchmarks.paper import cifar_files, command_line, digits, figures
from benchmarks.paper.claims import Claim
from benchmarks.paper.evaluation import error_percent
from benchmarks.paper.models import logits_of
from benchmarks.paper.report import Report
from benchmarks.paper.tasks import Cifar
from benchmarks.paper.training import Run, Saving, fit

METRICS = {"error": "%"}
SEEDS = 2
ALPHA = 1.0
_TABLE = {
    ("CIFAR-10", "preact18"): (5.6, 4.2),
    ("CIFAR-10", "wrn28-10"): (3.8, 2.7),
    ("CIFAR-100", "preact18"): (25.6, 21.1),
    ("CIFAR-100", "wrn28-10"): (19.4, 17.5),
}


def _row(data: str, network: str, method: str) -> str:
    return f"{data}, {network}, {method}"


PAPER = {
    _row(*place, method): {"error": value}
    for place, values in _TABLE.items()
    for method, value in zip(("ERM", "mixup 1"), values, strict=True)
}


def write_digits(folder: Path, seed: int, count: int, test_count: int) -> Path:
    """CIFAR-10's files with digits in them, enlarged to 32x32."""
    data, layout = digits.split(seed, count), cifar_files.LAYOUTS["cifar10"]
    images = digits.pixels(data.inputs, cifar_files.SIDE).chunk(len(layout.train))
    for name, part, labels in zip(layout.train, images, data.labels.chunk(len(layout.train)), strict=True):
        cifar_files.write(folder / name, part, labels, layout)
    test = digits.pixels(data.test_inputs[:test_count], cifar_files.SIDE)
    cifar_files.write(folder / layout.test[0], test, data.test_labels[:test_count], layout)
    return folder


def train(
    task: Cifar,
    seed: int,
    alpha: float,
    checkpoints: Path,
    after_epoch: Callable[[], object] | None = None,
    save_every: int = 1000,
) -> Run:
    """Train, or go on from the checkpoint; ``alpha`` 0 is ERM. Test errors by epoch are in the history."""
    data, model = task.split(seed), task.model(seed)
    batches = task.batches(data.inputs, data.labels, seed, fm.Mixup(alpha) if alpha else None)

    def measure(_: int) -> dict[str, float]:
        return {"error": error_percent(logits_of(model, data.test_inputs), data.test_labels)}

    name = f"{task.data}-{task.network_name}-{'mixup' if alpha else 'erm'}{alpha:g}-{seed}.pt"
    saving = Saving(checkpoints / name, save_every)
    options = {"rate": task.rate(), "measure": measure, "after_epoch": after_epoch, "saving": saving}
    return fit(model, batches, task.optimizer(model), task.epochs, seed=seed, **options)


def claims(stands_in: tuple[str, str] | None) -> list[Claim]:
    """The paper's table; ``stands_in`` names the data and network in place of it."""
    found = []
    for (data, network), (erm, mixed) in _TABLE.items():
        rows = _row(data, network, "ERM"), _row(data, network, "mixup 1")
        found.append(Claim(f"{data} test error, {network}", f"{erm} → {mixed}", "error", *rows))
    if stands_in is not None:
        rows = _row(*stands_in, "ERM"), _row(*stands_in, "mixup 1")
        text = "the recipe trains: digits in CIFAR's files, ERM and mixup"
        found.append(Claim(text, "", "error", *rows, stands_in=True, ours=True))
    return found


def main(argv: Sequence[str] | None = None) -> None:
    parser = command_line.parser(__doc__, "this folder of CIFAR's binary files")
    parser.add_argument("--network", choices=("preact18", "wrn28-10"), default="preact18")
    parser.add_argument("--epochs", type=int, default=200)
    arguments = parser.parse_args(argv)
    form, seeds = command_line.form_of(arguments), command_line.seeds_of(arguments, SEEDS)
    wide = arguments.network == "wrn28-10"
    milestones = tuple(share * arguments.epochs for share in ((0.3, 0.6, 0.9) if wide else (0.5, 0.75)))
    with tempfile.TemporaryDirectory() as scratch:
        folder, checkpoints = arguments.data or Path(scratch), arguments.out / "checkpoints"
        task = Cifar(folder, arguments.network, arguments.epochs, milestones=milestones)
        stands_in = None
        if arguments.data is None:
            epochs, count, test = (1, 128, 64) if form == "quick" else (12, 1000, 400)
            write_digits(folder, 0, count, test)
            checkpoints = Path(scratch)
            task = replace(task, epochs=epochs, milestones=(epochs / 2, 0.75 * epochs), batch_size=32)
            task = replace(task, learning_rate=0.05, width=8, flip=False)
            stands_in = "digits", "narrow preact18"
        run(task, form, seeds, arguments.out, checkpoints, stands_in)


def run(
    task: Cifar, form: str, seeds: Sequence[int], out: Path, checkpoints: Path, stands_in: tuple[str, str] | None
) -> None:
    """All seeds, ERM and mixup, and the report."""
    data, network = stands_in or (task.data, task.network_name)
    report = Report(
        "cifar",
        "CIFAR classification" if stands_in is None else "CIFAR's recipe, with digits in place of CIFAR",
        form,
        task.data if stands_in is None else "scikit-learn digits as 32x32 pictures in CIFAR-10's binary files",
        {"network": network, "epochs": task.epochs, "batch_size": task.batch_size, "width": task.width}
        | {"learning_rate": task.learning_rate, "milestones": task.milestones, "weight_decay": task.weight_decay},
        seeds,
        METRICS,
        PAPER if stands_in is None else {},
    )
    curves: dict[str, list[list[float]]] = {}
    with command_line.progress("cifar", len(seeds) * 2 * task.epochs) as advance:
        for seed in seeds:
            for method, alpha in (("ERM", 0.0), ("mixup 1", ALPHA)):
                curve = [epoch["error"] for epoch in train(task, seed, alpha, checkpoints, advance).history]
                report.add(_row(data, network, method), error=curve[-1])
                curves.setdefault(method, []).append(curve)
    figure, axes = figures.panels(2)
    figures.bars(axes[0], report, list(report.rows), "error", report.data[:40])
    figures.curves(axes[1], range(1, task.epochs + 1), curves, "epoch", "test error (%)")
    figures.save(figure, out, report.experiment)
    command_line.finish(report, claims(stands_in), out)


if __name__ == "__main__":
    main()
