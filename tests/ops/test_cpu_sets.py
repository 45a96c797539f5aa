"""Every instruction set gives the bits of the baseline: AVX2 and AVX-512 take shortcuts where they may."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import hashlib, torch, fastmix as fm
digest = hashlib.sha256()
generator = torch.Generator().manual_seed(5)
# Simple fractions make ties, tiny and odd ones none; the sizes leave tails of vectors and of chunks.
weights = [0.5, 0.25, 0.3, 0.7, 1 / 3, 0.999, 1e-3, 1e-9, 2.0**-40, 0.3712839]
for dtype in (torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64):
    # Of one size, which the shortcuts handle, and of all sizes, whose differences are not exact in float32.
    for exponents in (0, 14):
        for size in (1, 63, 64, 65, 1000, 40_001):
            batch = len(weights)
            normal = torch.randn(batch, size, generator=generator, dtype=torch.float64)
            scale = torch.exp2(torch.randint(-exponents, exponents + 1, (batch, size), generator=generator).double())
            x = ((normal.abs() * 90).clamp(max=255) if dtype == torch.uint8 else normal * scale).to(dtype)
            if dtype.is_floating_point and size > 8:
                x[0, :4] = torch.tensor([float("inf"), float("-inf"), 0.0, -0.0], dtype=dtype)
                x[1, :4] = torch.tensor([1.0, -2.0, -0.0, 0.0], dtype=dtype)
            plan = fm.MixPlan.mixup(torch.arange(batch).roll(1), torch.tensor(weights))
            fm.mix_(x, plan)
            digest.update(x.view(torch.uint8).numpy().tobytes())

# Every pair of bytes, with every weight that can tie, those beside it, and others.
units = torch.arange(1, 256) / 256
near = [torch.nextafter(units, torch.tensor(limit)) for limit in (0.0, 1.0)]
powers = torch.exp2(-torch.arange(1.0, 40.0))
weights = torch.cat([units, *near, powers, powers * 1.25, 1 - powers[:24], torch.rand(150, generator=generator)])
values = torch.arange(256, dtype=torch.uint8)
own, partner = values.repeat_interleave(256), values.repeat(256)
for part in weights.split(64):
    x = torch.cat([own.repeat(len(part), 1), partner.repeat(len(part), 1)])
    fm.mix_(x, fm.MixPlan.mixup(torch.arange(len(x)).roll(len(part)), part.repeat(2)))
    digest.update(x.numpy().tobytes())

# Every 16-bit float but NaN, subnormals and infinities included, with partners at all distances.
for dtype in (torch.float16, torch.bfloat16):
    values = torch.arange(-(2**15), 2**15).to(torch.int16).view(dtype)
    values = values[~values.isnan()]
    for weight in (0.5, 0.3, 0.75, 1e-3, 1 - 2.0**-20, 2.0**-30, 1e-40):
        for shift in (0, 1, 5, 127, 128, 1 << 10, 13 << 10, len(values) // 2, len(values) // 2 + 1):
            shuffled = values[torch.randperm(len(values), generator=generator)]
            x = torch.stack([values, values.roll(shift), shuffled, shuffled.roll(shift)])
            fm.mix_(x, fm.MixPlan.mixup(torch.tensor([1, 2, 3, 0]), weight))
            digest.update(x.view(torch.uint8).numpy().tobytes())

# The last is written past the caches, in rows that do not start at a cache line.
for shape in ((6, 37, 53, 3), (4, 3, 6, 3), (4, 3, 16, 3), (4, 3, 21, 4), (24, 201, 151, 3)):
    pixels = (torch.rand(shape, generator=generator) * 255).to(torch.uint8)
    plan = fm.CutMix(1.0, per="sample").plan(shape[0], shape[1:3], seed=2)
    plan.weight_in[:], plan.weight_out[:] = torch.rand(2, shape[0], generator=generator)
    mirror = torch.rand(shape[0], generator=generator) < 0.5
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        for memory_format in (torch.contiguous_format, torch.channels_last):
            options = {"mean": [0.4] * shape[3], "std": [0.25] * shape[3], "mirror": mirror}
            out = fm.normalize_mix(pixels, plan, dtype=dtype, memory_format=memory_format, **options)
            digest.update(out.contiguous().view(torch.uint8).numpy().tobytes())

# Masks: a weight for every element, soft and hard, stretched or not.
pixels = (torch.rand(6, 37, 53, 3, generator=generator) * 255).to(torch.uint8)
for mask in (torch.rand(3, 37, 53, generator=generator), torch.rand(3, 5, 7, generator=generator).round()):
    plan = fm.MixPlan.masked([1, 2, 3, 4, 5, 0], mask, [0, 1, 2, -1, 0, 1], weight_in=0.9, weight_out=0.1)
    for dtype in (torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64):
        x = (torch.rand(6, 3, 37, 53, generator=generator, dtype=torch.float64) * 255).to(dtype)
        for memory_format in (torch.contiguous_format, torch.channels_last):
            y = x.clone(memory_format=memory_format)
            digest.update(fm.mix(y, plan).contiguous().view(torch.uint8).numpy().tobytes())
            if dtype.is_floating_point:
                y.requires_grad_()
                (fm.mix(y, plan) * x).sum().backward()
                digest.update(y.grad.contiguous().view(torch.uint8).numpy().tobytes())
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        for memory_format in (torch.contiguous_format, torch.channels_last):
            out = fm.normalize_mix(pixels, plan, dtype=dtype, memory_format=memory_format, mirror=[True, False] * 3)
            digest.update(out.contiguous().view(torch.uint8).numpy().tobytes())
print(fm._core.build_info()["cpu"], digest.hexdigest())
"""


def run(name: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "FASTMIX_CPU": name}
    return subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def baseline() -> str:
    done = run("baseline")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1]


@pytest.mark.parametrize("name", ["avx2", "avx512", "avx512vbmi"])
def test_wide_vectors_give_the_bits_of_the_baseline(name, baseline):
    done = run(name)
    if done.returncode != 0 and "that this processor runs" in done.stderr:
        pytest.skip(f"this processor has no {name}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [name, baseline]


def test_unknown_set_is_refused():
    done = run("avx3")
    assert done.returncode != 0
    assert "FASTMIX_CPU: expected one of the sets that this processor runs (baseline" in done.stderr
