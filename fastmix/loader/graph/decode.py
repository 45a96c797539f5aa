"""The default graph's first part: decoded images, each with the window that ``fn.fastmix.resample_mix`` resamples."""

from __future__ import annotations

from nvidia.dali import fn
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph.dali_private import merge, split
from fastmix.loader.graph.inputs import random_crop
from fastmix.loader.graph.spec import GraphSpec


def decoded(spec: GraphSpec, encoded: DataNode, shape: DataNode) -> tuple[DataNode, DataNode, DataNode | None]:
    """Decode to images uint8 of any sizes, their windows (y, x, height, width), and if ``train`` their mirror flags."""
    window, mirror = _windows(spec, shape)
    if spec.device_id is not None:
        # On the GPU, decoding whole images is fastest and safest.
        return fn.decoders.image(encoded, device="mixed"), window, mirror
    decode = by_fastmix if spec.decode == "fastmix" else by_dali
    images, window = decode(encoded, shape, window, size=spec.size, max_pixels=spec.max_pixels)
    return images, window, mirror


def by_dali(
    encoded: DataNode, shape: DataNode, window: DataNode, size: int, max_pixels: int
) -> tuple[DataNode, DataNode]:
    """Decode the part of each image that its window needs, to the whole image's pixels; return it and its window."""
    start, extent, window = fn.fastmix.decode_region(shape, window, size=size, max_pixels=max_pixels)
    return fn.decoders.image_slice(encoded, start=start, shape=extent, axes=[0, 1]), window


def by_fastmix(
    encoded: DataNode, shape: DataNode, window: DataNode, size: int, max_pixels: int
) -> tuple[DataNode, DataNode]:
    """Decode JPEGs with fastmix, large ones at a fraction of their size; DALI decodes every other format."""
    image, inner, done = fn.fastmix.decode_jpeg(shape, window, encoded, size=size, max_pixels=max_pixels)
    rest = (split(node, done)[1] for node in (encoded, shape, window))
    ours = (split(node, done)[0] for node in (image, inner))
    theirs = by_dali(*rest, size=size, max_pixels=max_pixels)
    return tuple(merge(*pair, done) for pair in zip(ours, theirs, strict=True))


def of_pixels(spec: GraphSpec, images: DataNode) -> tuple[DataNode, DataNode, DataNode | None]:
    """Return the same for images that come decoded."""
    shape = images.shape()
    window, mirror = _windows(spec, shape)
    if spec.device_id is None:
        return images, window, mirror
    # Only the pixels in the window cross the bus.
    start, extent, window = fn.fastmix.decode_region(shape, window, size=spec.size)
    return fn.slice(images, start=start, shape=extent, axes=[0, 1]).gpu(), window, mirror


def _windows(spec: GraphSpec, shape: DataNode) -> tuple[DataNode, DataNode | None]:
    """Return the part of each image that fills the output, and if ``train`` whether it is mirrored."""
    if not spec.train:
        return fn.fastmix.center_window(shape, size=spec.size, resize=spec.eval_resize), None
    _, _, mirror, start, end = random_crop(spec, shape)
    return fn.cat(start, end - start), mirror
