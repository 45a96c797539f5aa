"""Make a policy depend on the epoch: ``Scheduled``, with ``Linear`` and ``Steps``."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from fastmix.arguments import integer, number
from fastmix.augment.draws import Draws
from fastmix.augment.policy import Draft, SamplePolicy, no_operations


class Curve(ABC):
    """A number that depends on the epoch."""

    @abstractmethod
    def value(self, epoch: int) -> float:
        """Return the number of this epoch."""

    @abstractmethod
    def values(self) -> list[float]:
        """Return the least and the greatest number, among others."""


@dataclass(frozen=True)
class Linear(Curve):
    """A number that goes from ``first`` to ``last`` in equal steps.

    Args:
        first: The number until ``start_epoch``.
        last: The number from ``end_epoch`` on.
        start_epoch: >= 0.
        end_epoch: > ``start_epoch``.

    Raises:
        TypeError: An argument is not a number.
        ValueError: The epochs do not fit.
    """

    first: float
    last: float
    start_epoch: int
    end_epoch: int

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            number(f"Linear: {name}", getattr(self, name))
        integer("Linear", "start_epoch", self.start_epoch, 0)
        integer("Linear", "end_epoch", self.end_epoch, self.start_epoch + 1)

    def value(self, epoch: int) -> float:
        share = (epoch - self.start_epoch) / (self.end_epoch - self.start_epoch)
        share = min(max(share, 0.0), 1.0)
        return self.first * (1.0 - share) + self.last * share

    def values(self) -> list[float]:
        return [self.first, self.last]


@dataclass(frozen=True)
class Steps(Curve):
    """A number that changes at given epochs.

    Args:
        steps: Pairs (epoch, number) with growing epochs; the first epoch is 0.

    Raises:
        ValueError: The epochs do not grow from 0.

    Example:
        >>> curve = Steps([(0, 5), (30, 10), (60, 15)])
    """

    steps: Sequence[tuple[int, float]]

    def __post_init__(self) -> None:
        pairs = tuple((integer("Steps", "epoch", epoch, 0), number("Steps", value)) for epoch, value in self.steps)
        object.__setattr__(self, "steps", pairs)
        epochs = [epoch for epoch, _ in pairs]
        if epochs[:1] != [0] or epochs != sorted(set(epochs)):
            raise ValueError(f"Steps: expected growing epochs from 0, got {epochs}")

    def value(self, epoch: int) -> float:
        return [value for start, value in self.steps if start <= epoch][-1]

    def values(self) -> list[float]:
        return [value for _, value in self.steps]


@dataclass(frozen=True, repr=False)
class Scheduled(SamplePolicy):
    """Apply a policy in some epochs, with a magnitude or probability that depends on the epoch.

    Args:
        policy: A policy; a schedule inside it is allowed.
        magnitude: A ``Linear`` or ``Steps`` in place of the policy's ``magnitude``; rounded where that is an int.
        prob: A ``Linear`` or ``Steps`` in place of the policy's ``prob``.
        start_epoch: First epoch that applies the policy.
        end_epoch: First epoch that no longer does; None never stops.

    Raises:
        TypeError: ``policy`` is not a policy, or a curve is neither Linear nor Steps.
        ValueError: The policy has no such parameter, or a value is out of its range.

    Example:
        >>> policy = Scheduled(RandAugment(), magnitude=Linear(5, 15, start_epoch=0, end_epoch=300))
    """

    policy: SamplePolicy
    magnitude: Curve | None = None
    prob: Curve | None = None
    start_epoch: int = 0
    end_epoch: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.policy, SamplePolicy):
            raise TypeError(f"Scheduled: expected a policy of fastmix.augment, got {type(self.policy).__name__}")
        integer("Scheduled", "start_epoch", self.start_epoch, 0)
        if self.end_epoch is not None:
            integer("Scheduled", "end_epoch", self.end_epoch, 0)
        for name, curve in self._curves().items():
            if not isinstance(curve, Curve):
                raise TypeError(f"Scheduled: expected {name} as Linear or Steps, got {type(curve).__name__}")
            if name not in {field.name for field in dataclasses.fields(self.policy)}:  # type: ignore[arg-type]
                raise ValueError(f"Scheduled: expected a policy with {name}, got {type(self.policy).__name__}")
            for value in curve.values():
                self._with(**{name: value})

    def _curves(self) -> dict[str, Curve]:
        given = {"magnitude": self.magnitude, "prob": self.prob}
        return {name: curve for name, curve in given.items() if curve is not None}

    def _with(self, **values: float) -> SamplePolicy:
        whole = {name for name in values if isinstance(getattr(self.policy, name), int)}
        values = {name: round(value) if name in whole else value for name, value in values.items()}
        return dataclasses.replace(self.policy, **values)  # type: ignore[type-var]

    @property
    def slots(self) -> int:
        return self.policy.slots

    @property
    def stream_name(self) -> str:
        return self.policy.stream_name

    def sets(self) -> frozenset[str]:
        return self.policy.sets()

    def at(self, epoch: int) -> SamplePolicy:
        if epoch < self.start_epoch or (self.end_epoch is not None and epoch >= self.end_epoch):
            return Nothing(self.policy.slots)
        return self._with(**{name: curve.value(epoch) for name, curve in self._curves().items()}).at(epoch)

    def draft(self, draws: Draws) -> Draft:
        return self.policy.draft(draws)


@dataclass(frozen=True, repr=False)
class Nothing(SamplePolicy):
    """Change nothing, with room for ``room`` operations."""

    room: int = 0

    @property
    def slots(self) -> int:
        return self.room

    def draft(self, draws: Draws) -> Draft:
        return Draft(None, no_operations(len(draws), self.room))
