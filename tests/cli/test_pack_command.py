import json

import pytest

pytest.importorskip("fastmix._jpeg", reason="built without libjpeg-turbo")


def test_pack_writes_shards_and_reports(fastmix, photos, tmp_path):
    options = ("--shards", "1MB", "--shuffle", "3", "--split", "train=0.75", "--split", "val=0.25", "--check")
    done = fastmix("pack", photos, "out", *options, "--json", "-")
    found = json.loads(done.stdout)
    assert found["samples"] == 24 and found["shards"] == len(list((tmp_path / "out").glob("*.tar"))) > 2
    assert found["parts"]["val"] == str(tmp_path / "out" / "val-*.tar") and found["bad_samples"] == []
    text = fastmix("pack", photos, "out", *options).stdout
    assert f"24 samples in {found['shards']} shards" in text and "train: " in text


def test_bad_samples_are_listed(fastmix, photos, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"nothing")
    rows = [f"{path},1" for path in [*sorted(photos.glob("*/*.jpg"))[:3], bad]]
    (tmp_path / "some.csv").write_text("path,label\n" + "\n".join(rows) + "\n")
    failed = fastmix("pack", "some.csv", "out", status=2)
    assert failed.stderr.splitlines()[-1].startswith("pack: expected samples that can be decoded, got")
    text = fastmix("pack", "some.csv", "out", "--on-error", "skip").stdout
    assert "3 samples in 1 shards" in text and "left out: 1 bad samples" in text and str(bad) in text


def test_a_split_that_is_none(fastmix, photos):
    for split in (["train"], ["a=0.5", "a=0.5"], ["a=x"]):
        options = [word for part in split for word in ("--split", part)]
        done = fastmix("pack", photos, "out", *options, status=2)
        assert "expected --split NAME=SHARE, once per name, got" in done.stderr
