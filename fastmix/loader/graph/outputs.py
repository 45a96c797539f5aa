"""What the pipeline hands out: images, dense targets if the graph makes them, and a report of the samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph.samples import Samples
from fastmix.loader.graph.spec import GraphSpec


class Report(NamedTuple):
    """What became of the samples of a batch.

    Attributes:
        status: int32 (B,), each a :class:`fastmix.dali.Status`. The batch's first rows are the samples with status 0.
        size: int64 (B,), number of bytes; zeros where pixels come in.
        written: int64 (B,), when the bytes that were read were written, in nanoseconds since 1970; -1 if unknown.
        messages: the system's words about bad samples, by place in the batch.
    """

    status: np.ndarray
    size: np.ndarray
    written: np.ndarray
    messages: dict[int, str]


def report_nodes(samples: Samples, status: DataNode) -> tuple[DataNode, ...]:
    """Return the operators that :func:`to_report` reads; ``status`` is that of decoding."""
    return status, samples.encoded.shape(), *samples.details


def to_torch(spec: GraphSpec, outputs: tuple, count: int) -> tuple[torch.Tensor, ...]:
    """Return images (count, 3, height, width) and, if the graph makes them, targets (count, num_classes).

    Nothing is copied. The executor never writes again into what it has handed out: the tensors may be kept.
    """
    images, *targets = (torch.from_dlpack(output.as_tensor())[:count] for output in outputs[: _tensors(spec)])
    if spec.dtype == torch.bfloat16:
        images = images.view(torch.bfloat16)
    if spec.channels_last:
        images = images.permute(0, 3, 1, 2)
    if images.shape[2:] != spec.size:
        raise ValueError(
            f"DataLoader: expected images of {' x '.join(map(str, spec.size))} pixels from dali_augment=, got "
            f"{' x '.join(map(str, images.shape[2:]))}"
        )
    return images, *targets


def to_report(spec: GraphSpec, outputs: tuple) -> Report:
    """Return the report of a batch."""
    status, *rest = outputs[_tensors(spec) :]
    statuses = np.array(status.as_tensor())
    unknown = np.zeros_like(statuses, dtype=np.int64)
    size = unknown if spec.delivers == "pixels" else np.array(rest[0].as_tensor())[:, 0]
    if spec.delivers != "path":
        return Report(statuses, size, unknown - 1, {})
    _, message, written, *_ = rest
    messages = {int(i): bytes(np.array(message.at(i))).decode(errors="replace") for i in np.flatnonzero(statuses)}
    return Report(statuses, size, np.array(written.as_tensor()), messages)


def _tensors(spec: GraphSpec) -> int:
    return 2 if spec.dense_targets else 1
