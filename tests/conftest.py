"""The cuda mark, a generator for tests, and the guard that fastmix touches no global one."""

import os
import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Last, since the GPU's decoders round in more than one way: tests that take their pixels for the same may fail.
    items.sort(key=lambda item: item.get_closest_marker("cuda") is not None and "loader" in item.path.parts)
    # With FASTMIX_REQUIRE_CUDA=1 nothing is skipped: without a GPU these tests then fail by themselves.
    if os.environ.get("FASTMIX_REQUIRE_CUDA") == "1" or torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("cuda"):
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(autouse=True)
def global_generators_unchanged() -> Iterator[None]:
    """Tests draw from generators of their own, so any change to a global one is fastmix's doing."""

    def states() -> tuple:
        name, keys, *rest = np.random.get_state()
        return torch.random.get_rng_state().numpy().tobytes(), name, keys.tobytes(), *rest, random.getstate()

    before = states()
    yield
    assert states() == before, "a global random generator was used"


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(20181025)
