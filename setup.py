"""Builds the native libraries with CMake and Ninja and puts them into the package. Metadata: pyproject.toml."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent.resolve()
OPTIONAL = ("libdali_fastmix_jpeg.so", "libdali_fastmix_codec.so")


def nvcc_requirements() -> list[str]:
    """NVIDIA's compiler from PyPI, where the machine has none or FASTMIX_NVCC=pip asks for it.

    A build without CUDA takes it too: DALI's headers include CUDA's.
    """
    homes = [os.environ.get(name, "") for name in ("CUDA_HOME", "CUDA_PATH")] + ["/usr/local/cuda"]
    system = shutil.which("nvcc") or any(home and Path(home, "bin/nvcc").exists() for home in homes)
    if system and os.environ.get("FASTMIX_NVCC") != "pip":
        return []
    lines = (ROOT / "requirements" / "nvcc.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


class CMakeBuild(build_ext):
    def run(self) -> None:
        build = Path(os.environ.get("FASTMIX_BUILD_DIR", Path(self.build_temp) / "cmake")).resolve()
        configure = ["cmake", "-S", str(ROOT), "-B", str(build), "-G", "Ninja", f"-DFASTMIX_PYTHON={sys.executable}"]
        if archs := os.environ.get("FASTMIX_CUDA_ARCHS"):
            configure.append(f"-DFASTMIX_CUDA_ARCHS={archs}")
        # cmake and ninja of this interpreter's environment, activated or not, before the system's.
        environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
        subprocess.run(configure + shlex.split(os.environ.get("FASTMIX_CMAKE_ARGS", "")), check=True, env=environment)
        subprocess.run(["cmake", "--build", str(build)], check=True, env=environment)
        package = Path(self.get_ext_fullpath("fastmix._core")).parent
        package.mkdir(parents=True, exist_ok=True)
        # Of a build before, which found libjpeg-turbo or nvImageCodec.
        for name in OPTIONAL:
            (package / name).unlink(missing_ok=True)
        for library in (build / "lib").iterdir():
            # Replaced, not overwritten: a running process keeps the old file.
            target = package / library.name
            target.unlink(missing_ok=True)
            shutil.copy2(library, target)


setup(
    ext_modules=[Extension("fastmix._core", sources=[])],
    cmdclass={"build_ext": CMakeBuild},
    setup_requires=nvcc_requirements(),
)
