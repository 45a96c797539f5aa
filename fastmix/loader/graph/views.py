"""Several views of each image: the image is decoded once, and ``fn.fastmix.resample_mix`` runs once for each size.

::

    key + view --> random_resized_crop --> windows (V, 4) --> decode --> image, windows in it
                                                                |-> resample_mix, first size  -> (B, V0, 3, h0, w0)
                                                                '-> resample_mix, second size -> (B, V1, 3, h1, w1)
"""

from __future__ import annotations

from nvidia.dali import fn
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph import decode, inputs
from fastmix.loader.graph.outputs import batch_options, report_nodes
from fastmix.loader.graph.samples import samples
from fastmix.loader.graph.spec import GraphSpec


def of_views(spec: GraphSpec) -> tuple[DataNode, ...]:
    """Add all operators; return the images of each size, and the report's nodes."""
    if spec.delivers == "pixels":
        images, status = inputs.pixels(), inputs.status()
        windows, report = _windows(spec, images.shape()), (status,)
    else:
        read = samples(spec)
        sizes = [side for group in spec.views for _ in group.crops for side in group.size]
        images, windows, status = decode.on_cpu(spec, read, _windows(spec, read.shape), sizes)
        report = report_nodes(read, status)
    made, first = [], 0
    for name, group in zip(inputs.sample_plan_names(spec), spec.views, strict=True):
        last = first + len(group.crops)
        views = {"window": windows[first:last], "size": group.size, "sample_plan": inputs.sample_plan(name, ndim=2)}
        made.append(fn.fastmix.resample_mix(images, alpha=0.0, **views, **batch_options(spec, status)))
        first = last
    return *made, *report


def _windows(spec: GraphSpec, shape: DataNode) -> DataNode:
    """Return the windows of all views, float (V, 4), by size."""
    key, windows = inputs.key(), []
    for group in spec.views:
        for crop in group.crops:
            _, _, _, start, end = inputs.crop_of_view(spec, shape, key, crop)
            windows.append(fn.cat(start, end - start))
    return fn.stack(*windows)
