import pytest
import torch
from support import BATCHES, devices, random_plan, same_bits

import fastmix as fm
from fastmix.ops.reference import mix_labels_reference

INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64]


def random_labels(batch: int, classes: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, classes, (batch,), generator=generator)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("classes", [1, 2, 3, 10, 1000])
@pytest.mark.parametrize("batch", BATCHES)
def test_equals_reference(batch, classes, smoothing, device, generator):
    labels = random_labels(batch, classes, generator).to(device)
    for kind in ("permutation", "identity", "repeats"):
        plan = random_plan(batch, 1, 1, generator, kind)
        mixed = fm.mix_labels(labels, plan, classes, smoothing)
        assert mixed.dtype == torch.float32 and mixed.shape == (batch, classes) and mixed.device == labels.device
        assert same_bits(mixed, mix_labels_reference(labels, plan, classes, smoothing))
        torch.testing.assert_close(mixed.sum(1), torch.ones(batch, device=device), rtol=0, atol=2e-6)


@pytest.mark.parametrize("device", devices())
def test_equal_labels_sum_to_exactly_one(device, generator):
    labels = torch.full((64,), 3, device=device)
    plan = random_plan(64, 1, 1, generator)
    expected = torch.zeros(64, 5, device=device)
    expected[:, 3] = 1
    assert same_bits(fm.mix_labels(labels, plan, 5), expected)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_any_integer_dtype(dtype):
    plan = fm.MixPlan.mixup([1, 2, 0], [0.25, 0.5, 1.0])
    mixed = fm.mix_labels(torch.tensor([2, 0, 1]).to(dtype), plan, 3)
    assert mixed.tolist() == [[0.75, 0, 0.25], [0.5, 0.5, 0], [0, 1, 0]]


def test_strided_labels():
    plan = fm.MixPlan.mixup([1, 0], 0.75)
    assert fm.mix_labels(torch.tensor([0, 9, 1, 9])[::2], plan, 2).tolist() == [[0.75, 0.25], [0.25, 0.75]]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dense_labels(dtype, device, generator):
    labels = torch.rand((6, 4), generator=generator, dtype=torch.float64).to(dtype).to(device)
    plan = random_plan(6, 1, 1, generator, "repeats")
    mixed = fm.mix_labels(labels, plan, num_classes=4)
    w = plan.label_weight.double().to(device)[:, None]
    expected = w * labels.double() + (1 - w) * labels.double()[plan.partner.long().to(device)]
    assert same_bits(mixed, expected.float())


def test_dense_and_ids_agree(generator):
    labels = random_labels(64, 7, generator)
    plan = random_plan(64, 1, 1, generator)
    assert same_bits(fm.mix_labels(torch.eye(7)[labels], plan), fm.mix_labels(labels, plan, 7))


def test_dense_labels_do_not_leak_at_weight_one_and_zero():
    labels = torch.tensor([[float("nan"), float("inf")], [0.0, 1.0]])
    assert fm.mix_labels(labels, fm.MixPlan.mixup([1, 0], [0.0, 1.0])).tolist() == [[0, 1], [0, 1]]


def test_dense_labels_are_differentiable():
    labels = torch.ones(2, 3, requires_grad=True)
    fm.mix_labels(labels, fm.MixPlan.mixup([1, 1], [0.25, 1.0])).sum().backward()
    assert labels.grad.tolist() == [[0.25] * 3, [1.75] * 3]


LABELS = torch.tensor([0, 1, 2])
PLAN = fm.MixPlan.mixup([1, 0, 2], 0.5)


@pytest.mark.parametrize(
    ("labels", "plan", "options", "error", "message"),
    [
        (LABELS, PLAN, {}, ValueError, r"num_classes with class ids, got none"),
        (LABELS, PLAN, {"num_classes": 0}, ValueError, r"num_classes >= 1, got 0"),
        (LABELS, PLAN, {"num_classes": -3}, ValueError, r"num_classes >= 1, got -3"),
        (LABELS, PLAN, {"num_classes": 3, "smoothing": 1.0}, ValueError, r"smoothing in \[0, 1\), got 1.0"),
        (LABELS, PLAN, {"num_classes": 3, "smoothing": -0.1}, ValueError, r"smoothing in \[0, 1\), got -0.1"),
        (LABELS, PLAN, {"num_classes": 3, "smoothing": float("nan")}, ValueError, r"smoothing in \[0, 1\), got nan"),
        (LABELS, PLAN, {"num_classes": 2}, RuntimeError, r"labels in \[0, 2\), got 2 for sample 2"),
        (LABELS - 1, PLAN, {"num_classes": 3}, RuntimeError, r"labels in \[0, 3\), got -1 for sample 0"),
        (LABELS.float(), PLAN, {"num_classes": 3}, TypeError, r"integer dtype .*got torch.float32 \(3,\)"),
        (LABELS.bool(), PLAN, {"num_classes": 3}, TypeError, r"integer dtype .*got torch.bool \(3,\)"),
        (LABELS[:, None], PLAN, {"num_classes": 3}, ValueError, r"class ids of shape \(B,\), got \(3, 1\)"),
        (LABELS[0], PLAN, {"num_classes": 3}, ValueError, r"batch dimension"),
        (LABELS.tolist(), PLAN, {"num_classes": 3}, TypeError, r"labels to be a torch.Tensor, got list"),
        (LABELS[:2], PLAN, {"num_classes": 3}, ValueError, r"a plan for 2 samples, got one for 3"),
        (LABELS, 0.5, {"num_classes": 3}, TypeError, r"fastmix.MixPlan, got float"),
        (torch.eye(3), PLAN, {"smoothing": 0.1}, ValueError, r"smoothing=0 with dense labels, got 0.1"),
        (torch.eye(3), PLAN, {"num_classes": 4}, ValueError, r"num_classes=3, as in the labels, got 4"),
        (LABELS, fm.MixPlan.mixup([1, 0, 3], 0.5), {"num_classes": 3}, RuntimeError, r"partner in \[0, 3\), got 3"),
        (torch.eye(3), fm.MixPlan.mixup([1, 0, 3], 0.5), {}, ValueError, r"partner in \[0, 3\), got 3"),
        (LABELS, fm.MixPlan.mixup([1, 0, 2], 1.5), {"num_classes": 3}, RuntimeError, r"label_weight in \[0, 1\]"),
    ],
)
def test_refuses(labels, plan, options, error, message):
    with pytest.raises(error, match=message):
        fm.mix_labels(labels, plan, **options)


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, LABELS.int(), r"int64 and shape \(B,\), got Int \(3,\)"),
        (0, LABELS[None], r"int64 and shape \(B,\), got Long \(1, 3\)"),
        (1, PLAN.rows[:2], r"plan of shape \(3, 16\).*got \(2, 16\)"),
        (1, PLAN.rows.repeat(2, 1), r"plan of shape \(3, 16\).*got \(6, 16\)"),
        (1, PLAN.rows.long(), r"plan of dtype Int, got Long"),
        (1, torch.zeros_like(PLAN.rows), r"rows that mix two images"),
        (2, 0, r"num_classes > 0, got 0"),
        (3, 1.0, r"smoothing in \[0, 1\), got 1"),
        (4, LABELS.int(), r"other as class ids of dtype int64"),
        (4, LABELS[:1], r"partner in \[0, 1\), got 1"),
        (4, LABELS + 3, r"labels in \[0, 3\), got"),
    ],
)
def test_operator_checks_for_itself(position, value, message):
    arguments = [LABELS, PLAN.rows, 3, 0.0, None]
    arguments[position] = value
    with pytest.raises(RuntimeError, match=message):
        torch.ops.fastmix.mix_labels(*arguments)


@pytest.mark.cuda
def test_labels_out_of_range_on_the_gpu_give_nan():
    mixed = fm.mix_labels(torch.tensor([0, 3, 1], device="cuda"), PLAN, 3).cpu()
    assert mixed[:2].isnan().all()
    assert mixed[2].tolist() == [0, 1, 0]
