"""Compiles the small C++ programs of some tests, sanitised."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-O1", "-g1"]
_SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def compiled(folder: Path, sources: Sequence[Path], *options: str | Path) -> Path:
    """The program made of these sources. Skips the test without a C++ compiler or libjpeg's headers."""
    compiler = os.environ.get("CXX") or shutil.which("c++")
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    program = folder / sources[0].stem
    includes = [f"-I{ROOT / 'csrc' / name}" for name in ("core", "codec", "jpeg")]
    command = [compiler, *_FLAGS, *_SANITIZERS, *includes, *sources, *options, "-o", program]
    done = subprocess.run(command, capture_output=True, text=True)
    for header in ("jpegint.h", "jpeglib.h"):
        if header in done.stderr:
            pytest.skip(f"needs libjpeg's {header}")
    assert done.returncode == 0, done.stderr
    return program
