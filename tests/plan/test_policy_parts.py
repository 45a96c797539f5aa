"""What weights, box rules, pairings and schedules promise; statistics with fixed seeds."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

import fastmix as fm
from fastmix.ops import reference
from fastmix.plan.boxes import Clipped, Coverage, FixedBox, Inside, MinMax

LEAST_P = 1e-3
NAN = float("nan")


def weights(policy: fm.Policy, count: int = 40_000, **key: int) -> np.ndarray:
    return policy.plan(count, (64, 64), **key).label_weight.numpy().astype(np.float64)


@pytest.mark.parametrize(("a", "b"), [(20, 5), (0.3, 2.0), (1, 1), (20, 20)])
def test_asymmetric_beta(a: float, b: float) -> None:
    drawn = weights(fm.Mixup(per="sample", weight=fm.Beta(a, b)), seed=1)
    # float32 rounds what is near 1.
    drawn = drawn[drawn < 0.9999]
    law = stats.beta(a, b)
    assert stats.kstest(drawn, lambda w: law.cdf(w) / law.cdf(0.9999)).pvalue > LEAST_P


def test_uniform_and_fixed() -> None:
    drawn = weights(fm.Mixup(per="sample", weight=fm.Uniform(0.2, 0.7)), seed=1)
    assert stats.kstest(drawn, stats.uniform(0.2, 0.5).cdf).pvalue > LEAST_P
    assert (weights(fm.Mixup(per="sample", weight=fm.Fixed(0.25))) == 0.25).all()


@pytest.mark.parametrize("fold", ["max", "min"])
def test_folded_weights(fold: str) -> None:
    plain = weights(fm.Mixup(0.4, per="sample"), seed=3)
    folded = weights(fm.Mixup(per="sample", weight=fm.Beta(0.4, fold=fold)), seed=3)
    expected = np.maximum(plain, 1 - plain) if fold == "max" else np.minimum(plain, 1 - plain)
    np.testing.assert_allclose(folded, expected, atol=1e-7)
    assert (folded >= 0.5).all() if fold == "max" else (folded <= 0.5).all()


def test_clamped_weights() -> None:
    plain = weights(fm.Mixup(0.4, per="sample"), seed=3)
    clamped = weights(fm.Mixup(per="sample", weight=fm.Beta(0.4, clamp=(0.1, 0.8))), seed=3)
    np.testing.assert_allclose(clamped, np.clip(plain, 0.1, 0.8), atol=1e-7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fm.Beta(0), "finite alpha > 0, got 0"),
        (lambda: fm.Beta(1, -1), "finite alpha > 0, got -1"),
        (lambda: fm.Beta(NAN), "finite alpha > 0, got nan"),
        (lambda: fm.Uniform(0.5, 0.4), "0 <= low <= high <= 1"),
        (lambda: fm.Uniform(-0.1, 0.4), "0 <= low <= high <= 1"),
        (lambda: fm.Fixed(1.5), r"fixed weight in \[0, 1\], got 1.5"),
        (lambda: fm.Fixed(NAN), r"fixed weight in \[0, 1\], got nan"),
        (lambda: fm.Beta(1, fold="mean"), "'max', 'min' or None, got 'mean'"),
        (lambda: fm.Beta(1, clamp=(0.9, 0.1)), "0 <= least <= most <= 1"),
        (lambda: fm.Beta(1, clamp=(0.9,)), r"clamp: expected \(least, most\)"),
        (lambda: fm.Mixup(weight=0.5), "weight: expected Beta, Uniform or Fixed, got float"),
        (lambda: fm.CutMix(inside=0.5), "inside: expected Beta, Uniform, Fixed or None, got float"),
        (lambda: fm.CutMix(box="clipped"), "box: expected a rule of fastmix.plan.boxes, got str"),
        (lambda: fm.HMix(box=MinMax(0.1, 0.2)), "Coverage or Inside for HMix, which sets the area, got MinMax"),
        (lambda: fm.HMix(box_share=1.1), r"box_share in \[0, 1\], got 1.1"),
        (lambda: MinMax(0.5, 0.2), "0 <= least <= most <= 1"),
        (lambda: MinMax(0.5, 1.2), "0 <= least <= most <= 1"),
        (lambda: FixedBox(2, 0, 1, 4), "0 <= y0 <= y1"),
        (lambda: FixedBox(-1, 0, 1, 4), r"edges in \[0, 2\*\*31\)"),
        (
            lambda: fm.CutMix(box=FixedBox(0, 0, 9, 4)).plan(2, (8, 8)),
            r"within image_size=\(8, 8\), .* ends at \(9, 4\)",
        ),
        (lambda: fm.HMix().plan(2), "with both > 0 for HMix, got"),
        (lambda: fm.Mixup(pairing="same_class").plan(3), "expected groups=, one per sample"),
        (lambda: fm.Mixup().plan(3, groups=[1, 2]), r"groups of shape \(3,\), got \(2,\)"),
        (lambda: fm.Mixup().plan(3, groups=[[1], [2], [3]]), r"groups of shape \(B,\), got \(3, 1\)"),
        (lambda: fm.Mixup().plan(3, partner=[1, 2]), r"partner of shape \(3,\), got \(2,\)"),
        (lambda: fm.Mixup().plan(3, partner=[0, 1, 3]), r"partners in \[0, 3\), got 3 for sample 2"),
    ],
)
def test_bad_parts_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


ALL_KINDS = [
    fm.CutMix(per="sample", box=Coverage()),
    fm.CutMix(per="sample", box=Inside()),
    fm.CutMix(per="sample", box=MinMax(0.2, 0.8)),
    fm.CutMix(per="sample", box=FixedBox(0, 0, 3, 4)),
    fm.CutMix(per="sample", inside=fm.Beta(0.5)),
    fm.HMix(per="sample"),
    fm.HMix(per="sample", box_share=1.0),
    fm.HMix(0.2, per="sample", box_share=0.1, box=Coverage()),
]


@pytest.mark.parametrize("size", [(3, 4), (5, 9), (33, 7), (64, 64)])
@pytest.mark.parametrize("policy", ALL_KINDS, ids=str)
def test_label_weight_is_the_mean_of_the_own_weights(policy: fm.Policy, size: tuple[int, int]) -> None:
    plan = policy.plan(200, size, seed=6)
    own = reference.weight_map(plan, (200, *size)).double().mean(dim=(1, 2))
    torch.testing.assert_close(plan.label_weight.double(), own, rtol=0, atol=2**-24)
    plan.check_in_place(size)


def test_hmix_takes_the_drawn_weight_in_all() -> None:
    plain = fm.Mixup(0.7, per="sample").plan(5000, (32, 32), seed=1).label_weight
    for share, box in itertools.product([0.0, 0.25, 0.75], [Clipped(), Coverage(), Inside()]):
        plan = fm.HMix(0.7, per="sample", box_share=share, box=box).plan(5000, (32, 32), seed=1)
        torch.testing.assert_close(plan.label_weight, plain, rtol=0, atol=1e-6)
        area = ((plan.box[:, 2] - plan.box[:, 0]) * (plan.box[:, 3] - plan.box[:, 1])).double() / 1024
        assert (area <= (1 - plain.double()) * share + 1e-6).all() and (area > 0).any() == (share > 0)
    assert fm.HMix(0.7, per="sample", box_share=0.0).plan(50, (8, 8)) == fm.Mixup(0.7, per="sample").plan(50, (8, 8))


def test_mixup_inside_a_box() -> None:
    plan = fm.CutMix(per="sample", inside=fm.Fixed(0.25), box=FixedBox(1, 2, 5, 6)).plan(8, (8, 8))
    assert (plan.weight_in == 0.25).all() and (plan.weight_out == 1).all()
    assert (plan.label_weight == 1 - 0.75 * 16 / 64).all()
    drawn = fm.CutMix(per="sample", inside=fm.Beta(0.5), box=FixedBox(1, 2, 5, 6)).plan(20_000, (8, 8)).weight_in
    assert stats.kstest(drawn.numpy(), stats.beta(0.5, 0.5).cdf).pvalue > LEAST_P


def covered(rule, count: int = 20_000, size: tuple[int, int] = (6, 9)) -> np.ndarray:
    box = fm.CutMix(1.0, per="sample", box=rule).plan(count, size, seed=2).box.numpy()
    y, x = np.ogrid[: size[0], : size[1]]
    table = np.zeros(size)
    for y0, x0, y1, x1 in box:
        table += (y0 <= y) & (y < y1) & (x0 <= x) & (x < x1)
    return table / count


def test_coverage_covers_every_pixel_equally_often_and_the_papers_rule_does_not() -> None:
    table = covered(Coverage())
    spread = math.sqrt(table.mean() * (1 - table.mean()) / 20_000)
    assert np.abs(table - table.mean()).max() < 4.5 * spread
    table = covered(Clipped())
    assert table.max() - table.min() > 20 * spread


def test_min_max_sides_and_places_are_uniform() -> None:
    box = fm.CutMix(per="sample", box=MinMax(0.25, 0.75)).plan(40_000, (16, 12), seed=4).box.numpy()
    height, width = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    for side, values in ((height, range(4, 12)), (width, range(3, 9))):
        counts = np.bincount(side, minlength=max(values) + 1)
        assert counts[: min(values)].sum() == 0 and stats.chisquare(counts[min(values) :]).pvalue > LEAST_P
    assert abs(np.corrcoef(height, width)[0, 1]) < 4 / math.sqrt(len(box))
    assert stats.chisquare(np.bincount(box[height == 7, 0], minlength=10)).pvalue > LEAST_P


def test_inside_boxes_have_the_drawn_area() -> None:
    plan = fm.CutMix(1.0, per="sample", box=Inside()).plan(10_000, (2**12, 2**12), seed=4)
    drawn = fm.Mixup(1.0, per="sample").plan(10_000, seed=4).weight_out
    assert (plan.label_weight - drawn).abs().max() < 2**-10
    first = plan.box[:, 0].double() / (2**12 - (plan.box[:, 2] - plan.box[:, 0])).clamp(min=1)
    assert stats.kstest(first[plan.box[:, 2] - plan.box[:, 0] < 2**11].numpy(), "uniform").pvalue > LEAST_P


def test_derangements_are_uniform() -> None:
    policy = fm.Mixup(pairing="derangement")
    drawn = [tuple(policy.plan(4, seed=7, step=step).partner.tolist()) for step in range(6000)]
    valid = [p for p in itertools.permutations(range(4)) if all(i != j for i, j in enumerate(p))]
    counts = [drawn.count(p) for p in valid]
    assert sum(counts) == 6000 and stats.chisquare(counts).pvalue > LEAST_P


@pytest.mark.parametrize("batch", [5, 6])
def test_matchings_are_uniform(batch: int) -> None:
    policy = fm.Mixup(pairing="matching")
    drawn = [tuple(policy.plan(batch, seed=7, step=step).partner.tolist()) for step in range(6000)]
    assert all(sum(i == j for i, j in enumerate(p)) == batch % 2 for p in drawn[:100])
    assert all(p[p[i]] == i for p in drawn[:100] for i in range(batch))
    counts = [drawn.count(p) for p in set(drawn)]
    assert len(counts) == 15 and stats.chisquare(counts).pvalue > LEAST_P


def test_roll_is_torchs_and_flip_is_torchs() -> None:
    for batch in (0, 1, 2, 5):
        order = torch.arange(batch, dtype=torch.int32)
        assert torch.equal(fm.Mixup(pairing="roll").plan(batch).partner, order.roll(1))
        assert torch.equal(fm.Mixup(pairing="flip").plan(batch).partner, order.flip(0))


@pytest.mark.parametrize(
    "groups",
    [np.array(list("abcabcabca")), torch.tensor([3, 1, 3, 1, 3, 1, 3, 1, 3, 3]), [0.5] * 10, list(range(10))],
    ids=["letters", "tensor", "one", "all"],
)
def test_same_class_is_uniform_within_each_class(groups) -> None:
    values = np.asarray(groups)
    counts = np.zeros((10, 10))
    for step in range(2000):
        partner = fm.Mixup(pairing="same_class").plan(10, seed=1, step=step, groups=groups).partner.numpy()
        assert (values[partner] == values).all() and sorted(partner) == list(range(10))
        counts[np.arange(10), partner] += 1
    for i in range(10):
        same = values == values[i]
        assert same.sum() == 1 or stats.chisquare(counts[i, same]).pvalue > LEAST_P / 10


def test_different_class_differs_wherever_it_can() -> None:
    generator = np.random.default_rng(5)
    for step in range(600):
        batch, classes = int(generator.integers(1, 40)), int(generator.integers(1, 9))
        groups = generator.integers(0, classes, batch)
        plan = fm.Mixup(pairing="different_class").plan(batch, seed=1, step=step, groups=groups)
        partner = plan.partner.numpy()
        assert plan.is_permutation()
        alone = partner == np.arange(batch)
        assert (groups[partner] != groups)[~alone].all()
        most = np.bincount(groups).max()
        # Of a class with more than half of the batch, what is too much stays alone.
        assert alone.sum() == max(0, 2 * most - batch)


def test_different_class_reaches_every_partner_equally_often() -> None:
    groups = np.array([0, 0, 1, 1, 2, 2])
    counts = np.zeros((6, 6))
    for step in range(4000):
        counts[np.arange(6), fm.Mixup(pairing="different_class").plan(6, step=step, groups=groups).partner] += 1
    allowed = groups[:, None] != groups
    assert (counts[~allowed] == 0).all()
    for row, others in zip(counts, allowed, strict=True):
        assert stats.chisquare(row[others]).pvalue > LEAST_P


def test_given_partners() -> None:
    plan = fm.Mixup(per="pair", pairing="same_class").plan(4, partner=torch.tensor([1, 0, 0, 0]))
    assert plan.partner.tolist() == [1, 0, 0, 0] and not plan.is_permutation()
    assert plan.weight_out[0] == plan.weight_out[1] and len(plan.weight_out.unique()) == 3


SCHEDULED = fm.Scheduled(fm.Mixup(0.4, per="sample"), start_epoch=2, end_epoch=6, ramp_epochs=3)


def test_a_schedule_is_off_before_and_after() -> None:
    for epoch in (0, 1, 6, 7, 100):
        plan = SCHEDULED.plan(8, epoch=epoch)
        assert (plan.weight_out == 1).all() and (plan.label_weight == 1).all()
    for epoch in (4, 5):
        assert SCHEDULED.plan(8, epoch=epoch) == fm.Mixup(0.4, per="sample").plan(8, epoch=epoch)
    forever = fm.Scheduled(fm.Mixup(0.4))
    assert forever.plan(8, epoch=2**32 - 1) == fm.Mixup(0.4).plan(8, epoch=2**32 - 1)


def test_a_schedule_ramps_alpha() -> None:
    assert [SCHEDULED.at(epoch).alpha for epoch in (2, 3, 4, 5)] == [0.4 * (1 / 3), 0.4 * (2 / 3), 0.4, 0.4]
    both = fm.Choice([fm.Mixup(0.2), fm.CutMix(weight=fm.Beta(2, 4))], p=[0.3, 0.7], per="pair")
    half = fm.Scheduled(both, ramp_epochs=2).at(0)
    assert half == fm.Choice([fm.Mixup(0.1), fm.CutMix(weight=fm.Beta(1, 2))], p=[0.3, 0.7], per="pair")
    assert fm.Scheduled(both).with_pairing("flip").policy == both.with_pairing("flip")
    assert fm.Scheduled(both).pairing == "permutation"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: fm.Scheduled("mixup"), ValueError, "a policy without a schedule, got str"),
        (lambda: fm.Scheduled(SCHEDULED), ValueError, "a policy without a schedule, got Scheduled"),
        (lambda: fm.Scheduled(fm.Mixup(), start_epoch=-1), ValueError, "start_epoch"),
        (lambda: fm.Scheduled(fm.Mixup(), end_epoch=0.5), TypeError, "float"),
        (
            lambda: fm.Scheduled(fm.Mixup(weight=fm.Fixed(0.5)), ramp_epochs=2),
            ValueError,
            "Beta weights for ramp_epochs",
        ),
        (lambda: fm.Choice([SCHEDULED]), ValueError, "got Scheduled"),
    ],
)
def test_bad_schedules_are_refused(make, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_parts_are_values_and_show_what_is_not_the_default() -> None:
    assert fm.CutMix(box=Coverage()) == fm.CutMix(box=Coverage()) != fm.CutMix()
    assert len({fm.Beta(1), fm.Beta(1, 1), fm.Uniform(), fm.Fixed(0.5), Clipped(), Coverage(), Clipped()}) == 5
    shown = repr(fm.CutMix(0.5, box=MinMax(0.2, 0.8)))
    assert shown == "CutMix(alpha=0.5, per='batch', prob=1.0, pairing='permutation', box=MinMax(least=0.2, most=0.8))"
