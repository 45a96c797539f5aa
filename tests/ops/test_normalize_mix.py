import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BATCHES, devices, random_images, random_plan, same_bits

import fastmix as fm
from fastmix.ops.reference import normalize_mix_reference

FORMATS = [torch.contiguous_format, torch.channels_last]
OUT_DTYPES = [torch.float32, torch.float16, torch.bfloat16]
# One mean and std per channel, for any number of channels up to four.
MEAN, STD = (0.485, 0.456, 0.406, 0.5), (0.229, 0.224, 0.225, 0.3)


def check(images: torch.Tensor, plan: fm.MixPlan | None, **options) -> torch.Tensor:
    channels = images.shape[3]
    options = {"mean": MEAN[:channels], "std": STD[:channels], **options}
    out = fm.normalize_mix(images, plan, **options)
    expected = normalize_mix_reference(images, plan, **options)
    assert same_bits(out, expected)
    given = torch.full_like(out, math.nan)
    assert fm.normalize_mix(images, plan, **options, out=given) is given
    assert same_bits(given, expected)
    assert out.is_contiguous(memory_format=options.get("memory_format", torch.contiguous_format))
    assert out.device == images.device
    return out


def random_mirror(batch: int, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(batch, generator=generator) < 0.5


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("dtype", OUT_DTYPES)
@pytest.mark.parametrize("batch", BATCHES)
def test_equals_reference(batch, dtype, memory_format, device, generator):
    for height, width, channels in [(7, 5, 3), (1, 1, 1), (9, 33, 3), (6, 17, 4), (5, 19, 2)]:
        images = random_images((batch, height, width, channels), torch.uint8, generator, device)
        for kind, mirror in [("permutation", None), ("repeats", random_mirror(batch, generator))]:
            plan = random_plan(batch, height, width, generator, kind)
            check(images, plan, dtype=dtype, memory_format=memory_format, mirror=mirror)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("dtype", OUT_DTYPES)
@pytest.mark.parametrize("batch", [5, 32])  # 32: more than 4 MiB, which the CPU writes past its caches
def test_large_images(batch, dtype, memory_format, device, generator):
    images = random_images((batch, 151, 149, 3), torch.uint8, generator, device)
    mirror = random_mirror(batch, generator)
    for kind in ("permutation", "cycle", "flip", "identity", "repeats"):
        plan = random_plan(batch, 151, 149, generator, kind)
        check(images, plan, dtype=dtype, memory_format=memory_format, mirror=mirror)


@pytest.mark.parametrize("device", devices())
def test_without_a_plan(device, generator):
    images = random_images((3, 6, 7, 3), torch.uint8, generator, device)
    out = check(images, None)
    mean, std = (torch.tensor(v, device=device)[:, None, None] for v in (MEAN[:3], STD[:3]))
    torch.testing.assert_close(out, (images.permute(0, 3, 1, 2) / 255 - mean) / std, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("device", devices())
def test_mirror_comes_before_the_box(device):
    # Left half black, right half white; only the second image is mirrored, and the first takes its left half.
    images = torch.zeros((2, 2, 4, 1), dtype=torch.uint8, device=device)
    images[:, :, 2:] = 255
    plan = fm.MixPlan.from_arrays([1, 0], [0, 1], [1, 1], [[0, 0, 2, 2], [0, 0, 0, 0]], [0.5, 1])
    out = check(images, plan, mean=(0.0,), std=(1.0,), mirror=[False, True])
    assert out[0].eq(1).all()
    assert out[1, 0, 0].tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("device", devices())
def test_takes_any_strides_and_leaves_its_input(device, generator):
    base = random_images((6, 10, 8, 3), torch.uint8, generator, device)
    before = base.clone()
    plan = random_plan(6, 5, 8, generator)
    check(base[:, ::2], plan)
    check(base[:, 1:6], plan)
    check(base[:3, ::2].repeat(2, 1, 1, 1), plan)
    # A channels_last NCHW batch is NHWC in memory; a contiguous one is not.
    nchw = random_images((6, 3, 5, 8), torch.uint8, generator, device)
    check(nchw.permute(0, 2, 3, 1), plan)
    check(nchw.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1), plan)
    check(base[:1, :5].expand(6, -1, -1, -1), plan)
    assert same_bits(base, before)


def test_empty_images():
    for shape in [(0, 4, 5, 3), (2, 0, 5, 3), (2, 4, 0, 3)]:
        out = check(torch.zeros(shape, dtype=torch.uint8), None)
        assert out.shape == (shape[0], 3, shape[1], shape[2])


def test_result_does_not_depend_on_threads(generator):
    images = random_images((7, 65, 64, 3), torch.uint8, generator)
    plan = random_plan(7, 65, 64, generator)
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            check(images, plan, dtype=torch.bfloat16)
    finally:
        torch.set_num_threads(threads)


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 70), st.integers(1, 4), st.integers(0, 2**32), st.data())
@settings(max_examples=60, deadline=None)
def test_random_batches(batch, height, width, channels, seed, data):
    generator = torch.Generator().manual_seed(seed)
    images = random_images((batch, height, width, channels), torch.uint8, generator)
    check(
        images,
        random_plan(batch, height, width, generator, data.draw(st.sampled_from(["permutation", "repeats"]))),
        dtype=data.draw(st.sampled_from(OUT_DTYPES)),
        memory_format=data.draw(st.sampled_from(FORMATS)),
        mirror=random_mirror(batch, generator),
    )


@pytest.mark.cuda
def test_cpu_and_gpu_give_the_same_bits(generator):
    images = random_images((64, 33, 35, 3), torch.uint8, generator)
    plan, mirror = random_plan(64, 33, 35, generator), random_mirror(64, generator)
    for dtype in OUT_DTYPES:
        for memory_format in FORMATS:
            options = {"dtype": dtype, "memory_format": memory_format, "mirror": mirror}
            on_gpu = fm.normalize_mix(images.cuda(), plan, **options)
            assert same_bits(on_gpu, fm.normalize_mix(images, plan, **options))


IMAGES = torch.zeros((3, 4, 5, 3), dtype=torch.uint8)
PLAN = fm.MixPlan.mixup([1, 0, 2], 0.5)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"images": IMAGES.float()}, TypeError, r"dtype torch.uint8, got torch.float32"),
        ({"images": IMAGES.tolist()}, TypeError, r"images to be a torch.Tensor, got list"),
        ({"images": IMAGES[0]}, ValueError, r"\(B, H, W, C\).*got \(4, 5, 3\)"),
        ({"images": IMAGES.permute(0, 3, 1, 2)}, ValueError, r"got \(3, 3, 4, 5\); .*permute\(0, 2, 3, 1\)"),
        ({"images": IMAGES[..., :0]}, ValueError, r"1 to 4 channels"),
        ({"images": IMAGES[..., :1]}, ValueError, r"mean with one value per channel \(1\), got 3"),
        ({"images": IMAGES[:2]}, ValueError, r"a plan for 2 samples, got one for 3"),
        ({"plan": PLAN.partner}, TypeError, r"fastmix.MixPlan, got Tensor"),
        ({"mean": (0.5, 0.5)}, ValueError, r"mean with one value per channel \(3\), got 2"),
        ({"std": (0.5,) * 4}, ValueError, r"std with one value per channel \(3\), got 4"),
        ({"std": (0.5, 0.0, 0.5)}, ValueError, r"std > 0 and finite, got 0.0"),
        ({"std": (0.5, -1.0, 0.5)}, ValueError, r"std > 0 and finite, got -1.0"),
        ({"std": (0.5, math.inf, 0.5)}, ValueError, r"std > 0 and finite, got inf"),
        ({"mean": (0.5, math.nan, 0.5)}, ValueError, r"mean finite, got nan"),
        ({"dtype": torch.float64}, TypeError, r"float16, torch.bfloat16 or torch.float32, got torch.float64"),
        ({"dtype": torch.uint8}, TypeError, r"got torch.uint8"),
        ({"memory_format": torch.preserve_format}, ValueError, r"torch.channels_last, got torch.preserve_format"),
        ({"mirror": torch.zeros(3)}, TypeError, r"mirror of dtype torch.bool, got torch.float32"),
        ({"mirror": [True, False]}, ValueError, r"mirror of shape \(3,\), got \(2,\)"),
        ({"mirror": torch.zeros((3, 1), dtype=torch.bool)}, ValueError, r"mirror of shape \(3,\), got \(3, 1\)"),
        ({"plan": fm.MixPlan.mixup([1, 0, 3], 0.5)}, RuntimeError, r"partner in \[0, 3\), got 3"),
        ({"plan": fm.MixPlan.mixup([1, 0, 2], 1.5)}, RuntimeError, r"weight_in in \[0, 1\], got 1.5"),
        (
            {"plan": fm.MixPlan.from_arrays([1, 0, 2], [0.0] * 3, [1.0] * 3, [[0, 0, 5, 4]] * 3, [0.5] * 3)},
            RuntimeError,
            r"box .* within height 4 and width 5, got \(0, 0, 5, 4\) for sample 0",
        ),
    ],
)
def test_refuses(options, error, message):
    options = {"images": IMAGES, "plan": PLAN, **options}
    with pytest.raises(error, match=message):
        fm.normalize_mix(options.pop("images"), options.pop("plan"), **options)


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, IMAGES.float(), r"uint8 and shape \(B, H, W, C\), got Float"),
        (0, IMAGES[0], r"got Byte \(4, 5, 3\)"),
        (0, IMAGES.repeat(1, 1, 1, 2), r"1 to 4 channels"),
        (1, PLAN.rows.long(), r"plan of dtype Int, got Long"),
        (1, PLAN.rows[:2], r"plan of shape \(3, 16\).*got \(2, 16\)"),
        (1, torch.zeros_like(PLAN.rows), r"rows that mix two images.*got 0 for sample 0"),
        (2, [1.0], r"mean with one value per channel \(3\), got 1"),
        (3, [1.0, 0.0, 1.0], r"std > 0 and finite, got 0"),
        (4, torch.float64, r"bfloat16 or float32, got Double"),
        (6, torch.zeros(3, dtype=torch.uint8), r"mirror of dtype Bool, got Byte"),
        (6, torch.zeros(2, dtype=torch.bool), r"mirror of shape \(3,\)"),
    ],
)
def test_operator_checks_for_itself(position, value, message):
    arguments = [IMAGES, PLAN.rows, [1.0] * 3, [1.0] * 3, torch.float32, False, None]
    arguments[position] = value
    with pytest.raises(RuntimeError, match=message):
        torch.ops.fastmix.normalize_mix(*arguments)


@pytest.mark.cuda
def test_mirror_on_the_gpu_is_refused():
    with pytest.raises(ValueError, match=r"mirror on the CPU, got cuda:0"):
        fm.normalize_mix(IMAGES.cuda(), PLAN, mirror=torch.zeros(3, dtype=torch.bool, device="cuda"))


@pytest.mark.parametrize("memory_format", FORMATS)
def test_writes_into_a_part_of_a_tensor(memory_format, generator):
    images = random_images((2, 6, 7, 3), torch.uint8, generator)
    whole = torch.full((4, 3, 6, 7), math.nan).to(memory_format=memory_format)
    fm.normalize_mix(images, None, memory_format=memory_format, out=whole[1:3])
    assert same_bits(whole[1:3], fm.normalize_mix(images, None, memory_format=memory_format))
    assert whole[0].isnan().all() and whole[3].isnan().all()


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (torch.empty(2, 3, 6, 7, dtype=torch.float16), TypeError, "expected out of dtype torch.float32, got torch.fl"),
        (torch.empty(2, 6, 7, 3), ValueError, r"expected out of shape \(2, 3, 6, 7\) on cpu, got \(2, 6, 7, 3\)"),
        (torch.empty(3, 3, 6, 7), ValueError, "expected out of shape"),
        (torch.empty(2, 3, 6, 7, device="meta"), ValueError, "on cpu, got .* on meta"),
        (torch.empty(2, 3, 6, 7).to(memory_format=torch.channels_last), ValueError, "out in torch.contiguous_format"),
        (torch.empty(2, 3, 6, 14)[..., ::2], ValueError, "out in torch.contiguous_format, got strides"),
        ([0.0], TypeError, "expected out to be a torch.Tensor, got list"),
    ],
)
def test_refuses_to_write_elsewhere(out, error, message, generator):
    images = random_images((2, 6, 7, 3), torch.uint8, generator)
    with pytest.raises(error, match=message):
        fm.normalize_mix(images, None, out=out)


@pytest.mark.parametrize(
    "out",
    [
        torch.empty(2, 3, 6, 7, dtype=torch.float64),
        torch.empty(2, 3, 7, 6),
        torch.empty(2, 3, 6, 14)[..., ::2],
        torch.empty(2, 3, 6, 7).to(memory_format=torch.channels_last),
        torch.empty(1, 3, 6, 7).expand(2, 3, 6, 7),
    ],
)
def test_operator_looks_where_it_writes(out, generator):
    images, plan = random_images((2, 6, 7, 3), torch.uint8, generator), fm.MixPlan.identity(2)
    with pytest.raises(RuntimeError, match="normalize_mix: expected"):
        torch.ops.fastmix.normalize_mix_into(out, images, plan.rows, [0.0] * 3, [1.0] * 3, False)
