"""Makes the bytes of a packed image: a JPEG with restart markers, a smaller JPEG, a PNG of pixels, or the original."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from fastmix.packing.options import CALLER, QUALITY, Options

if TYPE_CHECKING:
    from PIL.Image import Image

_JPEG = b"\xff\xd8"
# Files that grow by more than 1/8, and by more than a header's worth, stay as they are.
_GROWTH, _HEADER = 8, 1024
# Modes that become RGB or gray as the loader's decoders do it. Others, such as CMYK and 16 bits, stay as they are.
_PLAIN = {"1", "L", "LA", "P", "RGB", "RGBA"}


def check_libraries(options: Options, pixels: bool) -> None:
    """Refuse options that need a library which is missing.

    Raises:
        ImportError: fastmix was built without libjpeg-turbo, or Pillow is not installed.
    """
    if options.restart_interval:
        try:
            from fastmix import _jpeg  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"{CALLER}: expected a build with libjpeg-turbo, got: {error}; install its headers "
                "(libjpeg62-turbo-dev or libjpeg-turbo8-dev) and build again, or pass restart_interval=0, which "
                "leaves JPEGs as they are"
            ) from error
    if not pixels and options.lossless:
        return
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        what = "data of pixels" if pixels else "max_side and quality"
        raise ImportError(f"{CALLER}: expected Pillow for {what}; pip install pillow") from error


def encode(data: np.ndarray, options: Options) -> bytes:
    """Return an image's bytes in the pack.

    Args:
        data: uint8 (bytes,), a file that can be decoded, or uint8 (H, W, 3), pixels.
        options: which bytes.
    """
    if data.ndim == 3:
        from PIL.Image import fromarray

        return _smaller(fromarray(data), options) or _saved(fromarray(data), "PNG")
    original = data.tobytes()
    if not options.lossless:
        import PIL.Image

        with PIL.Image.open(io.BytesIO(original)) as image:
            if (smaller := _smaller(image, options)) is not None:
                return smaller
    return _with_restarts(original, options)


def _with_restarts(data: bytes, options: Options) -> bytes:
    if not options.restart_interval or not data.startswith(_JPEG):
        return data
    from fastmix import _jpeg

    room = len(data) + len(data) // _GROWTH + _HEADER
    return _jpeg.transcode(data, options.restart_interval, room) or data


def _smaller(image: Image, options: Options) -> bytes | None:
    """Return a JPEG of the upright image; None for one that is to stay as it is."""
    from PIL import ImageOps
    from PIL.Image import Resampling

    side = options.max_side or max(image.size)
    if image.mode not in _PLAIN or not (max(image.size) > side or options.quality is not None):
        return None
    upright = ImageOps.exif_transpose(image)
    picture = upright.convert("L" if upright.mode in ("1", "L", "LA") else "RGB")
    picture.thumbnail((side, side), Resampling.LANCZOS, reducing_gap=None)  # does nothing to smaller ones
    jpeg = _saved(picture, "JPEG", quality=QUALITY if options.quality is None else options.quality, optimize=True)
    return _with_restarts(jpeg, options)


def _saved(image: Image, kind: str, **how: int | bool) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()
