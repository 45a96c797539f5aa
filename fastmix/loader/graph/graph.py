"""The DALI graph: samples in, training batches out. Everything random reaches it as a key or a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from nvidia.dali import Pipeline, fn, pipeline_def, types
from nvidia.dali.data_node import DataNode
from nvidia.dali.pipeline import do_not_convert

import fastmix.dali
from fastmix.loader.graph import dali_resize
from fastmix.loader.graph import decode as views
from fastmix.loader.graph.keyed_random import STATE_INPUT, keyed_random_numbers

# Evaluation: the shorter side is scaled to this share of the crop, as ImageNet's 256 to 224.
EVAL_RESIZE = 256 / 224
# Images come as uint8: mean and std are multiplied by this.
PIXEL_MAX = 255.0
_CHECKS = 4

Resize = Literal["fastmix", "dali"]
RESIZE = ("fastmix", "dali")
Decode = Literal["auto", "fastmix", "dali"]
DECODE = ("auto", "fastmix", "dali")


@dataclass(frozen=True)
class Graph:
    """What a pipeline computes. Two pipelines built from equal graphs give equal outputs for equal inputs.

    Inputs, by name, one entry per sample: ``path`` uint8 (padded with zeros), ``encoded`` uint8 or ``pixels`` uint8
    (H, W, 3), whichever ``delivers`` says; if ``train``, ``key`` int64 (epoch, sample); if ``mixing``, ``plan`` int32
    (16,); if ``targets``, ``label`` int64; with ``augment``, ``random_state`` uint32 (6,). Outputs: images; if
    ``targets``, float32 targets; unless ``pixels`` come in, what is known of the samples (see :meth:`checks`).

    Attributes:
        size: side of the square images, in pixels.
        train: random resized crop and mirror; otherwise the shorter side is resized and the centre is cut out.
        mixing: whether a plan is applied.
        targets: whether soft targets are made of class ids.
        num_classes: columns of the targets.
        smoothing: label smoothing of the targets.
        dtype: torch.float32, torch.float16 or torch.bfloat16 (whose bits come as int16).
        channels_last: HWC instead of CHW samples.
        mean, std: per channel, in units of the full pixel range (0 to 1).
        seed: seed of the crops.
        device_id: CUDA device, or None for the CPU.
        delivers: what a sample is when it comes in.
        max_pixels: of larger images only a corner is decoded; they are bad samples, which :meth:`checks` shows.
        augment: takes images uint8 (size, size, 3) as a DALI node and returns such; needs ``resize="dali"``.
        resize: what crops and resizes: ``fn.fastmix.resample_mix``, in the pass that makes a batch, or DALI (uint8).
        decode: what decodes JPEGs on the CPU: ``fn.fastmix.decode_jpeg``, or DALI, which does all else.
    """

    size: int
    train: bool
    mixing: bool
    targets: bool
    num_classes: int
    smoothing: float
    dtype: torch.dtype
    channels_last: bool
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    seed: int
    device_id: int | None
    delivers: Literal["path", "encoded", "pixels"] = "path"
    max_pixels: int = 2**28
    augment: Callable[[DataNode], DataNode] | None = None
    resize: Resize = "fastmix"
    decode: Literal["fastmix", "dali"] = "dali"

    def __post_init__(self) -> None:
        fastmix.dali.load()

    @property
    def eval_resize(self) -> int:
        """What evaluation scales the shorter side to, in pixels."""
        return round(self.size * EVAL_RESIZE)

    def build(self, batch_size: int, num_threads: int) -> Pipeline:
        """A pipeline for batches of 1 to ``batch_size`` samples, to be fed and run by a DaliQueue."""
        if self.augment is None:
            pipeline = self.empty_pipeline(batch_size, num_threads)
            with pipeline:
                pipeline.set_outputs(*(self.resized_outputs() if self.resize == "dali" else self.viewed_outputs()))
        else:
            pipeline = self._augmented_pipeline(**self._options(batch_size, num_threads))
        pipeline.build()
        return pipeline

    def empty_pipeline(self, batch_size: int, num_threads: int) -> Pipeline:
        return Pipeline(**self._options(batch_size, num_threads))

    def viewed_outputs(self) -> tuple[DataNode, ...]:
        """Everything, with fastmix's resampling."""
        if self.delivers == "pixels":
            images, window, mirror = views.of_pixels(self, self.pixels())
            return self.batch(images, mirror, window)
        encoded = self.encoded()
        shape = fn.peek_image_shape(encoded)
        images, window, mirror = views.decoded(self, encoded, shape)
        return *self.batch(images, mirror, window), *self.checks(encoded, shape)

    def resized_outputs(self) -> tuple[DataNode, ...]:
        """Everything, with DALI's resampling."""
        images, mirror, checks = self.augmentable_images()
        return *self.batch(images, mirror), *checks

    def augmentable_images(self) -> tuple[DataNode, DataNode | None, tuple[DataNode, ...]]:
        """Images uint8 (size, size, 3), if ``train`` whether each is to be mirrored, and the checks."""
        if self.delivers == "pixels":
            return *dali_resize.of_pixels(self, self.pixels()), ()
        encoded = self.encoded()
        shape = fn.peek_image_shape(encoded)
        return *dali_resize.decoded(self, encoded, shape), self.checks(encoded, shape)

    def encoded(self) -> DataNode:
        """The samples' bytes."""
        if self.delivers == "encoded":
            return fn.external_source(name="encoded", dtype=types.UINT8, ndim=1)
        path = fn.external_source(name="path", dtype=types.UINT8, ndim=1)
        # Read, not mapped: half the CPU time for files of this size, and no SIGBUS where one is cut off meanwhile.
        return fn.io.file.read(path, dont_use_mmap=True)

    def checks(self, encoded: DataNode, shape: DataNode) -> tuple[DataNode, ...]:
        """What shows samples that decode and yet are damaged, or are too large.

        Number of bytes int64 (1,), the first and the last two of them uint8 (2,), shape int64 (3,): of every sample.
        """
        return encoded.shape(), encoded[:2], encoded[-2:], shape

    def pixels(self) -> DataNode:
        """The samples' pixels, where they come decoded."""
        return fn.external_source(name="pixels", dtype=types.UINT8, ndim=3, layout="HWC")

    def window(self, shape: DataNode) -> tuple[DataNode, ...]:
        """Of the random resized crop: anchor, extent, mirror, and the window's first and last corner as floats."""
        key = fn.external_source(name="key", dtype=types.INT64, ndim=1)
        return tuple(fn.fastmix.random_resized_crop(shape, key, seed=self.seed))

    def batch(self, images: DataNode, mirror: DataNode | None, window: DataNode | None = None) -> tuple[DataNode, ...]:
        """Everything between decoded images and the batch, in one operator; with ``window`` also the resampling."""
        options = {
            "mean": [PIXEL_MAX * value for value in self.mean],
            "std": [PIXEL_MAX * value for value in self.std],
            "output_layout": "HWC" if self.channels_last else "CHW",
            "normalize": True,  # refuses images that an augmentation left in another type than uint8
        }
        if self.dtype == torch.bfloat16:
            options["bfloat16"] = True
        else:
            options["dtype"] = types.FLOAT16 if self.dtype == torch.float16 else types.FLOAT
        if mirror is not None:
            options["mirror"] = mirror
        if window is None:
            operator = fn.fastmix.mix
        else:
            operator = fn.fastmix.resample_mix
            options.update(window=window, size=self.size)
        if not self.mixing:
            return (operator(images, alpha=0.0, **options),)
        options["plan"] = fn.external_source(name="plan", dtype=types.INT32, ndim=1)
        if not self.targets:
            return (operator(images, **options),)
        label = fn.external_source(name="label", dtype=types.INT64, ndim=0)
        return tuple(operator(images, label, num_classes=self.num_classes, smoothing=self.smoothing, **options))

    def to_torch(self, outputs: tuple) -> tuple[torch.Tensor, ...]:
        """Images (B, 3, size, size) and, if ``targets``, (B, num_classes), as torch tensors without a copy.

        The executor never writes again into what it has handed out: the tensors may be kept as long as one likes.
        """
        batch = outputs[: 2 if self.targets else 1]
        images, *targets = (torch.from_dlpack(output.as_tensor()) for output in batch)
        if self.dtype == torch.bfloat16:
            images = images.view(torch.bfloat16)
        if self.channels_last:
            images = images.permute(0, 3, 1, 2)
        return images, *targets

    def to_checks(self, outputs: tuple) -> tuple[np.ndarray, ...]:
        """What :meth:`checks` promises, as arrays with one row per sample; nothing where pixels come in."""
        if self.delivers == "pixels":
            return ()
        first = 2 if self.targets else 1
        return tuple(np.asarray(output.as_tensor()) for output in outputs[first : first + _CHECKS])

    def _augmented_pipeline(self, **options) -> Pipeline:
        """With conditionals, since RandAugment and its kind choose by them; only the hook is converted."""
        augment = self.augment

        def definition():
            images, mirror, checks = do_not_convert(self.augmentable_images)()
            state = fn.external_source(name=STATE_INPUT, dtype=types.UINT32, ndim=1)
            with keyed_random_numbers(state):
                images = augment(images)
            # An input that no operator draws from would not be there: as an output it is.
            return *do_not_convert(self.batch)(images, mirror), *checks, state

        return pipeline_def(enable_conditionals=True)(definition)(**options)

    def _options(self, batch_size: int, num_threads: int) -> dict:
        # The first schedule_run() starts prefetch_queue_depth runs at once, all of which would need inputs; with 1,
        # every call starts one. How many are under way is the DaliQueue's affair: the executor sets no limit.
        return {
            "batch_size": batch_size,
            "num_threads": num_threads,
            "device_id": self.device_id,
            "prefetch_queue_depth": 1,
            "exec_dynamic": True,
            "seed": self.seed,
        }
