"""Policies draw plans: pure functions of (seed, epoch, step, rank), with no state and no global generator."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from fastmix import _core
from fastmix.plan import MixPlan

Per = Literal["batch", "pair", "sample"]
Pairing = Literal["permutation", "neighbor", "flip"]


def _option(enum: type, name: str, value: str):
    if value not in enum.__members__:
        raise ValueError(f"{name}: expected one of {', '.join(enum.__members__)}; got {value!r}")
    return enum.__members__[value]


def _integer(name: str, value: int, bits: int) -> int:
    number = operator.index(value)
    if not 0 <= number < 1 << bits:
        raise ValueError(f"plan: expected {name} in [0, 2**{bits}), got {number}")
    return number


def _image_size(image_size: tuple[int, int] | None) -> tuple[int, int]:
    if image_size is None:
        return 0, 0
    try:
        height, width = image_size
    except (TypeError, ValueError):
        raise ValueError(f"plan: expected image_size=(height, width), got {image_size!r}") from None
    return _integer("height", height, 31), _integer("width", width, 31)


class Policy(ABC):
    """Draws the plan of a batch. Subclasses say how; ``plan`` is the same for all."""

    pairing: Pairing

    @abstractmethod
    def to_core(self) -> _core.Choice:
        """The policy as the native core understands it; raises ValueError for bad parameters."""

    def plan(
        self,
        batch_size: int,
        image_size: tuple[int, int] | None = None,
        *,
        seed: int = 0,
        epoch: int = 0,
        step: int = 0,
        rank: int = 0,
        offset: int = 0,
    ) -> MixPlan:
        """The plan of one batch; equal arguments give equal plans, on every machine.

        Args:
            batch_size: B >= 0.
            image_size: (height, width) in pixels; needed for boxes (CutMix).
            seed: seed of the run, below 2**64.
            epoch: epoch of the run, below 2**32.
            step: step within the epoch, below 2**64.
            rank: below 2**32; draws of different ranks are independent.
            offset: place of the first sample in the global batch. Ranks that pass their offset and ``rank=0`` draw
                slices of one global plan (with ``pairing="neighbor"`` and an even offset).

        Raises:
            TypeError: an argument that is no integer.
            ValueError: a negative or too large argument, or CutMix without ``image_size``.
        """
        height, width = _image_size(image_size)
        sizes = [_integer("batch_size", batch_size, 29), height, width]
        key = [
            _integer(name, value, bits)
            for name, value, bits in (
                ("seed", seed, 64),
                ("epoch", epoch, 32),
                ("step", step, 64),
                ("rank", rank, 32),
                ("offset", offset, 32),
            )
        ]
        return MixPlan.from_arrays(*self.to_core().draw(*sizes, *key))


@dataclass(frozen=True)
class _SinglePolicy(Policy):
    alpha: float = 1.0
    per: Per = "batch"
    prob: float = 1.0
    pairing: Pairing = "permutation"

    def __post_init__(self) -> None:
        self.to_core()

    def core_policy(self) -> _core.Policy:
        kind = _core.Kind.cutmix if isinstance(self, CutMix) else _core.Kind.mixup
        return _core.Policy(kind, float(self.alpha), float(self.prob), _option(_core.Per, "per", self.per))

    def to_core(self) -> _core.Choice:
        pairing = _option(_core.Pairing, "pairing", self.pairing)
        return _core.Choice([self.core_policy()], [1.0], _core.Per.batch, pairing)


class Mixup(_SinglePolicy):
    """Mixup (Zhang et al., ICLR 2018): ``w * x_i + (1 - w) * x_j`` with own weight ``w ~ Beta(alpha, alpha)``.

    Args:
        alpha: > 0; the paper uses 0.2 for ImageNet and 1.0 for CIFAR.
        per: what shares one weight: the whole ``"batch"``, each ``"pair"``, or nothing (``"sample"``).
        prob: probability that a unit of ``per`` is mixed at all.
        pairing: ``"permutation"`` (uniform, the paper's), ``"neighbor"`` (i with i XOR 1) or ``"flip"`` (i with
            B - 1 - i).

    Raises:
        ValueError: alpha not finite and > 0, prob outside [0, 1], an unknown ``per`` or ``pairing``.
    """


class CutMix(_SinglePolicy):
    """CutMix (Yun et al., ICCV 2019): a box of the partner's pixels, of area ``1 - w``, ``w ~ Beta(alpha, alpha)``.

    The box's centre is uniform and the box is clipped at the border, as in the paper; ``label_weight`` is recomputed
    from the pixels that the clipped box takes. Arguments and errors as for ``Mixup``; ``plan`` needs ``image_size``.
    """


@dataclass(frozen=True)
class Choice(Policy):
    """One of several policies, drawn anew for every batch, pair or sample.

    Args:
        policies: two or more of ``Mixup`` and ``CutMix``, all with the same pairing.
        p: their probabilities, summing to 1; equal ones when left out.
        per: what shares one choice.

    Raises:
        ValueError: no policies, probabilities that do not fit, pairings that differ, a nested ``Choice``.
    """

    policies: Sequence[Policy]
    p: Sequence[float] | None = None
    per: Per = "batch"
    pairing: Pairing = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policies", tuple(self.policies))
        if not self.policies:
            raise ValueError("Choice: expected at least one policy, got none")
        for policy in self.policies:
            if not isinstance(policy, _SinglePolicy):
                raise ValueError(f"Choice: expected Mixup or CutMix policies, got {type(policy).__name__}")
        pairings = {policy.pairing for policy in self.policies}
        if len(pairings) > 1:
            raise ValueError(f"Choice: expected policies of one pairing, got {', '.join(sorted(pairings))}")
        object.__setattr__(self, "p", tuple(map(float, self.p)) if self.p is not None else None)
        object.__setattr__(self, "pairing", pairings.pop())
        self.to_core()

    def to_core(self) -> _core.Choice:
        p = self.p if self.p is not None else [1.0 / len(self.policies)] * len(self.policies)
        policies = [policy.core_policy() for policy in self.policies]
        return _core.Choice(
            policies, list(p), _option(_core.Per, "per", self.per), _option(_core.Pairing, "pairing", self.pairing)
        )
