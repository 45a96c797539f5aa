"""Partners by likeness."""

import numpy as np
import pytest
import torch
from scipy import stats

import fastmix as fm
from fastmix import pairings
from fastmix.ops import reference


def test_weighted_partners_follow_the_weights() -> None:
    row = torch.tensor([1.0, 0.0, 2.0, 5.0])
    drawn = np.array(
        [pairings.weighted_partners(row.repeat(4, 1), fm.DrawKey(seed=1, step=step))[1] for step in range(4000)]
    )
    counts = np.bincount(drawn, minlength=4)
    assert counts[1] == 0 and stats.chisquare(counts[[0, 2, 3]], 4000 * np.array([1, 2, 5]) / 8).pvalue > 1e-3
    assert pairings.weighted_partners(torch.zeros(3, 3)).tolist() == [0, 1, 2]


def test_nearest() -> None:
    points = torch.tensor([[0.0], [1.0], [10.0], [11.5], [30.0]])
    assert pairings.nearest_partners(points).tolist() == [1, 0, 3, 2, 3]
    drawn = torch.stack(
        [pairings.nearest_partners(points, k=2, key=fm.DrawKey(seed=3, step=step)) for step in range(2000)]
    )
    assert drawn[:, 4].unique().tolist() == [2, 3] and drawn[:, 0].unique().tolist() == [1, 2]
    assert stats.binomtest(int((drawn[:, 4] == 3).sum()), 2000, 0.5).pvalue > 1e-3
    everyone = torch.stack([pairings.nearest_partners(points, k=99, key=fm.DrawKey(step=step)) for step in range(200)])
    assert everyone[:, 0].unique().tolist() == [1, 2, 3, 4]
    assert pairings.nearest_partners(torch.zeros(4, 3, 2)).tolist() == [1, 0, 0, 0]
    assert pairings.nearest_partners(torch.zeros(1, 3)).tolist() == [0]
    assert pairings.nearest_partners(torch.zeros(0, 3)).tolist() == []


def test_kernel_is_c_mixups() -> None:
    targets = torch.tensor([[0.0], [1.0], [2.0]])
    drawn = torch.stack([pairings.kernel_partners(targets, 1.0, fm.DrawKey(seed=2, step=step)) for step in range(4000)])
    near, far = np.exp(-0.5), np.exp(-2.0)
    assert not (drawn[:, 0] == 0).any()
    assert stats.binomtest(int((drawn[:, 0] == 1).sum()), 4000, near / (near + far)).pvalue > 1e-3
    # So far away that every density underflows: the nearest all the same.
    assert pairings.kernel_partners(torch.tensor([0.0, 1e6, 3e6]), 1e-3).tolist() == [1, 0, 1]
    assert pairings.kernel_partners(torch.zeros(1), 1.0).tolist() == [0]


def test_partners_go_into_a_plan_which_is_for_out_of_place() -> None:
    partner = pairings.nearest_partners(torch.tensor([[0.0], [1.0], [10.0], [11.5], [30.0]]))
    plan = fm.Mixup(0.4, per="sample").plan(5, partner=partner)
    x = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    assert torch.equal(fm.mix(x, plan), reference.mix_reference(x, plan))
    with pytest.raises(ValueError, match="3 as partner of 2 and of 4; use mix"):
        plan.check_in_place()
    with pytest.raises(RuntimeError, match="3 as partner of 2 and of 4"):
        fm.mix_(x, plan)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: pairings.weighted_partners(torch.ones(2, 3)), ValueError, r"shape \(B, B\), got \(2, 3\)"),
        (
            lambda: pairings.weighted_partners(torch.tensor([[1.0, -1], [1, 1]])),
            ValueError,
            ">= 0, got -1 for partner 1",
        ),
        (lambda: pairings.weighted_partners(torch.full((1, 1), float("nan"))), ValueError, "finite weights >= 0"),
        (lambda: pairings.weighted_partners(torch.full((2, 2), 1e308, dtype=torch.float64)), ValueError, "finite sum"),
        (lambda: pairings.nearest_partners(torch.zeros(3, 2), k=0), ValueError, "k >= 1, got 0"),
        (lambda: pairings.nearest_partners(torch.tensor([float("inf"), 0.0])), ValueError, "finite values"),
        (lambda: pairings.nearest_partners([1, 2]), TypeError, "a tensor"),
        (lambda: pairings.kernel_partners(torch.zeros(3), 0.0), ValueError, "bandwidth > 0, got 0"),
    ],
)
def test_refuses(make, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        make()
