"""The rules by which CutMix and HMix place their boxes."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from fastmix import _core
from fastmix.arguments import number


class BoxRule(ABC):
    """Where a sample's box lies. The label weight always counts the pixels that the box really takes.

    Attributes:
        over_frames: whether the rule chooses frames of a video; other boxes are the same for all of them.
    """

    over_frames: ClassVar[bool] = False

    @abstractmethod
    def to_core(self) -> _core.BoxRule:
        """The rule as the native core understands it; raises ValueError for bad parameters."""


@dataclass(frozen=True)
class _Placed(BoxRule):
    placement: ClassVar[_core.Placement]

    def to_core(self) -> _core.BoxRule:
        return _core.BoxRule(self.placement, (0.0, 1.0), (0, 0, 0, 0))


class Clipped(_Placed):
    """The paper's: the centre is uniform in the image, and the box is clipped at the border."""

    placement = _core.Placement.clipped


class Coverage(_Placed):
    """Uniform over all places that touch the image, then clipped: every pixel is covered equally often."""

    placement = _core.Placement.coverage


class Inside(_Placed):
    """Uniform over the places where the whole box lies in the image: its area is what was drawn, up to whole pixels."""

    placement = _core.Placement.inside


class Cuboid(_Placed):
    """For video: centre uniform, clipped at the border, over frames, rows and columns alike (ST-VideoMix, 2020).

    ``plan`` needs ``image_size=(frames, height, width)``.
    """

    placement = _core.Placement.cuboid
    over_frames = True


@dataclass(frozen=True)
class Span(BoxRule):
    """A range along one axis, whole along the others; it lies in the image, so its share is what was drawn.

    Spectrograms (frequency, time) are cut by time with ``Span("width")`` and by frequency with ``Span("height")``
    (SpecMix, Kim et al., Interspeech 2021); signals (channels, time) by time with ``Span("width")``.

    Args:
        axis: ``"width"``, ``"height"``, or ``"time"``: frames of a video, for which ``plan`` needs
            ``image_size=(frames, height, width)``.

    Raises:
        ValueError: Another axis.
    """

    axis: Literal["width", "height", "time"] = "width"

    def __post_init__(self) -> None:
        self.to_core()

    @property
    def over_frames(self) -> bool:  # type: ignore[override]  # frozen, so read-only as the base's
        return self.axis == "time"

    def to_core(self) -> _core.BoxRule:
        placements = {"width": "columns", "height": "rows", "time": "frames"}
        if self.axis not in placements:
            raise ValueError(f"Span: expected axis 'width', 'height' or 'time', got {self.axis!r}")
        return _core.BoxRule(getattr(_core.Placement, placements[self.axis]), (0.0, 1.0), (0, 0, 0, 0))


@dataclass(frozen=True)
class MinMax(BoxRule):
    """Sides uniform between two shares of the image's, whole box inside; the drawn weight is not asked.

    Height and width are drawn alone, from ``int(least * side)`` up to and without ``int(most * side)`` pixels.

    Args:
        least: >= 0; often 0.2 to 0.3.
        most: <= 1; often 0.8 to 0.9.

    Raises:
        ValueError: Not ``0 <= least <= most <= 1``.
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
    """Always the same box, half open and in pixels; the drawn weight is not asked.

    Args:
        y0: First row.
        x0: First column.
        y1: Row after the last one.
        x1: Column after the last one.

    Raises:
        TypeError: An edge is no integer.
        ValueError: Negative or crossed edges. That the box lies in the image is checked when a plan is drawn.
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
