"""One torch thread, so that results do not depend on the machine; and data in the original layouts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sklearn.datasets  # noqa: F401  (importing it draws from Python's generator, which the tests watch)
import torch

from benchmarks.paper import digits
from benchmarks.paper.speech import write_tones


# For whole modules: their own fixtures train too.
@pytest.fixture(scope="module", autouse=True)
def one_torch_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def jpegs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """128 digits to train and 64 to test, as JPEGs in ImageNet's layout."""
    return digits.write_jpegs(tmp_path_factory.mktemp("jpegs"), seed=0, count=128, test_count=64)


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three words of 8 clips each, in the layout of the speech commands."""
    return write_tones(tmp_path_factory.mktemp("tones"), ("left", "right", "yes"), 8, seed=1)
