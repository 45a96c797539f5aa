"""GIF, AVIF and JPEG 2000 through Pillow: its pixels, and a status for whatever else comes."""

import io
import sys

import numpy as np
import pytest
from decoding import decode, peek
from images import HEIGHT, WIDTH, orientation, picture, saved
from PIL import Image, ImageOps, features

from fastmix.dali import Status, pillow_decoder
from fastmix.dali import pillow as pillow_module

BOX = (20, 30, 40, 50)  # y, x, height, width
WINDOW = (BOX[0] / HEIGHT, BOX[1] / WIDTH, BOX[2] / HEIGHT, BOX[3] / WIDTH)


def files() -> dict[str, bytes]:
    """Files that Pillow decodes, by name."""
    image = picture()
    alpha = image.convert("RGBA")
    alpha.putalpha(128)
    made = {
        "rgb.gif": saved(image, "GIF"),
        "gray.gif": saved(image.convert("L"), "GIF"),
        "transparent.gif": saved(image.quantize(16), "GIF", transparency=3),
        "frames.gif": saved(image, "GIF", save_all=True, append_images=[image.rotate(90)]),
        "rgb.avif": saved(image, "AVIF"),
        "alpha.avif": saved(alpha, "AVIF"),
        "frames.avif": saved(image, "AVIF", save_all=True, append_images=[image.rotate(90)]),
        "rgb.jp2": saved(image, "JPEG2000"),
        "alpha.jp2": saved(alpha, "JPEG2000"),
        "gray.j2k": saved(image.convert("L"), "JPEG2000", no_jp2=True),
    }
    return made | {f"exif{k}.avif": saved(image, "AVIF", exif=orientation(k)) for k in range(1, 9)}


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


def test_pixels_are_pillows():
    named = files()
    expected = [by_pillow(data) for data in named.values()]
    shapes, found = peek(list(named.values()), guest_decoder=pillow_decoder())
    assert found == [Status.ok] * len(named)
    assert [tuple(shape) for shape in shapes] == [image.shape for image in expected]
    images, _, found = decode(list(named.values()), guest_decoder=pillow_decoder())
    assert found == [Status.ok] * len(named)
    for name, image, pixels in zip(named, images, expected, strict=True):
        assert np.array_equal(image, pixels), name
    turned = [by_pillow(named[f"exif{k}.avif"]) for k in range(1, 9)]
    assert {image.shape[:2] for image in turned} == {(HEIGHT, WIDTH), (WIDTH, HEIGHT)}


def test_a_window_is_cut_out_of_the_whole():
    named = [data for name, data in files().items() if not name.startswith("exif")]
    images, inner, found = decode(named, [WINDOW] * len(named), guest_decoder=pillow_decoder())
    assert found == [Status.ok] * len(named)
    for data, image, window in zip(named, images, inner, strict=True):
        y, x = (round(BOX[0] - window[0]), round(BOX[1] - window[1]))
        assert image.shape[0] < HEIGHT
        assert np.array_equal(image, by_pillow(data)[y : y + image.shape[0], x : x + image.shape[1]])


def test_sixteen_bits_are_scaled():
    wide = np.asarray(picture().convert("L")).astype(np.uint16) * 257 + np.arange(WIDTH, dtype=np.uint16)
    data = saved(Image.fromarray(wide), "JPEG2000")
    assert np.asarray(Image.open(io.BytesIO(data))).dtype == np.uint16
    ([image], _, found) = decode([data], guest_decoder=pillow_decoder())
    assert found == [Status.ok]
    assert np.array_equal(image, np.repeat(np.round(wide * (255 / 65535)).astype(np.uint8)[..., None], 3, axis=2))


def test_nobody_decodes_them_without_being_asked():
    named = list(files().values())
    assert peek(named)[1] == decode(named)[2] == [Status.unsupported] * len(named)
    meaning = Status.unsupported.meaning
    assert "decode_with_pillow=True" in meaning and "damaged JPEG 2000 files crash" in meaning


def test_other_formats_are_not_for_pillow():
    others = [saved(picture(), "ICO"), b"\xff\x0a" + bytes(40), bytes(4) + b"ftypheic" + bytes(40)]
    assert peek(others, guest_decoder=pillow_decoder())[1] == [Status.unsupported] * 3
    assert peek([saved(picture(), "TGA")], guest_decoder=pillow_decoder())[1] == [Status.unknown_format]


def test_bad_files_cost_only_themselves():
    good = saved(picture(), "PNG")
    bad = [data[: len(data) // 2] for data in files().values() if data[:4] != b"GIF8"]
    bad += [b"GIF89a", b"GIF89a" + bytes(40), b"\xff\x4f" + bytes(40), bytes(4) + b"ftypavif" + bytes(40)]
    batch = [data for one in bad for data in (one, good)]
    images, _, found = decode(batch, guest_decoder=pillow_decoder())
    # OpenJPEG makes a picture of half a code stream, as Pillow shows it.
    assert set(found[1::2]) == {Status.ok} and Status.damaged in found[::2]
    assert set(found[::2]) <= {Status.damaged, Status.ok}
    assert all(np.array_equal(image, np.asarray(picture())) for image in images[1::2])
    again = decode(batch[::-1], threads=4, guest_decoder=pillow_decoder())
    assert again[2][::-1] == found
    assert all(np.array_equal(a, b) for a, b in zip(again[0][::-1], images, strict=True))


def test_sizes_are_compared_before_anything_is_decoded(monkeypatch):
    monkeypatch.setattr(pillow_module, "_pixels", lambda _: pytest.fail("decoded"))
    named = list(files().values())
    options = {"max_pixels": HEIGHT * WIDTH - 1, "guest_decoder": pillow_decoder()}
    assert peek(named, **options)[1] == decode(named, **options)[2] == [Status.too_large] * len(named)
    huge = bytearray(files()["rgb.gif"])
    huge[6:10] = b"\xff\xff\xff\xff"
    assert peek([bytes(huge)], max_pixels=0, guest_decoder=pillow_decoder())[1] == [Status.too_large]


def test_lack_of_memory_is_no_verdict_on_the_file(monkeypatch):
    def fail(_):
        raise MemoryError

    monkeypatch.setattr(pillow_module, "_pixels", fail)
    assert decode(list(files().values())[:2], guest_decoder=pillow_decoder())[2] == [Status.transient] * 2


def test_a_pillow_that_cannot_do_it_is_refused(monkeypatch):
    monkeypatch.setattr(features, "version", lambda _: "2.5.3")
    with pytest.raises(ImportError, match=r"expected .* OpenJPEG 2.5.4 or newer.*got OpenJPEG 2.5.3; pip install"):
        pillow_module._check_pillow()
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"decode_with_pillow: expected Pillow, .*pip install"):
        pillow_module._check_pillow()
