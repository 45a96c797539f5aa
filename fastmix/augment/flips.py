"""Flips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fastmix.augment.draws import Draws
from fastmix.augment.policy import Draft, SamplePolicy, empty_head, no_operations
from fastmix.augment.ranges import probability
from fastmix.augment.sample_plan import FLIP_X, FLIP_Y


@dataclass(frozen=True, repr=False)
class _Flip(SamplePolicy):
    prob: float = 0.5

    parts = frozenset({"flip"})
    _flag: ClassVar[int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "prob", probability(type(self).__name__, self.prob))

    @property
    def slots(self) -> int:
        return 0

    def draft(self, draws: Draws) -> Draft:
        head = empty_head(len(draws))
        head[:, 1] = np.where(self.stream(draws).uniform(1)[:, 0] < self.prob, self._flag, 0)
        return Draft(head, no_operations(len(draws)))


class RandomHorizontalFlip(_Flip):
    """Exchange left and right with probability ``prob``.

    Args:
        prob: In [0, 1].

    Raises:
        ValueError: ``prob`` is outside [0, 1].

    Example:
        >>> policy = Compose([RandomHorizontalFlip(), TrivialAugmentWide()])
    """

    _flag = FLIP_X


class RandomVerticalFlip(_Flip):
    """Exchange top and bottom with probability ``prob``.

    Args:
        prob: In [0, 1].

    Raises:
        ValueError: ``prob`` is outside [0, 1].
    """

    _flag = FLIP_Y
