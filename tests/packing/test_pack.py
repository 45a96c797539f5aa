"""fastmix.pack: what stands in the shards, who reads them, and that the loader's batches stay the same."""

import io
import json
import threading

import images as pictures
import numpy as np
import packs
import pytest
import torch
from PIL import Image

import fastmix as fm
from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.shard_index import INDEX_SUFFIX
from fastmix.packing.part_packer import extension_of

SMALL = "500KB"


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_shards_hold_the_samples_in_order(photos, tmp_path):
    seen = []
    packed = fm.pack(
        photos, tmp_path / "out", shards=SMALL, jobs=2, check=True, progress=lambda *counts: seen.append(counts)
    )
    source = open_source(photos)
    assert packed.samples == 14 and packed.shards > 2 and packed.bad_samples == ()
    assert packed.parts == {"shard": str(tmp_path / "out" / "shard-*.tar")}
    assert seen[-1] == (14, 14)
    assert all(path.stat().st_size <= 500_000 for path in (tmp_path / "out").glob("*.tar"))
    names = list(packs.members(tmp_path / "out"))
    assert names[:2] == ["00000000_photo_000000.jpg", "00000000_photo_000000.cls"]
    originals = [open(source.path(i), "rb").read() for i in range(14)]
    for ours, theirs in zip(packs.images(tmp_path / "out"), originals, strict=True):
        assert np.array_equal(pixels(ours), pixels(theirs))
        assert len(ours) < len(theirs) and b"\xff\xd5" in ours
    assert packed.source_bytes == sum(map(len, originals))
    assert packed.bytes == sum(path.stat().st_size for path in (tmp_path / "out").glob("*.tar"))
    assert packs.labels(tmp_path / "out") == list(map(str, source.labels.values))
    assert json.loads((tmp_path / "out" / "classes.json").read_text()) == list(source.classes)
    assert packs.record(tmp_path / "out")["complete"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fastmix-pack")]


def test_the_index_is_the_one_that_the_loader_makes(photos, tmp_path):
    fm.pack(photos, tmp_path, shards=SMALL, jobs=1)
    index = tmp_path / f"shard-000000.tar{INDEX_SUFFIX}"
    written = json.loads(index.read_text())
    index.unlink()
    open_source(tmp_path / "shard-*.tar")
    assert json.loads(index.read_text()) == written


def test_images_of_every_kind_keep_their_pixels(odd, tmp_path):
    packed = fm.pack(odd, tmp_path, shards="30KB", jobs=2, check=True)
    source = open_source(odd)
    assert packed.samples == len(source) > 50 and packed.shards > 10
    kept = 0
    for i, (name, ours) in enumerate(packs.members(tmp_path).items()):
        if i % 2:  # labels
            continue
        path = source.path(i // 2)
        theirs = open(path, "rb").read()
        assert np.array_equal(pixels(ours), pixels(theirs)), path
        assert name.rpartition(".")[2] == extension_of(theirs)
        kept += ours == theirs
    assert kept == sum(not path.endswith(".jpg") for path in map(source.path, range(len(source))))


def test_a_jpeg_that_libjpeg_warns_of_keeps_its_bytes(tmp_path):
    good = pictures.jpegs()["420.jpg"]
    late = good[:-2] + bytes(40) + good[-2:]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "late.jpg").write_bytes(late)
    fm.pack([tmp_path / "a" / "late.jpg"], tmp_path / "out", jobs=1, check=True)
    assert packs.images(tmp_path / "out") == [late]
    assert not (tmp_path / "out" / "classes.json").exists() and packs.labels(tmp_path / "out") == []


def test_interval_0_keeps_all_bytes(photos, tmp_path):
    fm.pack(photos, tmp_path, restart_interval=0, jobs=1, check=True)
    source = open_source(photos)
    assert packs.images(tmp_path) == [open(source.path(i), "rb").read() for i in range(14)]


def test_shuffle_and_split(photos, tmp_path):
    def names(folder, part="shard"):
        return [name.partition("_")[2] for name in packs.members(folder, part) if name.endswith(".jpg")]

    fm.pack(photos, tmp_path / "plain", jobs=1)
    fm.pack(photos, tmp_path / "mixed", shuffle=1, jobs=1)
    split = {"train": 0.7, "val": 0.3}
    packed = fm.pack(photos, tmp_path / "split", split=split, jobs=1, check=True)
    fm.pack(photos, tmp_path / "both", split=split, shuffle=1, jobs=1, check=True)
    plain = names(tmp_path / "plain")
    assert names(tmp_path / "mixed") != plain and sorted(names(tmp_path / "mixed")) == sorted(plain)
    parts = [names(tmp_path / "split", part) for part in split]
    assert list(map(len, parts)) == [10, 4] and sorted([*parts[0], *parts[1]]) == sorted(plain)
    assert all(part == [name for name in plain if name in part] for part in parts)
    assert list(packed.parts) == ["train", "val"]
    other = [names(tmp_path / "both", part) for part in split]
    assert sorted(other[0]) != sorted(parts[0]) and other[1] != sorted(other[1])
    assert len(open_source(packed.parts["val"]).classes) == 2


@pytest.mark.parametrize("kind", ["rows", "one column", "sets", "none"])
def test_labels_of_every_kind_are_read_back(photos, tmp_path, kind):
    paths = sorted(photos.glob("*/*.jpg"))[:5]
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((5, 3)).astype(np.float32) * np.float32([1e-30, 1, 1e30])
    labels = {
        "rows": list(rows),
        "one column": [row[:1] for row in rows],
        "sets": [{0}, {2, 1}, set(), {1}, {3}],
    }
    data = paths if kind == "none" else list(zip(paths, labels[kind], strict=True))
    packed = fm.pack(data, tmp_path, jobs=1, check=True)
    before, after = open_source(data), open_source(packed.parts["shard"])
    assert after.unlabelled == before.unlabelled == (kind == "none")
    if kind != "none":
        assert np.array_equal(after.labels.values, before.labels.values) and after.classes == before.classes


class Squares(torch.utils.data.Dataset):
    """Pixels, with ids that nobody knows before they are read."""

    def __len__(self) -> int:
        return 9

    def __getitem__(self, i: int):
        return np.full((20 + i, 30, 3), i, np.uint8), i % 4


def test_pixels_become_pngs(tmp_path):
    packed = fm.pack(Squares(), tmp_path, jobs=1, check=True)
    names = [name for name in packs.members(tmp_path) if not name.endswith(".cls")]
    assert names[3] == "00000003_Squares_3_.png" and (tmp_path / "classes.json").read_text() == "4\n"
    assert [pixels(data).shape[0] for data in packs.images(tmp_path)] == [20 + i for i in range(9)]
    source = open_source(packed.parts["shard"])
    assert source.labels.values.tolist() == [i % 4 for i in range(9)] and source.classes == ("0", "1", "2", "3")


def test_shrinking(photos, tmp_path):
    fm.pack(photos, tmp_path / "small", max_side=100, jobs=2, check=True)
    assert {max(pixels(data).shape) for data in packs.images(tmp_path / "small")} == {100}
    plain, poor = (fm.pack(photos, tmp_path / str(q), quality=q, jobs=2) for q in (95, 30))
    assert poor.bytes < plain.bytes / 2
    assert {pixels(data).shape for data in packs.images(tmp_path / "30")} <= {(375, 500, 3), (500, 375, 3)}
    turned = tmp_path / "turned.jpg"
    turned.write_bytes(pictures.jpegs()["exif6.jpg"])
    fm.pack([turned], tmp_path / "turned", max_side=60, jobs=1)
    assert [pixels(data).shape for data in packs.images(tmp_path / "turned")] == [(45, 60, 3)]
    fits = tmp_path / "fits"
    fm.pack([turned], fits, max_side=200, jobs=1, check=True)
    assert np.array_equal(pixels(packs.images(fits)[0]), pixels(turned.read_bytes()))


def test_dali_reads_the_shards(photos, tmp_path):
    import nvidia.dali.fn as fn
    from nvidia.dali import pipeline_def

    fm.pack(photos, tmp_path, shards=SMALL, jobs=1)
    paths = sorted(map(str, tmp_path.glob("*.tar")))

    @pipeline_def(batch_size=14, num_threads=1, device_id=None)
    def read():
        data, label = fn.readers.webdataset(paths=paths, ext=["jpg", "cls"], missing_component_behavior="error")
        return fn.decoders.image(data), label

    pipeline = read()
    pipeline.build()
    decoded, label = pipeline.run()
    expected = [pixels(data) for data in packs.images(tmp_path)]
    assert all(np.array_equal(decoded.at(i), expected[i]) for i in range(14))
    assert [bytes(label.at(i)).decode() for i in range(14)] == packs.labels(tmp_path)
