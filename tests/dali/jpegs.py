"""JPEGs of every kind that cameras and programs write, of soft pictures, and what a window of them shows."""

import io

import numpy as np
import nvidia.dali.fn as fn
import torch
from dali_support import feed
from nvidia.dali import pipeline_def
from PIL import Image, ImageOps

from fastmix.ops.resample_mix import resample_mix

SIZE = 16
KINDS = {
    "4:4:4": {"subsampling": 0},
    "4:2:2": {"subsampling": 1},
    "4:2:0": {"subsampling": 2},
    "4:4:0": {"subsampling": 1, "factors": 0x12},
    "4:1:1": {"subsampling": 2, "factors": 0x41},
    "gray": {"mode": "L"},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_blocks": 3},
}


def soft(height: int, width: int, period: float = 90.0) -> Image.Image:
    """Waves in all directions, up to 8 grey levels per pixel steep: to be half a pixel off shows."""
    y, x = np.mgrid[:height, :width]
    phases = (x / period, y / period + 0.3, (x + y) / period / 1.4 + 0.6)
    return Image.fromarray(
        np.stack([127.5 + 110 * np.sin(2 * np.pi * phase) for phase in phases], axis=2).astype(np.uint8)
    )


def jpeg(image: Image.Image, mode: str = "RGB", orientation: int = 1, factors: int | None = None, **options) -> bytes:
    """A file; with ``factors`` for luma, of which Pillow writes few, its blocks are read in another order than written.

    The sides are to be multiples of 32 then.
    """
    buffer = io.BytesIO()
    if orientation != 1:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    image.convert(mode).save(buffer, "JPEG", **{"quality": 95, **options})
    data = bytearray(buffer.getvalue())
    if factors is not None:
        place = data.index(b"\xff\xc0")
        data[place + 11] = factors
    return bytes(data)


def decode(files, windows, size: int = SIZE, shapes=None, max_pixels: int = 0) -> list[np.ndarray]:
    """Of ``fastmix.decode_jpeg`` images, windows and whether done, as lists with an entry per file."""
    if shapes is None:
        shapes = [upright(data).shape[:2] for data in files]

    @pipeline_def(batch_size=len(files), num_threads=2, device_id=None)
    def graph():
        inputs = (
            feed([[np.int64(shape) for shape in shapes]]),
            feed([[np.float32(window) for window in windows]]),
            feed([[np.frombuffer(data, np.uint8) for data in files]]),
        )
        return tuple(fn.fastmix.decode_jpeg(*inputs, size=size, max_pixels=max_pixels))

    return [[np.array(output.at(i)) for i in range(len(files))] for output in graph().run()]


def upright(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def shown(images, windows, size: int = SIZE) -> np.ndarray:
    """Float32 (B, size, size, 3) in grey levels."""
    found = resample_mix(
        [torch.from_numpy(image) for image in images],
        torch.from_numpy(np.float32(windows)),
        size=size,
        edges="image",
        mean=(0.0,) * 3,
        std=(1 / 255,) * 3,
    )
    return found.permute(0, 2, 3, 1).numpy()
