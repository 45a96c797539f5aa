"""A step of an epoch: what a rank's part of it consists of, and how far it has got."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fastmix.loader.augmenting import Augmenting
from fastmix.loader.graph.dali_queue import Ticket
from fastmix.loader.graph.outputs import Report
from fastmix.loader.sources.reader_pool import Reading
from fastmix.loader.viewing import Viewing
from fastmix.plan.draw_key import DrawKey, SampleKeys
from fastmix.plan.mix_plan import MixPlan


@dataclass(frozen=True, eq=False)
class Draft:
    """What a rank's part of a step consists of.

    Attributes:
        step: of the loop's epoch.
        key: what the batch's draws are a function of: the pass over the data, the step in it, and as its offset the
            first sample's place in the global batch.
        samples: int64 (B,), indices in the source, after bad samples were replaced.
        status: int32 (B,), not 0 for samples that are not tried; each is a :class:`fastmix.dali.Status`.
        occurrence: int64 (B,), how often each sample came before within the epoch.
        padding: how many of the last samples only fill up the batch.
        drawing: the plan of all B samples, drawn or being drawn; None for no mixing.
        bad: int64, the samples of the order that are known to be bad.
        epoch: of the loop, which schedules use.
        augmenting: draws the sample plans; None for no augmentation.
    """

    step: int
    key: DrawKey
    samples: np.ndarray
    status: np.ndarray
    occurrence: np.ndarray
    padding: int
    drawing: Future[MixPlan] | None
    bad: np.ndarray
    epoch: int = 0
    augmenting: Augmenting | Viewing | None = None

    @cached_property
    def sample_rows(self) -> list[np.ndarray]:
        """How each sample is augmented, as rows of sample plans for each of the graph's inputs; drawn when first used.

        Int32 (B, 16 + 4 K), or with views (B, V, 16 + 4 K) for each size.
        """
        return [] if self.augmenting is None else self.augmenting.rows(self.sample_keys, self.epoch)

    @property
    def drawn(self) -> bool:
        """Whether ``plan`` can be had at once; False too if the policy failed, which ``plan`` raises."""
        return self.drawing is None or (self.drawing.done() and self.drawing.exception() is None)

    @property
    def plan(self) -> MixPlan | None:
        """How the samples are mixed, or None; waits until it is drawn."""
        return None if self.drawing is None else self.drawing.result()

    @property
    def sample_keys(self) -> SampleKeys:
        """What the draws of each sample are a function of."""
        return SampleKeys(self.key.seed, self.key.epoch, self.samples, self.occurrence)


@dataclass(eq=False)
class Step:
    """A step that is under way.

    Attributes:
        draft: what it consists of.
        reading: its samples, if a thread reads them.
        ticket: what DALI was fed, once it was.
        outputs: what DALI made, once the step has run.
        report: what became of the samples, once the step has run.
    """

    draft: Draft
    reading: Reading | None = None
    ticket: Ticket | None = None
    outputs: tuple | None = None
    report: Report | None = None

    @property
    def good(self) -> np.ndarray:
        """Bool (B,): the samples that are in the batch."""
        return self.draft.status == 0 if self.report is None else self.report.status == 0

    @property
    def images(self) -> int:
        """Number of samples in the batch that do not just fill it up."""
        return int(self.good[: len(self.good) - self.draft.padding].sum())

    @property
    def bytes(self) -> int:
        """Number of bytes that were read for it."""
        if self.reading is not None:
            return sum(data.nbytes for data in self.reading.data if data is not None)
        return 0 if self.report is None else int(self.report.size.sum())
