"""fastmix.center_window and fastmix.decode_region: torchvision's view, and enough of the image to see it."""

import math

import numpy as np
import nvidia.dali.fn as fn
import pytest
from dali_support import arrays, feed
from hypothesis import given, settings
from hypothesis import strategies as st
from nvidia.dali import pipeline_def

OPTIONS = {"batch_size": 64, "num_threads": 1, "device_id": None}


def centre_windows(shapes, **options) -> np.ndarray:
    @pipeline_def(**OPTIONS)
    def graph():
        return fn.fastmix.center_window(feed([list(np.asarray(shapes))]), **options)

    return arrays(graph().run())[0]


def borders(window=(0, 0, 8, 8), channels=3, **options) -> np.ndarray:
    @pipeline_def(**OPTIONS)
    def graph():
        image = np.zeros((8, 8, channels), np.uint8)
        inputs = (feed([[value]]) for value in (np.array((8, 8)), np.float32(window), image))
        return fn.fastmix.border(*inputs, **{"size": 4, "resize": 4, "fill": [1, 2, 3], **options})

    return arrays(graph().run())[0]


def regions(shapes, windows, **options) -> list[np.ndarray]:
    @pipeline_def(**OPTIONS)
    def graph():
        inputs = feed([list(np.asarray(shapes))]), feed([list(np.asarray(windows, np.float32))])
        return tuple(fn.fastmix.decode_region(*inputs, **options))

    return arrays(graph().run())


def seen_by_torchvision(height: int, width: int, size: tuple[int, int], resize: int) -> list[float]:
    """Resize(resize), then CenterCrop(size): which part of the image that is."""
    short, long = sorted((height, width))
    new_short, new_long = resize, int(resize * long / short)
    new_height, new_width = (new_short, new_long) if height < width else (new_long, new_short)
    top, left = round((new_height - size[0]) / 2.0), round((new_width - size[1]) / 2.0)
    y, x = height / new_height, width / new_width
    return [top * y, left * x, size[0] * y, size[1] * x]


@pytest.mark.parametrize(("size", "resize"), [(224, 256), ((20, 33), 37), (1, 1), (224, 224)])
def test_the_centre_is_torchvisions(size, resize):
    shapes = [*np.random.default_rng(0).integers(1, 900, (58, 2)), (500, 375), (375, 500), (1, 1), (1, 70), (70, 1)]
    sides = size if isinstance(size, tuple) else (size, size)
    expected = [seen_by_torchvision(*map(int, shape), sides, resize) for shape in shapes]
    found = centre_windows(shapes, size=list(sides), resize=resize)
    np.testing.assert_allclose(found, np.float32(expected), rtol=2e-7, atol=0)
    with_channels = [np.array([*shape, 3]) for shape in shapes]
    np.testing.assert_array_equal(centre_windows(with_channels, size=size, resize=resize), found)


def test_a_squashed_image_is_seen_whole():
    found = centre_windows([(300, 200), (5, 7)], size=[10, 20], resize=[10, 20], mode="squash")
    np.testing.assert_allclose(found, [(0, 0, 300, 200), (0, 0, 5, 7)], rtol=1e-6)


REACH = {"nearest": 0.5, "box": 0.5, "bilinear": 1.0, "bicubic": 2.0, "lanczos": 3.0}


@st.composite
def views(draw):
    height, width = draw(st.integers(1, 800)), draw(st.integers(1, 800))
    h, w = draw(st.floats(0.0625, height, width=32)), draw(st.floats(0.0625, width, width=32))
    y, x = (np.float32(draw(st.floats(0, 1)) * rest) for rest in (height - h, width - w))
    return (height, width), (float(y), float(x), h, w), (draw(st.integers(1, 300)), draw(st.integers(1, 300)))


@settings(max_examples=60, deadline=None)
@given(view=views(), resample=st.sampled_from(sorted(REACH)))
def test_the_region_has_all_that_the_filter_reads_and_little_more(view, resample):
    shape, window, size = view
    (start,), (extent,), (inner,) = regions([shape], [window], size=list(size), filter=resample)
    assert (start >= 0).all() and (extent >= 1).all() and (start + extent <= shape).all()
    np.testing.assert_array_equal(inner, np.float32(window) - np.float32([*start, 0, 0]))
    for axis in range(2):
        begin, length = window[axis], window[2 + axis]
        scale = length / size[axis]
        reach = REACH[resample] * (max(scale, 1.0) if resample != "nearest" else 1.0)
        first, last = begin + scale / 2 - reach, begin + length - scale / 2 + reach
        # Pixel i is read if its centre is less than the reach away.
        assert start[axis] <= max(math.ceil(first - 0.5 + 1e-3), 0)
        assert start[axis] + extent[axis] >= min(math.floor(last - 0.5 - 1e-3) + 1, shape[axis])
        whole = start[axis] == 0 and extent[axis] == shape[axis]
        assert whole or extent[axis] <= max(length, last - first) + 4


def test_columns_are_left_out_where_that_is_a_third_of_them():
    start, extent, _ = regions([(300, 600)] * 2, [(50, 100, 100, 390), (50, 100, 100, 410)], size=100)
    assert extent[0, 1] < 400 and start[0, 1] > 90
    assert (start[1, 1], extent[1, 1]) == (0, 600)
    assert (extent[:, 0] < 110).all()


def test_of_too_large_images_one_pixel_is_taken():
    shapes, windows = [(100, 100), (100, 101), (2**40, 2**40)], [(0, 0, 100, 100)] * 3
    start, extent, window = regions(shapes, windows, size=8, max_pixels=10_000)
    assert extent.tolist() == [[100, 100], [1, 1], [1, 1]] and not start.any()
    assert window.tolist() == [[0, 0, 100, 100], [0, 0, 1, 1], [0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: centre_windows([(0, 5)], size=1, resize=1), "sides of 1 to"),
        (lambda: centre_windows([(5,)], size=1, resize=1), r"expected shape as \(height, width\)"),
        (lambda: centre_windows(np.float32([(5, 5)]), size=1, resize=1), "of type INT64, got float"),
        (lambda: centre_windows([(5, 5)], size=8, resize=7), "expected 1 <= size <= resize"),
        (lambda: centre_windows([(5, 5)], size=[1, 2, 3], resize=7), "one number or"),
        (lambda: centre_windows([(5, 5)], size=1, resize=[1, 2, 3]), "expected resize as one number or"),
        (lambda: centre_windows([(5, 5)], size=[4, 4], resize=[8, 3]), "expected 1 <= size <= resize"),
        (lambda: centre_windows([(5, 5)], size=1, resize=1, mode="border"), "expected mode 'center' or 'squash'"),
        (lambda: borders(fill=[0, 0]), "expected fill as 3 values of 0 to 255"),
        (lambda: borders(fill=[0, 0, 256]), "expected fill as 3 values of 0 to 255"),
        (lambda: borders(filter="cubic"), "expected filter 'nearest'"),
        (lambda: borders(window=(0, 0, 9, 8)), "expected a window inside the image for sample 0"),
        (lambda: borders(channels=1), r"expected images of shape \(height, width, 3\), got another one for sample 0"),
        (lambda: regions([(5, 5)], [(0, 0, 6, 5)], size=1), "inside the image of 5 x 5"),
        (lambda: regions([(5, 5)], [(0, 0, 5)], size=1), "expected window"),
        (lambda: regions([(5, 2**21)], [(0, 0, 5, 5)], size=1), "sides of 1 to"),
        (lambda: regions([(5, 5)], [(0, 0, 5, 5)], size=1, filter="area"), "expected filter"),
    ],
)
def test_bad_input_is_refused(run, message):
    with pytest.raises(ValueError, match=message):
        run()
