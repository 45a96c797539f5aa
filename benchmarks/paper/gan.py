"""Section 3.7: does mixup steady the training of a GAN? Toy sets in the plane, of Gaussians on a ring or a grid.

The discriminator learns ``l(d(w * x + (1 - w) * g(z)), w)``; the generator learns on unmixed samples, with the
saturating loss, as the authors' demonstration does; "generator too" mixes its batches as well, as the formula reads.
MMD^2 is the maximum mean discrepancy of RBF kernels, "distance" the median one to the nearest mode.

    python -m benchmarks.paper.gan [--full] [--seeds K] [--quick]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

import fastmix as fm
from benchmarks.paper import command_line, figures
from benchmarks.paper.claims import Claim
from benchmarks.paper.models import Staged, mlp
from benchmarks.paper.report import Report
from benchmarks.paper.seeding import generator, initialized, key

METRICS = {"MMD²": "", "distance": "", "near a mode": "%", "modes": ""}
SEEDS = 3
SPREAD = 0.01
# A sample is near a mode within this distance; a mode is covered by a fifth of its fair share of samples.
NEAR, COVERED = 0.1, 0.2
WIDTHS = (0.05, 0.2, 0.5, 1.0)
SAMPLES = 1000
_GENERATOR, _DISCRIMINATOR, _REAL, _NOISE, _TEST = 51, 52, 53, 54, 55


@dataclass(frozen=True)
class Settings:
    """Of a run; the defaults are those of the small form."""

    modes: str = "ring"
    hidden: int = 64
    depth: int = 3
    latent: int = 2
    batch_size: int = 64
    iterations: int = 600
    discriminator_steps: int = 5


@dataclass(frozen=True)
class Variant:
    """``mix`` draws the weights of real and generated samples; the others are of the generator's loss."""

    name: str
    mix: fm.Policy | None = None
    saturating: bool = True
    generator_mixed: bool = False


def variants(quick: bool) -> list[Variant]:
    """Neighbours are one real and one generated sample."""
    mixup = fm.Mixup(0.2, per="pair", pairing="neighbor")
    found = [Variant("ERM"), Variant("mixup 0.2", mixup)]
    if quick:
        return found
    return [
        *found,
        Variant("ERM, non-saturating", saturating=False),
        Variant("mixup 0.2, non-saturating", mixup, False),
        Variant("mixup 0.2, generator too", mixup, generator_mixed=True),
    ]


def centres(modes: str) -> Tensor:
    """(M, 2): eight on the unit circle, or 5 x 5 in [-1, 1]^2."""
    if modes == "grid":
        line = torch.linspace(-1, 1, 5)
        return torch.cartesian_prod(line, line)
    angles = 2 * math.pi * torch.arange(8) / 8
    return torch.stack((angles.cos(), angles.sin()), 1)


def real_samples(modes: str, count: int, draw: torch.Generator) -> Tensor:
    """(count, 2) of the mixture of Gaussians."""
    middle = centres(modes)
    chosen = middle[torch.randint(0, len(middle), (count,), generator=draw)]
    return chosen + SPREAD * torch.randn(count, 2, generator=draw)


def discriminator_loss(
    discriminator: Staged, real: Tensor, fake: Tensor, policy: fm.Policy | None, seed: int, step: int
) -> Tensor:
    """Binary cross-entropy of real (1) and generated (0) samples; mixed, of pairs of both and their weights."""
    inputs = torch.stack((real, fake), 1).flatten(0, 1)
    labels = torch.tensor([1.0, 0.0]).repeat(len(real))
    if policy is None:
        return F.binary_cross_entropy_with_logits(discriminator(inputs)[:, 0], labels)
    plan = policy.plan(len(inputs), seed=seed, step=step)
    if inputs.requires_grad:
        inputs = fm.mix(inputs, plan)
    else:
        fm.mix_(inputs, plan)
    return fm.mix_loss(F.binary_cross_entropy_with_logits, discriminator(inputs)[:, 0], labels, plan)


def train(settings: Settings, variant: Variant, seed: int, after: Callable[[], object] | None = None) -> Tensor:
    """Train both networks; returns (1000, 2) samples of the generator. ``after`` is called after every iteration."""
    s = settings
    make_g = initialized(lambda: mlp(s.latent, 2, s.hidden, s.depth), seed, _GENERATOR)
    make_d = initialized(lambda: mlp(2, 1, s.hidden, s.depth), seed, _DISCRIMINATOR)
    optimizer_g, optimizer_d = (torch.optim.Adam(model.parameters(), fused=True) for model in (make_g, make_d))
    real_draw, noise = generator(seed, _REAL), generator(seed, _NOISE)

    def latent() -> Tensor:
        return torch.randn(s.batch_size, s.latent, generator=noise)

    for iteration in range(s.iterations):
        for inner in range(s.discriminator_steps):
            with torch.no_grad():
                fake = make_g(latent())
            real = real_samples(s.modes, s.batch_size, real_draw)
            optimizer_d.zero_grad(set_to_none=True)
            step = iteration * s.discriminator_steps + inner
            discriminator_loss(make_d, real, fake, variant.mix, key(seed), step).backward()
            optimizer_d.step()
        optimizer_g.zero_grad(set_to_none=True)
        fake = make_g(latent())
        if variant.generator_mixed:
            real, step = real_samples(s.modes, s.batch_size, real_draw), (1 << 40) + iteration
            loss = -discriminator_loss(make_d, real, fake, variant.mix, key(seed), step)
        else:
            logits = make_d(fake)[:, 0]
            loss = -F.softplus(logits).mean() if variant.saturating else F.softplus(-logits).mean()
        loss.backward()
        optimizer_g.step()
        if after is not None:
            after()
    with torch.no_grad():
        return make_g(torch.randn(SAMPLES, s.latent, generator=generator(seed, _TEST)))


def mmd_squared(first: Tensor, second: Tensor) -> float:
    """Squared maximum mean discrepancy, biased estimate, mean over RBF kernels of several widths."""

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        distances = torch.cdist(a.double(), b.double()).square()
        return torch.stack([torch.exp(-distances / (2 * width**2)).mean() for width in WIDTHS]).mean()

    return (kernel(first, first) + kernel(second, second) - 2 * kernel(first, second)).item()


def quality(samples: Tensor, modes: str, seed: int) -> dict[str, float]:
    """How much the samples are like the mixture."""
    nearest, which = torch.cdist(samples, centres(modes)).min(1)
    near = nearest < NEAR
    counts = torch.bincount(which[near], minlength=len(centres(modes)))
    fair = len(samples) / len(counts)
    return {
        "MMD²": mmd_squared(samples, real_samples(modes, SAMPLES, generator(seed, _TEST, 1))),
        "distance": nearest.median().item(),
        "near a mode": 100 * near.float().mean().item(),
        "modes": float((counts >= COVERED * fair).sum()),
    }


def claims(modes: str) -> list[Claim]:
    """The paper shows pictures only."""
    found = []
    for metric in ("MMD²", "distance"):
        text = f"GAN, {modes}: samples nearer to the data ({metric})"
        found.append(Claim(text, "a figure", metric, "ERM", "mixup 0.2"))
    rows = "ERM, non-saturating", "mixup 0.2, non-saturating"
    for metric in ("MMD²", "distance"):
        text = f"GAN, {modes}: the same with the generator's non-saturating loss ({metric})"
        found.append(Claim(text, "", metric, *rows, ours=True))
    text = f"GAN, {modes}: farther away with the generator's batches mixed too (distance)"
    found.append(Claim(text, "", "distance", "mixup 0.2", "mixup 0.2, generator too", "higher", ours=True))
    return found


def main(argv: Sequence[str] | None = None) -> None:
    parser = command_line.parser(__doc__, None)
    parser.add_argument("--full", action="store_true", help="the paper's size: 512 wide, 20,000 iterations")
    parser.add_argument("--modes", choices=("ring", "grid"), default="ring")
    arguments = parser.parse_args(argv)
    form, seeds = command_line.form_of(arguments), command_line.seeds_of(arguments, SEEDS)
    settings = Settings(arguments.modes)
    if form == "quick":
        settings = replace(settings, hidden=32, iterations=50)
    if form == "full":
        settings = replace(settings, hidden=512, batch_size=128, iterations=20_000)
    shown = variants(form == "quick")
    report = Report(
        "gan",
        "Generative adversarial networks in the plane",
        form,
        f"{settings.modes} of {len(centres(settings.modes))} Gaussians",
        {"settings": str(settings), "variants": [str(variant) for variant in shown]},
        seeds,
        METRICS,
        notes=[
            '"generator too" is the formula as it reads; the authors\' demonstration mixes for the discriminator only.'
        ],
    )
    samples: dict[str, Tensor] = {}
    with command_line.progress("gan", len(seeds) * len(shown) * settings.iterations) as advance:
        for seed in seeds:
            for variant in shown:
                made = train(settings, variant, seed, advance)
                report.add(variant.name, **quality(made, settings.modes, seed))
                samples.setdefault(variant.name, made)
    figure, axes = figures.panels(len(shown), width=3.0, height=3.2)
    middle = centres(settings.modes)
    for axis, (name, points) in zip(axes, samples.items(), strict=True):
        axis.scatter(*points.T, s=2, color=figures.OURS)
        axis.scatter(*middle.T, s=25, marker="+", color=figures.COLORS[2], lw=1)
        axis.set(xlim=(-2, 2), ylim=(-2, 2), xticks=[], yticks=[])
        outside = int((points.abs() > 2).any(1).sum())
        axis.set_title(f"{name}\n{outside} of {len(points)} outside", fontsize=9)
    figures.save(figure, arguments.out, report.experiment)
    command_line.finish(report, claims(settings.modes), arguments.out)


if __name__ == "__main__":
    main()
