"""Section 3.1: ImageNet-2012 with ResNet-50, ERM against mixup, through ``fastmix.DataLoader``.

The recipe: learning rate 0.1 growing to 0.4 over five epochs, a tenth of it after 30, 60 and 80 of 90 epochs (60, 120
and 180 of 200), minibatches of 1024, random resized crop and flip, one 224x224 centre crop to test. On several GPUs:

    torchrun --nproc-per-node 8 -m benchmarks.paper.imagenet --data IMAGENET [--epochs 200] [--model resnet101]

A run that was interrupted goes on from its checkpoint in ``--out``. Without ``--data``: scikit-learn's digits as
JPEG files through the same loader, with a small ResNet.

    python -m benchmarks.paper.imagenet [--seeds K] [--quick]
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.paper import command_line, digits, figures
from benchmarks.paper.claims import Claim
from benchmarks.paper.imagenet_training import Settings, add_options, process_group, ranks, settings_of, train
from benchmarks.paper.report import Report

METRICS = {"top-1": "%", "top-5": "%"}
SEEDS = 2
PAPER = {
    "resnet50, 90 epochs, ERM": {"top-1": 23.5},
    "resnet50, 90 epochs, mixup 0.2": {"top-1": 23.3, "top-5": 6.6},
    "resnet101, 90 epochs, ERM": {"top-1": 22.1},
    "resnet101, 90 epochs, mixup 0.2": {"top-1": 21.5, "top-5": 5.6},
    "resnext101, 90 epochs, ERM": {"top-1": 21.2, "top-5": 5.6},
    "resnext101, 90 epochs, mixup 0.4": {"top-1": 20.7, "top-5": 5.3},
    "resnet50, 200 epochs, ERM": {"top-1": 23.6, "top-5": 7.0},
    "resnet50, 200 epochs, mixup 0.2": {"top-1": 22.1, "top-5": 6.1},
    "resnet101, 200 epochs, ERM": {"top-1": 22.0, "top-5": 6.1},
    "resnet101, 200 epochs, mixup 0.2": {"top-1": 20.8, "top-5": 5.4},
    "resnext101, 200 epochs, ERM": {"top-1": 21.3, "top-5": 5.9},
    "resnext101, 200 epochs, mixup 0.4": {"top-1": 20.1, "top-5": 5.0},
}


def claims_of(settings: Settings, stands_in: bool) -> list[Claim]:
    """Of the model and length that were trained, and those of the paper that were not."""
    found = []
    for model, epochs, paper in (
        ("resnet50", 90, "23.5 → 23.3"),
        ("resnet50", 200, "23.6 → 22.1"),
        ("resnet101", 90, "22.1 → 21.5"),
        ("resnet101", 200, "22.0 → 20.8 †"),
        ("resnext101", 90, "21.2 → 20.7"),
        ("resnext101", 200, "21.3 → 20.1 †"),
    ):
        alpha = 0.4 if model == "resnext101" else 0.2
        rows = _row(model, epochs, None), _row(model, epochs, alpha)
        found.append(Claim(f"ImageNet top-1 error, {model}, {epochs} epochs", paper, "top-1", *rows))
    if stands_in:
        rows = _row(settings.model, settings.epochs, None), _row(settings.model, settings.epochs, settings.alpha)
        text = "the loader trains: digits as JPEG files, ERM and mixup"
        found.append(Claim(text, "", "top-1", *rows, stands_in=True, ours=True))
    return found


def _row(model: str, epochs: int, alpha: float | None) -> str:
    return f"{model}, {epochs} epochs, " + ("ERM" if alpha is None else f"mixup {alpha:g}")


def main(argv: Sequence[str] | None = None) -> None:
    parser = command_line.parser(__doc__, "ImageNet-2012 as train and val folders of class folders")
    add_options(parser)
    arguments = parser.parse_args(argv)
    form = command_line.form_of(arguments)
    seeds = command_line.seeds_of(arguments, 1 if arguments.data else SEEDS)
    with process_group(), tempfile.TemporaryDirectory() as scratch:
        settings = settings_of(arguments)
        if arguments.data is None:
            epochs = 2 if form == "quick" else 20
            here, small = Path(scratch), {"model": "tiny", "epochs": epochs, "batch_size": 32, "size": 32, "peak": 0.1}
            settings = replace(settings, data=here, out=here, **small)
        run(settings, form, seeds, arguments.out)


def run(settings: Settings, form: str, seeds: Sequence[int], out: Path) -> None:
    """All seeds, ERM and mixup; rank 0 reports."""
    stands_in = form != "full" and not settings.data.joinpath("train").exists()
    report = Report(
        "imagenet",
        "ImageNet classification" if not stands_in else "The image loader, with digits in place of ImageNet",
        form,
        "scikit-learn digits as 32x32 JPEG files" if stands_in else "ImageNet-2012",
        {"model": settings.model, "epochs": settings.epochs, "batch_size": settings.batch_size, "size": settings.size}
        | {"alpha": settings.alpha, "peak learning rate": settings.peak, "weight_decay": settings.weight_decay},
        seeds,
        METRICS,
        {} if stands_in else PAPER,
    )
    curves: dict[str, list[list[float]]] = {}
    with command_line.progress("imagenet", len(seeds) * 2 * settings.epochs) as advance:
        for seed in seeds:
            here = settings
            if stands_in:
                count, test = (128, 64) if form == "quick" else (1024, 400)
                data = digits.write_jpegs(settings.data / str(seed), seed, count, test)
                here = replace(settings, data=data, out=settings.data / str(seed))
            for alpha in (None, settings.alpha):
                trained = train(here, seed, alpha, advance)
                name = _row(settings.model, settings.epochs, alpha)
                report.add(name, **trained.errors)
                curves.setdefault(name.rsplit(", ", 1)[1], []).append(trained.run.losses)
    if ranks()[0] == 0:
        figure, axes = figures.panels(2)
        figures.bars(axes[0], report, list(report.rows), "top-1", report.data)
        smooth = {name: [_averaged(losses) for losses in runs] for name, runs in curves.items()}
        steps = len(next(iter(smooth.values()))[0])
        epochs = [settings.epochs * (i + 1) / steps for i in range(steps)]
        figures.curves(axes[1], epochs, smooth, "epoch", "training loss (mixed where mixed)")
        figures.save(figure, out, report.experiment)
        command_line.finish(report, claims_of(settings, stands_in), out)


def _averaged(losses: Sequence[float], points: int = 40) -> list[float]:
    """Means over equal stretches, ``points`` of them or one per loss."""
    stretch = max(len(losses) // points, 1)
    return [sum(losses[i : i + stretch]) / stretch for i in range(0, len(losses) - stretch + 1, stretch)]


if __name__ == "__main__":
    main()
