"""setuptools' build backend, plus what compiling needs. A source archive needs none of it.

The build follows the DALI of the environment that fastmix is installed into, in version and CUDA. Without one,
FASTMIX_CUDA=12 or 13 chooses, and 13 is the default.
"""

import os
import re
import shutil
import sys
import sysconfig
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403

ROOT = Path(__file__).parent.parent
# setuptools is in pyproject.toml.
TOOLS = ["torch==2.13.0", "pybind11>=3.0", "cmake>=3.24", "ninja"]


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """Return what a wheel is compiled with."""
    return build_meta.get_requires_for_build_wheel(config_settings) + compile_requirements()


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """Return what an editable installation is compiled with."""
    return build_meta.get_requires_for_build_editable(config_settings) + compile_requirements()


def compile_requirements() -> list[str]:
    """Return torch, DALI, the build tools and NVIDIA's compiler or headers, as far as PyPI has to bring them."""
    dali = dali_requirement()
    return [*TOOLS, dali, *cuda_requirements(cuda_of(dali))]


def dali_requirement() -> str:
    """Return the DALI to build against.

    Raises:
        ValueError: FASTMIX_CUDA is neither 12 nor 13, or DALI is installed for both.
    """
    wanted = os.environ.get("FASTMIX_CUDA", "")
    if wanted not in ("", "12", "13"):
        raise ValueError(f"FASTMIX_CUDA: expected 12 or 13, got {wanted!r}")
    # pip hides the environment's packages from a build, but not its place.
    places = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    found = {f"{d.name}=={d.version}" for d in distributions(path=[*places, *sys.path]) if is_dali(d.name, wanted)}
    if len(found) > 1:
        raise ValueError(
            f"expected one DALI, found {' and '.join(sorted(found))}, which share files; uninstall both first"
        )
    if found:
        return found.pop()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return extras[f"cuda{wanted or 13}"][0]


def is_dali(name: str | None, cuda: str) -> bool:
    """Whether a package is DALI, for one CUDA version or any."""
    return re.fullmatch(rf"nvidia[-_]dali[-_]cuda{cuda or '1[23]'}0", name or "") is not None


def cuda_of(dali: str) -> int:
    """Return the CUDA version that a DALI package is for."""
    return int(re.search(r"cuda(\d\d)0", dali)[1])


def cuda_requirements(cuda: int) -> list[str]:
    """Return NVIDIA's compiler from PyPI, where the machine has none or FASTMIX_NVCC=pip asks for it.

    A build without CUDA takes it too: DALI's headers include CUDA's. For CUDA 12, PyPI has the headers but no whole
    compiler.
    """
    homes = [os.environ.get(name, "") for name in ("CUDA_HOME", "CUDA_PATH")] + ["/usr/local/cuda"]
    system = shutil.which("nvcc") or any(home and Path(home, "bin/nvcc").exists() for home in homes)
    if system and os.environ.get("FASTMIX_NVCC") != "pip":
        return []
    lines = (ROOT / "requirements" / ("nvcc.txt" if cuda >= 13 else "cuda12_headers.txt")).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]
