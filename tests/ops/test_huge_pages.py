"""Large results on the CPU lie in huge pages where the system gives them on request."""

import subprocess
import sys
from pathlib import Path

import pytest

ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")

# In a process of its own: malloc gives small results memory that others used, and NumPy too asks for huge pages.
SCRIPT = """
from pathlib import Path

import torch

import fastmix as fm


def advised(tensor: torch.Tensor) -> bool:
    '''Whether the mapping that holds the tensor's middle has the flag "hg" (see proc(5)).'''
    address, inside = tensor.data_ptr() + tensor.nbytes // 2, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split()[0]
        if "-" in first and not first.endswith(":"):
            begin, end = (int(part, 16) for part in first.split("-"))
            inside = begin <= address < end
        elif inside and first == "VmFlags:":
            return "hg" in line.split()
    raise LookupError("no mapping holds the tensor")


images = torch.zeros((64, 224, 224, 3), dtype=torch.uint8)
floats = torch.zeros((64, 3, 224, 224))
plan, small = fm.MixPlan.mixup(torch.arange(64).flip(0), 0.3), fm.MixPlan.mixup([1, 0], 0.3)
results = fm.normalize_mix(images[:2], small), fm.mix(floats[:2], small)
results += fm.normalize_mix(images, plan), fm.mix(floats, plan)
print(*map(advised, results))
"""


@pytest.mark.skipif(not ENABLED.exists() or "[never]" in ENABLED.read_text(), reason="no transparent huge pages")
def test_large_results_are_advised_and_small_ones_are_not() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["False", "False", "True", "True"]
