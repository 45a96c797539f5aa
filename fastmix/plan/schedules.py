"""Policies that depend on the epoch."""

from __future__ import annotations

import dataclasses
import operator
from dataclasses import dataclass

from fastmix import _core
from fastmix.plan.draw_key import integer_below
from fastmix.plan.policies import Pairing, Policy


@dataclass(frozen=True)
class Scheduled(Policy):
    """A policy that depends on the epoch: off before ``start_epoch`` and from ``end_epoch`` on, and growing.

    Args:
        policy: what mixes in between.
        start_epoch: the first epoch that mixes; the warm-up epochs before it do not (the paper's speech setting).
        end_epoch: the first epoch that mixes no more; None never stops.
        ramp_epochs: in the k-th mixing epoch, counted from 1, ``alpha`` is ``k / ramp_epochs`` of what the policy
            says, until it is reached. 0 starts with all of it. Needs Beta weights.

    Raises:
        TypeError: an epoch that is no integer.
        ValueError: an epoch out of range, ``policy`` no policy or itself scheduled, a ramp without Beta weights.
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
    def pairing(self) -> Pairing:  # type: ignore[override]  # frozen, so read-only as other policies'
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
        """The policy between the epochs, with its full alpha."""
        return self.policy.to_core()

    def with_pairing(self, pairing: Pairing) -> Policy:
        return dataclasses.replace(self, policy=self.policy.with_pairing(pairing))

    def never(self) -> Policy:
        return self.policy.never()

    def scaled(self, factor: float) -> Policy:
        return dataclasses.replace(self, policy=self.policy.scaled(factor))
