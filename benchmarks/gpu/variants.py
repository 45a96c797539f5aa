"""Variants of the CUDA launches (csrc/core/plan/gpu_walk.h), each with a library and a process of its own.

python -m benchmarks.gpu.variants --folder FOLDER/variants   # *.so of `benchmarks.gpu.prebuilt --variant`
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.gpu.prebuilt import PACKAGE, ROOT, TORCH

CASES = [(dtype, pairing) for dtype in ("uint8", "bfloat16", "float32") for pairing in ("pairs", "one cycle")]


def measure(name: str, options: argparse.Namespace) -> None:
    """Time mix_ with the library of this process; writes variant_NAME.json."""
    from benchmarks.gpu.clock import Clock
    from benchmarks.gpu.mixing import LARGE, TRIAL_LARGE, line, one
    from benchmarks.gpu.options import write

    clock = Clock(options.device, options.small)
    rows: list[dict[str, Any]] = []
    for dtype, pairing in CASES:
        rows.append(one(options, clock, TRIAL_LARGE if options.small else LARGE, dtype, pairing, rivals=False))
        print(f"{name}: {line(rows[-1])}", flush=True)
        write(options, f"variant_{name}", rows)


def run_with(library: Path, name: str, arguments: list[str]) -> int:
    """Run this module in a process whose package has this library; returns its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / PACKAGE.name
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns(TORCH, "__pycache__"))
        shutil.copy2(library, package / TORCH)
        command = [sys.executable, "-m", "benchmarks.gpu.variants", "--name", name, *arguments]
        paths = os.pathsep.join([folder, str(ROOT), os.environ.get("PYTHONPATH", "")])
        return subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": paths}).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    parser.add_argument("--small", action="store_true", help="small shapes and few repeats; no figure counts")
    parser.add_argument("--logs", type=Path, default=Path("build/gpu-logs"), help="folder for the JSON")
    parser.add_argument("--folder", type=Path, help="libraries to compare with the package's own")
    parser.add_argument("--name", help="measure the package's library under this name")
    options = parser.parse_args()
    if options.name:
        measure(options.name, options)
        return 0
    common = [
        "--device",
        options.device,
        "--logs",
        str(options.logs.resolve()),
        *(["--small"] if options.small else []),
    ]
    libraries = {"default": PACKAGE / TORCH}
    libraries |= {library.stem: library for library in sorted(options.folder.glob("*.so"))} if options.folder else {}
    return max(run_with(library, name, common) for name, library in libraries.items())


if __name__ == "__main__":
    sys.exit(main())
