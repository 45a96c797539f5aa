"""Drafts steps: which samples a rank's part of a step has, and how they are mixed."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np

from fastmix.loader.faults.on_error import Faults
from fastmix.loader.passes import Passes
from fastmix.loader.places import Places, replaced_occurrence
from fastmix.loader.step import Draft
from fastmix.loader.threads import Threads
from fastmix.plan.draw_key import DrawKey
from fastmix.plan.dropping import unmixed, without
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import Policy


@dataclass(frozen=True, eq=False)
class Drafter:
    """Drafts steps as a function of (epoch, step) and of which samples are known to be bad.

    Attributes:
        passes: over the data.
        policy: draws the plans; None for no mixing.
        size: side of the images, in pixels.
        faults: knows the bad samples, and what comes in their place.
        thread: draws plans ahead; None draws them at once. Masks take milliseconds a sample.
    """

    passes: Passes
    policy: Policy | None
    size: int
    faults: Faults
    thread: Threads | None = None

    def draft(self, epoch: int, mixing: bool, step: int) -> Draft:
        """Draft this rank's part of a step; without ``mixing``, samples stay as they are."""
        data_epoch, data_step = self.passes.place(epoch, step)
        places = self.passes.places(data_epoch)
        start, size, offset, repeats = self.passes.order.part(data_step)
        # Rank 0 with this rank's offset: a slice of what is drawn for the global batch.
        key = DrawKey(self.passes.order.seed, data_epoch, data_step, offset=offset)
        samples, occurrence = places.part(start, size)
        bad = self.faults.known_bad(samples)
        skipped = np.zeros_like(bad) if self.faults.on_error == "replace" else bad
        # A schedule goes by the loop's epoch.
        policy = None if self.policy is None else self.policy.at(epoch) if mixing else self.policy.never()
        drawing = self._drawing(policy, key, repeats, skipped)
        draft = Draft(step, key, samples, occurrence, repeats, drawing, size, samples[bad])
        if not bad.any():
            return draft
        if self.faults.on_error != "replace":
            return _skipped(draft, bad)
        return self._replaced(draft, bad, places, start)

    def _drawing(
        self, policy: Policy | None, key: DrawKey, repeats: int, skipped: np.ndarray
    ) -> Future[MixPlan] | None:
        if policy is None:
            return None
        drawing: Future[MixPlan] = Future()
        arguments = (drawing, policy, self.size, key, repeats, skipped)
        if self.thread is None:
            _draw(*arguments)
        else:
            self.thread.call(_draw, *arguments)
        return drawing

    def _replaced(self, draft: Draft, bad: np.ndarray, places: Places, start: int) -> Draft:
        samples, occurrence = draft.samples.copy(), draft.occurrence.copy()
        for i in np.flatnonzero(bad).tolist():
            samples[i] = self.faults.replacement(int(samples[i]), draft.key.epoch, places.samples)
            occurrence[i] = replaced_occurrence(start + i)
        return replace(draft, samples=samples, occurrence=occurrence)


def _draw(drawing: Future[MixPlan], policy: Policy, size: int, key: DrawKey, repeats: int, skipped: np.ndarray) -> None:
    """Draw the plan of the samples that are not skipped, in any thread. The last ``repeats`` stay unmixed."""
    batch = len(skipped)
    try:
        plan = policy.draw(batch, (size, size), key)
        if repeats:
            plan = unmixed(plan, np.arange(batch) >= batch - repeats)
        drawing.set_result(without(plan, skipped))
    except BaseException as error:
        drawing.set_exception(error)


def _skipped(draft: Draft, bad: np.ndarray) -> Draft:
    repeats = int((~bad[len(bad) - draft.repeats :]).sum()) if draft.repeats else 0
    return replace(draft, samples=draft.samples[~bad], occurrence=draft.occurrence[~bad], repeats=repeats)
