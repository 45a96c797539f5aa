"""Section 3.5: how far do adversarial examples carry against ERM and against mixup?

White box: the examples are made with the attacked model's own gradients. Black box: with those of another ERM model,
of which the attacked ones know nothing. FGSM takes one step, I-FGSM ten equal ones.

    python -m benchmarks.paper.adversarial [--data IMAGENET] [--seeds K] [--quick]

With ``--data`` this trains what ``benchmarks.paper.imagenet --model resnet101`` trains (three runs: ERM of two seeds
and mixup), or takes its finished checkpoints from ``--out``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

import fastmix as fm
from benchmarks.paper import command_line, figures
from benchmarks.paper import imagenet_training as imagenet
from benchmarks.paper.attacks import fgsm, iterated_fgsm
from benchmarks.paper.claims import Claim
from benchmarks.paper.evaluation import calibration_error_percent
from benchmarks.paper.models import logits_of
from benchmarks.paper.report import Report
from benchmarks.paper.tasks import Digits, Network
from benchmarks.paper.training import fit
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD

SEEDS = 4
# A seed's black-box source is an ERM model of this other seed, trained on the same data.
SOURCE = 1000
ATTACKS: dict[str, Callable[..., Tensor]] = {"FGSM": fgsm, "I-FGSM": iterated_fgsm}


@dataclass(frozen=True)
class Space:
    """The range of inputs and the radii of attacks in it; tensors broadcast over (B, C, H, W)."""

    low: Tensor
    high: Tensor
    radii: dict[str, Tensor]

    def metrics(self) -> dict[str, str]:
        """What is measured, with units."""
        places = [(box, attack, name) for box in ("white", "black") for attack in ATTACKS for name in self.radii]
        return {"clean": "%", **{" ".join(place): "%" for place in places}, "calibration": "%"}


DIGITS_SPACE = Space(torch.tensor(0.0), torch.tensor(1.0), {f"{k:g}/16": torch.tensor(k / 16) for k in (1, 4)})

_CLAIMS = (
    ("black FGSM", "lower", "57.0 → 46.0 † (eps 4/255)", "black-box FGSM: mixup makes fewer errors"),
    ("black I-FGSM", "lower", "57.3 → 40.9 † (eps 4/255)", "black-box I-FGSM: mixup makes fewer errors"),
    ("white FGSM", "lower", "90.7 → 75.2 (eps 4/255)", "white-box FGSM: mixup makes fewer errors"),
)


def claims_of(networks: Sequence[str], radius: str, strong: str) -> list[Claim]:
    """Per network; the strong radius is for what neither withstands."""
    found = []
    for network in networks:
        baseline, treatment = f"{network}, ERM", f"{network}, mixup 0.2"
        for metric, expected, paper, text in _CLAIMS:
            where = f"{text} ({network}, alpha 0.2, eps {radius})"
            found.append(Claim(where, paper, f"{metric} {radius}", baseline, treatment, expected))
        text = f"white-box I-FGSM: neither is robust ({network}, eps {strong})"
        metric = f"white I-FGSM {strong}"
        found.append(Claim(text, "99.9, 99.6 †", metric, baseline, treatment, "both above", 95.0))
        text = f"clean test error is lower ({network}, alpha 0.2)"
        found.append(Claim(text, "22.0 → 20.8 † (ResNet-101, 200 epochs)", "clean", baseline, treatment))
    return found


def evaluate(
    model: nn.Module, source: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], space: Space
) -> dict[str, float]:
    """Errors in percent on clean and on adversarial inputs, and the calibration error, by metric."""
    wrong = dict.fromkeys(space.metrics(), 0)
    clean, seen = [], []
    for inputs, labels in batches:
        low, high = (bound.to(inputs.device) for bound in (space.low, space.high))
        clean.append(logits_of(model, inputs))
        seen.append(labels)
        wrong["clean"] += (clean[-1].argmax(1) != labels).sum().item()
        for box, attacked in (("white", model), ("black", source)):
            for attack, make in ATTACKS.items():
                for name, radius in space.radii.items():
                    moved = make(attacked, inputs, labels, radius.to(inputs.device), low, high)
                    wrong[f"{box} {attack} {name}"] += (logits_of(model, moved).argmax(1) != labels).sum().item()
    count = sum(map(len, seen))
    errors = {metric: 100.0 * number / count for metric, number in wrong.items()}
    return errors | {"calibration": calibration_error_percent(torch.cat(clean), torch.cat(seen))}


def trained(task: Digits, seed: int, alpha: float, data_seed: int, after_epoch=None) -> nn.Module:
    """A model of ``seed`` on the split of ``data_seed``; ``alpha`` 0 is ERM."""
    data = task.split(data_seed)
    model = task.model(seed)
    batches = task.batches(data.inputs, data.labels, seed, fm.Mixup(alpha) if alpha else None)
    fit(model, batches, task.optimizer(model), task.epochs, seed=seed, after_epoch=after_epoch)
    return model


def small(network: Network, epochs: int, seeds: Sequence[int], alphas: Sequence[float], report: Report, advance):
    """Digits: ERM and mixup of every alpha, attacked with their own and with another ERM model's gradients."""
    task = Digits(network, epochs)
    for seed in seeds:
        data = task.split(seed)
        source = trained(task, SOURCE + seed, 0.0, seed, advance)
        for alpha in (0.0, *alphas):
            model = trained(task, seed, alpha, seed, advance)
            errors = evaluate(model, source, [(data.test_inputs, data.test_labels)], DIGITS_SPACE)
            report.add(f"{network}, mixup {alpha:g}" if alpha else f"{network}, ERM", **errors)


def imagenet_space() -> Space:
    """4 of 255 per pixel, in normalised units."""
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    return Space(-mean / std, (1 - mean) / std, {"4/255": 4 / 255 / std})


def full(settings: imagenet.Settings, seeds: Sequence[int], report: Report) -> None:
    """ImageNet: three training runs per seed, or their finished checkpoints."""
    for seed in seeds:
        source = imagenet.train(settings, SOURCE + seed, None).model
        for row, alpha in ((f"{settings.model}, ERM", None), (f"{settings.model}, mixup 0.2", 0.2)):
            model = imagenet.train(settings, seed, alpha).model
            batches = imagenet.validation(settings)
            report.add(row, **evaluate(model, source, batches, imagenet_space()))


def main(argv: Sequence[str] | None = None) -> None:
    parser = command_line.parser(__doc__, "ImageNet-2012 as train and val folders of class folders")
    imagenet.add_options(parser, model="resnet101")
    arguments = parser.parse_args(argv)
    form = command_line.form_of(arguments)
    seeds = command_line.seeds_of(arguments, 1 if form == "full" else SEEDS)
    space = imagenet_space() if form == "full" else DIGITS_SPACE
    report = Report(
        "adversarial",
        "Adversarial examples",
        form,
        "ImageNet-2012" if form == "full" else Digits().data,
        {"attacks": {"FGSM": 1, "I-FGSM": 10}, "range": "[0, 1]"},
        seeds,
        space.metrics(),
        notes=["Radii are shares of the range of a pixel; 4/255 is the paper's.", "calibration is not in the paper."],
    )
    if form == "full":
        settings = imagenet.settings_of(arguments)
        report.settings["training"] = str(settings)
        report.paper = {
            "resnet101, ERM": {
                "white FGSM 4/255": 90.7,
                "white I-FGSM 4/255": 99.9,
                "black FGSM 4/255": 57.0,
                "black I-FGSM 4/255": 57.3,
            },
            "resnet101, mixup 0.2": {
                "white FGSM 4/255": 75.2,
                "white I-FGSM 4/255": 99.6,
                "black FGSM 4/255": 46.0,
                "black I-FGSM 4/255": 40.9,
            },
        }
        full(settings, seeds, report)
        claims = claims_of([settings.model], "4/255", "4/255")
    else:
        plans = {"cnn": (40, (0.2, 1.0)), "mlp": (50, (0.2,))}
        if form == "quick":
            plans = {"cnn": (2, (0.2,)), "mlp": (2, (0.2,))}
        report.settings["training"] = {network: str(Digits(network, epochs)) for network, (epochs, _) in plans.items()}
        total = sum(epochs * (2 + len(alphas)) for epochs, alphas in plans.values()) * len(seeds)
        with command_line.progress("adversarial", total) as advance:
            for network, (epochs, alphas) in plans.items():
                small(network, epochs, seeds, alphas, report, advance)
        claims = claims_of(list(plans), "1/16", "4/16")
    draw(report, arguments.out, "4/255" if form == "full" else "1/16")
    command_line.finish(report, claims, arguments.out)


def draw(report: Report, folder, radius: str) -> None:
    """One panel per attack."""
    attacks = [f"{box} {attack} {radius}" for box in ("white", "black") for attack in ATTACKS]
    figure, axes = figures.panels(len(attacks), width=3.4)
    for axis, metric in zip(axes, attacks, strict=True):
        figures.bars(axis, report, list(report.rows), metric, metric)
    figures.save(figure, folder, report.experiment)


if __name__ == "__main__":
    main()
