"""Photographs for the loader's tests, written once per run."""

from pathlib import Path

import pytest
import sklearn.datasets  # noqa: F401  (importing it draws from Python's generator, which the tests watch)

from fastmix.demo_data import write_photos


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """21 JPEGs of full size in 3 class folders."""
    return write_photos(tmp_path_factory.mktemp("photos"), count=21, classes=3, seed=1)


@pytest.fixture(scope="session")
def numbered(photos: Path) -> list[tuple[Path, int]]:
    """The same JPEGs as a list in which every one has a class id of its own."""
    return [(path, i) for i, path in enumerate(sorted(photos.glob("*/*.jpg")))]
