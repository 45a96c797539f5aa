"""The CUDA sources without a GPU: run on the host under sanitizers, and inspected as machine code."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = ROOT / "csrc" / "core"
ARCHITECTURES = ("80", "90")
SOURCES = (
    "mix",
    "mix_masked",
    "mix_backward",
    "mix_backward_masked",
    "normalize_mix",
    "normalize_mix_masked",
    "combine",
    "labels",
)

# ---- the kernels on the host ---------------------------------------------------------------------------------

HOST_TESTS = re.findall(
    r"^TEST\((\w+)\)", "\n".join(file.read_text() for file in sorted((ROOT / "tests/core").glob("*_test.cc"))), re.M
)


def environment() -> dict[str, str]:
    """cmake and ninja of this interpreter's environment, activated or not, before the system's."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def run(command: list[str | Path], **extra: str) -> str:
    """The output of a command; what it printed is the message of its failure."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env={**environment(), **extra}
    )
    assert done.returncode == 0, f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def core_tests() -> Path:
    build = ROOT / "build" / "core_tests"
    run(["cmake", "-S", ROOT / "tests/core", "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None"])
    run(["cmake", "--build", build, "--target", "core_tests"])
    return build / "core_tests"


@pytest.mark.parametrize("name", HOST_TESTS)
def test_kernels_on_the_host(core_tests: Path, name: str) -> None:
    run([core_tests, name], ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1")


def test_every_host_test_is_run(core_tests: Path) -> None:
    assert sorted(run([core_tests, "--list"]).split()) == sorted(HOST_TESTS)


# ---- the kernels as machine code -----------------------------------------------------------------------------


def toolkits() -> list[Path]:
    """Places with a bin/ of CUDA tools, in the order in which the build looks for them."""
    spec = importlib.util.find_spec("nvidia")
    pip = [home for root in (spec.submodule_search_locations if spec else []) for home in Path(root).glob("cu1[3-9]")]
    if os.environ.get("FASTMIX_NVCC") == "pip":
        return pip
    found = [Path(os.environ[name]) for name in ("CUDA_HOME", "CUDA_PATH") if os.environ.get(name)]
    nvcc = shutil.which("nvcc")
    return ([Path(nvcc).parent.parent] if nvcc else []) + found + [Path("/usr/local/cuda")] + pip


def tool(name: str) -> Path:
    for home in toolkits():
        if (home / "bin" / name).exists():
            return home / "bin" / name
    message = f"no {name}: pip install -r requirements/nvcc.txt nvidia-cuda-nvdisasm"
    if os.environ.get("FASTMIX_REQUIRE_CUDA") == "1":
        pytest.fail(message)
    pytest.skip(message)


@dataclass
class Kernel:
    """What the compiler reports of a kernel, and how often it uses each instruction."""

    name: str
    registers: int
    stack: int
    spills: int
    instructions: Counter = field(default_factory=Counter)

    @property
    def uploaded(self) -> bool:
        """The form for plans that are too large to travel as a parameter."""
        return "UploadedBytes" in self.name


def build_flags() -> list[str]:
    """The build's own flags for CUDA: what is inspected here is what it compiles."""
    (flags,) = re.findall(r"\$<\$<COMPILE_LANGUAGE:CUDA>:(-fmad[^>]*)>", (ROOT / "CMakeLists.txt").read_text())
    return flags.split()


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every .cu compiled for all ARCHITECTURES; the machine code and the compiler's report lie beside."""
    nvcc = tool("nvcc")
    folder = tmp_path_factory.mktemp("cuda")
    targets = [f"-gencode=arch=compute_{arch},code=sm_{arch}" for arch in ARCHITECTURES]
    for name in SOURCES:
        command = [nvcc, "-std=c++17", *build_flags(), *targets, "--threads=2", "-Xptxas=-v", "--keep"]
        command += ["--keep-dir", folder, "-c", CORE / "cuda" / f"{name}.cu", "-o", folder / f"{name}.o"]
        (folder / f"{name}.log").write_text(run(command))
    return {name: folder / f"{name}.o" for name in SOURCES}


def reported(log: str, arch: str) -> dict[str, Kernel]:
    entry = re.compile(
        rf"Compiling entry function '(\w+)' for 'sm_{arch}'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, "
        r"(\d+) bytes spill loads.*?Used (\d+) registers",
        re.S,
    )
    return {
        name: Kernel(name, registers=int(registers), stack=int(stack), spills=int(stores) + int(loads))
        for name, stack, stores, loads, registers in entry.findall(log)
    }


def disassembled(cubin: Path) -> dict[str, Counter]:
    functions: dict[str, Counter] = {}
    for line in run([tool("nvdisasm"), "-c", cubin]).splitlines():
        if section := re.match(r"\.text\.(\w+):", line):
            current = functions.setdefault(section[1], Counter())
        elif found := re.search(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)", line):
            current[found[1]] += 1
    return functions


@pytest.fixture(scope="session", params=ARCHITECTURES, ids=lambda arch: f"sm_{arch}")
def kernels(request: pytest.FixtureRequest, objects: dict[str, Path]) -> list[Kernel]:
    result = []
    for name, compiled in objects.items():
        found = reported(compiled.with_suffix(".log").read_text(), request.param)
        (cubin,) = compiled.parent.glob(f"{name}.*_{request.param}.cubin")
        for function, instructions in disassembled(cubin).items():
            found[function].instructions = instructions
        result += found.values()
    return result


def select(kernels: list[Kernel], pattern: str, count: int) -> list[Kernel]:
    found = [kernel for kernel in kernels if re.search(pattern, kernel.name) and not kernel.uploaded]
    assert len(found) == count, [kernel.name for kernel in found]
    return found


def test_no_kernel_spills(kernels: list[Kernel]) -> None:
    for kernel in kernels:
        # Plans of more than 1,024 samples keep addresses in registers instead of constant memory.
        allowed = 32 if kernel.uploaded and "normalize" in kernel.name else 0
        assert kernel.stack <= allowed and kernel.spills <= 2 * allowed, kernel
        if allowed == 0:
            local = [name for name in kernel.instructions if name.startswith(("LDL", "STL"))]
            assert not local, (kernel.name, local)


def test_register_budget(kernels: list[Kernel]) -> None:
    # 1,024 threads, a whole cycle's worth of warps, must fit the 65,536 registers of one SM.
    for kernel in kernels:
        assert kernel.registers <= 64, kernel


# Itanium names: h is uint8, f float, Li16E the 16-byte vector, 3584 and 32448 the two plans by value.
@pytest.mark.parametrize("dtype", ["h", "NS_4HalfE", "NS_8BFloat16E", "f", "d"])
def test_mix_moves_16_bytes_at_a_time(kernels: list[Kernel], dtype: str) -> None:
    for kernel in select(kernels, rf"10mix_kernelI{dtype}Li16E", 2):
        loads = {name: n for name, n in kernel.instructions.items() if re.match(r"LD(\.|G)", name)}
        stores = {name: n for name, n in kernel.instructions.items() if re.match(r"ST(\.|G)", name)}
        # Nothing but images is read from global memory: the plan lies in constant memory.
        assert set(loads) == {"LDG.E.128"} and set(stores) == {"STG.E.128"}, (kernel.name, loads, stores)
        assert loads["LDG.E.128"] >= 4, "fewer than four loads in flight"
        assert any(name.startswith("LDC") for name in kernel.instructions)


# Levels are read as one vector of 16, 8, 4 or 2 bytes where masks are as large as the images, else byte by byte.
@pytest.mark.parametrize(("dtype", "levels"), [("h", "128"), ("NS_4HalfE", "64"), ("f", ""), ("d", "U16")])
def test_masked_mix_moves_16_bytes_at_a_time(kernels: list[Kernel], dtype: str, levels: str) -> None:
    for kernel in select(kernels, rf"17mix_masked_kernelI{dtype}Li16E", 2):
        loads = {name: n for name, n in kernel.instructions.items() if re.match(r"LD(\.|G)", name)}
        stores = {name for name in kernel.instructions if re.match(r"ST(\.|G)", name)}
        vector = ".".join(filter(None, ("LDG.E", levels)))
        assert set(loads) == {"LDG.E.128", vector, "LDG.E.U8"} and stores == {"STG.E.128"}, (kernel.name, loads)
        assert loads["LDG.E.128"] >= 4, "fewer than four loads in flight"


@pytest.mark.parametrize("dtype", ["NS_4HalfE", "NS_8BFloat16E", "f"])
def test_masked_normalize_mix_stores_16_bytes_at_a_time(kernels: list[Kernel], dtype: str) -> None:
    for kernel in select(kernels, rf"23normalize_masked_kernelI{dtype}Li[13]E", 6):
        loads = {name for name in kernel.instructions if re.match(r"LD(\.|G)", name)}
        stores = {name for name in kernel.instructions if re.match(r"ST(\.|G)", name)}
        assert loads == {"LDG.E.64", "LDG.E.U8"} and stores == {"STG.E.128"}, (kernel.name, loads, stores)


@pytest.mark.parametrize("dtype", ["h", "NS_4HalfE", "NS_8BFloat16E", "f", "d"])
def test_combine_moves_16_bytes_at_a_time(kernels: list[Kernel], dtype: str) -> None:
    for kernel in select(kernels, rf"14combine_kernelI{dtype}Li16E", 2):
        memory = {name for name in kernel.instructions if re.match(r"(LD|ST)(\.|G)", name)}
        assert memory == {"LDG.E.128", "STG.E.128"}, (kernel.name, memory)


@pytest.mark.parametrize("dtype", ["NS_4HalfE", "NS_8BFloat16E", "f"])
def test_normalize_mix_stores_16_bytes_at_a_time(kernels: list[Kernel], dtype: str) -> None:
    for kernel in select(kernels, rf"16normalize_kernelI{dtype}Li[13]E", 6):
        loads = {name for name in kernel.instructions if re.match(r"LD(\.|G)", name)}
        stores = {name for name in kernel.instructions if re.match(r"ST(\.|G)", name)}
        assert loads == {"LDG.E.64"} and stores == {"STG.E.128"}, (kernel.name, loads, stores)


def test_products_and_sums_are_rounded_separately(kernels: list[Kernel]) -> None:
    for kernel in kernels:
        fused = [name for name in kernel.instructions if name.startswith("DFMA")]
        if "normalize" in kernel.name:
            fused += [name for name in kernel.instructions if name.startswith("FFMA")]
        assert not fused, (kernel.name, fused)


# ---- a launch without a driver -------------------------------------------------------------------------------


def test_launch_without_a_gpu_is_an_exception(objects: dict[str, Path]) -> None:
    nvcc = tool("nvcc")
    program = objects["mix"].with_name("no_driver_test")
    sources = [ROOT / "tests/core/no_driver_test.cc", *(CORE / f"{name}.cc" for name in ("plan", "schedule", "gather"))]
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
    declared = declaration.findall("\n".join(file.read_text() for file in CORE.glob("*.h")))
    assert len(declared) >= 5
    assert sorted(declaration.findall((CORE / "cuda/without_cuda.cc").read_text())) == sorted(declared)
