"""Installs a wheel or a source archive into an empty environment, outside the source tree, and uses it there.

``python release/try_install.py ARCHIVE FOLDER [--cuda 13] [--torch 2.13.0] [--tests PATH ...]``
"""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What the tests import beside fastmix and the demo. The loader's tests start torchrun, which torch brings.
TEST_PACKAGES = ("pytest", "pytest-xdist", "hypothesis", "scipy", "torchdata")
# Variables of the source tree's own build.
OF_THE_TREE = ("PYTHONPATH", "FASTMIX_BUILD_DIR")
IMPORTS = """
import fastmix, fastmix.dali, torch
fastmix.dali.load()
assert fastmix.dali.decodes_jpeg() and fastmix.dali.reports_status()
import nvidia.dali
print("fastmix", fastmix.__version__, "torch", torch.__version__, "DALI", nvidia.dali.__version__, fastmix.__file__)
print("kernels: CUDA", *(fastmix._core.build_info()[name] for name in ("cuda", "cuda_archs")))
"""


def main() -> None:
    """Install, import, check, run the demo, and test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path, help="wheel, or source archive: pip then downloads what builds it")
    parser.add_argument("folder", type=Path, help="new: the environment and the tests' copy")
    parser.add_argument("--cuda", choices=["12", "13"], default="13", help="which DALI")
    parser.add_argument("--torch", help="another version than the pinned one")
    parser.add_argument("--tests", nargs="*", default=[], help="paths of tests")
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    options.folder.mkdir(parents=True)
    python = options.folder / "env" / "bin" / "python"
    venv.create(options.folder / "env", with_pip=True)
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_TREE}
    # A build from source has to choose before DALI is installed.
    environment["FASTMIX_CUDA"] = options.cuda

    def run(*arguments: str | Path) -> None:
        subprocess.run([python, *arguments], check=True, cwd=options.folder, env=environment)

    pins = options.folder / "pins.txt"
    pins.write_text(pinned(options.torch))
    archive = f"{options.archive.resolve()}[cuda{options.cuda},demo]"
    run("-m", "pip", "install", "-q", "-c", pins, archive, *(TEST_PACKAGES if options.tests else ()))
    run("-c", IMPORTS)
    run("-m", "pip", "check")
    run("-m", "fastmix", "doctor")
    run("-m", "fastmix", "demo", "--out", "demo")
    if options.tests:
        shutil.copytree(ROOT / "tests", options.folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
        (options.folder / "pytest.ini").write_text(
            f"[pytest]\naddopts = {settings['addopts']}\nmarkers =\n    " + "\n    ".join(settings["markers"]) + "\n"
        )
        run("-m", "pytest", "-q", "-n", "2", *options.tests)


def pinned(torch: str | None) -> str:
    """Return the lock file's versions as constraints."""
    lines = (ROOT / "requirements" / "lock.txt").read_text().splitlines()
    kept = [line for line in lines if "==" in line and "[" not in line and not (torch and line.startswith("torch=="))]
    return "\n".join([*kept, *([f"torch=={torch}"] if torch else [])]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
