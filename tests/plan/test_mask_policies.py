"""GridMix, SmoothMix, GMix, FMix and boxes over time: what they draw, how it is distributed, and what labels get."""

import itertools
import math

import numpy as np
import pytest
import torch
from random_reimplementation import Key
from reimplementation import plan_arrays
from scipy import stats

import fastmix as fm
from fastmix.loader.settings import with_neighbor_pairing
from fastmix.ops.reference import weight_map
from fastmix.plan import boxes

KEYS = [Key(), Key(2**63, 7, 12, 3, 64)]
SIZES = [(1, 1), (1, 9), (9, 1), (7, 33), (16, 16), (24, 10)]
POLICIES = [
    fm.GridMix(),
    fm.GridMix(0.3, holes=(1, 5), hole_aspect=(0.5, 2.0), crop_area=(0.2, 0.9), crop_aspect=(0.5, 2.0), per="sample"),
    fm.GridMix(weight=fm.Uniform(0.1, 0.9), holes=3, crop_area=0.5, per="pair"),
    fm.GridMix(weight=fm.Fixed(1.0), holes=2),
    fm.SmoothMix(),
    fm.SmoothMix(sigma=0.1, per="sample", prob=0.7),
    fm.GMix(),
    fm.GMix(1e-3, per="sample"),
    fm.GMix(weight=fm.Fixed(0.5), per="sample"),
    fm.FMix(),
    fm.FMix(0.5, decay=2.0, softness=0.2, per="pair"),
    fm.FMix(decay=5.5, softness=0.5, per="sample", prob=0.8),
    fm.FMix(weight=fm.Fixed(0.0)),
]
CUTS = [
    fm.CutMix(per="sample", box=boxes.Cuboid()),
    fm.CutMix(per="pair", box=boxes.Cuboid(), inside=fm.Beta(0.4)),
    fm.CutMix(per="sample", box=boxes.Span("time")),
    fm.CutMix(per="sample", box=boxes.Span("width")),
    fm.CutMix(per="sample", box=boxes.Span("height")),
    fm.CutMix(per="sample"),
]
CHOICE = fm.Choice(
    [
        *(fm.Mixup(per="sample"), fm.CutMix(), fm.HMix()),
        *(fm.GridMix(holes=3), fm.SmoothMix(per="pair"), fm.GMix(), fm.FMix()),
    ],
    per="sample",
)


def assert_exact(policy: fm.Policy, batch: int, size: tuple[int, ...], key: Key) -> fm.MixPlan:
    named = {"seed": key.seed, "epoch": key.epoch, "step": key.step, "rank": key.rank, "offset": key.offset}
    plan = policy.plan(batch, size, **named)
    expected = plan_arrays(policy, batch, size, key)
    assert (plan.masks is not None) == ("masks" in expected), (policy, size)
    for name, array in expected.items():
        assert torch.equal(getattr(plan, name), torch.from_numpy(array)), (name, policy, batch, size, key)
    return plan


def own_share(plan: fm.MixPlan, size: tuple[int, ...]) -> torch.Tensor:
    return weight_map(plan, (len(plan), 1, *size)).expand(-1, -1, *size).double().flatten(1).mean(1)


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_equals_the_reimplementation(policy: fm.Policy) -> None:
    for size, key in itertools.product(SIZES, KEYS):
        assert_exact(policy, 5, size, key)


@pytest.mark.parametrize("policy", [*CUTS, CHOICE, fm.Choice([*CUTS, *POLICIES[:3]], per="sample")], ids=str)
def test_videos_and_choices_equal_the_reimplementation(policy: fm.Policy) -> None:
    for size, key in itertools.product([(1, 4, 6), (5, 9, 7), (8, 1, 3)], KEYS):
        assert_exact(policy, 9, size, key)


@pytest.mark.parametrize("policy", [*POLICIES, CHOICE], ids=str)
@pytest.mark.parametrize("size", [(9, 13), (32, 32), (31, 64), (7, 100), (1, 50)])
def test_label_weight_is_the_share_of_own_pixels(size: tuple[int, int], policy: fm.Policy) -> None:
    plan = policy.plan(16, size, seed=3)
    torch.testing.assert_close(plan.label_weight.double(), own_share(plan, size), rtol=0, atol=2**-23)


@pytest.mark.parametrize("policy", CUTS, ids=str)
def test_label_weight_of_videos(policy: fm.Policy) -> None:
    size = (7, 9, 13)
    plan = policy.plan(16, size, seed=3)
    torch.testing.assert_close(plan.label_weight.double(), own_share(plan, size), rtol=0, atol=2**-23)
    # What is mixed: own pixels are 1, all others 0.
    for i in range(0, 16, 5):
        images = torch.zeros(16, 2, *size)
        images[i] = 1.0
        if plan.partner[i] != i:
            kept = fm.mix(images, plan)[i].double().mean()
            torch.testing.assert_close(kept, plan.label_weight[i].double(), rtol=0, atol=1e-6)


def test_smoothmix_label_is_not_inverted() -> None:
    # OpenMixup 0.2.9 returns the partner's share: off by up to 0.60.
    for sigma in (0.05, 0.25, 0.5):
        plan = fm.SmoothMix(sigma=sigma, per="sample").plan(64, (33, 47), seed=1)
        own = own_share(plan, (33, 47))
        assert (plan.label_weight - own).abs().max() < 1e-6
        assert plan.masks.flatten(1).min(1).values.eq(0).all(), "the partner is whole at its centre"
    assert plan.label_weight.mean() < 0.8 and fm.SmoothMix(sigma=0.01).plan(1, (99, 99)).label_weight > 0.99


def test_gmix_of_non_square_images_is_round() -> None:
    # The authors' kernel is height x height: it does not fit other images.
    plan = fm.GMix(weight=fm.Fixed(0.1), per="sample").plan(32, (40, 80), seed=2)
    for mask in plan.masks.double():
        y, x = divmod(int(mask.argmax()), 80)
        if 15 < y < 25 and 20 < x < 60:
            assert torch.equal(mask[y, x - 12 : x + 13], mask[y - 12 : y + 13, x])
    # Away from the border its mean is the weight.
    assert abs(plan.label_weight.max().item() - 0.1) < 2e-3


def test_gmix_without_weight_shows_nothing() -> None:
    assert fm.GMix(weight=fm.Fixed(0.0)).plan(2, (5, 5)).label_weight.tolist() == [0, 0]
    assert fm.GMix(weight=fm.Fixed(1.0)).plan(2, (5, 5)).label_weight.tolist() == [1, 1]


@pytest.mark.parametrize("softness", [0.0, 0.1, 0.5])
def test_fmix_keeps_exactly_its_share(softness: float) -> None:
    for weight, size in itertools.product([0.0, 0.01, 0.3, 0.5, 0.77, 1.0], [(15, 21), (32, 32), (3, 5)]):
        plan = fm.FMix(weight=fm.Fixed(weight), softness=softness).plan(3, size, seed=5)
        pixels = size[0] * size[1]
        if softness == 0:
            assert int((plan.masks == 255).sum()) == math.floor(weight * pixels + 0.5)
            assert set(plan.masks.unique().tolist()) <= {0, 255}
        assert abs(plan.label_weight[0] - weight) <= 0.5 / pixels + 1 / 255 * (softness > 0) + 1e-6


def test_fmix_masks_are_of_low_frequency() -> None:
    def edges(decay: float) -> float:
        mask = fm.FMix(weight=fm.Fixed(0.5), decay=decay, per="sample").plan(20, (48, 48), seed=1).masks != 0
        return (mask[:, 1:] ^ mask[:, :-1]).double().mean().item()

    assert edges(6.0) < edges(3.0) < edges(1.0) < 0.5


def test_gridmix_has_holes_at_its_pitch() -> None:
    plan = fm.GridMix(weight=fm.Fixed(0.75), holes=4).plan(1, (32, 32))
    # Patches of 8 x 8 pixels with holes of 4 x 4: the square root of a quarter of each side.
    expected = torch.full((32, 32), 255, dtype=torch.uint8).reshape(4, 8, 4, 8)
    expected[:, :4, :, :4] = 0
    assert torch.equal(plan.masks[0], expected.reshape(32, 32)) and plan.label_weight.item() == 0.75
    for size in ((9, 40), (40, 9), (31, 33)):
        whole = fm.GridMix(weight=fm.Fixed(0.0), holes=2).plan(1, size)
        assert whole.label_weight.item() < 0.75, "the crop covers images of any shape"


@pytest.mark.parametrize("per", ["batch", "pair", "sample"])
@pytest.mark.parametrize("kind", [fm.GridMix, fm.SmoothMix, fm.GMix, fm.FMix])
def test_a_unit_shares_its_mask(kind: type, per: str) -> None:
    plan = kind(per=per, pairing="flip").plan(6, (8, 9), seed=4)
    expected = {"batch": [0] * 6, "pair": [0, 1, 2, 2, 1, 0], "sample": list(range(6))}
    assert plan.mask_index.tolist() == expected[per] and plan.masks.shape == (max(expected[per]) + 1, 8, 9)
    if per == "sample":
        assert len({mask.numpy().tobytes() for mask in plan.masks}) > 1


@pytest.mark.parametrize("policy", [fm.GridMix(per="sample", holes=1), fm.FMix(per="pair"), CHOICE], ids=str)
def test_ranks_draw_slices_of_the_global_plan(policy: fm.Policy) -> None:
    policy = policy.with_pairing("neighbor")
    whole = weight_map(policy.plan(12, (9, 8), seed=7), (12, 1, 9, 8))
    parts = [policy.plan(4, (9, 8), seed=7, offset=offset) for offset in (0, 4, 8)]
    assert torch.equal(torch.cat([weight_map(part, (4, 1, 9, 8)) for part in parts]), whole)
    other = policy.plan(12, (9, 8), seed=7, rank=1)
    assert not torch.equal(weight_map(other, (12, 1, 9, 8)), whole)


@pytest.mark.parametrize("kind", [fm.GridMix, fm.SmoothMix, fm.GMix, fm.FMix])
def test_prob_is_applied_once_and_0_mixes_nothing(kind: type) -> None:
    plan = kind(per="sample", prob=0.3).plan(2000, (2, 3), seed=1)
    assert stats.binomtest(int((plan.mask_index >= 0).sum()), 2000, 0.3).pvalue > 1e-3
    none = kind(prob=0.0).plan(4, (4, 4))
    assert none.masks is None and none.label_weight.tolist() == [1] * 4
    assert fm.Scheduled(kind(), start_epoch=1).plan(4, (4, 4), epoch=0).masks is None
    assert fm.Scheduled(kind(), start_epoch=1).plan(4, (4, 4), epoch=1).masks is not None


@pytest.mark.parametrize("kind", [fm.FMix, fm.GMix])
@pytest.mark.parametrize("alpha", [1e-3, 0.5, 2.0])
def test_weights_follow_the_law(alpha: float, kind: type) -> None:
    count = 400
    plan = kind(alpha, per="sample").plan(count, (16, 16), seed=11)
    expected = fm.Mixup(alpha, per="sample").plan(count, seed=11).weight_out
    assert torch.isfinite(plan.label_weight).all()
    if kind is fm.FMix:
        assert (plan.label_weight - expected).abs().max() <= 0.5 / 256 + 1e-6
    else:
        # The border takes some of the Gaussian of the one that shows less.
        lesser, drawn = torch.minimum(plan.label_weight, 1 - plan.label_weight), torch.minimum(expected, 1 - expected)
        assert (lesser <= drawn + 0.02).all()
    if alpha > 0.1:
        assert stats.kstest(expected.numpy(), stats.beta(alpha, alpha).cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    "policy", [fm.SmoothMix(sigma=0.1, per="sample"), fm.GMix(weight=fm.Fixed(0.05), per="sample")], ids=["dip", "bell"]
)
def test_centres_are_uniform(policy: fm.Policy) -> None:
    masks = policy.plan(3000, (5, 7), seed=2).masks.flatten(1)
    centres = (masks.argmin(1) if isinstance(policy, fm.SmoothMix) else masks.argmax(1)).numpy()
    assert stats.chisquare(np.bincount(centres, minlength=35)).pvalue > 1e-3


def test_fmix_covers_all_places_alike() -> None:
    masks = fm.FMix(weight=fm.Fixed(0.3), per="sample").plan(2000, (8, 12), seed=3).masks != 0
    assert (masks.double().mean(0) - 0.3).abs().max() < 0.06


@pytest.mark.parametrize("axis", ["width", "height", "time"])
def test_spans_are_whole_along_the_other_axes(axis: str) -> None:
    size = (6, 8, 11)
    plan = fm.CutMix(per="sample", box=boxes.Span(axis)).plan(2000, size, seed=5)
    partner = (weight_map(plan, (2000, 1, *size)).expand(-1, -1, *size) == 0)[:, 0]
    along = {"time": 1, "height": 2, "width": 3}[axis]
    lines = partner.movedim(along, 1).flatten(2)
    assert torch.equal(lines.any(2), lines.all(2))
    taken = lines.all(2)
    assert ((taken[:, 1:] & ~taken[:, :-1]).sum(1) + taken[:, 0] <= 1).all(), "one range"
    # Wherever it lies in the image it is equally likely.
    width = taken.sum(1)
    first = taken.int().argmax(1)[width == 3]
    assert stats.chisquare(np.bincount(first.numpy(), minlength=size[along - 1] - 2)).pvalue > 1e-3


def test_spans_cut_signals_and_spectrograms_by_time() -> None:
    signals = torch.ones(4, 3, 100)
    plan = fm.CutMix(weight=fm.Fixed(0.75), pairing="roll", box=boxes.Span()).plan(4, signals.shape[-2:])
    assert (plan.box[:, 3] - plan.box[:, 1]).tolist() == [25] * 4 and plan.label_weight.tolist() == [0.75] * 4
    assert plan.box[:, 0].tolist() == [0] * 4 and plan.box[:, 2].tolist() == [3] * 4 and plan.masks is None
    signals[0] = 0
    assert fm.mix(signals, plan)[0].sum() == 3 * 25


def test_video_boxes_cut_the_last_axes() -> None:
    # timm 1.0.31 cuts (C, T, H, W) along T and H: own pixels 0.60 where the label says 0.875.
    videos = torch.zeros(6, 3, 4, 16, 20)
    for box in (boxes.Clipped(), boxes.Cuboid(), boxes.Span("time")):
        plan = fm.CutMix(per="sample", pairing="roll", box=box).plan(6, videos.shape[-3:], seed=9)
        for i in range(6):
            ones = videos.clone()
            ones[i] = 1
            mixed = fm.mix(ones, plan)[i]
            assert torch.equal(mixed[0], mixed[2]), "channels are cut alike"
            assert abs(mixed.mean() - plan.label_weight[i]) < 1e-6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fm.GridMix(holes=0), "holes: expected an integer >= 1"),
        (lambda: fm.GridMix(holes=(5, 2)), "holes as"),
        (lambda: fm.GridMix(holes=2.5), "holes: expected"),
        (lambda: fm.GridMix(crop_area=(0.5, 1.5)), "crop_area as"),
        (lambda: fm.GridMix(crop_area="all"), "crop_area: expected a number"),
        (lambda: fm.GridMix(hole_aspect=0.0), "hole_aspect as"),
        (lambda: fm.SmoothMix(sigma=0.0), "sigma as"),
        (lambda: fm.SmoothMix(sigma=(0.5, 0.25)), "sigma as"),
        (lambda: fm.SmoothMix(sigma=float("nan")), "sigma as"),
        (lambda: fm.FMix(decay=0.0), "decay in"),
        (lambda: fm.FMix(softness=0.6), "softness in"),
        (lambda: fm.GMix(0.0), "finite alpha > 0"),
        (lambda: boxes.Span("depth"), "axis 'width', 'height' or 'time'"),
        (lambda: fm.HMix(box=boxes.Span()), "box Clipped, Coverage or Inside for HMix, which sets the area, got Span"),
        (lambda: fm.FMix().plan(4), r"image_size=\(height, width\) with both > 0 for FMix"),
        (lambda: fm.GMix().plan(4, (0, 5)), r"image_size=\(height, width\) with both > 0 for GMix"),
        (
            lambda: fm.SmoothMix().plan(4, (2**20, 2**20)),
            "fewer than 2\\^31 pixels for masks of SmoothMix, got 1 x 1048576 x 1048576",
        ),
        (lambda: fm.CutMix(box=boxes.Cuboid()).plan(4, (8, 8)), r"image_size=\(frames, height, width\)"),
        (lambda: fm.CutMix(box=boxes.Span("time")).plan(4, (8, 8)), r"image_size=\(frames, height, width\)"),
        (lambda: fm.CutMix().plan(4, (1, 2, 8, 8)), r"or \(frames, height, width\)"),
        (lambda: with_neighbor_pairing(CUTS[0], (8, 8)), r"size=\(8, 8\), .*image_size=\(frames, height, width\)"),
    ],
)
def test_refuses(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
