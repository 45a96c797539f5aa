"""Compiling the CUDA sources with the build's own flags, and finding the tools for that."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "csrc" / "core"
CUDA_SOURCES = {file.stem: file for file in sorted(CORE.rglob("*.cu"))}


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
    """A program of the CUDA toolkit.

    Raises:
        FileNotFoundError: There is none; the message says how to get it.
    """
    for home in toolkits():
        if (home / "bin" / name).exists():
            return home / "bin" / name
    raise FileNotFoundError(f"no {name}: pip install -r requirements/nvcc.txt nvidia-cuda-nvdisasm")


def run(command: list[str | Path], **extra: str) -> str:
    """The output of a command, with cmake and ninja of this interpreter's environment before the system's.

    Raises:
        RuntimeError: It failed; the message is what it printed.
    """
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env={**environment, **extra})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def nvcc_version() -> str:
    """The compiler's release, for example "13.0.88": other releases allocate registers differently."""
    return re.search(r"V(\d+\.\d+\.\d+)", run([tool("nvcc"), "--version"]))[1]


def build_flags() -> list[str]:
    """The build's own flags for CUDA: what is inspected is what it compiles."""
    (flags,) = re.findall(r"\$<\$<COMPILE_LANGUAGE:CUDA>:(-fmad[^>]*)>", (ROOT / "CMakeLists.txt").read_text())
    return flags.split()


def compile_sources(sources: tuple[str, ...], architecture: str) -> dict[str, Path]:
    """Compile csrc/core/*/NAME.cu for one architecture; what is there already and up to date is kept.

    Returns:
        The object files by name. NAME.log, the compiler's report, NAME.cubin and NAME.ptx lie beside.
    """
    # A folder for each architecture: nvcc gives what it keeps other names when it compiles for several at once.
    nvcc, folder = tool("nvcc"), ROOT / "build" / "kernels" / f"sm_{architecture}"
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-std=c++17", *build_flags(), f"-gencode=arch=compute_{architecture},code=sm_{architecture}", f"-I{CORE}"]
    headers = hashlib.sha256(" ".join([nvcc_version(), *flags]).encode())
    for header in sorted(CORE.rglob("*.h")):
        headers.update(header.read_bytes())

    def compile_one(name: str) -> Path:
        source, compiled, made_of = (CUDA_SOURCES[name], folder / f"{name}.o", folder / f"{name}.sha256")
        digest = headers.copy()
        digest.update(source.read_bytes())
        if not made_of.exists() or made_of.read_text() != digest.hexdigest():
            made_of.unlink(missing_ok=True)
            command = [nvcc, *flags, "-Xptxas=-v", "--keep", "--keep-dir", folder, "-c", source, "-o", compiled]
            compiled.with_suffix(".log").write_text(run(command))
            made_of.write_text(digest.hexdigest())
        return compiled

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return dict(zip(sources, pool.map(compile_one, sources), strict=True))


def ptx_of(architecture: str) -> Path:
    """The folder with the PTX that nvcc makes of every .cu for an architecture; what is up to date is kept."""
    nvcc, folder = tool("nvcc"), ROOT / "build" / "ptx" / f"sm_{architecture}"
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-std=c++17", *build_flags(), f"-arch=compute_{architecture}", f"-I{CORE}", "--ptx"]
    made_of = hashlib.sha256(" ".join([nvcc_version(), *flags]).encode())
    for file in sorted([*CORE.rglob("*.h"), *CUDA_SOURCES.values()]):
        made_of.update(file.read_bytes())
    stamp = folder / "sha256"
    if not stamp.exists() or stamp.read_text() != made_of.hexdigest():
        for old in folder.glob("*.ptx"):
            old.unlink()
        commands = [[nvcc, *flags, source, "-o", folder / f"{name}.ptx"] for name, source in CUDA_SOURCES.items()]
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(run, commands))
        stamp.write_text(made_of.hexdigest())
    return folder


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time write into a folder: tests that run side by side need the same programs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # closing the file lets the next one in
        yield


def core_tests() -> Path:
    """The program of tests/core, built if it is not up to date: the same sources compiled with g++."""
    build = ROOT / "build" / "core_tests"
    with alone(build):
        run(["cmake", "-S", ROOT / "tests/core", "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None"])
        run(["cmake", "--build", build, "--target", "core_tests"])
    return build / "core_tests"
