"""The core builds for 64-bit Arm, where the baseline kernels' vectors are NEON's, and passes its tests emulated."""

import os
import shutil
from pathlib import Path

import pytest

from benchmarks.kernels.toolkit import ROOT, run

COMPILER = shutil.which("aarch64-linux-gnu-g++")
EMULATOR = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
pytestmark = pytest.mark.skipif(
    COMPILER is None, reason="needs aarch64-linux-gnu-g++ (Debian: g++-aarch64-linux-gnu, libc6-dev-arm64-cross)"
)


@pytest.fixture(scope="module")
def build() -> Path:
    folder = ROOT / "build" / "aarch64"
    system = ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", f"-DCMAKE_CXX_COMPILER={COMPILER}"]
    # Static: the emulator then needs none of the other system's libraries.
    options = ["-DCMAKE_BUILD_TYPE=None", "-DFASTMIX_SANITIZE=", "-DCMAKE_EXE_LINKER_FLAGS=-static"]
    run(["cmake", "-S", ROOT / "tests/core", "-B", folder, "-G", "Ninja", *system, *options])
    return folder


def test_the_core_builds_for_arm_and_uses_its_vectors(build: Path) -> None:
    run(["cmake", "--build", build, "--target", "fastmix_core"])
    (kernels,) = build.rglob("simd/baseline.cc.o")
    code = run(["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", kernels])
    assert "\tfmul\tv" in code and "\tldr\tq" in code, "no vectors of NEON"
    # Contracted, w * a + (1 - w) * b would give other bits than on x86 and CUDA.
    assert "\tfmadd\t" not in code and "\tfmla\t" not in code and "\tfmls\t" not in code


@pytest.mark.skipif(os.environ.get("FASTMIX_ALL_ARCHS") != "1", reason="takes minutes: FASTMIX_ALL_ARCHS=1 runs it")
@pytest.mark.skipif(EMULATOR is None, reason="needs qemu-aarch64 (Debian: qemu-user-static)")
def test_the_cores_tests_pass_in_an_emulator_of_arm(build: Path) -> None:
    run(["cmake", "--build", build, "--target", "core_tests"])
    run([EMULATOR, build / "core_tests"])
