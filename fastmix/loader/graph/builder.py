"""Builds the DALI pipeline of a spec: samples in, training batches out."""

from __future__ import annotations

from nvidia.dali import Pipeline, fn, pipeline_def
from nvidia.dali.data_node import DataNode
from nvidia.dali.pipeline import do_not_convert

from fastmix.loader.graph import dali_resize, decode, inputs
from fastmix.loader.graph.keyed_random import keyed_random_numbers
from fastmix.loader.graph.outputs import batch_options, report_nodes
from fastmix.loader.graph.samples import samples
from fastmix.loader.graph.spec import GraphSpec
from fastmix.loader.graph.views import of_views


def build(spec: GraphSpec, batch_size: int, num_threads: int) -> Pipeline:
    """Build a pipeline for batches of 1 to ``batch_size`` samples, to be fed and run by a DaliQueue.

    Its inputs are those of ``inputs.py``, its outputs those of ``outputs.py``.
    """
    if spec.dali_augment is None:
        pipeline = empty_pipeline(spec, batch_size, num_threads)
        with pipeline:
            pipeline.set_outputs(*(_resized_by_dali(spec) if spec.resampler == "dali" else _resampled(spec)))
    else:
        pipeline = _augmented_pipeline(spec, **_options(spec, batch_size, num_threads))
    pipeline.build()
    return pipeline


def empty_pipeline(spec: GraphSpec, batch_size: int, num_threads: int) -> Pipeline:
    """Make the pipeline without any operator."""
    return Pipeline(**_options(spec, batch_size, num_threads))


def _options(spec: GraphSpec, batch_size: int, num_threads: int) -> dict:
    # The first schedule_run() starts prefetch_queue_depth runs at once, and each of them needs inputs. With 1, every
    # call starts one run. The executor sets no limit on how many are under way: the DaliQueue's caller does.
    return {
        "batch_size": batch_size,
        "num_threads": num_threads,
        "device_id": spec.device_id,
        "prefetch_queue_depth": 1,
        "exec_dynamic": True,
        "seed": spec.seed,
    }


def _resampled(spec: GraphSpec) -> tuple[DataNode, ...]:
    """All operators, with fastmix's resampling."""
    if spec.views:
        return of_views(spec)
    if spec.delivers == "pixels":
        pixels = inputs.pixels()
        images, mirror = decode.of_pixels(spec, pixels, inputs.status())
        shape, report = pixels.shape(), (images.status,)
    else:
        read = samples(spec)
        images, mirror = decode.decoded(spec, read)
        shape, report = read.shape, report_nodes(read, images.status)
    if not spec.train and spec.view.crop_mode == "border":
        return *_batch(spec, decode.bordered(spec, shape, images), images.status, mirror), *report
    return *_batch(spec, images.images, images.status, mirror, images.window), *report


def _resized_by_dali(spec: GraphSpec) -> tuple[DataNode, ...]:
    """All operators, with DALI's resampling."""
    images, mirror, status, report = _images_of_size(spec)
    return *_batch(spec, images, status, mirror), *report


def _augmented_pipeline(spec: GraphSpec, **options) -> Pipeline:
    """A pipeline with conditionals, which DALI's RandAugment and the like need; only the hook is converted."""

    def definition():
        images, mirror, status, report = do_not_convert(_images_of_size)(spec)
        state = inputs.random_state()
        with keyed_random_numbers(state):
            images = spec.dali_augment(images)
        # DALI drops an input that no operator reads; as an output it stays.
        return *do_not_convert(_batch)(spec, images, status, mirror), *report, state

    return pipeline_def(enable_conditionals=True)(definition)(**options)


def _images_of_size(spec: GraphSpec) -> tuple[DataNode, DataNode | None, DataNode, tuple[DataNode, ...]]:
    """Images uint8 (height, width, 3), if ``train`` whether each is mirrored, statuses, and the report's nodes."""
    if spec.delivers == "pixels":
        status = inputs.status()
        return *dali_resize.of_pixels(spec, inputs.pixels()), status, (status,)
    read = samples(spec)
    images, mirror, status = dali_resize.decoded(spec, read)
    return images, mirror, status, report_nodes(read, status)


def _batch(
    spec: GraphSpec, images: DataNode, status: DataNode, mirror: DataNode | None, window: DataNode | None = None
) -> tuple[DataNode, ...]:
    """Make the batch of the good images, in one operator; with ``window`` it also resamples."""
    options = batch_options(spec, status)
    if mirror is not None:
        options["mirror"] = mirror
    if window is None:
        operator = fn.fastmix.mix
    else:
        operator = fn.fastmix.resample_mix
        # Training crops, then resizes. Evaluation resizes, then crops, so its filter reads beside the window.
        options.update(window=window, size=spec.size)
        if spec.augments:
            options["sample_plan"] = inputs.sample_plan()
        else:
            options.update(filter=spec.interpolation, edges="crop" if spec.train else "image")
    if not spec.mixing:
        return (operator(images, alpha=0.0, **options),)
    options["plan"] = inputs.plan()
    if spec.masks:
        options["masks"] = inputs.masks()
    if not spec.dense_targets:
        return (operator(images, **options),)
    return tuple(operator(images, inputs.labels(), num_classes=spec.num_classes, smoothing=spec.smoothing, **options))
