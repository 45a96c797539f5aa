"""Convert the caller's masks to uint8 levels, and compute their label weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fastmix import _core


def as_levels(mask: Any) -> torch.Tensor:
    """Return masks as uint8 (M, h, w) or (M, t, h, w) on the CPU; True and 1.0 become 255."""
    tensor = torch.as_tensor(mask).detach().cpu()
    if tensor.dim() not in (3, 4) or 0 in tensor.shape:
        raise ValueError(
            "MixPlan.masked: expected mask of shape (M, h, w) or (M, t, h, w), all sizes > 0, "
            f"got {tuple(tensor.shape)}"
        )
    if tensor.dtype == torch.bool:
        tensor = tensor.to(torch.uint8) * 255
    elif tensor.is_floating_point():
        if not bool(((tensor >= 0) & (tensor <= 1)).all()):
            low, high = (float(end) for end in tensor.aminmax())
            raise ValueError(f"MixPlan.masked: expected floating masks in [0, 1], got values from {low} to {high}")
        tensor = (tensor.to(torch.float64) * 255).round().to(torch.uint8)
    elif tensor.dtype != torch.uint8:
        raise ValueError(f"MixPlan.masked: expected mask of dtype bool, uint8 or floating, got {tensor.dtype}")
    return tensor.contiguous()


def label_weights(mask: torch.Tensor, image_size: tuple[int, ...] | None, inside: float, outside: float) -> np.ndarray:
    """Return the label weight that each mask gives to images of this size, float32 (M,): a mean over all pixels."""
    volumes = mask if mask.dim() == 4 else mask[:, None]
    size = tuple(volumes.shape[1:]) if image_size is None else tuple(image_size)
    if len(size) not in (2, 3) or not all(0 < n < 2**31 for n in size):
        raise ValueError(
            f"MixPlan.masked: expected image_size=(height, width) or (frames, height, width), got {image_size}"
        )
    size = size if len(size) == 3 else (volumes.shape[1], *size)
    return _core.mask_label_weights(volumes.numpy(), size, inside, outside)


def mask_of_samples(index: Any, batch: int, count: int) -> torch.Tensor:
    """Return the index of each sample's mask, int32 (B,). None means mask 0 for all, or mask i for sample i."""
    if index is None:
        if count not in (1, batch):
            raise ValueError(f"MixPlan.masked: expected mask_index for {count} masks and {batch} samples, got None")
        index = np.zeros(batch, np.int32) if count == 1 else np.arange(batch, dtype=np.int32)
    chosen = torch.as_tensor(index)
    if chosen.shape != (batch,) or not bool(((chosen >= -1) & (chosen < count)).all()):
        raise ValueError(
            f"MixPlan.masked: expected mask_index of shape ({batch},) with entries in [-1, {count}), "
            f"got shape {tuple(chosen.shape)}{f' with {chosen.min()} to {chosen.max()}' if chosen.numel() else ''}"
        )
    return chosen.to("cpu", torch.int32).contiguous()
