"""Manifests, shards and Datasets: the same images through each of them are the same batches."""

import errno
import io
import json
import os
import sys
import tarfile
import tempfile

import numpy as np
import pytest
import torch
from data_support import make, same, write_shards
from PIL import Image

import fastmix as fm
from fastmix.loader import DataError
from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.label_table import label_table
from fastmix.loader.sources.shard_index import INDEX_SUFFIX
from fastmix.loader.sources.shards import tar_shards

COUNT = 24
OPTIONS = {"mix": fm.Mixup(0.4, per="pair"), "num_classes": COUNT, "batch_size": 8}


@pytest.fixture(scope="module")
def files(small) -> list[tuple[str, int]]:
    return small[:COUNT]


@pytest.fixture(scope="module")
def expected(files) -> list:
    return list(make(files, **OPTIONS))


class Encoded(torch.utils.data.Dataset):
    """Bytes from memory; some of them bad if asked for."""

    def __init__(self, data: list[bytes], bad: tuple[int, ...] = ()) -> None:
        self.data = data
        self.bad = bad

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, i: int) -> tuple[bytes, int]:
        if i in self.bad:
            raise OSError("the disk is on fire")
        return self.data[i], i


class Decoded(Encoded):
    """Pixels, in three ways."""

    targets = tuple(range(COUNT))

    def __init__(self, data: list[bytes], form) -> None:
        super().__init__(data)
        self.form = form

    def __getitem__(self, i: int):
        return self.form(Image.open(io.BytesIO(self.data[i]))), i


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_manifests(files, expected, tmp_path, suffix):
    path = tmp_path / f"train.{suffix}"
    relative = [(os.path.relpath(name, tmp_path), label) for name, label in files]
    if suffix == "parquet":
        arrow = pytest.importorskip("pyarrow")
        import pyarrow.parquet

        columns = {"label": [label for _, label in relative], "path": [name for name, _ in relative]}
        pyarrow.parquet.write_table(arrow.table(columns), path)
    else:
        comma = "," if suffix == "csv" else "\t"
        rows = [f'{label}{comma}"{name}"' for name, label in relative]
        path.write_text("\n".join([f"label{comma}path", *rows]) + "\n")
    assert same(make(path, **OPTIONS), expected)


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match="pip install pyarrow"):
        open_source(tmp_path / "x.parquet")


def test_manifest_of_names_sets_and_vectors(tmp_path):
    (tmp_path / "a.jpg").touch()
    path = tmp_path / "m.csv"
    path.write_text("file,class\na.jpg,dog\nb.jpg,cat\nc.jpg,dog\n")
    source = open_source(path)
    assert source.classes == ("cat", "dog") and source.labels.values.tolist() == [1, 0, 1]
    assert source.path(0) == str(tmp_path / "a.jpg")
    path.write_text("file,class\na.jpg,0;2\nb.jpg,1\n")
    assert open_source(path).labels.values.tolist() == [[1, 0, 1], [0, 1, 0]]
    path.write_text("file,class\na.jpg,0.5 0.25\nb.jpg,1 0\n")
    assert open_source(path).labels.values.tolist() == [[0.5, 0.25], [1, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header"),
        ("path,label\n", "at least one row"),
        ("path,label\na.jpg\n", "columns in row 2"),
        ("path,label\na.jpg,1.5\nb.jpg,dog\n", "one kind"),
        ("path,label\na.jpg,dog\nb.jpg,\n", "a label in every row"),
    ],
)
def test_manifests_that_are_none(tmp_path, text, message):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        open_source(tmp_path / "m.csv")


def test_kinds_of_labels():
    assert label_table([3, 0]).classes == 4 and not label_table([3, 0]).dense
    many = label_table([{0, 2}, set(), {1}])
    assert many.values.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert many.widened(4).values.shape == (3, 4)
    assert label_table([[0.5, 0.5], np.array([1.0, 0.0])]).values.dtype == np.float32
    for bad in ([1, "a"], [[1.0], [1.0, 2.0]], [{0}, 1], [{-1}], [[float("nan")]], ["dog"]):
        with pytest.raises(ValueError, match="expected"):
            label_table(bad)


@pytest.mark.parametrize("targets", ["dense", "pair", "index"])
def test_multi_label_and_vectors(files, targets):
    rng = np.random.default_rng(0)
    vectors = rng.random((COUNT, 3), dtype=np.float32)
    loader = make([(path, vectors[i]) for path, i in files], 8, mix=fm.CutMix(1.0), targets=targets, return_plan=True)
    plain = make([(path, vectors[i]) for path, i in files], 8)
    for (_, got, plan), (_, own) in zip(loader, plain, strict=True):
        assert own.shape == (8, 3)
        if targets == "dense":
            assert got.equal(fm.mix_labels(own, plan))
        else:
            assert got.labels.equal(own) and got.weight.equal(plan.label_weight)
            partner = own[plan.partner.long()]
            assert (got.partner_labels if targets == "pair" else own[got.partner]).equal(partner)
    sets = make([(path, {i % 3, (i + 1) % 5}) for path, i in files], 8, train=False)
    assert next(iter(sets))[1][4].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]


def test_shards(files, expected, tmp_path):
    pattern = write_shards(tmp_path, files)
    loader = make(pattern, **OPTIONS)
    assert same(loader, expected)
    assert loader.stats()["bytes"] > 0
    assert len(list(tmp_path.glob(f"*{INDEX_SUFFIX}"))) == 3
    assert same(make(str(tmp_path / "*.tar"), num_workers=3, **OPTIONS), expected)
    assert "train-0001.tar!some/where/00008" in loader.source.path(8)


def test_an_index_is_built_once_and_anew_when_its_shard_changes(files, tmp_path, monkeypatch):
    write_shards(tmp_path, files)
    tar_shards(str(tmp_path / "*.tar"))
    with monkeypatch.context() as patch:
        patch.setattr("fastmix.loader.sources.shard_index._scan", None)
        assert len(tar_shards(str(tmp_path / "*.tar"))) == COUNT
    write_shards(tmp_path, files[:12])
    assert len(tar_shards(str(tmp_path / "*.tar"))) == 12
    index = next(tmp_path.glob(f"*{INDEX_SUFFIX}"))
    index.write_text("half an ind")
    assert len(tar_shards(str(tmp_path / "*.tar"))) == 12


@pytest.mark.parametrize("place", [None, "1", [0], [0, "1"], [-1, 5], [0, 2**40], [2**70, 1], [0, True]])
def test_a_tampered_index_is_built_anew(files, tmp_path, place):
    path = write_shards(tmp_path, files)
    expected = tar_shards(path).read(1)[0]
    index = next(tmp_path.glob(f"*{INDEX_SUFFIX}"))
    record = json.loads(index.read_text())
    for samples in ([["key", {"jpg": place}]], [["key"]], [[3, {}]], {"jpg": 1}, None):
        index.write_text(json.dumps({**record, "samples": samples}))
        assert np.array_equal(tar_shards(path).read(1)[0], expected)


def test_an_index_that_does_not_fit_on_the_disk_goes_into_the_cache(files, tmp_path, monkeypatch):
    path, dump, full = write_shards(tmp_path, files), json.dump, [True]

    def write(record, file, **options):
        if full and full.pop():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        dump(record, file, **options)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(json, "dump", write)
    assert len(tar_shards(path)) == COUNT
    beside, cached = (len(list(tmp_path.glob(f"{folder}*{INDEX_SUFFIX}"))) for folder in ("", "cache/fastmix/"))
    assert (beside, cached) == (2, 1)


def test_indices_go_to_the_cache_where_shards_are_read_only(files, tmp_path, monkeypatch):
    pattern = write_shards(tmp_path, files)
    cache = tmp_path / "cache"
    make_file = tempfile.mkstemp

    def read_only(*, dir: str, **options):
        if dir == str(tmp_path):
            raise PermissionError(dir)
        return make_file(dir=dir, **options)

    monkeypatch.setattr(tempfile, "mkstemp", read_only)
    assert len(tar_shards(pattern, cache=cache)) == COUNT
    assert len(list(cache.iterdir())) == 3 and not list(tmp_path.glob(f"*{INDEX_SUFFIX}"))


def test_shards_that_are_none(files, tmp_path):
    with pytest.raises(FileNotFoundError, match="found none"):
        open_source(str(tmp_path / "*.tar"))
    (tmp_path / "a.tar").write_text("no tar")
    with pytest.raises(ValueError, match="tar file without compression"):
        open_source(tmp_path / "a.tar")
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.add(files[0][0], "x.jpg")
    (tmp_path / "c.tar").write_bytes(
        (tmp_path / "b.tar").read_bytes()[: os.path.getsize(files[0][0]) // 512 * 512 + 1024]
    )
    with pytest.raises(ValueError, match="end of data"):
        open_source(tmp_path / "c.tar")


def test_datasets_of_encoded_images(small_jpegs, expected):
    for workers in (1, 4):
        loader = make(Encoded(small_jpegs[:COUNT]), num_workers=workers, depth=3, **OPTIONS)
        assert same(loader, expected)
    assert isinstance(loader.data, Encoded)


@pytest.mark.parametrize("form", [np.asarray, lambda image: torch.from_numpy(np.array(image)), lambda image: image])
@pytest.mark.parametrize("train", [True, False])
def test_datasets_of_pixels(small_jpegs, files, form, train):
    # A window of decoded pixels, and a decoded window of pixels: chroma at its edges may differ.
    got = make(Decoded(small_jpegs[:COUNT], form), train=train, shuffle=False, **OPTIONS)
    for (x, y), (u, v) in zip(got, make(files, train=train, shuffle=False, **OPTIONS), strict=True):
        assert y.equal(v) and (x - u).abs().mean() < 0.05


@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_datasets_with_bad_samples(small_jpegs, on_error):
    data = small_jpegs[:COUNT]
    data = [*data[:20], b"garbage", b"", data[22][:300], data[23]]
    loader = make(Encoded(data, bad=(3, 11)), on_error=on_error, max_bad=5, **OPTIONS)
    with pytest.warns(UserWarning, match="5 samples"):
        first = list(loader)
    reasons = {bad.path: bad.reason for bad in loader.bad_samples}
    assert set(reasons) == {f"Encoded[{i}]" for i in (3, 11, 20, 21, 22)}
    assert reasons["Encoded[3]"] == "OSError: the disk is on fire"
    assert sum(len(images) for images, _ in first) == COUNT - (5 if on_error == "skip" else 0)
    with pytest.raises(DataError, match=r"is on fire|not an image|empty"):
        list(make(Encoded(data, bad=(3, 11)), **OPTIONS))


def test_what_is_no_data_set(small_jpegs):
    class Floats(Encoded):
        def __getitem__(self, i):
            return torch.zeros(3, 8, 8), i

    with pytest.raises(TypeError, match="leave ToTensor"):
        make(Floats(small_jpegs[:4]), 4)
    with pytest.raises(TypeError, match="got OSError"):
        make(Encoded(small_jpegs[:2], bad=(0, 1)), 2)
    with pytest.raises(ValueError, match="expected num_classes"):
        make(Encoded(small_jpegs[:4]), 4, mix=fm.Mixup(0.2))
    with pytest.raises(ValueError, match="at least one sample"):
        make(Encoded([]), 4)


def test_states_of_another_data_set_are_refused(files):
    loader = make(files, 8)
    state = json.loads(json.dumps(loader.state_dict()))
    for other in (files[::-1], [(path, 0) for path, _ in files]):
        with pytest.raises(ValueError, match="the data set"):
            make(other, 8, num_classes=COUNT).load_state_dict(state)
