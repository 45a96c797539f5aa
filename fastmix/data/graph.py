"""The DALI graph: encoded samples in, training batches out. Everything random reaches it as a key or a plan."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from nvidia.dali import Pipeline, fn, types
from nvidia.dali.data_node import DataNode

import fastmix.dali

# Evaluation: the shorter side is scaled to this share of the crop, as ImageNet's 256 to 224.
EVAL_RESIZE = 256 / 224
# Images come as uint8: mean and std are multiplied by this.
PIXEL_MAX = 255.0

_PLAN_INPUTS = {
    "partner": (types.INT32, 0),
    "weight_in": (types.FLOAT, 0),
    "weight_out": (types.FLOAT, 0),
    "box": (types.INT32, 1),
    "label_weight": (types.FLOAT, 0),
}


@dataclass(frozen=True)
class Graph:
    """What a pipeline computes. Two pipelines built from equal graphs give equal outputs for equal inputs.

    Inputs, by name, one entry per sample: ``path`` uint8 (padded with zeros); if ``train``, ``key`` int64
    (epoch, sample); if ``mixing``, ``label`` int64 and the arguments of a plan. Outputs: images and, if ``mixing``,
    float32 targets.

    Attributes:
        size: side of the square images, in pixels.
        train: random resized crop and mirror; otherwise the shorter side is resized and the centre is cut out.
        mixing: whether a plan is applied, and targets are made.
        num_classes: columns of the targets.
        smoothing: label smoothing of the targets.
        dtype: torch.float32, torch.float16 or torch.bfloat16 (whose bits come as int16).
        channels_last: HWC instead of CHW samples.
        mean, std: per channel, in units of the full pixel range (0 to 1).
        seed: seed of the crops.
        device_id: CUDA device, or None for the CPU.
    """

    size: int
    train: bool
    mixing: bool
    num_classes: int
    smoothing: float
    dtype: torch.dtype
    channels_last: bool
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    seed: int
    device_id: int | None

    def __post_init__(self) -> None:
        fastmix.dali.load()

    def build(self, batch_size: int, num_threads: int) -> Pipeline:
        """A pipeline for batches of 1 to ``batch_size`` samples, to be fed and run by a Prefetcher."""
        pipeline = self.empty_pipeline(batch_size, num_threads)
        with pipeline:
            images, mirror = self.decoded_images()
            pipeline.set_outputs(*self.batch(images, mirror))
        pipeline.build()
        return pipeline

    def empty_pipeline(self, batch_size: int, num_threads: int) -> Pipeline:
        # The first schedule_run() starts prefetch_queue_depth runs at once, all of which would need inputs; with 1,
        # every call starts one. How many are under way is the Prefetcher's affair: the executor sets no limit.
        return Pipeline(
            batch_size, num_threads, self.device_id, prefetch_queue_depth=1, exec_dynamic=True, seed=self.seed
        )

    def decoded_images(self) -> tuple[DataNode, DataNode | None]:
        """Images uint8 (size, size, 3) and, if ``train``, whether each is to be mirrored."""
        encoded = fn.io.file.read(fn.external_source(name="path", dtype=types.UINT8, ndim=1))
        if not self.train:
            images = fn.decoders.image(encoded, device=self._decoder_device())
            images = fn.resize(images, resize_shorter=round(self.size * EVAL_RESIZE))
            return fn.crop(images, crop=(self.size, self.size)), None
        key = fn.external_source(name="key", dtype=types.INT64, ndim=1)
        shape = fn.peek_image_shape(encoded)
        anchor, window, mirror, roi_start, roi_end = fn.fastmix.random_resized_crop(shape, key, seed=self.seed)
        if self.device_id is None:
            # Decoding stops at the window's last row: about a quarter of the time.
            images = fn.decoders.image_slice(encoded, start=anchor, shape=window, axes=[0, 1])
            return fn.resize(images, size=(self.size, self.size)), mirror
        # The GPU's decoders are at their best, and safest, with whole images.
        images = fn.decoders.image(encoded, device=self._decoder_device())
        return fn.resize(images, size=(self.size, self.size), roi_start=roi_start, roi_end=roi_end), mirror

    def batch(self, images: DataNode, mirror: DataNode | None) -> tuple[DataNode, ...]:
        """Everything between decoded images and the batch, in one operator."""
        options = {
            "mean": [PIXEL_MAX * value for value in self.mean],
            "std": [PIXEL_MAX * value for value in self.std],
            "output_layout": "HWC" if self.channels_last else "CHW",
        }
        if self.dtype == torch.bfloat16:
            options["bfloat16"] = True
        else:
            options["dtype"] = types.FLOAT16 if self.dtype == torch.float16 else types.FLOAT
        if mirror is not None:
            options["mirror"] = mirror
        if not self.mixing:
            return (fn.fastmix.mix(images, alpha=0.0, **options),)
        label = fn.external_source(name="label", dtype=types.INT64, ndim=0)
        plan = {
            name: fn.external_source(name=name, dtype=dtype, ndim=ndim) for name, (dtype, ndim) in _PLAN_INPUTS.items()
        }
        options.update(num_classes=self.num_classes, smoothing=self.smoothing)
        return tuple(fn.fastmix.mix(images, label, **plan, **options))

    def to_torch(self, outputs: tuple) -> tuple[torch.Tensor, ...]:
        """The outputs of one run as torch tensors (B, 3, size, size) and (B, num_classes), without a copy.

        The executor never writes again into what it has handed out: the tensors may be kept as long as one likes.
        """
        images, *targets = (torch.from_dlpack(output.as_tensor()) for output in outputs)
        if self.dtype == torch.bfloat16:
            images = images.view(torch.bfloat16)
        if self.channels_last:
            images = images.permute(0, 3, 1, 2)
        return images, *targets

    def _decoder_device(self) -> str:
        return "cpu" if self.device_id is None else "mixed"
