"""The graph's encoded samples: their bytes, sizes and statuses. A sample with another status than 0 is bad."""

from __future__ import annotations

from typing import NamedTuple

from nvidia.dali import fn
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph import inputs
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.sources.source import IN_FILES, Delivers


class Samples(NamedTuple):
    """Samples that are read and not yet decoded.

    Attributes:
        encoded: uint8 (size,); empty for bad samples.
        shape: int64 (height, width, 3) by the header, upright; (1, 1, 3) for bad samples.
        status: int32, a :class:`fastmix.dali.Status`.
        whole_jpeg: whether a GPU decoder may be given it; false in a graph for the CPU.
        details: where the graph reads: the system's message and the file's time, else empty.
    """

    encoded: DataNode
    shape: DataNode
    status: DataNode
    whole_jpeg: DataNode
    details: tuple[DataNode, ...]


def samples(spec: GraphSpec) -> Samples:
    """Add the operators that read samples and their headers."""
    encoded, status, *details = read_samples(spec.delivers)
    shape, status, whole_jpeg = fn.fastmix.peek(
        encoded,
        status,
        max_pixels=spec.max_pixels,
        guest_decoder=spec.guest_decoder,
        find_whole_jpegs=spec.device_id is not None,
    )
    return Samples(encoded, shape, status, whole_jpeg, tuple(details))


def read_samples(delivers: Delivers) -> tuple[DataNode, ...]:
    """Add what reads samples, or what a thread has read: bytes, statuses, and ``details``."""
    if delivers not in IN_FILES:
        return inputs.encoded(), inputs.status()
    ranges = (inputs.byte_range(),) if delivers == "range" else ()
    return tuple(fn.fastmix.read(inputs.path(), inputs.status(), *ranges))
