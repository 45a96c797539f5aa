"""Crop windows: equal to the re-implementation, and distributed like torchvision's RandomResizedCrop."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reimplementation import crop_window, torchvision_window
from scipy import stats

from fastmix import _core
from fastmix.plan.draw_key import SampleKeys

SCALE, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)
LEAST_P = 1e-3
SPEC = _core.CropSpec(SCALE, RATIO, 0.5)


def windows(
    sizes, samples, seed: int = 0, epoch: int = 0, scale=SCALE, ratio=RATIO, mirror: float = 0.5, **repeat
) -> tuple[np.ndarray, np.ndarray]:
    spec = _core.CropSpec(scale, ratio, mirror)
    keys = SampleKeys(seed, epoch, np.asarray(samples, np.int64), **repeat)
    return _core.random_resized_crop(spec, np.asarray(sizes, np.int32).reshape(-1, 2), seed, keys.rows)


def many(size: tuple[int, int], count: int, **arguments) -> tuple[np.ndarray, np.ndarray]:
    return windows([size] * count, range(count), **arguments)


@pytest.mark.parametrize(("seed", "epoch"), [(0, 0), (2**63, 5), (2**64 - 1, 2**32 - 1)])
@pytest.mark.parametrize(
    ("scale", "ratio", "mirror"),
    [
        (SCALE, RATIO, 0.5),
        ((1.0, 1.0), (1.0, 1.0), 0.0),
        ((0.01, 0.02), (0.2, 5.0), 1.0),
        ((0.9, 1.0), (3.0, 4.0), 0.3),
    ],
)
def test_windows_equal_the_reimplementation(seed: int, epoch: int, scale, ratio, mirror: float) -> None:
    sizes = [(1, 1), (1, 9), (9, 1), (2, 3), (375, 500), (500, 375), (31, 1000), (1000, 31), (2**31 - 1, 2**31 - 1)]
    samples = [0, 1, 7, 2**31, 2**32, 2**63 - 1]
    for size, sample in itertools.product(sizes, samples):
        window, mirrored = windows([size], [sample], seed, epoch, scale, ratio, mirror)
        expected = crop_window(size, scale, ratio, mirror, seed, epoch, sample)
        assert (tuple(window[0].tolist()), bool(mirrored[0])) == expected


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    size=st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
    scale=st.tuples(st.floats(1e-6, 1), st.floats(1e-6, 1)).map(sorted).map(tuple),
    ratio=st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)).map(sorted).map(tuple),
    mirror=st.floats(0, 1),
    seed=st.integers(0, 2**64 - 1),
    epoch=st.integers(0, 2**32 - 1),
    sample=st.integers(0, 2**63 - 1),
    repeat=st.fixed_dictionaries({}, optional={name: st.integers(0, 2**32 - 1) for name in ("occurrence", "view")}),
)
def test_any_window_equals_the_reimplementation_and_lies_in_its_image(
    size, scale, ratio, mirror: float, seed: int, epoch: int, sample: int, repeat: dict[str, int]
) -> None:
    window, mirrored = windows([size], [sample], seed, epoch, scale, ratio, mirror, **repeat)
    y, x, height, width = window[0].tolist()
    expected = crop_window(size, scale, ratio, mirror, seed, epoch, sample, **repeat)
    assert ((y, x, height, width), bool(mirrored[0])) == expected
    assert y >= 0 and x >= 0 and height >= 1 and width >= 1 and y + height <= size[0] and x + width <= size[1]


@pytest.mark.parametrize("size", [(375, 500), (64, 64), (500, 100), (100, 600)])
def test_windows_are_distributed_like_torchvisions(size: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    expected = np.array(
        [
            torchvision_window(generator.random, lambda bound: int(generator.integers(bound)), size, SCALE, RATIO)
            for _ in range(15_000)
        ]
    )
    actual, _ = many(size, 15_000, seed=2)
    for statistic in (
        lambda w: w[:, 2] * w[:, 3],
        lambda w: w[:, 3] / w[:, 2],
        lambda w: w[:, 0] + w[:, 2] / 2,
        lambda w: w[:, 1] + w[:, 3] / 2,
    ):
        assert stats.ks_2samp(statistic(actual), statistic(expected)).pvalue > LEAST_P


def test_area_and_ratio_of_windows_that_always_fit_are_uniform() -> None:
    # Scale and ratio this small never miss the image, so the law is the plain one, up to the rounding of sides.
    scale, ratio = (0.05, 0.2), (0.5, 2.0)
    size = (20_000, 20_000)
    drawn, _ = many(size, 20_000, seed=3, scale=scale, ratio=ratio)
    y, x, height, width = drawn.T.astype(np.float64)
    area = height * width / (size[0] * size[1])
    assert stats.kstest(area, stats.uniform(scale[0], scale[1] - scale[0]).cdf).pvalue > LEAST_P
    log_ratio = np.log(width / height)
    assert stats.kstest(log_ratio, stats.uniform(math.log(0.5), math.log(4.0)).cdf).pvalue > LEAST_P
    assert stats.kstest((y + 0.5) / (size[0] - height + 1), "uniform").pvalue > LEAST_P
    assert stats.kstest((x + 0.5) / (size[1] - width + 1), "uniform").pvalue > LEAST_P
    assert (
        np.abs(np.corrcoef([area, log_ratio, y / (size[0] - height), x / (size[1] - width)]) - np.eye(4)).max() < 0.03
    )


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_mirror_rate(probability: float) -> None:
    drawn, mirror = many((64, 64), 20_000, seed=4, mirror=probability)
    assert stats.binomtest(int(mirror.sum()), 20_000, probability).pvalue > LEAST_P
    assert probability not in (0.0, 1.0) or mirror.sum() == probability * 20_000
    if probability == 0.5:
        assert stats.ks_2samp(drawn[mirror, 2], drawn[~mirror, 2]).pvalue > LEAST_P


def test_windows_do_not_depend_on_the_other_samples_or_the_mirror_probability() -> None:
    together, mirror = windows([(100, 80), (33, 44), (375, 500)], [5, 900, 2**40], seed=6, epoch=2)
    for i, (size, sample) in enumerate([((100, 80), 5), ((33, 44), 900), ((375, 500), 2**40)]):
        alone, mirrored = windows([size], [sample], seed=6, epoch=2)
        assert np.array_equal(alone[0], together[i]) and mirrored[0] == mirror[i]
        assert np.array_equal(windows([size], [sample], seed=6, epoch=2, mirror=0.0)[0][0], together[i])


def test_samples_epochs_seeds_occurrences_and_views_draw_independently() -> None:
    keys = [{}, {"epoch": 1}, {"seed": 1}, {"seed": 2**32}, {"epoch": 2**31}]
    keys += [{"occurrence": 1}, {"occurrence": 2**32 - 1}, {"view": 1}, {"occurrence": 1, "view": 1}]
    heights = [many((2000, 2000), 8000, **key)[0][:, 2] for key in keys]
    heights.append(np.roll(heights[0], 1))
    assert np.abs(np.corrcoef(heights) - np.eye(len(heights))).max() < 4 / math.sqrt(8000)


def test_no_samples_give_no_windows() -> None:
    drawn, mirror = windows(np.zeros((0, 2)), [])
    assert drawn.shape == (0, 4) and drawn.dtype == np.int32 and mirror.shape == (0,) and mirror.dtype == np.bool_


NAN = float("nan")


@pytest.mark.parametrize(
    ("scale", "ratio", "mirror", "message"),
    [
        ((0.0, 1.0), RATIO, 0.5, r"expected 0 < scale\[0\] <= scale\[1\] <= 1, got \(0, 1\)"),
        ((0.5, 0.4), RATIO, 0.5, r"scale\[0\] <= scale\[1\]"),
        ((0.5, 1.1), RATIO, 0.5, r"scale\[1\] <= 1"),
        ((NAN, 1.0), RATIO, 0.5, r"expected 0 < scale"),
        (SCALE, (0.0, 1.0), 0.5, r"expected 0 < ratio\[0\] <= ratio\[1\]"),
        (SCALE, (2.0, 1.0), 0.5, r"expected 0 < ratio\[0\] <= ratio\[1\]"),
        (SCALE, (1.0, float("inf")), 0.5, r"expected 0 < ratio"),
        (SCALE, (1.0, NAN), 0.5, r"expected 0 < ratio"),
        (SCALE, RATIO, -0.1, r"mirror_prob in \[0, 1\], got -0.1"),
        (SCALE, RATIO, NAN, r"mirror_prob in \[0, 1\], got nan"),
    ],
)
def test_bad_specs_are_refused(scale, ratio, mirror: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.CropSpec(scale, ratio, mirror)


def test_bad_sizes_are_refused() -> None:
    for size in ((0, 5), (5, 0), (-1, 5)):
        with pytest.raises(ValueError, match="expected height and width of the image > 0, got height"):
            windows([size], [0])
    for sizes in ([(5, 5)] * 2, [[5, 5, 5]], [5, 5]):
        with pytest.raises(ValueError, match=r"expected sizes of shape \(1, 2\), one \(height, width\) per key, got"):
            _core.random_resized_crop(SPEC, sizes, 0, [[0, 0]])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([0, 0], r"keys of shape \(N, 2\), \(N, 3\) or \(N, 4\), got 1 dimensions"),
        ([[0]], "key of 2 to 4 numbers .epoch, sample, occurrence, view., got 1 numbers"),
        ([[0] * 5], "got 5 numbers"),
        ([[2**32, 0]], r"epoch in \[0, 4294967295\], got 4294967296"),
        ([[0, -1]], "sample in .*, got -1"),
        ([[0, 0, -1]], "occurrence in .*, got -1"),
        ([[0, 0, 0, 2**32]], "view in .*, got 4294967296"),
    ],
)
def test_bad_keys_are_refused(keys, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.random_resized_crop(SPEC, [[5, 5]], 0, keys)
