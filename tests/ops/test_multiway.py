"""Mixing more than two: images, labels, losses, gradients and the Dirichlet policy."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from support import BATCHES, DTYPES, devices, random_images, same_bits

import fastmix as fm
from fastmix.ops.reference import combine_backward_reference, combine_reference

FORMATS = [torch.contiguous_format, torch.channels_last]


def random_multiway(batch: int, ways: int, generator: torch.Generator) -> fm.MultiwayPlan:
    """Any partners; weights of every sort: 1, 0, tiny and any."""
    partner = torch.randint(0, max(batch, 1), (batch, ways), generator=generator, dtype=torch.int32)
    weight = torch.rand(batch, ways, generator=generator, dtype=torch.float64) + 1e-3
    weight[::3, 1:] *= torch.randint(0, 2, (len(weight[::3]), ways - 1), generator=generator)
    weight[1::4, 0] *= 1e-12
    weight[2::5] = F.one_hot(torch.arange(len(weight[2::5])) % ways, ways).double()
    return fm.MultiwayPlan.from_arrays(partner, weight / weight.sum(1, keepdim=True))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("ways", [2, 3, 4])
@pytest.mark.parametrize("dtype", DTYPES)
def test_mix_equals_the_reference(dtype, ways, memory_format, device, generator):
    for batch in BATCHES[:-1]:
        for size in ((7, 5), (4, 8)):
            images = random_images((batch, 3, *size), dtype, generator, device, memory_format)
            plan = random_multiway(batch, ways, generator)
            mixed = fm.mix(images, plan)
            assert same_bits(mixed, combine_reference(images, plan))
            assert mixed.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_gradient_equals_the_reference(dtype, device, generator):
    for batch, ways in itertools.product([0, 1, 5, 40], [2, 3, 4]):
        images = random_images((batch, 3, 4, 5), dtype, generator, device).requires_grad_()
        grad = random_images((batch, 3, 4, 5), dtype, generator, device)
        plan = random_multiway(batch, ways, generator)
        fm.mix(images, plan).backward(grad)
        assert same_bits(images.grad, combine_backward_reference(grad, plan))


def test_gradcheck(generator):
    images = torch.randn(5, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    plan = random_multiway(5, 3, generator)
    with torch.random.fork_rng(devices=[]):
        assert torch.autograd.gradcheck(lambda x: fm.mix(x, plan), (images,), check_forward_ad=True)
        assert torch.autograd.gradgradcheck(lambda x: fm.mix(x, plan), (images,))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", [torch.uint8, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("batch", [0, 3])
def test_opcheck(batch, dtype, device, generator):
    ops = torch.ops.fastmix
    plan = random_multiway(batch, 3, generator)
    for memory_format in FORMATS:
        images = random_images((batch, 3, 4, 5), dtype, generator, device, memory_format)
        with torch.random.fork_rng(devices=[]):
            torch.library.opcheck(ops.mix.default, (images, plan.rows, None, None, False, True))
            if dtype != torch.uint8:
                leaf = images.requires_grad_()
                torch.library.opcheck(ops.mix.default, (leaf, plan.rows, None, None, False, True))
                torch.library.opcheck(ops.mix_backward.default, (leaf, plan.rows, None, batch, False, True))


def test_compile(generator):
    images, plan = torch.randn(6, 3, 4, 5, generator=generator), random_multiway(6, 3, generator)
    torch.compiler.reset()
    with torch.random.fork_rng(devices=[]):
        compiled = torch.compile(fm.mix, fullgraph=True)
        assert same_bits(compiled(images, plan), fm.mix(images, plan))


@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_images_stay_as_they_are(dtype, generator):
    one = random_images((1, 64, 64), dtype, generator)
    images = one.repeat(8, 1, 1)
    for step in range(20):
        mixed = fm.mix(images, fm.DirichletMix(4).plan(8, step=step))
        # float64 has no digits beyond those of the weights.
        torch.testing.assert_close(mixed, images, rtol=1e-15 if dtype == torch.float64 else 0, atol=0)


def test_two_ways_are_mixup(generator):
    images = torch.randn(6, 3, 4, generator=generator)
    pair = fm.Mixup(per="sample").plan(6)
    own = pair.weight_out.double()
    partner = torch.stack((torch.arange(6, dtype=torch.int32), pair.partner), 1)
    plan = fm.MultiwayPlan.from_arrays(partner, torch.stack((own, 1 - own), 1))
    assert torch.equal(fm.mix(images, plan), fm.mix(images, pair))
    labels = torch.arange(6) % 4
    assert torch.equal(fm.mix_labels(labels, plan, 4, 0.1), fm.mix_labels(labels, pair, 4, 0.1))


def dense_labels(labels, plan, classes, smoothing=0.0):
    rows = torch.eye(classes, dtype=torch.float64)[labels] * (1 - smoothing) + smoothing / classes
    return (plan.weight[:, :, None] * rows[plan.partner.long()]).sum(1)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_labels(dtype, device, generator):
    labels = torch.randint(0, 5, (40,), generator=generator)
    plan = random_multiway(40, 4, generator)
    for smoothing in (0.0, 0.1):
        target = fm.mix_labels(labels.to(device, dtype), plan, 5, smoothing)
        assert target.dtype == torch.float32
        torch.testing.assert_close(target.cpu().double(), dense_labels(labels, plan, 5, smoothing), rtol=0, atol=2**-24)
        torch.testing.assert_close(target.sum(1).cpu(), torch.ones(40), rtol=0, atol=2**-22)
    same = fm.mix_labels(torch.full((40,), 3, device=device), plan, 5)
    assert torch.equal(same.cpu(), torch.eye(5)[[3] * 40])


def test_values_and_dense_labels(generator):
    values = torch.randn(9, 4, generator=generator)
    plan = random_multiway(9, 3, generator)
    expected = (plan.weight[:, :, None] * values.double()[plan.partner.long()]).sum(1)
    torch.testing.assert_close(fm.mix_values(values, plan).double(), expected, rtol=2**-23, atol=0)
    assert torch.equal(fm.mix_labels(values, plan), fm.mix_values(values, plan))
    values[3] = torch.nan
    nobody = fm.MultiwayPlan.from_arrays([[0, 3]] * 9, [[1.0, 0.0]] * 9)
    assert torch.equal(fm.mix_values(values, nobody), values[[0] * 9])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_equals_that_of_dense_targets(smoothing, generator):
    logits = torch.randn(12, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 5, (12,), generator=generator)
    plan = random_multiway(12, 3, generator)
    loss = fm.mix_loss(F.cross_entropy, logits, labels, plan, label_smoothing=smoothing)
    expected = F.cross_entropy(logits, dense_labels(labels, plan, 5, smoothing))
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(*(torch.autograd.grad(value, logits)[0] for value in (loss, expected)))


def test_accuracy():
    labels = torch.tensor([0, 1, 2])
    plan = fm.MultiwayPlan.from_arrays([[0, 1, 2], [1, 1, 0], [2, 0, 1]], [[0.5, 0.3, 0.2], [0.6, 0.1, 0.3], [1, 0, 0]])
    logits = torch.eye(3)[[1, 1, 1]]
    assert fm.mix_accuracy(logits, labels, plan).item() == pytest.approx((0.3 + 0.7 + 0.0) / 3)


def test_mixer_takes_the_policy(generator):
    mixer = fm.Mixer(fm.DirichletMix(3), num_classes=5, seed=4)
    images, labels = torch.randn(6, 3, 4, 5, generator=generator), torch.arange(6) % 5
    for step in range(2):
        mixed, target = mixer(images, labels)
        plan = fm.DirichletMix(3).plan(6, seed=4, step=step)
        assert mixer.plan == plan and torch.equal(mixed, fm.mix(images, plan))
        assert torch.equal(target, fm.mix_labels(labels, plan, 5))


# ---- the policy -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [1.0, 0.2, 5.0, (8.0, 1.0, 1.0), (0.5, 2.0, 1.0, 1.0)])
def test_weights_are_dirichlet(alpha):
    ways = len(alpha) if isinstance(alpha, tuple) else 3
    shapes = np.broadcast_to(alpha, ways)
    weight = fm.DirichletMix(ways, alpha).plan(20_000, seed=3).weight.numpy()
    np.testing.assert_allclose(weight.sum(1), 1, rtol=0, atol=1e-15)
    for k in range(ways):
        law = stats.beta(shapes[k], shapes.sum() - shapes[k])
        assert stats.kstest(weight[:, k], law.cdf).pvalue > 1e-3
    covariance = -shapes[0] * shapes[1] / (shapes.sum() ** 2 * (shapes.sum() + 1))
    assert np.cov(weight[:, 0], weight[:, 1])[0, 1] == pytest.approx(covariance, rel=0.15)


@pytest.mark.parametrize("alpha", [5e-324, 1e-3, 1e300])
def test_extreme_alphas_are_never_nan(alpha):
    weight = fm.DirichletMix(4, alpha).plan(2000).weight
    assert torch.isfinite(weight).all() and ((weight.sum(1) - 1).abs() < 1e-15).all()
    assert (weight.max(1).values > 0.99).double().mean() > 0.9 if alpha < 1 else (weight == 0.25).all()


def test_columns_are_permutations_of_their_own():
    partner = fm.DirichletMix(4).plan(2000, seed=1).partner
    assert torch.equal(partner[:, 0], torch.arange(2000, dtype=torch.int32))
    for k in range(4):
        assert torch.equal(partner[:, k].sort().values, torch.arange(2000, dtype=torch.int32))
    for a, b in itertools.combinations(range(4), 2):
        assert (partner[:, a] == partner[:, b]).sum() < 12
    places = partner[:, 1:].numpy() * 20 // 2000
    for column in places.T:
        table = np.histogram2d(np.arange(2000) // 200, column, bins=(10, 20))[0]
        assert stats.chi2_contingency(table).pvalue > 1e-3


def test_plans_are_functions_of_their_key():
    policy = fm.DirichletMix(3)
    key = {"seed": 2**64 - 1, "epoch": 7, "step": 2**40, "rank": 3, "offset": 64}
    plan = policy.plan(9, **key)
    assert plan == policy.plan(9, **key) and hash(plan) == hash(policy.plan(9, **key))
    for name in ("seed", "epoch", "step", "rank"):
        assert plan != policy.plan(9, **{**key, name: key[name] - 1})
    # Weights go by the place in the global batch.
    assert torch.equal(policy.plan(4, **{**key, "offset": 66}).weight, plan.weight[2:6])


def test_per_batch_and_prob():
    assert len(fm.DirichletMix(3, per="batch").plan(50).weight.unique(dim=0)) == 1
    mixed = (fm.DirichletMix(3, prob=0.3).plan(5000).weight[:, 0] < 1).sum().item()
    assert stats.binomtest(mixed, 5000, 0.3).pvalue > 1e-3
    assert torch.equal(fm.DirichletMix(2, prob=0).plan(5).weight, torch.tensor([[1.0, 0.0]] * 5, dtype=torch.float64))


def test_describe():
    plan = fm.MultiwayPlan.from_arrays([[0, 1, 2], [1, 0, 2]], [[0.5, 0.25, 0.25], [1, 0, 0]])
    assert plan.describe() == "0: 0.5000 of 0 + 0.2500 of 1 + 0.2500 of 2 (out of range)\n1: 1.0000 of 1"
    assert plan.describe(["cat", "dog"]).splitlines()[1] == "dog: 1.0000 of dog"
    with pytest.raises(ValueError, match=r"one name per sample \(2\), got 1"):
        plan.describe(["cat"])


@pytest.mark.parametrize(("ways", "batch"), [(2, 1), (3, 5), (4, 0)])
def test_files_and_digest(ways, batch, tmp_path):
    plan = fm.DirichletMix(ways, 0.3).plan(batch, seed=3)
    plan.save(tmp_path / "plan")
    again = fm.MultiwayPlan.load(tmp_path / "plan")
    assert again == plan and again.digest() == plan.digest() and hash(again) == hash(plan)
    assert list(tmp_path.iterdir()) == [tmp_path / "plan"]
    # Fixed for good: digests are kept in logs.
    three = fm.MultiwayPlan.from_arrays([[0, 1, 0], [1, 0, 0]], [[0.5, 0.25, 0.25]] * 2)
    assert three.digest() == "300d03019e578f7b415e89369d7493a9a3bad2402a68c2854fa80f529709ced1"


PLAN = fm.MultiwayPlan.from_arrays([[0, 1], [1, 0]], [[0.5, 0.5]] * 2)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: fm.DirichletMix(1), ValueError, "2 to 4 ways, got 1"),
        (lambda: fm.DirichletMix(5), ValueError, "2 to 4 ways, got 5"),
        (lambda: fm.DirichletMix(3, (1.0, 1.0)), ValueError, "expected 1 alpha or k=3 alphas, got 2"),
        (lambda: fm.DirichletMix(3, 0.0), ValueError, "finite alpha > 0, got 0"),
        (lambda: fm.DirichletMix(3, prob=1.5), ValueError, r"prob in \[0, 1\], got 1.5"),
        (lambda: fm.DirichletMix(3, per="pair"), ValueError, "expected per='batch' or per='sample', got per='pair'"),
        (lambda: fm.DirichletMix(2.5), TypeError, "float"),
        (lambda: fm.MultiwayPlan.from_arrays([[0]], [[1.0]]), ValueError, "K from 2 to 4"),
        (lambda: fm.MultiwayPlan.from_arrays([[0.5, 1]], [[1.0, 0]]), ValueError, "integers that fit"),
        (lambda: fm.MultiwayPlan([[0, 1]]), TypeError, "int32 tensor on the CPU, got list"),
        (lambda: fm.mix_(torch.zeros(2, 3), PLAN), TypeError, r"got a MultiwayPlan; use mix\(\)"),
        (lambda: fm.mix(torch.zeros(3, 3), PLAN), ValueError, "a plan for 3 samples, got one for 2"),
        (
            lambda: fm.mix(torch.zeros(2, 3), PLAN, other=torch.zeros(2, 3)),
            ValueError,
            "other= works with a MixPlan only",
        ),
        (lambda: fm.mix_labels(torch.tensor([0, 7]), PLAN, 5), RuntimeError, r"labels in \[0, 5\)"),
        (
            lambda: fm.mix(torch.zeros(2, 3), fm.MultiwayPlan.from_arrays([[0, 2], [1, 0]], [[0.5, 0.5]] * 2)),
            RuntimeError,
            r"partner in \[0, 2\), got 2 for sample 0",
        ),
        (
            lambda: fm.mix(torch.zeros(2, 3), fm.MultiwayPlan.from_arrays([[0, 1]] * 2, [[0.5, 0.25]] * 2)),
            RuntimeError,
            "sum to 1, got a sum of 0.75",
        ),
        (
            lambda: fm.mix_values(torch.zeros(2, 3), fm.MultiwayPlan.from_arrays([[0, -1]] * 2, [[0.5, 0.5]] * 2)),
            ValueError,
            r"partner in \[0, 2\), got -1",
        ),
        (
            lambda: fm.mix_loss(
                F.cross_entropy,
                torch.eye(2),
                torch.arange(2),
                fm.MultiwayPlan.from_arrays([[0, 1]] * 2, [[0.5, torch.nan]] * 2),
            ),
            ValueError,
            "weights in .* sum to 1",
        ),
    ],
)
def test_refuses(make, error, message):
    with pytest.raises(error, match=message):
        make()
