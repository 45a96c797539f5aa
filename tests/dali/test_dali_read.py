"""fastmix.read: the bytes of files, and a status for every path that names none."""

import os
from pathlib import Path

import numpy as np
import pytest
from decoding import feed, run, statuses
from nvidia.dali import fn

import fastmix.dali
from fastmix.dali import Status

pytestmark = pytest.mark.skipif(not fastmix.dali.reports_status(), reason="built without nvImageCodec's header")


def read_all(paths, given=None, ranges=None, **options) -> list[list[np.ndarray]]:
    def graph():
        names = feed([[np.frombuffer(os.fsencode(path), np.uint8) for path in paths]])
        statuses = [] if given is None and ranges is None else [feed([np.int32(given or [0] * len(paths))])]
        rows = [] if ranges is None else [feed([[np.asarray(row) for row in ranges]])]
        return tuple(fn.fastmix.read(names, *statuses, *rows, **options))

    return run(graph, len(paths))


def read(paths, **options) -> tuple[list[bytes], list[Status], list[str]]:
    data, found, messages, _ = read_all(paths, **options)
    return [array.tobytes() for array in data], statuses(found), [array.tobytes().decode() for array in messages]


def test_files_are_read_whole(tmp_path):
    contents = [os.urandom(size) for size in (1, 4095, 300_000)]
    for k, content in enumerate(contents):
        (tmp_path / f"{k}").write_bytes(content)
    data, found, messages = read([tmp_path / f"{k}" for k in range(3)])
    assert data == contents and found == [Status.ok] * 3 and messages == [""] * 3


def test_paths_may_be_padded_and_of_any_bytes(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff \xe9\n"
    Path(os.fsdecode(path)).write_bytes(b"content")
    assert read([path + bytes(9)])[0] == [b"content"]


def test_everything_else_has_a_status(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(bytes(11))
    os.mkfifo(tmp_path / "pipe")
    expected = {
        "empty": Status.empty,
        "large": Status.too_large,
        "pipe": Status.not_a_file,
        ".": Status.not_a_file,
        "/dev/zero": Status.not_a_file,
        "nothing": Status.missing,
        "large/below": Status.missing,
        "a" * 5000: Status.missing,
    }
    data, found, messages = read([tmp_path / name for name in expected], max_bytes=10)
    assert dict(zip(expected, found, strict=True)) == expected
    assert not any(data)
    assert messages[list(expected).index("nothing")] == os.strerror(2)


def test_files_with_a_status_are_not_read(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    data, found, _, written = read_all([tmp_path / "file"] * 2, [Status.damaged, Status.ok])
    assert [array.tobytes() for array in data] == [b"", b"content"]
    assert statuses(found) == [Status.damaged, Status.ok]
    assert [int(time) for time in written] == [-1, (tmp_path / "file").stat().st_mtime_ns]


def row(path: Path, offset: int, size: int) -> np.ndarray:
    """The range of a file as it is now."""
    status = path.stat()
    return np.array([offset, size, status.st_size, status.st_mtime_ns, 0, 0])


def test_ranges_of_files(tmp_path):
    shard = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff \n.tar"))
    content = os.urandom(300_000)
    shard.write_bytes(content)
    places = [(0, 300_000), (7, 4096), (299_999, 1)] * 20
    data, found, messages, written = read_all([shard] * 60, ranges=[row(shard, *place) for place in places])
    assert [array.tobytes() for array in data] == [content[first : first + size] for first, size in places]
    assert statuses(found) == [Status.ok] * 60 and not any(array.size for array in messages)
    assert {int(time) for time in written} == {shard.stat().st_mtime_ns}


def test_ranges_without_bytes_have_a_status(tmp_path):
    shard, gone = tmp_path / "shard", tmp_path / "gone"
    shard.write_bytes(b"0123456789")
    os.mkfifo(tmp_path / "pipe")
    now = row(shard, 2, 5)
    cases = [
        (shard, now, Status.ok),
        (shard, row(shard, 2, 0), Status.empty),
        (shard, row(shard, 0, 9), Status.too_large),
        (shard, now + np.array([0, 0, 1, 0, 0, 0]), Status.changed),
        (shard, now - np.array([0, 0, 0, 1, 0, 0]), Status.changed),
        *((shard, row(shard, *place), Status.changed) for place in ((6, 5), (-1, 5), (5, -1), (2**63 - 1, 2**63 - 1))),
        *(
            (path, now, Status.changed)
            for path in (gone, tmp_path, tmp_path / "pipe", "/dev/zero", "s3://a/b", "x" * 5000)
        ),
    ]
    paths, ranges, expected = zip(*cases, strict=True)
    data, found, messages, _ = read_all(paths, ranges=ranges, max_bytes=8)
    assert statuses(found) == list(expected)
    assert [array.tobytes() for array in data] == [b"23456"] + [b""] * (len(cases) - 1)
    assert messages[9].tobytes().decode() == os.strerror(2)


@pytest.mark.parametrize("bad", [np.zeros(2, np.int64), np.zeros(6, np.int32), np.zeros((1, 6), np.int64)])
def test_other_ranges_are_refused(tmp_path, bad):
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(Exception, match="read: expected ranges"):
        read_all([tmp_path / "a"], ranges=[bad])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_permissions(tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "secret").chmod(0)
    assert read([tmp_path / "secret"])[1] == [Status.denied]
    assert Status.denied.scope == "moment"


def test_statuses_say_what_they_depend_on():
    moment = {status.name for status in Status if status.scope == "moment"}
    assert moment == {"denied", "transient", "changed"}
    assert {status.name for status in Status if status.scope == "window"} == {"ok", "window_damaged"}
    assert all(status.meaning and "\n" not in status.meaning for status in Status)
