"""Pillow as a decoder for ``fn.fastmix.peek`` and ``decode``: GIF, AVIF and JPEG 2000, called from DALI's threads."""

from __future__ import annotations

import ctypes
import functools
import io
from typing import TYPE_CHECKING

import numpy as np

from fastmix.dali.status import Status

if TYPE_CHECKING:
    from ctypes import _Pointer

    from PIL.Image import Image

    _Size = _Pointer[ctypes.c_int32]  # of two: height, width

FORMATS = ("GIF", "AVIF", "JPEG2000")
# Damaged files make earlier versions write to freed memory (CVE-2025-54874).
_OPENJPEG = (2, 5, 4)
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)
_INSTALL = "pip install 'pillow>=12'"

# GuestDecoder of csrc/codec/guest_decoder.h: (data, bytes, max_pixels, size, out) to a status.
_SIGNATURE = ctypes.CFUNCTYPE(
    ctypes.c_int32,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.POINTER(ctypes.c_int32),
    ctypes.c_void_p,
)


@functools.cache
def pillow_decoder() -> int:
    """Return the address of a C function that decodes GIF, AVIF and JPEG 2000 with Pillow, for ``guest_decoder=``.

    Only the first frame is decoded; pixels are upright, as Exif says, and an alpha channel is dropped. Pillow's own
    limit holds besides ``max_pixels``: twice ``PIL.Image.MAX_IMAGE_PIXELS``. The function lives as long as the
    process. ::

        image, window, status = fn.fastmix.decode(..., guest_decoder=fastmix.dali.pillow_decoder())

    Raises:
        ImportError: Pillow is not installed, lacks one of the formats, or has an OpenJPEG that damaged files crash.
    """
    _check_pillow()
    function = _SIGNATURE(_decode)
    _KEPT.append(function)
    return ctypes.cast(function, ctypes.c_void_p).value or 0


_KEPT: list[object] = []  # a function must outlive its address


def _check_pillow() -> None:
    try:
        from PIL import Image, features
    except ImportError as error:
        raise ImportError(f"decode_with_pillow: expected Pillow, which cannot be imported; {_INSTALL}") from error
    missing = [name for name in ("avif", "jpg_2000") if name not in features.get_supported()]
    openjpeg = features.version("jpg_2000") or "none"
    if missing or tuple(int(number) for number in openjpeg.split(".")) < _OPENJPEG:
        raise ImportError(
            "decode_with_pillow: expected a Pillow with AVIF and OpenJPEG 2.5.4 or newer, since damaged files crash "
            f"older ones, got OpenJPEG {openjpeg}{' and no AVIF' if 'avif' in missing else ''}; {_INSTALL}"
        )
    Image.init()  # registers AVIF and JPEG 2000 before several threads open images


def _decode(data: int, count: int, max_pixels: int, size: _Size, out: int | None) -> int:
    """Read the size, or decode; returns a status whatever happens, since nobody could catch an exception."""
    try:
        if out is None:
            return _read_size(ctypes.string_at(data, count), max_pixels, size)
        with _opened(ctypes.string_at(data, count)) as image:
            pixels = _pixels(image)
        height, width, _ = pixels.shape
        if (height, width) != (size[0], size[1]):
            return Status.damaged
        ctypes.memmove(out, pixels.ctypes.data, pixels.nbytes)
        return Status.ok
    except MemoryError:
        return Status.transient
    except BaseException as error:
        return Status.too_large if type(error).__name__.startswith("DecompressionBomb") else Status.damaged


def _read_size(data: bytes, max_pixels: int, size: _Size) -> int:
    with _opened(data) as image:
        width, height = image.size
        if image.getexif().get(_ORIENTATION) in _TURNED:
            width, height = height, width
    if max_pixels > 0 and height * width > max_pixels:
        return Status.too_large
    size[0], size[1] = height, width
    return Status.ok


def _opened(data: bytes) -> Image:
    """Read a file's header."""
    from PIL import Image

    return Image.open(io.BytesIO(data), formats=FORMATS)


def _pixels(image: Image) -> np.ndarray:
    """Return uint8 (height, width, 3), upright."""
    from PIL import Image, ImageOps

    image.load()
    if image.mode.startswith("I;16"):
        gray = (np.asarray(image).astype(np.uint32) * 255 + 32767) // 65535
        exif = image.getexif()
        image = Image.fromarray(gray.astype(np.uint8))
        image.getexif().update(exif)
    return np.ascontiguousarray(ImageOps.exif_transpose(image.convert("RGB")))
