"""The operators keep torch's rules: opcheck, torch.compile, FakeTensor."""

import pytest
import torch
from support import devices, partners, random_images, random_plan, same_bits
from torch._dynamo.testing import CompileCounter
from torch._subclasses import FakeTensorMode

import fastmix as fm

OPS = torch.ops.fastmix
PLAN_OF_FOUR = fm.MixPlan.identity(4)
FORMATS = [torch.contiguous_format, torch.channels_last]


@pytest.fixture
def torch_draws_numbers():
    """opcheck and Inductor use torch's global generator themselves; they leave it as it was."""
    with torch.random.fork_rng(devices=[]):
        yield


@pytest.mark.usefixtures("torch_draws_numbers")
@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_opcheck_mix(batch, dtype, memory_format, device, generator):
    images = random_images((batch, 3, 5, 7), dtype, generator, device, memory_format)
    plan = random_plan(batch, 5, 7, generator).rows
    torch.library.opcheck(OPS.mix_.default, (images.clone(), plan))
    torch.library.opcheck(OPS.mix.default, (images, plan))
    if dtype != torch.uint8:
        torch.library.opcheck(OPS.mix_backward.default, (images, plan))
        torch.library.opcheck(OPS.mix.default, (images.clone().requires_grad_(), plan))
        torch.library.opcheck(OPS.mix_backward.default, (images.clone().requires_grad_(), plan))


@pytest.mark.usefixtures("torch_draws_numbers")
@pytest.mark.parametrize("device", devices())
def test_opcheck_mix_of_other_strides(device, generator):
    base = random_images((4, 6, 8, 10), torch.float32, generator, device)
    for images in (base[::2], base[:, ::2], base[..., ::2], base.transpose(1, 3), base[:1].expand(2, 6, 8, 10)):
        plan = random_plan(images.shape[0], *images.shape[2:], generator).rows
        torch.library.opcheck(OPS.mix.default, (images, plan))
    torch.library.opcheck(OPS.mix_.default, (base[::2], random_plan(2, 8, 10, generator).rows))


@pytest.mark.usefixtures("torch_draws_numbers")
@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_opcheck_normalize_mix(batch, dtype, channels_last, device, generator):
    images = random_images((batch, 5, 7, 3), torch.uint8, generator, device)
    plan = random_plan(batch, 5, 7, generator).rows
    for mirror in (None, torch.ones(batch, dtype=torch.bool)):
        arguments = (images, plan, [120.0] * 3, [60.0] * 3, dtype, channels_last, mirror)
        torch.library.opcheck(OPS.normalize_mix.default, arguments)
        out = OPS.normalize_mix(*arguments)
        arguments = (out, images, plan, [120.0] * 3, [60.0] * 3, channels_last, mirror)
        torch.library.opcheck(OPS.normalize_mix_into.default, arguments)


@pytest.mark.usefixtures("torch_draws_numbers")
@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_opcheck_mix_labels(batch, device, generator):
    labels = torch.randint(0, 10, (batch,), generator=generator).to(device)
    plan = random_plan(batch, 1, 1, generator)
    torch.library.opcheck(OPS.mix_labels.default, (labels, plan.rows, 10, 0.1))
    other = torch.randint(0, 10, (4,), generator=generator).to(device)
    torch.library.opcheck(OPS.mix_labels.default, (labels, plan.rows, 10, 0.1, other))


def mix_in_place(images: torch.Tensor, plan: fm.MixPlan) -> torch.Tensor:
    images = images * 2
    fm.mix_(images, plan)
    return images + 1


def mix_argument_in_place(images: torch.Tensor, plan: fm.MixPlan) -> None:
    fm.mix_(images, plan)


def batch_of(images: torch.Tensor, labels: torch.Tensor, mirror: torch.Tensor, plan: fm.MixPlan):
    x = fm.normalize_mix(images, plan, mirror=mirror, dtype=torch.bfloat16, memory_format=torch.channels_last)
    y = fm.mix_labels(labels, plan, 10, smoothing=0.1)
    return x, y, fm.mix_labels(y, plan), fm.normalize_mix(images, None)


@pytest.fixture
def compiled():
    torch.compiler.reset()
    yield lambda function, **options: torch.compile(function, fullgraph=True, **options)
    torch.compiler.reset()


@pytest.mark.usefixtures("torch_draws_numbers")
@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dynamic", [False, None])
def test_compile(dynamic, device, compiled, generator):
    mix_twice = compiled(mix_in_place, dynamic=dynamic)
    mix_argument = compiled(mix_argument_in_place, dynamic=dynamic)
    make_batch = compiled(batch_of, dynamic=dynamic)
    mix = compiled(fm.mix, dynamic=dynamic)
    for batch, height, width in [(4, 6, 8), (6, 6, 8), (5, 7, 9)]:
        for memory_format in FORMATS:
            images = random_images((batch, 3, height, width), torch.float32, generator, device, memory_format)
            plan = random_plan(batch, height, width, generator)
            mixed = mix(images, plan)
            assert same_bits(mixed, fm.mix(images, plan)) and mixed.is_contiguous(memory_format=memory_format)
            assert same_bits(mix_twice(images, plan), mix_in_place(images, plan))
            mix_argument(images, plan)
            assert same_bits(images, mixed)
        pixels = random_images((batch, height, width, 3), torch.uint8, generator, device)
        labels = torch.randint(0, 10, (batch,), generator=generator).to(device)
        mirror = torch.rand(batch, generator=generator) < 0.5
        expected = batch_of(pixels, labels, mirror, plan)
        for out, wanted in zip(make_batch(pixels, labels, mirror, plan), expected, strict=True):
            assert same_bits(out, wanted) and out.stride() == wanted.stride()


@pytest.mark.usefixtures("torch_draws_numbers")
def test_compile_takes_the_plan_of_each_call(generator):
    # The plan is data: another plan of the same size compiles nothing anew and is not baked in.
    torch.compiler.reset()
    traces = CompileCounter()
    mix = torch.compile(fm.mix, fullgraph=True, backend=traces)
    images = random_images((6, 3, 4, 5), torch.float32, generator)
    for kind in ("permutation", "flip", "repeats", "identity"):
        plan = random_plan(6, 4, 5, generator, kind)
        assert same_bits(mix(images, plan), fm.mix(images, plan))
    assert traces.frame_count == 1


@pytest.mark.usefixtures("torch_draws_numbers")
def test_compile_differentiates(compiled, generator):
    images = torch.randn(4, 3, 5, 6, generator=generator)
    plan = random_plan(4, 5, 6, generator)

    def loss(images, plan):
        return (fm.mix(images * 2, plan) ** 2).sum()

    gradients = []
    for function in (loss, compiled(loss)):
        leaf = images.clone().requires_grad_()
        function(leaf, plan).backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.usefixtures("torch_draws_numbers")
def test_compile_refuses_like_eager(compiled, generator):
    plan = random_plan(4, 5, 6, generator)
    with pytest.raises(Exception, match="a plan for 3 samples, got one for 4"):
        compiled(fm.mix)(torch.zeros(3, 5, 6), plan)
    leaf = torch.zeros(4, 5, 6, requires_grad=True)
    with pytest.raises(Exception, match="do not require grad"):
        compiled(mix_argument_in_place)(leaf, plan)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_fake_tensors(device):
    # Fake CUDA tensors need no GPU: shapes, strides and devices come from the fake kernels alone.
    with FakeTensorMode(allow_non_fake_inputs=True):
        plan = PLAN_OF_FOUR
        for memory_format in FORMATS:
            images = torch.empty((4, 3, 5, 7), device=device, memory_format=memory_format)
            assert fm.mix_(images, plan) is images
            mixed = fm.mix(images.half(), plan)
            assert (mixed.shape, mixed.dtype, mixed.device.type) == (images.shape, torch.float16, device)
            assert mixed.is_contiguous(memory_format=memory_format)
            pixels = torch.empty((4, 5, 7, 3), dtype=torch.uint8, device=device)
            out = fm.normalize_mix(pixels, plan, dtype=torch.bfloat16, memory_format=memory_format)
            assert (out.shape, out.dtype, out.device.type) == ((4, 3, 5, 7), torch.bfloat16, device)
            assert out.is_contiguous(memory_format=memory_format)
        labels = fm.mix_labels(torch.empty(4, dtype=torch.int32, device=device), plan, 10)
        assert (labels.shape, labels.dtype, labels.device.type) == ((4, 10), torch.float32, device)
        volume = torch.empty((4, 3, 2, 5, 7), device=device, memory_format=torch.channels_last_3d)
        assert fm.mix(volume, plan).is_contiguous(memory_format=torch.channels_last_3d)


def test_meta_tensors():
    images = torch.empty((4, 3, 5, 7), device="meta")
    plan = fm.MixPlan.mixup(partners("flip", 4, torch.Generator()), 0.5)
    assert fm.mix(images, plan).shape == images.shape
    fm.mix_(images, plan)


@pytest.mark.cuda
@pytest.mark.usefixtures("torch_draws_numbers")
def test_compile_on_the_gpu_with_gradients(generator):
    images = random_images((4, 3, 16, 16), torch.float32, generator, "cuda")
    plan = random_plan(4, 16, 16, generator)
    gradients = []
    for function in (fm.mix, torch.compile(fm.mix, fullgraph=True)):
        leaf = images.clone().requires_grad_()
        (function(leaf, plan) ** 2).sum().backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients)
