"""DALI's packages: the extra of fastmix that installs each, and the least driver of its CUDA."""

from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple


class DaliPackage(NamedTuple):
    """One of DALI's packages. They share files, so only one may be installed.

    Attributes:
        name: on PyPI.
        extra: of fastmix, which installs it.
        cuda: the major version of CUDA.
        driver: NVIDIA's least driver for that CUDA.
    """

    name: str
    extra: str
    cuda: int
    driver: int


PACKAGES = (
    DaliPackage("nvidia-dali-cuda130", "cuda13", 13, 580),
    DaliPackage("nvidia-dali-cuda120", "cuda12", 12, 525),
)
INSTALL = " or ".join(f"'fastmix[{one.extra}]' (driver {one.driver} or newer, or no GPU)" for one in PACKAGES)
INSTALL = f"pip install {INSTALL}"


def installed_version(name: str) -> str | None:
    """Return the version of an installed package, or None without it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def installed_dali() -> list[DaliPackage]:
    """Return DALI's installed packages: one, unless something is wrong."""
    return [one for one in PACKAGES if installed_version(one.name)]
