"""Training and testing on class folders of images through ``fastmix.DataLoader``, on any number of ranks."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

import fastmix as fm
from benchmarks.paper import command_line, models
from benchmarks.paper.seeding import initialized
from benchmarks.paper.training import Run, Saving, fit, stepwise, warmed_up

_WEIGHTS = 31
NETWORKS: dict[str, Callable[[int], models.Staged]] = {
    "resnet50": lambda classes: models.resnet((3, 4, 6, 3), classes),
    "resnet101": lambda classes: models.resnet((3, 4, 23, 3), classes),
    "resnext101": lambda classes: models.resnet((3, 4, 23, 3), classes, groups=32, group_width=4),
    "tiny": lambda classes: models.resnet((1, 1), classes, width=16),
}


@dataclass(frozen=True)
class Settings:
    """Of a training run; ``batch_size`` is that of all ranks together."""

    data: Path
    out: Path
    model: str = "resnet50"
    epochs: int = 90
    batch_size: int = 1024
    size: int = 224
    peak: float = 0.4
    weight_decay: float = 1e-4
    alpha: float = 0.2
    save_every: int = 500

    @property
    def warmup(self) -> float:
        """Epochs over which the learning rate grows."""
        return min(5.0, self.epochs / 4)

    @property
    def milestones(self) -> tuple[float, ...]:
        """Epochs after which the learning rate falls: 30, 60, 80 of 90, and 60, 120, 180 of more."""
        shares = (30 / 90, 60 / 90, 80 / 90) if self.epochs <= 90 else (0.3, 0.6, 0.9)
        return tuple(share * self.epochs for share in shares)


@dataclass(frozen=True)
class Trained:
    """A model, its errors in percent, and the losses on the way there."""

    model: nn.Module
    errors: dict[str, float]
    run: Run


def ranks() -> tuple[int, int]:
    return (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)


def _loader(settings: Settings, part: str, seed: int, mix: fm.Policy | None, train: bool) -> fm.DataLoader:
    device = command_line.device()
    # Evaluation images stay float32: attacks move them by less than bfloat16 resolves.
    dtype = torch.bfloat16 if train and device.type == "cuda" else torch.float32
    options = {"dtype": dtype, "memory_format": torch.channels_last, "device": device, "seed": seed}
    per_rank = max(settings.batch_size // ranks()[1], 1)
    return fm.DataLoader(settings.data / part, per_rank, settings.size, mix=mix, train=train, **options)


def validation(settings: Settings) -> Iterator[tuple[Tensor, Tensor]]:
    """Centre crops and class ids of this rank's share of the validation images."""
    return iter(_loader(settings, "val", 0, None, train=False))


def errors(model: nn.Module, settings: Settings) -> dict[str, float]:
    """Top-1 and top-5 errors in percent on all ranks' validation images."""
    counts = torch.zeros(3, dtype=torch.float64, device=command_line.device())
    training = model.training
    model.eval()
    with torch.no_grad():
        for images, labels in validation(settings):
            if len(labels) == 0:
                continue
            logits = _autocast(model, images).float()
            best = logits.topk(min(5, logits.shape[1]), 1).indices == labels[:, None]
            counts += torch.stack((best[:, 0].sum(), best.any(1).sum(), torch.tensor(len(labels)).to(labels)))
    model.train(training)
    if distributed.is_initialized():
        distributed.all_reduce(counts)
    first, fifth, count = counts.tolist()
    return {"top-1": 100 * (1 - first / count), "top-5": 100 * (1 - fifth / count)}


def _autocast(model: nn.Module, images: Tensor) -> Tensor:
    with torch.autocast(images.device.type, torch.bfloat16, enabled=images.is_cuda):
        return model(images)


def _loss(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(_autocast(model, images).float(), targets)


def train(
    settings: Settings, seed: int, alpha: float | None, after_epoch: Callable[[], object] | None = None
) -> Trained:
    """Train, or go on from the checkpoint, or take the finished one. ``alpha`` None is ERM."""
    where, (rank, world_size) = command_line.device(), ranks()
    method = "erm" if alpha is None else f"mixup{alpha:g}"
    loader = _loader(settings, "train", seed, None if alpha is None else fm.Mixup(alpha), train=True)
    model = initialized(lambda: NETWORKS[settings.model](loader.num_classes), seed, _WEIGHTS)
    model = model.to(where, memory_format=torch.channels_last)
    # Norms and biases are not decayed.
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    rate = warmed_up(stepwise(settings.peak, settings.milestones), settings.peak / 4, settings.warmup)
    saving = Saving(
        settings.out / "checkpoints" / f"{settings.model}-{settings.epochs}-{method}-{seed}.pt",
        settings.save_every,
        writes=rank == 0,
    )
    optimizer = torch.optim.SGD(groups, settings.peak, momentum=0.9)
    wrapped = DistributedDataParallel(model) if world_size > 1 else model
    options = {"seed": seed, "rate": rate, "loss_of": _loss, "after_epoch": after_epoch, "saving": saving}
    run = fit(wrapped, loader, optimizer, settings.epochs, **options)
    return Trained(model, errors(model, settings), run)


@contextlib.contextmanager
def process_group() -> Iterator[None]:
    """torch.distributed where torchrun started this process."""
    if "LOCAL_RANK" not in os.environ:
        yield
        return
    cuda = command_line.device().type == "cuda"
    if cuda:
        torch.cuda.set_device(command_line.device())
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def add_options(parser: argparse.ArgumentParser, model: str = "resnet50") -> None:
    """What can be changed about a full-size run."""
    parser.add_argument("--model", choices=NETWORKS, default=model)
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--batch-size", type=int, default=1024, help="of all ranks together")
    parser.add_argument("--size", type=int, default=224, help="side of the images")
    parser.add_argument("--alpha", type=float, default=0.2)
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """From the command line."""
    a = arguments
    return Settings(
        a.data, a.out, a.model, a.epochs, a.batch_size, a.size, 0.4 * a.batch_size / 1024, 1e-4, a.alpha, a.save_every
    )
