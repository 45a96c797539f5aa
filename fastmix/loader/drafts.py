"""Drafts steps: which samples a rank's part of a step has, and how they are mixed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fastmix.loader.faults.faults import Faults
from fastmix.loader.order import Order
from fastmix.loader.step import Draft
from fastmix.plan.dropping import unmixed, without
from fastmix.plan.policies import Policy


@dataclass(frozen=True, eq=False)
class Drafter:
    """Drafts steps as a function of (epoch, step) and of which samples are known to be bad.

    Attributes:
        order: of the samples.
        policy: draws the plans; None for no mixing.
        size: side of the images, in pixels.
        faults: knows the bad samples, and what comes in their place.
    """

    order: Order
    policy: Policy | None
    size: int
    faults: Faults

    def draft(self, order: np.ndarray, epoch: int, step: int) -> Draft:
        """Draft this rank's part of a step; ``order`` is the epoch's."""
        start, size, offset, repeats = self.order.part(step)
        samples = order[np.arange(start, start + size) % len(order)] if repeats else order[start : start + size]
        bad = self.faults.known_bad(samples)
        plan = self._plan(epoch, step, offset, size, repeats)
        draft = Draft(epoch, step, offset, samples, repeats, plan, size, samples[bad])
        if not bad.any():
            return draft
        return self._replaced(draft, bad, order) if self.faults.on_error == "replace" else _skipped(draft, bad)

    def _plan(self, epoch: int, step: int, offset: int, size: int, repeats: int):
        if self.policy is None:
            return None
        # Rank 0 with this rank's offset: a slice of the global batch's plan.
        key = {"seed": self.order.seed, "epoch": epoch, "step": step, "offset": offset}
        plan = self.policy.plan(size, (self.size, self.size), **key)
        return unmixed(plan, np.arange(size) >= size - repeats) if repeats else plan

    def _replaced(self, draft: Draft, bad: np.ndarray, order: np.ndarray) -> Draft:
        samples = draft.samples.copy()
        for place in np.flatnonzero(bad):
            samples[place] = self.faults.replacement(int(samples[place]), draft.epoch, order)
        return replace(draft, samples=samples)


def _skipped(draft: Draft, bad: np.ndarray) -> Draft:
    repeats = int((~bad[len(bad) - draft.repeats :]).sum()) if draft.repeats else 0
    plan = None if draft.plan is None else without(draft.plan, bad)
    return replace(draft, samples=draft.samples[~bad], repeats=repeats, plan=plan)
