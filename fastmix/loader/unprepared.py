"""Loaders that accelerate does not know, and what it would do wrongly with them."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType

from fastmix.loader.order import Order

_PREPARE = "fastmix.integrations.accelerate.prepare(accelerator, loader)"


def check_unprepared(prepared: bool, train: bool, order: Order) -> None:
    """Refuse to accumulate gradients, and warn of uneven evaluation, if accelerate does not know the loader.

    Raises:
        RuntimeError: gradients are accumulated; the message names the call that prepares the loader.
    """
    module = sys.modules.get("accelerate.state")
    if prepared or module is None:
        return
    if train:
        _refuse_accumulation(module)
    elif order.is_uneven:
        _warn_of_uneven_batches(module, order)


def _refuse_accumulation(module: ModuleType) -> None:
    """Refuse gradient accumulation, which does not see the end of a loader that is not torch's."""
    steps = getattr(module.GradientState, "_shared_state", {}).get("plugin_kwargs", {}).get("num_steps") or 1
    if steps > 1:
        raise RuntimeError(
            f"DataLoader: expected {_PREPARE}, since accelerate "
            f"accumulates gradients over {steps} batches and does not see the end of a loader that is not torch's"
        )


def _warn_of_uneven_batches(module: ModuleType, order: Order) -> None:
    """Warn of a last batch whose parts differ in size, which accelerate's processes cannot gather."""
    if getattr(module.PartialState, "_shared_state", {}).get("num_processes", 1) > 1:
        warnings.warn(
            f"DataLoader: the last batch of {order.count} samples differs in size between {order.world_size} ranks, "
            f"and accelerate cannot gather it; pass last_batch='pad' and {_PREPARE}",
            UserWarning,
            stacklevel=4,
        )
