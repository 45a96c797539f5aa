import json
import shutil

import pytest
from PIL import Image


@pytest.fixture
def mixed_bag(photos, tmp_path):
    """Photographs with every oddity that scan reports."""
    data = tmp_path / "data"
    shutil.copytree(photos, data)
    first = sorted(data.glob("flower/*.jpg"))[0]
    shutil.copy(first, data / "flower" / "again.jpg")
    shutil.copy(first, data / "china" / "elsewhere.jpg")
    with Image.open(first) as image:
        small = image.resize((50, 40))
    small.convert("CMYK").save(data / "china" / "cmyk.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    small.save(data / "china" / "turned.jpg", exif=exif)
    small.save(data / "china" / "plain.png")
    small.save(data / "china" / "moving.webp", save_all=True, append_images=[small.rotate(90)])
    small.save(data / "china" / "left_out.gif")
    (data / "china" / "broken.jpg").write_bytes(b"no image")
    return data


def test_everything_is_counted(fastmix, mixed_bag):
    done = fastmix("scan", mixed_bag, "--json", "-", status=1)
    found = json.loads(done.stdout)
    assert found["samples"] == 24 + 2 + 5
    assert [bad["path"].rsplit("/")[-1] for bad in found["bad"]] == ["broken.jpg"]
    assert found["classes"] == {"china": 8 + 6, "china-1": 8, "flower": 8 + 1}
    assert "1 .gif" in found["ignored"][0]
    headers = found["headers"]
    assert headers["formats"] == {"JPEG": 28, "PNG": 1, "WEBP": 1} and headers["read"] == 30
    assert headers["modes"] == {"RGB": 29, "CMYK": 1}
    assert headers["rotated_by_exif"] == 1 and headers["animated"] == 1
    assert headers["megapixels"] == {"min": 0.002, "median": 0.1875, "max": 0.1875}
    assert headers["shorter_side"]["min"] == 40
    assert found["kilobytes"]["min"] == 0.008
    names = [sorted(path.rsplit("/")[-1] for path in group) for group in found["duplicates"]["groups"]]
    assert names == [["again.jpg", "elsewhere.jpg", "photo_000001.jpg"]]
    assert found["duplicates"]["samples"] == 2
    assert len(found["duplicates"]["with_different_labels"]) == 1
    text = fastmix("scan", mixed_bag, status=1).stdout
    for line in ("31 samples, 1 of them bad", "3 classes: china 14, flower 9, china-1 8", "duplicates: 2, 1 groups"):
        assert line in text
    assert "formats: JPEG 28" in text and "rotated by EXIF: 1, animated: 1" in text and "ignored: data: 1 files" in text


def test_clean_data_ends_with_0_and_the_file_has_the_findings(fastmix, photos, tmp_path):
    fastmix("scan", photos, "--json", "found.json", "--threads", "2")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["bad"] == [] and found["ignored"] == [] and found["duplicates"]["groups"] == []
    assert found["headers"]["formats"] == {"JPEG": 24}


def test_several_labels_and_none_are_counted(fastmix, photos, tmp_path):
    paths = [str(path) for path in sorted(photos.glob("*/*.jpg"))]
    rows = [f"{path},{'0;2' if i % 2 else '1'}" for i, path in enumerate(paths)]
    (tmp_path / "many.csv").write_text("path,label\n" + "\n".join(rows) + "\n")
    assert json.loads(fastmix("scan", "many.csv", "--json", "-").stdout)["classes"] == {"0": 12, "1": 12, "2": 12}
    (tmp_path / "none.csv").write_text("path\n" + "\n".join(paths) + "\n")
    assert json.loads(fastmix("scan", "none.csv", "--json", "-").stdout)["classes"] is None


def test_shards_are_described_too(fastmix, photos, tmp_path):
    import tarfile

    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for i, path in enumerate(sorted(photos.glob("*/*.jpg"))[:6]):
            tar.add(path, f"{i}.jpg")
            (tmp_path / "label").write_text(str(i % 2))
            tar.add(tmp_path / "label", f"{i}.cls")
    found = json.loads(fastmix("scan", "a.tar", "--json", "-").stdout)
    assert found["headers"]["formats"] == {"JPEG": 6} and found["classes"] == {"0": 3, "1": 3}
    assert found["duplicates"]["samples"] == 0 and found["kilobytes"]["max"] > 50
