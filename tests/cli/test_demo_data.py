"""The photographs of the demo, the benchmarks and these tests."""

import pytest
from PIL import Image

from fastmix.cli.demo_data import write_photos


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*/*")}


def test_photographs_are_reproducible_and_of_imagenets_size(tmp_path):
    a = contents(write_photos(tmp_path / "a", count=6, classes=3, seed=4))
    assert len(a) == 6 and len(set(a.values())) == 6
    assert {len(list((tmp_path / "a" / name).iterdir())) for name in {path.split("/")[0] for path in a}} == {2}
    assert contents(write_photos(tmp_path / "b", count=6, classes=3, seed=4)) == a
    assert contents(write_photos(tmp_path / "c", count=6, classes=3, seed=5)) != a
    sizes = [len(data) for data in a.values()]
    assert 70_000 < sum(sizes) / len(sizes) < 150_000
    for path in (tmp_path / "a").glob("*/*.jpg"):
        with Image.open(path) as image:
            assert sorted(image.size) == [375, 500]


def test_photographs_of_an_earlier_call_are_replaced(tmp_path):
    write_photos(tmp_path, count=7, classes=3)
    note = tmp_path / "notes.txt"
    note.write_text("mine")
    write_photos(tmp_path, count=2, classes=2)
    assert len(contents(tmp_path)) == 2
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
    assert note.read_text() == "mine"


@pytest.mark.parametrize(("count", "classes"), [(3, 0), (2, 3)])
def test_too_few(tmp_path, count, classes):
    with pytest.raises(ValueError, match="1 <= classes <= count"):
        write_photos(tmp_path, count, classes)
