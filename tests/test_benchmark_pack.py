"""The benchmark of packing: its store, its writers and its tables, in small."""

import argparse
import asyncio
import os
import random
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import torch

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("fastmix._jpeg")

from benchmarks import data, pack
from benchmarks.packing import intervals, rows, slow_disk, store, writing
from benchmarks.rivals import Job, open_rival, prepared, worker


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = data.write_set("imagenet", 12, tmp_path_factory.mktemp("packed"))
    return Job(str(folder), batch_size=4, size=32, cores=1)


@pytest.fixture
def folder(job):
    return Path(job.folder)


@pytest.fixture(autouse=True)
def rivals_may_draw():
    """Windows are drawn from the global generator; here it is put back."""
    states = random.getstate(), torch.get_rng_state()
    yield
    random.setstate(states[0])
    torch.set_rng_state(states[1])


@pytest.mark.parametrize("name", ["packed", "packed:shuffle=blocks"])
def test_packed_batches_are_the_asked_work(job, name):
    module, options = open_rival(name)
    worker.check(job, *next(module.batches(job, **options)), module)


def test_the_benchmark_refuses_other_pixels(job, tmp_path):
    copy = data.write_set("imagenet", 12, tmp_path)
    other = job._replace(folder=str(copy))
    pack.check_same(other)
    photos = sorted(copy.glob("*/*.jpg"))
    photos[0].write_bytes(photos[1].read_bytes())
    with pytest.raises(SystemExit, match="expected the batches of the loose files"):
        pack.check_same(other)


def test_a_form_is_written_once_and_whole(job, tmp_path):
    here = job._replace(folder=str(tmp_path / "set"))
    written = []

    def write(_, path):
        written.append(path)
        path.mkdir()
        (path / "data").write_bytes(b"12345")
        if len(written) == 2:
            raise OSError("disk full")

    first = prepared.prepared(here, "form", write)
    assert prepared.prepared(here, "form", write) == first and len(written) == 1
    assert [file.read_bytes() for file in prepared.files_of(first)] == [b"12345"]
    with pytest.raises(OSError, match="disk full"):
        prepared.prepared(here, "form", write, anew=True)
    assert not first.exists()
    assert prepared.prepared(here, "form", write) == first and len(written) == 3


def test_writers_are_compared(job, folder, tmp_path):
    few = job._replace(folder=str(data.write_set("imagenet", 2, tmp_path)))
    found = writing.compare_writers({"packed": "ours", "nobody": "theirs"}, job, few, rounds=2)
    assert list(found["forms"]) == ["packed"] and "nobody" in found["unavailable"]["theirs"]
    form = found["forms"]["packed"]
    files = prepared.files_of(folder.with_name(f"{folder.name}-packed"))
    assert form["bytes"] == sum(file.stat().st_size for file in files) > 0
    assert len(form["seconds_per_1000"]["all"]) == 2 and form["cpu_seconds_per_1000"]["median"] > 0
    results = {"data": data.read_description(folder), "writing": found}
    assert [row[0] for row in rows.writing_rows(results)[1:]] == ["ours", "theirs"]


def test_the_store_answers_ranges_heads_and_lists(folder):
    photo = min(folder.glob("*/*.jpg"))
    whole = photo.read_bytes()
    with store.serving(folder.parent, 0.0) as url:
        host = os.environ["AWS_ENDPOINT_URL"]
        name = f"{host}/{url.removeprefix('s3://')}/7/{photo.relative_to(folder.parent)}"
        for wanted, expected in (("", whole), ("bytes=5-9", whole[5:10]), ("bytes=5-", whole[5:])):
            request = urllib.request.Request(name, headers={"Range": wanted} if wanted else {})
            with urllib.request.urlopen(request) as answer:
                assert answer.read() == expected and answer.status == (206 if wanted else 200)
        with urllib.request.urlopen(urllib.request.Request(name, method="HEAD")) as answer:
            assert int(answer.headers["Content-Length"]) == len(whole) and answer.read() == b""
        with urllib.request.urlopen(f"{host}/{store.BUCKET}?list-type=2&prefix=7/{folder.name}/") as answer:
            assert answer.read().decode().count("<Key>7/") == sum(path.is_file() for path in folder.rglob("*"))
        for missing in (f"{name}.no", f"{host}/{store.BUCKET}/7/../../etc/passwd"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(missing)
    assert os.environ.get("AWS_ENDPOINT_URL") != host


def test_requests_wait_side_by_side(folder):
    """The latency is a wait of each request, not of the server: 50 of them take no 50 latencies."""
    waiting = most = 0

    async def sleep(seconds):
        nonlocal waiting, most
        assert seconds == 0.02
        waiting += 1
        most = max(most, waiting)
        await asyncio.wait_for(all_wait.wait(), 60) if waiting < 50 else all_wait.set()
        waiting -= 1

    async def ask(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HEAD /benchmark/0/none HTTP/1.1\r\n\r\n")
        assert b"404" in await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def main():
        server = await asyncio.start_server(store.Store(folder.parent, 0.02, sleep).serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await asyncio.gather(*(ask(port) for _ in range(50)))
        server.close()

    all_wait = asyncio.Event()
    asyncio.run(main())
    assert most == 50


def test_intervals_are_compared_with_files_without_markers():
    found = intervals.measure(1, 2)
    table = rows.interval_rows(found)
    assert table[1] == ["never: the original file", *["1.00"] * 3, *["1.000"] * 3]
    assert [row[0] for row in table[2:]] == ["4 MCUs", "8 MCUs", "16 MCUs"]
    for at in found["qualities"].values():
        assert at["16"]["bytes"] < at["8"]["bytes"] < at["4"]["bytes"] < 1.1


def test_loaders_are_compared_in_every_condition(folder, monkeypatch, capsys):
    pytest.importorskip("s3fs")
    monkeypatch.setattr(pack, "write_set", lambda name, count: data.write_set(name, count, folder.parent))
    options = argparse.Namespace(
        count=12, batch_size=2, size=32, cores=1, rounds=2, seconds=0.01, latency=0.001, conditions=["cold", "store"]
    )
    options.loaders, options.writers = ["fastmix", "packed:shuffle=blocks", "ffcv"], ["packed"]
    found = pack.measure(options)
    assert capsys.readouterr().out
    assert set(found["loading"]["store"]["rivals"]) == {"fastmix", "packed:shuffle=blocks"}
    assert "ffcv" in found["loading"]["store"]["unavailable"]
    table = rows.loading_rows(found)
    assert table[1][0] == "fastmix" and all("1.00x" in cell for cell in table[1][1:3])
    assert "S3, 1 ms per request" in table[0]


def test_epochs_from_a_slow_disk_are_compared(folder):
    job = Job(str(folder), 2, 32, 1)
    try:
        found = slow_disk.measure(job, 100_000, 2)
    except SystemExit as refused:
        pytest.skip(str(refused))
    table = rows.slow_disk_rows(found)
    assert table[0][1] == "images/s (IQR), 100000 reads per second"
    assert table[1][0] == "fastmix" and table[1][2] == "1.00x" and len(table) == 4
    assert list(slow_disk.CONTROLLER.glob("fastmix-benchmark-*")) == []


def test_a_disk_that_cannot_be_limited_is_an_error(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(slow_disk, "CONTROLLER", tmp_path / "none")
    with pytest.raises(SystemExit, match="--slow-disk: expected root"), slow_disk.limited(folder, 100):
        pass
