"""The demo's photographs, and the command in this process or in one of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sklearn.datasets  # noqa: F401  (importing it draws from Python's generator, which the tests watch)
from typer.testing import CliRunner

from fastmix.cli import app
from fastmix.cli.demo_data import write_photos

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 photographs in 3 class folders."""
    return write_photos(tmp_path_factory.mktemp("photos"), count=24, classes=3)


@pytest.fixture
def fastmix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder; ``fastmix("scan", path, status=1)`` checks its status."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, status: int = 0, env: dict | None = None) -> Any:
        done = CliRunner().invoke(app, list(map(str, arguments)), env=env, prog_name="fastmix")
        assert done.exit_code == status, (done.output, done.exception)
        return done

    return run


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Run ``python -m fastmix`` in a process of its own."""

    def run(*arguments: object, status: int = 0, env: dict | None = None) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "fastmix", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done

    return run
