"""Files that no loader likes, each made out of a good JPEG; and those that only look bad."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def truncated(path: Path, keep: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])


def truncated_early(path: Path) -> None:
    truncated(path, 0.05)


def truncated_in_the_middle(path: Path) -> None:
    truncated(path, 0.6)


def truncated_near_the_end(path: Path) -> None:
    truncated(path, 0.99)


def without_its_last_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def one_byte(path: Path) -> None:
    path.write_bytes(b"\xff")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("<html>not an image</html>")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def missing(path: Path) -> None:
    path.unlink()


def huge_jpeg_header(path: Path) -> None:
    data = bytearray(path.read_bytes())
    place = 2
    while data[place + 1] not in (0xC0, 0xC1, 0xC2):
        place += 2 + struct.unpack(">H", data[place + 2 : place + 4])[0]
    data[place + 5 : place + 9] = struct.pack(">HH", 20000, 20000)
    path.write_bytes(data)


def huge_png_header(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b""))


BAD = (
    truncated_early,
    truncated_in_the_middle,
    truncated_near_the_end,
    without_its_last_byte,
    one_byte,
    empty,
    text,
    folder,
    dangling,
    huge_png_header,
    huge_jpeg_header,
)


def unreadable(path: Path) -> bool:
    """Take the permissions away; False where nobody minds, as root does not."""
    path.chmod(0)
    return not os.access(path, os.R_OK)


def png_named_jpg(path: Path) -> None:
    Image.open(io.BytesIO(path.read_bytes())).save(path, "PNG")


def cmyk(path: Path) -> None:
    Image.open(io.BytesIO(path.read_bytes())).convert("CMYK").save(path, "JPEG")


def png_of_16_bits(path: Path) -> None:
    gray = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L")).astype(np.uint16) * 257
    Image.fromarray(gray).save(path, "PNG")


def trailing_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"written by a camera")


GOOD = (png_named_jpg, cmyk, png_of_16_bits, trailing_bytes)
