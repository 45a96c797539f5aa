"""Rules that place the boxes of CutMix and HMix."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from fastmix import _core
from fastmix.arguments import number


class BoxRule(ABC):
    """Place a sample's box. The label weight follows from the part of the box that lies in the image.

    Attributes:
        over_frames: True if the box covers only some frames of a video, False if it covers all frames.
    """

    over_frames: ClassVar[bool] = False

    @abstractmethod
    def to_core(self) -> _core.BoxRule:
        """Return the rule for the C++ core. Raises ValueError for a parameter out of range."""


@dataclass(frozen=True)
class _Placed(BoxRule):
    placement: ClassVar[_core.Placement]

    def to_core(self) -> _core.BoxRule:
        return _core.BoxRule(self.placement, (0.0, 1.0), (0, 0, 0, 0))


class Clipped(_Placed):
    """Draw the centre uniformly in the image and clip the box at the border, as the CutMix paper does."""

    placement = _core.Placement.clipped


class Coverage(_Placed):
    """Draw the box uniformly from all positions that touch the image, then clip it. Covers all pixels equally often."""

    placement = _core.Placement.coverage


class Inside(_Placed):
    """Draw the box uniformly from all positions inside the image. So the box keeps its area, up to rounding."""

    placement = _core.Placement.inside


class Cuboid(_Placed):
    """Place a box over frames, rows and columns of a video. Its centre is uniform, and the border clips it.

    ``plan`` requires ``image_size=(frames, height, width)``. Source: ST-VideoMix (2020).
    """

    placement = _core.Placement.cuboid
    over_frames = True


@dataclass(frozen=True)
class Span(BoxRule):
    """Place a box that covers a part of one axis and all of the others. The border never clips the box.

    ``Span("width")`` cuts spectrograms (frequency, time) and signals (channels, time) by time; ``Span("height")`` cuts
    spectrograms by frequency. Source: SpecMix (Kim et al., Interspeech 2021).

    Args:
        axis: ``"width"``, ``"height"``, or ``"time"`` for frames of a video. ``"time"`` requires
            ``image_size=(frames, height, width)``.

    Raises:
        ValueError: ``axis`` is another name.
    """

    axis: Literal["width", "height", "time"] = "width"

    def __post_init__(self) -> None:
        self.to_core()

    @property
    def over_frames(self) -> bool:  # type: ignore[override]  # nothing assigns it, so a property may replace it
        return self.axis == "time"

    def to_core(self) -> _core.BoxRule:
        placements = {"width": "columns", "height": "rows", "time": "frames"}
        if self.axis not in placements:
            raise ValueError(f"Span: expected axis 'width', 'height' or 'time', got {self.axis!r}")
        return _core.BoxRule(getattr(_core.Placement, placements[self.axis]), (0.0, 1.0), (0, 0, 0, 0))


@dataclass(frozen=True)
class MinMax(BoxRule):
    """Draw height and width uniformly between two shares of the image's. The box lies inside. Ignores the drawn weight.

    Height and width are independent, in pixels from ``int(least * side)`` up to but excluding ``int(most * side)``.

    Args:
        least: >= 0; often 0.2 to 0.3.
        most: <= 1; often 0.8 to 0.9.

    Raises:
        ValueError: ``0 <= least <= most <= 1`` does not hold.
    """

    least: float
    most: float

    def __post_init__(self) -> None:
        self.to_core()

    def to_core(self) -> _core.BoxRule:
        return _core.BoxRule(
            _core.Placement.min_max, (number("least", self.least), number("most", self.most)), (0, 0, 0, 0)
        )


@dataclass(frozen=True)
class FixedBox(BoxRule):
    """Place the same half-open box in every sample. Ignores the drawn weight.

    Args:
        y0: First row, in pixels.
        x0: First column.
        y1: Row after the last.
        x1: Column after the last.

    Raises:
        TypeError: An edge is not an integer.
        ValueError: An edge is negative or edges cross. ``plan`` checks that the box lies in the image.
    """

    y0: int
    x0: int
    y1: int
    x1: int

    def __post_init__(self) -> None:
        self.to_core()

    def to_core(self) -> _core.BoxRule:
        edges = tuple(map(operator.index, (self.y0, self.x0, self.y1, self.x1)))
        if not all(0 <= edge < 1 << 31 for edge in edges):
            raise ValueError(f"FixedBox: expected edges in [0, 2**31), got {edges}")
        return _core.BoxRule(_core.Placement.fixed, (0.0, 1.0), edges)
