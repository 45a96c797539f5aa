"""ColorJitter: brightness, contrast, saturation and hue in random order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastmix.arguments import number
from fastmix.augment.draws import Draws
from fastmix.augment.operations import CODE
from fastmix.augment.packing import bits, pack
from fastmix.augment.policy import Draft, SamplePolicy, no_operations
from fastmix.augment.ranges import Range, span

_OPERATIONS = {"brightness": "Brightness", "contrast": "Contrast", "saturation": "Color", "hue": "Hue"}


@dataclass(frozen=True, repr=False)
class ColorJitter(SamplePolicy):
    """Jitter brightness, contrast, saturation and hue, each by a uniform factor, in a uniformly drawn order.

    The law of torchvision's ``ColorJitter``; every operation rounds to uint8. timm's number ``color_jitter=0.4`` means
    ``ColorJitter(0.4, 0.4, 0.4)``.

    Args:
        brightness: x >= 0 for a factor in [max(0, 1 - x), 1 + x], or (least, most); 0 leaves the step out.
        contrast: As ``brightness``.
        saturation: As ``brightness``.
        hue: x in [0, 0.5] for a shift in [-x, x] of the full circle, or (least, most) in [-0.5, 0.5]; 0 leaves the step
            out.

    Raises:
        ValueError: A parameter is out of range.

    Example:
        >>> policy = RandomApply(ColorJitter(0.4, 0.4, 0.2, 0.1), 0.8)
    """

    brightness: Range = 0.0
    contrast: Range = 0.0
    saturation: Range = 0.0
    hue: Range = 0.0

    parts = frozenset({"values"})

    def __post_init__(self) -> None:
        self._steps()

    @property
    def slots(self) -> int:
        return len(self._steps())

    def _steps(self) -> list[tuple[str, tuple[float, float]]]:
        """Return the steps that are switched on, with their ranges."""
        steps = []
        for name, operation in _OPERATIONS.items():
            given = getattr(self, name)
            limits = _shifts(given) if name == "hue" else _factors(name, given)
            neutral = 0.0 if name == "hue" else 1.0
            if limits != (neutral, neutral):
                steps.append((operation, limits))
        return steps

    def draft(self, draws: Draws) -> Draft:
        # Columns belong to the four steps, so that switching one on or off leaves the others' draws as they are.
        order, value = np.split(self.stream(draws).uniform(8), 2, axis=1)
        steps = self._steps()
        if not steps:
            return Draft(None, no_operations(len(draws)))
        columns = [list(_OPERATIONS.values()).index(name) for name, _ in steps]
        low, high = np.array([limits for _, limits in steps]).T
        words = pack([CODE[name] for name, _ in steps], bits(low + (high - low) * value[:, columns]))
        rank = np.argsort(order[:, columns], axis=1, kind="stable")
        return Draft(None, np.take_along_axis(words, rank[..., None], axis=1))


def _factors(name: str, given: Any) -> tuple[float, float]:
    if isinstance(given, tuple | list):
        return span("ColorJitter", name, given, 0.0)
    amount = number(f"ColorJitter: {name}", given)
    if not amount >= 0:
        raise ValueError(f"ColorJitter: expected {name} >= 0, got {amount}")
    return span("ColorJitter", name, (max(0.0, 1.0 - amount), 1.0 + amount))


def _shifts(given: Any) -> tuple[float, float]:
    return span("ColorJitter", "hue", given, -0.5, 0.5, signed=True)
