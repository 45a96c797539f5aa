"""Partners from a second batch: images in and out of place, gradients, labels, losses, the previous batch."""

import pytest
import torch
import torch.nn.functional as F
from support import DTYPES, devices, random_images, random_plan, same_bits

import fastmix as fm
from fastmix.ops.reference import mix_reference

FORMATS = [torch.contiguous_format, torch.channels_last]


def random_pair(batch: int, others: int, height: int, width: int, generator: torch.Generator) -> fm.MixPlan:
    partner = torch.randint(0, max(others, 1), (batch,), generator=generator)
    return random_plan(batch, height, width, generator).with_partner(partner)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("formats", [(a, b) for a in FORMATS for b in FORMATS])
@pytest.mark.parametrize("dtype", DTYPES)
def test_mix_equals_the_reference(dtype, formats, device, generator):
    for batch, others, size in [(0, 3, (4, 4)), (1, 1, (7, 5)), (3, 8, (7, 5)), (64, 5, (4, 8)), (5, 64, (8, 8))]:
        images = random_images((batch, 3, *size), dtype, generator, device, formats[0])
        other = random_images((others, 3, *size), dtype, generator, device, formats[1])
        plan = random_pair(batch, others, *size, generator)
        before = other.clone()
        mixed = fm.mix(images, plan, other=other)
        assert same_bits(mixed, mix_reference(images, plan, other))
        assert mixed.is_contiguous(memory_format=formats[0])
        fm.mix_(images, plan, other=other)
        assert same_bits(images, mixed) and same_bits(other, before)


def test_the_own_row_of_another_batch_is_a_partner():
    # Row i of another batch is not sample i: unlike a sample that is its own partner it is mixed in.
    images, other = torch.zeros(3, 4), torch.ones(3, 4)
    fm.mix_(images, fm.MixPlan.mixup([0, 1, 1], 0.75), other=other)
    assert (images == 0.25).all()


@pytest.mark.parametrize("device", devices())
def test_batches_with_gaps_between_samples(device, generator):
    base = random_images((8, 3, 4, 5), torch.float32, generator, device)
    plan = random_pair(4, 4, 4, 5, generator)
    # Interleaved, in one storage, and yet apart.
    expected = mix_reference(base[::2], plan, base[1::2])
    assert same_bits(fm.mix(base[::2], plan, other=base[1::2]), expected)
    fm.mix_(base[::2], plan, other=base[1::2])
    assert same_bits(base[::2], expected)
    sliced = random_images((4, 3, 4, 10), torch.float32, generator, device)[..., ::2]
    assert same_bits(fm.mix(sliced, plan, other=base[:4]), mix_reference(sliced, plan, base[:4]))
    assert same_bits(fm.mix(base[:4], plan, other=sliced), mix_reference(base[:4], plan, sliced))


def test_gradients_reach_both(generator):
    plan = random_pair(5, 4, 3, 4, generator)
    images, other = (
        torch.randn(n, 2, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True) for n in (5, 4)
    )
    with torch.random.fork_rng(devices=[]):
        assert torch.autograd.gradcheck(lambda x, y: fm.mix(x, plan, other=y), (images, other), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(lambda x, y: fm.mix(x, plan, other=y), (images, other))
        constant = other.detach().clone()
        assert torch.autograd.gradcheck(lambda x: fm.mix(x, plan, other=constant), (images,), check_forward_ad=True)
        assert torch.autograd.gradcheck(lambda y: fm.mix(constant[[0, 1, 2, 3, 0]], plan, other=y), (other,))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("batch", [0, 3])
def test_opcheck(batch, memory_format, device, generator):
    ops = torch.ops.fastmix
    images, other = (random_images((n, 3, 4, 5), torch.float32, generator, device, memory_format) for n in (batch, 2))
    plan = random_pair(batch, 2, 4, 5, generator)
    with torch.random.fork_rng(devices=[]):
        torch.library.opcheck(ops.mix_.default, (images.clone(), plan.rows, None, other))
        torch.library.opcheck(ops.mix.default, (images, plan.rows, None, other))
        leaves = images.requires_grad_(), other.requires_grad_()
        torch.library.opcheck(ops.mix.default, (leaves[0], plan.rows, None, leaves[1]))
        for of_other in (False, True):
            torch.library.opcheck(ops.mix_backward.default, (leaves[0], plan.rows, None, 2, of_other))
        within = random_plan(batch, 4, 5, generator).rows
        torch.library.opcheck(ops.mix.default, (leaves[0], within, None, None, True))


def test_compile(generator):
    images, other = torch.randn(6, 3, 4, 5, generator=generator), torch.randn(4, 3, 4, 5, generator=generator)
    plan = random_pair(6, 4, 4, 5, generator)
    torch.compiler.reset()
    with torch.random.fork_rng(devices=[]):
        assert same_bits(
            torch.compile(fm.mix, fullgraph=True)(images, plan, other=other), fm.mix(images, plan, other=other)
        )
        twice = images.clone(), images.clone()
        torch.compile(fm.mix_, fullgraph=True)(twice[0], plan, other=other)
        fm.mix_(twice[1], plan, other=other)
        assert same_bits(*twice)


@pytest.mark.parametrize("kind", ["permutation", "repeats", "identity"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_regmixup_is_the_clean_batch_and_the_mixed_one(dtype, kind, generator):
    for memory_format in FORMATS:
        for batch in (0, 1, 7):
            images = random_images((batch, 3, 5, 8), dtype, generator, memory_format=memory_format)
            plan = random_plan(batch, 5, 8, generator, kind)
            both = fm.regmixup(images, plan)
            assert same_bits(both, torch.cat((images, fm.mix(images, plan))))
            assert both.is_contiguous(memory_format=memory_format)


def test_regmixup_gradients(generator):
    images = torch.randn(5, 2, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    plan = random_plan(5, 3, 4, generator, "repeats")
    with torch.random.fork_rng(devices=[]):
        assert torch.autograd.gradcheck(lambda x: fm.regmixup(x, plan), (images,), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(lambda x: fm.regmixup(x, plan), (images,))


# ---- labels ---------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(generator):
    plan = random_pair(6, 4, 1, 1, generator)
    labels, others = (torch.randint(0, 5, (n,), generator=generator) for n in (6, 4))
    both = plan.with_partner(plan.partner + 6)
    return plan, labels, others, both


@pytest.mark.parametrize("device", devices())
def test_labels_and_values(device, pair):
    plan, labels, others, _ = pair
    dense, dense_others = torch.eye(5)[labels], torch.eye(5)[others]
    weight = plan.label_weight.double()[:, None]
    for smoothing in (0.0, 0.2):
        rows, other_rows = ((1 - smoothing) * x.double() + smoothing / 5 for x in (dense, dense_others))
        expected = weight * rows + (1 - weight) * other_rows[plan.partner.long()]
        mixed = fm.mix_labels(labels.to(device), plan, 5, smoothing, other=others.to(device))
        torch.testing.assert_close(mixed.cpu().double(), expected, rtol=0, atol=2**-24)
    mixed = fm.mix_labels(labels, plan, 5, other=others)
    assert torch.equal(fm.mix_labels(dense, plan, other=dense_others), mixed)
    assert torch.equal(fm.mix_values(dense, plan, other=dense_others), mixed)
    own, partner, w = fm.pair_labels(labels, plan, other=others)
    assert own is labels and torch.equal(partner, others[plan.partner.long()]) and torch.equal(w, plan.label_weight)


def test_loss_and_accuracy(pair, generator):
    plan, labels, others, _ = pair
    logits = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    own, partner, w = fm.pair_labels(labels, plan, other=others)
    losses = w * F.cross_entropy(logits, own, reduction="none")
    losses = losses + (1 - w) * F.cross_entropy(logits, partner, reduction="none")
    torch.testing.assert_close(fm.mix_loss(F.cross_entropy, logits, labels, plan, other=others), losses.mean())
    hits = w * (logits.argmax(1) == own) + (1 - w) * (logits.argmax(1) == partner)
    torch.testing.assert_close(fm.mix_accuracy(logits, labels, plan, other=others), hits.mean())


def test_maps(generator):
    maps, others = (torch.randint(0, 3, (n, 8, 8), generator=generator) for n in (5, 3))
    plan = fm.CutMix(per="sample").plan(5, (8, 8)).with_partner([2, 1, 0, 0, 2])
    expected = fm.mix(maps.double(), plan, other=others.double())
    assert torch.equal(fm.mix_segmentation(maps, plan, other=others).double(), expected)
    dense = fm.mix_segmentation(maps, plan, num_classes=3, other=others)
    assert torch.equal(dense.argmax(1), expected.long())
    # Row 1 of the other batch is no own partner: blended ids are refused there too.
    with pytest.raises(ValueError, match="blends sample 0"):
        fm.mix_segmentation(maps[:1], fm.MixPlan.mixup([0], 0.5), other=others)


# ---- refusals -------------------------------------------------------------------------------------------------

PLAN = fm.MixPlan.mixup([1, 0, 1], 0.5)
IMAGES = torch.zeros(3, 4, 5)


@pytest.mark.parametrize("apply", [fm.mix, fm.mix_])
@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        (torch.zeros(2, 4, 6), ValueError, r"other= of shape \(N, 4, 5\), torch.float32 on cpu, got \(2, 4, 6\)"),
        (torch.zeros(2, 4, 5, dtype=torch.float64), ValueError, "got .* torch.float64"),
        (torch.zeros(1, 4, 5), RuntimeError, r"partner in \[0, 1\), got 1 for sample 0"),
        ([[1.0]], TypeError, "other to be a torch.Tensor, got list"),
    ],
)
def test_refuses(apply, other, error, message):
    with pytest.raises(error, match=message):
        apply(IMAGES.clone(), PLAN, other=other)


def test_refuses_memory_shared_in_place():
    base = torch.arange(24.0).reshape(6, 4)
    before = base.clone()
    for images, other in ((base[:3], base[2:]), (base, base), (base[::2], base[2:4])):
        plan = fm.MixPlan.mixup(torch.arange(len(images)) % len(other), 0.5)
        with pytest.raises(RuntimeError, match=r"in separate memory, got .* use mix\(\)"):
            fm.mix_(images, plan, other=other)
        assert same_bits(fm.mix(images, plan, other=other), mix_reference(images, plan, other))
    assert torch.equal(base, before)


def test_refuses_gradients_in_place():
    with pytest.raises(RuntimeError, match=r"images \(and other\) that do not require grad"):
        fm.mix_(IMAGES.clone(), PLAN, other=torch.zeros(2, 4, 5, requires_grad=True))


def test_operators_check_for_themselves():
    images = torch.zeros(3, 2, 4, 5)
    for other, message in (
        (torch.zeros(2, 2, 4, 6), "dtype, the device and the sample shape of images"),
        (torch.zeros(2, 2, 4, 5).half(), "dtype, the device and the sample shape of images"),
        (torch.zeros(2, 2, 4, 5).contiguous(memory_format=torch.channels_last), "other.contiguous"),
    ):
        for op in (torch.ops.fastmix.mix, torch.ops.fastmix.mix_):
            with pytest.raises(RuntimeError, match=message):
                op(images, PLAN.rows, None, other)
    with pytest.raises(RuntimeError, match="expected inputs, the number of samples in the other batch, to be >= 0"):
        torch.ops.fastmix.mix_backward(images, PLAN.rows, None, -1, True)
    with pytest.raises(ValueError, match=r"other= of shape \(N\), torch.int64 on cpu, got \(2, 4\)"):
        fm.mix_labels(torch.arange(3), PLAN, 5, other=torch.zeros(2, 4, dtype=torch.int64))
    with pytest.raises(RuntimeError, match=r"labels in \[0, 5\), got 9"):
        fm.mix_labels(torch.arange(3), PLAN, 5, other=torch.tensor([1, 9]))
    with pytest.raises(ValueError, match=r"partner in \[0, 1\), got 1"):
        fm.mix_labels(torch.arange(3), PLAN, 5, other=torch.tensor([1]))


# ---- partners drawn, and the previous batch -------------------------------------------------------------------


def test_other_partners_come_up_equally_often():
    for batch, others in [(0, 0), (5, 5), (3, 8), (20, 6), (7, 1)]:
        partner = fm.pairings.other_partners(batch, others, fm.DrawKey(seed=3, step=1))
        counts = torch.bincount(partner.long(), minlength=others)
        assert partner.dtype == torch.int32 and partner.shape == (batch,)
        assert others == 0 or counts.max() - counts.min() <= 1
        assert torch.equal(partner, fm.pairings.other_partners(batch, others, fm.DrawKey(seed=3, step=1)))
    assert not torch.equal(*(fm.pairings.other_partners(50, 50, fm.DrawKey(step=step)) for step in (0, 1)))
    with pytest.raises(ValueError, match="expected others >= 1, got 0"):
        fm.pairings.other_partners(3, 0)


@pytest.mark.parametrize("in_place", [False, True])
def test_the_mixer_mixes_with_the_batch_it_returned_before(in_place, generator):
    policy = fm.Choice([fm.Mixup(per="sample"), fm.CutMix(per="sample")], per="sample")
    mixer = fm.Mixer(policy, num_classes=4, seed=5, smoothing=0.1, in_place=in_place, partners="previous")
    previous = None
    for step, batch in enumerate((6, 6, 3, 5)):
        images, labels = torch.randn(batch, 3, 8, 8, generator=generator), torch.arange(batch) % 4
        own, target = images.clone(), fm.mix_labels(labels, fm.MixPlan.identity(batch), 4, 0.1)
        if previous is not None:
            partner = fm.pairings.other_partners(batch, len(previous[0]), fm.DrawKey(seed=5, step=step))
            plan = policy.plan(batch, (8, 8), seed=5, step=step).with_partner(partner)
            own = fm.mix(own, plan, other=previous[0])
            target = fm.mix_labels(target, plan, other=previous[1])
            assert mixer.plan is None or mixer.plan != plan
        mixed, mixed_target = mixer(images, labels)
        assert torch.equal(mixed, own) and torch.equal(mixed_target, target)
        assert (mixed is images) == in_place
        previous = mixed.clone(), mixed_target.clone()
        if in_place:
            images.zero_()


def test_the_mixer_notices_that_the_previous_batch_was_overwritten(generator):
    mixer = fm.Mixer(fm.Mixup(), num_classes=4, partners="previous")
    mixed, _ = mixer(torch.randn(4, 3, generator=generator), torch.arange(4))
    mixed.zero_()
    with pytest.raises(RuntimeError, match="previous batch unchanged, got it changed in place"):
        mixer(torch.randn(4, 3, generator=generator), torch.arange(4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"partners": "queue"}, "'batch' or 'previous', got 'queue'"),
        ({"partners": "previous", "targets": "pair"}, "targets='dense' with partners='previous'"),
        ({"partners": "previous", "targets": "index"}, "targets='dense' with partners='previous'"),
        ({"policy": fm.DirichletMix(), "in_place": True}, "partners='batch' with DirichletMix"),
        ({"policy": fm.DirichletMix(), "partners": "previous"}, "partners='batch' with DirichletMix"),
    ],
)
def test_the_mixer_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        fm.Mixer(**{"policy": fm.Mixup(), "num_classes": 4, **options})


# ---- recipes of the documentation -----------------------------------------------------------------------------


def test_balanced_mixup(generator):
    # Balanced-MixUp: an instance-sampled batch, partners from a class-balanced one, own weight ~ Beta(1, alpha).
    images, balanced = torch.randn(32, 3, generator=generator), torch.randn(16, 3, generator=generator)
    labels, balanced_labels = torch.zeros(32, dtype=torch.int64), torch.arange(16) % 4
    plan = fm.Mixup(weight=fm.Beta(1.0, 0.2), per="sample").plan(32)
    plan = plan.with_partner(fm.pairings.other_partners(32, 16))
    mixed = fm.mix(images, plan, other=balanced)
    target = fm.mix_labels(labels, plan, 4, other=balanced_labels)
    w = plan.weight_out[:, None]
    torch.testing.assert_close(mixed, w * images + (1 - w) * balanced[plan.partner.long()])
    # Every class but the majority's gets labels, in equal shares of the partners.
    partners = torch.bincount(balanced_labels[plan.partner.long()], minlength=4)
    assert (partners == 8).all() and (target[:, 1:].sum(0) > 0).all()


def test_remix_gives_the_label_to_the_rarer_class(generator):
    labels, counts = torch.tensor([0] * 6 + [1] * 2), torch.tensor([600, 20])
    plan = fm.Mixup(weight=fm.Fixed(0.4), pairing="flip").plan(8)
    plan = plan.with_label_weight(fm.remix_label_weight(labels, plan, counts))
    images = torch.randn(8, 3, generator=generator)
    assert torch.equal(fm.mix(images, plan), fm.mix(images, fm.Mixup(weight=fm.Fixed(0.4), pairing="flip").plan(8)))
    target = fm.mix_labels(labels, plan, 2)
    # 0 and 1 are the majority class with minority partners 7 and 6; those keep 0.4, for their majority partners
    # take 0.6 of the pixels, which is not below tau.
    assert target[:2].tolist() == [[0, 1]] * 2
    assert plan.label_weight[2:6].tolist() == pytest.approx([0.4] * 4)


# ---- masks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES)
def test_masks_with_another_batch_and_with_clean_copies(dtype, device, generator):
    images, other = (random_images((n, 3, 8, 8), dtype, generator, device) for n in (5, 4))
    mask = torch.randint(0, 256, (2, 4, 8), generator=generator, dtype=torch.uint8)
    plan = random_pair(5, 4, 8, 8, generator)
    partner = torch.arange(5, dtype=torch.int32).roll(1)
    box = torch.where(torch.tensor([1, 0, 1, 0, 1])[:, None] == 1, 0, plan.box)
    index = [0, -1, 1, -1, 0]
    arrays = plan.weight_in, plan.weight_out, box.to(torch.int32), plan.label_weight, mask, index
    pair, within = (fm.MixPlan.from_arrays(p, *arrays) for p in (plan.partner, partner))
    mixed = fm.mix(images, pair, other=other)
    assert same_bits(mixed, mix_reference(images, pair, other))
    assert same_bits(fm.regmixup(images, within), torch.cat((images, fm.mix(images, within))))
    fm.mix_(images, pair, other=other)
    assert same_bits(images, mixed)


def test_gradients_of_masks_with_another_batch(generator):
    mask = torch.randint(0, 256, (1, 3, 4), generator=generator, dtype=torch.uint8)
    zeros = torch.zeros(3, 4, dtype=torch.int32)
    plan = fm.MixPlan.from_arrays([1, 0, 1], [0.1, 0.2, 0.3], [0.9, 0.6, 0.5], zeros, [0.5] * 3, mask, [0, -1, 0])
    images, other = (
        torch.randn(n, 2, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True) for n in (3, 2)
    )
    with torch.random.fork_rng(devices=[]):
        assert torch.autograd.gradcheck(lambda x, y: fm.mix(x, plan, other=y), (images, other), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(lambda x, y: fm.mix(x, plan, other=y), (images, other))
