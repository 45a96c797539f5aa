import itertools

import numpy as np
import pytest
from reimplementation import epoch_order
from scipy import stats

from fastmix import _core

LEAST_P = 1e-3


@pytest.mark.parametrize("count", [0, 1, 2, 3, 64, 1000])
@pytest.mark.parametrize(("seed", "epoch"), [(0, 0), (2**63, 1), (2**64 - 1, 2**32 - 1), (2**32, 0)])
def test_orders_equal_the_reimplementation(count: int, seed: int, epoch: int) -> None:
    order = _core.epoch_order(count, seed, epoch)
    assert order.dtype == np.int64 and order.shape == (count,)
    assert order.tolist() == epoch_order(count, seed, epoch)


@pytest.mark.parametrize("count", [10, 12_345, 1_281_167])
def test_an_epoch_has_every_sample_once(count: int) -> None:
    assert np.array_equal(np.sort(_core.epoch_order(count, 3, 1)), np.arange(count))


@pytest.mark.parametrize("of_seeds", [False, True])
def test_orders_are_uniform(of_seeds: bool) -> None:
    keys = range(60_000)
    drawn = np.array([_core.epoch_order(5, key, 0) if of_seeds else _core.epoch_order(5, 0, key) for key in keys])
    codes = drawn @ 5 ** np.arange(5)
    counts = [
        np.count_nonzero(codes == np.array(order) @ 5 ** np.arange(5)) for order in itertools.permutations(range(5))
    ]
    assert sum(counts) == len(keys)
    assert stats.chisquare(counts).pvalue > LEAST_P


def test_places_are_uniform_in_longer_orders() -> None:
    count, epochs = 40, 4000
    drawn = np.array([_core.epoch_order(count, 9, epoch) for epoch in range(epochs)])
    table = np.array([np.bincount(drawn[:, place], minlength=count) for place in range(count)])
    statistic = ((table - epochs / count) ** 2 / (epochs / count)).sum()
    # (N - 1)^2 degrees of freedom, times N / (N - 1) for permutation matrices.
    assert stats.chi2.sf(statistic * (count - 1) / count, (count - 1) ** 2) > LEAST_P
    # Who follows whom is uniform too: the loader pairs neighbours of the order.
    following = np.bincount(((drawn[:, 1::2] - drawn[:, ::2]) % count).ravel(), minlength=count)[1:]
    assert stats.chisquare(following).pvalue > LEAST_P


def test_orders_of_epochs_and_seeds_differ() -> None:
    keys = [(seed, epoch) for seed in (0, 1, 2, 2**32, 2**63) for epoch in (0, 1, 2, 2**31)]
    orders = [_core.epoch_order(500, *key) for key in keys]
    for a, b in itertools.combinations(orders, 2):
        # Two random orders agree at one place on average, at 8 or more in 1e-5 of all cases.
        assert np.count_nonzero(a == b) < 8


def test_the_order_of_a_prefix_is_another_order() -> None:
    order = _core.epoch_order(1000, 1, 1)
    assert not np.array_equal(order[order < 500], _core.epoch_order(500, 1, 1))
