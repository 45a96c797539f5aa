"""Each known defect of another library: shown on that library or on its formula, and absent here.

Formulas are written out where the library is not installed; its name and what it does are in the test's name.
"""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from peers import seeded, timm_mixup, torchvision_v2
from scipy import stats

import fastmix as fm
from fastmix.boxes import Coverage, Inside, MinMax
from fastmix.compat import timm as timm_like
from fastmix.compat import torchvision as torchvision_like
from fastmix.reference import weight_map

SIZES = [(9, 13), (7, 4), (224, 160)]
CUTS = [
    fm.CutMix(per="sample"),
    fm.CutMix(per="sample", box=Coverage()),
    fm.CutMix(per="sample", box=Inside()),
    fm.CutMix(per="sample", box=MinMax(0.2, 0.8)),
    fm.CutMix(per="sample", inside=fm.Uniform()),
    fm.HMix(per="sample"),
    fm.Mixup(per="sample"),
]


def own_pixels(images: torch.Tensor) -> torch.Tensor:
    """The share of ones: own pixels of images that are 1, mixed with partners that are 0."""
    return images.double().flatten(1).mean(1)


def mixed_share(policy: fm.Policy, size: tuple[int, int], steps: int = 50) -> tuple[torch.Tensor, torch.Tensor]:
    """Own pixels of the first of two images, and its label weight."""
    x = torch.zeros(2, 1, *size, dtype=torch.float64)
    x[0] = 1
    shares, weights = [], []
    for step in range(steps):
        plan = policy.plan(2, size, step=step, partner=[1, 0])
        shares.append(own_pixels(fm.mix(x, plan))[0])
        weights.append(plan.label_weight[0])
    return torch.stack(shares), torch.stack(weights)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("policy", CUTS, ids=str)
def test_label_weight_is_the_share_of_own_pixels_for_every_kind(policy: fm.Policy, size: tuple[int, int]) -> None:
    shares, weights = mixed_share(policy, size)
    torch.testing.assert_close(weights.double(), shares, rtol=0, atol=2**-24)


def unclipped_box(size: tuple[int, int], weight: float, generator: np.random.Generator) -> tuple:
    """A clipped box, and the label weight of KerasCV's and tf-models' CutMix: that of the box before clipping."""
    height, width = size
    side = math.sqrt(1 - weight)
    cut_h, cut_w = int(height * side), int(width * side)
    y, x = int(generator.integers(height)), int(generator.integers(width))
    box = max(y - cut_h // 2, 0), max(x - cut_w // 2, 0), min(y + cut_h // 2, height), min(x + cut_w // 2, width)
    return box, 1 - cut_h * cut_w / (height * width)


def taken(box: tuple, size: tuple[int, int]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1]) / (size[0] * size[1])


def test_keras_cv_and_tf_models_label_from_the_unclipped_box() -> None:
    generator = np.random.default_rng(1)
    drawn = [unclipped_box((64, 64), generator.random(), generator) for _ in range(500)]
    wrong = [abs(1 - taken(box, (64, 64)) - weight) for box, weight in drawn]
    assert np.mean(wrong) > 0.1
    shares, weights = mixed_share(fm.CutMix(), (64, 64), 500)
    assert (shares - weights).abs().max() < 2**-24


def test_tf_models_box_width_from_the_images_height() -> None:
    # On a wide image the box would be square; ours has the image's proportions.
    height, width = 40, 400
    square = int(height * 0.5), int(height * 0.5)
    assert square[0] * square[1] / (height * width) < 0.05
    box = fm.CutMix(weight=fm.Fixed(0.75), box=Inside()).plan(1, (height, width), partner=[0]).box[0]
    assert (box[2:] - box[:2]).tolist() == [20, 200]


def test_keras_box_of_no_whole_pixels() -> None:
    # Keras computes the label from a box of real numbers, and masks whole pixels.
    height, width, side = 9, 13, math.sqrt(0.3)
    label = 1 - (height * side) * (width * side) / (height * width)
    pixels = 1 - int(height * side) * int(width * side) / (height * width)
    assert abs(label - pixels) > 0.05
    shares, weights = mixed_share(fm.CutMix(weight=fm.Fixed(0.7), box=Inside()), (height, width))
    assert (shares - weights).abs().max() < 2**-24


def test_kornia_cutmix_and_openmixup_smoothmix_inverted_weight() -> None:
    # Both give the label the partner's share: with a small box nearly all of it would go to the wrong class.
    plan = fm.CutMix(weight=fm.Fixed(0.9), box=Inside()).plan(2, (20, 20), partner=[1, 0])
    inverted = 1 - plan.label_weight[0].item()
    shares, weights = mixed_share(fm.CutMix(weight=fm.Fixed(0.9), box=Inside()), (20, 20), 1)
    assert abs(inverted - shares[0]) > 0.7 and abs(weights[0] - shares[0]) < 2**-24
    target = fm.mix_labels(torch.tensor([0, 1]), plan, 2)
    assert target[0].argmax() == 0


def test_monai_cutmix_gives_the_partners_label_in_whole() -> None:
    labels = torch.eye(3)[:2]
    plan = fm.CutMix(weight=fm.Fixed(0.75), box=Inside()).plan(2, (16, 16), partner=[1, 0])
    swapped = labels[plan.partner.long()]
    assert swapped[0, 0] == 0
    assert fm.mix_labels(labels, plan)[0].tolist() == [0.75, 0.25, 0]


def test_dle_label_area_is_not_the_mean_of_the_batch() -> None:
    plan = fm.CutMix(per="sample").plan(64, (32, 32))
    own = weight_map(plan, (64, 32, 32)).double().mean((1, 2))
    assert (own - own.mean()).abs().max() > 0.3
    assert (plan.label_weight.double() - own).abs().max() < 2**-24


def test_dle_deferred_cutmix_half_is_all_zeros() -> None:
    # DLE-TF2 multiplies the two parts where it should add them.
    own, partner, mask = torch.ones(4, 4), torch.ones(4, 4), torch.zeros(4, 4)
    assert ((own * (1 - mask)) * (partner * mask)).sum() == 0
    half = fm.Choice([fm.Mixup(), fm.CutMix()], per="sample").plan(64, (4, 4))
    assert (fm.mix(torch.ones(64, 1, 4, 4), half) == 1).all()


def test_composer_cutmix_at_alpha_zero_cuts_all() -> None:
    # Composer takes alpha = 0 as weight 0, the largest cut; here it is refused, and switching off has a name.
    with pytest.raises(ValueError, match="finite alpha > 0, got 0; to switch mixing off use prob=0"):
        fm.CutMix(alpha=0)
    assert (fm.CutMix(prob=0.0).plan(8, (8, 8)).label_weight == 1).all()


def test_timm_elem_on_uint8_gives_the_target_of_the_wrong_image() -> None:
    x = torch.tensor([200, 0], dtype=torch.uint8)[:, None, None, None].expand(2, 1, 4, 4)
    options = {"mixup_alpha": 1e6, "mode": "elem", "num_classes": 2, "label_smoothing": 0.0}
    with seeded(0):
        pixels, target = timm_mixup().Mixup(**options)(x.clone(), torch.tensor([0, 1]))
    assert pixels[0].float().mean() > 90 and target[0].tolist() == [0, 1]
    pixels, target = timm_like.Mixup(**options)(x.clone(), torch.tensor([0, 1]))
    assert (pixels[0] == 100).all()
    torch.testing.assert_close(target[0], torch.tensor([0.5, 0.5]), rtol=0, atol=2e-3)


def test_timm_elem_on_float16_has_rows_that_do_not_sum_to_one() -> None:
    options = {"mode": "elem", "num_classes": 4, "label_smoothing": 0.0}
    x, y = torch.zeros(64, 1, 2, 2, dtype=torch.float16), torch.arange(64) % 4

    def largest_miss(mixup) -> float:
        with seeded(0):
            return (mixup(x.clone(), y)[1].double().sum(1) - 1).abs().max().item()

    assert largest_miss(timm_mixup().Mixup(**options)) > 1e-4
    assert largest_miss(timm_like.Mixup(**options)) < 1e-7


@pytest.mark.parametrize("mode", ["pair", "half"])
def test_timm_collate_writes_into_the_dataset(mode: str) -> None:
    options = {"mixup_alpha": 0.0, "cutmix_minmax": (0.4, 0.6), "mode": mode, "num_classes": 8}
    for make, is_kept in ((timm_mixup().FastCollateMixup, False), (timm_like.FastCollateMixup, True)):
        samples = [(np.full((3, 8, 8), 20 * i, np.uint8), i) for i in range(8)]
        with seeded(0):
            make(**options)(samples)
        assert all((image == 20 * i).all() for image, i in samples) == is_kept


def test_timm_collate_destroys_floating_images() -> None:
    samples = [(np.full((1, 4, 4), 0.6, np.float32), i) for i in range(2)]
    with seeded(0):
        images, _ = timm_mixup().FastCollateMixup(num_classes=2, prob=0.0)(samples)
    assert (images == 0).all()
    with pytest.raises(TypeError, match=r"expected uint8 images, got torch\.float32"):
        timm_like.FastCollateMixup(num_classes=2)(samples)


def test_timm_cutmix_of_videos_cuts_the_wrong_axes() -> None:
    # The first of two videos is 1, the other 0: (B, C, T, H, W).
    options = {"mixup_alpha": 0.0, "cutmix_minmax": (0.4, 0.6), "num_classes": 2, "label_smoothing": 0.0}
    for make, is_right in ((timm_mixup().Mixup, False), (timm_like.Mixup, True)):
        x = torch.zeros(2, 1, 5, 16, 12)
        x[0] = 1
        with seeded(0):
            mixed, target = make(**options)(x, torch.tensor([0, 1]))
        assert (abs(own_pixels(mixed)[0] - target[0, 0]) < 1e-6) == is_right


@pytest.mark.parametrize("batch", [0, 1, 3, 5])
def test_timm_refuses_odd_batches(batch: int) -> None:
    x, y = torch.randn(batch, 1, 4, 4, generator=torch.Generator().manual_seed(1)), torch.zeros(batch).long()
    if batch % 2:
        with seeded(0), pytest.raises(AssertionError, match="even"):
            timm_mixup().Mixup(num_classes=2)(x.clone(), y)
    mixed, target = timm_like.Mixup(num_classes=2)(x.clone(), y)
    assert mixed.shape == x.shape and target.shape == (batch, 2)
    assert not batch % 2 or torch.equal(mixed[batch // 2], x[batch // 2])


def test_timm_flattens_one_hot_labels() -> None:
    x, y = torch.zeros(4, 1, 2, 2), torch.eye(4)[:, :3].long()
    with seeded(0):
        assert timm_mixup().Mixup(num_classes=3)(x.clone(), y)[1].shape == (12, 3)
    with pytest.raises(ValueError, match=r"class ids of shape \(B,\), got \(4, 3\)"):
        timm_like.Mixup(num_classes=3)(x, y)


def test_timm_takes_a_mistyped_mode_for_batch() -> None:
    timm_mixup().Mixup(mode="per-element")
    with pytest.raises(ValueError, match="expected mode"):
        timm_like.Mixup(mode="per-element")


def test_torchvision_refuses_uint8_images_and_int32_labels() -> None:
    x = torch.full((2, 1, 4, 4), 7, dtype=torch.uint8)
    theirs = torchvision_v2().MixUp(num_classes=2)
    with seeded(0):
        with pytest.raises(RuntimeError):
            theirs(x, torch.tensor([0, 1]))
        with pytest.raises(RuntimeError):
            theirs(x.float(), torch.tensor([0, 1], dtype=torch.int32))
    mixed, target = torchvision_like.MixUp(num_classes=2)(x, torch.tensor([0, 1], dtype=torch.int32))
    assert torch.equal(mixed, x) and (target.sum(1) == 1).all()


def test_torchvision_mixes_labels_as_images_where_they_come_first() -> None:
    sample = {
        "labels": torch.tensor([0, 1]),
        "pixels": torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 1, 8, 8),
    }
    with seeded(0), pytest.raises((ValueError, TypeError, RuntimeError)):
        torchvision_v2().CutMix(num_classes=2)(sample)
    mixed = torchvision_like.CutMix(num_classes=2, seed=1)(sample)
    torch.testing.assert_close(own_pixels(mixed["pixels"]), mixed["labels"][:, 1].double())


def test_ffcv_same_class_pairs_sum_to_less_than_one() -> None:
    label, weight = 2, 0.7
    assigned = torch.zeros(4)
    assigned[label] = weight
    assigned[label] = 1 - weight  # MixupToOneHot assigns where it should add
    assert assigned.sum() == pytest.approx(0.3)
    target = fm.mix_labels(torch.tensor([label, label]), fm.MixPlan.mixup([1, 0], weight), 4)
    assert target.tolist() == [[0, 0, 1, 0]] * 2


def test_ffcv_and_ultralytics_truncate_to_uint8() -> None:
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(0, 256, (512, 8, 8), generator=generator, dtype=torch.uint8)
    plan = fm.Mixup(per="sample").plan(512, seed=1)
    w = plan.weight_out.double()[:, None, None]
    exact = w * x.double() + (1 - w) * x[plan.partner.long()].double()
    assert (exact.to(torch.uint8) - exact).mean() == pytest.approx(-0.5, abs=0.02)
    mixed = fm.mix(x, plan).double()
    assert abs((mixed - exact).mean()) < 5e-3 and (mixed - exact).abs().max() <= 0.5


def test_truncation_changes_identical_pictures() -> None:
    x = torch.arange(256, dtype=torch.uint8).repeat(2, 1)
    changed = 0
    for step in range(200):
        plan = fm.Mixup().plan(2, step=step, partner=[1, 0])
        w = plan.weight_out[0]
        changed += int(((w * x[0].float() + (1 - w) * x[1].float()).to(torch.uint8) != x[0]).sum())
        assert torch.equal(fm.mix(x, plan), x)
    assert changed > 0


def test_kornia_prob_applied_twice() -> None:
    prob, generator = 0.5, np.random.default_rng(1)
    twice = ((generator.random(4000) < prob) & (generator.random(4000) < prob)).sum()
    assert stats.binomtest(int(twice), 4000, prob).pvalue < 1e-6
    for policy in CUTS:
        # A weight of 1/2 mixes whenever it is asked to.
        fixed = fm.Choice([type(policy)(per="sample", prob=prob, weight=fm.Fixed(0.5))] * 2, per="sample")
        mixed = int((fixed.plan(4000, (64, 64), seed=2).label_weight < 1).sum())
        assert stats.binomtest(mixed, 4000, prob).pvalue > 1e-3


def test_kornia_and_monai_share_one_place_among_all_boxes() -> None:
    box = fm.CutMix(per="sample", weight=fm.Fixed(0.75), box=Inside()).plan(4000, (64, 64), seed=2).box.double()
    assert len(box.unique(dim=0)) > 500
    y, x = box[:, 0].numpy(), box[:, 1].numpy()
    for a, b in ((y, x), (y[1:], y[:-1]), (x[1:], x[:-1])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / math.sqrt(4000)


def test_kornia_labels_in_bfloat16_are_wrong_above_256() -> None:
    labels = torch.tensor([999, 257, 512, 301])
    assert not torch.equal(labels.to(torch.bfloat16).long(), labels)
    plan = fm.MixPlan.mixup([1, 0, 3, 2], 0.75)
    images = torch.zeros(4, 1, 2, 2, dtype=torch.bfloat16)
    fm.mix_(images, plan)
    target = fm.mix_labels(labels, plan, 1000)
    assert target.dtype == torch.float32
    assert target.argmax(1).tolist() == labels.tolist() and (target.sum(1) == 1).all()


def test_mmpretrain_changes_the_callers_probabilities() -> None:
    p = [0.3, 0.7]
    for _ in range(3):
        assert fm.Choice([fm.Mixup(), fm.CutMix()], p=p).p == (0.3, 0.7)
    assert p == [0.3, 0.7]


def test_mmpretrain_and_paper_lose_a_pixel_of_odd_boxes() -> None:
    # centre - 5 // 2 to centre + 5 // 2 has 4 pixels.
    assert 2 * (5 // 2) == 4
    box = fm.CutMix(per="sample", weight=fm.Fixed(0.75)).plan(400, (11, 11)).box
    inner = (box[:, 0] > 0) & (box[:, 2] < 11)
    assert ((box[:, 2] - box[:, 0])[inner] == 5).all()


def test_timm_formerly_and_mmpretrain_min_max_at_the_full_side() -> None:
    # randint(0, H - cut) has no values when cut == H.
    with pytest.raises(ValueError, match="high"):
        np.random.default_rng(1).integers(0, 8 - 8)
    plan = fm.CutMix(box=MinMax(1.0, 1.0)).plan(2, (8, 8), partner=[1, 0])
    assert plan.box.tolist() == [[0, 0, 8, 8]] * 2 and (plan.label_weight == 0).all()


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


def test_keras_masks_are_flattened_and_tsai_labels_use_another_permutation() -> None:
    # One plan mixes images, maps and labels: the same partners and boxes, and every shape kept.
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(0, 5, (6, 1, 8, 8), generator=generator)
    images, labels = ids.float(), ids[:, 0, 0, 0]
    plan = fm.CutMix(per="sample").plan(6, (8, 8))
    before = labels.clone()
    assert torch.equal(fm.mix(images, plan), fm.mix_masks(ids, plan).float())
    _, partner, _ = fm.mix_targets(labels, plan)
    assert torch.equal(partner, ids[plan.partner.long()][:, 0, 0, 0]) and torch.equal(labels, before)


def test_fastai_and_kornia_fail_on_batches_of_one_and_none() -> None:
    for policy in CUTS:
        for batch in (0, 1):
            x = torch.randn(batch, 3, 5, 7, generator=torch.Generator().manual_seed(1))
            plan = policy.plan(batch, (5, 7))
            assert torch.equal(fm.mix(x, plan), x)
            assert fm.mix_labels(torch.zeros(batch).long(), plan, 3).shape == (batch, 3)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_weights_zero_and_one_leave_bytes_as_they_are(weight: float) -> None:
    x = torch.tensor([float("nan"), float("inf"), -0.0, 1.0])[:, None].repeat(1, 3)
    plan = fm.Mixup(weight=fm.Fixed(weight), pairing="flip").plan(4)
    expected = x if weight else x.flip(0)
    assert torch.equal(fm.mix(x, plan).view(torch.int32), expected.view(torch.int32))


@pytest.mark.parametrize("policy", CUTS, ids=str)
def test_prob_zero_is_the_identity_but_for_smoothing(policy: fm.Policy) -> None:
    x = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    plan = policy.never().plan(6, (8, 8))
    assert torch.equal(fm.mix(x, plan), x)
    labels = torch.arange(6)
    assert torch.equal(fm.mix_labels(labels, plan, 6), torch.eye(6))
    torch.testing.assert_close(fm.mix_labels(labels, plan, 6, 0.1), torch.eye(6) * 0.9 + 0.1 / 6)


def test_two_ranks_draw_equal_or_different_plans_as_asked() -> None:
    for policy in CUTS:
        assert policy.plan(8, (9, 9), seed=1, rank=0) == policy.plan(8, (9, 9), seed=1, rank=0)
        assert policy.plan(8, (9, 9), seed=1, rank=0) != policy.plan(8, (9, 9), seed=1, rank=1)


@pytest.mark.parametrize(
    "pairing", ["flip", "roll", "permutation", "derangement", "matching", "same_class", "different_class"]
)
def test_every_pairing_is_mixed_in_place_as_out_of_place(pairing: str) -> None:
    generator = torch.Generator().manual_seed(1)
    for policy in CUTS:
        for batch in (1, 2, 3, 9, 16):
            plan = policy.with_pairing(pairing).plan(batch, (6, 7), keys=[i % 3 for i in range(batch)])
            plan.check_in_place((6, 7))
            x = torch.randn(batch, 2, 6, 7, generator=generator)
            expected = fm.mix(x, plan)
            fm.mix_(x, plan)
            assert torch.equal(x, expected)


def test_segmentation_with_ignore_index() -> None:
    # vision#9222: ids outside the classes, which mean "do not count", pass through and do not count.
    masks = torch.randint(0, 3, (4, 8, 8), generator=torch.Generator().manual_seed(1))
    masks[:, :2] = 255
    plan = fm.CutMix(per="sample").plan(4, (8, 8))
    logits = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    loss = F.cross_entropy(logits, fm.mix_masks(masks, plan), ignore_index=255)
    assert torch.isfinite(loss)
    soft = fm.mix_masks(masks, plan, num_classes=3, ignore_index=255)
    counted = (soft.sum(1) > 0).sum()
    torch.testing.assert_close(F.cross_entropy(logits, soft, reduction="none").sum() / counted, loss)
