"""Wraps runs: what becomes of bad samples, of failures that may pass, and of pipelines that fail."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from fastmix.loader.faults.errors import BadSample
from fastmix.loader.faults.fault import RETRY_SECONDS, Fault
from fastmix.loader.faults.judge import Judge
from fastmix.loader.faults.on_error import Faults
from fastmix.loader.graph.builder import build
from fastmix.loader.graph.dali_queue import PIPELINE_ERRORS, DaliQueue, Ticket
from fastmix.loader.graph.inputs import MASKS, PLAN
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.step import Draft, Step
from fastmix.loader.under_way import StepsUnderWay
from fastmix.plan.mix_plan import MixPlan
from fastmix.stats import Stats


class Retries:
    """Runs steps until they succeed.

    The graph reports bad samples, and leaves them out of the batch. So a step runs again only to replace them, or where
    a failure may pass. Pipelines fail for other reasons: the GPU's decoder refuses an image, a ``dali_augment=`` hook
    raises, memory is short.

    Attributes:
        faults: decides what becomes of bad samples, and keeps count of them.
    """

    def __init__(self, faults: Faults, graph: GraphSpec, device: torch.device, stats: Stats, judge: Judge) -> None:
        self.faults = faults
        self._graph = graph
        self._device = device
        self._stats = stats
        self._judge = judge

    def of(self, graph: GraphSpec) -> Retries:
        """Return the same for another graph."""
        return Retries(self.faults, graph, self._device, self._stats, self._judge)

    def run(self, runs: StepsUnderWay, draft: Callable[..., Draft]) -> Step:
        """Run the oldest step, and again as long as it has to be; ``draft`` drafts a step without some samples.

        Raises:
            DataError: the step has bad samples and ``on_error="raise"``, or there are more than ``max_bad``.
            RuntimeError: the pipeline fails, but no sample is at fault.
        """
        faults, stats = self.faults, self._stats
        faults.budget.ask(len(runs.oldest.draft.samples))
        delays = iter(RETRY_SECONDS)
        bad: dict[int, BadSample] = {}
        while True:
            cause = runs.run()
            step = runs.oldest
            if cause is not None:
                with stats.stage("recover"):
                    bad |= faults.found(self._at_fault(step, cause), step.draft.samples, cause)
                    runs.start_again(draft(step.draft.step, bad), draft)
                continue
            found = faults.examine(step)
            if not found:
                break
            with stats.stage("recover"):
                if any(fault.retry for fault in found.values()) and (delay := next(delays, None)) is not None:
                    time.sleep(delay)
                    runs.run_again(step.draft)
                    continue
                bad |= faults.found(found, step.draft.samples, None)
                if faults.on_error == "skip":
                    break
                runs.run_again(self._replaced(step, draft, bad))
        self._count(step, bad)
        return step

    def _replaced(self, step: Step, draft: Callable[..., Draft], bad: dict[int, BadSample]) -> Draft:
        """Draft a step without its bad samples; adds the bad ones among those that come in their place.

        These are judged first: to run the whole batch again for each bad one would cost more.
        """
        while True:
            replaced = draft(step.draft.step, bad)
            faults = self._judge.faults(np.setdiff1d(replaced.samples, step.draft.samples))
            # Whether the window is damaged shows when the batch runs.
            found = {sample: fault for sample, fault in faults.items() if fault.scope != "window"}
            if not found:
                return replaced
            bad |= self.faults.found(found, replaced.samples, None)

    def _count(self, step: Step, bad: dict[int, BadSample]) -> None:
        if self.faults.on_error == "replace":
            self.faults.spend(step.draft.bad, bad)
            self._stats.replaced += len(step.draft.bad)
        else:
            self.faults.spend(step.draft.samples[~step.good], bad)
            self._stats.skipped += int((~step.good).sum())

    def _at_fault(self, step: Step, cause: Exception) -> dict[int, Fault]:
        """Find the samples that make the pipeline fail.

        Raises:
            RuntimeError: there are none.
        """
        tried = step.draft.status == 0
        samples = step.draft.samples[tried]
        # On the GPU whole images are decoded, so a verdict on the whole is one for every window.
        bad = {} if self._graph.device_id is None else self._judge.faults(samples)
        if bad:
            return {sample: fault._replace(scope="moment" if fault.retry else "file") for sample, fault in bad.items()}
        return self._bad_alone(step, cause)

    def _bad_alone(self, step: Step, cause: Exception) -> dict[int, Fault]:
        """Find samples that can be read and decoded, and yet fail in this graph one by one.

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
            if self._graph.masks:
                inputs[MASKS] = MixPlan.identity(1).masks_of_samples()
            try:
                queue.submit(Ticket(self, samples[i : i + 1], inputs))
                queue.take(self)
            except PIPELINE_ERRORS as error:
                scope = "window" if self._graph.device_id is None else "file"
                bad[sample] = Fault(" ".join(str(error).split()), scope)
        # If every sample fails alone, the graph is at fault.
        if not bad or len(bad) == len(samples) > 1:
            raise RuntimeError(
                f"DataLoader: a batch of {len(samples)} samples failed, but none of them fails alone: {cause}"
            ) from cause
        return bad
