"""What the loader raises when a sample cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_SHOWN = 5


class BadSample(NamedTuple):
    """A sample that cannot be read or decoded."""

    path: str
    reason: str


class DataError(RuntimeError):
    """A batch holds samples that cannot be read or decoded.

    Attributes:
        bad_samples: all of the batch's bad samples, in the order of the batch.
    """

    def __init__(self, bad_samples: Sequence[BadSample]) -> None:
        self.bad_samples = tuple(bad_samples)
        lines = [f"  {sample.path}: {sample.reason}" for sample in self.bad_samples[:_SHOWN]]
        if len(self.bad_samples) > _SHOWN:
            lines.append(f"  and {len(self.bad_samples) - _SHOWN} more (see bad_samples)")
        count = len(self.bad_samples)
        noun = "1 sample" if count == 1 else f"{count} samples"
        super().__init__(
            f"DataLoader: expected images that can be decoded, got {noun} that cannot be:\n"
            + "\n".join(lines)
            + "\nRepair or remove what is named here; the loader can be iterated again."
        )
