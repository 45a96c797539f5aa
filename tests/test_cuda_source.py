"""The CUDA sources without a GPU: run on the host under sanitizers, and inspected as machine code."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kernels.catalog import ARCHITECTURES, KERNELS, SOURCES
from benchmarks.kernels.inspection import Kernel, inspect
from benchmarks.kernels.record import FILE, machine_code, traffic
from benchmarks.kernels.toolkit import CORE, CUDA_SOURCES, ROOT, compile_sources, core_tests, nvcc_version, run, tool
from fastmix.ops import library as _library

# One of them by default: compiling takes minutes. What all of them must keep is asked of the built library too.
INSPECTED = ARCHITECTURES if os.environ.get("FASTMIX_ALL_ARCHS") == "1" else ("90",)


def committed() -> dict[str, Any]:
    return json.loads(FILE.read_text())["results"]


# ---- the kernels on the host ---------------------------------------------------------------------------------

HOST_TESTS = re.findall(
    r"^TEST\((\w+)\)", "\n".join(file.read_text() for file in sorted((ROOT / "tests/core").rglob("*_test.cc"))), re.M
)


@pytest.fixture(scope="session")
def host_program() -> Path:
    return core_tests()


@pytest.mark.parametrize("name", HOST_TESTS)
def test_kernels_on_the_host(host_program: Path, name: str) -> None:
    run([host_program, name], ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1")


def test_every_host_test_is_run(host_program: Path) -> None:
    assert sorted(run([host_program, "--list"]).split()) == sorted(HOST_TESTS)


def test_counted_traffic_is_the_committed_one() -> None:
    assert traffic() == committed()["traffic"], "run `python -m benchmarks.kernels` and look at the change"


# ---- the kernels as machine code -----------------------------------------------------------------------------


@pytest.fixture(scope="session", params=INSPECTED, ids=lambda arch: f"sm_{arch}")
def architecture(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def objects(architecture: str) -> dict[str, Path]:
    """Every .cu compiled; the machine code and the compiler's report lie beside."""
    try:
        tool("nvcc")
        tool("nvdisasm")
    except FileNotFoundError as missing:
        if os.environ.get("FASTMIX_REQUIRE_CUDA") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    return compile_sources(SOURCES, architecture)


@pytest.fixture(scope="session")
def kernels(objects: dict[str, Path], architecture: str) -> list[Kernel]:
    return inspect(objects, architecture)


def test_every_source_is_inspected() -> None:
    assert sorted(SOURCES) == sorted(CUDA_SOURCES)


def test_every_kernel_of_the_catalog_exists(kernels: list[Kernel]) -> None:
    plans = {(entry.function, plan) for entry in KERNELS for plan in ("parameter", "memory")}
    assert plans <= {(kernel.entry.function, kernel.variant.plan) for kernel in kernels}


def test_no_kernel_spills(kernels: list[Kernel]) -> None:
    for kernel in kernels:
        assert kernel.stack == 0 and kernel.spills == 0, kernel
        local = [name for name in kernel.instructions if name.startswith(("LDL", "STL"))]
        assert not local, (kernel, local)


def test_no_kernel_of_the_library_spills() -> None:
    try:
        report = run([tool("cuobjdump"), "-res-usage", _library.LIBRARY])
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    except RuntimeError as error:
        if "does not contain device code" not in str(error):
            raise
        pytest.skip("built without CUDA")
    found: dict[str, list[tuple[str, str]]] = {}
    for part in report.split("arch = ")[1:]:
        usage = re.findall(r"STACK:(\d+).*?LOCAL:(\d+)", part)
        found.setdefault(part.split()[0], []).extend(usage)
    built = {arch: usage for arch, usage in found.items() if usage}
    if not built:
        pytest.skip("built without CUDA")
    for arch, usage in built.items():
        assert set(usage) == {("0", "0")}, arch


def test_register_budget(kernels: list[Kernel]) -> None:
    for kernel in kernels:
        assert kernel.registers <= kernel.entry.registers(kernel.variant), kernel


def test_widths_of_loads_and_stores(kernels: list[Kernel]) -> None:
    for kernel in kernels:
        assert kernel.widths("ST") == kernel.entry.stores(kernel.variant), (kernel, kernel.widths("ST"))
        loads = kernel.entry.loads(kernel.variant)
        # A plan in memory is read too; as a parameter it lies in constant memory.
        if kernel.variant.plan == "memory":
            assert max(loads) in kernel.widths("LD"), (kernel, kernel.widths("LD"))
        else:
            assert kernel.widths("LD") <= loads, (kernel, kernel.widths("LD"))
            assert max(kernel.widths("LD")) == max(loads), (kernel, kernel.widths("LD"))
            assert any(name.startswith(("LDC", "ULDC")) for name in kernel.instructions), kernel


def test_loads_in_flight(kernels: list[Kernel]) -> None:
    for kernel in kernels:
        if kernel.entry.function == "mix_kernel" and kernel.variant.plan != "memory":
            loads = sum(n for name, n in kernel.instructions.items() if name.startswith("LDG"))
            assert loads >= 4, "fewer than four loads in flight"


FUSED = ("mix", "mix_masked", "normalize_mix", "normalize_mix_masked")  # see fused() in mix_math.h


def test_products_and_sums_are_rounded_separately(objects: dict[str, Path]) -> None:
    # In PTX a contracted product and sum is an fma; a division, whose steps are fused ones, still is one div.rn. What
    # is .rn there ptxas may not contract. What is meant to be fused is written as assembly, which is marked.
    for name, compiled in objects.items():
        ptx = compiled.with_suffix(".ptx").read_text()
        meant = re.findall(r"// begin inline asm\n.*?// end inline asm", ptx, re.S)
        assert any("fma.rn.f32" in text for text in meant) == (name in FUSED), name
        ptx = re.sub(r"// begin inline asm\n.*?// end inline asm", "", ptx, flags=re.S)
        assert not re.findall(r"\bfma\S*", ptx), name
        assert not re.findall(r"\b(?:add|sub|mul)\.(?:ftz\.)?f(?:32|64)\b", ptx), name


def test_machine_code_is_the_committed_one(kernels: list[Kernel], architecture: str) -> None:
    if nvcc_version() != committed()["nvcc"]:
        pytest.skip(f"the committed table is of nvcc {committed()['nvcc']}, this is {nvcc_version()}")
    found = machine_code(kernels)
    assert found == committed()["machine_code"][f"sm_{architecture}"], "run `python -m benchmarks.kernels`"


# ---- a launch without a driver -------------------------------------------------------------------------------


def test_launch_without_a_gpu_is_an_exception(objects: dict[str, Path]) -> None:
    nvcc = tool("nvcc")
    program = objects["mix"].with_name("no_driver_test")
    core = ("plan", "gpu_walk", "gather", "plan_memory")
    sources = [ROOT / "tests/core/no_driver_test.cc", *(CORE / "plan" / f"{name}.cc" for name in core)]
    sources += [objects["mix"], objects["mix_masked"]]
    library_path = [f"-L{nvcc.parent.parent / 'lib'}"]
    run([nvcc, "-std=c++17", "-cudart=static", f"-I{CORE}", *library_path, *sources, "-o", program])
    first, second, last = run([program], CUDA_VISIBLE_DEVICES="").splitlines()
    assert re.match(r"fastmix: CUDA refused to launch the mix kernel: .+ \(cudaError\w+\)$", first), first
    assert second == first
    assert last == "the process goes on"


# ---- a build without CUDA ------------------------------------------------------------------------------------


def test_a_build_without_cuda_has_a_substitute_for_every_kernel() -> None:
    declaration = re.compile(r"^void (\w+_cuda)\((?:const )?(\w+)&", re.M)
    declared = declaration.findall(
        "\n".join(file.read_text() for file in CORE.rglob("*.h") if "launch" not in file.name)
    )
    assert len(declared) >= 5
    assert sorted(declaration.findall((CORE / "without_cuda.cc").read_text())) == sorted(declared)
