"""Dynamic mode: the same operators as functions, drawing from the caller's generator."""

import numpy as np
import nvidia.dali.experimental.dynamic as ndd
import pytest
from dali_support import MEAN, STD, dense_targets, normalized, same_bits
from support import masked_plan, random_plan

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 9, 7, 3), dtype=np.uint8)
LABELS = np.array([0, 9, 3, 3, 5, 0])


def batch(array: np.ndarray, layout: str | None = None):
    return ndd.as_batch(array, layout=layout)


def to_array(result) -> np.ndarray:
    return np.stack([np.asarray(tensor) for tensor in result])


def test_a_given_plan(generator):
    plan = random_plan(6, 9, 7, generator)
    arguments = {"plan": batch(plan.rows.numpy())}
    images, targets = ndd.fastmix.mix(
        batch(IMAGES, "HWC"), batch(LABELS), num_classes=10, mean=MEAN, std=STD, rng=ndd.random.RNG(0), **arguments
    )
    expected = np.ascontiguousarray(normalized(IMAGES, plan, MEAN, STD).transpose(0, 3, 1, 2))
    assert same_bits(to_array(images), expected)
    np.testing.assert_allclose(to_array(targets), dense_targets(LABELS, plan, 10), rtol=0, atol=2**-23)


def test_a_given_plan_with_masks(generator):
    plan = masked_plan(6, (9, 7), (3, 4), generator)
    arguments = {"plan": batch(plan.rows.numpy()), "masks": ndd.as_batch(plan.masks_of_samples())}
    images = ndd.fastmix.mix(batch(IMAGES, "HWC"), mean=MEAN, std=STD, rng=ndd.random.RNG(0), **arguments)
    expected = np.ascontiguousarray(normalized(IMAGES, plan, MEAN, STD).transpose(0, 3, 1, 2))
    assert same_bits(to_array(images), expected)


def test_the_generator_reproduces_and_advances():
    def draw(seed: int, calls: int) -> list[np.ndarray]:
        rng = ndd.random.RNG(seed)
        return [to_array(ndd.fastmix.mix(batch(IMAGES, "HWC"), alpha=1.0, rng=rng)) for _ in range(calls)]

    first = draw(1, 4)
    assert all(same_bits(a, b) for a, b in zip(first, draw(1, 4), strict=True))
    assert len({x.tobytes() for x in first + draw(2, 4)}) == 8


def test_the_generator_resumes():
    rng = ndd.random.RNG(3)
    ndd.fastmix.mix(batch(IMAGES, "HWC"), alpha=1.0, rng=rng).evaluate()
    state = str(rng.state)
    following = to_array(ndd.fastmix.mix(batch(IMAGES, "HWC"), alpha=1.0, rng=rng))
    resumed = to_array(ndd.fastmix.mix(batch(IMAGES, "HWC"), alpha=1.0, rng=ndd.random.RNG(state=state)))
    assert same_bits(following, resumed)


def test_float_tensors_and_other_batch_sizes():
    x = np.random.default_rng(1).normal(size=(5, 8, 4)).astype(np.float32)
    for size in (5, 2, 1):
        out = to_array(ndd.fastmix.mix(batch(x[:size]), alpha=0, rng=ndd.random.RNG(0)))
        assert same_bits(out, x[:size])


def test_crop_windows():
    shapes, keys = np.array([[50, 40, 3], [30, 90, 3]]), np.array([[0, 1], [0, 2]])
    outputs = ndd.fastmix.random_resized_crop(batch(shapes), batch(keys), seed=4)
    anchor, window, mirror, roi_start, roi_end = map(to_array, outputs)
    assert anchor.shape == window.shape == (2, 2) and mirror.shape == (2,)
    assert (anchor + window <= shapes[:, :2]).all() and (roi_start == anchor).all()
    assert (roi_end == anchor + window).all()


def test_errors_reach_the_caller():
    with pytest.raises(Exception) as error:
        to_array(ndd.fastmix.mix(batch(IMAGES, "HWC"), alpha=-1.0, rng=ndd.random.RNG(0)))
    chain = [str(error.value), str(error.value.__cause__)]
    assert any("expected alpha >= 0" in text for text in chain)
