"""Batches of packed data are those of the data, bit for bit; damaged packs are named."""

import json

import images
import pytest
from data_support import make, same

import fastmix as fm
from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.shard_index import INDEX_SUFFIX

pytest.importorskip("fastmix._jpeg", reason="built without libjpeg-turbo")


@pytest.fixture(scope="module")
def packed(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    return fm.pack(photos, folder, shards="500KB", jobs=2).parts["shard"]


@pytest.mark.parametrize("size", [32, 160])
def test_training(photos, packed, size):
    options = {"mix": fm.Mixup(0.4), "seed": 5, "size": size}
    before, after = make(photos, **options), make(packed, **options)
    assert after.classes == before.classes and after.num_classes == before.num_classes
    for epoch in (0, 3):
        before.set_epoch(epoch)
        after.set_epoch(epoch)
        assert same(before, after)


def test_evaluation(photos, packed):
    assert same(make(photos, train=False, size=160), make(packed, train=False, size=160))


def test_every_kind_of_image(tmp_path):
    for name, data in images.readable().items():
        if name.endswith(".pbm"):  # a folder's listing leaves it out
            continue
        (tmp_path / "data" / name[0]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name[0] / name).write_bytes(data)
    packed = fm.pack(tmp_path / "data", tmp_path / "out", jobs=2).parts["shard"]
    assert same(make(tmp_path / "data", batch_size=16), make(packed, batch_size=16))


def test_classes_beside_shards(photos, tmp_path):
    out = tmp_path / "out"
    packed = fm.pack(photos, out, shards="1MB", jobs=2).parts["shard"]
    names = make(photos).classes
    assert make(packed, classes=["x", "y", "z"]).classes == ("x", "y", "z")
    for text, count in (("3", 3), ("7", 7)):
        (out / "classes.json").write_text(text)
        assert make(packed).num_classes == count
    for text in ('["a", "a", "b"]', "{}", "0", "[1, 2]", "", "[" * 100_000, "9" * 5000):
        (out / "classes.json").write_text(text)
        with pytest.raises(ValueError, match=r"list of different names, or their number, in .*; pass classes="):
            make(packed)
    (out / "classes.json").write_text('["a", "b"]')
    with pytest.raises(ValueError, match=r"expected classes= to have at least 3 names"):
        make(packed)
    other = tmp_path / "other"
    fm.pack(sorted(photos.glob("*/*.jpg"))[:2], other, jobs=1)
    with pytest.raises(ValueError, match=r"expected the same classes in .*; pass classes="):
        make([str(out / "shard-000000.tar"), str(other / "shard-000000.tar")])
    (out / "classes.json").unlink()
    assert make(packed).classes == ("0", "1", "2") != names


def test_a_shard_that_was_cut_off_is_named(photos, tmp_path):
    packed = fm.pack(photos, tmp_path, shards="1MB", jobs=2).parts["shard"]
    shard = tmp_path / "shard-000001.tar"
    data = shard.read_bytes()
    for size in (len(data) - 1024, len(data) // 2, len(data) // 1024 * 512):
        shard.write_bytes(data[:size])
        with pytest.raises(ValueError, match=r"shard-000001.tar"):
            make(packed)


@pytest.fixture
def in_store(photos, tmp_path, monkeypatch):
    """A pack at a URL; returns its pattern and fsspec's file system."""
    system = pytest.importorskip("fsspec").filesystem("memory")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fm.pack(photos, tmp_path / "out", shards="1MB", jobs=2)
    for path in (tmp_path / "out").iterdir():
        system.pipe_file(f"/packs/{path.name}", path.read_bytes())
    yield "memory://packs/shard-*.tar", system
    system.rm("/packs", recursive=True)


def test_a_store_is_asked_for_indices_and_not_for_labels(photos, packed, in_store, monkeypatch):
    pattern, system = in_store
    requests = []
    real = type(system).cat_file

    def cat_file(self, path, start=None, end=None, **options):
        requests.append((path.rsplit("/")[-1], start))
        return real(self, path, start, end, **options)

    with monkeypatch.context() as patch:
        patch.setattr(type(system), "cat_file", cat_file)
        patch.setattr("fastmix.loader.sources.shard_index._scan", None)
        source = open_source(pattern)
        assert source.labels.values.tolist() == open_source(photos).labels.values.tolist()
    shards = len(source.shards)
    # Of each shard its index and the header of its last sample; and the classes.
    assert len(requests) == 2 * shards + 1 > 3
    assert same(make(pattern), make(packed))
    with monkeypatch.context() as patch:
        patch.setattr(type(system), "cat_file", None)
        patch.setattr("fastmix.loader.sources.shards.read_classes", lambda _: None)
        assert len(open_source(pattern)) == 21  # by the indices in the cache


@pytest.mark.parametrize("damage", ["other samples", "other size", "other version", "no JSON", "none"])
def test_an_index_in_a_store_that_does_not_fit_is_not_used(photos, in_store, damage):
    pattern, system = in_store
    place = f"/packs/shard-000000.tar{INDEX_SUFFIX}"
    record = json.loads(system.cat_file(place))
    if damage == "other samples":
        record["samples"][-1][1]["jpg"][0] -= 512
        record["samples"][-1][1]["cls"][0] -= 512
    elif damage == "none":
        system.rm_file(place)
    else:
        record |= {"other size": {"size": 5}, "other version": {"version": 2}, "no JSON": {}}[damage]
    if damage != "none":
        system.pipe_file(place, b"{" if damage == "no JSON" else json.dumps(record).encode())
    assert same(make(pattern), make(photos))


def test_an_index_of_a_shard_with_other_labels_is_not_used(photos, tmp_path, in_store):
    """The shards have the same sizes, keys and images."""
    pattern, system = in_store
    before = open_source(photos)
    samples = [(before.path(i), (int(label) + 1) % 3) for i, label in enumerate(before.labels.values)]
    fm.pack(samples, tmp_path / "other", shards="1MB", jobs=2)
    for path in (tmp_path / "other").glob("*.tar"):
        assert system.size(f"/packs/{path.name}") == path.stat().st_size
        system.pipe_file(f"/packs/{path.name}", path.read_bytes())
    assert open_source(pattern).labels.values.tolist() == [label for _, label in samples]
