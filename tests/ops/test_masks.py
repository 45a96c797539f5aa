"""Plans with masks of the caller's: images, labels, maps, gradients and files."""

import pytest
import torch
from support import DTYPES, changed, devices, masked_plan, random_images, random_masks, same_bits

import fastmix as fm
from fastmix.ops.reference import mix_backward_reference, mix_reference, normalize_mix_reference, weight_map

OPS = torch.ops.fastmix
KINDS = ["permutation", "flip", "cycle", "repeats"]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mask", [(9, 140), (3, 5), (20, 200)], ids=["full", "low", "larger"])
def test_equals_reference(mask, kind, dtype, device, generator):
    for batch in (0, 1, 5, 64):
        for memory_format in (torch.contiguous_format, torch.channels_last):
            images = random_images((batch, 3, 9, 140), dtype, generator, device, memory_format)
            plan = masked_plan(batch, (9, 140), mask, generator, kind if batch else "identity")
            expected = mix_reference(images, plan)
            assert same_bits(fm.mix(images, plan), expected)
            if kind != "repeats":
                fm.mix_(images, plan)
                assert same_bits(images, expected) and images.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("shape", [(6, 33), (6, 5, 130), (6, 2, 3, 8, 16), (6, 2, 5, 7, 9)])
def test_any_rank(shape, device, generator):
    # A mask lies over the last two dimensions; (B, L) is one row.
    images = random_images(shape, torch.float32, generator, device)
    plan = masked_plan(6, (1, *shape[1:])[-2:], (4, 6), generator)
    assert same_bits(fm.mix(images, plan), mix_reference(images, plan))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("mask", [(6, 8, 10), (2, 3, 4), (1, 8, 10), (6, 1, 1)])
def test_masks_with_frames_weigh_the_last_three_dimensions(mask, device, generator):
    for shape in ((5, 6, 8, 10), (5, 3, 6, 8, 10)):
        images = random_images(shape, torch.float32, generator, device)
        plan = masked_plan(5, (8, 10), mask, generator)
        assert same_bits(fm.mix(images, plan), mix_reference(images, plan))
    last = images.contiguous(memory_format=torch.channels_last_3d)
    assert same_bits(fm.mix(last, plan), mix_reference(images, plan))


def test_frames_cannot_be_channels_last():
    images = torch.zeros(2, 6, 8, 10).contiguous(memory_format=torch.channels_last)
    plan = fm.MixPlan.masked([1, 0], torch.zeros(1, 6, 8, 10))
    for apply in (fm.mix, fm.mix_):
        with pytest.raises(RuntimeError, match=r"contiguous images \(B, T, H, W\).*6 frames.*channels_last"):
            apply(images, plan)
    with pytest.raises(RuntimeError, match=r"contiguous images \(B, T, H, W\)"):
        fm.mix(torch.zeros(2, 8, 10), plan)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("width", [16, 21])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_normalize_mix_equals_reference(channels, width, dtype, device, generator):
    pixels = random_images((7, 11, width, channels), torch.uint8, generator, device)
    mirror = torch.rand(7, generator=generator) < 0.5
    for mask in ((11, width), (3, 5)):
        plan = masked_plan(7, (11, width), mask, generator, "repeats")
        for memory_format in (torch.contiguous_format, torch.channels_last):
            options = {"mean": [0.4] * channels, "std": [0.3] * channels, "dtype": dtype, "mirror": mirror}
            options["memory_format"] = memory_format
            out = fm.normalize_mix(pixels, plan, **options)
            assert same_bits(out, normalize_mix_reference(pixels, plan, **options))


@pytest.mark.parametrize("kind", KINDS)
def test_gradcheck(kind, generator):
    images = torch.randn(4, 2, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    plan = masked_plan(4, (3, 4), (2, 3), generator, kind)
    with torch.random.fork_rng(devices=[]):  # gradcheck itself draws numbers
        assert torch.autograd.gradcheck(lambda x: fm.mix(x, plan), (images,))
        assert torch.autograd.gradgradcheck(lambda x: fm.mix(x, plan), (images,))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_gradient_equals_reference(memory_format, dtype, device, generator):
    images = random_images((9, 3, 7, 5), dtype, generator, device, memory_format).requires_grad_()
    grad = random_images((9, 3, 7, 5), dtype, generator, device, memory_format)
    plan = masked_plan(9, (7, 5), (4, 5), generator, "repeats")
    fm.mix(images, plan).backward(grad)
    assert same_bits(images.grad, mix_backward_reference(grad, plan))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", [torch.uint8, torch.bfloat16, torch.float32])
def test_opcheck(dtype, device, generator):
    images = random_images((3, 3, 5, 7), dtype, generator, device)
    plan = masked_plan(3, (5, 7), (2, 3), generator)
    arrays = (plan.rows, plan.masks.to(device))
    with torch.random.fork_rng(devices=[]):
        torch.library.opcheck(OPS.mix_.default, (images.clone(), *arrays))
        torch.library.opcheck(OPS.mix.default, (images, *arrays))
        if dtype != torch.uint8:
            torch.library.opcheck(OPS.mix.default, (images.clone().requires_grad_(), *arrays))
            torch.library.opcheck(OPS.mix_backward.default, (images.clone().requires_grad_(), *arrays))
        else:
            pixels = random_images((3, 5, 7, 3), dtype, generator, device)
            arguments = (plan.rows, [120.0] * 3, [60.0] * 3, torch.float32, True, None, arrays[1])
            torch.library.opcheck(OPS.normalize_mix.default, (pixels, *arguments))


def test_compiles_and_takes_the_masks_of_each_call(generator):
    torch.compiler.reset()
    with torch.random.fork_rng(devices=[]):
        mix = torch.compile(fm.mix, fullgraph=True, backend="aot_eager")
        images = random_images((6, 3, 4, 5), torch.float32, generator)
        for _ in range(2):
            plan = masked_plan(6, (4, 5), (2, 3), generator)
            assert same_bits(mix(images, plan), fm.mix(images, plan))
    torch.compiler.reset()


# ---- labels --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(9, 13), (32, 32), (31, 64), (7, 224), (5, 9, 13)])
@pytest.mark.parametrize("mask", [(1, 1), (3, 5), (9, 13), (14, 14), (40, 250)])
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0), (0.3, 0.9)])
def test_label_weight_is_the_mean_of_the_pixels_own_weights(weights, mask, size, generator):
    frames = (2,) if len(size) == 3 else ()
    masks = random_masks(4, (*frames, *mask), generator)
    plan = fm.MixPlan.masked([1, 0, 3, 2], masks, image_size=size, weight_in=weights[0], weight_out=weights[1])
    own = weight_map(plan, (4, 1, *size)).double().flatten(1).mean(1)
    assert torch.equal(plan.label_weight, own.float())
    # And of what is really mixed: images of ones, whose partners are zeros.
    for i in range(4):
        images = torch.zeros(4, 1, *size, dtype=torch.float64)
        images[i] = 1.0
        kept = fm.mix(images, plan)[i].mean()
        torch.testing.assert_close(plan.label_weight[i].double(), kept, rtol=0, atol=2**-24)


def test_hard_masks_count_pixels_exactly(generator):
    mask = torch.rand(3, 5, 7, generator=generator) < 0.4
    plan = fm.MixPlan.masked([1, 2, 0], mask, image_size=(23, 41))
    kept = weight_map(plan, (3, 1, 23, 41)).flatten(1)
    assert torch.equal(plan.label_weight, (kept.sum(1).double() / (23 * 41)).float())
    labels = fm.mix_labels(torch.tensor([0, 1, 1]), plan, 2)
    assert torch.equal(labels.sum(1), torch.ones(3)) and labels[1, 1] == 1


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.int16, torch.bool])
def test_maps_of_class_ids_follow_hard_masks(dtype, generator):
    ids = torch.randint(0, 2 if dtype == torch.bool else 100, (4, 9, 13), generator=generator).to(dtype)
    plan = fm.MixPlan.masked([1, 2, 3, 0], torch.rand(4, 3, 5, generator=generator) < 0.5)
    own = weight_map(plan, ids.shape) == 1
    assert torch.equal(fm.mix_segmentation(ids, plan), torch.where(own, ids, ids[plan.partner.long()]))


def test_maps_of_class_ids_are_not_blended_by_soft_masks(generator):
    ids = torch.randint(0, 3, (2, 4, 4), generator=generator)
    soft = fm.MixPlan.masked([1, 0], torch.full((1, 2, 2), 0.5))
    with pytest.raises(ValueError, match="one that blends sample 0"):
        fm.mix_segmentation(ids, soft)
    assert fm.mix_segmentation(ids, soft, num_classes=3).shape == (2, 3, 4, 4)
    faint = fm.MixPlan.masked([1, 0], torch.ones(1, 2, 2, dtype=torch.bool), weight_in=0.5)
    with pytest.raises(ValueError, match="one that blends sample"):
        fm.mix_segmentation(ids, faint)
    # The third mask is soft, but nobody has it; the sample alone is not blended either.
    masks = torch.tensor([0.0, 1.0, 0.5])[:, None, None]
    assert torch.equal(fm.mix_segmentation(ids, fm.MixPlan.masked([1, 0], masks, [0, 1])), ids[[1, 1]])
    assert torch.equal(fm.mix_segmentation(ids, fm.MixPlan.masked([0, 1], masks, [2, 2])), ids)


def test_ids_that_look_like_nan_are_copied_by_masks():
    ids = torch.tensor([0x7FF0000000000001, -1, 0x7FF4000000000000, -(2**63)])[:, None, None].repeat(1, 2, 3)
    plan = fm.MixPlan.masked([3, 2, 1, 0], torch.tensor([[[True, False, True]]]))
    assert torch.equal(fm.mix_segmentation(ids, plan)[:, 0, 1], ids.flip(0)[:, 0, 1])
    halves = torch.tensor([0x7C01, 0x7D00, -1], dtype=torch.int16)[:, None, None].repeat(1, 2, 3)
    plan = fm.MixPlan.masked([1, 2, 0], torch.tensor([[[True, False, False]]]))
    assert torch.equal(fm.mix_segmentation(halves, plan)[:, 0, 2], halves[[1, 2, 0]][:, 0, 2])


# ---- plans ---------------------------------------------------------------------------------------------------


def test_masks_of_any_kind():
    own = torch.tensor([[[True, False], [False, True]]])
    plans = [fm.MixPlan.masked([1, 0], mask) for mask in (own, own.to(torch.uint8) * 255, own.double(), own.numpy())]
    assert all(plan == plans[0] for plan in plans)
    assert plans[0].mask_index.tolist() == [0, 0] and plans[0].label_weight.tolist() == [0.5, 0.5]
    assert fm.MixPlan.masked([1, 0], torch.full((2, 1, 1), 0.5)).mask_index.tolist() == [0, 1]
    images = torch.tensor([[1.0, 1, 1, 1], [2, 2, 2, 2]]).reshape(2, 1, 2, 2)
    assert fm.mix(images, plans[0]).flatten().tolist() == [1, 2, 2, 1, 2, 1, 1, 2]


def test_a_sample_without_a_mask_is_not_mixed():
    plan = fm.MixPlan.masked([1, 0], torch.zeros(1, 2, 2), [-1, 0])
    assert plan.label_weight.tolist() == [1, 0] and plan.weight_out.tolist() == [1, 0]
    assert fm.mix(torch.tensor([[1.0], [2.0]]), plan).tolist() == [[1], [1]]


@pytest.mark.parametrize("mask", [(3, 4), (2, 3, 4)])
def test_files_digest_and_table(mask, tmp_path, generator):
    plan = masked_plan(5, (6, 8), mask, generator)
    plan.save(tmp_path / "plan")
    again = fm.MixPlan.load(tmp_path / "plan")
    assert again == plan and again.digest() == plan.digest() and hash(again) == hash(plan)
    for name in ("masks", "mask_index"):
        values = getattr(plan, name).clone()
        values.flatten()[0] += 1
        other = changed(plan, **{name: values})
        assert other != plan and other.digest() != plan.digest()
    plain = fm.MixPlan(plan.rows)
    assert plain != plan and plan != plain and plain.digest() != plan.digest()
    flat = changed(plan, masks=plan.masks.reshape(3, -1, 1))
    assert flat.digest() != plan.digest()


def test_describe():
    plan = fm.MixPlan.masked([1, 0, 2], torch.tensor([[[True, False, True, True]]]), [0, -1, 0])
    assert plan.describe().splitlines()[1:] == [
        "0       1        mask   1.0000  0.0000   mask 0                0.7500",
        "1       0        -              1.0000                         1.0000",
        "2       2        -      1.0000  0.0000   mask 0                0.7500",
        "1 of 3 samples mixed; a permutation: safe in place",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 0], torch.zeros(2, 2)), r"shape \(M, h, w\).*got \(2, 2\)"),
        (([1, 0], torch.zeros(1, 0, 2)), "all sizes > 0"),
        (([1, 0], torch.full((1, 2, 2), 1.5)), r"in \[0, 1\]"),
        (([1, 0], torch.full((1, 2, 2), float("nan"))), r"in \[0, 1\]"),
        (([1, 0], torch.zeros(1, 2, 2, dtype=torch.int64)), "bool, uint8 or floating, got torch.int64"),
        (([1, 0], torch.zeros(3, 2, 2)), "mask_index for 3 masks and 2 samples"),
        (([1, 0], torch.zeros(1, 2, 2), [0, 1]), r"entries in \[-1, 1\)"),
        (([1, 0], torch.zeros(1, 2, 2), [0]), r"shape \(2,\)"),
    ],
)
def test_bad_masks_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fm.MixPlan.masked(*arguments)


def test_bad_plans_are_refused():
    with pytest.raises(ValueError, match="image_size"):
        fm.MixPlan.masked([1, 0], torch.zeros(1, 2, 2), image_size=(4,))
    with pytest.raises(ValueError, match=r"weights in \[0, 1\]"):
        fm.MixPlan.masked([1, 0], torch.zeros(1, 2, 2), weight_in=2.0)
    with pytest.raises(ValueError, match="both or neither"):
        fm.MixPlan.from_arrays([1, 0], [1] * 2, [0] * 2, [0] * 8, [1] * 2, torch.zeros(1, 2, 2, dtype=torch.uint8))
    plan = fm.MixPlan.masked([1, 0], torch.zeros(1, 2, 2))
    for bad, message in (
        ({"mask_index": torch.tensor([0, 1], dtype=torch.int32)}, r"mask_index in \[-1, 1\), got 1 for sample 1"),
        ({"mask_index": torch.tensor([0, -2], dtype=torch.int32)}, r"mask_index in \[-1, 1\), got -2"),
        ({"box": torch.tensor([[0, 0, 1, 1]] * 2, dtype=torch.int32)}, "a box or a mask, got both for sample 0"),
    ):
        wrong = changed(plan, **bad)
        for apply in (fm.mix, fm.mix_, lambda _, plan: plan.check_in_place((4, 4))):
            with pytest.raises((RuntimeError, ValueError), match=message):
                apply(torch.zeros(2, 3, 4, 4), wrong)
    plan.check_in_place((4, 4))


def test_operators_want_masks_beside_the_images(generator):
    plan = masked_plan(2, (4, 4), (2, 2), generator)
    images = torch.zeros(2, 3, 4, 4)
    for masks, message in (
        (None, r"mask_index in \[-1, 0\)"),
        (plan.masks[:, :, ::2], "contiguous masks of dtype uint8"),
        (plan.masks[0], r"shape \(M, h, w\)"),
        (plan.masks.float(), "dtype uint8"),
    ):
        with pytest.raises(RuntimeError, match=message):
            OPS.mix(images, changed(plan, mask_index=torch.tensor([0, 1], dtype=torch.int32)).rows, masks)
