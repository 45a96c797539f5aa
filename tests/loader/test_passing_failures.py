"""Failures that pass are tried again, and are not remembered."""

import errno
import json
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest
import torch
from data_support import make, same

import fastmix as fm
from fastmix.loader.faults import on_error as faults_module
from fastmix.loader.faults import retries

pytestmark = pytest.mark.filterwarnings("ignore::fastmix.loader.BadSampleWarning")


def run_program(program: str, *arguments: str) -> dict:
    """A process of its own, whose last line is JSON."""
    paths = [str(Path(fm.__file__).parents[1]), str(Path(__file__).parent), str(Path(__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_files_that_are_saved_again_during_an_epoch(small):
    """A file that shrinks while it is mapped is a SIGBUS, and half a file is no verdict on it."""
    program = """
        import json, sys, threading
        from data_support import make
        files = [(path, i) for i, path in enumerate(sys.argv[1:])]
        content = {path: open(path, "rb").read() for path, _ in files}
        stop = threading.Event()
        def save_again():
            while not stop.is_set():
                for path, data in content.items():
                    with open(path, "wb", buffering=0) as file:
                        file.write(data[: len(data) // 2])
                        file.write(data[len(data) // 2 :])
        writer = threading.Thread(target=save_again)
        writer.start()
        loader = make(files, 8, on_error="skip", max_bad=1.0)
        for _ in range(30):
            list(loader)
        stop.set()
        writer.join()
        print(json.dumps({"images": sum(len(images) for images, _ in loader), "bad": loader.bad_samples}))
    """
    assert run_program(program, *(path for path, _ in small[:32])) == {"images": 32, "bad": []}


def test_no_descriptors_left(small):
    program = """
        import json, os, resource, sys
        from data_support import make
        files = [(path, i) for i, path in enumerate(sys.argv[1:])]
        loader = make(files, 8, on_error="skip", max_bad=1.0)
        list(loader)
        import fastmix.loader.faults.retries as retries
        retries.RETRY_SECONDS = (0.01,)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, limits[1]))
        without = sum(len(images) for images, _ in loader)
        reasons = sorted({bad.reason for bad in loader.bad_samples})
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        again = sum(len(images) for images, _ in loader)
        print(json.dumps({"without": without, "reasons": reasons, "again": again, "bad": loader.bad_samples}))
    """
    found = run_program(program, *(path for path, _ in small[:16]))
    assert (found["without"], found["again"], found["bad"]) == (0, 16, [])
    assert len(found["reasons"]) == 1 and os.strerror(errno.EMFILE) in found["reasons"][0]


def test_permissions(small):
    program = """
        import json, os, sys
        import numpy.ma  # what is imported later cannot be read by then
        from pathlib import Path
        from data_support import make
        files = [(path, i) for i, path in enumerate(sys.argv[2:])]
        secret = Path(files[3][0])
        content = secret.read_bytes()
        secret.write_bytes(b"text")
        list(make(files, 8, on_error="skip"))
        secret.write_bytes(content)
        if os.geteuid() == 0:  # may read everything
            for path, _ in files:
                os.chown(path, 65534, 65534)
            os.setgid(65534)
            os.setuid(65534)
        secret.chmod(0)
        loader = make(files, 8, on_error="skip", max_bad=1.0, quarantine=sys.argv[1])
        without, bad = sum(len(images) for images, _ in loader), loader.bad_samples
        secret.chmod(0o644)
        again = sum(len(images) for images, _ in loader)
        print(json.dumps({"without": without, "bad": bad, "again": again, "file": os.path.exists(sys.argv[1])}))
    """
    # Nobody but root may look into pytest's folders.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        copies = []
        for path, _ in small[:8]:
            copies.append(Path(folder, Path(path).name))
            copies[-1].write_bytes(Path(path).read_bytes())
        found = run_program(program, str(Path(folder, "quarantine")), *map(str, copies))
    assert (found["without"], found["again"], found["file"]) == (7, 8, False)
    ((path, reason),) = found["bad"]
    assert path == str(copies[3]) and "may not be read" in reason


class Store(torch.utils.data.Dataset):
    """Fails while it is down, a number of times for each sample."""

    def __init__(self, data: list[bytes]) -> None:
        self.data = data
        self.failures = 0
        self._left: dict[int, int] = {}
        self._lock = threading.Lock()

    def go_down(self, failures: int) -> None:
        self.failures = failures
        self._left = {}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, i: int) -> tuple[bytes, int]:
        with self._lock:
            left = self._left.setdefault(i, self.failures if i % 2 else 0)
            self._left[i] = max(left - 1, 0)
        if left:
            raise ConnectionError("the store is down")
        return self.data[i], i


@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_outages_of_a_data_set(small_jpegs, on_error, monkeypatch):
    monkeypatch.setattr(retries, "RETRY_SECONDS", (0.001, 0.001))
    store = Store(small_jpegs[:16])
    options = {"on_error": on_error, "max_bad": 1.0, "mix": fm.Mixup(0.4), "num_classes": 16}
    loader = make(store, 4, **options)
    expected = [list(loader) for _ in range(3)]
    store.go_down(2)
    loader.set_epoch(0)
    assert same(loader, expected[0]) and loader.bad_samples == []
    if on_error == "skip":
        store.go_down(10**6)
        assert sum(len(images) for images, _ in loader) == 8
        assert {bad.reason for bad in loader.bad_samples} == {"ConnectionError: the store is down"}
        loader.set_epoch(1)
    store.go_down(0)
    assert same(loader, expected[1]) and same(loader, expected[2]) and loader.bad_samples == []


def test_a_file_that_changes_between_reading_and_judging(small, monkeypatch):
    files = small[:4]
    path = Path(files[1][0])
    content = path.read_bytes()
    path.write_bytes(content[:200])
    expected = None
    look = faults_module.file_status

    def repaired_before(name):
        if name == str(path) and path.stat().st_size == 200:
            path.write_bytes(content)
        return look(name)

    monkeypatch.setattr(faults_module, "file_status", repaired_before)
    loader = make(files, 4, on_error="skip", shuffle=False)
    images, _ = next(iter(loader))
    assert len(images) == 4 and loader.bad_samples == []
    expected = make(files, 4, shuffle=False)
    assert same([(images, torch.arange(4))], expected)


def test_a_full_disk_leaves_a_quarantine_file_that_can_be_read(small, tmp_path):
    file = tmp_path / "quarantine"
    files = []
    for path, i in small[:12]:
        files.append((tmp_path / Path(path).name, i))
        files[-1][0].write_bytes(Path(path).read_bytes() if i >= 6 else b"text")
    options = {"on_error": "skip", "max_bad": 1.0, "quarantine": file}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.warns(RuntimeWarning, match="quarantine: expected to add bad samples"):
            assert sum(len(images) for images, _ in make(files, 4, **options)) == 6
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.stat().st_size == 500 and not file.read_bytes().endswith(b"\n")
    for _ in range(2):
        loader = make(files, 4, **options)
        assert sum(len(images) for images, _ in loader) == 6 and len(loader.bad_samples) == 6
    assert len(file.read_bytes().splitlines()) == 7


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "[" * 100_000,
        '{"version": 1}',
        '{"version": 1, "path": 3, "reason": "r", "size": 1, "written": 1}',
        '{"version": 1, "path": "p", "reason": "r", "size": "1", "written": 1}',
        '{"version": 2, "path": "p", "reason": "r", "size": 1, "written": 1}',
        "\0\0\0",
    ],
)
def test_a_tampered_quarantine_file(small, tmp_path, line):
    file = tmp_path / "quarantine"
    file.write_text(line + "\n")
    with pytest.raises(ValueError, match="quarantine: expected a file of version 1"):
        iter(make(small[:4], 4, on_error="skip", quarantine=file))


def test_an_outage_is_no_answer_whatever_the_objects_are_called(tmp_path):
    """DALI's message about a store that is down has the object's name and the store's port in it."""
    program = """
        import json, os, socket, sys
        import fastmix as fm
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{unheard.getsockname()[1]}"
            os.environ |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
            os.environ |= {"AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
            names = ["404.jpg", "a/40312.jpg", "x 403 y.jpg", "NoSuchKey.jpg", "AccessDenied/1.jpg"]
            files = [(f"s3://bucket/{name}", i) for i, name in enumerate(names)]
            loader = fm.DataLoader(files, 5, 32, device="cpu", on_error="skip", max_bad=1.0, quarantine=sys.argv[1])
            images = sum(len(images) for images, _ in loader)
        reasons = [bad.reason for bad in loader.bad_samples]
        print(json.dumps({"images": images, "reasons": reasons, "file": os.path.exists(sys.argv[1])}))
    """
    found = run_program(program, str(tmp_path / "quarantine"))
    assert (found["images"], found["file"], len(found["reasons"])) == (0, False, 5)
    assert all(reason.startswith("could not be read now") for reason in found["reasons"]), found
