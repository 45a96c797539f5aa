"""Installs a wheel into an empty environment, outside the source tree, and runs the fast tests there.

``python release/try_wheel.py WHEEL FOLDER [--cuda 13] [--torch 2.13.0] [--tests PATH ...]``
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
# What the tests import beside fastmix. The loader's tests start torchrun, which torch brings.
TEST_PACKAGES = ("pytest", "pytest-xdist", "hypothesis", "scipy", "pillow", "scikit-learn", "matplotlib", "torchdata")
IMPORTS = """
import fastmix, fastmix.dali, torch
fastmix.dali.load()
assert fastmix.dali.decodes_jpeg() and fastmix.dali.reports_status()
import nvidia.dali
print("fastmix", fastmix.__version__, "torch", torch.__version__, "DALI", nvidia.dali.__version__, fastmix.__file__)
"""


def main() -> None:
    """Install, import, and test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path, help="new: the environment and the tests' copy")
    parser.add_argument("--cuda", choices=["12", "13"], default="13", help="which DALI")
    parser.add_argument("--torch", help="another version than the pinned one")
    parser.add_argument("--tests", nargs="*", default=[], help="paths of tests; without any, only the import")
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    options.folder.mkdir(parents=True)
    python = options.folder / "env" / "bin" / "python"
    venv.create(options.folder / "env", with_pip=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*arguments: str | Path) -> None:
        subprocess.run([python, *arguments], check=True, cwd=options.folder, env=environment)

    pins = options.folder / "pins.txt"
    pins.write_text(pinned(options.torch))
    wheel = f"{options.wheel.resolve()}[cuda{options.cuda}]"
    run("-m", "pip", "install", "-q", "-c", pins, wheel, *(TEST_PACKAGES if options.tests else ()))
    run("-c", IMPORTS)
    run("-m", "pip", "check")
    run("-m", "fastmix", "doctor")
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
