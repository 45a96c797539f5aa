"""Libraries built on one machine and taken to another, which has a compiler but neither DALI nor pip.

    FASTMIX_CUDA_ARCHS=90-real python -m benchmarks.gpu.prebuilt --collect FOLDER   # after a build
    python -m benchmarks.gpu.prebuilt --variant 32 BUILD FOLDER   # of a build with -DFASTMIX_WARPS_PER_SM=32
    python -m benchmarks.gpu.prebuilt --install FOLDER                              # into this tree
    python -m benchmarks.gpu.prebuilt                                               # say what loads

Only the pybind11 module depends on the version of Python: --install compiles it against the core's archive.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "fastmix"
LIBRARIES = "lib*fastmix*"
CORE = "libfastmix_core.a"
TORCH = "libfastmix_torch.so"
VARIANTS = "variants"
METADATA = "Metadata-Version: 2.1\nName: fastmix\nVersion: {version}\n"


def collect(folder: Path, build: Path) -> None:
    """Copy what the build made, without symbols for debuggers, and the JPEG library that it needs.

    Raises:
        FileNotFoundError: There is no build.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archives = sorted(build.rglob(CORE))
    if not archives:
        raise FileNotFoundError(f"no {CORE} below {build}; build the project first")
    sources = [*sorted(PACKAGE.glob(LIBRARIES)), archives[0]]
    for source in sources:
        shutil.copy2(source, folder / source.name)
        if source.suffix != ".json":
            subprocess.run(["strip", "--strip-debug", folder / source.name], check=True)
        print(f"{(folder / source.name).stat().st_size / 2**20:6.1f} MiB  {source.name}")
    # benchmarks.gpu.runner lets the loader of programs look for it in this folder.
    for name, path in jpeg_libraries().items():
        shutil.copy2(path, folder / name)
        print(f"{(folder / name).stat().st_size / 2**20:6.1f} MiB  {name}")


def jpeg_libraries() -> dict[str, str]:
    """The path of libjpeg by its name, if the operators need one that is not theirs."""
    codec = PACKAGE / "libdali_fastmix_codec.so"
    if not codec.exists():
        return {}
    needed = subprocess.run(["ldd", codec], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"(libjpeg\S*) => (/\S+)", needed))


def collect_variant(folder: Path, name: str, build: Path) -> None:
    """Copy the torch operators of another build beside the others, for `benchmarks.gpu.variants`."""
    (folder / VARIANTS).mkdir(parents=True, exist_ok=True)
    copied = folder / VARIANTS / f"{name}.so"
    shutil.copy2(next(build.rglob(TORCH)), copied)
    subprocess.run(["strip", "--strip-debug", copied], check=True)
    print(f"{copied.stat().st_size / 2**20:6.1f} MiB  {VARIANTS}/{copied.name}")


def install(folder: Path) -> None:
    """Put the libraries into the package and compile the pybind11 module for this Python."""
    import pybind11

    start = time.perf_counter()
    for library in sorted(folder.glob(LIBRARIES)):
        if library.name != CORE:
            shutil.copy2(library, PACKAGE / library.name)
    build_module(folder, PACKAGE / f"_core{sysconfig.get_config_var('EXT_SUFFIX')}", pybind11.get_include())
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    information = ROOT / f"fastmix-{version}.dist-info"
    information.mkdir(exist_ok=True)
    (information / "METADATA").write_text(METADATA.format(version=version))
    print(f"installed in {time.perf_counter() - start:.0f} s")


def build_module(folder: Path, module: Path, pybind11_include: str) -> None:
    """Compile the sources of the pybind11 module side by side, and link them with the core."""
    paths = [pybind11_include, sysconfig.get_path("include"), str(ROOT / "csrc/core"), str(ROOT / "csrc/codec")]
    command = ["g++", "-std=c++20", "-O1", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off"]
    command += ['-DFASTMIX_CUDA_ARCHS=""', '-DFASTMIX_CUDA_VERSION=""', *(f"-I{path}" for path in paths)]
    with tempfile.TemporaryDirectory() as objects:

        def compile_one(source: Path) -> str:
            compiled = f"{objects}/{source.stem}.o"
            subprocess.run([*command, "-c", str(source), "-o", compiled], check=True)
            return compiled

        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            compiled = list(pool.map(compile_one, sorted((ROOT / "csrc" / "python").glob("*.cc"))))
        link = ["g++", "-shared", *compiled, str(folder / CORE), "-Wl,--gc-sections", "-ldl", "-lpthread"]
        subprocess.run([*link, "-o", str(module)], check=True)


def check() -> int:
    """Load everything in a process of its own; DALI may be missing."""
    programs = {
        "torch": "import torch; print(torch.__version__, torch.cuda.is_available() and torch.cuda.get_device_name())",
        "fastmix": "import fastmix; fastmix.mix_; print(fastmix.__version__)",
        "DALI": "import fastmix.dali as d; d.load(); import nvidia.dali as n; print(n.__version__)",
    }
    status = 0
    print(f"Python {sys.version.split()[0]}, {len(os.sched_getaffinity(0))} cores", flush=True)
    for name, program in programs.items():
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
        found = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1:]
        print(f"{name}: {'' if done.returncode == 0 else 'does not load: '}{' '.join(found)}", flush=True)
        status |= done.returncode != 0 and name != "DALI"
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collect", type=Path)
    parser.add_argument("--build", type=Path, default=Path(os.environ.get("FASTMIX_BUILD_DIR", "build")))
    parser.add_argument("--variant", nargs=3, metavar=("NAME", "BUILD", "FOLDER"))
    parser.add_argument("--install", type=Path)
    arguments = parser.parse_args()
    if arguments.collect:
        collect(arguments.collect, arguments.build)
        return 0
    if arguments.variant:
        name, build, folder = arguments.variant
        collect_variant(Path(folder), name, Path(build))
        return 0
    if arguments.install:
        install(arguments.install)
    return check()


if __name__ == "__main__":
    sys.exit(main())
