"""The Markdown pages, their Python blocks, and the world in which the blocks run."""

import contextlib
import os
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL.Image import fromarray

import fastmix
from benchmarks.rivals import Unavailable
from benchmarks.rivals.compiled import import_torchvision
from fastmix.cli.demo_data import write_photos

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CLASSES = 4
# The pages' numbers for ImageNet, and those for some demo photographs. Nothing else is changed.
SMALLER = {
    r"\b(64|128|256|512)\b": "8",
    r"\b(224|160|192)\b": "32",
    r"\b1000\b": str(CLASSES),
    r"\b90\b": "2",
    r"steps_per_epoch=\d+": "steps_per_epoch=2",
}


# Names that pages take for granted where their packages are installed.
USED = {"accelerator": "accelerate", "transformers": "transformers"}


class Block(NamedTuple):
    """A Python block: its first line's number in the page, and its text."""

    line: int
    text: str


def python_blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks that begin with three backticks and ``python``."""
    text = page.read_text()
    for found in re.finditer(r"^```python[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield Block(text[: found.start(1)].count("\n") + 1, found[1])


def smaller(text: str) -> str:
    """Return a block with small numbers in place of ImageNet's."""
    for pattern, number in SMALLER.items():
        text = re.sub(pattern, number, text)
    return text


def write_data(folder: Path, text: str) -> None:
    """Write the data that pages name. ``photos`` is a flat folder, unless the page speaks of folders in it."""
    parts = ["imagenet/train", "imagenet/val", "build/demo/photos"]
    parts += [f"photos/{part}" for part in ("train", "val") if '"photos/' in text]
    for part in parts:
        write_photos(folder / part, count=6 * CLASSES if "val" not in part else 2 * CLASSES, classes=CLASSES)
    if not (folder / "photos").exists():
        (folder / "photos").mkdir()
        for i, path in enumerate(sorted((folder / "imagenet/val").rglob("*.jpg"))):
            (folder / "photos" / f"{i}.jpg").write_bytes(path.read_bytes())


def names(text: str) -> dict[str, Any]:
    """Return what a page takes for granted: a model, an optimizer, a batch in memory and its step, its trainer."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(), torch.nn.Linear(12, CLASSES, dtype=torch.float32)
    )
    labels = torch.arange(8) % CLASSES
    stream = [{"image": fromarray(np.full((40, 50, 3), 9 * i, np.uint8)), "label": i % CLASSES} for i in range(16)]
    torch_loader = torch.utils.data.DataLoader([(torch.rand(3, 32, 32), i % CLASSES) for i in range(16)], 8)
    found = {
        "__name__": "__main__",
        "torch": torch,
        "fastmix": fastmix,
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.01),
        "x": torch.rand(8, 3, 32, 32),
        "labels": labels,
        "step": 0,
        "epoch": 0,
        "torch_loader": torch_loader,
        "stream": stream,
        "numpy": np,
        "os": os,
    }
    if "accelerator." in text and importable("accelerate"):
        found["accelerator"] = __import__("accelerate").Accelerator(cpu=True)
    if "transformers." in text and importable("transformers"):
        found["transformers"] = transformers = __import__("transformers")
        found["TrainingArguments"] = transformers.TrainingArguments
    return found


def missing_packages(text: str) -> list[str]:
    """Return the packages that a page uses and that are not installed: trainers, which `make clients` installs."""
    used = set(
        re.findall(r"^ *(?:from|import) (?:fastmix\.integrations\.(?!timm|torchvision))?(\w+)", text, re.MULTILINE)
    )
    used |= {package for name, package in USED.items() if re.search(rf"\b{name}\.", text)}
    trainers = ("accelerate", "transformers", "lightning", "datasets", "webdataset", "timm", "torchvision")
    return sorted(name for name in trainers if name in used and not importable(name))


def importable(name: str) -> bool:
    with contextlib.suppress(Unavailable):
        import_torchvision()  # which trainers import, with or without its compiled part
    try:
        __import__(name)
    except Exception:
        return False
    return True


def run(block: Block, page: Path, namespace: dict[str, Any]) -> None:
    """Run a block; tracebacks name the page and its line. ``args`` are those of timm's train.py."""
    namespace["args"] = types.SimpleNamespace(data_dir="imagenet", batch_size=8, smoothing=0.1)
    code = compile("\n" * (block.line - 1) + smaller(block.text), str(page), "exec")
    exec(code, namespace)
