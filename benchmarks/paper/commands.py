"""Section 3.3: Google's speech commands with LeNet and VGG-11, ERM against mixup of spectrograms.

DALI decodes the recordings into 160x101 log spectrograms, ``fn.fastmix.mix`` mixes these, after five warm-up epochs
without mixing. Adam, minibatches of 100, 30 epochs, learning rate 3e-3, a tenth of it every 10 epochs. The window, the
scale and the normalisation are not stated in the paper; see ``speech.py`` for ours.

    python -m benchmarks.paper.commands [--data SPEECH_COMMANDS] [--seeds K] [--quick]

Without ``--data`` the recordings are generated tones: that shows that it runs, and nothing about speech.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

import fastmix as fm
from benchmarks.paper import command_line, figures, models
from benchmarks.paper.claims import Claim
from benchmarks.paper.report import Report
from benchmarks.paper.seeding import initialized
from benchmarks.paper.speech import BINS, FRAMES, Clips, Commands, SpeechBatches, open_folder, write_tones
from benchmarks.paper.training import Run, Saving, fit, stepwise

METRICS = {"validation": "%", "test": "%"}
SEEDS = 2
WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
_WEIGHTS = 81
PAPER = {
    "lenet, ERM": {"validation": 9.8, "test": 10.3},
    "lenet, mixup 0.1": {"validation": 10.1, "test": 10.8},
    "lenet, mixup 0.2": {"validation": 10.2, "test": 11.3},
    "vgg11, ERM": {"validation": 5.0, "test": 4.6},
    "vgg11, mixup 0.1": {"validation": 4.0, "test": 3.8},
    "vgg11, mixup 0.2": {"validation": 3.9, "test": 3.4},
}


@dataclass(frozen=True)
class Settings:
    """Of a training run; the defaults are the paper's. ``narrow`` divides the networks' widths."""

    epochs: int = 30
    batch_size: int = 100
    learning_rate: float = 3e-3
    lower_every: float = 10.0
    warmup: int = 5
    narrow: int = 1

    def network(self, name: str, classes: int) -> models.Staged:
        """LeNet or VGG-11 for spectrograms."""
        if name == "lenet":
            return models.lenet(classes, BINS, FRAMES, hidden=500 // self.narrow)
        return models.vgg11(classes, 64 // self.narrow)


@dataclass(frozen=True)
class Trained:
    """A model and how it came about."""

    model: nn.Module
    run: Run


def train(
    data: Commands,
    settings: Settings,
    network: str,
    alpha: float,
    seed: int,
    after_epoch: Callable[[], object] | None = None,
    saving: Saving | None = None,
) -> Trained:
    """Train, or go on from the checkpoint; ``alpha`` 0 is ERM."""
    where = command_line.device()
    mix = fm.Scheduled(fm.Mixup(alpha), start_epoch=settings.warmup) if alpha else None
    classes, kind = len(data.words), "gpu" if where.type == "cuda" else "cpu"
    batches = SpeechBatches(data.train, settings.batch_size, classes, seed, mix, device=kind)
    model = initialized(lambda: settings.network(network, classes), seed, _WEIGHTS).to(where)
    optimizer = torch.optim.Adam(model.parameters(), settings.learning_rate, fused=True)
    milestones = [settings.lower_every, 2 * settings.lower_every]
    rate = stepwise(settings.learning_rate, milestones)
    options = {"seed": seed, "rate": rate, "after_epoch": after_epoch, "saving": saving}
    return Trained(model, fit(model, batches, optimizer, settings.epochs, **options))


def error(model: nn.Module, clips: Clips, classes: int, batch_size: int) -> float:
    """In percent."""
    kind = "gpu" if command_line.device().type == "cuda" else "cpu"
    batches: Iterable[tuple[Tensor, Tensor]] = SpeechBatches(clips, batch_size, classes, shuffle=False, device=kind)
    wrong = sum((models.logits_of(model, inputs).argmax(1) != labels).sum().item() for inputs, labels in batches)
    return 100.0 * wrong / len(clips.labels)


def claims(stands_in: bool) -> list[Claim]:
    """The table's test errors."""
    found = []
    for network, expected, text in (("vgg11", "lower", "VGG-11: mixup"), ("lenet", "higher", "LeNet: mixup hurts")):
        figures_of = [PAPER[f"{network}, {method}"]["test"] for method in ("ERM", "mixup 0.2")]
        paper = f"{figures_of[0]} → {figures_of[1]}{' †' if network == 'lenet' else ''}"
        rows = f"{network}, ERM", f"{network}, mixup 0.2"
        name = f"speech commands test error, {text}"
        found.append(Claim(name, paper, "test", *rows, expected, stands_in=stands_in))
    return found


def main(argv: Sequence[str] | None = None) -> None:
    parser = command_line.parser(__doc__, "this folder of speech commands (a folder of WAV files per word)")
    arguments = parser.parse_args(argv)
    form, seeds = command_line.form_of(arguments), command_line.seeds_of(arguments, SEEDS)
    settings, alphas, count = Settings(), (0.1, 0.2), 0
    if form == "small":
        settings, alphas, count = Settings(12, 10, 1e-3, 5.0, 3, narrow=8), (0.2,), 16
    if form == "quick":
        settings, alphas, count = Settings(2, 8, 1e-3, 1.0, 1, narrow=16), (0.2,), 8
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.data or write_tones(Path(scratch), WORDS, count, seed=0)
        run(open_folder(folder), settings, alphas, form, seeds, arguments.out, generated=arguments.data is None)


def run(
    data: Commands,
    settings: Settings,
    alphas: Sequence[float],
    form: str,
    seeds: Sequence[int],
    out: Path,
    generated: bool,
) -> None:
    """Both networks, ERM and mixup, and the report."""
    report = Report(
        "commands",
        "Smoke run of the speech pipeline, on generated tones" if generated else "Speech commands",
        form,
        f"generated tones, {len(data.train.labels)} to train" if generated else "speech commands",
        {"settings": str(settings), "words": len(data.words), "train": len(data.train.labels)},
        seeds,
        METRICS,
        {} if generated else PAPER,
        notes=["Generated tones: this shows that the pipeline trains, and nothing about speech."] if generated else [],
    )
    curves: dict[str, list[list[float]]] = {}
    networks, classes = ("lenet", "vgg11"), len(data.words)
    with command_line.progress("commands", len(seeds) * len(networks) * (1 + len(alphas)) * settings.epochs) as advance:
        for seed in seeds:
            for network in networks:
                for alpha in (0.0, *alphas):
                    name = f"{network}, mixup {alpha:g}" if alpha else f"{network}, ERM"
                    saving = None if generated else Saving(out / "checkpoints" / f"commands-{name}-{seed}.pt")
                    trained = train(data, settings, network, alpha, seed, advance, saving)
                    parts = {"validation": data.validation, "test": data.test}
                    found = {
                        part: error(trained.model, clips, classes, settings.batch_size) for part, clips in parts.items()
                    }
                    report.add(name, **found)
                    curves.setdefault(name, []).append(_by_epoch(trained.run.losses, settings.epochs))
    figure, axes = figures.panels(2)
    figures.bars(axes[0], report, list(report.rows), "test", report.data)
    figures.curves(axes[1], range(1, settings.epochs + 1), curves, "epoch", "training loss (mixed where mixed)")
    figures.save(figure, out, report.experiment)
    command_line.finish(report, claims(stands_in=generated), out)


def _by_epoch(losses: Sequence[float], epochs: int) -> list[float]:
    steps = len(losses) // epochs
    return [sum(losses[i : i + steps]) / steps for i in range(0, len(losses), steps)]


if __name__ == "__main__":
    main()
