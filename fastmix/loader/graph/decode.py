"""The default way to the batch: decoded images with a window each, which ``fn.fastmix.resample_mix`` resamples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvidia.dali import fn
from nvidia.dali.data_node import DataNode

if TYPE_CHECKING:
    from fastmix.loader.graph.graph import Graph


def decoded(graph: Graph, encoded: DataNode, shape: DataNode) -> tuple[DataNode, DataNode, DataNode | None]:
    """Images uint8 of any sizes, the window (y, x, height, width) of each, and if ``train`` whether it is mirrored."""
    window, mirror = seen(graph, shape)
    if graph.device_id is not None:
        # The GPU's decoders are at their best, and safest, with whole images.
        return fn.decoders.image(encoded, device="mixed"), window, mirror
    decode = by_fastmix if graph.decode == "fastmix" else by_dali
    images, window = decode(encoded, shape, window, size=graph.size, max_pixels=graph.max_pixels)
    return images, window, mirror


def by_dali(
    encoded: DataNode, shape: DataNode, window: DataNode, size: int, max_pixels: int
) -> tuple[DataNode, DataNode]:
    """The part of each image that its window needs, and the window in it; the pixels are those of the whole image."""
    start, extent, window = fn.fastmix.decode_region(shape, window, size=size, max_pixels=max_pixels)
    return fn.decoders.image_slice(encoded, start=start, shape=extent, axes=[0, 1]), window


def by_fastmix(
    encoded: DataNode, shape: DataNode, window: DataNode, size: int, max_pixels: int
) -> tuple[DataNode, DataNode]:
    """The same, but of large JPEGs at a fraction of their size. What is no ordinary JPEG comes from DALI's decoder."""
    image, inner, done = fn.fastmix.decode_jpeg(shape, window, encoded, size=size, max_pixels=max_pixels)
    rest = (split(node, done)[1] for node in (encoded, shape, window))
    ours = (split(node, done)[0] for node in (image, inner))
    theirs = by_dali(*rest, size=size, max_pixels=max_pixels)
    return tuple(fn._conditional.merge(*pair, predicate=done) for pair in zip(ours, theirs, strict=True))


def split(node: DataNode, where: DataNode) -> tuple[DataNode, DataNode]:
    """The samples where it is true, and the others: what DALI makes of an ``if``, which is for functions it converts.

    Nothing is copied, and operators do not run for a part without samples.
    """
    return tuple(fn._conditional.split(node, predicate=where, _if_stmt=True))


def of_pixels(graph: Graph, images: DataNode) -> tuple[DataNode, DataNode, DataNode | None]:
    """The same of images that come decoded."""
    shape = images.shape()
    window, mirror = seen(graph, shape)
    if graph.device_id is None:
        return images, window, mirror
    # Only what the window shows crosses the bus.
    start, extent, window = fn.fastmix.decode_region(shape, window, size=graph.size)
    return fn.slice(images, start=start, shape=extent, axes=[0, 1]).gpu(), window, mirror


def seen(graph: Graph, shape: DataNode) -> tuple[DataNode, DataNode | None]:
    """Which part of the image fills the output, and if ``train`` whether it is mirrored."""
    if not graph.train:
        return fn.fastmix.center_window(shape, size=graph.size, resize=graph.eval_resize), None
    _, _, mirror, start, end = graph.window(shape)
    return fn.cat(start, end - start), mirror
