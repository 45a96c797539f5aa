"""Drafts steps: which samples a rank's part of a step has, and how they are mixed."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np

from fastmix.dali import Status
from fastmix.loader.augmenting import Augmenting
from fastmix.loader.faults.errors import BadSample
from fastmix.loader.faults.on_error import Faults
from fastmix.loader.passes import Passes
from fastmix.loader.places import Places, replaced_occurrence
from fastmix.loader.step import Draft
from fastmix.loader.threads import Threads
from fastmix.loader.viewing import Viewing
from fastmix.plan.draw_key import DrawKey
from fastmix.plan.dropping import unmixed
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import Policy


@dataclass(frozen=True, eq=False)
class Drafter:
    """Drafts steps as a function of (epoch, step) and of which samples are known to be bad.

    Attributes:
        passes: over the data.
        policy: draws the plans; None for no mixing.
        size: height and width of the images, in pixels.
        faults: knows the bad samples, and what comes in their place.
        thread: draws plans ahead; None draws them at once. Masks take milliseconds a sample.
        augmenting: draws the sample plans; None for no augmentation.
    """

    passes: Passes
    policy: Policy | None
    size: tuple[int, int]
    faults: Faults
    thread: Threads | None = None
    augmenting: Augmenting | Viewing | None = None

    def draft(self, epoch: int, mixing: bool, step: int, bad_here: Mapping[int, BadSample] | None = None) -> Draft:
        """Draft this rank's part of a step; without ``mixing``, samples stay as they are.

        A bad sample keeps its place, so that a batch does not depend on when the sample was found to be bad.

        Args:
            epoch: of the loop.
            mixing: whether the policy is used.
            step: of the loop's epoch.
            bad_here: samples that are bad in this step, besides those that are known to be bad.
        """
        bad_here = bad_here or {}
        data_epoch, data_step = self.passes.place(epoch, step)
        places = self.passes.places(data_epoch)
        start, size, offset, padding = self.passes.order.part(data_step)
        # Rank 0 with this rank's offset: a slice of what is drawn for the global batch.
        key = DrawKey(self.passes.order.seed, data_epoch, data_step, offset=offset)
        samples, occurrence = places.part(start, size)
        bad = self.faults.known_bad(samples) | np.isin(samples, list(bad_here))
        # Schedules use the loop's epoch.
        policy = None if self.policy is None else self.policy.at(epoch) if mixing else self.policy.never()
        drawing = self._drawing(policy, key, size, padding)
        status = np.zeros(size, dtype=np.int32)
        draft = Draft(step, key, samples, status, occurrence, padding, drawing, samples[bad], epoch, self.augmenting)
        if not bad.any():
            return draft
        if self.faults.on_error == "replace":
            return self._replaced(draft, bad, places, start, bad_here)
        return replace(draft, status=np.where(bad, np.int32(Status.damaged), status))

    def _drawing(self, policy: Policy | None, key: DrawKey, size: int, padding: int) -> Future[MixPlan] | None:
        if policy is None:
            return None
        drawing: Future[MixPlan] = Future()
        arguments = (drawing, policy, self.size, key, size, padding)
        if self.thread is None:
            _draw(*arguments)
        else:
            self.thread.call(_draw, *arguments)
        return drawing

    def _replaced(
        self, draft: Draft, bad: np.ndarray, places: Places, start: int, bad_here: Mapping[int, BadSample]
    ) -> Draft:
        samples, occurrence = draft.samples.copy(), draft.occurrence.copy()
        for i in np.flatnonzero(bad).tolist():
            samples[i] = self.faults.replacement(int(samples[i]), draft.key.epoch, places.samples, bad_here)
            occurrence[i] = replaced_occurrence(start + i)
        return replace(draft, samples=samples, occurrence=occurrence)


def _draw(
    drawing: Future[MixPlan], policy: Policy, sides: tuple[int, int], key: DrawKey, size: int, padding: int
) -> None:
    """Draw the plan of ``size`` samples, in any thread. The last ``padding`` stay unmixed."""
    try:
        plan = policy.draw(size, sides, key)
        if padding:
            plan = unmixed(plan, np.arange(size) >= size - padding)
        drawing.set_result(plan)
    except BaseException as error:
        drawing.set_exception(error)
