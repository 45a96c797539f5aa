"""What a loader does besides loading: figures, stalls, interrupts, forks, and leaving nothing behind."""

import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import hostile
import pytest
import torch
from data_support import make, same
from typer.testing import CliRunner

import fastmix as fm
from fastmix.cli import app
from fastmix.loader import StallWarning
from fastmix.loader.stall import Stall


def test_stats(small):
    loader = make(small[:40], 8, mix=fm.Mixup(0.4))
    assert loader.stats()["images"] == 0
    for _ in loader:
        time.sleep(0.01)
    stats = loader.stats()
    assert (stats["batches"], stats["images"], stats["skipped"], stats["replaced"]) == (5, 40, 0, 0)
    assert stats["bytes"] == sum(os.path.getsize(path) for path, _ in small[:40])
    assert 0 < stats["wait_seconds"] < stats["seconds"] and 0 < stats["wait_share"] < 1
    assert sum(stats["stage_seconds"].values()) <= stats["wait_seconds"]
    assert json.loads(json.dumps(stats)) == stats == loader.stats()


def test_attributes(small):
    loader = make(small[:40], 8)
    assert (loader.batch_size, len(loader), loader.drop_last, loader.data) == (8, 5, True, small[:40])
    batches = iter(loader)
    next(batches)
    assert len(batches) == 4


class Slow(torch.utils.data.Dataset):
    """Waits at its fourth sample for an event."""

    def __init__(self, data: list[bytes]) -> None:
        self.data = data
        self.go_on = threading.Event()

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, i: int) -> tuple[bytes, int]:
        if i == 3:
            self.go_on.wait(30)
        return self.data[i], i


def test_a_stall_is_reported_with_its_stage(small_jpegs):
    data = Slow(small_jpegs[:4])
    data.go_on.set()
    loader = make(data, 2, shuffle=False, num_workers=2, stall_after=0.05)
    expected = list(loader)
    data.go_on.clear()
    loader.set_epoch(0)
    threading.Timer(0.5, data.go_on.set).start()
    with pytest.warns(StallWarning, match="threads that read samples"):
        assert same(loader, expected)


def python(program: str, folder: Path, *arguments: str) -> subprocess.Popen:
    """A process of its own with the same fastmix."""
    script = folder / "program.py"
    # Python leaves interrupts ignored that were ignored when it started, as in a shell's background job.
    listens = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    script.write_text(listens + textwrap.dedent(program))
    paths = [str(Path(fm.__file__).parents[1]), str(Path(__file__).parent), str(Path(__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(script), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


SILENT_STORE = """
import os, socket
store = socket.create_server(("127.0.0.1", 0), backlog=64)  # connects and never answers
endpoint = f"http://127.0.0.1:{store.getsockname()[1]}"
os.environ.update(AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_REGION="us-east-1",
                  AWS_EC2_METADATA_DISABLED="true")
"""


def test_a_timeout_ends_the_wait_and_the_program_ends_as_usual(small, tmp_path):
    program = """
        import json, sys, warnings
        import fastmix as fm
        loader = fm.DataLoader([("s3://bucket/x.jpg", 0)], 1, 16, device="cpu", stall_after=0.05, timeout=0.3)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                next(iter(loader))
            except TimeoutError as error:
                print(error)
        print(said[0].category.__name__, said[0].message)
        del loader
        print(len(list(fm.DataLoader(json.loads(sys.argv[1]), 4, 16, device="cpu"))), "batch")
        sys.exit(3)
    """
    process = python(SILENT_STORE + textwrap.dedent(program), tmp_path, json.dumps(small[:4]))
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 3 and "Traceback" not in errors, errors
    assert "timeout=0.3" in output and "StallWarning DataLoader: blocked in DALI's pipeline" in output
    assert output.endswith("1 batch\n")


@pytest.mark.parametrize("attempt", range(4))
def test_a_program_that_ends_while_a_daemon_thread_iterates(small, tmp_path, attempt):
    program = """
        import json, sys, threading, time
        import fastmix as fm
        loader = fm.DataLoader(json.loads(sys.argv[1]), 4, 16, device="cpu")
        newest, first = [], threading.Event()
        def iterate():
            while True:
                for batch in loader:
                    newest[:] = [batch]
                    first.set()
        threading.Thread(target=iterate, daemon=True).start()
        first.wait(30)
        time.sleep(float(sys.argv[2]))
        print("the end", len(newest))
    """
    process = python(program, tmp_path, json.dumps(small[:64]), str(0.05 * attempt))
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "the end 1\n", "")


def test_an_interrupt_ends_a_stalled_program_at_once(tmp_path):
    program = """
        import fastmix as fm, sys
        batches = iter(fm.DataLoader([("s3://bucket/x.jpg", 0)], 1, 16, device="cpu"))
        print("waiting", flush=True)
        next(batches)
    """
    process = python(SILENT_STORE + textwrap.dedent(program), tmp_path)
    try:
        assert process.stdout.readline() == "waiting\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode in (-signal.SIGINT, 130, 1) and "KeyboardInterrupt" in errors


def test_an_interrupt_that_another_error_hides():
    class Interrupted(threading.Event):
        def wait(self, timeout=None):  # noqa: ARG002
            try:
                raise KeyboardInterrupt
            finally:
                threading.Lock().release()

    with pytest.raises(KeyboardInterrupt):
        Stall(None).wait(Interrupted(), "a test")


@pytest.mark.parametrize(
    "moment",
    [
        "Pipeline.schedule_run = lambda self: (schedule_run(self), signal.raise_signal(signal.SIGINT)); next(batches)",
        "batches._start_ahead(); signal.raise_signal(signal.SIGINT)",
        "batches._start_ahead(); del batches, loader; signal.raise_signal(signal.SIGINT)",
    ],
    ids=["submitting", "between submitting and waiting", "after deleting the loader"],
)
def test_an_interrupt_ends_a_stalled_program_at_any_moment(tmp_path, moment):
    program = f"""
        import signal
        import fastmix as fm
        from nvidia.dali import Pipeline
        schedule_run = Pipeline.schedule_run
        loader = fm.DataLoader([("s3://bucket/x.jpg", 0)], 1, 16, device="cpu")
        batches = iter(loader)
        {moment}
    """
    process = python(SILENT_STORE + textwrap.dedent(program), tmp_path)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode in (-signal.SIGINT, 130, 1) and "KeyboardInterrupt" in errors


@pytest.mark.parametrize("kind", ["path", "dataset"])
def test_nothing_is_left_behind(small, small_jpegs, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = small[:16] if kind == "path" else Slow(small_jpegs[:16])
    if kind == "dataset":
        data.go_on.set()

    def count() -> tuple[int, int, int]:
        gc.collect()
        return len(os.listdir("/proc/self/task")), threading.active_count(), len(os.listdir("/proc/self/fd"))

    def use() -> None:
        loader = make(data, 4, num_workers=3)
        for _ in range(2):
            next(iter(loader))
        with pytest.raises(ZeroDivisionError):
            for _ in loader:
                raise ZeroDivisionError
        del loader, _
        deadline = time.monotonic() + 10
        while any("fastmix" in thread.name for thread in threading.enumerate()) and time.monotonic() < deadline:
            time.sleep(0.02)  # reader threads end when they have seen that their loader is gone

    use()  # DALI's own singletons
    before = count()
    use()
    assert count() == before
    assert list(tmp_path.iterdir()) == []


CHILDREN = """
import json, multiprocessing, sys, torch
from data_support import make, same
torch.set_num_threads(1)  # torch's OpenMP threads do not survive a fork, and hang

class Data:
    def __init__(self, samples):
        self.samples = samples
    def __len__(self):
        return len(self.samples)
    def __getitem__(self, i):
        return open(self.samples[i][0], "rb").read(), i

def child(loader, samples, expected, queue):
    queue.put(same(loader if loader is not None else make(samples, 4), expected))

if __name__ == "__main__":
    kind, samples = sys.argv[1], [tuple(sample) for sample in json.loads(sys.argv[2])]
    context = multiprocessing.get_context(kind)
    for data in (samples, Data(samples)):
        loader = make(data, 4)
        expected = list(loader)
        loader.set_epoch(0)
        queue = context.Queue()
        inherited = loader if kind == "fork" else None
        process = context.Process(target=child, args=(inherited, samples, expected, queue))
        process.start()
        print(queue.get(timeout=60))
        process.join(60)
        print(process.exitcode, same(loader, expected))
"""


@pytest.mark.parametrize("kind", ["fork", "spawn"])
def test_children_of_a_process_that_loads(small, kind, tmp_path):
    process = python(CHILDREN, tmp_path, kind, json.dumps(small[:16]))
    output, errors = process.communicate(timeout=120)
    assert output.split() == ["True", "0", "True"] * 2, errors


def test_scan(small, tmp_path):
    for path, i in small[:30]:
        target = tmp_path / "data" / f"c{i % 2}" / Path(path).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    bad = sorted((tmp_path / "data").glob("*/*.jpg"))[3:24:4]
    for maker, path in zip(hostile.BAD[2:], bad, strict=False):
        maker(path)
    file, out = tmp_path / "q", tmp_path / "found.json"
    arguments = ["scan", str(tmp_path / "data"), "--quarantine", str(file), "--json", str(out), "--threads", "2"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1 and f"30 samples, {len(bad)} of them bad" in result.output
    assert {entry["path"] for entry in json.loads(out.read_text())["bad"]} == set(map(str, bad))
    loader = make(tmp_path / "data", 10, on_error="skip", max_bad=len(bad), quarantine=file)
    with pytest.warns(UserWarning, match="skipped"):
        assert sum(len(images) for images, _ in loader) == 30 - len(bad)
    for path in bad:
        path.rmdir() if path.is_dir() else path.unlink()
    assert CliRunner().invoke(app, arguments).exit_code == 0


def test_scan_in_a_process_of_its_own(small, tmp_path):
    folder = tmp_path / "data" / "class"
    folder.mkdir(parents=True)
    for path, _ in small[:3]:
        shutil.copy(path, folder)
    program = "import sys; from fastmix.cli import app; app(sys.argv[1:])"
    process = python(program, tmp_path, "scan", str(tmp_path / "data"))
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and "3 samples, 0 of them bad" in output, errors


def test_scan_takes_the_hints_of_the_loader(small, tmp_path):
    for i, (path, _) in enumerate(small[:3]):
        shutil.copy(path, tmp_path / f"{i}.jpg")
    (tmp_path / "list.csv").write_text("id_code,diagnosis\n0,2\n1,4\n2,1\n")
    (tmp_path / "bare.csv").write_text("0.jpg,2\n1.jpg,4\n")
    refused = CliRunner().invoke(app, ["scan", str(tmp_path / "list.csv")])
    assert refused.exit_code == 2 and "path_column=" in refused.output
    hints = ["--path-column", "id_code", "--label-column", "diagnosis", "--root", f"{tmp_path}/{{}}.jpg"]
    done = CliRunner().invoke(app, ["scan", str(tmp_path / "list.csv"), *hints])
    assert done.exit_code == 0 and "3 samples, 0 of them bad" in done.output
    done = CliRunner().invoke(app, ["scan", str(tmp_path / "bare.csv"), "--path-column", "0", "--label-column", "1"])
    assert done.exit_code == 0 and "2 samples, 0 of them bad" in done.output


def test_scan_counts_files_that_it_ignores(small, tmp_path):
    for i, (path, _) in enumerate(small[:4]):
        (tmp_path / "class").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "class" / f"{i}.{('jpg', 'jfif')[i % 2]}")
    done = CliRunner().invoke(app, ["scan", str(tmp_path)])
    assert "2 samples, 0 of them bad" in done.output
    assert re.search(r"ignored: data: 2 files .*: 2 \.jfif", done.output)


def test_scan_names_itself_in_errors(tmp_path):
    result = CliRunner().invoke(app, ["scan", str(tmp_path)])
    assert result.exit_code == 2 and result.output.startswith("scan: data: expected one folder per class in")
    assert result.output.count("\n") == 1
    assert "DataLoader" not in result.output and "Traceback" not in result.output
