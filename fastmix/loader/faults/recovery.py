"""Wraps runs: finds the bad samples of a failed run, and runs the step again without them."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from fastmix.loader.faults.faults import Faults
from fastmix.loader.faults.probe import RETRY_SECONDS, Fault, read_fault, reason_of
from fastmix.loader.graph.builder import build
from fastmix.loader.graph.dali_queue import PIPELINE_ERRORS, DaliQueue, Ticket
from fastmix.loader.graph.inputs import PLAN
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.runs import Failure, Runs
from fastmix.loader.step import Draft, Step
from fastmix.plan.mix_plan import MixPlan
from fastmix.stats import Stats


class Recovery:
    """Runs steps until they succeed.

    Attributes:
        faults: decides which samples are bad, and keeps count of them.
    """

    def __init__(self, faults: Faults, graph: GraphSpec, device: torch.device, stats: Stats) -> None:
        self.faults = faults
        self._graph = graph
        self._device = device
        self._stats = stats

    def run(self, runs: Runs, draft: Callable[[int], Draft]) -> Step:
        """Run the oldest step, and again after each failure, drafted by ``draft`` with what is known by then.

        Raises:
            DataError: the step has bad samples and ``on_error="raise"``, or there are more than ``max_bad``.
            RuntimeError: the run fails, but no sample is at fault.
        """
        faults, stats = self.faults, self._stats
        faults.budget.ask(runs.oldest.draft.asked)
        delays = iter(RETRY_SECONDS)
        while True:
            failure = runs.run()
            step = runs.oldest
            bad = self._bad(step, failure)
            if failure is None and not bad:
                break
            with stats.stage("recover"):
                if not bad and faults.remote(step.draft.samples) and (delay := next(delays, None)) is not None:
                    # By now every sample can be read: the network had failed.
                    time.sleep(delay)
                else:
                    cause = None if failure is None else failure.cause
                    bad = bad or self._bad_alone(step, cause)
                    faults.found(bad, step.draft.samples, cause)
                    faults.spend(np.array(list(bad), dtype=np.int64))
                runs.start_again(draft)
        faults.spend(step.draft.bad)
        if faults.on_error == "skip":
            stats.skipped += len(step.draft.bad)
        else:
            stats.replaced += len(step.draft.bad)
        return step

    def _bad(self, step: Step, failure: Failure | None) -> dict[int, Fault]:
        """Find the bad samples of a step that has run, whether or not it failed."""
        samples = step.draft.samples
        if failure is None:
            with self._stats.stage("hand_over"):
                return self.faults.examine(samples, step.checks)
        if failure.unread:
            return {int(samples[place]): read_fault(error) for place, error in sorted(failure.unread.items())}
        with self._stats.stage("recover"):
            return self.faults.search(samples)

    def _bad_alone(self, step: Step, cause: Exception | None) -> dict[int, Fault]:
        """Find samples that decode, and yet fail in this graph one by one.

        Raises:
            RuntimeError: there are none.
        """
        bad = {}
        samples = step.draft.samples
        queue = DaliQueue(lambda: build(self._graph, batch_size=1, num_threads=1), self._device)
        for i, sample in enumerate(samples.tolist()):
            inputs = {name: values[i : i + 1] for name, values in step.ticket.inputs.items()}
            if self._graph.mixing:
                inputs[PLAN] = MixPlan.identity(1).rows.numpy()
            try:
                queue.submit(Ticket(self, samples[i : i + 1], inputs))
                queue.take(self)
            except PIPELINE_ERRORS as error:
                bad[sample] = Fault(reason_of(error))
        # If every sample fails alone, the graph is at fault.
        if not bad or len(bad) == len(samples) > 1:
            raise RuntimeError(
                f"DataLoader: a batch of {len(samples)} samples failed, but none of them fails alone: {cause}"
            ) from cause
        return bad
