import pytest
import torch
from support import DTYPES, devices, random_images, random_plan, same_bits

import fastmix as fm
from fastmix.ops.reference import mix_backward_reference

KINDS = ["permutation", "flip", "identity", "cycle", "repeats"]


@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind, generator):
    images = torch.randn(5, 2, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    plan = random_plan(5, 3, 4, generator, kind)
    # The derivative of an image that is its own partner is 1: a mix with itself is itself.
    with torch.random.fork_rng(devices=[]):  # gradcheck itself draws numbers
        assert torch.autograd.gradcheck(lambda x: fm.mix(x, plan), (images,))
        assert torch.autograd.gradgradcheck(lambda x: fm.mix(x, plan), (images,))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("batch", [0, 1, 2, 5, 64])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_gradient_equals_reference(memory_format, batch, dtype, device, generator):
    images = random_images((batch, 3, 7, 5), dtype, generator, device, memory_format).requires_grad_()
    grad = random_images((batch, 3, 7, 5), dtype, generator, device, memory_format)
    plan = random_plan(batch, 7, 5, generator, "repeats")
    fm.mix(images, plan).backward(grad)
    assert same_bits(images.grad, mix_backward_reference(grad, plan))


@pytest.mark.parametrize("device", devices())
def test_gradient_of_a_sum(device, generator):
    # The gradient of sum() has stride 0 everywhere.
    images = torch.randn(3, 2, 4, 5, generator=generator).to(device).requires_grad_()
    plan = fm.MixPlan.mixup([1, 2, 0], [0.25, 0.5, 0.75])
    fm.mix(images, plan).sum().backward()
    assert torch.equal(images.grad[:, 0, 0, 0].cpu(), torch.tensor([0.5, 1.25, 1.25]))


def test_saved_tensors_notice_the_mix():
    images = torch.ones(2, 3)
    weight = torch.ones(2, 3, requires_grad=True)
    product = images * weight
    fm.mix_(images, fm.MixPlan.mixup([1, 0], 0.5))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()


def test_inference_mode():
    with torch.inference_mode():
        images = torch.tensor([[0.0], [4.0]])
        fm.mix_(images, fm.MixPlan.mixup([1, 0], 0.75))
    assert images.tolist() == [[1.0], [3.0]]


def test_refuses_gradients_in_place():
    images = torch.zeros(3, 4, requires_grad=True)
    for needs_grad in (images, images * 2):
        with pytest.raises(RuntimeError, match=r"do not require grad.*use mix\(\)"):
            fm.mix_(needs_grad, fm.MixPlan.mixup([1, 0, 2], 0.5))
    with torch.no_grad():
        fm.mix_(images, fm.MixPlan.mixup([1, 0, 2], 0.5))
