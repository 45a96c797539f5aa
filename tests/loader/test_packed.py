"""Batches of packed data are those of the data, bit for bit; damaged packs are named."""

import images
import pytest
from data_support import make, same

import fastmix as fm

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
