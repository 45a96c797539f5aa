"""``SizeRamp``: the images' side by epoch."""

from __future__ import annotations

from dataclasses import dataclass

from fastmix.arguments import integer


@dataclass(frozen=True)
class SizeRamp:
    """Sides that grow linearly from ``first`` to ``last``, in multiples of ``multiple`` (FFCV's schedule).

    Args:
        first: Side in pixels until ``start_epoch``.
        last: Side in pixels from ``end_epoch`` on.
        start_epoch: >= 0.
        end_epoch: > ``start_epoch``.
        multiple: Sides in between are rounded to it, half to even.

    Raises:
        TypeError: A number is not an integer.
        ValueError: A number is out of range.

    Example:
        >>> [SizeRamp(160, 192, 11, 13).at(epoch) for epoch in (0, 11, 12, 13)]
        [160, 160, 192, 192]
    """

    first: int
    last: int
    start_epoch: int
    end_epoch: int
    multiple: int = 32

    def __post_init__(self) -> None:
        for name in ("first", "last", "multiple"):
            integer("SizeRamp", name, getattr(self, name))
        integer("SizeRamp", "start_epoch", self.start_epoch, 0)
        integer("SizeRamp", "end_epoch", self.end_epoch, self.start_epoch + 1)

    def at(self, epoch: int) -> int:
        """Return the side of an epoch in pixels."""
        if epoch <= self.start_epoch:
            return self.first
        if epoch >= self.end_epoch:
            return self.last
        share = (epoch - self.start_epoch) / (self.end_epoch - self.start_epoch)
        return round((self.first + share * (self.last - self.first)) / self.multiple) * self.multiple
