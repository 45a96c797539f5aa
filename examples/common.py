"""The command line and the model of the examples."""

import argparse

import torch
from torch import nn


def arguments() -> argparse.Namespace:
    """Read the command line that every example has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", help="folder with one folder of images per class")
    parser.add_argument("--steps", type=int, default=100, help="optimizer steps")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--size", type=int, default=64, help="side of the images, in pixels")
    parser.add_argument("--out", default="build/example", help="folder for checkpoints")
    return parser.parse_args()


def small_model(classes: int) -> nn.Module:
    """Make a network that trains on a CPU."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))
