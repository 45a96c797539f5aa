"""Runs every operator once: what compute-sanitizer and ncu look at.

python -m benchmarks.gpu.exercise --device cuda [--large] [--sizes 1]
"""

from __future__ import annotations

import argparse

import torch

import fastmix as fm
from fastmix.ops.resample_mix import resample_mix

ALL = (torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64)
OUTPUTS = (torch.float16, torch.bfloat16, torch.float32)
FORMATS = (torch.contiguous_format, torch.channels_last)


def values(shape: tuple[int, ...], dtype: torch.dtype, device: str) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return (torch.rand(shape, generator=generator) * 255).to(dtype).to(device)


def plans(batch: int, height: int, width: int, masks: bool = False) -> list[fm.MixPlan]:
    """Pairs, one cycle, boxes over any permutation, and masks of half the size."""
    order = torch.arange(batch, dtype=torch.int32)
    cut = fm.CutMix(alpha=1.0, per="sample").plan(batch, image_size=(height, width), seed=3)
    found = [fm.MixPlan.mixup(order.flip(0), 0.3), fm.MixPlan.mixup(order.roll(-1), 0.3), cut]
    if masks:
        levels = values((3, (height + 1) // 2, (width + 1) // 2), torch.uint8, "cpu")
        found.append(fm.MixPlan.masked(order.roll(1), levels, order % 3, image_size=(height, width)))
    return found


def sums(batch: int) -> fm.MultiwayPlan:
    """Every sample with two others."""
    partner = torch.stack([torch.arange(batch, dtype=torch.int32).roll(-k) for k in range(3)], 1)
    return fm.MultiwayPlan.from_arrays(partner, torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64).repeat(batch, 1))


def small(device: str, sizes: int) -> int:
    """Every operator, dtype and layout; odd sizes, small and large plans. Returns the number of calls."""
    calls = 0
    for batch, height, width in ((7, 5, 7), (34, 8, 16), (1500, 2, 8))[:sizes]:
        for plan in plans(batch, height, width, masks=True):
            for dtype in ALL:
                x = values((batch, 3, height, width), dtype, device)
                for images in (x, x.contiguous(memory_format=torch.channels_last)):
                    fm.mix(images, plan)
                    fm.mix_(images.clone(), plan)
                    fm.mix(images, sums(batch))
                    calls += 3
            for dtype in OUTPUTS:
                for memory_format in FORMATS:
                    for channels in (1, 3, 4):
                        images = values((batch, height, width, channels), torch.uint8, device)
                        mean, std = [0.5] * channels, [0.25] * channels
                        mirror = [i % 2 == 0 for i in range(batch)]
                        fm.normalize_mix(images, plan, mean=mean, std=std, dtype=dtype, memory_format=memory_format,
                                         mirror=mirror)  # fmt: skip
                        calls += 1
            gradient = values((batch, 3, height, width), torch.float32, device).requires_grad_()
            fm.mix(gradient, plan).sum().backward()
            fm.mix_labels(torch.arange(batch, device=device) % 10, plan, 10)
            calls += 2
            if plan.masks is None:
                resident_plan = fm.ResidentPlan(batch, device)
                resident_plan.update(plan)
                fm.mix_(values((batch, 3, height, width), torch.float16, device), resident_plan)
                fm.normalize_mix(values((batch, height, width, 3), torch.uint8, device), resident_plan)
                fm.mix_labels(torch.arange(batch, device=device) % 10, resident_plan, 10)
                calls += 3
    sources = [values((20 + 3 * i, 31 + i, 3), torch.uint8, device) for i in range(12)]
    for plan in plans(12, 18, 34):
        for dtype in OUTPUTS:
            for memory_format in FORMATS:
                resample_mix(sources, None, plan, size=(18, 34), dtype=dtype, memory_format=memory_format)
                calls += 1
    return calls


def large(device: str, batch: int) -> int:
    """The hot shapes once each."""
    calls = 0
    for plan in plans(batch, 224, 224):
        for dtype in (torch.uint8, torch.bfloat16, torch.float32):
            fm.mix_(values((batch, 3, 224, 224), dtype, device), plan)
            calls += 1
        images = values((batch, 224, 224, 3), torch.uint8, device)
        for memory_format in FORMATS:
            fm.normalize_mix(images, plan, dtype=torch.bfloat16, memory_format=memory_format)
            calls += 1
        resample_mix([values((300, 360, 3), torch.uint8, device) for _ in range(batch)], None, plan, size=224,
                 dtype=torch.bfloat16)  # fmt: skip
        calls += 1
    return calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--large", action="store_true", help="the shapes of the benchmarks")
    parser.add_argument("--sizes", type=int, default=3, help="how many sizes of batches, from the smallest")
    parser.add_argument("--batch", type=int, default=256)
    arguments = parser.parse_args()
    calls = large(arguments.device, arguments.batch) if arguments.large else small(arguments.device, arguments.sizes)
    if arguments.device != "cpu":
        torch.cuda.synchronize()
    print(f"{calls} calls")


if __name__ == "__main__":
    main()
