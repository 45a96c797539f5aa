"""Drafts steps: which samples a rank's part of a step has, and how they are mixed."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np

from fastmix.dali import Status
from fastmix.loader.faults.errors import BadSample
from fastmix.loader.faults.faults import Faults
from fastmix.loader.order import Order
from fastmix.loader.step import Draft
from fastmix.loader.threads import Threads
from fastmix.plan.dropping import unmixed
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

    def draft(self, order: np.ndarray, epoch: int, step: int, bad_here: Mapping[int, BadSample] | None = None) -> Draft:
        """Draft this rank's part of a step.

        A bad sample keeps its place, so that a batch does not depend on when the sample was found to be bad.

        Args:
            order: the epoch's.
            epoch: of the loader.
            step: of the loader.
            bad_here: samples that are bad in this step, besides those that are known to be bad.
        """
        bad_here = bad_here or {}
        start, size, offset, repeats = self.order.part(step)
        samples = order[np.arange(start, start + size) % len(order)] if repeats else order[start : start + size]
        bad = self.faults.known_bad(samples) | np.isin(samples, list(bad_here))
        status = np.zeros(size, dtype=np.int32)
        drawing = self._drawing(epoch, step, offset, size, repeats)
        draft = Draft(epoch, step, offset, samples, status, repeats, drawing, samples[bad])
        if not bad.any():
            return draft
        if self.faults.on_error == "replace":
            return self._replaced(draft, bad, order, bad_here)
        return replace(draft, status=np.where(bad, np.int32(Status.damaged), status))

    def _drawing(self, epoch: int, step: int, offset: int, size: int, repeats: int) -> Future[MixPlan] | None:
        if self.policy is None:
            return None
        drawing: Future[MixPlan] = Future()
        arguments = (drawing, self.policy, self.size, self.order.seed, epoch, step, offset, size, repeats)
        if self.thread is None:
            _draw(*arguments)
        else:
            self.thread.call(_draw, *arguments)
        return drawing

    def _replaced(self, draft: Draft, bad: np.ndarray, order: np.ndarray, bad_here: Mapping[int, BadSample]) -> Draft:
        samples = draft.samples.copy()
        for place in np.flatnonzero(bad):
            samples[place] = self.faults.replacement(int(samples[place]), draft.epoch, order, bad_here)
        return replace(draft, samples=samples)


def _draw(
    drawing: Future[MixPlan],
    policy: Policy,
    side: int,
    seed: int,
    epoch: int,
    step: int,
    offset: int,
    size: int,
    repeats: int,
) -> None:
    """Draw the plan of ``size`` samples, in any thread. The last ``repeats`` stay unmixed."""
    try:
        # Rank 0 with this rank's offset: a slice of the global batch's plan.
        plan = policy.plan(size, (side, side), seed=seed, epoch=epoch, step=step, offset=offset)
        if repeats:
            plan = unmixed(plan, np.arange(size) >= size - repeats)
        drawing.set_result(plan)
    except BaseException as error:
        drawing.set_exception(error)
