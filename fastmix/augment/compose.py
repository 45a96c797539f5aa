"""Policies of policies: ``Compose``, ``RandomApply``, ``RandomChoice``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from fastmix.arguments import number
from fastmix.augment.draws import Draws
from fastmix.augment.packing import choose
from fastmix.augment.policy import Draft, SamplePolicy, no_operations
from fastmix.augment.ranges import probability


@dataclass(frozen=True, repr=False)
class Compose(SamplePolicy):
    """Apply policies one after the other.

    A plan's order is window, resize, flips, operations. Windows come before operations, flips before operations that
    move pixels, and erasing comes last. Flips after operations on values are the same as flips before them.

    Args:
        policies: Any number of policies of ``fastmix.augment``.

    Raises:
        TypeError: An entry is not a policy.
        ValueError: A sample plan cannot have this order.

    Example:
        >>> policy = Compose([RandomHorizontalFlip(), TrivialAugmentWide(), RandomErasing(0.1)])
    """

    policies: Sequence[SamplePolicy]

    def __post_init__(self) -> None:
        object.__setattr__(self, "policies", checked("Compose", self.policies))
        before: set[str] = set()
        for policy in self.policies:
            parts, name = policy.sets(), type(policy).__name__
            if "window" in parts and before & {"window", "values", "places", "erase"}:
                raise ValueError(f"Compose: expected one window, before all operations; got {name} behind others")
            if "flip" in parts and before & {"places", "erase"}:
                raise ValueError(f"Compose: expected {name} before operations that move pixels; put it first")
            if "erase" in before and parts - {"erase"}:
                raise ValueError(f"Compose: expected erasing at the end, got {name} behind it")
            before |= parts

    @property
    def slots(self) -> int:
        return sum(policy.slots for policy in self.policies)

    def sets(self) -> frozenset[str]:
        return frozenset[str]().union(*(policy.sets() for policy in self.policies))

    def at(self, epoch: int) -> SamplePolicy:
        return dataclasses.replace(self, policies=tuple(policy.at(epoch) for policy in self.policies))

    def draft(self, draws: Draws) -> Draft:
        nothing = Draft(None, no_operations(len(draws)))
        return reduce(Draft.then, [policy.draft(draws) for policy in self.policies], nothing)


@dataclass(frozen=True, repr=False)
class RandomApply(SamplePolicy):
    """Apply a policy with a probability, drawn for each sample.

    Args:
        policy: A policy, or several to apply one after the other.
        prob: In [0, 1].

    Raises:
        TypeError: An entry is not a policy.
        ValueError: ``prob`` is outside [0, 1].

    Example:
        >>> policy = RandomApply(ColorJitter(0.8, 0.8, 0.8, 0.2), 0.8)
    """

    policy: SamplePolicy
    prob: float = 0.5

    def __post_init__(self) -> None:
        if isinstance(self.policy, tuple | list):
            object.__setattr__(self, "policy", Compose(self.policy))
        checked("RandomApply", (self.policy,))
        object.__setattr__(self, "prob", probability("RandomApply", self.prob))

    @property
    def slots(self) -> int:
        return self.policy.slots

    @property
    def stream_name(self) -> str:
        return f"RandomApply({self.policy.stream_name})"

    def sets(self) -> frozenset[str]:
        return self.policy.sets()

    def at(self, epoch: int) -> SamplePolicy:
        return dataclasses.replace(self, policy=self.policy.at(epoch))

    def draft(self, draws: Draws) -> Draft:
        chosen = self.stream(draws).uniform(1)[:, 0] < self.prob
        return self.policy.draft(draws).where(chosen)


@dataclass(frozen=True, repr=False)
class RandomChoice(SamplePolicy):
    """Apply exactly one of several policies, drawn for each sample.

    Args:
        policies: One or more policies.
        p: Their probabilities, which sum to 1; None makes them equal.

    Raises:
        TypeError: An entry is not a policy.
        ValueError: There is no policy, or ``p`` does not fit.

    Example:
        >>> policy = RandomChoice([Grayscale(), Solarize(128), GaussianBlur()])
    """

    policies: Sequence[SamplePolicy]
    p: Sequence[float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "policies", checked("RandomChoice", self.policies))
        if not self.policies:
            raise ValueError("RandomChoice: expected at least one policy, got none")
        if self.p is None:
            return
        given = tuple(number("RandomChoice: p", share) for share in self.p)
        object.__setattr__(self, "p", given)
        if len(given) != len(self.policies) or not all(share >= 0 for share in given) or abs(sum(given) - 1) > 1e-6:
            raise ValueError(f"RandomChoice: expected {len(self.policies)} probabilities that sum to 1, got {given}")

    @property
    def slots(self) -> int:
        return max(policy.slots for policy in self.policies)

    def sets(self) -> frozenset[str]:
        return frozenset[str]().union(*(policy.sets() for policy in self.policies))

    def at(self, epoch: int) -> SamplePolicy:
        return dataclasses.replace(self, policies=tuple(policy.at(epoch) for policy in self.policies))

    def draft(self, draws: Draws) -> Draft:
        weights = self.p if self.p is not None else np.ones(len(self.policies))
        which = choose(self.stream(draws).uniform(1)[:, 0], weights)
        slots, result = self.slots, Draft(None, no_operations(len(draws)))
        operations = no_operations(len(draws), slots)
        for k, policy in enumerate(self.policies):
            drafted = policy.draft(draws).where(which == k)
            result = result.then(Draft(drafted.head, no_operations(len(draws))))
            operations[:, : drafted.operations.shape[1]] |= drafted.operations
        return Draft(result.head, operations)


def checked(caller: str, policies: Sequence[SamplePolicy]) -> tuple[SamplePolicy, ...]:
    """Return the policies as a tuple.

    Raises:
        TypeError: An entry is not a policy.
    """
    for policy in policies:
        if not isinstance(policy, SamplePolicy):
            raise TypeError(f"{caller}: expected policies of fastmix.augment, got {type(policy).__name__}")
    return tuple(policies)
