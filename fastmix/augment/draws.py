"""Random numbers of policies: functions of the sample key and of the policy's place among those of its kind."""

from __future__ import annotations

import zlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from fastmix import _core
from fastmix._core import SampleLaw
from fastmix.plan.draw_key import SampleKeys, integer_below


class Draws:
    """What one plan is drawn from: the keys, the sizes, and a stream for every policy.

    Streams are named after the policy's kind and count within that kind. A new policy in a chain therefore leaves the
    draws of the others as they are, unless it comes before one of its own kind.

    Attributes:
        size: (height, width) of the images that operations see, or None.
        image_sizes: int64 (N, 2), the decoded images' heights and widths, or None.
    """

    def __init__(self, keys: SampleKeys, size: tuple[int, int] | None, image_sizes: NDArray[np.int64] | None) -> None:
        self.seed, self.keys = integer_below("seed", keys.seed, 64), keys.rows
        self.size, self.image_sizes = size, image_sizes
        self._used: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self.keys)

    def stream(self, name: str) -> Stream:
        """Return the next stream of this name."""
        self._used[name] += 1
        return Stream(self.seed, self.keys, f"{name}/{self._used[name] - 1}")

    def need_size(self, name: str) -> tuple[int, int]:
        """Return (height, width) in pixels.

        Raises:
            ValueError: The caller of ``plan`` gave none.
        """
        if self.size is None:
            raise ValueError(f"{name}: expected size=(height, width) of the images in plan(), got None")
        return self.size

    def need_image_sizes(self, name: str) -> NDArray[np.int64]:
        """Return the heights and widths of the decoded images, int64 (N, 2).

        Raises:
            ValueError: The caller of ``plan`` gave none.
        """
        if self.image_sizes is None:
            raise ValueError(f"{name}: expected image_sizes (N, 2) of the decoded images in plan(), got None")
        return self.image_sizes


class Stream:
    """The numbers of one policy. Each ``part`` is a stream of its own; equal calls give equal numbers."""

    def __init__(self, seed: int, keys: NDArray[np.int64], name: str) -> None:
        self.seed, self.keys, self.name = seed, keys, name

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, samples: NDArray[np.int64] | NDArray[np.bool_]) -> Stream:
        """Return the stream of some of the samples."""
        return Stream(self.seed, self.keys[samples], self.name)

    def uniform(self, count: int, low: float = 0.0, high: float = 1.0, part: int = 0) -> NDArray[np.float64]:
        """Return float64 (N, count) in (low, high)."""
        return self._draw(SampleLaw.uniform, low, high, count, part)

    def log_uniform(self, count: int, low: float, high: float, part: int = 0) -> NDArray[np.float64]:
        """Return float64 (N, count) in (low, high), whose logarithms are uniform."""
        return self._draw(SampleLaw.log_uniform, low, high, count, part)

    def normal(self, count: int, mean: float, deviation: float, part: int = 0) -> NDArray[np.float64]:
        """Return normal numbers, float64 (N, count)."""
        return self._draw(SampleLaw.normal, mean, deviation, count, part)

    def dirichlet(self, count: int, alpha: float, part: int = 0) -> NDArray[np.float64]:
        """Return weights, float64 (N, count); every row sums to 1."""
        return self._draw(SampleLaw.dirichlet, alpha, 0.0, count, part)

    def _draw(self, law: SampleLaw, a: float, b: float, count: int, part: int) -> NDArray[np.float64]:
        variant = zlib.crc32(f"{self.name}/{part}".encode())
        return _core.sample_draws(law, a, b, count, self.seed, self.keys, variant)
