"""What plans draw is distributed as promised. Seeds are fixed, so each of these tests gives the same answer always."""

import itertools
import math

import numpy as np
import pytest
from random_reimplementation import Key
from reimplementation import CHOICE
from scipy import stats

from fastmix import Choice, CutMix, Mixup, Policy

ALPHAS = [0.2, 0.5, 1.0, 2.0, 8.0]
LEAST_P = 1e-3  # refused below: hundreds of p values are read here, and the smallest of them is about 1e-2


def weights(policy: Policy, count: int, **key: int) -> np.ndarray:
    return policy.plan(count, **key).weight_out.numpy().astype(np.float64)


def assert_share(hits: int, count: int, probability: float) -> None:
    assert stats.binomtest(int(hits), count, probability).pvalue > LEAST_P


def assert_beta(drawn: np.ndarray, alpha: float) -> None:
    """Below 1/2 float32 keeps all of a weight; near 1 it rounds to 1, so weights above 0.9999 are only counted."""
    distribution = stats.beta(alpha, alpha)
    for low, high in ((0.0, 0.5), (0.5, 0.9999)):
        part = drawn[(drawn >= low) & (drawn < high)]
        below, above = distribution.cdf(low), distribution.cdf(high)

        def cdf(w: np.ndarray, below: float = below, above: float = above) -> np.ndarray:
            return (distribution.cdf(w) - below) / (above - below)

        assert_share(len(part), len(drawn), above - below)
        assert stats.kstest(part, cdf).pvalue > LEAST_P


@pytest.mark.parametrize("alpha", ALPHAS)
def test_weights_are_beta_per_sample(alpha: float) -> None:
    assert_beta(weights(Mixup(alpha, per="sample"), 100_000, seed=2), alpha)


@pytest.mark.parametrize("name", ["seed", "epoch", "step", "rank"])
@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_weights_are_beta_per_batch(name: str, alpha: float) -> None:
    policy = Mixup(alpha)
    drawn = np.array([weights(policy, 1, **{name: value})[0] for value in range(3000)])
    assert_beta(drawn, alpha)
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 4 / math.sqrt(len(drawn))


@pytest.mark.parametrize("alpha", [5e-324, 1e-300, 1e-4, 1e-3, 1e3, 1e16, 1e308])
def test_extreme_alphas_give_weights_of_mean_one_half(alpha: float) -> None:
    drawn = weights(Mixup(alpha, per="sample"), 50_000, seed=3)
    assert np.isfinite(drawn).all() and drawn.min() >= 0 and drawn.max() <= 1
    # The variance of Beta(a, a) is 1 / (4 (2 a + 1)); float32 rounds by up to 2**-25.
    assert abs(drawn.mean() - 0.5) < 4 / math.sqrt(4 * (2 * alpha + 1) * len(drawn)) + 2.0**-25
    if alpha < 1e-2:
        between = stats.beta(alpha, alpha).cdf(0.99) - stats.beta(alpha, alpha).cdf(0.01) if alpha >= 1e-4 else 0.0
        assert_share(np.count_nonzero((drawn > 0.01) & (drawn < 0.99)), len(drawn), between)


def test_weights_of_neighbouring_samples_steps_ranks_and_seeds_are_independent() -> None:
    policy = Mixup(1.0, per="sample")
    keys = [{}, {"seed": 1}, {"epoch": 1}, {"step": 1}, {"rank": 1}, {"offset": 10_000}, {"seed": 2**32}]
    drawn = [weights(policy, 10_000, **key) for key in keys]
    drawn += [np.roll(drawn[0], 1), np.roll(drawn[0], 2)]
    correlation = np.corrcoef(drawn)
    assert np.abs(correlation - np.eye(len(drawn))).max() < 4 / math.sqrt(10_000)


def test_weights_do_not_depend_on_the_box_the_choice_or_the_partner() -> None:
    # A uniform weight is what CutMix's box was cut for: same stream, read through Mixup.
    plan = CutMix(1.0, per="sample").plan(40_000, (2**20, 2**20), seed=5)
    weight = weights(Mixup(1.0, per="sample"), 40_000, seed=5)
    box = plan.box.numpy().astype(np.float64)
    inside = (box[:, :2] > 0).all(1) & (box[:, 2:] < 2**20).all(1)
    area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]) / 2**40
    assert np.abs(area - (1 - weight))[inside].max() < 1e-5
    which = Choice([Mixup(1.0, per="sample"), CutMix(per="sample")], per="sample").plan(40_000, (9, 9), seed=5)
    first = which.weight_out.numpy() < 1
    assert_beta(weight[first], 1.0)
    assert abs(np.corrcoef(weight, plan.partner.numpy())[0, 1]) < 4 / math.sqrt(40_000)


def test_permutations_are_uniform() -> None:
    policy = Mixup()
    orders = list(itertools.permutations(range(4)))
    drawn = [tuple(policy.plan(4, seed=7, step=step).partner.tolist()) for step in range(12_000)]
    counts = [drawn.count(order) for order in orders]
    assert sum(counts) == 12_000
    assert stats.chisquare(counts).pvalue > LEAST_P


def test_partners_are_uniform_over_places_in_a_larger_batch() -> None:
    batch, draws = 37, 2500
    policy = Mixup(prob=0.0)
    counts = np.zeros((batch, batch))
    for step in range(draws):
        counts[np.arange(batch), policy.plan(batch, seed=1, step=step).partner.numpy()] += 1
    statistic = ((counts - draws / batch) ** 2 / (draws / batch)).sum()
    # Rows and columns have fixed sums: (B - 1)^2 degrees of freedom, times B / (B - 1) for permutation matrices.
    assert stats.chi2.sf(statistic * (batch - 1) / batch, (batch - 1) ** 2) > LEAST_P


def test_box_centres_are_uniform_and_extents_follow_the_weight() -> None:
    # alpha = 1e6 pins the weight to 0.5 within 0.002, hence the box to 11 of 16 by 17 of 25 pixels before clipping.
    height, width = 16, 25
    box = CutMix(1e6, per="sample").plan(40_000, (height, width), seed=11).box.numpy()
    centres = []
    for begin, end, length, extent in ((box[:, 0], box[:, 2], height, 11), (box[:, 1], box[:, 3], width, 17)):
        first = np.where(begin > 0, begin, end - extent)
        assert np.array_equal(begin, np.maximum(first, 0)) and np.array_equal(end, np.minimum(first + extent, length))
        centres.append(first + extent // 2)
    counts = np.bincount(centres[0] * width + centres[1], minlength=height * width)
    assert len(counts) == height * width
    assert stats.chisquare(counts).pvalue > LEAST_P


@pytest.mark.parametrize("prob", [0.0, 0.05, 0.3, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("kind", [Mixup, CutMix])
def test_prob_is_applied_once(kind: type, prob: float) -> None:
    alone = kind(8.0, per="sample", prob=prob)
    for policy in (alone, Choice([alone, alone], per="sample")):
        plan = policy.plan(20_000, (64, 64), seed=1)
        mixed = int((plan.label_weight < 1).sum())
        assert_share(mixed, 20_000, prob)
        assert prob not in (0.0, 1.0) or mixed == prob * 20_000


@pytest.mark.parametrize("kind", [Mixup, CutMix])
def test_prob_switches_whole_units(kind: type) -> None:
    mixed_batches = 0
    for step in range(1500):
        mixed = kind(8.0, prob=0.3).plan(4, (64, 64), step=step).weight_in < 1
        assert mixed.all() or not mixed.any()
        mixed_batches += bool(mixed.any())
    assert_share(mixed_batches, 1500, 0.3)
    pairs = (kind(8.0, per="pair", prob=0.3, pairing="neighbor").plan(20_000, (64, 64)).weight_in < 1).reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()
    assert_share(pairs[:, 0].sum(), 10_000, 0.3)


@pytest.mark.parametrize("p", [None, (0.5, 0.2, 0.3), (0.0, 1.0, 0.0), (0.1, 0.0, 0.9), (1e-3, 0.998, 1e-3)])
def test_choice_frequencies(p: tuple[float, ...] | None) -> None:
    # Each policy leaves its own mark: a weight near 1/2, a box, nothing.
    policies = [Mixup(1e3, per="sample"), CutMix(1e3, per="sample"), Mixup(prob=0.0)]
    plan = Choice(policies, p=p, per="sample").plan(30_000, (64, 64), seed=8)
    boxed = plan.weight_in == 0
    mixed = plan.weight_out < 1
    counts = [int(mixed.sum()), int(boxed.sum()), int((~mixed & ~boxed).sum())]
    for count, probability in zip(counts, p or [1 / 3] * 3, strict=True):
        assert_share(count, 30_000, probability)
        assert probability not in (0.0, 1.0) or count == probability * 30_000


def test_choice_probabilities_may_miss_one_by_rounding() -> None:
    p = [0.1] * 10
    assert sum(p) != 1.0
    plan = Choice([CutMix(1e3)] * 9 + [Mixup(1e3)], p=p, per="sample").plan(30_000, (64, 64), seed=8)
    assert_share((plan.weight_out < 1).sum(), 30_000, 0.1)


def test_a_probability_of_zero_is_never_chosen_even_where_the_others_sum_below_one() -> None:
    # Of the samples of this seed, the first whose draw is above 1 - 9e-7.
    sample = 273_310
    assert Key().stream(CHOICE, sample).uniform() > 1 - 9e-7
    policy = Choice([Mixup(prob=0.0), Mixup()], p=[1 - 9e-7, 0.0], per="sample")
    assert policy.plan(1, offset=sample).weight_out.item() == 1.0
