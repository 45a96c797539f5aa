"""What type checkers know of fastmix: the types of batches, and the slips that they find."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytest.importorskip("mypy")
ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "typing"


def errors(name: str) -> list[tuple[int, str]]:
    """Line and text of each of mypy's errors."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", "build/mypy", f"tests/typing/{name}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"^(\S+):(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert all(path == f"tests/typing/{name}" for path, *_ in found), done.stdout
    return [(int(line), text) for _, line, text in found]


def test_types_of_batches_and_attributes():
    assert errors("right.py") == []


def test_slips_are_found():
    lines = (FOLDER / "wrong.py").read_text().splitlines()
    found = errors("wrong.py")
    assert [line for line, _ in found] == [i for i, line in enumerate(lines, 1) if line.endswith("# error")]
    assert 'Unexpected keyword argument "mixx"' in found[0][1]


def test_programs_elsewhere_find_the_package(tmp_path):
    """As ``make build`` installs it: behind setuptools' import hook type checkers find nothing."""
    installed = [path.read_text() for path in Path(sysconfig.get_path("purelib")).glob("__editable__.fastmix*.pth")]
    if installed and str(ROOT) not in installed[0].splitlines():
        pytest.skip("fastmix is installed by an import hook, or from another folder")
    (tmp_path / "program.py").write_text("import fastmix\n")
    # Skipped imports have to be found, but are not read.
    command = [sys.executable, "-m", "mypy", "--follow-imports=skip", "--cache-dir", str(tmp_path), "program.py"]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Success" in done.stdout, done.stdout + done.stderr
