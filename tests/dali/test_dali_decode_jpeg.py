"""fastmix.decode_jpeg: libjpeg's pixels, in full or at a reduced size, where they belong, of every kind it takes."""

import io

import numpy as np
import pytest
from jpegs import KINDS, SIZE, decode, jpeg, shown, soft, upright
from PIL import Image

import fastmix.dali

pytestmark = pytest.mark.skipif(not fastmix.dali.decodes_jpeg(), reason="built without libjpeg-turbo")
# Least windows for SIZE outputs to be decoded in full (any would do), at 1/2, 1/4 and 1/8.
LEAST = {1: 48, 2: 96, 4: 192, 8: 384}


def by_pillow(data: bytes, reduction: int) -> np.ndarray:
    """The whole photograph at this scale, as it is stored."""
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        if reduction > 1:
            image.draft("RGB", (width // reduction, height // reduction))
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[:2] == (-(-height // reduction), -(-width // reduction))
    return pixels


def windows_of(height: int, width: int, least: int) -> list[tuple[float, float, float, float]]:
    """At every border and corner, in the middle, whole; with fractions."""
    y, x = height - least, width - least
    places = [(0, 0), (0, x), (y, 0), (y, x), (y / 2, x / 3), (0, x / 2), (y / 2, 0), (y, x / 2), (y / 3 + 0.3, x)]
    return [(*place, least, least) for place in places] + [(0, 0, height, width), (7.25, 3.5, height - 9, width - 5)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reduction", LEAST)
def test_pixels_are_those_of_the_whole_photograph_at_that_size(kind, reduction):
    height, width = 448, 544
    rng = np.random.default_rng(0)
    noisy = Image.fromarray(rng.integers(0, 256, (height // 2, width // 2, 3), dtype=np.uint8)).resize((width, height))
    data = jpeg(noisy, **KINDS[kind])
    windows = [w for w in windows_of(height, width, LEAST[reduction]) if min(w[2:]) < 2 * LEAST[reduction]]
    whole = by_pillow(data, reduction)
    images, inner, done = decode([data] * len(windows), windows, shapes=[(height, width)] * len(windows))
    assert all(done)
    for image, window, place in zip(images, windows, inner, strict=True):
        y, x = (round(window[axis] / reduction - place[axis]) for axis in range(2))
        np.testing.assert_array_equal(place, np.float32([*np.divide(window, reduction)]) - np.float32([y, x, 0, 0]))
        np.testing.assert_array_equal(image, whole[y : y + image.shape[0], x : x + image.shape[1]])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("height", "width"), [(448, 544), (449, 543), (451, 546), (455, 541)])
def test_nothing_moves(orientation, height, width):
    """Against the same windows of what is decoded in full and turned by Pillow, also where sides are odd."""
    data = jpeg(soft(height, width), orientation=orientation, subsampling=2)
    pixels = upright(data)
    assert pixels.shape[:2] == ((width, height) if orientation > 4 else (height, width))
    for reduction, least in LEAST.items():
        windows = windows_of(*pixels.shape[:2], least)
        if reduction == 1:
            windows = [window for window in windows if min(window[2:]) < LEAST[2]]
        images, inner, done = decode([data] * len(windows), windows)
        assert all(done)
        expected = shown([pixels] * len(windows), windows)
        difference = np.abs(shown(images, inner) - expected)
        if reduction == 1:
            assert difference.max() < 1e-3
            continue
        # At borders where a pixel of the smaller photograph is half outside, the filter takes all of it, not half.
        assert difference[:, 1:-1, 1:-1].max() < 3 and difference.max() < 12 and difference.mean() < 0.9
        # A quarter of a pixel of the smaller photograph is too much already.
        moved = np.abs(shown(images, np.array(inner) + np.float32([0, 0.25, 0, -0.25])) - expected)
        assert moved[:, 1:-1, 1:-1].max() > 5 and moved.mean() > 0.9


def test_the_size_is_chosen_by_the_window():
    data = jpeg(soft(800, 800))
    for side, reduction in [(95.9, 1), (96, 2), (191.9, 2), (192, 4), (384, 8), (800, 8)]:
        (image,), _, (done,) = decode([data], [(0, 0, side, 800)])
        assert done
        # And a pixel or so for the filter.
        assert 0 <= image.shape[0] - side / reduction < 2 + side / reduction / SIZE


def refused() -> dict[str, bytes]:
    """Files that are left to DALI's decoder, which takes most of them."""
    picture = soft(400, 400)
    plain = jpeg(picture)
    png, webp = io.BytesIO(), io.BytesIO()
    picture.save(png, "PNG")
    picture.save(webp, "WEBP")
    start = plain.index(b"\xff\xc0")
    odd_exif = jpeg(picture, orientation=6).replace(b"\x01\x12\x00\x03", b"\x01\x12\x00\x04")
    return {
        "PNG": png.getvalue(),
        "WebP": webp.getvalue(),
        "CMYK": jpeg(picture, "CMYK"),
        "RGB": jpeg(picture, keep_rgb=True),
        "12 bits": plain[: start + 4] + b"\x0c" + plain[start + 5 :],
        "arithmetic": plain[: start + 1] + b"\xc9" + plain[start + 2 :],
        "lossless": plain[: start + 1] + b"\xc3" + plain[start + 2 :],
        "odd Exif": odd_exif,
        "another size": jpeg(soft(400, 408)),
        "truncated": plain[: len(plain) * 2 // 3],
        "only a header": plain[: start + 19],
        "nothing": b"\xff",
        "text": b"no image" * 99,
    }


@pytest.mark.parametrize("kind", refused())
def test_what_is_not_done(kind):
    data, good = refused()[kind], jpeg(soft(400, 400))
    images, _, done = decode([data, good], [(0, 0, 400, 400)] * 2, shapes=[(400, 400)] * 2)
    assert done == [False, True]
    assert images[1].size


def test_max_pixels():
    data = jpeg(soft(400, 400))
    for limit, done in [(0, True), (160_000, True), (159_999, False)]:
        assert decode([data], [(0, 0, 400, 400)], max_pixels=limit)[2] == [done]
    assert decode([data], [(0, 0, 400, 400)], shapes=[(2**40, 2**40)], max_pixels=1)[2] == [False]


@pytest.mark.parametrize(
    ("window", "shape", "message"),
    [
        ((0, 0, 401, 400), (400, 400), "inside the image of 400 x 400"),
        ((0, 0, 400), (400, 400), "expected window"),
        ((0, 0, 5, 5), (0, 5), "sides of 1 to"),
        ((0, 0, 5, 5), (5,), r"expected shape as \(height, width\)"),
    ],
)
def test_bad_input_is_refused(window, shape, message):
    with pytest.raises(ValueError, match=message):
        decode([jpeg(soft(400, 400))], [window], shapes=[shape])
