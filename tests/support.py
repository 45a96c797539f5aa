"""Devices, random batches and plans, and bitwise comparison: what several test files share."""

import pytest
import torch

from fastmix import MixPlan

DTYPES = [torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64]
BATCHES = [0, 1, 2, 3, 5, 64, 257]


def devices() -> list:
    return ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)]


def random_images(
    shape: tuple[int, ...],
    dtype: torch.dtype,
    generator: torch.Generator,
    device: str = "cpu",
    memory_format: torch.memory_format = torch.contiguous_format,
) -> torch.Tensor:
    if dtype == torch.uint8:
        images = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    else:
        images = torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)
    return images.to(device).contiguous(memory_format=memory_format)


def noise(height: int, width: int, channels: int, generator: torch.Generator) -> torch.Tensor:
    """Make one image uint8 (height, width, channels)."""
    return torch.randint(0, 256, (height, width, channels), generator=generator, dtype=torch.uint8)


def partners(kind: str, batch: int, generator: torch.Generator) -> torch.Tensor:
    order = torch.arange(batch, dtype=torch.int32)
    if kind == "identity":
        return order
    if kind == "flip":
        return order.flip(0)
    if kind == "cycle":
        return order.roll(-1)
    if kind == "repeats":
        return torch.randint(0, max(batch, 1), (batch,), generator=generator, dtype=torch.int32)
    return torch.randperm(batch, generator=generator, dtype=torch.int32)


def random_plan(
    batch: int, height: int, width: int, generator: torch.Generator, kind: str = "permutation", boxes: bool = True
) -> MixPlan:
    """Weights of every sort (0, 1, tiny, any) and boxes of every sort (empty, a pixel, everything, any)."""
    special = torch.tensor([0.0, 1.0, 2.0**-30, 1.0 - 2.0**-24, 0.5])

    def weights() -> torch.Tensor:
        drawn = torch.rand(batch, generator=generator)
        chosen = special[torch.randint(0, len(special), (batch,), generator=generator)]
        return torch.where(torch.rand(batch, generator=generator) < 0.4, chosen, drawn)

    box = torch.zeros((batch, 4), dtype=torch.int32)
    if boxes:
        y = torch.randint(0, height + 1, (batch, 2), generator=generator).sort(1).values
        x = torch.randint(0, width + 1, (batch, 2), generator=generator).sort(1).values
        box = torch.stack((y[:, 0], x[:, 0], y[:, 1], x[:, 1]), 1).to(torch.int32)
        box[2::5] = torch.tensor([0, 0, height, width], dtype=torch.int32)
        box[3::5] = 0
    return MixPlan.from_arrays(partners(kind, batch, generator), weights(), weights(), box, weights())


def same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Equal in shape, dtype and every bit, NaN included."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    # The clones have the plain strides that a view as bytes needs, which contiguous() leaves as they are.
    bits = [x.cpu().clone(memory_format=torch.contiguous_format).flatten().view(torch.uint8) for x in (a, b)]
    return torch.equal(*bits)


def changed(plan: MixPlan, masks: torch.Tensor | None = None, **entries: torch.Tensor) -> MixPlan:
    """A copy of the plan with other masks and entries."""
    copy = MixPlan(plan.rows.clone(), plan.masks if masks is None else masks)
    for name, value in entries.items():
        getattr(copy, name)[:] = value
    return copy


def random_masks(count: int, size: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Levels of every sort: many 0 and 255, in runs and alone."""
    levels = torch.randint(0, 256, (count, *size), generator=generator)
    hard = torch.rand((count, *size), generator=generator)
    levels = torch.where(hard < 0.3, 0, torch.where(hard > 0.6, 255, levels))
    levels[:, ..., : size[-1] // 2] = 255
    return levels.to(torch.uint8)


def masked_plan(batch: int, image: tuple[int, int], mask: tuple[int, ...], generator, kind="permutation") -> MixPlan:
    """Masks, boxes and single weights in one plan."""
    plan = random_plan(batch, *image, generator, kind)
    index = torch.randint(-1, 3, (batch,), generator=generator, dtype=torch.int32)
    box = torch.where(index[:, None] >= 0, 0, plan.box)
    return changed(plan, box=box, masks=random_masks(3, mask, generator), mask_index=index)
