"""Bad samples, folders, options and altered packs: one clear error each, and nothing lost."""

import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import packs
import pytest

import fastmix as fm
from fastmix.loader.sources.kinds import open_source

SMALL = "500KB"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"shards": "1 parsec"}, ValueError, r"expected shards as bytes, or as a text such as '1GB'"),
        ({"shards": 0}, ValueError, r"expected shards >= 1"),
        ({"shards": 1.5}, TypeError, r"expected shards to be an int"),
        ({"shuffle": True}, TypeError, r"expected shuffle to be a seed"),
        ({"shuffle": -1}, ValueError, r"expected shuffle >= 0"),
        ({"split": ["train"]}, TypeError, r"expected split as a dict"),
        ({"split": {"train": 0.5}}, ValueError, r"shares > 0 that add up to 1"),
        ({"split": {"train": 1.5, "val": -0.5}}, ValueError, r"shares > 0 that add up to 1"),
        ({"split": {"a/b": 1.0}}, ValueError, r"names of letters, digits"),
        ({"split": {"a": 0.999, "b": 0.001}}, ValueError, r"at least one sample in every part, got none of 14 in 'b'"),
        ({"jobs": 0}, ValueError, r"expected jobs >= 1"),
        ({"max_side": 0}, ValueError, r"expected max_side >= 1"),
        ({"quality": 101}, ValueError, r"expected quality in \[1, 100\]"),
        ({"restart_interval": 65536}, ValueError, r"expected restart_interval <= 65535"),
        ({"restart_interval": -1}, ValueError, r"expected restart_interval >= 0"),
        ({"on_error": "replace"}, ValueError, r"expected on_error to be one of raise, skip"),
        ({"path_column": "x"}, ValueError, r"expected no path_column= with a folder"),
    ],
)
def test_arguments(photos, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        fm.pack(photos, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_targets(photos, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"expected an empty folder, or a pack of the same parts, got mine.txt in"):
        fm.pack(photos, out)
    with pytest.raises(ValueError, match=r"expected a folder, or the name of a new one, got the file"):
        fm.pack(photos, out / "mine.txt")
    with pytest.raises(ValueError, match=r"expected a local folder, got s3://bucket/x"):
        fm.pack(photos, "s3://bucket/x")
    (out / "mine.txt").rename(out / "shard-000000.tar")
    with pytest.raises(ValueError, match=r"got shard-000000.tar in"):
        fm.pack(photos, out)
    assert (out / "shard-000000.tar").read_text() == "mine" and len(list(out.iterdir())) == 1
    with pytest.raises(FileNotFoundError, match="does not exist"):
        fm.pack(tmp_path / "nothing", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_two_packs_into_one_folder(photos, tmp_path):
    lock = f"fcntl.flock(os.open({str(tmp_path)!r}, os.O_RDONLY), fcntl.LOCK_EX)"
    program = f"import fcntl, os; {lock}; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1) as other:
        other.stdout.readline()
        with pytest.raises(ValueError, match="got another process that packs into it"):
            fm.pack(photos, tmp_path)
        other.communicate(b"\n")
    assert list(tmp_path.iterdir()) == []


def test_other_data_or_options(photos, tmp_path):
    out = tmp_path / "out"
    fm.pack(photos, out, shards=SMALL, jobs=1)
    before = packs.digests(out)
    others = [
        ({"shuffle": 3}, r"got others: shuffle=None there, 3 now; pass the same ones to go on"),
        ({"shards": "400KB", "quality": 50}, r"shards=500000 there, 400000 now; quality=None there, 50 now"),
        ({"split": {"shard": 0.5, "val": 0.5}}, r"split=\[\['shard', 1.0\]\] there"),
        ({"classes": ["flower", "china"]}, r"got other data \(its source differ"),
    ]
    for options, message in others:
        with pytest.raises(ValueError, match=message):
            fm.pack(photos, out, **{"shards": SMALL, **options})
    with pytest.raises(ValueError, match=r"expected the data that .*pack.json was made of, got other data"):
        fm.pack(sorted(photos.glob("*/*.jpg"))[:3], out, shards=SMALL)
    text = (out / "pack.json").read_text()
    for other in (text.replace('"version": 1', '"version": 2'), text[:-20], "[]", '{"version": 1}'):
        (out / "pack.json").write_text(other)
        with pytest.raises(ValueError, match=r"expected a pack of version 1 in .*pack.json, got .*another folder"):
            fm.pack(photos, out, shards=SMALL)
    (out / "pack.json").write_text(text)
    assert packs.digests(out) == before


def test_bad_samples(damaged, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=r"pack: expected samples that can be decoded, got .*china/broken.jpg: .*skip"):
        fm.pack(damaged, out, shards=SMALL, jobs=2)
    assert not list(out.glob("*.part"))
    packed = fm.pack(damaged, out, shards=SMALL, jobs=2, on_error="skip", check=True)
    assert [bad.path.rsplit("/")[-1] for bad in packed.bad_samples] == ["broken.jpg", "zz broken.jpg"]
    assert all(bad.reason for bad in packed.bad_samples) and packed.samples == 14
    undisturbed = tmp_path / "undisturbed"
    fm.pack(damaged, undisturbed, shards=SMALL, jobs=1, on_error="skip")
    assert packs.digests(out) == packs.digests(undisturbed)
    assert fm.pack(damaged, out, shards=SMALL, on_error="skip") == packed
    with pytest.raises(ValueError, match=r"expected on_error='skip', since .* has 2 skipped samples, such as .*broken"):
        fm.pack(damaged, out, shards=SMALL)


def test_only_bad_samples(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"samples that can be decoded in shard, got only bad ones, such as .*a.jpg"):
        fm.pack([tmp_path / "a.jpg", tmp_path / "missing.jpg"], tmp_path / "out", on_error="skip")


def test_a_store_that_does_not_answer_is_no_bad_sample(photos, tmp_path, monkeypatch):
    from fastmix.packing import originals

    paths = sorted(photos.glob("*/*.jpg"))

    def read(path):
        if path == str(paths[3]):
            raise ConnectionError("no answer")
        return open(path, "rb").read()

    with monkeypatch.context() as patch:
        patch.setattr(originals, "_bytes_at", read)
        patch.setattr("fastmix.loader.faults.judge.RETRY_SECONDS", (0.0,))
        with pytest.raises(OSError, match=r"expected to read .*, got: ConnectionError: no answer; pack again later"):
            fm.pack(paths, tmp_path / "out", shards="300KB", jobs=1, on_error="skip")
    assert fm.pack(paths, tmp_path / "out", shards="300KB", jobs=1, on_error="skip").samples == 14


@pytest.mark.parametrize("label", [np.float32([1, np.nan]), "two"])
def test_labels_that_no_member_holds(photos, tmp_path, label):
    paths = sorted(photos.glob("*/*.jpg"))[:2]

    class Odd:
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return paths[i].read_bytes(), np.float32([1, 2]) if i == 0 else label

    with pytest.raises(ValueError, match=r"expected a class id or a row of finite floats as label of Odd\[1\]"):
        fm.pack(Odd(), tmp_path, jobs=1)


def test_the_check_names_what_was_altered(photos, tmp_path):
    out = tmp_path / "out"
    again = {"shards": SMALL, "jobs": 1, "check": True}
    fm.pack(photos, out, **again)
    shard = out / "shard-000001.tar"
    data = shard.read_bytes()
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    for other, message in (
        (data[:-600], r"expected \d+ bytes in .*shard-000001.tar, got \d+; restore it"),
        (bytes(flipped), r"expected the bytes that were packed in .*shard-000001.tar, got others; restore it"),
    ):
        shard.write_bytes(other)
        with pytest.raises(ValueError, match=message):
            fm.pack(photos, out, **again)
    shard.unlink()
    with pytest.raises(ValueError, match=r"expected the shard .*shard-000001.tar, found none; restore it"):
        fm.pack(photos, out, **again)
    shard.write_bytes(data)
    fm.pack(photos, out, **again)


def test_the_check_compares_pixels_and_labels(photos, tmp_path):
    data, out = tmp_path / "data", tmp_path / "out"
    shutil.copytree(photos, data)
    again = {"jobs": 1, "check": True}
    fm.pack(data, out, **again)
    source = open_source(data)
    # The data changed since, which its fingerprint does not see.
    shutil.copy(source.path(5), source.path(2))
    with pytest.raises(ValueError, match=r"expected the pixels of the data at .*!00000002_photo_\d+, got other ones"):
        fm.pack(data, out, **again)


def test_the_check_compares_labels(photos, tmp_path):
    paths = sorted(photos.glob("*/*.jpg"))[:4]
    fm.pack([(path, i) for i, path in enumerate(paths)], tmp_path, jobs=1)
    shard = tmp_path / "shard-000000.tar"
    data = bytearray(shard.read_bytes())
    at = data.index(b"00000002") + data[data.index(b"00000002") :].index(b".cls")
    place = (at // 512 + 1) * 512
    assert data[place : place + 2] == b"2\0"
    data[place] = ord("1")
    shard.write_bytes(data)
    record = packs.record(tmp_path)
    record["shards"][0]["blake2b"] = hashlib.blake2b(data, digest_size=16).hexdigest()
    (tmp_path / "pack.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match=r"expected the label 2 at .*!00000002_photo_\d+, got 1"):
        fm.pack([(path, i) for i, path in enumerate(paths)], tmp_path, jobs=1, check=True)
