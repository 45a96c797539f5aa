"""Class folders and lists: torchvision's conventions, and one clear error for everything else."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.source import Source


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def paths_of(source: Source) -> list[str]:
    return [source.path(i) for i in range(len(source))]


def test_class_folder_follows_imagefolder(tmp_path):
    names = ["b/2.jpg", "b/10.JPEG", "b/deep/er/1.png", "b/deep/0.webp", "a/é x.jpg", "c/z.tif"]
    for name in [*names, "a/notes.txt", "loose.jpg"]:
        touch(tmp_path / name)
    source = open_source(str(tmp_path))
    assert source.classes == ("a", "b", "c")
    # ImageFolder's: folder by folder in the order of their paths, files in alphabetical order.
    expected = ["a/é x.jpg", "b/10.JPEG", "b/2.jpg", "b/deep/0.webp", "b/deep/er/1.png", "c/z.tif"]
    assert paths_of(source) == [str(tmp_path / name) for name in expected]
    assert source.labels.values.tolist() == [0, 1, 1, 1, 1, 2]


def test_links_are_followed_and_circles_are_not(tmp_path):
    real = touch(tmp_path / "elsewhere" / "1.jpg").parent
    top = tmp_path / "data"
    touch(top / "a" / "0.jpg")
    (top / "a" / "linked").symlink_to(real, target_is_directory=True)
    (top / "b").symlink_to(real, target_is_directory=True)
    (top / "a" / "circle").symlink_to(top, target_is_directory=True)
    source = open_source(top)
    assert paths_of(source) == [str(top / name) for name in ("a/0.jpg", "a/linked/1.jpg", "b/1.jpg")]


def test_folders_that_are_linked_to_each_other_are_refused(tmp_path):
    """Twelve of them would have 12! paths."""
    for name in "abcdefghijkl":
        touch(tmp_path / name / "1.jpg")
        for other in "abcdefghijkl":
            if other != name:
                (tmp_path / name / other).symlink_to(tmp_path / other, target_is_directory=True)
    with pytest.raises(ValueError, match=r"expected every folder once in a class, got .* again as .*; remove one"):
        open_source(tmp_path)


def test_classes_that_are_one_folder_are_refused(tmp_path):
    touch(tmp_path / "a" / "1.jpg")
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
    with pytest.raises(ValueError, match=r"expected classes of different folders in .*, got a and b"):
        open_source(tmp_path)


def test_list_of_paths_and_labels(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = open_source([("x.jpg", 2), (tmp_path / "y.jpg", np.int64(0)), ("s3://bucket/z.jpg", 1)])
    assert paths_of(source) == [os.path.join(tmp_path, "x.jpg"), str(tmp_path / "y.jpg"), "s3://bucket/z.jpg"]
    assert source.labels.values.tolist() == [2, 0, 1]
    assert source.classes == ("0", "1", "2")
    assert open_source(source) is source


def test_a_batch_of_paths_is_padded_with_zeros():
    source = open_source([("/a", 0), ("/longer", 1), ("/bc", 0)])
    batch = source.files(np.array([1, 0]))["path"]
    assert batch.dtype == np.uint8
    assert batch.tolist() == [list(b"/longer"), list(b"/a\0\0\0\0\0")]


def test_one_long_path_makes_no_table_of_its_width():
    """As a NumPy array of texts, these take 800 MB, and their digest as much again."""
    paths = [f"/data/{i:06d}.jpg" for i in range(200_000)]
    paths[7] = f"/data/{'x' * 4000}.jpg"
    tracemalloc.start()
    source = open_source(paths)
    first, other = source.fingerprint(), open_source(paths[1:]).fingerprint()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**27
    assert first != other
    moved = open_source([path.replace("/data/", "/somewhere/else/") for path in paths])
    assert moved.fingerprint() == first
    assert [moved.path(i) for i in (0, 7)] == ["/somewhere/else/000000.jpg", f"/somewhere/else/{'x' * 4000}.jpg"]
    assert source.paths.find([paths[7], paths[3], "/data/none.jpg"]).tolist() == [3, 7]


def test_names_that_are_not_unicode(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), b"c")
    os.mkdir(folder)
    with open(os.path.join(folder, b"\xff\xfe.jpg"), "wb"):
        pass
    source = open_source(tmp_path)
    assert source.files(np.array([0]))["path"].tobytes() == os.path.join(folder, b"\xff\xfe.jpg")


def test_folders_without_data(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        open_source(tmp_path / "missing")
    with pytest.raises(NotADirectoryError, match="list of"):
        open_source(touch(tmp_path / "one.jpg"))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="one folder per class"):
        open_source(empty)
    touch(empty / "a" / "0.jpg")
    touch(empty / "b" / "readme.txt")
    with pytest.raises(ValueError, match="none in 1 of 2: b"):
        open_source(empty)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([], ValueError, "empty list"),
        ([("a.jpg", 0), "b.jpg"], ValueError, "entry 1"),
        ([("a.jpg", 0.5)], ValueError, "entry 0"),
        ([("a.jpg", "cat"), ("b.jpg", 1)], ValueError, "entry 0"),
        ([("a.jpg", [3, 5])], ValueError, "set of class ids"),
        ([("a.jpg", 0), ("b.jpg", None)], ValueError, "None for entry 1"),
        ((x for x in [("a.jpg", 0)]), TypeError, "fastmix.prefetch"),
        ({"train": [], "test": []}, TypeError, r"data\['train'\]"),
        ([("a.jpg", -1)], ValueError, "class id in"),
        ([(3, 0)], ValueError, "entry 0"),
        ([("a\0b.jpg", 0)], ValueError, "zero bytes"),
        (7, TypeError, "got int"),
    ],
)
def test_what_is_no_list_of_paths_and_labels(data, error, message):
    with pytest.raises(error, match=message):
        open_source(data)
