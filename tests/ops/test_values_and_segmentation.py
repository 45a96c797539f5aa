import pytest
import torch
import torch.nn.functional as F
from support import devices, random_plan, same_bits

import fastmix as fm
from fastmix.ops.reference import mix_reference, weight_map
from fastmix.plan import boxes
from fastmix.plan.boxes import FixedBox

INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.bool]


@pytest.mark.parametrize("device", devices())
def test_the_pair_form(device, generator):
    labels = torch.randint(0, 9, (6, 2), generator=generator).to(device)
    plan = random_plan(6, 1, 1, generator, "repeats")
    own, partner, weight = fm.pair_labels(labels, plan)
    assert own is labels and weight.device == labels.device
    assert torch.equal(partner, labels[plan.partner.long().to(device)])
    assert torch.equal(weight.cpu(), plan.label_weight)


def test_the_pair_form_and_the_dense_one_give_the_same_loss(generator):
    logits, labels = torch.randn(8, 5, generator=generator), torch.randint(0, 5, (8,), generator=generator)
    plan = random_plan(8, 1, 1, generator)
    a, b, w = fm.pair_labels(labels, plan)
    by_hand = (
        w * F.cross_entropy(logits, a, reduction="none") + (1 - w) * F.cross_entropy(logits, b, reduction="none")
    ).mean()
    torch.testing.assert_close(by_hand, F.cross_entropy(logits, fm.mix_labels(labels, plan, 5)))
    torch.testing.assert_close(by_hand, fm.mix_loss(F.cross_entropy, logits, labels, plan))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(7,), (7, 1), (7, 3), (7, 2, 4), (0, 2)])
def test_values_of_any_shape(shape, dtype, generator):
    values = torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)
    plan = random_plan(shape[0], 1, 1, generator, "repeats")
    mixed = fm.mix_values(values, plan)
    w = plan.label_weight.double().reshape(-1, *[1] * (len(shape) - 1))
    expected = w * values.double() + (1 - w) * values.double()[plan.partner.long()]
    assert same_bits(mixed, expected.to(dtype))


def test_values_are_differentiable():
    values = torch.ones(2, requires_grad=True, dtype=torch.float64)
    plan = fm.MixPlan.mixup([1, 1], [0.25, 1.0])
    fm.mix_values(values, plan).sum().backward()
    assert values.grad.tolist() == [0.25, 1.75]
    assert torch.autograd.gradcheck(lambda x: fm.mix_values(x, plan), values)


def test_multi_label_rows():
    labels = torch.tensor([[1.0, 1, 0], [0, 1, 1]])
    plan = fm.MixPlan.mixup([1, 0], 0.75)
    assert fm.mix_labels(labels, plan).tolist() == [[0.75, 1, 0.25], [0.25, 1, 0.75]]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("shape", [(5, 9, 14), (5, 1, 9, 14), (5, 2, 3, 9, 14)])
def test_maps_of_class_ids_are_cut_exactly(shape, dtype, device, generator):
    info = (0, 1) if dtype == torch.bool else (torch.iinfo(dtype).min, torch.iinfo(dtype).max)
    maps = torch.randint(info[0], min(info[1], 2**62), shape, generator=generator)
    maps[..., 0, 0] = info[1]
    maps = maps.to(dtype).to(device)
    for box in ({}, {"box": boxes.Coverage()}):
        plan = fm.CutMix(per="sample", pairing="roll", **box).plan(5, shape[-2:], seed=2)
        own = weight_map(plan, shape, device) == 1
        mixed = fm.mix_segmentation(maps, plan)
        # torch.where and indexing have no kernels for uint16.
        wide = maps.to(torch.int64)
        assert mixed.dtype == dtype
        assert torch.equal(mixed.to(torch.int64), torch.where(own, wide, wide[plan.partner.long().to(device)]))


def test_ids_that_look_like_nan_are_copied():
    maps = torch.tensor([0x7FF0000000000001, -1, 0x7FF4000000000000, -(2**63)])[:, None, None].repeat(1, 2, 2)
    plan = fm.CutMix(pairing="flip", box=FixedBox(0, 0, 1, 2)).plan(4, (2, 2))
    assert torch.equal(fm.mix_segmentation(maps, plan)[:, 0], maps.flip(0)[:, 0])
    halves = torch.tensor([0x7C01, 0x7D00, -1], dtype=torch.int16)[:, None, None].repeat(1, 2, 2)
    plan = fm.CutMix(pairing="roll", box=FixedBox(0, 0, 1, 2)).plan(3, (2, 2))
    assert torch.equal(fm.mix_segmentation(halves, plan)[:, 0], halves.roll(1, 0)[:, 0])


def test_images_and_maps_are_cut_alike(generator):
    ids = torch.randint(0, 200, (6, 8, 9), generator=generator, dtype=torch.uint8)
    plan = fm.CutMix(per="sample").plan(6, (8, 9))
    assert torch.equal(fm.mix_segmentation(ids, plan), fm.mix(ids, plan))


@pytest.mark.parametrize(
    "plan", [fm.Mixup().plan(4), fm.HMix().plan(4, (6, 6)), fm.CutMix(inside=fm.Fixed(0.5)).plan(4, (6, 6))]
)
def test_ids_are_not_blended_but_dense_maps_are(plan, generator):
    maps = torch.randint(0, 3, (4, 6, 6), generator=generator)
    plan = fm.MixPlan.from_arrays(
        torch.tensor([1, 0, 3, 2], dtype=torch.int32),
        *[getattr(plan, n) for n in ("weight_in", "weight_out", "box", "label_weight")],
    )
    with pytest.raises(ValueError, match="one that blends sample 0; pass num_classes="):
        fm.mix_segmentation(maps, plan)
    dense = fm.mix_segmentation(maps, plan, num_classes=3)
    assert same_bits(dense, mix_reference(F.one_hot(maps, 3).movedim(-1, 1).float(), plan))
    torch.testing.assert_close(dense.sum(1), torch.ones(4, 6, 6))
    # Own partners are not blended, whatever the weights.
    alone = fm.MixPlan.from_arrays(
        torch.arange(4, dtype=torch.int32),
        *[getattr(plan, n) for n in ("weight_in", "weight_out", "box", "label_weight")],
    )
    assert torch.equal(fm.mix_segmentation(maps, alone), maps)


def test_ignored_pixels_are_zero_in_dense_maps():
    maps = torch.tensor([[[0, 255]], [[1, 1]]])
    plan = fm.MixPlan.mixup([1, 0], 0.75)
    assert fm.mix_segmentation(maps, plan, num_classes=2, ignore_index=255)[0].tolist() == [
        [[0.75, 0]],
        [[0.25, 0.25]],
    ]
    with pytest.raises(ValueError, match=r"ids in \[0, 2\) or ignore_index=None, got 255"):
        fm.mix_segmentation(maps, plan, num_classes=2)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda p: fm.mix_segmentation(torch.zeros(4, 6, 6), p),
            TypeError,
            "class ids of an integer dtype, got torch.float32",
        ),
        (
            lambda p: fm.mix_segmentation(torch.zeros(4, 6, dtype=torch.int64), p),
            ValueError,
            r"\(B, ..., H, W\), got \(4, 6\)",
        ),
        (
            lambda p: fm.mix_segmentation(torch.zeros(3, 6, 6, dtype=torch.int64), p),
            ValueError,
            "plan for 3 samples, got one for 4",
        ),
        (
            lambda p: fm.mix_segmentation(torch.zeros(4, 6, 6, dtype=torch.int64), p, num_classes=0),
            ValueError,
            "num_classes >= 1",
        ),
        (lambda p: fm.mix_values(torch.zeros(4, dtype=torch.int64), p), TypeError, "a floating dtype, got torch.int64"),
        (lambda p: fm.mix_values([0.0] * 4, p), TypeError, "values to be a torch.Tensor"),
        (lambda p: fm.pair_labels(torch.zeros(3), p), ValueError, "plan for 3 samples, got one for 4"),
        (lambda _: fm.pair_labels(torch.zeros(3), 0.5), TypeError, "fastmix.MixPlan, got float"),
        (lambda p: fm.remix_label_weight(torch.zeros(4).long(), p, [1], kappa=0.5), ValueError, "kappa >= 1"),
        (lambda p: fm.attention_label_weight(torch.ones(4, 6), p, (6, 6)), ValueError, r"attention \(B, h, w\)"),
    ],
)
def test_refuses(make, error, message):
    with pytest.raises(error, match=message):
        make(fm.MixPlan.mixup([1, 0, 3, 2], 0.5))


def test_remix_gives_the_rarer_class_the_label():
    counts = torch.tensor([300.0, 100.0, 1.0])
    labels = torch.tensor([0, 1, 2, 2, 0, 0])
    plan = fm.MixPlan.mixup([1, 0, 0, 0, 2, 5], [0.4, 0.6, 0.6, 0.4, 0.9, 0.3])
    weight = fm.remix_label_weight(labels, plan, counts, kappa=3.0, tau=0.5)
    # 300 to 100 at 0.4: all to the rarer; the reverse; rarest with 0.6 and 0.4: partner's share 0.4 < tau, 0.6 is not.
    torch.testing.assert_close(weight, torch.tensor([0.0, 1.0, 1.0, 0.4, 0.9, 0.3]))
    assert plan.with_label_weight(weight).label_weight.tolist() == weight.tolist()


def test_transmix_averages_area_and_attention():
    plan = fm.CutMix(pairing="flip", box=FixedBox(0, 0, 4, 8)).plan(2, (16, 16))
    attention = torch.zeros(2, 4, 4)
    attention[0, 0, 0] = 3.0
    attention[1, 3, 3] = 5.0
    # The box covers 1/8 of the pixels, and all or nothing of what is looked at.
    weight = fm.attention_label_weight(attention, plan, (16, 16))
    assert weight.tolist() == [(0.875 + 0.0) / 2, (0.875 + 1.0) / 2]
    even = fm.attention_label_weight(torch.ones(2, 3, 5), plan, (16, 16))
    torch.testing.assert_close(even, plan.label_weight)
    assert fm.attention_label_weight(torch.zeros(2, 4, 4), plan, (16, 16)).tolist() == [0.875, 0.875]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("device", devices())
def test_regmixup_keeps_the_clean_batch_and_appends_the_mixed_one(device, memory_format, generator):
    x = torch.randn(5, 3, 6, 7, generator=generator).to(device).contiguous(memory_format=memory_format)
    before = x.clone()
    for kind in ("permutation", "repeats"):
        plan = random_plan(5, 6, 7, generator, kind)
        out = fm.regmixup(x, plan)
        assert same_bits(out[:5], before) and same_bits(out[5:], fm.mix(x, plan)) and same_bits(x, before)
        assert out.is_contiguous(memory_format=memory_format)
    assert fm.regmixup(x[:0], fm.MixPlan.identity(0)).shape == (0, 3, 6, 7)


def test_regmixup_is_differentiable(generator):
    x = torch.randn(3, 2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    plan = random_plan(3, 2, 2, generator)
    assert torch.autograd.gradcheck(lambda x: fm.regmixup(x, plan), x)


def test_accuracy_counts_each_label_by_its_weight():
    logits = torch.tensor([[9.0, 1, 0], [0, 9, 1], [1, 0, 9], [9, 0, 1]])
    labels = torch.tensor([0, 1, 0, 0])
    plan = fm.MixPlan.mixup([1, 0, 1, 3], [0.75, 0.25, 0.5, 0.3])
    # Own hit 0.75; own hit 0.25; neither; own partner: the whole.
    assert fm.mix_accuracy(logits, labels, plan).item() == pytest.approx((0.75 + 0.25 + 0 + 1) / 4)
    assert fm.mix_accuracy(logits, labels, plan, topk=2).item() == pytest.approx(
        (1 * 0.75 + 0.25 + 0.25 * 0 + 0.5 + 1) / 4 + 0.25 / 4
    )
    assert fm.mix_accuracy(logits, labels, plan, topk=3).item() == 1.0


def test_accuracy_without_mixing_is_the_accuracy(generator):
    logits, labels = torch.randn(50, 7, generator=generator), torch.randint(0, 7, (50,), generator=generator)
    expected = (logits.argmax(1) == labels).float().mean()
    assert fm.mix_accuracy(logits, labels, fm.MixPlan.identity(50)) == expected
    labels[:25] = -100
    assert fm.mix_accuracy(logits, labels, fm.MixPlan.identity(50)) == (logits.argmax(1) == labels)[25:].float().mean()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((torch.zeros(2, 3), torch.zeros(2).long(), 0.5), TypeError, "MixPlan, got float"),
        ((torch.zeros(3, 3), torch.zeros(2).long(), fm.MixPlan.identity(2)), ValueError, r"got \(3, 3\) and \(2,\)"),
        ((torch.zeros(2, 3), torch.zeros(2).long(), fm.MixPlan.identity(2), 4), ValueError, r"topk in \[1, 3\], got 4"),
    ],
)
def test_accuracy_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        fm.mix_accuracy(*arguments)
