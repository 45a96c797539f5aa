"""Does a network learn as much through the loader as through Pillow?

The same small network, optimiser and schedule, trained from several seeds on scikit-learn's handwritten digits as PNG
files, with mixup: through ``fastmix.DataLoader``, through it with ``resampler="dali"``, and through a plain loop of
Pillow calls (``resize(box=)``) with the same law of windows and flips, but draws of its own. Each is tested through its
own evaluation preset. Prints the mean accuracies with their standard errors, and the differences from Pillow's in units
of their standard error.

    python -m benchmarks.accuracy --json benchmarks/results/accuracy.json
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

import fastmix as fm
from benchmarks.timing import write_json

SIZE, BATCH, CLASSES = 24, 32, 10
SIDE = 48  # of the files
TEST_EVERY = 4
MEAN, STD = (0.3, 0.3, 0.3), (0.35, 0.35, 0.35)
MIX = fm.Mixup(0.2)
PRESET = {"mean": MEAN, "std": STD, "device": "cpu"}


def write_digits(folder: Path, side: int = SIDE, kind: str = "png") -> None:
    """1,797 scans of 8 x 8 pixels, enlarged; every fourth one is for testing."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for i, (scan, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        path = folder / ("test" if i % TEST_EVERY == 0 else "train") / str(label) / f"{i:04d}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        gray = Image.fromarray((scan * (255 / 16)).astype(np.uint8))
        gray.resize((side, side), Image.BICUBIC).convert("RGB").save(path)


class PillowLoader:
    """Random resized crops, flips, normalisation and mixup, one sample and one NumPy expression after the other."""

    def __init__(self, folder: Path, train: bool, seed: int) -> None:
        self.samples = [(Image.open(path).convert("RGB"), int(path.parent.name)) for path in folder.glob("*/*.png")]
        self.train = train
        self.rng = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = self.rng.permutation(len(self.samples)) if self.train else np.arange(len(self.samples))
        steps = len(order) // BATCH if self.train else math.ceil(len(order) / BATCH)
        for step in range(steps):
            batch = [self.samples[i] for i in order[step * BATCH : (step + 1) * BATCH]]
            images = torch.stack([self.pixels(image) for image, _ in batch])
            labels = torch.tensor([label for _, label in batch])
            yield self.mixed(images, labels) if self.train else (images, labels)

    def pixels(self, image: Image.Image) -> torch.Tensor:
        if self.train:
            view = image.resize((SIZE, SIZE), Image.BILINEAR, box=self.window(*image.size))
            view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.rng.random() < 0.5 else view
        else:
            shorter = round(SIZE * 256 / 224)
            left = round((shorter - SIZE) / 2)
            view = image.resize((shorter, shorter), Image.BILINEAR).crop((left, left, left + SIZE, left + SIZE))
        values = (np.asarray(view, np.float32) / 255 - np.float32(MEAN)) / np.float32(STD)
        return torch.from_numpy(values.transpose(2, 0, 1).copy())

    def window(self, width: int, height: int) -> tuple[float, float, float, float]:
        """torchvision's, of a square image."""
        while True:
            area = self.rng.uniform(0.08, 1.0) * width * height
            ratio = math.exp(self.rng.uniform(math.log(3 / 4), math.log(4 / 3)))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if w <= width and h <= height:
                x, y = self.rng.integers(width - w + 1), self.rng.integers(height - h + 1)
                return x, y, x + w, y + h

    def mixed(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        weight, targets = self.rng.beta(MIX.alpha, MIX.alpha), nn.functional.one_hot(labels, CLASSES).float()
        return weight * images + (1 - weight) * images.flip(0), weight * targets + (1 - weight) * targets.flip(0)


def loaders(way: str, data: Path, seed: int) -> tuple[Iterable, Iterable]:
    """For training and for testing."""
    if way == "pillow":
        return PillowLoader(data / "train", True, seed), PillowLoader(data / "test", False, seed)
    options = {**PRESET, "resampler": way.split()[-1]}
    train = fm.DataLoader(data / "train", BATCH, SIZE, mix=MIX, seed=seed, **options)
    return train, fm.DataLoader(data / "test", BATCH, SIZE, train=False, **options)


def network() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 5, 2), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(32 * 16, CLASSES)),
    )


def accuracy(train: Iterable, test: Iterable, seed: int, epochs: int, make: Callable[[], nn.Module] = network) -> float:
    """In percent, after training."""
    torch.manual_seed(seed)
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = 3e-3 * 0.5 * (1 + math.cos(math.pi * epoch / epochs))
        for images, targets in train:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), targets).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        right = torch.cat([model(images).argmax(1) == labels for images, labels in test])
    return 100 * right.float().mean().item()


def summarize(found: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    result = {}
    for way, values in found.items():
        error = statistics.stdev(values) / math.sqrt(len(values))
        result[way] = {"mean": statistics.mean(values), "standard_error": error}
    for entry in result.values():
        error = math.hypot(entry["standard_error"], result["pillow"]["standard_error"])
        entry["difference"] = entry["mean"] - result["pillow"]["mean"]
        entry["difference_in_standard_errors"] = entry["difference"] / error if error else 0.0
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8, help="at least 2")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    ways = ("pillow", "resampler fastmix", "resampler dali")
    found: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        write_digits(Path(folder))
        for seed in range(arguments.seeds):
            for way in ways:
                found[way].append(accuracy(*loaders(way, Path(folder), seed), seed, arguments.epochs))
    result = summarize(found)
    for way, entry in result.items():
        print(
            f"{way:15s} {entry['mean']:.2f} +- {entry['standard_error']:.2f} %   "
            f"({entry['difference_in_standard_errors']:+.1f} standard errors from Pillow's)"
        )
    if arguments.json is not None:
        settings = {"seeds": arguments.seeds, "epochs": arguments.epochs, "size": SIZE, "batch_size": BATCH}
        write_json(arguments.json, {**settings, "accuracy": found, "summary": result})


if __name__ == "__main__":
    main()
