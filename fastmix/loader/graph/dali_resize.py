"""DALI's own crop and resize: uint8 images of the output's size, for comparison and for ``dali_augment=`` hooks."""

from __future__ import annotations

from nvidia.dali import fn, types
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph.decode import on_cpu, on_gpu
from fastmix.loader.graph.inputs import random_crop
from fastmix.loader.graph.samples import Samples
from fastmix.loader.graph.spec import GraphSpec


def decoded(spec: GraphSpec, samples: Samples) -> tuple[DataNode, DataNode | None, DataNode]:
    """Decode to images uint8 (height, width, 3), if ``train`` whether each is to be mirrored, and statuses."""
    sides = fn.cast(samples.shape[:2], dtype=types.FLOAT)
    whole = fn.cat(sides * 0, sides)
    if not spec.train:
        images, _, status = (on_cpu if spec.device_id is None else on_gpu)(spec, samples, whole)
        return _centre(spec, images), None, status
    _, _, mirror, start, end = random_crop(spec, samples.shape)
    if spec.device_id is not None:
        images, _, status = on_gpu(spec, samples, whole)
        return fn.resize(images, size=spec.size, roi_start=start, roi_end=end), mirror, status
    images, window, status = on_cpu(spec, samples, fn.cat(start, end - start))
    # Besides the window, what fastmix's filter needs is decoded.
    window = fn.cast(window, dtype=types.INT32)
    images = fn.slice(images, start=window[:2], shape=window[2:], axes=[0, 1])
    return fn.resize(images, size=spec.size), mirror, status


def of_pixels(spec: GraphSpec, images: DataNode) -> tuple[DataNode, DataNode | None]:
    """Return images and mirror flags for images that come decoded."""
    if not spec.train:
        return _centre(spec, images if spec.device_id is None else images.gpu()), None
    anchor, extent, mirror, _, _ = random_crop(spec, images.shape())
    images = fn.slice(images, start=anchor, shape=extent, axes=[0, 1])
    return fn.resize(images if spec.device_id is None else images.gpu(), size=spec.size), mirror


def _centre(spec: GraphSpec, images: DataNode) -> DataNode:
    """Resize the shorter side and cut out the centre, for evaluation."""
    images = fn.resize(images, resize_shorter=spec.view.resize[0])
    return fn.crop(images, crop=spec.size)
