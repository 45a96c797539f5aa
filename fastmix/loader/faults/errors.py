"""``BadSample`` and ``DataError``: what the loader reports and raises for samples that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_SHOWN = 5


class BadSample(NamedTuple):
    """A sample that cannot be read or decoded."""

    path: str
    reason: str


class DataError(RuntimeError):
    """A batch holds samples that cannot be read or decoded, or an epoch holds more of them than ``max_bad`` allows.

    Attributes:
        bad_samples: all of the batch's bad samples, in the order of the batch.
    """

    def __init__(self, bad_samples: Sequence[BadSample], problem: str | None = None) -> None:
        self.bad_samples = tuple(bad_samples)
        count = count_samples(len(self.bad_samples))
        super().__init__(
            f"DataLoader: {problem or f'expected images that can be decoded, got {count} that cannot be'}:\n"
            + show(self.bad_samples)
            + "\nRepair or remove these samples and iterate the loader again; on_error='skip' or 'replace' goes on "
            "without them."
        )


def count_samples(count: int) -> str:
    """Return the number with its noun."""
    return "1 sample" if count == 1 else f"{count} samples"


def show(bad_samples: Sequence[BadSample]) -> str:
    """Return the first few, one per line."""
    lines = [f"  {sample.path}: {sample.reason}" for sample in bad_samples[:_SHOWN]]
    if len(bad_samples) > _SHOWN:
        lines.append(f"  and {len(bad_samples) - _SHOWN} more (see bad_samples)")
    return "\n".join(lines)
