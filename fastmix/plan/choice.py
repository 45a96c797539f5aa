"""Draw one of several policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastmix import _core
from fastmix.arguments import option
from fastmix.plan.policies import Pairing, Per, Policy, SinglePolicy


@dataclass(frozen=True)
class Choice(Policy):
    """Draw one of several policies for every batch, pair or sample.

    Args:
        policies: One or more of ``Mixup``, ``CutMix``, ``HMix``, ``GridMix``, ``SmoothMix``, ``GMix`` and ``FMix``, all
            with the same pairing.
        p: One probability per policy; they sum to 1. None makes them equal.
        per: The unit that shares one choice: ``"batch"``, ``"pair"`` or ``"sample"``.

    Raises:
        ValueError: ``policies`` is empty or contains a Choice, pairings differ, or ``p`` is not one probability per
            policy.

    Example:
        >>> policy = Choice([Mixup(0.2), CutMix(1.0)], p=[0.3, 0.7], per="sample")
    """

    policies: Sequence[SinglePolicy]
    p: Sequence[float] | None = None
    per: Per = "batch"
    pairing: Pairing = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policies", tuple(self.policies))
        if not self.policies:
            raise ValueError("Choice: expected at least one policy, got none")
        for policy in self.policies:
            if not isinstance(policy, SinglePolicy):
                raise ValueError(f"Choice: expected policies such as Mixup or CutMix, got {type(policy).__name__}")
        pairings = {policy.pairing for policy in self.policies}
        if len(pairings) > 1:
            raise ValueError(f"Choice: expected policies with the same pairing, got {', '.join(sorted(pairings))}")
        object.__setattr__(self, "p", tuple(map(float, self.p)) if self.p is not None else None)
        object.__setattr__(self, "pairing", pairings.pop())
        self.to_core()

    @property
    def has_masks(self) -> bool:
        return any(policy.has_masks for policy in self.policies)

    def to_core(self) -> _core.Choice:
        p = self.p if self.p is not None else [1.0 / len(self.policies)] * len(self.policies)
        policies = [policy.core_policy() for policy in self.policies]
        return _core.Choice(
            policies, list(p), option(_core.Per, "per", self.per), option(_core.Pairing, "pairing", self.pairing)
        )

    def with_pairing(self, pairing: Pairing) -> Policy:
        return Choice([policy.with_pairing(pairing) for policy in self.policies], self.p, self.per)

    def never(self) -> Policy:
        return Choice([policy.never() for policy in self.policies], self.p, self.per)

    def scaled(self, factor: float) -> Policy:
        return Choice([policy.scaled(factor) for policy in self.policies], self.p, self.per)
