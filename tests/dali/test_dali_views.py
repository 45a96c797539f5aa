"""Several windows of an image: one decode, and ``fn.fastmix.resample_mix`` with an axis of views."""

import re

import numpy as np
import nvidia.dali.fn as fn
import pytest
from dali_support import MEAN, STD, arrays, feed, same_bits
from decoding import decode, encoded, run, statuses
from images import readable
from jpegs import KINDS, jpeg, soft
from nvidia.dali import pipeline_def
from support import noise

import fastmix.augment as fa
import fastmix.dali
from fastmix.dali import Status

SIZES = [(30, 95), (47, 40), (64, 64)]
COUNT, VIEWS = len(SIZES), 2
WINDOWS = [[(1, 2, 15, 14 + k), (0, 3, 20 + k, 30)] for k in range(COUNT)]
POLICY = fa.Compose([fa.RandomHorizontalFlip(), fa.RandAugment()])


def decode_views(files, parts, sizes, filter="bilinear", **options):
    """As ``decode``, with several windows, parts (y, x, height, width) of the image's sides from 0 to 1."""

    def graph():
        data = encoded(files)
        shape, status, _ = fn.fastmix.peek(data)
        sides = fn.cast_like(shape[:2], np.float32(0))
        windows = [fn.cat(sides, sides) * feed([[np.float32(part)] * len(files)]) for part in parts]
        flat = [side for size in sizes for side in size]
        return tuple(fn.fastmix.decode(shape, fn.stack(*windows), data, status, size=flat, filter=filter, **options))

    images, inner, found = run(graph, len(files))
    return images, inner, statuses(found)


@pytest.mark.skipif(not fastmix.dali.reports_status(), reason="built without nvImageCodec's header")
@pytest.mark.parametrize("name", ["bilinear", "lanczos"])
def test_every_window_has_the_pixels_of_the_whole(name):
    files = readable()
    whole, _, _ = decode(list(files.values()))
    parts = [(0.2, 0.3, 0.4, 0.3), (0.5, 0.1, 0.3, 0.4), (0.25, 0.35, 0.1, 0.1)]
    images, inner, found = decode_views(list(files.values()), parts, [(200, 200), (100, 50), (7, 9)], name)
    assert found == [Status.ok] * len(files)
    for file, image, windows, all_of_it in zip(files, images, inner, whole, strict=True):
        assert windows.shape == (3, 4) and image.size < all_of_it.size
        sides = np.array(all_of_it.shape[:2] * 2)
        asked = np.float32(sides) * np.float32(parts)
        np.testing.assert_allclose(windows[:, 2:], asked[:, 2:], rtol=1e-6)
        offset = np.round(asked - windows)[:, :2]
        assert (offset == offset[0]).all()
        y, x = offset[0].astype(int)
        np.testing.assert_array_equal(image, all_of_it[y : y + image.shape[0], x : x + image.shape[1]], err_msg=file)


@pytest.mark.skipif(not fastmix.dali.decodes_jpeg(), reason="built without libjpeg-turbo's headers")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_windows_at_a_smaller_size_have_the_pixels_of_one_window(orientation):
    """The smallest ratio of a window to its size decides the scale; the files are odd, and turned by the camera."""
    parts = [(0.1, 0.2, 0.5, 0.5), (0.3, 0.05, 0.6, 0.7)]
    files = [jpeg(soft(451, 546), orientation=orientation, **KINDS[kind]) for kind in ("4:4:4", "4:2:0", "gray")]
    for size, reduction in ((16, 4), (30, 2), (60, 1)):
        images, inner, _ = decode_views(files, parts, [(size, size), (8, 8)])
        for v, (part, side) in enumerate(zip(parts, (size, size), strict=True)):
            alone, own, _ = decode(files, [part] * len(files), size=side)
            for image, windows, single, window in zip(images, inner, alone, own, strict=True):
                np.testing.assert_allclose(windows[v, 2:], window[2:], rtol=1e-6)
                y, x = np.round(windows[v, :2] - window[:2]).astype(int)
                np.testing.assert_allclose(windows[v, :2] - (y, x), window[:2], atol=1e-4)
                np.testing.assert_array_equal(image[y : y + single.shape[0], x : x + single.shape[1]], single)
                assert image.shape[0] < 546 / reduction + 1


def resample(pixels, windows, rows=None, status=None, **options) -> np.ndarray:
    @pipeline_def(batch_size=COUNT, num_threads=2, seed=7, device_id=None)
    def graph():
        arguments = {"window": feed([windows])}
        if rows is not None:
            arguments["sample_plan"] = feed([rows])
        if status is not None:
            arguments["status"] = feed([np.int32(status)])
        if options.pop("mirrored", False):
            arguments["mirror"] = feed([np.int32([0] * COUNT)])
        given = {"size": [19, 24], "alpha": 0.0, "mean": MEAN, "std": STD, **options}
        return fn.fastmix.resample_mix(feed([pixels], "HWC"), **arguments, **given)

    return arrays(graph().run())[0]


@pytest.mark.parametrize("layout", ["CHW", "HWC"])
@pytest.mark.parametrize("augments", [False, True])
def test_every_view_has_the_bits_of_a_batch_of_its_own(augments, layout, generator):
    pixels = [noise(*size, 3, generator).numpy() for size in SIZES]
    plans = [POLICY.plan(fa.SampleKeys(1, 2, np.arange(COUNT), view=v), (19, 24)) for v in range(VIEWS)]
    rows = np.stack([plan.rows.numpy() for plan in plans], 1) if augments else None
    windows = np.float32(WINDOWS)
    made = resample(pixels, windows, rows, output_layout=layout)
    assert made.shape == (COUNT, VIEWS, *((3, 19, 24) if layout == "CHW" else (19, 24, 3)))
    for v in range(VIEWS):
        alone = resample(pixels, windows[:, v], None if rows is None else rows[:, v], output_layout=layout)
        assert same_bits(made[:, v], alone)
    kept = resample(pixels, windows, rows, [0, 5, 0], output_layout=layout)
    assert same_bits(kept[:2], made[[0, 2]])
    assert same_bits(
        resample(pixels, windows[:, :1], None if rows is None else rows[:, :1])[:, 0],
        resample(pixels, windows[:, 0], None if rows is None else rows[:, 0]),
    )


def one_row(views=VIEWS, words=20) -> np.ndarray:
    rows = fa.SamplePlan.identity(COUNT * views, (words - 16) // 4).rows.numpy()
    return rows.reshape(COUNT, views, words).copy()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.5}, "expected alpha=0 and no plan, labels or mirror with several views"),
        ({"mirrored": True}, "expected alpha=0 and no plan, labels or mirror with several views"),
        ({"rows": one_row()[:, 0]}, r"expected sample_plan as (views, words) of INT32, got 1 dimensions"),
        ({"rows": one_row(3)}, "expected a row of sample_plan for each of 2 views, got 3"),
        (
            {"windows": np.ascontiguousarray(np.float32(WINDOWS)[:, :, :3])},
            "expected windows of several views as FLOAT (views, 4)",
        ),
        (
            {"windows": [np.float32(WINDOWS[0])] * 2 + [np.float32(WINDOWS[0][:1])]},
            "got (1 x 4) of type float for sample 2",
        ),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    pixels = [np.zeros((*size, 3), np.uint8) for size in SIZES]
    with pytest.raises(ValueError, match=re.escape(message)):
        resample(pixels, change.pop("windows", np.float32(WINDOWS)), change.pop("rows", None), **change)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([(8, 8)] * 3, "expected window of shape (3, 4), one row for each size, got an array of shape (2 x 4)"),
        ([(8, 8)], "expected window (y, x, height, width), got an array of shape (2 x 4)"),
        ([(8, 0), (8, 8)], "expected size of at least one pixel, got 8 x 0"),
    ],
)
def test_windows_and_sizes_have_to_fit(sizes, message):
    with pytest.raises((ValueError, RuntimeError), match=re.escape(message)):
        decode_views([jpeg(soft(40, 40))], [(0, 0, 1, 1)] * 2, sizes)


def test_a_window_outside_the_image_is_refused():
    with pytest.raises((ValueError, RuntimeError), match="inside the image of 40 x 40"):
        decode_views([jpeg(soft(40, 40))], [(0, 0, 1, 1), (0.5, 0, 1, 1)], [(8, 8)] * 2)


def test_bad_files_have_windows_of_their_pixel():
    images, inner, found = decode_views([b"no image"], [(0, 0, 1, 1)] * 2, [(8, 8)] * 2)
    assert found != [Status.ok] and images[0].shape == (1, 1, 3) and inner[0].tolist() == [[0, 0, 1, 1]] * 2
