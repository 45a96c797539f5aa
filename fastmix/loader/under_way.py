"""Runs drafts: threads read the samples where DALI cannot, then DALI's pipeline makes the batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from fastmix.loader.batches import BatchMaker
from fastmix.loader.graph.dali_queue import PIPELINE_ERRORS, DaliQueue, Ticket
from fastmix.loader.graph.outputs import to_report
from fastmix.loader.sources.reader_pool import ReaderPool
from fastmix.loader.stall import Stall
from fastmix.loader.step import Draft, Step
from fastmix.stats import Stats


class StepsUnderWay:
    """The steps of one iterator that are under way, oldest first.

    ``depth`` of them are in the pipeline; where threads read or draw, as many again are being read or drawn:

        start(draft) -> reading, drawing -> submitted to DALI -> run() waits for the oldest -> drop_oldest()

    A step that is run again comes out of the pipeline behind those that were submitted before: their outputs wait.
    """

    def __init__(
        self,
        maker: BatchMaker,
        queue: DaliQueue,
        readers: ReaderPool | None,
        stall: Stall,
        stats: Stats,
        depth: int,
        draws_ahead: bool,
    ) -> None:
        self._maker = maker
        self._queue = queue
        self._readers = readers
        self._stall = stall
        self._stats = stats
        self._depth = depth
        self._room = 2 * depth if readers is not None or draws_ahead else depth
        # Tickets name their owner by this object, so that the queue keeps no iterator alive.
        self._owner = object()
        self._steps: deque[Step] = deque()

    @property
    def oldest(self) -> Step:
        """The step whose batch comes next."""
        return self._steps[0]

    @property
    def room(self) -> bool:
        """Whether another step may be started."""
        return len(self._steps) < self._room

    def start(self, draft: Draft) -> None:
        """Put a step under way, after those that are."""
        self._steps.append(self._begun(draft))

    def submit(self) -> None:
        """Give the pipeline the steps that are read and drawn, in order, until it has ``depth``."""
        for i, step in enumerate(self._steps):
            if i == self._depth or not self._submit(step):
                break

    def run(self) -> Exception | None:
        """Wait until the oldest step has its outputs, or return the pipeline's error.

        Raises:
            StallError: it took longer than ``timeout``.
            SystemExit, KeyboardInterrupt: the data set raised it.
        """
        step = self.oldest
        if not len(step.draft.samples):
            return None
        if step.reading is not None:
            with self._stats.stage("read"):
                self._stall.wait(step.reading.done, "threads that read samples from the data set or shard")
            if step.reading.ending is not None:
                raise step.reading.ending
        with self._stats.stage("plan"):
            _ = step.draft.plan  # waits until it is drawn, and raises if the policy failed
        self._submit(step)
        try:
            with self._stats.stage("pipeline"):
                while step.outputs is None:
                    self._take()
        except PIPELINE_ERRORS as error:
            return error
        with self._stats.stage("hand_over"):
            step.report = to_report(self._maker.graph, step.outputs)
        return None

    def run_again(self, draft: Draft) -> None:
        """Put the oldest step under way once more, with another draft or the same one."""
        self._steps[0] = self._begun(draft)
        if self._readers is None:
            self._submit(self._steps[0])

    def start_again(self, oldest: Draft, draft: Callable[[int], Draft]) -> None:
        """Drop the runs under way; start the oldest step with another draft, and the others drafted anew."""
        self._queue.reset()
        drafts = [draft(step.draft.step) if i else oldest for i, step in enumerate(self._steps)]
        self._steps = deque(map(self._begun, drafts))
        self.submit()

    def drop_oldest(self) -> None:
        """Forget the oldest step, whose batch was handed over."""
        self._steps.popleft()

    def _begun(self, draft: Draft) -> Step:
        reads = self._readers is not None and len(draft.samples)
        return Step(draft, self._readers.start(draft.samples, draft.status != 0) if reads else None)

    def _submit(self, step: Step) -> bool:
        """Give a step to the pipeline if it is ready; returns whether the step after it may follow."""
        if step.ticket is not None or not len(step.draft.samples):
            return True
        if not step.draft.drawn or (step.reading is not None and not step.reading.complete):
            return False
        ticket = Ticket(self._owner, step.draft.samples, self._maker.inputs(step.draft, step.reading))
        self._queue.submit(ticket)
        step.ticket = ticket
        return True

    def _take(self) -> None:
        """Wait for the pipeline's next batch. Drops it if its step was started again meanwhile."""
        ticket, outputs = self._queue.take(self._owner)
        for step in self._steps:
            if step.ticket is ticket:
                step.outputs = outputs
