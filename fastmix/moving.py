"""Copies between devices that do not make the host wait."""

from __future__ import annotations

import torch
from torch import Tensor


def moved(values: Tensor, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """Return ``values`` on a device; equivalent to ``values.to(device, dtype)``.

    The host goes on while a GPU copies: torch keeps pinned memory until then, and CUDA reads other memory at once. A
    copy to the CPU waits, since the host may read the result right away.
    """
    return values.to(device=device, dtype=dtype or values.dtype, non_blocking=device.type != "cpu")
