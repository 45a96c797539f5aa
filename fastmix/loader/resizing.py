"""Sizes by epoch: what of a loader depends on the images' size, and is made anew when the size changes."""

from __future__ import annotations

from dataclasses import replace

from fastmix.loader.augmenting import Augmenting
from fastmix.loader.epoch import Machinery
from fastmix.loader.graph.builder import build
from fastmix.loader.graph.dali_queue import DaliQueue


def resized(machinery: Machinery, size: tuple[int, int], batch_size: int, num_threads: int) -> Machinery:
    """Return the machinery for images of ``size``: itself if it makes them already.

    The data, its order, readers, faults and statistics stay. The batches under way are dropped, and the pipeline is
    built anew when the next epoch submits its first batch.
    """
    m = machinery
    if m.maker.graph.size == size:
        return m
    graph = replace(m.maker.graph, size=size)
    own = m.drafter.augmenting
    augmenting = replace(own, size=size) if isinstance(own, Augmenting) else own  # views have sizes of their own
    m.queue.reset()
    return replace(
        m,
        drafter=replace(m.drafter, size=size, augmenting=augmenting),
        maker=replace(m.maker, graph=graph),
        retries=m.retries.of(graph),
        queue=DaliQueue(lambda: build(graph, batch_size, num_threads), m.maker.device, m.stall),
    )
