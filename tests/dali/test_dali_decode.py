"""fastmix.decode: DALI's pixels of every good file, whole and in parts, and a status for every other one."""

import io
import json
import os
import resource
import struct
import subprocess
import sys
from pathlib import Path

import jpegs
import numpy as np
import nvidia.dali.experimental.dynamic as ndd
import pytest
from decoding import by_dali, decode, encoded, feed, run, statuses
from images import HEIGHT, WIDTH, dim_pnms, picture, readable, saved
from images import jpegs as jpegs_of_every_kind
from nvidia.dali import fn
from PIL import Image

import fastmix.dali
from fastmix.dali import Status

pytestmark = pytest.mark.skipif(not fastmix.dali.reports_status(), reason="built without nvImageCodec's header")
# DALI refuses these: the parser of nvImageCodec takes the padding of an odd chunk for a chunk.
REFUSED_BY_DALI = tuple(f"lossless_exif{k}.webp" for k in range(1, 9))
WINDOWS = [(0, 0, 0.4, 0.4), (0.2, 0.3, 0.5, 0.6), (0.55, 0.5, 0.4, 0.45), (0.9, 0.9, 0.09, 0.09)]


def segment(body: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def exif(orientation: int) -> bytes:
    return segment(b"Exif\0\0MM" + struct.pack(">HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0))


def test_whole_images_have_dalis_pixels():
    files = readable()
    images, inner, found = decode(list(files.values()))
    assert found == [Status.ok] * len(files)
    for name, data, image, window in zip(files, files.values(), images, inner, strict=True):
        expected = by_dali(data)
        if name in REFUSED_BY_DALI:
            with Image.open(io.BytesIO(data)) as stored:
                expected = jpegs.upright(data) if stored.getexif() else np.asarray(stored.convert("RGB"))
        np.testing.assert_array_equal(image, expected, err_msg=name)
        assert window.tolist() == [0, 0, *image.shape[:2]]


def test_parts_have_the_pixels_of_the_whole():
    files = readable()
    whole, _, _ = decode(list(files.values()))
    for part in WINDOWS:
        images, inner, found = decode(list(files.values()), [part] * len(files), size=200)
        assert found == [Status.ok] * len(files)
        for name, image, window, all_of_it in zip(files, images, inner, whole, strict=True):
            sides = all_of_it.shape[:2]
            y, x = (round(part[axis] * sides[axis] - window[axis]) for axis in range(2))
            expected = all_of_it[y : y + image.shape[0], x : x + image.shape[1]]
            np.testing.assert_array_equal(image, expected, err_msg=f"{name} {part}")


@pytest.mark.skipif(not fastmix.dali.decodes_jpeg(), reason="built without libjpeg-turbo")
@pytest.mark.parametrize("kind", jpegs.KINDS)
def test_jpegs_come_from_fastmixs_decoder_at_reduced_size(kind):
    data = jpegs.jpeg(jpegs.soft(448, 544), **jpegs.KINDS[kind])
    parts = [(0, 0, 1, 1), (0.1, 0.2, 0.5, 0.4), (0.5, 0.3, 0.25, 0.7)]
    for size in (16, 40, 100):
        images, inner, found = decode([data] * 3, parts, size=size)
        windows = [np.float32(part) * np.float32((448, 544, 448, 544)) for part in parts]
        expected, places, done = jpegs.decode([data] * 3, windows, size=size, shapes=[(448, 544)] * 3)
        assert all(done) and found == [Status.ok] * 3
        for k in range(3):
            np.testing.assert_array_equal(images[k], expected[k])
            np.testing.assert_array_equal(inner[k], places[k])


@pytest.mark.parametrize("name", dim_pnms())
def test_pnms_are_read_as_they_are_meant(name):
    data, expected = dim_pnms()[name]
    (image,), _, found = decode([data])
    assert found == [Status.ok]
    np.testing.assert_array_equal(image, expected if expected.ndim == 3 else np.repeat(expected[..., None], 3, 2))


@pytest.mark.parametrize(("first", "second"), [(1, 6), (6, 1), (3, 8), (5, 5)])
def test_the_first_of_two_exif_segments_counts(first, second):
    data = readable()["444.jpg"]
    both = data[:2] + exif(first) + exif(second) + data[2:]
    (image, one), _, found = decode([both, data[:2] + exif(first) + data[2:]])
    assert found == [Status.ok] * 2
    np.testing.assert_array_equal(image, one)


def incomplete(data: bytes, scans: int) -> bytes:
    """A progressive JPEG of the first scans only, with an end marker."""
    at = -1
    for _ in range(scans + 1):
        at = data.index(b"\xff\xda", at + 1)
    # Tables may come between the scans; they are no part of the one before.
    return data[: data.rindex(b"\xff\xc4", 0, at) if b"\xff\xc4" in data[at - 200 : at] else at] + b"\xff\xd9"


@pytest.mark.parametrize("scans", range(1, 8))
def test_incomplete_progressive_jpegs_are_smoothed_as_dali_does(scans):
    data = incomplete(saved(jpegs.soft(200, 300), "JPEG", progressive=True, quality=60), scans)
    expected = by_dali(data)
    (image,), _, found = decode([data])
    assert found == [Status.ok] and expected is not None
    np.testing.assert_array_equal(image, expected)
    for part in WINDOWS:
        (image,), (window,), _ = decode([data], [part])
        y, x = (round(part[axis] * (200, 300)[axis] - window[axis]) for axis in range(2))
        np.testing.assert_array_equal(image, expected[y : y + image.shape[0], x : x + image.shape[1]])


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("name", ["420.jpg", "422_progressive.jpg", "rgb.png", "exif1.webp", "raw.tif", "tiff_lzw.tif"])
def test_a_file_that_ends_early_is_bad_in_every_window(name, keep):
    data = readable()[name]
    data = data[: int(len(data) * keep)]
    found = decode([data] * len(WINDOWS), WINDOWS, size=48)[2]
    assert len(set(found)) == 1 and found[0] in (Status.truncated, Status.damaged)
    assert found[0].scope == "file"


def test_jpegs_without_an_end_marker_are_whole_where_dali_decodes_them():
    files = [data[:-2] for name, data in jpegs_of_every_kind().items() if name != "trailing.jpg"]
    decoded, _, found = decode(files)
    by_dalis = [by_dali(data) for data in files]
    assert found == [Status.truncated if pixels is None else Status.ok for pixels in by_dalis]
    assert len(set(found)) == 2
    for pixels, expected in zip(decoded, by_dalis, strict=True):
        assert expected is None or np.array_equal(pixels, expected)


def test_jpegs_without_an_end_marker_leave_no_memory_behind():
    files = [saved(picture(), "JPEG", quality=95)[:-2]] * 100

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    for i in range(30):
        if i == 5:
            before = resident()
        assert decode(files)[2] == [Status.ok] * 100
    assert resident() - before < 16 << 20  # the images have 160 MB


def test_damage_is_said_of_the_file_where_it_holds_for_every_window():
    # A quantisation table becomes a comment. nvImageCodec alone decodes CMYK, and its verdict is on the window.
    ordinary, cmyk = (readable()[name].replace(b"\xff\xdb", b"\xff\xfe", 1) for name in ("420.jpg", "cmyk.jpg"))
    assert by_dali(ordinary) is None and by_dali(cmyk) is None
    images, inner, found = decode([ordinary, cmyk])
    assert found[1] == Status.window_damaged
    if fastmix.dali.decodes_jpeg():
        assert found[0] == Status.damaged
    for image, window in zip(images, inner, strict=True):
        assert image.tolist() == [[[0, 0, 0]]] and window.tolist() == [0, 0, 1, 1]


def test_a_thousand_scans_are_refused():
    data = saved(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    data = data[:-2] + data[last:-2] * 1000 + b"\xff\xd9"
    assert decode([data], max_pixels=2**28)[2] == [Status.damaged]


def test_given_statuses_come_out_and_pixels_are_black():
    good = readable()["420.jpg"]
    given = [Status.missing, Status.ok, Status.denied]

    def graph():
        shape = feed([[np.int64([1, 1, 3]), np.int64([HEIGHT, WIDTH, 3]), np.int64([1, 1, 3])]])
        window = feed([[np.float32([0, 0, 1, 1])] * 3])
        status = feed([[np.int32(status) for status in given]])
        return tuple(fn.fastmix.decode(shape, window, encoded([b"", good, b""]), status, size=9))

    images, inner, found = run(graph, 3)
    assert statuses(found) == given
    for k in (0, 2):
        assert images[k].tolist() == [[[0, 0, 0]]] and inner[k].tolist() == [0, 0, 1, 1]


def test_max_pixels():
    data = readable()["420.jpg"]

    def graph():
        shape, window = feed([[np.int64([HEIGHT, WIDTH])]]), feed([[np.float32([0, 0, 9, 9])]])
        return tuple(fn.fastmix.decode(shape, window, encoded([data]), size=9, max_pixels=HEIGHT * WIDTH - 1))

    assert statuses(run(graph, 1)[2]) == [Status.too_large]


@pytest.mark.parametrize(
    ("shape", "window", "message"),
    [
        ((HEIGHT, WIDTH + 1), (0, 0, 1, 1), f"{HEIGHT} x {WIDTH + 1} pixels, got a file with {HEIGHT} x {WIDTH}"),
        (None, (0, 0, 1.1, 1), "inside"),
    ],
)
def test_misuse_is_an_error(shape, window, message):
    with pytest.raises(ValueError, match=message):
        decode([readable()["420.jpg"]], [window], shapes=None if shape is None else [shape])


def test_dynamic_mode(tmp_path):
    path = tmp_path / "file.png"
    picture().save(path)
    data, status, *_ = ndd.fastmix.read(ndd.as_batch([np.frombuffer(os.fsencode(path), np.uint8)]))
    shape, status, _ = ndd.fastmix.peek(data, status)
    window = ndd.as_batch([np.float32([0, 0, HEIGHT, WIDTH])])
    image, _, status = ndd.fastmix.decode(shape, window, data, status, size=200)
    assert [int(np.asarray(one)) for one in status] == [Status.ok]
    np.testing.assert_array_equal(np.asarray(next(iter(image))), np.asarray(picture()))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("group", ["jpg", "png", "webp", "tif", "bmp", "pnm", "jp2", "gif", "avif", "j2k"])
def test_mutated_files(group, seed):
    program = Path(__file__).with_name("decode_mutated.py")
    path = os.pathsep.join([str(program.parent), str(program.parents[1]), str(program.parents[2])])
    environment = {**os.environ, "PYTHONPATH": path}
    count = 300
    command = [sys.executable, str(program), str(seed), str(count), group]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=180, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert sum(result["counts"].values()) == count
    assert result["peak"] < 2**30
    bad = count - result["counts"].get("ok", 0)
    assert bad > count // 5 and (group == "jp2") == ("ok" not in result["counts"])
