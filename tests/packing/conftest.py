"""Photographs and small images of all kinds, as class folders."""

import shutil
from pathlib import Path

import images
import pytest
import sklearn.datasets  # noqa: F401  (importing it draws from Python's generator, which the tests watch)

from fastmix.cli.demo_data import write_photos

pytest.importorskip("fastmix._jpeg", reason="built without libjpeg-turbo")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """14 JPEGs of full size in 2 class folders."""
    return write_photos(tmp_path_factory.mktemp("photos"), count=14, classes=2, seed=3)


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of every kind that the loader decodes, in one class folder."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "kinds").mkdir()
    for name, data in images.readable().items():
        if name.endswith(".pbm"):  # a folder's listing leaves it out
            continue
        (folder / "kinds" / name).write_bytes(data)
    return folder


@pytest.fixture
def damaged(photos: Path, tmp_path: Path) -> Path:
    """The photographs, with two files that are no images."""
    folder = tmp_path / "damaged"
    shutil.copytree(photos, folder)
    for name in ("broken.jpg", "zz broken.jpg"):
        (folder / "china" / name).write_bytes(b"no image")
    return folder
