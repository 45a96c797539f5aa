"""What is learned: the digits in a second on a laptop, CIFAR as the paper does; the experiments take either."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

import fastmix as fm
from benchmarks.paper import cifar_files, digits, models
from benchmarks.paper.batches import MemoryBatches, PixelBatches, TensorBatches, normalized
from benchmarks.paper.command_line import device
from benchmarks.paper.digits import Split
from benchmarks.paper.seeding import initialized
from benchmarks.paper.training import stepwise

_WEIGHTS = 21
CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)

Network = Literal["mlp", "cnn", "preact18", "wrn28-10"]


class Task(ABC):
    """Data, network, optimiser and schedule of a classification experiment."""

    data: str
    classes: int
    epochs: int

    @abstractmethod
    def split(self, seed: int) -> Split:
        """Training data as ``batches`` takes them, test data as the model takes them."""

    @abstractmethod
    def network(self, dropout: float) -> models.Staged:
        """An untrained network."""

    @abstractmethod
    def batches(self, inputs: Tensor, labels: Tensor, seed: int, mix: fm.Policy | None = None) -> MemoryBatches:
        """Training batches."""

    @abstractmethod
    def optimizer(self, model: torch.nn.Module) -> torch.optim.Optimizer:
        """Over all parameters."""

    def rate(self) -> Callable[[float], float] | None:
        """The learning rate by epoch; None leaves it to the optimiser."""
        return None

    def plain(self, inputs: Tensor) -> Tensor:
        """Training inputs as the model takes them in evaluation."""
        return inputs

    def model(self, seed: int, dropout: float = 0.0) -> models.Staged:
        """A network with the initial weights of this seed, the same for every method."""
        return initialized(lambda: self.network(dropout), seed, _WEIGHTS).to(device())


@dataclass(frozen=True)
class Digits(Task):
    """scikit-learn's digits, a network of two hidden layers or two convolutions, Adam."""

    network_name: Network = "mlp"
    epochs: int = 100
    count: int = 1024
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    classes: int = digits.CLASSES

    @property
    def data(self) -> str:
        return f"scikit-learn digits, {self.count} to train"

    def split(self, seed: int) -> Split:
        return digits.split(seed, self.count)

    def network(self, dropout: float) -> models.Staged:
        return models.mlp(64, self.classes, dropout=dropout) if self.network_name == "mlp" else models.small_cnn(10)

    def batches(self, inputs: Tensor, labels: Tensor, seed: int, mix: fm.Policy | None = None) -> TensorBatches:
        return TensorBatches(inputs, labels, self.batch_size, self.classes, seed, mix)

    def optimizer(self, model: torch.nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(model.parameters(), self.learning_rate, weight_decay=self.weight_decay, fused=True)

    def model(self, seed: int, dropout: float = 0.0) -> models.Staged:
        # A few thousand values: a GPU would only add its latency.
        return initialized(lambda: self.network(dropout), seed, _WEIGHTS)


@dataclass(frozen=True)
class Cifar(Task):
    """CIFAR-10 or CIFAR-100 with the recipe of section 3.2: SGD with momentum, 200 epochs, crop and flip."""

    folder: Path
    network_name: Network = "preact18"
    epochs: int = 200
    batch_size: int = 128
    learning_rate: float = 0.1
    weight_decay: float = 1e-4
    milestones: Sequence[float] = (100, 150)
    width: int = 64
    flip: bool = True

    @property
    def data(self) -> str:
        return f"CIFAR-{self.classes}"

    @cached_property
    def loaded(self) -> tuple[Split, int]:
        """The data set, uint8, and its number of classes."""
        return cifar_files.load(self.folder)

    @property
    def classes(self) -> int:
        return self.loaded[1]

    def split(self, seed: int) -> Split:  # noqa: ARG002
        images, labels, test_images, test_labels = self.loaded[0]
        where = device()
        test = normalized(test_images.to(where), CIFAR_MEAN, CIFAR_STD)
        return Split(images.to(where), labels, test, test_labels.to(where))

    def network(self, dropout: float) -> models.Staged:
        if self.network_name == "wrn28-10":
            return models.wide_resnet(self.classes, dropout=dropout)
        return models.preact_resnet18(self.classes, self.width, dropout)

    def batches(self, inputs: Tensor, labels: Tensor, seed: int, mix: fm.Policy | None = None) -> PixelBatches:
        options = {"mean": CIFAR_MEAN, "std": CIFAR_STD, "flip": self.flip}
        return PixelBatches(inputs, labels, self.batch_size, self.classes, seed, mix, **options)

    def optimizer(self, model: torch.nn.Module) -> torch.optim.Optimizer:
        options = {"momentum": 0.9, "weight_decay": self.weight_decay}
        return torch.optim.SGD(model.parameters(), self.learning_rate, **options)

    def rate(self) -> Callable[[float], float]:
        return stepwise(self.learning_rate, self.milestones)

    def plain(self, inputs: Tensor) -> Tensor:
        return normalized(inputs, CIFAR_MEAN, CIFAR_STD)
