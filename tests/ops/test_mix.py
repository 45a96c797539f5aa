import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BATCHES, DTYPES, devices, random_images, random_plan, same_bits

import fastmix as fm
from fastmix.ops.reference import mix_reference

KINDS = ["permutation", "flip", "identity", "cycle"]


def both_ways(images: torch.Tensor, plan: fm.MixPlan) -> list[torch.Tensor]:
    """mix_ (on a copy with the same strides) and mix, after checking that neither moved or touched its input."""
    before = images.clone()
    out = fm.mix(images, plan)
    assert same_bits(images, before)
    in_place = torch.empty_strided(images.shape, images.stride(), dtype=images.dtype, device=images.device)
    in_place.copy_(images)
    pointer, strides = in_place.data_ptr(), in_place.stride()
    assert fm.mix_(in_place, plan) is in_place
    assert (in_place.data_ptr(), in_place.stride()) == (pointer, strides)
    assert out.data_ptr() != images.data_ptr() or images.numel() == 0
    assert out.dtype == images.dtype
    return [in_place, out]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("kind", KINDS)
def test_equals_float64_rounded_once(batch, dtype, kind, device, generator):
    for channels, height, width, memory_format in [
        (3, 7, 5, torch.contiguous_format),
        (3, 7, 5, torch.channels_last),
        (1, 1, 1, torch.contiguous_format),
        (2, 33, 31, torch.channels_last),
    ]:
        images = random_images((batch, channels, height, width), dtype, generator, device, memory_format)
        plan = random_plan(batch, height, width, generator, kind)
        expected = mix_reference(images, plan)
        for mixed in both_ways(images, plan):
            assert same_bits(mixed, expected)
            assert mixed.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_large_samples(dtype, memory_format, device, generator):
    # Longer than one tile of the CPU kernel and one block of the CUDA kernel, and no multiple of a vector.
    images = random_images((5, 3, 151, 149), dtype, generator, device, memory_format)
    plan = random_plan(5, 151, 149, generator)
    for mixed in both_ways(images, plan):
        assert same_bits(mixed, mix_reference(images, plan))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(6,), (6, 7), (6, 4, 5), (6, 2, 3, 4, 5), (6, 1, 2, 3, 4, 5), (6, 0), (6, 3, 0, 4)])
def test_any_rank(shape, dtype, device, generator):
    images = random_images(shape, dtype, generator, device)
    height, width = ((1, 1, *shape[1:])[-2:]) if len(shape) > 2 else ((1, *shape[1:], 1)[:2])
    plan = random_plan(6, height, width, generator)
    for mixed in both_ways(images, plan):
        assert same_bits(mixed, mix_reference(images, plan))


@pytest.mark.parametrize("device", devices())
def test_channels_last_3d(device, generator):
    images = random_images((4, 3, 2, 5, 7), torch.float32, generator, device, torch.channels_last_3d)
    plan = random_plan(4, 5, 7, generator)
    for mixed in both_ways(images, plan):
        assert same_bits(mixed, mix_reference(images, plan))
        assert mixed.is_contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", BATCHES)
def test_repeated_partners_out_of_place(batch, dtype, device, generator):
    images = random_images((batch, 3, 6, 5), dtype, generator, device)
    plan = random_plan(batch, 6, 5, generator, "repeats")
    assert same_bits(fm.mix(images, plan), mix_reference(images, plan))


@pytest.mark.parametrize("device", devices())
def test_samples_far_apart(device, generator):
    base = random_images((12, 3, 6, 5), torch.float32, generator, device)
    before = base.clone()
    plan = random_plan(6, 6, 5, generator)
    expected = mix_reference(base[::2], plan)
    assert same_bits(fm.mix(base[::2], plan), expected)
    fm.mix_(base[::2], plan)
    assert same_bits(base[::2], expected)
    assert same_bits(base[1::2], before[1::2])
    channels = before[:6, :2]
    expected = mix_reference(channels, plan)
    fm.mix_(channels, plan)
    assert same_bits(channels, expected)
    assert same_bits(before[:6, 2], base.new_tensor(before[:6, 2].tolist()))


@pytest.mark.parametrize("device", devices())
def test_out_of_place_takes_any_strides(device, generator):
    base = random_images((6, 5, 8, 3), torch.float32, generator, device)
    plan = random_plan(6, 5, 3, generator)
    gaps = base[:, :, ::2].transpose(1, 2)
    assert same_bits(fm.mix(gaps, plan), mix_reference(gaps, plan))
    one_image = base[:1, :, :3].expand(6, 5, 3, 3).transpose(1, 2)
    assert same_bits(fm.mix(one_image, random_plan(6, 3, 3, generator)), one_image.contiguous())


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_nan_and_infinity_do_not_leak(dtype, device):
    odd = torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1.0], dtype=dtype, device=device)
    plain = torch.arange(5.0, device=device).to(dtype)
    plan = fm.MixPlan.mixup([1, 0, 3, 2], [1.0, 0.0, 1.0, 0.0])
    for mixed in both_ways(torch.stack((plain, odd, odd, plain)), plan):
        assert same_bits(mixed, torch.stack((plain, plain, odd, odd)))
    alone = fm.MixPlan.mixup([0, 1], 0.25)
    for mixed in both_ways(torch.stack((plain, odd)), alone):
        assert same_bits(mixed, torch.stack((plain, odd)))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", DTYPES)
def test_weight_one_leaves_bytes(dtype, device, generator):
    # Random bytes: every NaN payload, subnormal and infinity of the type.
    shape = (8, 3, 9, 7)
    size = torch.empty((), dtype=dtype).element_size()
    raw = torch.randint(0, 256, (8, 3, 9, 7 * size), generator=generator, dtype=torch.uint8)
    images = raw.view(dtype).to(device).reshape(shape)
    box = torch.tensor([[2, 1, 5, 6]], dtype=torch.int32).repeat(8, 1)
    one, zero = torch.ones(8), torch.zeros(8)
    order = torch.arange(8, dtype=torch.int32)
    assert all(
        same_bits(m, images) for m in both_ways(images, fm.MixPlan.from_arrays(order.roll(3), one, one, box, one))
    )
    for mixed in both_ways(images, fm.MixPlan.from_arrays(order.roll(3), zero, one, box, one)):
        expected = images.clone()
        expected[:, :, 2:5, 1:6] = images.roll(3, 0)[:, :, 2:5, 1:6]
        assert same_bits(mixed, expected)


@pytest.mark.parametrize("device", devices())
def test_identical_uint8_pictures_stay(device, generator):
    picture = random_images((1, 3, 8, 9), torch.uint8, generator, device)
    images = picture.expand(64, -1, -1, -1).contiguous()
    for mixed in both_ways(images, random_plan(64, 8, 9, generator)):
        assert same_bits(mixed, images)


def test_uint8_ties_go_to_even():
    images = torch.tensor([[1, 2, 3, 255], [2, 3, 4, 254]], dtype=torch.uint8)
    mixed = fm.mix(images, fm.MixPlan.mixup([1, 0], 0.5))
    assert mixed.tolist() == [[2, 2, 4, 254], [2, 2, 4, 254]]


def test_result_does_not_depend_on_threads(generator):
    images = random_images((16, 3, 64, 65), torch.float32, generator)
    plan = random_plan(16, 64, 65, generator)
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            results.append(both_ways(images, plan))
    finally:
        torch.set_num_threads(threads)
    assert all(same_bits(mixed, results[0][0]) for result in results for mixed in result)


@given(
    st.integers(1, 9),
    st.integers(1, 6),
    st.integers(1, 70),
    st.sampled_from(DTYPES),
    st.sampled_from(KINDS),
    st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_random_batches(batch, height, width, dtype, kind, seed):
    generator = torch.Generator().manual_seed(seed)
    images = random_images((batch, 2, height, width), dtype, generator)
    plan = random_plan(batch, height, width, generator, kind)
    for mixed in both_ways(images, plan):
        assert same_bits(mixed, mix_reference(images, plan))


@pytest.mark.cuda
def test_runs_on_the_current_stream(generator):
    images = random_images((64, 3, 128, 128), torch.float32, generator)
    plan = random_plan(64, 128, 128, generator)
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        # Work queued before and after the mix on the same stream; nothing waits in between.
        on_gpu = images.cuda(non_blocking=True) * 1.0
        for _ in range(20):
            on_gpu = on_gpu.sin()
        expected_in = on_gpu.clone()
        fm.mix_(on_gpu, plan)
        result = on_gpu * 1.0
    stream.synchronize()
    assert same_bits(result, mix_reference(expected_in, plan))


@pytest.mark.cuda
def test_cpu_and_gpu_give_the_same_bits(generator):
    for dtype in DTYPES:
        images = random_images((64, 3, 33, 35), dtype, generator)
        plan = random_plan(64, 33, 35, generator)
        assert same_bits(fm.mix(images.cuda(), plan), fm.mix(images, plan))
