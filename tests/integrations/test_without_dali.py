"""What needs no DALI works where DALI is not installed, and imports nothing of the loader."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fastmix as fm

HIDE_DALI = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "nvidia":
            raise ModuleNotFoundError(f"{name} is hidden", name=name)

sys.meta_path.insert(0, Refuse())
"""

CHECK = """
assert not [name for name in sys.modules if name.startswith(("nvidia", "fastmix.loader", "fastmix.dali"))]
"""

PREFETCH = """
batches = [(torch.arange(8 * 3 * 6 * 6, dtype=torch.uint8).reshape(8, 3, 6, 6), torch.arange(8))]
(images, targets), = fastmix.prefetch(batches, mix=fastmix.Mixup(0.4), num_classes=8, device="cpu")
assert images.shape == (8, 3, 6, 6) and images.dtype == torch.float32
assert torch.allclose(targets.sum(1), torch.ones(8))
"""

MIX = """
images = torch.arange(4.0).reshape(2, 2)
fastmix.mix_(images, fastmix.MixPlan.mixup([1, 0], 0.5))
assert images.tolist() == [[1.0, 2.0], [1.0, 2.0]]
"""

LOADER = """
try:
    fastmix.DataLoader
except ImportError as error:
    assert "expected NVIDIA DALI, found none" in str(error) and "fastmix[cuda13]" in str(error)
else:
    raise AssertionError("DALI was not hidden")
"""


def run(program: str) -> None:
    """Run a program in a process of its own, with this fastmix."""
    environment = {**os.environ, "PYTHONPATH": str(Path(fm.__file__).parents[1])}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=120
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("use", [PREFETCH, MIX], ids=["prefetch", "mix_"])
def test_works_with_dali_hidden(use: str) -> None:
    run(f"{HIDE_DALI}\nimport fastmix, torch\n{use}\n{CHECK}")


def test_dali_is_hidden_in_these_tests() -> None:
    run(f"{HIDE_DALI}\nimport fastmix\n{LOADER}")
