"""CPU and GPU bit for bit: every operator, and every pattern of the 16-bit floats through the conversions."""

from __future__ import annotations

import sys

import torch
from torch import Tensor

import fastmix as fm
from benchmarks.gpu.exercise import ALL, FORMATS, OUTPUTS, plans, sums, values
from benchmarks.gpu.options import parse, write
from fastmix.ops.resample_mix import resample_mix

WEIGHTS = (0.0, 2.0**-30, 2.0**-14, 0.25, 0.3712839, 0.5, 1.0 - 2.0**-24, 1.0)
SIXTEEN = (torch.float16, torch.bfloat16)


def different(a: Tensor, b: Tensor) -> int:
    """Elements whose bits differ; any two NaN are equal, since their payload is not promised."""
    a, b = a.cpu().contiguous(), b.cpu().contiguous()
    size = a.element_size()
    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[size]
    unequal = a.view(integers) != b.view(integers)
    if a.is_floating_point():
        unequal &= ~(a.isnan() & b.isnan())
    return int(unequal.sum())


def every_pattern(dtype: torch.dtype) -> Tensor:
    """All 2^16 values of a 16-bit float, infinities, NaN and subnormals among them."""
    return torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)


def conversions(device: str) -> dict[str, int]:
    """Widening and narrowing of every pattern.

    Mixed with the next value by one half, each gives the tie between both; with others, results anywhere, also
    subnormal and overflowing ones. float32 to the 16-bit types by cvt.rn is seen on results of normalize_mix.
    """
    found = {}
    for dtype in SIXTEEN:
        value = every_pattern(dtype)
        for name, other in {"next": value.roll(-1), "reversed": value.flip(0), "shuffled": _shuffled(value)}.items():
            for weight in WEIGHTS:
                images = torch.stack((value, other))
                plan = fm.MixPlan.mixup([1, 0], [weight, 1.0 - weight])
                found[f"{dtype} {name} {weight:g}"] = different(fm.mix(images, plan), fm.mix(images.to(device), plan))
    pixels = torch.arange(256, dtype=torch.uint8).repeat(64, 1)
    images = torch.stack((pixels, pixels.flip(1), pixels.T.repeat(1, 1)[:64, :64].repeat(1, 4)))[..., None]
    for dtype in OUTPUTS:
        for mean, std in ((0.5, 0.25), (0.0, 1 / 255), (0.1, 1e-6), (0.3, 1e5), (0.5, 3e-8)):
            for weight in WEIGHTS:
                plan = fm.MixPlan.mixup([1, 2, 0], weight)
                a, b = (
                    fm.normalize_mix(x, plan, mean=[mean], std=[std], dtype=dtype) for x in (images, images.to(device))
                )
                found[f"normalize {dtype} {mean} {std} {weight:g}"] = different(a, b)
    return found


def _shuffled(value: Tensor) -> Tensor:
    return value[torch.randperm(value.numel(), generator=torch.Generator().manual_seed(5))]


def operators(device: str, batch: int) -> dict[str, int]:
    """Every operator, dtype and layout on random batches."""
    found = {}
    for height, width in ((5, 7), (16, 32)):
        for k, plan in enumerate(plans(batch, height, width, masks=True)):
            name = f"{height}x{width} plan {k}"
            for dtype in ALL:
                x = values((batch, 3, height, width), dtype, "cpu")
                for memory_format in FORMATS:
                    images = x.contiguous(memory_format=memory_format)
                    on_device = images.to(device).clone()
                    expected = fm.mix(images, plan)
                    found[f"mix {dtype} {memory_format} {name}"] = different(expected, fm.mix(on_device, plan))
                    fm.mix_(on_device, plan)
                    found[f"mix_ {dtype} {memory_format} {name}"] = different(expected, on_device)
                    a, b = (fm.mix(x, sums(batch)) for x in (images, images.to(device)))
                    found[f"sum {dtype} {memory_format} {name}"] = different(a, b)
                if dtype != torch.uint8:
                    a, b = (_gradient(x.to(place), plan) for place in ("cpu", device))
                    found[f"gradient {dtype} {name}"] = different(a, b)
            for dtype in OUTPUTS:
                for memory_format in FORMATS:
                    for channels in (1, 2, 3, 4):
                        images = values((batch, height, width, channels), torch.uint8, "cpu")
                        options = {"mean": [0.4] * channels, "std": [0.2] * channels, "dtype": dtype}
                        options |= {"memory_format": memory_format, "mirror": [i % 3 == 0 for i in range(batch)]}
                        a, b = (fm.normalize_mix(x, plan, **options) for x in (images, images.to(device)))
                        found[f"normalize_mix {dtype} {memory_format} {channels} {name}"] = different(a, b)
            labels = torch.arange(batch) % 10
            a, b = (fm.mix_labels(x, plan, 10, 0.1) for x in (labels, labels.to(device)))
            found[f"mix_labels {name}"] = different(a, b)
    return found


def _gradient(x: Tensor, plan: fm.MixPlan) -> Tensor:
    x = x.detach().clone().requires_grad_()
    fm.mix(x, plan).backward(x.detach())
    return x.grad


def resampling(device: str) -> dict[str, int]:
    """Windows up, down and at borders, all filters, dtypes and layouts."""
    found = {}
    sources = [values((20 + 17 * i, 31 + 29 * i, 3), torch.uint8, "cpu") for i in range(10)]
    for plan_number, plan in enumerate(plans(10, 33, 47)):
        for kind in ("nearest", "box", "bilinear", "bicubic", "lanczos"):
            for dtype in OUTPUTS:
                for memory_format in FORMATS:
                    options = {"size": (33, 47), "dtype": dtype, "memory_format": memory_format, "filter": kind}
                    a = resample_mix(sources, None, plan, **options)
                    b = resample_mix([source.to(device) for source in sources], None, plan, **options)
                    found[f"resample_mix {kind} {dtype} {memory_format} plan {plan_number}"] = different(a, b)
    return found


def compare_all(device: str, small: bool) -> dict[str, int]:
    """Name of a comparison to elements that differ: 0 everywhere."""
    found = conversions(device)
    for batch in (7,) if small else (2, 7, 257, 1500):
        found |= {f"{name}, batch {batch}": count for name, count in operators(device, batch).items()}
    return found | resampling(device)


def main() -> int:
    options = parse(__doc__)
    found = compare_all(options.device, options.small)
    wrong = {name: count for name, count in found.items() if count}
    write(options, "same_bits", {"comparisons": len(found), "elements_that_differ": wrong})
    for name, count in wrong.items():
        print(f"{count} elements differ: {name}")
    print(f"{len(found)} comparisons, {len(wrong)} with differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
