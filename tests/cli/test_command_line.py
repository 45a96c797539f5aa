"""What all commands share: help without torch, versions, errors in one line, Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

import fastmix as package
from fastmix.cli.data_options import hints_from
from fastmix.cli.group import usage_text

COMMANDS = ["demo", "preview", "scan", "bench", "doctor"]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)])
def test_help_and_version_import_neither_torch_nor_dali(arguments):
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('HEAVY', sorted({'torch', 'nvidia.dali'} & set(sys.modules))))\n"
        "from fastmix.cli import app\n"
        f"app({arguments!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stdout
    expected = package.__version__ if arguments == ["--version"] else "Usage:"
    assert expected in done.stdout


def test_importing_the_package_imports_no_torch_until_a_name_is_used():
    program = (
        "import sys, fastmix\n"
        "assert 'torch' not in sys.modules\n"
        "fastmix.Mixup\n"
        "assert 'torch' in sys.modules and 'nvidia.dali' not in sys.modules\n"
        "assert set(fastmix.__all__) <= set(dir(fastmix))\n"
        "from fastmix import *\n"
        "assert DataLoader is fastmix.DataLoader and mix_ is fastmix.mix_\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_the_help_lists_every_command(fastmix):
    listed = fastmix().stdout
    assert all(f"  {command} " in listed for command in COMMANDS)
    assert listed == fastmix("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "No such command"),
        (["--nonsense"], "No such option"),
        (["scan"], "Missing argument"),
        (["preview", "x", "--size", "0"], "greater than or equal to"),
        (["preview", "x", "--mix", "blend"], "cutmix"),
        (["preview", "nowhere"], "preview: data: expected a folder of class folders, got"),
        (["scan", "nowhere"], "scan: data: expected"),
        (["bench", "nowhere"], "bench: data: expected"),
        (["doctor", "nowhere"], "doctor: data: expected"),
        (["bench", ".", "--threads", "two"], "expected --threads as numbers"),
        (["bench", ".", "--against", "ffcv"], "expected --against to name torch or dali, got 'ffcv'"),
        (["demo", "--count", "3"], "greater than or equal to"),
    ],
)
def test_a_users_error_is_one_line_and_status_2(fastmix, arguments, message):
    done = fastmix(*arguments, status=2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == "" or arguments[0] == "doctor"


def test_debug_shows_the_traceback(tmp_path):
    command = [sys.executable, "-m", "fastmix", "--debug", "scan", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" in done.stderr and "FileNotFoundError" in done.stderr


def test_defects_keep_their_traceback():
    assert usage_text(KeyError("x")) is None
    assert usage_text(typer.BadParameter("no")) == "fastmix: Invalid value: no; see fastmix --help"


def test_warnings_are_one_line(process, photos):
    (photos / "flower" / "a.jfif").write_bytes(b"")
    try:
        done = process("preview", photos, "--size", "32")
    finally:
        (photos / "flower" / "a.jfif").unlink()
    assert done.stderr.startswith("warning: data: 1 files in ") and done.stderr.count("\n") == 1


def test_control_c_ends_with_130_and_no_traceback(photos, tmp_path):
    command = [sys.executable, "-m", "fastmix", "bench", str(photos), "--seconds", "600", "--size", "32"]
    # A shell that starts the tests in the background makes its children ignore SIGINT.
    default = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "preexec_fn": default}
    process = subprocess.Popen(command, cwd=tmp_path, **pipes)
    deadline = time.monotonic() + 120
    # DALI's threads show that the measurement has begun.
    while len(os.listdir(f"/proc/{process.pid}/task")) < 8 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, (output, errors)
    assert "Traceback" not in errors and "Error" not in errors


def test_the_installed_script_is_the_same_command():
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert 'fastmix = "fastmix.cli:app"' in text


def test_numbers_are_places_of_columns():
    assert hints_from({"path_column": "0", "label_column": ["1"]}) == {"path_column": 0, "label_column": 1}
    assert hints_from({"label_column": ["cat", "dog"]}) == {"label_column": ["cat", "dog"]}
    assert hints_from({"path_column": "id", "root": "x"}) == {"path_column": "id", "root": "x"}
