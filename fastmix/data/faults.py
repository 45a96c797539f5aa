"""Finds the samples that made a batch fail, by running them one by one."""

from __future__ import annotations

import os
import re

import numpy as np

from fastmix.data.errors import BadSample
from fastmix.data.graph import Graph
from fastmix.data.prefetch import Prefetcher, Ticket
from fastmix.data.sources import Source

# DALI wraps its reason into a traceback of the graph's definition.
_REASON = re.compile(r"encountered:\s*(.*?)\s*(?:C\+\+ context|Current pipeline object|$)", re.DOTALL)


def find_bad_samples(graph: Graph, source: Source, ticket: Ticket, device) -> list[BadSample]:
    """The samples of a failed batch that fail alone too, in the order of the batch."""
    alone = Prefetcher(lambda: graph.build(batch_size=1, num_threads=1), device)
    bad = []
    for i, sample in enumerate(ticket.samples):
        inputs = {name: values[i : i + 1] for name, values in ticket.inputs.items()}
        if graph.mixing:
            inputs["partner"] = np.zeros(1, dtype=np.int32)
        try:
            alone.submit(Ticket(ticket.owner, ticket.samples[i : i + 1], inputs))
            alone.take(ticket.owner)
        except RuntimeError as error:
            path = source.path(sample)
            bad.append(BadSample(path, _file_fault(path) or _decoder_fault(error)))
    return bad


def _file_fault(path: str) -> str | None:
    """What is wrong with a local file before anybody looks into it."""
    if "://" in path:
        return None
    try:
        if os.path.isdir(path):
            return "is a folder"
        with open(path, "rb") as file:
            return None if file.read(1) else "is empty"
    except OSError as error:
        return error.strerror


def _decoder_fault(error: RuntimeError) -> str:
    match = _REASON.search(str(error))
    reason = " ".join((match.group(1) if match else str(error)).split())
    # "Failed to decode sample #0 :" is all that DALI says of a damaged image; the number is that of this batch of one.
    return "cannot be decoded (truncated or damaged)" if reason.startswith("Failed to decode sample") else reason
