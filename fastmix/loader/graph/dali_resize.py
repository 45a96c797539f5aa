"""DALI's own crop and resize: uint8 images of the output's size, for comparison and for ``augment=`` hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvidia.dali import fn, types
from nvidia.dali.data_node import DataNode

if TYPE_CHECKING:
    from fastmix.loader.graph.graph import Graph


def decoded(graph: Graph, encoded: DataNode, shape: DataNode) -> tuple[DataNode, DataNode | None]:
    """Images uint8 (size, size, 3) and, if ``train``, whether each is to be mirrored."""
    size = (graph.size, graph.size)
    if graph.device_id is not None:
        images = fn.decoders.image(encoded, device="mixed")
        if not graph.train:
            return centre(graph, images), None
        _, _, mirror, start, end = graph.window(shape)
        return fn.resize(images, size=size, roi_start=start, roi_end=end), mirror
    # Memory for what a header promises is taken before it turns out that it lied.
    fits = shape[0] * shape[1] <= graph.max_pixels
    if not graph.train:
        whole = fn.cast(shape[:2], dtype=types.INT32)
        extent = whole * fits + (fits == 0)
        images = fn.decoders.image_slice(encoded, start=whole * 0, shape=extent, axes=[0, 1])
        return centre(graph, images), None
    anchor, extent, mirror, _, _ = graph.window(shape)
    images = fn.decoders.image_slice(encoded, start=anchor * fits, shape=extent * fits + (fits == 0), axes=[0, 1])
    return fn.resize(images, size=size), mirror


def of_pixels(graph: Graph, images: DataNode) -> tuple[DataNode, DataNode | None]:
    """The same of images that come decoded."""
    if not graph.train:
        return centre(graph, images if graph.device_id is None else images.gpu()), None
    anchor, extent, mirror, _, _ = graph.window(images.shape())
    images = fn.slice(images, start=anchor, shape=extent, axes=[0, 1])
    return fn.resize(images if graph.device_id is None else images.gpu(), size=(graph.size, graph.size)), mirror


def centre(graph: Graph, images: DataNode) -> DataNode:
    """Evaluation's view."""
    images = fn.resize(images, resize_shorter=graph.eval_resize)
    return fn.crop(images, crop=(graph.size, graph.size))
