"""Photographs for the loader's tests, written once per run."""

import io
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets  # noqa: F401  (importing it draws from Python's generator, which the tests watch)
from PIL import Image

from fastmix.cli.demo_data import write_photos


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """21 JPEGs of full size in 3 class folders."""
    return write_photos(tmp_path_factory.mktemp("photos"), count=21, classes=3, seed=1)


@pytest.fixture(scope="session")
def numbered(photos: Path) -> list[tuple[Path, int]]:
    """The same JPEGs as a list in which every one has a class id of its own."""
    return [(path, i) for i, path in enumerate(sorted(photos.glob("*/*.jpg")))]


@pytest.fixture(scope="session")
def small_jpegs() -> list[bytes]:
    """997 different JPEGs of 48 x 40 pixels."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(997):
        buffer = io.BytesIO()
        tiny = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        tiny.resize((48, 40), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=85)
        found.append(buffer.getvalue())
    return found


@pytest.fixture(scope="session")
def small(small_jpegs: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    """They as files, each with a class id of its own."""
    folder = tmp_path_factory.mktemp("small")
    paths = [folder / f"{i:04d}.jpg" for i in range(len(small_jpegs))]
    for path, data in zip(paths, small_jpegs, strict=True):
        path.write_bytes(data)
    return [(str(path), i) for i, path in enumerate(paths)]
