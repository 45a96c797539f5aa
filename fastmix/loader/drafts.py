"""Drafts steps: which samples a rank's part of a step has, and how they are mixed."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np

from fastmix.loader.faults.on_error import Faults
from fastmix.loader.order import Order
from fastmix.loader.step import Draft
from fastmix.loader.threads import Threads
from fastmix.plan.dropping import unmixed, without
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import Policy


@dataclass(frozen=True, eq=False)
class Drafter:
    """Drafts steps as a function of (epoch, step) and of which samples are known to be bad.

    Attributes:
        order: of the samples.
        policy: draws the plans; None for no mixing.
        size: side of the images, in pixels.
        faults: knows the bad samples, and what comes in their place.
        thread: draws plans ahead; None draws them at once. Masks take milliseconds a sample.
    """

    order: Order
    policy: Policy | None
    size: int
    faults: Faults
    thread: Threads | None = None

    def draft(self, order: np.ndarray, epoch: int, step: int) -> Draft:
        """Draft this rank's part of a step; ``order`` is the epoch's."""
        start, size, offset, repeats = self.order.part(step)
        samples = order[np.arange(start, start + size) % len(order)] if repeats else order[start : start + size]
        bad = self.faults.known_bad(samples)
        skipped = np.zeros_like(bad) if self.faults.on_error == "replace" else bad
        drawing = self._drawing(epoch, step, offset, repeats, skipped)
        draft = Draft(epoch, step, offset, samples, repeats, drawing, size, samples[bad])
        if not bad.any():
            return draft
        return self._replaced(draft, bad, order) if self.faults.on_error == "replace" else _skipped(draft, bad)

    def _drawing(self, epoch: int, step: int, offset: int, repeats: int, skipped: np.ndarray) -> Future[MixPlan] | None:
        if self.policy is None:
            return None
        drawing: Future[MixPlan] = Future()
        arguments = (drawing, self.policy, self.size, self.order.seed, epoch, step, offset, repeats, skipped)
        if self.thread is None:
            _draw(*arguments)
        else:
            self.thread.call(_draw, *arguments)
        return drawing

    def _replaced(self, draft: Draft, bad: np.ndarray, order: np.ndarray) -> Draft:
        samples = draft.samples.copy()
        for place in np.flatnonzero(bad):
            samples[place] = self.faults.replacement(int(samples[place]), draft.epoch, order)
        return replace(draft, samples=samples)


def _draw(
    drawing: Future[MixPlan],
    policy: Policy,
    size: int,
    seed: int,
    epoch: int,
    step: int,
    offset: int,
    repeats: int,
    skipped: np.ndarray,
) -> None:
    """Draw the plan of the samples that are not skipped, in any thread. The last ``repeats`` stay unmixed."""
    batch = len(skipped)
    try:
        # Rank 0 with this rank's offset: a slice of the global batch's plan.
        plan = policy.plan(batch, (size, size), seed=seed, epoch=epoch, step=step, offset=offset)
        if repeats:
            plan = unmixed(plan, np.arange(batch) >= batch - repeats)
        drawing.set_result(without(plan, skipped))
    except BaseException as error:
        drawing.set_exception(error)


def _skipped(draft: Draft, bad: np.ndarray) -> Draft:
    repeats = int((~bad[len(bad) - draft.repeats :]).sum()) if draft.repeats else 0
    return replace(draft, samples=draft.samples[~bad], repeats=repeats)
