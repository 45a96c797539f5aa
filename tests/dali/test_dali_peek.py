"""fastmix.peek: upright sizes from headers, a status for each file, and nothing allocated for what a header claims."""

import numpy as np
import pytest
from decoding import encoded, feed, peek, run, statuses
from images import HEIGHT, UNSUPPORTED, WIDTH, dim_pnms, jpegs, picture, readable, saved
from nvidia.dali import fn

import fastmix.dali
from fastmix.dali import Status

pytestmark = pytest.mark.skipif(not fastmix.dali.reports_status(), reason="built without nvImageCodec's header")


def test_sizes_are_upright():
    files = readable() | {name: data for name, (data, _) in dim_pnms().items()}
    shapes, found = peek(list(files.values()))
    for name, shape, status in zip(files, shapes, found, strict=True):
        turned = any(f"{word}{k}." in name for word in ("exif", "orientation") for k in (5, 6, 7, 8))
        assert status == Status.ok, name
        assert shape.tolist() == ([WIDTH, HEIGHT, 3] if turned else [HEIGHT, WIDTH, 3]), name


def test_formats_that_are_not_decoded():
    files = [saved(picture(), kind) for kind in UNSUPPORTED]
    files += [saved(picture(), "JPEG2000", no_jp2=True), saved(picture(), "TGA"), b"text", b""]
    shapes, found = peek(files)
    assert found == [Status.unsupported] * 5 + [Status.unknown_format] * 2 + [Status.empty]
    assert all(shape.tolist() == [1, 1, 3] for shape in shapes)
    assert "JPEG 2000" in Status.unsupported.meaning and "GIF" in Status.unsupported.meaning


def test_max_pixels():
    data = jpegs()["420.jpg"]
    assert peek([data], max_pixels=HEIGHT * WIDTH)[1] == [Status.ok]
    assert peek([data], max_pixels=HEIGHT * WIDTH - 1)[1] == [Status.too_large]
    assert peek([data], max_pixels=0)[1] == [Status.ok]


def test_headers_that_claim_more_than_the_file_holds():
    jpeg, png = bytearray(jpegs()["420.jpg"]), bytearray(saved(picture(), "PNG"))
    place = jpeg.index(b"\xff\xc0")
    jpeg[place + 5 : place + 9] = b"\x3e\x80\x3e\x80"  # 16,000 x 16,000
    png[16:24] = b"\0\0\x3e\x80" * 2
    pnm = b"P6 16000 16000 255\n" + bytes(99)
    webp = bytearray(readable()["exif6.webp"])
    place = webp.index(b"EXIF")
    webp[place + 4 : place + 8] = b"\xf0\xff\xff\xff"
    assert peek([bytes(jpeg), bytes(png), pnm, bytes(webp)])[1] == [Status.damaged] * 4


def test_a_given_status_is_passed_on():
    good = jpegs()["420.jpg"]
    given = [Status.missing, Status.ok, Status.transient]

    def graph():
        return tuple(fn.fastmix.peek(encoded([good] * 3), feed([[np.int32(status) for status in given]])))

    shapes, found, _ = run(graph, 3)
    assert statuses(found) == given
    assert [shape[0] for shape in shapes] == [1, HEIGHT, 1]


@pytest.mark.parametrize(
    ("data", "message"), [(np.zeros(4, np.int16), "expected files"), (np.zeros((2, 2), np.uint8), "expected files")]
)
def test_misuse_is_an_error(data, message):
    with pytest.raises(ValueError, match=message):
        run(lambda: tuple(fn.fastmix.peek(feed([[data]]))), 1)


def test_whole_jpegs():
    good = jpegs()["420.jpg"]
    files = [good, good + b"and more", good[:-2], saved(picture(), "PNG"), b"text"]
    whole = run(lambda: tuple(fn.fastmix.peek(encoded(files))), len(files))[2]
    assert [bool(one) for one in whole] == [True, True, False, False, False]
    unread = run(lambda: tuple(fn.fastmix.peek(encoded(files), find_whole_jpegs=False)), len(files))[2]
    assert not any(unread)


def test_statuses_are_the_operators_own():
    names = [name for name, _, _ in fastmix._core.sample_statuses()]
    assert names == [status.name for status in Status] and list(Status) == list(range(len(names)))
    assert {status.scope for status in Status} == {"file", "window", "moment"}
