"""Bad input gets one clear error each, before any work, and nothing is changed."""

import numpy as np
import pytest
import torch
from support import devices, random_images, same_bits

import fastmix as fm

PLAN = fm.MixPlan.mixup([1, 0, 2], 0.5)


def plan_with(**arrays) -> fm.MixPlan:
    names = ("partner", "weight_in", "weight_out", "box", "label_weight")
    return fm.MixPlan.from_arrays(**{name: arrays.get(name, getattr(PLAN, name)) for name in names})


NAN = float("nan")
BAD_VALUES = {
    "partner too large": (plan_with(partner=[1, 0, 3]), r"partner in \[0, 3\), got 3 for sample 2"),
    "partner negative": (plan_with(partner=[1, 0, -1]), r"partner in \[0, 3\), got -1"),
    "weight above 1": (plan_with(weight_out=[0.5, 1.5, 0.5]), r"weight_out in \[0, 1\], got 1.5 for sample 1"),
    "weight below 0": (plan_with(weight_in=[-0.5, 0.5, 0.5]), r"weight_in in \[0, 1\], got -0.5"),
    "weight NaN": (plan_with(weight_out=[0.5, NAN, 0.5]), r"weight_out in \[0, 1\], got -?nan"),
    "box too high": (plan_with(box=[[0] * 4, [0, 0, 5, 5], [0] * 4]), "box .* within height 4 and width 5"),
    "box too wide": (plan_with(box=[[0, 0, 4, 6], [0] * 4, [0] * 4]), "box .* within height 4 and width 5"),
    "box negative": (plan_with(box=[[-1, 0, 4, 5], [0] * 4, [0] * 4]), "box .* got \\(-1"),
    "box reversed": (plan_with(box=[[3, 0, 2, 5], [0] * 4, [0] * 4]), "box .* got \\(3"),
}


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("apply", [fm.mix_, fm.mix])
@pytest.mark.parametrize("case", BAD_VALUES)
def test_refuses_bad_plans(case, apply, device, generator):
    plan, message = BAD_VALUES[case]
    images = random_images((3, 2, 4, 5), torch.float32, generator, device)
    before = images.clone()
    with pytest.raises(RuntimeError, match=message):
        apply(images, plan)
    assert same_bits(images, before)


@pytest.mark.parametrize("device", devices())
def test_refuses_repeated_partners_in_place(device, generator):
    images = random_images((3, 2, 4, 5), torch.float32, generator, device)
    before = images.clone()
    with pytest.raises(RuntimeError, match=r"1 as partner of 0 and of 2; use mix\(\)"):
        fm.mix_(images, plan_with(partner=[1, 0, 1]))
    assert same_bits(images, before)


@pytest.mark.parametrize("apply", [fm.mix_, fm.mix])
@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.int64, torch.bool, torch.complex64])
def test_refuses_other_dtypes(dtype, apply):
    with pytest.raises(TypeError, match=r"uint8, .*float64, got torch\."):
        apply(torch.zeros((3, 2, 4, 5), dtype=dtype), PLAN)


@pytest.mark.parametrize("apply", [fm.mix_, fm.mix])
def test_refuses_other_arguments(apply):
    with pytest.raises(TypeError, match=r"images to be a torch.Tensor, got ndarray"):
        apply(np.zeros((3, 4), np.float32), PLAN)
    with pytest.raises(TypeError, match=r"fastmix.MixPlan, got float"):
        apply(torch.zeros(3, 4), 0.5)
    with pytest.raises(ValueError, match=r"a plan for 4 samples, got one for 3"):
        apply(torch.zeros(4, 4), PLAN)
    with pytest.raises(ValueError, match=r"batch dimension"):
        apply(torch.tensor(1.0), PLAN)
    with pytest.raises(ValueError, match=r"dense images on the CPU or a CUDA device, got torch.sparse_coo on cpu"):
        apply(torch.zeros(3, 4).to_sparse(), PLAN)


@pytest.mark.parametrize("device", devices())
def test_refuses_strides_in_place(device):
    base = torch.zeros(3, 4, 6, 6, device=device)
    for images in (base[:, :, ::2], base[..., ::2], base.transpose(2, 3), base.permute(0, 2, 3, 1)[:, :, :, :3]):
        with pytest.raises(RuntimeError, match=r"contiguous or channels_last.*images.contiguous\(\)"):
            fm.mix_(images, PLAN)
    for overlapping in (base[:1].expand(3, 4, 6, 6), base.as_strided((3, 2, 6, 6), (36, 36, 6, 1))):
        with pytest.raises(RuntimeError, match="do not overlap"):
            fm.mix_(overlapping, PLAN)
    assert not base.any()


@pytest.mark.parametrize("op", [torch.ops.fastmix.mix_, torch.ops.fastmix.mix, torch.ops.fastmix.mix_backward])
def test_operators_check_for_themselves(op):
    images = torch.arange(12.0).reshape(3, 4)
    before = images.clone()
    rows = PLAN.rows
    for bad, message in [
        (rows.long(), "plan of dtype Int, got Long"),
        (rows[:2], r"plan of shape \(3, 16\).*got \(2, 16\)"),
        (rows[:, :8], r"plan of shape \(3, 16\).*got \(3, 8\)"),
        (rows[None], r"plan of shape \(3, 16\).*got \(1, 3, 16\)"),
        (rows.t().contiguous().t(), "contiguous plan"),
        (fm.DirichletMix().plan(3).rows, "rows that mix two images"),
        (rows + 256, "rows that mix two images, layout version 1"),
    ]:
        with pytest.raises(RuntimeError, match=message):
            op(images, bad)
    with pytest.raises(RuntimeError, match=r"expected dtype uint8, .* got Int"):
        op(images.int(), PLAN.rows)
    with pytest.raises(RuntimeError, match="batch dimension"):
        op(torch.tensor(1.0), PLAN.rows)
    assert same_bits(images, before)


def test_gradient_must_be_floating():
    with pytest.raises(RuntimeError, match="floating-point gradient, got uint8"):
        torch.ops.fastmix.mix_backward(torch.zeros((3, 4), dtype=torch.uint8), PLAN.rows)


@pytest.mark.cuda
def test_plan_on_the_gpu_is_refused():
    images = torch.zeros(3, 4, device="cuda")
    for device in ("cpu", "cuda"):
        with pytest.raises(RuntimeError, match=r"plan on the CPU .*got cuda:0; use plan.cpu\(\)"):
            torch.ops.fastmix.mix_(images.to(device), PLAN.rows.cuda())


def test_a_refused_mix_leaves_the_version_alone():
    weight = torch.ones(4, 3, requires_grad=True)
    images = torch.arange(12.0).reshape(4, 3)
    loss = (weight * images).sum()
    with pytest.raises(RuntimeError, match="partner once"):
        fm.mix_(images, fm.MixPlan.mixup([0, 0, 1, 1], 0.5))
    loss.backward()
    assert torch.equal(weight.grad, images)


def test_forward_mode_is_refused_in_place_rather_than_wrong():
    plan = fm.MixPlan.mixup([1, 0], 0.4)
    images = torch.arange(6.0).reshape(2, 3)
    with pytest.raises(NotImplementedError, match="forward-mode"):
        torch.func.jvp(lambda x: fm.mix_(x, plan), (images,), (torch.ones_like(images),))


@pytest.mark.parametrize("partner", [-1, 4])
def test_label_functions_refuse_partners_out_of_range(partner):
    plan = fm.MixPlan.mixup([1, partner, 0, 2], 0.5)
    labels, logits = torch.arange(4), torch.eye(4)
    calls = (
        lambda: fm.pair_labels(labels, plan),
        lambda: fm.mix_labels(torch.eye(4), plan),
        lambda: fm.mix_values(logits, plan),
        lambda: fm.mix_loss(torch.nn.functional.cross_entropy, logits, labels, plan),
        lambda: fm.mix_accuracy(logits, labels, plan),
    )
    for call in calls:
        with pytest.raises(ValueError, match=r"expected partner in \[0, 4\)"):
            call()


def test_in_place_on_a_lazy_clone_leaves_the_original_alone(generator: torch.Generator) -> None:
    images = random_images((4, 3, 5, 7), torch.float32, generator)
    before, clone = images.clone(), torch._lazy_clone(images)
    plan = fm.MixPlan.mixup([1, 0, 3, 2], 0.25)
    fm.mix_(clone, plan)
    assert same_bits(images, before)
    assert same_bits(clone, fm.mix(before, plan))
