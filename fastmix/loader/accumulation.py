"""Refuses gradient accumulation by accelerate over a loader whose end it does not see."""

from __future__ import annotations

import sys


def refuse_accumulation(prepared: bool) -> None:
    """Refuse to train under an Accelerator that accumulates gradients and cannot see where the loader ends.

    ``accelerator.prepare`` passes loaders that are not torch's through unchanged. accelerate is not imported for this.

    Raises:
        RuntimeError: the loader is not prepared; the message names the call.
    """
    module = sys.modules.get("accelerate.state")
    if prepared or module is None:
        return
    steps = getattr(module.GradientState, "_shared_state", {}).get("plugin_kwargs", {}).get("num_steps") or 1
    if steps > 1:
        raise RuntimeError(
            f"DataLoader: expected fastmix.integrations.accelerate.prepare(accelerator, loader), since accelerate "
            f"accumulates gradients over {steps} batches and does not see the end of a loader that is not torch's"
        )
