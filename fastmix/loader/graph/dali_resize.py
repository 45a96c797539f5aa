"""DALI's own crop and resize: uint8 images of the output's size, for comparison and for ``augment=`` hooks."""

from __future__ import annotations

from nvidia.dali import fn, types
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph.inputs import random_crop
from fastmix.loader.graph.spec import GraphSpec


def decoded(spec: GraphSpec, encoded: DataNode, shape: DataNode) -> tuple[DataNode, DataNode | None]:
    """Decode to images uint8 (size, size, 3) and, if ``train``, whether each is to be mirrored."""
    size = (spec.size, spec.size)
    if spec.device_id is not None:
        images = fn.decoders.image(encoded, device="mixed")
        if not spec.train:
            return _centre(spec, images), None
        _, _, mirror, start, end = random_crop(spec, shape)
        return fn.resize(images, size=size, roi_start=start, roi_end=end), mirror
    # DALI takes the memory that a header promises before it finds out that the header lied.
    fits = shape[0] * shape[1] <= spec.max_pixels
    if not spec.train:
        whole = fn.cast(shape[:2], dtype=types.INT32)
        extent = whole * fits + (fits == 0)
        images = fn.decoders.image_slice(encoded, start=whole * 0, shape=extent, axes=[0, 1])
        return _centre(spec, images), None
    anchor, extent, mirror, _, _ = random_crop(spec, shape)
    images = fn.decoders.image_slice(encoded, start=anchor * fits, shape=extent * fits + (fits == 0), axes=[0, 1])
    return fn.resize(images, size=size), mirror


def of_pixels(spec: GraphSpec, images: DataNode) -> tuple[DataNode, DataNode | None]:
    """Return the same for images that come decoded."""
    if not spec.train:
        return _centre(spec, images if spec.device_id is None else images.gpu()), None
    anchor, extent, mirror, _, _ = random_crop(spec, images.shape())
    images = fn.slice(images, start=anchor, shape=extent, axes=[0, 1])
    return fn.resize(images if spec.device_id is None else images.gpu(), size=(spec.size, spec.size)), mirror


def _centre(spec: GraphSpec, images: DataNode) -> DataNode:
    """Resize the shorter side and cut out the centre, for evaluation."""
    images = fn.resize(images, resize_shorter=spec.eval_resize)
    return fn.crop(images, crop=(spec.size, spec.size))
