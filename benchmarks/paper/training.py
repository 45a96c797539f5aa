"""The training loop that all experiments share, and its checkpoints."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from benchmarks.paper import checkpoint
from benchmarks.paper.seeding import key

_NOISE = 7


class Batches(Protocol):
    """What training needs of a loader; :class:`fastmix.DataLoader` has it."""

    @property
    def epoch(self) -> int: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterable[Any]: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@dataclass
class Run:
    """What a training run leaves besides its model: the loss of every step, and what was measured after every epoch."""

    losses: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Saving:
    """Where checkpoints go, and after how many steps besides the ends of epochs; ``writes`` on one rank only."""

    path: Path
    every: int = 1000
    writes: bool = True


def stepwise(base: float, milestones: Sequence[float], factor: float = 0.1) -> Callable[[float], float]:
    """A learning rate that is multiplied by ``factor`` at each milestone; a function of the epoch, with fractions."""
    return lambda epoch: base * factor ** bisect.bisect_right(milestones, epoch)


def warmed_up(rate: Callable[[float], float], start: float, epochs: float) -> Callable[[float], float]:
    """Linear from ``start`` to what ``rate`` says at the end of the warm-up, then ``rate``."""
    return lambda epoch: start + (rate(epochs) - start) * epoch / epochs if epoch < epochs else rate(epoch)


def cross_entropy(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """The mean cross-entropy of class ids (B,) or dense targets (B, C)."""
    return F.cross_entropy(model(inputs), targets)


def fit(
    model: nn.Module,
    batches: Batches,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    *,
    seed: int = 0,
    rate: Callable[[float], float] | None = None,
    loss_of: Callable[[nn.Module, Tensor, Tensor], Tensor] = cross_entropy,
    measure: Callable[[int], dict[str, float]] | None = None,
    after_epoch: Callable[[], object] | None = None,
    saving: Saving | None = None,
) -> Run:
    """Train until ``batches.epoch`` is ``epochs``; with a checkpoint at ``saving.path``, go on from there.

    What is random inside the model (dropout) is keyed by (seed, step), so that a resumed run goes on with the
    identical losses; torch's global generator is left as it was.

    Args:
        model: In any mode; it is trained in training mode.
        batches: Of ``(inputs, targets)``.
        optimizer: Over the model's parameters.
        epochs: When to stop.
        seed: Of the run.
        rate: The learning rate as a function of the epoch with fractions; the optimiser's own if None.
        loss_of: ``(model, inputs, targets)`` to a scalar.
        measure: Called after every epoch with its number; what it returns goes into the history.
        after_epoch: Called after every epoch, for a progress bar.
        saving: Where checkpoints go; None for none.
    """
    run = Run()
    if saving is not None and saving.path.exists():
        _restore(checkpoint.load(saving.path), model, optimizer, batches, run)
    steps = len(batches)
    with torch.random.fork_rng():
        while batches.epoch < epochs:
            epoch, done = batches.epoch, len(run.losses) - batches.epoch * steps
            model.train()
            # Losses stay on the device until they are asked for: reading one would wait for the step.
            pending: list[Tensor] = []
            for step, (inputs, targets) in enumerate(batches, start=done):
                _seed_dropout(key(seed, _NOISE, epoch, step))
                if rate is not None:
                    for group in optimizer.param_groups:
                        group["lr"] = rate(epoch + step / steps)
                optimizer.zero_grad(set_to_none=True)
                loss = loss_of(model, inputs, targets)
                loss.backward()
                optimizer.step()
                pending.append(loss.detach())
                # The end of an epoch has its checkpoint behind the measurement.
                if saving is not None and (step + 1) % saving.every == 0 and step + 1 < steps:
                    _read(pending, run)
                    _save(saving, model, optimizer, batches, run)
            _read(pending, run)
            run.history.append({} if measure is None else measure(epoch))
            if saving is not None:
                _save(saving, model, optimizer, batches, run)
            if after_epoch is not None:
                after_epoch()
    return run


def _seed_dropout(value: int) -> None:
    # torch.manual_seed formats a traceback each time where CUDA is not in use yet, which takes as long as the step.
    torch.default_generator.manual_seed(value)
    if torch.cuda.is_available():
        torch.cuda.manual_seed(value)


def _read(pending: list[Tensor], run: Run) -> None:
    run.losses += torch.stack(pending).tolist() if pending else []
    pending.clear()


def _bare(model: nn.Module) -> nn.Module:
    """The model itself, so that its checkpoint fits any number of ranks."""
    return model.module if isinstance(model, DistributedDataParallel) else model


def _save(saving: Saving, model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches, run: Run) -> None:
    if saving.writes:
        parts = {"model": _bare(model), "optimizer": optimizer, "batches": batches}
        state = {name: part.state_dict() for name, part in parts.items()}
        checkpoint.save(saving.path, {**state, "losses": run.losses, "history": run.history})


def _restore(state: dict[str, Any], model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches, run: Run):
    _bare(model).load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    batches.load_state_dict(state["batches"])
    run.losses, run.history = state["losses"], state["history"]
