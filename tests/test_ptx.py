"""The kernels as nvcc compiles them, run by the interpreter of tests/core/ptx: the same bits as plain loops."""

import os
import re
from pathlib import Path

import pytest

from benchmarks.kernels.coverage import NEWEST, OLDEST, Covered, covered, run_from_ptx, summary
from benchmarks.kernels.toolkit import ptx_of, tool

# Shares of the instructions that run. What does not run is listed in tests/core/README.md.
LEAST_EXECUTED = 0.6


def ptx(architecture: str) -> Path:
    try:
        tool("nvcc")
    except FileNotFoundError as missing:
        if os.environ.get("FASTMIX_REQUIRE_CUDA") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    return ptx_of(architecture)


@pytest.fixture(scope="module", params=[OLDEST, NEWEST], ids=lambda arch: f"sm_{arch}")
def kernels(request: pytest.FixtureRequest) -> list[Covered]:
    ptx(request.param)
    return covered(request.param)


def test_every_kernel_runs_and_equals_the_plain_loops(kernels: list[Covered]) -> None:
    assert [kernel.name for kernel in kernels if kernel.launches == 0] == []


def test_most_instructions_run(kernels: list[Covered]) -> None:
    executed = {function: ran / instructions for function, (_, instructions, ran) in summary(kernels).items()}
    assert {function: share for function, share in executed.items() if share < LEAST_EXECUTED} == {}


# One instruction of the PTX made wrong, wherever it occurs, and the test that sees it.
FAULTS = {
    "fma.rm rounds to nearest": (r"fma\.rm\.f32", "fma.rn.f32", "values_mix_ties"),
    "fma.rp rounds to nearest": (r"fma\.rp\.f32", "fma.rn.f32", "values_mix_ties"),
    "fma.rn rounds towards zero": (r"fma\.rn\.f32", "fma.rz.f32", "values_all_pairs_of_bytes"),
    "halves are swapped": (r"(cvt\.rn\.f16x2\.f32 \S+) (\S+), (\S+);", r"\1 \3, \2;", "values_mix_ties"),
    "a product is a sum": (r"mul\.rn\.f64", "add.rn.f64", "values_raw_bits"),
    "a choice is the other one": (r"(selp\.f32\s+\S+) (\S+), (\S+),", r"\1 \3, \2,", "mix_all_types_and_layouts"),
    "bytes are permuted": (r"(prmt\.b32 .*), 30212;", r"\1, 30213;", "masks_all_types_and_layouts"),
    "no barriers": (r"bar\.sync\s+0;", "", "race_search_one_cycle"),
    "no barriers of warps": (r"bar\.warp\.sync\s+\S+;", "", "race_search_one_cycle"),
    "loads come from the next vector": (
        r"(ld\.global\.v4\.\S+\s+\{.*\}, \[%rd\d+)\]",
        r"\1+16]",
        "mix_all_types_and_layouts",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_in_the_ptx_are_found(fault: str, tmp_path: Path) -> None:
    pattern, replacement, test = FAULTS[fault]
    changes = 0
    for file in ptx(OLDEST).glob("*.ptx"):
        text, count = re.subn(pattern, replacement, file.read_text())
        changes += count
        (tmp_path / file.name).write_text(text)
    assert changes > 0, "the fault is nowhere"
    with pytest.raises(RuntimeError, match=r"differ|host_cuda|does not hold|ptx:"):
        run_from_ptx(tmp_path, test)
