"""Drafts steps: which samples a rank's part of a step has, and how they are mixed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fastmix.loader.faults.faults import Faults
from fastmix.loader.passes import Passes
from fastmix.loader.step import Draft
from fastmix.plan.dropping import unmixed, without
from fastmix.plan.policies import Policy


@dataclass(frozen=True, eq=False)
class Drafter:
    """Drafts steps as a function of (epoch, step) and of which samples are known to be bad.

    Attributes:
        passes: over the data.
        policy: draws the plans; None for no mixing.
        size: side of the images, in pixels.
        faults: knows the bad samples, and what comes in their place.
    """

    passes: Passes
    policy: Policy | None
    size: int
    faults: Faults

    def draft(self, epoch: int, mixing: bool, step: int) -> Draft:
        """Draft this rank's part of a step; without ``mixing``, samples stay as they are."""
        data_epoch, data_step = self.passes.place(epoch, step)
        order = self.passes.samples(data_epoch)
        start, size, offset, repeats = self.passes.order.part(data_step)
        samples = order[np.arange(start, start + size) % len(order)] if repeats else order[start : start + size]
        bad = self.faults.known_bad(samples)
        plan = None
        if self.policy is not None:
            # A schedule goes by the loop's epoch.
            policy = self.policy.at(epoch) if mixing else self.policy.never()
            # Rank 0 with this rank's offset: a slice of the global batch's plan.
            key = {"seed": self.passes.order.seed, "epoch": data_epoch, "step": data_step, "offset": offset}
            plan = policy.plan(size, (self.size, self.size), **key)
            plan = unmixed(plan, np.arange(size) >= size - repeats) if repeats else plan
        draft = Draft(step, data_epoch, data_step, offset, samples, repeats, plan, size, samples[bad])
        if not bad.any():
            return draft
        return self._replaced(draft, bad, order) if self.faults.on_error == "replace" else _skipped(draft, bad)

    def _replaced(self, draft: Draft, bad: np.ndarray, order: np.ndarray) -> Draft:
        samples = draft.samples.copy()
        for place in np.flatnonzero(bad):
            samples[place] = self.faults.replacement(int(samples[place]), draft.data_epoch, order)
        return replace(draft, samples=samples)


def _skipped(draft: Draft, bad: np.ndarray) -> Draft:
    repeats = int((~bad[len(bad) - draft.repeats :]).sum()) if draft.repeats else 0
    plan = None if draft.plan is None else without(draft.plan, bad)
    return replace(draft, samples=draft.samples[~bad], repeats=repeats, plan=plan)
