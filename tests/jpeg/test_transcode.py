"""Lossless transcoding of JPEGs: the same pixels and markers, and of hostile bytes nothing but a refusal."""

import io
import struct

import fuzz.jpeg_files as jpeg_files
import images
import numpy as np
import pytest
from fuzz.native_programs import PROGRAMS, run
from PIL import Image, ImageCms

jpeg = pytest.importorskip("fastmix._jpeg", reason="built without libjpeg-turbo")
FILES = images.jpegs() | jpeg_files.plain_and_noisy()
# Pillow calls these properties of the file's coding by name, not of the picture.
CODING = ("progressive", "progression")


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def markers(data: bytes) -> list[tuple[int, bytes]]:
    """The segments before the first scan."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        size = struct.unpack_from(">H", data, at + 2)[0]
        found.append((data[at + 1], data[at + 4 : at + 2 + size]))
        at += 2 + size
    return found


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("interval", [1, 4, 65535])
def test_picture_and_markers_stay(name, interval):
    data = FILES[name]
    result = jpeg.transcode(data, interval, 2 * len(data) + 4096)
    before, after = opened(data), opened(result)
    assert after.mode == before.mode and np.array_equal(np.asarray(before), np.asarray(after))
    assert "progressive" not in after.info
    for coding in CODING:
        before.info.pop(coding, None)
    assert after.info == before.info
    applications = [marker for marker in markers(data) if marker[0] >= 0xE0]
    assert [marker for marker in markers(result) if marker[0] >= 0xE0] == applications
    assert (0xDD, struct.pack(">H", interval)) in markers(result)
    assert jpeg.transcode(result, interval, 2 * len(data) + 4096) == result


def test_every_kind_of_marker_stays():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() * 200  # in several segments
    exif = images.orientation(6)
    data = images.saved(images.picture(), "JPEG", icc_profile=profile, exif=exif, dpi=(72, 300), comment=b"by hand")
    after = opened(jpeg.transcode(data, 4, 2 * len(data)))
    assert after.info["icc_profile"] == profile and after.info["comment"] == b"by hand"
    assert after.info["dpi"] == (72, 300) and after.getexif() == exif


def test_bytes_behind_the_picture_stay():
    data = FILES["420.jpg"]
    assert jpeg.transcode(data + b"\xff\xd8film", 4, 2 * len(data)).endswith(b"\xff\xd9\xff\xd8film")


def first_scans_of(data: bytes, scans: int) -> bytes:
    at = [place for place in range(len(data) - 1) if data[place : place + 2] == b"\xff\xda"]
    return data[: at[scans]] + b"\xff\xd9"


def test_files_that_stay_as_they_are():
    good = FILES["420.jpg"]
    wide = bytearray(good)
    frame = wide.index(b"\xff\xc0")
    wide[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"  # 65,500 x 65,500 pixels: 12 GB of coefficients
    precise = bytearray(good)
    precise[frame + 1], precise[frame + 4] = 0xC1, 12
    odd = {
        "empty": b"",
        "no JPEG": images.saved(images.picture(), "PNG"),
        "cut off": good[:-40],
        "no end mark": good[:-2],
        "bytes behind the scan": good[:-2] + bytes(40) + good[-2:],
        "too large": bytes(wide),
        "12 bits": bytes(precise),
        "scans missing": first_scans_of(FILES["420_progressive.jpg"], 4),
    }
    assert [name for name, data in odd.items() if jpeg.transcode(data, 4, 1 << 20) is not None] == []
    whole = jpeg.transcode(good, 4, 2 * len(good))
    assert jpeg.transcode(good, 4, len(whole) + 1) == whole
    assert jpeg.transcode(good, 4, len(whole)) is None


def test_an_interval_out_of_range():
    for interval in (0, 65536):
        with pytest.raises(ValueError, match=r"interval in \[1, 65535\]"):
            jpeg.transcode(FILES["420.jpg"], interval, 9999)


@pytest.mark.parametrize("seed", range(2))
def test_damaged_files_keep_their_pixels_or_stay(tmp_path, seed):
    program = PROGRAMS["JPEG transcoder"]
    output = run(program.compile(tmp_path), seed, 1000, *program.write_files(tmp_path / "files"))
    taken, left = map(int, output.splitlines()[-1].split())
    assert taken > 50 and left > 400
