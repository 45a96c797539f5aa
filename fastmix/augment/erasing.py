"""Policies that erase boxes: ``RandomErasing`` and ``Cutout``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fastmix.arguments import integer, number
from fastmix.augment.draws import Draws, Stream
from fastmix.augment.operations import BEFORE_MIXING, CODE, PER_CHANNEL, color, packed_color
from fastmix.augment.packing import Words, below, bits, pack, pack_box, where
from fastmix.augment.policy import Draft, SamplePolicy, no_operations
from fastmix.augment.ranges import Dialect, check_dialect, probability, span

Value = float | tuple[int, int, int] | Literal["pixel", "channel"]

_TRIES = 10


@dataclass(frozen=True, repr=False)
class RandomErasing(SamplePolicy):
    """Erase boxes of random area and aspect ratio, with probability ``prob``.

    ================  =====================================  ==========================================
    .                 ``"torchvision"``                      ``"timm"``
    ================  =====================================  ==========================================
    area              U(0.02, 0.33) of the image             U(0.02, 1/3) of it, divided by the count
    height / width    log-uniform, 0.3 to 3.3                log-uniform, 0.3 to 1 / 0.3
    boxes             1                                      uniform from 1 to ``count``
    ================  =====================================  ==========================================

    A box must be smaller than the image on both sides. After ten tries a box is left out. torchvision erases before
    the images are mixed, timm's train.py after it; DeiT, Swin and ConvNeXt erase before it.

    Args:
        prob: In [0, 1].
        value: What fills the boxes. A number, in the normalised image: 0 is the mean colour (timm's ``"const"``).
            (red, green, blue), 0 to 255, in the uint8 image. ``"pixel"``: N(0, 1) per element (torchvision's
            ``"random"``). ``"channel"``: N(0, 1) per channel and box (timm's ``"rand"``). Only (red, green, blue) fits
            uint8 results.
        count: The most boxes per image; more than 1 for ``dialect="timm"`` only.
        dialect: ``"torchvision"`` or ``"timm"``.
        before_mixing: Whether to erase before the images are mixed. A colour is always erased before.
        scale: (least, most) share of the image's area, in [0, 1]; None is the dialect's.
        ratio: (least, most) height / width; None is the dialect's.

    Raises:
        TypeError: ``count`` is not an integer.
        ValueError: A parameter is out of range.

    Example:
        >>> policy = RandomErasing(0.25, "pixel", dialect="timm")
    """

    prob: float = 0.5
    value: Value = 0.0
    count: int = 1
    dialect: Dialect = "torchvision"
    before_mixing: bool = True
    scale: tuple[float, float] | None = None
    ratio: tuple[float, float] | None = None

    parts = frozenset({"erase"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "prob", probability("RandomErasing", self.prob))
        check_dialect("RandomErasing", self.dialect)
        if integer("RandomErasing", "count", self.count) > 1 and self.dialect != "timm":
            raise ValueError(f"RandomErasing: expected count=1 for dialect='torchvision', got {self.count}")
        object.__setattr__(self, "value", _checked_value("RandomErasing", self.value))
        if self.scale is not None:
            object.__setattr__(self, "scale", span("RandomErasing", "scale", self.scale, 0.0, 1.0))
        if self.ratio is not None:
            object.__setattr__(self, "ratio", span("RandomErasing", "ratio", self.ratio, 1e-6, 1e6))

    @property
    def slots(self) -> int:
        return self.count

    def draft(self, draws: Draws) -> Draft:
        size = draws.need_size("RandomErasing")
        _check_sides("RandomErasing", size)
        stream = self.stream(draws)
        applied, counted, *words = stream.uniform(2 + self.count).T
        hit = np.flatnonzero(applied < self.prob)
        boxes = 1 + below(counted[hit], self.count)
        operations = no_operations(len(draws), self.count)
        for k in range(self.count):
            here = hit[k < boxes]
            share = boxes[k < boxes] if self.dialect == "timm" else 1
            box, found = self._boxes(stream.of(here), size, share, 1 + 2 * _TRIES * k)
            filled = erased(self.value, box, words[k][here], self.before_mixing)
            operations[here, k] = where(found & (box[:, 2] > 0) & (box[:, 3] > 0), filled)
        return Draft(None, operations)

    def _boxes(
        self, stream: Stream, size: tuple[int, int], share: np.ndarray | int, part: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return boxes (N, 4) as y, x, height, width, and which samples have one."""
        timm = self.dialect == "timm"
        least, most = self.scale or ((0.02, 1 / 3) if timm else (0.02, 0.33))
        ratio = self.ratio or ((0.3, 1 / 0.3) if timm else (0.3, 3.3))
        box, found = np.zeros((len(stream), 4), np.int64), np.zeros(len(stream), bool)
        shares = np.broadcast_to(share, len(stream))
        for attempt in range(_TRIES):
            left = np.flatnonzero(~found)
            if not len(left):
                break
            tries = stream.of(left)
            scale, y, x = tries.uniform(3, part=part + 2 * attempt).T
            area = size[0] * size[1] * (least + (most - least) * scale) / shares[left]
            aspect = tries.log_uniform(1, *ratio, part=part + 2 * attempt + 1)[:, 0]
            height, width = np.rint(np.sqrt(area * aspect)), np.rint(np.sqrt(area / aspect))
            good = (height < size[0]) & (width < size[1])
            top, side = below(y, size[0] - height + 1), below(x, size[1] - width + 1)
            box[left[good]] = np.stack((top, side, height, width), 1)[good]
            found[left[good]] = True
        return box, found


@dataclass(frozen=True, repr=False)
class Cutout(SamplePolicy):
    """Erase a square, whose centre is uniform over all pixels; the border clips it.

    Args:
        side: In pixels; 16 for CIFAR-10, 8 for CIFAR-100, 20 for SVHN. An odd side is reduced by one, as in the
            reference.
        prob: In [0, 1].
        value: As for ``RandomErasing``; 0 is the mean colour.
        inside: Whether the square always lies inside the image, uniformly (FFCV's), with all of an odd side.
        before_mixing: As for ``RandomErasing``.

    Raises:
        TypeError: ``side`` is not an integer.
        ValueError: A parameter is out of range, or the square does not fit into the image with ``inside``.
    """

    side: int = 16
    prob: float = 1.0
    value: Value = 0.0
    inside: bool = False
    before_mixing: bool = True

    parts = frozenset({"erase"})

    def __post_init__(self) -> None:
        integer("Cutout", "side", self.side)
        object.__setattr__(self, "prob", probability("Cutout", self.prob))
        object.__setattr__(self, "value", _checked_value("Cutout", self.value))

    def draft(self, draws: Draws) -> Draft:
        size = np.array(draws.need_size("Cutout"))
        _check_sides("Cutout", size)
        if self.inside and self.side > size.min():
            raise ValueError(f"Cutout: expected side <= {size.min()} with inside=True, got {self.side}")
        applied, word, *at = self.stream(draws).uniform(4).T
        if self.inside:
            first = below(np.stack(at, 1), size - self.side + 1)
            last = first + self.side
        else:
            centre = below(np.stack(at, 1), size)
            first = np.maximum(centre - self.side // 2, 0)
            last = np.minimum(centre + self.side // 2, size)
        box = np.concatenate((first, last - first), 1)
        words = erased(self.value, box, word, self.before_mixing)
        return Draft(None, where((applied < self.prob) & (box[:, 2:] > 0).all(1), words)[:, None])


def erased(value: Value, box: np.ndarray, uniform: np.ndarray, before_mixing: bool) -> Words:
    """Return words that erase boxes (N, 4); ``uniform`` gives each its random word."""
    a, b = pack_box(*box.T)
    flags = BEFORE_MIXING * before_mixing
    if isinstance(value, tuple):
        return pack(CODE["EraseConstant"], a, b, packed_color(value))
    if isinstance(value, str):
        flags |= PER_CHANNEL * (value == "channel")
        return pack(CODE["EraseNormal"] | flags, a, b, (uniform * 2.0**32).astype(np.uint32).view(np.int32))
    return pack(CODE["ErasePixelsNormalized"] | flags, a, b, bits(value))


def _checked_value(caller: str, value: object) -> Value:
    if isinstance(value, tuple | list):
        return color(caller, value)
    if isinstance(value, str):
        if value not in ("pixel", "channel"):
            raise ValueError(f"{caller}: expected value as a number, a colour, 'pixel' or 'channel', got {value!r}")
        return value  # type: ignore[return-value]
    level = number(f"{caller}: value", value)
    if not abs(level) < 3e38:
        raise ValueError(f"{caller}: expected a finite value, got {level}")
    return level


def _check_sides(caller: str, size: tuple[int, int] | np.ndarray) -> None:
    if max(size) > 65535:
        raise ValueError(f"{caller}: expected images up to 65535 pixels on a side, got {max(size)}")
