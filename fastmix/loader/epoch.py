"""One pass over the data."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from fastmix.loader.batches import BatchMaker, Draft
from fastmix.loader.faults.probe import RETRY_SECONDS, Fault, read_fault, reason_of
from fastmix.loader.faults.stall import Stall
from fastmix.loader.graph.builder import build
from fastmix.loader.graph.dali_queue import PIPELINE_ERRORS, DaliQueue, Ticket
from fastmix.loader.graph.outputs import to_checks
from fastmix.loader.progress import Progress
from fastmix.loader.sources.reader_pool import ReaderPool, Reading
from fastmix.stats import Stats


@dataclass(eq=False)
class Step:
    """A step that is under way."""

    draft: Draft
    reading: Reading | None  # where a thread reads the samples
    ticket: Ticket | None = None  # once the pipeline has it


@dataclass(frozen=True, eq=False)
class Machinery:
    """What makes batches; outlives the iterators."""

    maker: BatchMaker
    queue: DaliQueue
    readers: ReaderPool | None
    stall: Stall
    stats: Stats
    depth: int


class EpochIterator:
    """Yields the batches of an epoch that are left, and keeps the next ``depth`` of them under way."""

    def __init__(self, machinery: Machinery, progress: Progress) -> None:
        self._machinery = machinery
        self._maker = machinery.maker
        self._progress = progress
        # Tickets name their owner by this, so that the queue does not keep the iterator alive.
        self._owner = object()
        self._epoch, self._drafted = progress.begin(self._owner)
        self._order = self._maker.order.samples(self._epoch)
        progress.check(self._order, self._maker.order.kind)
        self._maker.faults.begin()
        machinery.stats.begin()
        self._steps: deque[Step] = deque()
        self._finished = False
        self._failed = False

    def __iter__(self) -> EpochIterator:
        return self

    def __len__(self) -> int:
        """Batches that are left."""
        return self._progress.steps - self._progress.step

    def __next__(self) -> tuple:
        if self._finished:
            raise StopIteration
        if self._progress.owner is not self._owner:
            raise RuntimeError(
                "DataLoader: expected the loader's newest iterator, got an older one: iter(loader), set_epoch or "
                "load_state_dict ended it; use one loader for each loop that runs at the same time"
            )
        if self._failed:
            raise RuntimeError(
                "DataLoader: expected a running iterator, got one that ended with an error; iterate anew"
            )
        if self._progress.step == self._progress.steps:
            self._finished = True
            self._progress.finish()
            self._machinery.stats.finish()
            self._maker.faults.finish(self._epoch)
            raise StopIteration
        # Until the batch is safely here: also an interrupt must not lose a batch and go on with the next one.
        self._failed = True
        start = time.perf_counter()
        self._fill()
        batch = self._take()
        self._fill()
        self._machinery.stats.wait += time.perf_counter() - start
        self._progress.step += 1
        self._failed = False
        return batch

    def _fill(self) -> None:
        """Start as many steps as may be under way: ``depth`` in the pipeline, and as many being read before that."""
        readers, depth = self._machinery.readers, self._machinery.depth
        with self._machinery.stats.stage("plan"):
            while len(self._steps) < (2 * depth if readers else depth) and self._drafted < self._progress.steps:
                self._steps.append(self._step(self._drafted))
                self._drafted += 1
            for i, step in enumerate(self._steps):
                if i == depth or not self._submit(step):
                    break

    def _step(self, number: int) -> Step:
        draft = self._maker.draft(self._order, self._epoch, number)
        readers = self._machinery.readers
        return Step(draft, readers.start(draft.samples) if readers and len(draft.samples) else None)

    def _submit(self, step: Step) -> bool:
        """Give a step to the pipeline if it is ready for it; whether the one after it may follow."""
        if step.ticket is not None or not len(step.draft.samples):
            return True
        if step.reading is not None and (not step.reading.done.is_set() or step.reading.errors):
            return False
        ticket = self._maker.ticket(self._owner, step.draft, step.reading)
        self._machinery.queue.submit(ticket)
        step.ticket = ticket
        return True

    def _take(self) -> tuple:
        """The next batch, without the samples that turn out to be bad on the way, or with others in their place."""
        faults, stats = self._maker.faults, self._machinery.stats
        faults.budget.ask(self._steps[0].draft.asked)
        delays = iter(RETRY_SECONDS)
        while True:
            step = self._steps[0]
            batch, bad, cause = self._attempt(step)
            if batch is not None:
                break
            with stats.stage("recover"):
                if not bad and faults.remote(step.draft.samples) and (delay := next(delays, None)) is not None:
                    # All samples are good by now: what failed was the network.
                    time.sleep(delay)
                    self._start_again()
                    continue
                bad = bad or self._search_alone(step, cause)
                faults.found(bad, step.draft.samples, cause)
                faults.spend(np.array(list(bad), dtype=np.int64))
                self._start_again()
        faults.spend(step.draft.bad)
        self._steps.popleft()
        self._count(step.draft)
        return batch

    def _attempt(self, step: Step) -> tuple[tuple | None, dict[int, Fault], Exception | None]:
        """A step's batch, or its bad samples and what they led to."""
        machinery, samples = self._machinery, step.draft.samples
        if not len(samples):
            return self._maker.empty_batch(step.draft), {}, None
        if step.reading is not None:
            with machinery.stats.stage("read"):
                machinery.stall.wait(step.reading.done, "threads that read samples from the data set or shard")
            if step.reading.errors:
                errors = step.reading.errors
                faults = {int(samples[place]): read_fault(error) for place, error in sorted(errors.items())}
                return None, faults, next(iter(errors.values()))
        self._submit(step)
        try:
            with machinery.stats.stage("pipeline"):
                outputs = machinery.queue.take(self._owner)
        except PIPELINE_ERRORS as error:
            with machinery.stats.stage("recover"):
                return None, self._maker.faults.search(samples), error
        with machinery.stats.stage("hand_over"):
            checks = to_checks(self._maker.graph, outputs)
            bad = self._maker.faults.examine(samples, checks)
            if bad:
                return None, bad, None
            if checks is not None:
                machinery.stats.bytes += int(checks.size.sum())
            elif step.reading is not None:
                machinery.stats.bytes += sum(data.nbytes for data in step.reading.data)
            return self._maker.batch(step.draft, step.reading, outputs), {}, None

    def _search_alone(self, step: Step, error: Exception | None) -> dict[int, Fault]:
        """The bad samples of a batch that failed though decoding finds nothing wrong with any of them."""
        bad = self._fail_alone(step)
        if not bad:
            count = len(step.draft.samples)
            raise RuntimeError(
                f"DataLoader: a batch of {count} samples failed, but none of them fails alone: {error}"
            ) from error
        return bad

    def _fail_alone(self, step: Step) -> dict[int, Fault]:
        """Samples that decode on the CPU, and fail in this graph one by one."""
        graph, bad = self._maker.graph, {}
        if step.ticket is None:
            return bad
        alone = DaliQueue(lambda: build(graph, batch_size=1, num_threads=1), self._maker.device)
        for i, sample in enumerate(step.draft.samples.tolist()):
            inputs = {name: values[i : i + 1] for name, values in step.ticket.inputs.items()}
            if graph.mixing:
                inputs["partner"] = np.zeros(1, dtype=np.int32)
            try:
                alone.submit(Ticket(self._owner, step.draft.samples[i : i + 1], inputs))
                alone.take(self._owner)
            except PIPELINE_ERRORS as error:
                bad[sample] = Fault(reason_of(error))
        # Where they decode and yet all of them fail, it is not they that are at fault.
        return {} if len(bad) == len(step.draft.samples) > 1 else bad

    def _start_again(self) -> None:
        """Drop what is under way, and draft it anew with what is known now."""
        self._machinery.queue.reset()
        self._steps = deque(self._step(step.draft.step) for step in self._steps)
        self._fill()

    def _count(self, draft: Draft) -> None:
        stats = self._machinery.stats
        stats.batches += 1
        stats.images += len(draft.samples) - draft.repeats
        if self._maker.faults.on_error == "skip":
            stats.skipped += len(draft.bad)
        else:
            stats.replaced += len(draft.bad)
