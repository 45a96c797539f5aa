"""A small network learns the same through both loaders."""

from pathlib import Path

import numpy as np
import pytest
import torch
from data_support import make
from PIL import Image
from torch import nn

import fastmix as fm

SIZE = 24
CLASSES = 4
EPOCHS = 6
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


@pytest.fixture(scope="module")
def patterns(tmp_path_factory) -> Path:
    """Class folders of noisy stripes, lying, standing or crossed, and of blobs: JPEGs of 48 x 40 pixels."""
    top = tmp_path_factory.mktemp("patterns")
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:40, :48]
    for i in range(480):
        phase, period = rng.uniform(0, 6.28), rng.uniform(5, 9)
        lying, standing = np.sin(6.28 * y / period + phase), np.sin(6.28 * x / period + phase)
        blob = 2 * np.exp(-((x - 24) ** 2 + (y - 20) ** 2) / rng.uniform(60, 160)) - 1
        gray = (lying, standing, lying * standing, blob)[i % CLASSES]
        image = 128 + 60 * gray[:, :, None] * rng.uniform(0.5, 1, 3) + rng.normal(0, 20, (40, 48, 3))
        path = top / ("test" if i >= 320 else "train") / f"class{i % CLASSES}" / f"{i:04d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(path, quality=90)
    return top


@pytest.fixture(autouse=True)
def one_torch_thread():
    """The network is too small for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class ImageFolder(torch.utils.data.Dataset):
    """What torchvision's does, with a random resized crop and a flip, or the whole image."""

    def __init__(self, folder: Path, train: bool) -> None:
        self.samples = [(path, int(path.parent.name[-1])) for path in sorted(folder.glob("*/*.jpg"))]
        self.train = train
        self.rng = np.random.default_rng(5)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        path, label = self.samples[i]
        image = Image.open(path)
        box = (4, 0, 44, 40)
        if self.train:
            area, ratio = self.rng.uniform(0.08, 1) * 40 * 48, np.exp(self.rng.uniform(np.log(3 / 4), np.log(4 / 3)))
            width, height = min(np.sqrt(area * ratio), 48), min(np.sqrt(area / ratio), 40)
            left, upper = self.rng.uniform(0, 48 - width), self.rng.uniform(0, 40 - height)
            box = (left, upper, left + width, upper + height)
        pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box=box), dtype=np.float32) / 255
        if self.train and self.rng.random() < 0.5:
            pixels = pixels[:, ::-1]
        return torch.from_numpy(((pixels - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)), label


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            *(nn.Conv2d(3, 16, 5, 2), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU()),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, CLASSES)),
        )


def accuracy_after_training(train, test) -> float:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(EPOCHS):
        for images, targets in train:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), targets).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        right = [model(images).argmax(1) == labels for images, labels in test]
    return torch.cat(right).float().mean().item()


def test_both_loaders_train_alike(patterns):
    def torch_loader(part: str):
        data = ImageFolder(patterns / part, train=part == "train")
        generator = torch.Generator().manual_seed(1)
        return torch.utils.data.DataLoader(data, 32, shuffle=part == "train", generator=generator)

    def our_loader(part: str, **options):
        return make(patterns / part, 32, SIZE, train=part == "train", mean=MEAN, std=STD, **options)

    theirs = accuracy_after_training(torch_loader("train"), torch_loader("test"))
    ours = accuracy_after_training(our_loader("train"), our_loader("test"))
    mixed = accuracy_after_training(our_loader("train", mix=fm.Mixup(0.2)), our_loader("test"))
    assert min(theirs, ours, mixed) >= 0.85, (theirs, ours, mixed)
    assert abs(theirs - ours) <= 0.1, (theirs, ours)
