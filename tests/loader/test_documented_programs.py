"""The programs in README.md, docs/loader.md and docs/data.md run, on few and small photographs."""

import os
import re
import runpy
import shutil
from pathlib import Path

import numpy
import pytest
import torch
from PIL import Image

import fastmix

ROOT = Path(__file__).parents[2]
# The programs' sizes, and these.
SMALL = {
    "256": "4",
    "224": "32",
    "range(90)": "range(2)",
    "num_classes=1000": "num_classes=3",
    "batch_size=64": "batch_size=4",
}


def programs() -> list:
    found = []
    for page in ("README.md", "docs/loader.md", "docs/data.md"):
        for i, text in enumerate(
            re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
        ):
            # A group of GPUs.
            if '"nccl"' not in text:
                found.append(pytest.param(text, id=f"{page}-{i}"))
    return found


@pytest.fixture
def folder(photos, tmp_path, monkeypatch) -> Path:
    """The folders that the programs name."""
    shutil.copytree(photos, tmp_path / "imagenet" / "train")
    shutil.copytree(photos, tmp_path / "imagenet" / "val")
    (tmp_path / "photos").mkdir()
    for path in sorted(photos.glob("*/*.jpg"))[:5]:
        shutil.copy(path, tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fastmix.DataLoader.__init__, "__kwdefaults__", {**DEFAULTS, "device": "cpu", "num_threads": 1})
    return tmp_path


DEFAULTS = fastmix.DataLoader.__init__.__kwdefaults__


def test_there_are_programs() -> None:
    assert len(programs()) >= 6


@pytest.mark.parametrize("text", programs())
def test_program(text, folder, generator):
    for size, small in SMALL.items():
        text = re.sub(rf"(?<![\w.]){re.escape(size)}(?!\w)", small, text)
    pool = torch.nn.AdaptiveAvgPool2d(2)
    weights = torch.ones(12, 3, requires_grad=True)

    class Model:
        def __call__(self, images):
            return pool(images).flatten(1) @ weights

        def state_dict(self):
            return {"weights": weights}

    photos = sorted((folder / "photos").iterdir())
    names = {
        "fastmix": fastmix,
        "fm": fastmix,
        "torch": torch,
        "numpy": numpy,
        "os": os,
        "model": Model(),
        "loader": fastmix.DataLoader("imagenet/train", 4, 32),
        "x": torch.rand(8, 3, 32, 32, generator=generator),
        "labels": torch.arange(8) % 3,
        "step": 0,
        "stream": [{"image": Image.open(path), "label": i % 3} for i, path in enumerate(photos)],
    }
    program = folder / "program.py"
    program.write_text(text)
    with torch.random.fork_rng():  # torch's DataLoader draws
        after = runpy.run_path(str(program), names)
        batches = list(after["loader"])
    assert batches and all(images.isfinite().all() for images, *_ in batches)
