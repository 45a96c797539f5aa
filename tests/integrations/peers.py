"""timm's and torchvision's own classes, where they are installed, and their global generators put back afterwards."""

import contextlib
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
import torch

from benchmarks import mix_peers


def timm_mixup() -> ModuleType:
    module = mix_peers.timm_mixup()
    return module if module is not None else pytest.skip("timm is not installed (requirements/compat.txt)")


def torchvision_v2() -> ModuleType:
    module = mix_peers.torchvision_v2()
    return module if module is not None else pytest.skip("torchvision is not installed (requirements/compat.txt)")


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The peers draw from the global generators."""
    state = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        np.random.seed(seed)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)
