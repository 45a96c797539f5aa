"""Builds the native libraries with CMake and Ninja and puts them into the package.

Metadata: pyproject.toml. What the build itself needs: release/backend.py.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent.resolve()
OPTIONAL = ("libdali_fastmix_jpeg.so", "libdali_fastmix_codec.so", "_jpeg.*.so")


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
            for library in package.glob(name):
                library.unlink()
        for library in (build / "lib").iterdir():
            # Replaced, not overwritten: a running process keeps the old file.
            target = package / library.name
            target.unlink(missing_ok=True)
            shutil.copy2(library, target)


setup(
    ext_modules=[Extension("fastmix._core", sources=[])],
    cmdclass={"build_ext": CMakeBuild},
)
