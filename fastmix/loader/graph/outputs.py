"""What the pipeline hands out: images, dense targets if the graph makes them, and a report of the samples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from nvidia.dali import types
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph.samples import Samples
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.sources.source import IN_FILES

# Images come as uint8: mean and std are multiplied by this.
PIXEL_MAX = 255.0


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


def batch_options(spec: GraphSpec, status: DataNode) -> dict[str, Any]:
    """Return the arguments with which ``fn.fastmix.mix`` and ``resample_mix`` make what :func:`to_torch` reads."""
    options = {
        "status": status,
        "mean": [PIXEL_MAX * value for value in spec.mean],
        "std": [PIXEL_MAX * value for value in spec.std],
        "output_layout": "HWC" if spec.channels_last else "CHW",
        "normalize": True,  # refuses images that an augmentation left in another type than uint8
    }
    if spec.dtype == torch.bfloat16:
        return {**options, "bfloat16": True}
    return {**options, "dtype": types.FLOAT16 if spec.dtype == torch.float16 else types.FLOAT}


def to_torch(spec: GraphSpec, outputs: tuple, count: int) -> tuple[list[torch.Tensor], torch.Tensor | None]:
    """Return the images and, if the graph makes them, targets (count, num_classes).

    Images are (count, 3, height, width), or with views one tensor (count, V, 3, height, width) for each size.

    Nothing is copied. The executor never writes again into what it has handed out: the tensors may be kept.
    """
    made = [torch.from_dlpack(output.as_tensor())[:count] for output in outputs[: _tensors(spec)]]
    targets = made.pop() if spec.dense_targets else None
    images = [each.view(torch.bfloat16) for each in made] if spec.dtype == torch.bfloat16 else made
    if spec.channels_last:
        images = [each.movedim(-1, -3) for each in images]
    if not spec.views and images[0].shape[2:] != spec.size:
        raise ValueError(
            f"DataLoader: expected images of {' x '.join(map(str, spec.size))} pixels from dali_augment=, got "
            f"{' x '.join(map(str, images[0].shape[2:]))}"
        )
    return images, targets


def to_report(spec: GraphSpec, outputs: tuple) -> Report:
    """Return the report of a batch."""
    status, *rest = outputs[_tensors(spec) :]
    statuses = np.array(status.as_tensor())
    unknown = np.zeros_like(statuses, dtype=np.int64)
    size = unknown if spec.delivers == "pixels" else np.array(rest[0].as_tensor())[:, 0]
    if spec.delivers not in IN_FILES:
        return Report(statuses, size, unknown - 1, {})
    _, message, written, *_ = rest
    messages = {int(i): bytes(np.array(message.at(i))).decode(errors="replace") for i in np.flatnonzero(statuses)}
    return Report(statuses, size, np.array(written.as_tensor()), messages)


def _tensors(spec: GraphSpec) -> int:
    return (len(spec.views) or 1) + spec.dense_targets
