"""The core builds for 64-bit Arm, where the baseline kernels' vectors are NEON's."""

import shutil
from pathlib import Path

import pytest

from benchmarks.kernels.toolkit import ROOT, run

COMPILER = shutil.which("aarch64-linux-gnu-g++")


@pytest.mark.skipif(COMPILER is None, reason="needs aarch64-linux-gnu-g++ (Debian: g++-aarch64-linux-gnu)")
def test_the_core_builds_for_arm_and_uses_its_vectors(tmp_path: Path) -> None:
    system = ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", f"-DCMAKE_CXX_COMPILER={COMPILER}"]
    options = ["-DCMAKE_BUILD_TYPE=None", "-DFASTMIX_SANITIZE="]
    run(["cmake", "-S", ROOT / "tests/core", "-B", tmp_path, "-G", "Ninja", *system, *options])
    run(["cmake", "--build", tmp_path, "--target", "fastmix_core"])
    (kernels,) = tmp_path.rglob("simd/baseline.cc.o")
    code = run(["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", kernels])
    assert "\tfmul\tv" in code and "\tldr\tq" in code, "no vectors of NEON"
    # Contracted, w * a + (1 - w) * b would give other bits than on x86 and CUDA.
    assert "\tfmadd\t" not in code and "\tfmla\t" not in code and "\tfmls\t" not in code
