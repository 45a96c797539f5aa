"""What the pipeline hands out: images, dense targets if the graph makes them, and checks of the samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph.spec import GraphSpec


class Checks(NamedTuple):
    """What shows samples that decode and yet are damaged, or are too large; one row per sample.

    Attributes:
        size: int64 (B, 1), number of bytes.
        first, last: uint8 (B, 2), the first and the last two bytes.
        shape: int64 (B, 3), height, width and channels by the header.
    """

    size: np.ndarray
    first: np.ndarray
    last: np.ndarray
    shape: np.ndarray


def checks(encoded: DataNode, shape: DataNode) -> tuple[DataNode, ...]:
    """Add the operators that :class:`Checks` come from."""
    return encoded.shape(), encoded[:2], encoded[-2:], shape


def to_torch(spec: GraphSpec, outputs: tuple) -> tuple[torch.Tensor, ...]:
    """Return images (B, 3, size, size) and, if the graph makes them, targets (B, num_classes), without a copy.

    The executor never writes again into what it has handed out: the tensors may be kept.
    """
    images, *targets = (torch.from_dlpack(output.as_tensor()) for output in outputs[: _tensors(spec)])
    if spec.dtype == torch.bfloat16:
        images = images.view(torch.bfloat16)
    if spec.channels_last:
        images = images.permute(0, 3, 1, 2)
    if images.shape[2:] != (spec.size, spec.size):
        raise ValueError(
            f"DataLoader: expected images of {spec.size} x {spec.size} pixels from augment=, got "
            f"{' x '.join(map(str, images.shape[2:]))}"
        )
    return images, *targets


def to_checks(spec: GraphSpec, outputs: tuple) -> Checks | None:
    """Return the checks, or None where pixels come in."""
    if spec.delivers == "pixels":
        return None
    first = _tensors(spec)
    return Checks(*(np.asarray(output.as_tensor()) for output in outputs[first : first + len(Checks._fields)]))


def _tensors(spec: GraphSpec) -> int:
    return 2 if spec.dense_targets else 1
