"""Numbers drawn by sample key equal the plain Python of the reimplementation, and follow their laws."""

import math

import numpy as np
import pytest
from random_reimplementation import Stream, exact_exp, exact_log
from reimplementation import AUGMENT
from scipy import stats

from fastmix import _core
from fastmix._core import SampleLaw

KEYS = np.array([[3, 5, 0, 0], [3, 2**40, 1, 0], [2**32 - 1, 0, 2**32 - 1, 7], [0, 2**63 - 1, 0, 2**32 - 1]])
LEAST_P = 1e-3


def expected(law: SampleLaw, a: float, b: float, count: int, seed: int, key: np.ndarray, variant: int) -> list[float]:
    epoch, sample, occurrence, view = map(int, key)
    stream = Stream(seed, AUGMENT, epoch, view, sample, occurrence, variant)
    if law == SampleLaw.uniform:
        return [a + (b - a) * stream.uniform() for _ in range(count)]
    if law == SampleLaw.log_uniform:
        low, high = exact_log(a), exact_log(b)
        return [exact_exp(low + (high - low) * stream.uniform()) for _ in range(count)]
    if law == SampleLaw.normal:
        return [a + b * stream.normal() for _ in range(count)]
    logs = [stream.log_gamma(a) for _ in range(count)]
    weights = [exact_exp(x - max(logs)) for x in logs]
    total = 0.0
    for weight in weights:
        total += weight
    return [weight / total for weight in weights]


LAWS = [
    (SampleLaw.uniform, 0.0, 1.0),
    (SampleLaw.uniform, -3.5, 0.25),
    (SampleLaw.log_uniform, 0.3, 3.3),
    (SampleLaw.normal, 9.0, 0.5),
    (SampleLaw.dirichlet, 1.0, 0.0),
    (SampleLaw.dirichlet, 0.2, 0.0),
]


@pytest.mark.parametrize(("law", "a", "b"), LAWS)
@pytest.mark.parametrize("variant", [0, 1, 2**32 - 1])
def test_equal_to_plain_python(law: SampleLaw, a: float, b: float, variant: int) -> None:
    drawn = _core.sample_draws(law, a, b, 5, 2**63 + 1, KEYS, variant)
    assert drawn.tolist() == [expected(law, a, b, 5, 2**63 + 1, key, variant) for key in KEYS]


def test_a_prefix_and_the_other_samples_change_nothing() -> None:
    long = _core.sample_draws(SampleLaw.uniform, 0, 1, 40, 1, KEYS, 3)
    assert np.array_equal(_core.sample_draws(SampleLaw.uniform, 0, 1, 7, 1, KEYS[::-1], 3)[::-1], long[:, :7])
    assert _core.sample_draws(SampleLaw.uniform, 0, 1, 0, 1, KEYS, 3).shape == (4, 0)
    assert _core.sample_draws(SampleLaw.dirichlet, 1, 1, 3, 1, KEYS[:0], 3).shape == (0, 3)


def test_laws() -> None:
    keys = np.zeros((40_000, 4), np.int64)
    keys[:, 1] = np.arange(len(keys))

    def drawn(law: SampleLaw, a: float, b: float, count: int = 1) -> np.ndarray:
        return _core.sample_draws(law, a, b, count, 5, keys, 9)

    assert stats.kstest(drawn(SampleLaw.uniform, 2.0, 5.0)[:, 0], stats.uniform(2, 3).cdf).pvalue > LEAST_P
    logs = np.log(drawn(SampleLaw.log_uniform, 0.3, 3.3)[:, 0])
    assert stats.kstest(logs, stats.uniform(math.log(0.3), math.log(11)).cdf).pvalue > LEAST_P
    assert stats.kstest(drawn(SampleLaw.normal, 9.0, 0.5)[:, 0], stats.norm(9, 0.5).cdf).pvalue > LEAST_P
    weights = drawn(SampleLaw.dirichlet, 1.0, 0.0, 3)
    assert np.allclose(weights.sum(1), 1, rtol=0, atol=1e-15)
    for column in weights.T:
        assert stats.kstest(column, stats.beta(1, 2).cdf).pvalue > LEAST_P


@pytest.mark.parametrize(
    ("law", "a", "b", "keys", "message"),
    [
        (SampleLaw.uniform, math.nan, 1, KEYS, "finite parameters, got nan"),
        (SampleLaw.log_uniform, 0, 1, KEYS, "ends > 0, got 0 and 1"),
        (SampleLaw.normal, 0, -1, KEYS, "standard deviation >= 0, got -1"),
        (SampleLaw.dirichlet, 0, 1, KEYS, "alpha > 0, got 0"),
        (SampleLaw.uniform, 0, 1, KEYS[0], r"keys of shape \(N, 2\), \(N, 3\) or \(N, 4\), got 1 dimensions"),
        (SampleLaw.uniform, 0, 1, KEYS[:, :1], "sample_draws: expected a key of 2 to 4 numbers .* got 1 numbers"),
        (SampleLaw.uniform, 0, 1, -KEYS, "sample_draws: expected a key with epoch in .*, got -3"),
    ],
)
def test_bad_input(law: SampleLaw, a: float, b: float, keys: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.sample_draws(law, a, b, 1, 0, keys, 0)
    with pytest.raises(ValueError, match="count >= 0, got -1"):
        _core.sample_draws(SampleLaw.uniform, 0, 1, -1, 0, KEYS, 0)
