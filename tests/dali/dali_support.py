"""Pipelines around the operators, and what they must compute, in NumPy, one operation at a time."""

from collections.abc import Callable, Sequence

import numpy as np
import nvidia.dali.fn as fn
from nvidia.dali import Pipeline, pipeline_def, types

import fastmix as fm
import fastmix.dali
from fastmix.ops import reference

fastmix.dali.load()

MEAN = [123.675, 116.28, 103.53]
STD = [58.395, 57.12, 57.375]


def feed(batches: Sequence[Sequence[np.ndarray]], layout: str | None = None):
    """An external source that gives these batches in turn, again and again."""
    return fn.external_source(lambda step: list(batches[step % len(batches)]), batch=True, layout=layout)


def mix_pipeline(
    images: Sequence[Sequence[np.ndarray]],
    labels: Sequence[Sequence[np.ndarray]] | None = None,
    plans: Sequence[fm.MixPlan] | None = None,
    mirror: Sequence[np.ndarray] | None = None,
    *,
    device: str = "cpu",
    layout: str | None = "HWC",
    pipeline: dict | None = None,
    **options,
) -> Pipeline:
    """`fastmix.mix` over these batches. `pipeline`: options of the pipeline, all others go to the operator."""
    settings = {"batch_size": 64, "num_threads": 2, "seed": 7, "device_id": None if device == "cpu" else 0}

    @pipeline_def(**{**settings, **(pipeline or {})})
    def graph():
        inputs = [feed(images, layout)]
        if device != "cpu":
            inputs = [inputs[0].gpu()]
        if labels is not None:
            inputs.append(feed(labels))
        arguments = {}
        if plans is not None:
            arguments = plan_arguments(plans)
        if mirror is not None:
            arguments["mirror"] = feed([np.asarray(flags, np.int32) for flags in mirror])
        outputs = fn.fastmix.mix(*inputs, **arguments, **options)
        return tuple(outputs) if labels is not None else outputs

    built = graph()
    built.build()
    return built


def plan_arguments(plans: Sequence[fm.MixPlan]) -> dict:
    arguments = {"plan": feed([plan.rows.numpy() for plan in plans])}
    if any(plan.masks is not None for plan in plans):
        arguments["masks"] = feed([plan.masks_of_samples() for plan in plans])
    return arguments


def arrays(outputs) -> list[np.ndarray]:
    return [np.array(output.as_cpu().as_array()) for output in outputs]


def run_mix(images: np.ndarray, labels=None, plan=None, mirror=None, **options) -> list[np.ndarray]:
    """The outputs for one batch."""
    pipeline = mix_pipeline(
        [images],
        None if labels is None else [labels],
        None if plan is None else [plan],
        None if mirror is None else [mirror],
        **options,
    )
    return arrays(pipeline.run())


def weight_map(plan: fm.MixPlan, height: int, width: int) -> np.ndarray:
    """float32 (B, H, W): the own weight of every pixel."""
    return reference.weight_map(plan, (len(plan), height, width)).numpy()


def bfloat16_bits(x: np.ndarray) -> np.ndarray:
    """Finite float32 to bfloat16, to nearest even, as int16."""
    bits = x.view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16).view(np.int16)


def normalized(images: np.ndarray, plan: fm.MixPlan, mean, std, mirror=None) -> np.ndarray:
    """uint8 (B, H, W, C) to float32 (B, H, W, C), every operation rounded to float32."""
    mean, std = np.float64(np.float32(mean)), np.float64(np.float32(std))
    scale, bias = np.float32(1.0 / std), np.float32(-mean / std)
    if mirror is not None:
        images = np.where(np.asarray(mirror, bool)[:, None, None, None], images[:, :, ::-1], images)
    own = images.astype(np.float32)
    w = weight_map(plan, *images.shape[1:3])[..., None]
    return (w * own + (np.float32(1) - w) * own[np.asarray(plan.partner)]) * scale + bias


def mixed(x: np.ndarray, plan: fm.MixPlan, height: int, width: int, weight_shape: tuple[int, ...]) -> np.ndarray:
    """Any tensors (B, ...) in float64, rounded once. `weight_shape` makes the weight map broadcast."""
    weight = weight_map(plan, height, width).reshape(weight_shape).astype(np.float64)
    partner = x[np.asarray(plan.partner)]
    blend = weight * x.astype(np.float64) + (1.0 - weight) * partner.astype(np.float64)
    blend = np.rint(blend).astype(x.dtype) if x.dtype == np.uint8 else blend.astype(x.dtype)
    alone = (np.asarray(plan.partner) == np.arange(len(x))).reshape(-1, *[1] * (x.ndim - 1))
    return np.where((weight == 1) | alone, x, np.where(weight == 0, partner, blend))


def dense_targets(labels, plan: fm.MixPlan, num_classes: int, smoothing: float = 0.0) -> np.ndarray:
    rows = np.eye(num_classes)[np.asarray(labels).reshape(-1)] * (1.0 - smoothing) + smoothing / num_classes
    w = np.asarray(plan.label_weight, np.float64)[:, None]
    return (w * rows + (1.0 - w) * rows[np.asarray(plan.partner)]).astype(np.float32)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def every(outputs: Callable[[], list], steps: int) -> list[list[np.ndarray]]:
    return [arrays(outputs()) for _ in range(steps)]


DALI_DTYPES = {np.float32: types.FLOAT, np.float16: types.FLOAT16}
