"""A policy that calls your own function for its plans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastmix import _core
from fastmix.plan.draw_key import DrawKey
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import Pairing, Policy

__all__ = ["PlanFunction"]


@dataclass(frozen=True)
class PlanFunction(Policy):
    """Turn a function that makes plans into a policy, for masks or mixing that no other policy draws.

    ``DataLoader``, ``prefetch`` and ``Mixer`` take it like any policy. In the DataLoader a thread calls the function,
    ahead of the training loop.

    Args:
        function: Takes (batch_size, image_size, key), where key is a :class:`fastmix.DrawKey`, and returns a MixPlan.
            Equal arguments must give equal plans, or a resumed epoch differs.

    Raises:
        TypeError: ``function`` is not callable, or does not return a MixPlan.
        ValueError: The plan is for another number of samples.

    Example:
        >>> def halves(batch_size, image_size, key):
        ...     left = torch.arange(2)[None, None, :] == 0
        ...     return MixPlan.masked(torch.arange(batch_size).roll(1), left, image_size=image_size)
        >>> loader = DataLoader("data", 64, mix=PlanFunction(halves))
    """

    function: Callable[[int, tuple[int, ...] | None, DrawKey], MixPlan]
    pairing: Pairing = field(default="permutation", init=False, repr=False)  # unused: the function chooses partners

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"PlanFunction: expected a function, got {type(self.function).__name__}")

    @property
    def has_masks(self) -> bool:
        return True

    def draw(
        self,
        batch_size: int,
        image_size: tuple[int, ...] | None,
        key: DrawKey,
        *,
        groups: Any = None,
        partner: Any = None,
    ) -> MixPlan:
        if groups is not None or partner is not None:
            raise ValueError(
                "PlanFunction: groups= and partner= have no effect here, since the function chooses the partners; "
                "leave them out"
            )
        plan = self.function(batch_size, image_size, key)
        if not isinstance(plan, MixPlan):
            raise TypeError(f"PlanFunction: expected a MixPlan from the function, got {type(plan).__name__}")
        if len(plan) != batch_size:
            raise ValueError(
                f"PlanFunction: expected a plan for {batch_size} samples, got one for {len(plan)}; "
                "return a plan for batch_size samples"
            )
        return plan.clone()

    def to_core(self) -> _core.Choice:
        raise ValueError(
            "PlanFunction: expected a policy that the C++ core can draw, got a Python function; use draw()"
        )

    def with_pairing(self, pairing: Pairing) -> Policy:  # noqa: ARG002
        return self

    def never(self) -> Policy:
        return PlanFunction(_identity)

    def scaled(self, factor: float) -> Policy:  # noqa: ARG002
        raise ValueError(
            "PlanFunction: expected a policy with Beta weights for ramp_epochs, got a Python function; "
            "leave out ramp_epochs"
        )


def _identity(batch_size: int, image_size: tuple[int, ...] | None, key: DrawKey) -> MixPlan:  # noqa: ARG001
    return MixPlan.identity(batch_size)
