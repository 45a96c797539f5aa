"""Make a policy depend on the epoch."""

from __future__ import annotations

import dataclasses
import operator
from dataclasses import dataclass

from fastmix import _core
from fastmix.plan.draw_key import integer_below
from fastmix.plan.policies import Pairing, Policy


@dataclass(frozen=True)
class Scheduled(Policy):
    """Apply a policy from ``start_epoch`` until ``end_epoch``, with an optional ramp of ``alpha``.

    Args:
        policy: The policy of the mixing epochs.
        start_epoch: First epoch that mixes. Earlier epochs are a warm-up, which the mixup paper uses for speech.
        end_epoch: First epoch that no longer mixes; None never stops.
        ramp_epochs: In the k-th mixing epoch, counted from 1, ``alpha`` is multiplied by ``min(1, k / ramp_epochs)``.
            0 means no ramp. A ramp requires Beta weights.

    Raises:
        TypeError: An epoch is not an integer.
        ValueError: An epoch is out of range, ``policy`` is not a policy or is scheduled itself, or a ramp has no Beta
            weights.

    Example:
        >>> policy = Scheduled(Mixup(0.2), start_epoch=5, ramp_epochs=10)
    """

    policy: Policy
    start_epoch: int = 0
    end_epoch: int | None = None
    ramp_epochs: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.policy, Policy) or isinstance(self.policy, Scheduled):
            raise ValueError(f"Scheduled: expected a policy without a schedule, got {type(self.policy).__name__}")
        integer_below("start_epoch", self.start_epoch, 32)
        integer_below("ramp_epochs", self.ramp_epochs, 32)
        if self.end_epoch is not None:
            integer_below("end_epoch", self.end_epoch, 32)
        if self.ramp_epochs:
            self.policy.scaled(1.0)

    @property
    def pairing(self) -> Pairing:  # type: ignore[override]  # nothing assigns it, so a property may replace it
        return self.policy.pairing

    @property
    def has_masks(self) -> bool:
        return self.policy.has_masks

    def at(self, epoch: int) -> Policy:
        mixing_epoch = operator.index(epoch) - self.start_epoch
        if mixing_epoch < 0 or (self.end_epoch is not None and epoch >= self.end_epoch):
            return self.policy.never()
        if mixing_epoch + 1 < self.ramp_epochs:
            return self.policy.scaled((mixing_epoch + 1) / self.ramp_epochs)
        return self.policy

    def to_core(self) -> _core.Choice:
        """Return the policy of the mixing epochs, with the full ``alpha`` of the end of the ramp."""
        return self.policy.to_core()

    def with_pairing(self, pairing: Pairing) -> Policy:
        return dataclasses.replace(self, policy=self.policy.with_pairing(pairing))

    def never(self) -> Policy:
        return self.policy.never()

    def scaled(self, factor: float) -> Policy:
        return dataclasses.replace(self, policy=self.policy.scaled(factor))
