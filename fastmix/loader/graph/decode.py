"""The default graph's first part: decoded images, each with the window that ``fn.fastmix.resample_mix`` resamples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nvidia.dali import fn, types
from nvidia.dali.data_node import DataNode

from fastmix.loader.graph.dali_private import merge, split
from fastmix.loader.graph.inputs import random_crop
from fastmix.loader.graph.samples import Samples
from fastmix.loader.graph.spec import GraphSpec


class Decoded(NamedTuple):
    """Decoded images; a bad sample is one black pixel.

    Attributes:
        images: uint8 (height, width, 3), of any sizes.
        window: float (y, x, height, width), the part that fills the output.
        status: int32, a :class:`fastmix.dali.Status`.
    """

    images: DataNode
    window: DataNode
    status: DataNode


def decoded(spec: GraphSpec, samples: Samples) -> tuple[Decoded, DataNode | None]:
    """Decode what the windows need; return it and, if ``train``, whether each image is mirrored."""
    window, mirror = _windows(spec, samples.shape)
    decode = on_cpu if spec.device_id is None else on_gpu
    return decode(spec, samples, window), mirror


def on_cpu(spec: GraphSpec, samples: Samples, window: DataNode, size: Sequence[int] | None = None) -> Decoded:
    """Decode the part of each image that its window needs; with windows (V, 4), ``size`` has each one's."""
    return Decoded(*_decode(spec, samples, window, size))


def _decode(
    spec: GraphSpec, samples: Samples, window: DataNode, size: Sequence[int] | None = None, **more: str
) -> list[DataNode]:
    options = {
        "size": spec.size if size is None else size,
        "filter": spec.interpolation,
        "own_jpeg": spec.decode == "fastmix",
        "max_pixels": spec.max_pixels,
        "guest_decoder": spec.guest_decoder,
    }
    return fn.fastmix.decode(samples.shape, window, samples.encoded, samples.status, **options, **more)


def on_gpu(spec: GraphSpec, samples: Samples, window: DataNode) -> Decoded:
    """Decode whole JPEGs on the GPU, by default with DALI; the CPU decodes all other files.

    DALI's decoder fails for bad files, which never reach it. With ``decode="fastmix"``, the CPU judges them afterwards.

    ``spec.hw_decoder_load`` is 0 unless the user asks for more: the writes of nvJPEG's hardware engine may not respect
    the order of the stream, which would corrupt batches in silence.
    """
    if spec.decode == "fastmix":
        images, inner, status = _decode(spec, samples, window, device="mixed")
        # Arguments of operators, and the report, are read on the CPU.
        return Decoded(images, inner.cpu(), status.cpu())
    where = samples.whole_jpeg
    (encoded, _), (whole, _), (good, _) = (split(node, where) for node in (samples.encoded, window, samples.status))
    on_device = Decoded(fn.decoders.image(encoded, device="mixed", hw_decoder_load=spec.hw_decoder_load), whole, good)
    rest = Samples(*(split(node, where)[1] for node in samples[:4]), details=())
    on_host = on_cpu(spec, rest, split(window, where)[1])
    on_host = on_host._replace(images=on_host.images.gpu())
    return Decoded(*(merge(*pair, where) for pair in zip(on_device, on_host, strict=True)))


def of_pixels(spec: GraphSpec, images: DataNode, status: DataNode) -> tuple[Decoded, DataNode | None]:
    """Return the same for images that come decoded."""
    shape = images.shape()
    window, mirror = _windows(spec, shape)
    if spec.device_id is None:
        return Decoded(images, window, status), mirror
    # Only the pixels in the window cross the bus.
    start, extent, window = fn.fastmix.decode_region(shape, window, size=spec.size, filter=spec.interpolation)
    return Decoded(fn.slice(images, start=start, shape=extent, axes=[0, 1]).gpu(), window, status), mirror


def _windows(spec: GraphSpec, shape: DataNode) -> tuple[DataNode, DataNode | None]:
    """Return the part of each image that fills the output, and if ``train`` whether it is mirrored."""
    if not spec.train:
        view = spec.view
        if view.crop_mode == "border":
            sides = fn.cast(shape[:2], dtype=types.FLOAT)
            return fn.cat(sides * 0, sides), None
        return fn.fastmix.center_window(shape, size=spec.size, resize=view.resize, mode=view.crop_mode), None
    _, _, mirror, start, end = random_crop(spec, shape)
    return fn.cat(start, end - start), mirror if spec.mirrors else None


def bordered(spec: GraphSpec, shape: DataNode, decoded: Decoded) -> DataNode:
    """Return whole images, resized to fit and with borders, uint8 (height, width, 3)."""
    fill = [min(max(round(255 * value), 0), 255) for value in spec.mean]
    options = {"size": spec.size, "resize": spec.view.resize, "filter": spec.interpolation, "fill": fill}
    return fn.fastmix.border(shape, decoded.window, decoded.images, **options)
