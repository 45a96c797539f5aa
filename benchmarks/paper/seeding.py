"""Generators keyed by what they are for: every draw is a function of the seed and its purpose, none of the order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn


def key(*parts: int) -> int:
    """A number in [0, 2**63) that hashes the parts (NumPy's SeedSequence)."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def generator(*parts: int) -> torch.Generator:
    """A generator of its own for these parts: (seed, purpose, epoch, ...)."""
    return torch.Generator().manual_seed(key(*parts))


def initialized(make: Callable[[], nn.Module], *parts: int) -> nn.Module:
    """``make()`` with the initial weights of these parts; torch's global generator is left as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(key(*parts))
        return make()
