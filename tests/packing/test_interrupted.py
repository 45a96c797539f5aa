"""Packs that are killed, interrupted or out of space go on to the same bytes, and leave nothing half-written."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import packs
import pytest

import fastmix as fm

HERE = Path(__file__).parent
SMALL = "300KB"


# FASTMIX_PACK_KILLS=50 takes some minutes.
def test_killed_packs_are_continued_to_the_same_bytes(photos, tmp_path):
    kills = int(os.environ.get("FASTMIX_PACK_KILLS", "6"))
    command = [sys.executable, HERE / "kill_packs.py", "1", str(kills), photos, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + 60 * kills)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1


@pytest.fixture
def whole(photos, tmp_path) -> dict[str, str]:
    fm.pack(photos, tmp_path / "whole", shards=SMALL, jobs=1)
    return packs.digests(tmp_path / "whole")


def test_an_interrupt_leaves_finished_shards_and_no_thread(photos, tmp_path, whole):
    out = tmp_path / "out"

    def interrupt(done: int, _: int) -> None:
        if done == 8:
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        fm.pack(photos, out, shards=SMALL, jobs=2, progress=interrupt)
    assert threading.active_count() == before
    assert not list(out.glob("*.part")) and 0 < len(list(out.glob("*.tar"))) == len(packs.record(out)["shards"])
    assert not packs.record(out)["complete"]
    finished = {path: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    fm.pack(photos, out, shards=SMALL, jobs=3)
    assert packs.digests(out) == whole
    assert {path: path.stat().st_mtime_ns for path in finished} == finished


def test_leftovers_of_a_killed_pack_are_removed(photos, tmp_path, whole):
    out = tmp_path / "out"
    shutil.copytree(tmp_path / "whole", out)
    text = (out / "pack.json").read_text()
    shards = packs.record(out)["shards"]
    # As if the last shard had got its name, and pack.json had not been written since.
    last = text.index('  {\n   "name": "' + shards[-1]["name"])
    (out / "pack.json").write_text(
        text[:last].rstrip().rstrip(",").replace('"complete": true', '"complete": false') + "]}"
    )
    for name in ("shard-000009.tar.part", "pack.json.part", "shard-000001.tar.fastmix-index.json.part"):
        (out / name).write_bytes(b"half")
    fm.pack(photos, out, shards=SMALL, jobs=1)
    assert packs.digests(out) == whole


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_one_error_and_packing_goes_on(photos, tiny_disk, whole):
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(bytes(1_300_000))
    out = tiny_disk / "out"
    with pytest.raises(OSError, match=r"pack: expected space for the next shard in .*; free some and pack again"):
        fm.pack(photos, out, shards=SMALL, jobs=2)
    assert not list(out.glob("*.part"))
    assert 0 < len(list(out.glob("*.tar"))) <= len(whole)
    ballast.unlink()
    fm.pack(photos, out, shards=SMALL, jobs=2)
    assert packs.digests(out) == whole


@pytest.mark.parametrize("call", ["fsync", "write", "rename"])
def test_a_disk_that_is_full_at_any_call(photos, tmp_path, monkeypatch, whole, call):
    """Some file systems say so at fsync only."""
    import errno

    out, real, left = tmp_path / "out", getattr(os, call), [9 if call == "write" else 5]

    def fail(*arguments):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OSError, match="expected space for the next shard"):
            fm.pack(photos, out, shards=SMALL, jobs=1)
    assert not list(out.glob("*.part"))
    fm.pack(photos, out, shards=SMALL, jobs=1)
    assert packs.digests(out) == whole
