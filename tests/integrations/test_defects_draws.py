"""Draws: other libraries' probabilities and distributions, shown on their formulas, and ours."""

import numpy as np
import pytest
import torch
from defects import CUTS, KINDS
from scipy import stats

import fastmix as fm


def test_composer_cutmix_at_alpha_zero_cuts_all() -> None:
    # Composer takes alpha = 0 as weight 0, the largest cut; here it is refused, and switching off has a name.
    with pytest.raises(ValueError, match="finite alpha > 0, got 0; to switch mixing off use prob=0"):
        fm.CutMix(alpha=0)
    assert (fm.CutMix(prob=0.0).plan(8, (8, 8)).label_weight == 1).all()


def test_kornia_prob_applied_twice() -> None:
    prob, generator = 0.5, np.random.default_rng(1)
    twice = ((generator.random(4000) < prob) & (generator.random(4000) < prob)).sum()
    assert stats.binomtest(int(twice), 4000, prob).pvalue < 1e-6
    for policy in KINDS:
        # A weight of 1/2 mixes whenever it is asked to. Masks are drawn for small images: there is one per sample.
        fixed = fm.Choice([type(policy)(per="sample", prob=prob, weight=fm.Fixed(0.5))] * 2, per="sample")
        mixed = int((fixed.plan(4000, (64, 64) if policy in CUTS else (12, 12), seed=2).label_weight < 1).sum())
        assert stats.binomtest(mixed, 4000, prob).pvalue > 1e-3


def test_mmpretrain_changes_the_callers_probabilities() -> None:
    p = [0.3, 0.7]
    for _ in range(3):
        assert fm.Choice([fm.Mixup(), fm.CutMix()], p=p).p == (0.3, 0.7)
    assert p == [0.3, 0.7]


def test_mindspore_alpha_is_a_beta_parameter_here() -> None:
    generator = np.random.default_rng(1)
    x = generator.uniform(0.2, 1, (2, 4000))
    assert stats.kstest(x[0] / x.sum(0), stats.beta(0.2, 0.2).cdf).pvalue < 1e-9
    drawn = fm.Mixup(0.2, per="sample").plan(4000, seed=1).weight_out.double().numpy()
    assert (
        stats.kstest(
            drawn[drawn < 0.9999], lambda w: stats.beta(0.2, 0.2).cdf(w) / stats.beta(0.2, 0.2).cdf(0.9999)
        ).pvalue
        > 1e-3
    )


def test_tiny_alpha_as_a_ratio_of_gammas_is_nan() -> None:
    generator = np.random.default_rng(1)
    a, b = generator.gamma(1e-3, size=(2, 4000)).astype(np.float32)
    with np.errstate(invalid="ignore"):
        assert np.isnan(a / (a + b)).mean() > 0.3
    for weight in (fm.Beta(1e-3), fm.Beta(1e-3, 5e-4), fm.Beta(1e-3, fold="max")):
        plan = fm.CutMix(per="sample", weight=weight).plan(4000, (8, 8))
        assert torch.isfinite(plan.label_weight).all()


@pytest.mark.parametrize("policy", KINDS, ids=str)
def test_prob_zero_is_the_identity_but_for_smoothing(policy: fm.Policy) -> None:
    x = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    plan = policy.never().plan(6, (8, 8))
    assert torch.equal(fm.mix(x, plan), x)
    labels = torch.arange(6)
    assert torch.equal(fm.mix_labels(labels, plan, 6), torch.eye(6))
    torch.testing.assert_close(fm.mix_labels(labels, plan, 6, 0.1), torch.eye(6) * 0.9 + 0.1 / 6)


def test_two_ranks_draw_equal_or_different_plans_as_asked() -> None:
    for policy in KINDS:
        assert policy.plan(8, (9, 9), seed=1, rank=0) == policy.plan(8, (9, 9), seed=1, rank=0)
        assert policy.plan(8, (9, 9), seed=1, rank=0) != policy.plan(8, (9, 9), seed=1, rank=1)
