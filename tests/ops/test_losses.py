import functools
from typing import ClassVar

import pytest
import torch
import torch.nn.functional as F
from support import devices, random_plan
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import fastmix as fm

CLASSES = 11


def random_logits(batch: int, generator: torch.Generator, *rest: int, device: str = "cpu") -> torch.Tensor:
    return torch.randn((batch, CLASSES, *rest), generator=generator, dtype=torch.float64).to(device).requires_grad_()


def assert_same_loss(loss: torch.Tensor, expected: torch.Tensor, logits: torch.Tensor) -> None:
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=1e-7)
    (got,) = torch.autograd.grad(loss, logits)
    (wanted,) = torch.autograd.grad(expected, logits)
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("batch", [1, 2, 5, 64])
def test_equals_cross_entropy_of_dense_targets(batch, smoothing, device, generator):
    logits = random_logits(batch, generator, device=device)
    labels = torch.randint(0, CLASSES, (batch,), generator=generator).to(device)
    plan = random_plan(batch, 1, 1, generator, "repeats")
    loss = fm.mix_loss(F.cross_entropy, logits, labels, plan, label_smoothing=smoothing)
    soft = fm.mix_labels(labels, plan, CLASSES, smoothing).double()
    assert loss.shape == () and loss.device == logits.device
    assert_same_loss(loss, F.cross_entropy(logits, soft), logits)


def test_class_weights_as_with_dense_targets(generator):
    logits = random_logits(8, generator)
    labels = torch.randint(0, CLASSES, (8,), generator=generator)
    weight = torch.rand(CLASSES, generator=generator, dtype=torch.float64)
    plan = random_plan(8, 1, 1, generator)
    loss = fm.mix_loss(F.cross_entropy, logits, labels, plan, weight=weight)
    soft = fm.mix_labels(labels, plan, CLASSES).double()
    assert_same_loss(loss, F.cross_entropy(logits, soft, weight=weight), logits)


def test_binary_targets(generator):
    logits = random_logits(8, generator)
    labels = (torch.rand((8, CLASSES), generator=generator) < 0.3).double()
    plan = random_plan(8, 1, 1, generator)
    loss = fm.mix_loss(F.binary_cross_entropy_with_logits, logits, labels, plan)
    soft = fm.mix_labels(labels, plan).double()
    assert_same_loss(loss, F.binary_cross_entropy_with_logits(logits, soft), logits)


def test_dense_targets_of_cross_entropy(generator):
    logits = random_logits(8, generator)
    labels = torch.rand((8, CLASSES), generator=generator, dtype=torch.float64).softmax(1)
    plan = random_plan(8, 1, 1, generator)
    loss = fm.mix_loss(F.cross_entropy, logits, labels, plan)
    assert_same_loss(loss, F.cross_entropy(logits, fm.mix_labels(labels, plan).double()), logits)


@pytest.mark.parametrize("shape", [(), (3, 4)])
@pytest.mark.parametrize("ignore_index", [-100, 5])
def test_unmixed_batch_has_torchs_mean(ignore_index, shape, generator):
    logits = random_logits(8, generator, *shape)
    labels = torch.randint(0, CLASSES, (8, *shape), generator=generator)
    labels[::3] = ignore_index
    bound = functools.partial(F.cross_entropy, ignore_index=ignore_index)
    for plan in (fm.MixPlan.identity(8), fm.MixPlan.mixup(torch.arange(8).roll(1), 1.0)):
        loss = fm.mix_loss(F.cross_entropy, logits, labels, plan, ignore_index=ignore_index)
        assert_same_loss(loss, bound(logits, labels), logits)
        assert_same_loss(fm.mix_loss(bound, logits, labels, plan), bound(logits, labels), logits)


def test_ignored_partners_do_not_count():
    # Sample 0 keeps its whole loss although its partner is ignored; of sample 1 only the partner's share counts.
    logits = torch.tensor([[1.0, 2.0], [0.5, -1.0]], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([1, -100])
    plan = fm.MixPlan.mixup([1, 0], [0.75, 0.6])
    losses = F.cross_entropy(logits, torch.tensor([1, 1]), reduction="none")
    expected = (0.75 * losses[0] + 0.4 * losses[1]) / (0.75 + 0.4)
    assert_same_loss(fm.mix_loss(F.cross_entropy, logits, labels, plan), expected, logits)
    assert fm.mix_loss(F.cross_entropy, logits, torch.tensor([-100, -100]), plan).isnan()


def test_unused_infinite_loss_does_not_leak():
    logits = torch.tensor([[0.0, -float("inf")], [0.0, 0.0]])
    loss = fm.mix_loss(F.cross_entropy, logits, torch.tensor([0, 1]), fm.MixPlan.mixup([1, 0], [1.0, 0.0]))
    assert loss.item() == pytest.approx(0.5 * F.cross_entropy(logits[1:], torch.tensor([0])).item())


def test_never_makes_dense_targets(generator):
    class Shapes(TorchDispatchMode):
        seen: ClassVar[set] = set()

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if func is not torch.ops.aten._log_softmax.default:
                self.seen.update(tuple(x.shape) for x in tree_leaves(out) if isinstance(x, torch.Tensor))
            return out

    logits = random_logits(8, generator).detach()
    labels = torch.randint(0, CLASSES, (8,), generator=generator)
    plan = random_plan(8, 1, 1, generator)
    with Shapes() as shapes:
        fm.mix_loss(F.cross_entropy, logits, labels, plan)
    # The packed rows of the plan are (B, 16).
    assert all(len(shape) < 2 or shape == plan.rows.shape != (8, CLASSES) for shape in shapes.seen)


def test_compiles(generator):
    logits = random_logits(8, generator)
    labels = torch.randint(0, CLASSES, (8,), generator=generator)
    plan = random_plan(8, 1, 1, generator)

    def loss(logits, labels, plan):
        return fm.mix_loss(F.cross_entropy, logits, labels, plan)

    assert_same_loss(torch.compile(loss, fullgraph=True)(logits, labels, plan), loss(logits, labels, plan), logits)


LOGITS = torch.zeros(3, 4)
LABELS = torch.tensor([0, 1, 2])
PLAN = fm.MixPlan.mixup([1, 0, 2], 0.5)


def mean_whatever_is_asked(logits, labels, reduction):
    assert reduction == "none"
    return F.cross_entropy(logits, labels)


@pytest.mark.parametrize(
    ("criterion", "logits", "labels", "plan", "options", "error", "message"),
    [
        (F.cross_entropy, LOGITS, LABELS, 0.5, {}, TypeError, r"fastmix.MixPlan, got float"),
        (F.cross_entropy, LOGITS[:2], LABELS, PLAN, {}, ValueError, r"logits for .* 3 samples, got shape \(2, 4\)"),
        (F.cross_entropy, LOGITS, LABELS[:2], PLAN, {}, ValueError, r"labels for .* 3 samples, got shape \(2,\)"),
        (F.cross_entropy, LOGITS, LABELS, PLAN, {"reduction": "sum"}, TypeError, "reduction= has no effect"),
        (torch.nn.CrossEntropyLoss(), LOGITS, LABELS, PLAN, {}, TypeError, r"the module CrossEntropyLoss; pass the f"),
        (F.cross_entropy, LOGITS, LABELS.float(), PLAN, {}, RuntimeError, r"(?i)expected"),
        (mean_whatever_is_asked, LOGITS, LABELS, PLAN, {}, ValueError, r"one loss per sample.*shape \(\)"),
    ],
)
def test_refuses(criterion, logits, labels, plan, options, error, message):
    with pytest.raises(error, match=message):
        fm.mix_loss(criterion, logits, labels, plan, **options)
