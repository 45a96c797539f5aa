"""Photographs for the clients' tests, and torchvision without its compiled part."""

from pathlib import Path

import numpy as np
import pytest
from client_support import CLASSES, PER_CLASS
from PIL import Image


@pytest.fixture(autouse=True)
def global_generators_unchanged() -> None:
    """The clients draw from the global generators themselves."""


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """96 JPEGs in 8 class folders."""
    rng = np.random.default_rng(3)
    folder = tmp_path_factory.mktemp("photos")
    for label in range(CLASSES):
        (folder / f"class {label}").mkdir()
        for i in range(PER_CLASS):
            tiny = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
            tiny.resize((48, 40), Image.Resampling.BICUBIC).save(folder / f"class {label}" / f"{i:02d}.jpg")
    return folder
