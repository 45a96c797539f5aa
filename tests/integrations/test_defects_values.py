"""Values and labels: other libraries' rounding, types and shapes, shown on their formulas, and what happens here."""

import pytest
import torch
import torch.nn.functional as F
from defects import KINDS

import fastmix as fm


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


def test_kornia_labels_in_bfloat16_are_wrong_above_256() -> None:
    labels = torch.tensor([999, 257, 512, 301])
    assert not torch.equal(labels.to(torch.bfloat16).long(), labels)
    plan = fm.MixPlan.mixup([1, 0, 3, 2], 0.75)
    images = torch.zeros(4, 1, 2, 2, dtype=torch.bfloat16)
    fm.mix_(images, plan)
    target = fm.mix_labels(labels, plan, 1000)
    assert target.dtype == torch.float32
    assert target.argmax(1).tolist() == labels.tolist() and (target.sum(1) == 1).all()


def test_keras_masks_are_flattened_and_tsai_labels_use_another_permutation() -> None:
    # One plan mixes images, maps and labels: the same partners and boxes, and every shape kept.
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(0, 5, (6, 1, 8, 8), generator=generator)
    images, labels = ids.float(), ids[:, 0, 0, 0]
    plan = fm.CutMix(per="sample").plan(6, (8, 8))
    before = labels.clone()
    assert torch.equal(fm.mix(images, plan), fm.mix_segmentation(ids, plan).float())
    _, partner, _ = fm.pair_labels(labels, plan)
    assert torch.equal(partner, ids[plan.partner.long()][:, 0, 0, 0]) and torch.equal(labels, before)


def test_fastai_and_kornia_fail_on_batches_of_one_and_none() -> None:
    for policy in KINDS:
        for batch in (0, 1):
            x = torch.randn(batch, 3, 5, 7, generator=torch.Generator().manual_seed(1))
            plan = policy.plan(batch, (5, 7))
            assert torch.equal(fm.mix(x, plan), x)
            assert fm.mix_labels(torch.zeros(batch).long(), plan, 3).shape == (batch, 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_kornia_gives_half_precision_images_back_in_float32(dtype: torch.dtype) -> None:
    x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1)).to(dtype)
    weight = torch.rand(4, 1, 1, 1, generator=torch.Generator().manual_seed(2))
    assert (x * (1 - weight) + x.flip(0) * weight).dtype == torch.float32
    for policy in KINDS:
        plan = policy.plan(4, (8, 8))
        assert fm.mix(x, plan).dtype == dtype
        assert fm.mix_labels(torch.arange(4), plan, 4).dtype == torch.float32


def test_yolox_changes_the_callers_labels() -> None:
    labels, dense = torch.arange(6), torch.eye(6)
    plan = fm.Mixup(pairing="flip").plan(6)
    for call in (
        lambda: fm.mix_labels(labels, plan, 6),
        lambda: fm.mix_labels(dense, plan),
        lambda: fm.pair_labels(labels, plan),
        lambda: fm.mix_values(dense, plan),
        lambda: fm.mix_loss(F.cross_entropy, dense, labels, plan),
    ):
        call()
    assert torch.equal(labels, torch.arange(6)) and torch.equal(dense, torch.eye(6))


def test_kornia_leaves_segmentation_maps_as_they_were(generator):
    """Its container hands masks on unmixed: they no longer belong to the images."""
    images = torch.rand((6, 3, 9, 13), generator=generator)
    maps = (images[:, 0] > 0.5).long()
    plan = fm.CutMix(1.0).plan(6, image_size=(9, 13), seed=3)
    expected = (fm.mix(images, plan)[:, 0] > 0.5).long()
    assert not torch.equal(maps, expected), "what Kornia hands on"
    assert torch.equal(fm.mix_segmentation(maps, plan), expected)
