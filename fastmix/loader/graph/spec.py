"""What a graph computes, as plain data. Equal specs give equal outputs for equal inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch

from fastmix.loader.graph.evaluation import EvaluationView
from fastmix.loader.sources.source import Delivers
from fastmix.ops.sources import Filter

if TYPE_CHECKING:
    from nvidia.dali.data_node import DataNode

Resampler = Literal["fastmix", "dali"]
RESAMPLER = ("fastmix", "dali")
Decode = Literal["auto", "fastmix", "dali"]
DECODE = ("auto", "fastmix", "dali")


class ViewCrop(NamedTuple):
    """The crop of one of several views of an image.

    Attributes:
        view: the view's number, which its draws are keyed by.
        scale, ratio: bounds of the crop; None for torchvision's.
    """

    view: int
    scale: tuple[float, float] | None
    ratio: tuple[float, float] | None


class ViewGroup(NamedTuple):
    """The views of one size.

    Attributes:
        size: height and width in pixels.
        crops: of each view.
    """

    size: tuple[int, int]
    crops: tuple[ViewCrop, ...]


@dataclass(frozen=True)
class GraphSpec:
    """A graph from samples to training batches; everything random reaches it as a key or a plan.

    Attributes:
        size: height and width of the images, in pixels.
        train: random resized crop and mirror; otherwise the image is resized to ``view`` and the centre is cut out.
        view: of evaluation.
        interpolation: Pillow's filter of this name resizes; with ``augments``, the widest that sample plans use.
        mixing: whether a plan is applied.
        masks: whether plans may have masks.
        dense_targets: whether the graph makes dense targets of class ids.
        num_classes: columns of the targets.
        smoothing: label smoothing of the targets.
        dtype: torch.float32, torch.float16 or torch.bfloat16 (whose bits come as int16).
        channels_last: HWC instead of CHW samples.
        mean, std: per channel, in units of the full pixel range (0 to 1).
        seed: seed of the crops.
        device_id: CUDA device, or None for the CPU.
        delivers: what a sample is when it comes in.
        max_pixels: larger images are bad samples, and nothing of them is allocated.
        dali_augment: takes images uint8 (height, width, 3) as a DALI node and returns such; needs ``resampler="dali"``.
        resampler: what crops and resizes: ``fn.fastmix.resample_mix``, in the pass that makes a batch, or DALI (uint8).
        decode: what decodes ordinary JPEGs: on the CPU fastmix, or DALI's library nvImageCodec, which decodes all else;
            on the GPU ``fn.fastmix.decode(device="mixed")``, or ``fn.decoders.image``.
        guest_decoder: address of what decodes GIF, AVIF and JPEG 2000, in this process; 0 for nothing.
        hw_decoder_load: share of the JPEGs that the GPU's hardware engine decodes.
        augments: whether sample plans are applied; needs ``resampler="fastmix"``.
        mirrors: whether training mirrors images with probability 1/2.
        scale, ratio: bounds of the crops in training; None for torchvision's.
        views: of each image, by size; they replace ``size``, ``scale`` and ``ratio``. Empty for one view.
    """

    size: tuple[int, int]
    train: bool
    view: EvaluationView
    interpolation: Filter
    mixing: bool
    masks: bool
    dense_targets: bool
    num_classes: int
    smoothing: float
    dtype: torch.dtype
    channels_last: bool
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    seed: int
    device_id: int | None
    delivers: Delivers
    max_pixels: int
    dali_augment: Callable[[DataNode], DataNode] | None
    resampler: Resampler
    decode: Literal["fastmix", "dali"]
    guest_decoder: int = 0
    hw_decoder_load: float = 0.0
    augments: bool = False
    mirrors: bool = True
    scale: tuple[float, float] | None = None
    ratio: tuple[float, float] | None = None
    views: tuple[ViewGroup, ...] = ()
