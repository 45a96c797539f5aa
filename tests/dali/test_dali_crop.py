"""fastmix.random_resized_crop: keyed windows, and DALI's own operators that take them."""

import io

import numpy as np
import nvidia.dali.fn as fn
import pytest
from dali_support import arrays, feed
from nvidia.dali import pipeline_def, types
from PIL import Image
from sklearn.datasets import load_sample_images

from fastmix import _core

SIZES = np.random.default_rng(0).integers(1, 600, (40, 2))
KEYS = np.stack([np.arange(40) // 10, 1000 + np.arange(40), np.arange(40) % 3, np.arange(40) % 2], 1)


def crop(shapes, keys, pipeline=None, **options) -> list[np.ndarray]:
    """The five outputs for one batch."""

    @pipeline_def(**{"batch_size": 64, "num_threads": 2, "device_id": None, "seed": 1, **(pipeline or {})})
    def graph():
        outputs = fn.fastmix.random_resized_crop(feed([list(shapes)]), feed([list(keys)]), **options)
        return tuple(outputs)

    return arrays(graph().run())


def core_windows(sizes, keys, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The core's windows (B, 4) as y, x, height, width, and flips (B,)."""
    spec = _core.CropSpec((0.08, 1.0), (3 / 4, 4 / 3), 0.5)
    pairs = [
        _core.random_resized_crop(spec, np.int32([size]), seed, np.int64([key]))
        for size, key in zip(sizes, keys, strict=True)
    ]
    return np.concatenate([window for window, _ in pairs]), np.concatenate([flip for _, flip in pairs])


@pytest.mark.parametrize("seed", [0, 5, 2**62])
def test_equals_the_core(seed):
    windows, flips = core_windows(SIZES, KEYS, seed)
    anchor, window, mirror, roi_start, roi_end = crop(SIZES, KEYS, seed=seed)
    assert [x.dtype for x in (anchor, window, mirror)] == [np.int32] * 3 and mirror.shape == (40,)
    assert [x.dtype for x in (roi_start, roi_end)] == [np.float32] * 2
    np.testing.assert_array_equal(np.concatenate([anchor, window], 1), windows)
    np.testing.assert_array_equal(mirror, flips)
    np.testing.assert_array_equal(roi_start, anchor)
    np.testing.assert_array_equal(roi_end, anchor + window)


def test_only_the_key_matters():
    """Neither the company in the batch nor its order, nor threads, nor the pipeline's seed, nor channels."""
    whole = crop(SIZES, KEYS, seed=3)
    order = np.random.default_rng(1).permutation(40)[:13]
    shapes = [np.array([*size, 3]) for size in SIZES[order]]
    part = crop(shapes, KEYS[order], {"num_threads": 4, "batch_size": 13, "seed": 99}, seed=3)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[order], b)
    assert not np.array_equal(crop(SIZES, KEYS + np.array([1, 0, 0, 0]), seed=3)[0], whole[0])
    assert not np.array_equal(crop(SIZES, KEYS + np.array([0, 1, 0, 0]), seed=3)[0], whole[0])
    assert not np.array_equal(crop(SIZES, KEYS, seed=4)[0], whole[0])


def test_parts_that_are_left_out_are_zero():
    whole = KEYS * [1, 1, 0, 0]
    for parts in (2, 3):
        for a, b in zip(crop(SIZES, whole[:, :parts]), crop(SIZES, whole), strict=True):
            np.testing.assert_array_equal(a, b)


def test_scale_and_ratio_are_respected():
    sizes, keys = np.full((2000, 2), [400, 500]), np.stack([np.zeros(2000, np.int64), np.arange(2000)], 1)
    options = {"scale": [0.25, 0.5], "ratio": [0.5, 2.0], "mirror_prob": 0.25}
    anchor, window, mirror, *_ = crop(sizes, keys, {"batch_size": 2000}, **options)
    share, ratio = window.prod(1) / 200_000, window[:, 1] / window[:, 0]
    assert (anchor >= 0).all() and (anchor + window <= sizes).all()
    # Sides are rounded to whole pixels.
    assert share.min() > 0.245 and share.max() < 0.505 and abs(share.mean() - 0.375) < 0.01
    assert ratio.min() > 0.49 and ratio.max() < 2.04 and abs(np.log(ratio).mean()) < 0.05
    assert abs(mirror.mean() - 0.25) < 0.05


def test_mirror_never_and_always():
    assert not crop(SIZES, KEYS, mirror_prob=0.0)[2].any() and crop(SIZES, KEYS, mirror_prob=1.0)[2].all()


def test_decoders_and_resize_take_the_outputs():
    photos = load_sample_images().images
    encoded = []
    for photo in photos:
        stream = io.BytesIO()
        Image.fromarray(photo).save(stream, "JPEG", quality=95)
        encoded.append(np.frombuffer(stream.getvalue(), np.uint8))

    @pipeline_def(batch_size=2, num_threads=2, device_id=None)
    def graph():
        jpegs = feed([encoded])
        outputs = fn.fastmix.random_resized_crop(fn.peek_image_shape(jpegs), feed([KEYS[:2]]), seed=8)
        anchor, window, mirror, roi_start, roi_end = outputs
        part = fn.decoders.image_slice(jpegs, start=anchor, shape=window, axes=[0, 1])
        whole = fn.decoders.image(jpegs)
        small = [fn.resize(part, size=[32, 24])]
        small.append(fn.resize(whole, roi_start=roi_start, roi_end=roi_end, size=[32, 24]))
        batch = fn.fastmix.mix(small[0], mirror=mirror, alpha=1.0)
        return part, whole, anchor, window, batch, *small

    part, whole, anchor, window, batch, sliced, resized = graph().run()
    for i in range(2):
        (y, x), (height, width) = np.array(anchor[i]), np.array(window[i])
        np.testing.assert_array_equal(np.array(part[i]), np.array(whole[i])[y : y + height, x : x + width])
        # The filter of the resize reaches a little over the window's edge in the whole image.
        difference = np.abs(np.int32(np.array(sliced[i])) - np.int32(np.array(resized[i])))
        assert difference[2:-2, 2:-2].max() <= 1
    assert batch.as_tensor().shape() == [2, 3, 32, 24]


def test_a_checkpoint_is_written_though_there_is_no_state():
    @pipeline_def(batch_size=4, num_threads=1, device_id=None, enable_checkpointing=True)
    def graph():
        shape = fn.random.uniform(range=[50, 60], shape=[2], dtype=types.INT64)
        return fn.fastmix.random_resized_crop(shape, shape)[1]

    pipeline = graph(seed=1)
    pipeline.run()
    checkpoint = pipeline.checkpoint()
    following = arrays(pipeline.run())[0]
    np.testing.assert_array_equal(arrays(graph(seed=1, checkpoint=checkpoint).run())[0], following)


@pytest.mark.parametrize(
    "shapes, keys, options, message",
    [
        ([[0, 5]], [[0, 0]], {}, "expected an image with sides of 1 to 2\\^31 - 1 pixels, got 0 for sample 0"),
        ([[5, 5, 3, 1]], [[0, 0]], {}, "as one vector per sample"),
        ([[5, 5]], [[0] * 5], {}, r"expected key \(epoch, sample, occurrence, view\) as one vector"),
        ([[5, 5]], [[0]], {}, "as one vector per sample"),
        ([[5, 5]], [[-1, 0]], {}, r"with epoch in \[0, 4294967295\], got -1"),
        ([[5, 5]], [[0, -1]], {}, "with sample in .*, got -1"),
        (np.float32([[5, 5]]), [[0, 0]], {}, "of type INT64, got float"),
        ([[5, 5]], [[0, 0]], {"scale": [0.5, 0.2]}, "scale"),
        ([[5, 5]], [[0, 0]], {"scale": [0.5]}, "expected scale of two values"),
        ([[5, 5]], [[0, 0]], {"ratio": [0.0, 1.0]}, "ratio"),
        ([[5, 5]], [[0, 0]], {"mirror_prob": 2.0}, "mirror_prob in"),
        ([[5, 5]], [[0, 0]], {"seed": -1}, "expected seed >= 0"),
    ],
)
def test_bad_input_is_refused(shapes, keys, options, message):
    with pytest.raises(ValueError, match=message):
        crop(np.asarray(shapes), np.asarray(keys), **options)
