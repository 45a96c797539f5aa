"""Parquet files with embedded images: row groups, the cache, labels, bad rows."""

import threading

import pytest
from data_support import make, same
from typer.testing import CliRunner

from fastmix.cli import app
from fastmix.loader.sources import parquet_images
from fastmix.loader.sources.hints import Hints
from fastmix.loader.sources.kinds import open_source

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def table(small_jpegs):
    images = [{"bytes": data, "path": f"{i}.jpg"} for i, data in enumerate(small_jpegs[:24])]
    return arrow.table({"image": images, "label": list(range(24))})


@pytest.fixture
def written(table, tmp_path):
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=5)
    return tmp_path / "a.parquet"


def test_rows_are_the_files(written, small):
    assert same(make(written, num_workers=4), make(small[:24]))
    assert open_source(written).path(7).endswith("a.parquet[1:2]")


def test_a_small_cache_reads_row_groups_again(written, small, monkeypatch):
    reads = []
    opened = parquet_images.open_parquet
    monkeypatch.setattr(parquet_images, "open_parquet", lambda name: reads.append(name) or opened(name))
    expected = list(make(small[:24]))
    assert same(make(written), expected)
    all_held = len(reads)
    reads.clear()
    monkeypatch.setattr(parquet_images, "CACHE_BYTES", 1)
    with pytest.warns(UserWarning, match="do not fit into memory"):
        loader = make(written)
    assert same(loader, expected) and len(reads) > all_held


def test_threads_that_want_one_row_group_read_it_once(written, monkeypatch):
    source = open_source(written)
    reads = []
    opened = parquet_images.open_parquet
    monkeypatch.setattr(parquet_images, "open_parquet", lambda name: reads.append(name) or opened(name))
    threads = [threading.Thread(target=source.read, args=(i % 5,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1


def test_columns(table, small_jpegs, tmp_path):
    def write(columns: dict) -> str:
        parquet.write_table(arrow.table(columns), tmp_path / "b.parquet")
        return str(tmp_path / "b.parquet")

    images = table.column("image")
    raw = write({"image": small_jpegs[:4], "label": ["b", "a", "b", "c"]})
    assert open_source(raw).labels.values.tolist() == [1, 0, 1, 2]
    assert open_source(raw, Hints(classes=["c", "b", "a"])).labels.values.tolist() == [1, 2, 1, 0]
    assert open_source(write({"image": images})).unlabelled
    with pytest.raises(ValueError, match="image_key="):
        open_source(write({"left": images, "right": images, "label": list(range(24))}))
    with pytest.raises(ValueError, match="label_key="):
        open_source(write({"image": images, "kind": list(range(24))}))
    with pytest.raises(ValueError, match="at least one row"):
        open_source(write({"image": images[:0], "label": arrow.array([], arrow.int64())}))


def test_rows_without_an_image_are_bad_samples(small_jpegs, tmp_path):
    images = [{"bytes": data, "path": None} for data in small_jpegs[:7]]
    table = arrow.table({"image": [*images, {"bytes": None, "path": None}], "label": list(range(8))})
    parquet.write_table(table, tmp_path / "c.parquet")
    loader = make(tmp_path / "c.parquet", on_error="skip", max_bad=1)
    with pytest.warns(UserWarning, match="no bytes and no path"):
        assert sum(len(images) for images, _ in loader) == 7


def test_scan(table, tmp_path):
    rows = table.column("image").to_pylist()
    rows[3] = {"bytes": b"no image", "path": "3.jpg"}
    parquet.write_table(table.set_column(0, "image", [rows]), tmp_path / "a.parquet", row_group_size=5)
    done = CliRunner().invoke(app, ["scan", str(tmp_path / "a.parquet")])
    assert done.exit_code == 1 and "24 samples, 1 of them bad" in done.output
