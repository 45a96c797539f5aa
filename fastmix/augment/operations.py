"""The operations of sample plans: names, codes, parameters, and one operation as an object."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from fastmix import _core
from fastmix.arguments import number, one_of

# The place of a name is its code in bits 0 to 7 of an operation's first word.
NAMES = tuple(_core.SAMPLE_OPERATIONS)
CODE = {name: code for code, name in enumerate(NAMES)}
FILTERS = ("nearest", "bilinear", "bicubic")
WARPS = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
FIRST_WARP, LAST_WARP = CODE["ShearX"], CODE["Rotate"]
FILTER_SHIFT = 8
PER_CHANNEL, BEFORE_MIXING = 1 << 11, 1 << 12
REFLECT = 1 << 24

# Each value's name and range, as the operators check it; Pillow's argument of the operation, except for boxes.
_PIXELS = (-16384.0, 16384.0)
_BOX: dict[str, tuple[float, float]] = dict.fromkeys(("y", "x", "height", "width"), (0, 65535))
VALUES: dict[str, dict[str, tuple[float, float]]] = {
    "Posterize": {"bits": (0, 8)},
    "Solarize": {"threshold": (0, 256)},
    "SolarizeAdd": {"addend": (0, 255)},
    **{name: {"factor": (0, 1000)} for name in ("Brightness", "Contrast", "Color", "Sharpness")},
    "Hue": {"shift": (-0.5, 0.5)},
    "GaussianBlur": {"sigma": (0, 100)},
    **{name: {"slope": (-1, 1)} for name in ("ShearX", "ShearY")},
    **{name: {"pixels": _PIXELS} for name in ("TranslateX", "TranslateY")},
    "Rotate": {"degrees": (-1e6, 1e6)},
    "EraseConstant": _BOX,
    "EraseNormal": {**_BOX, "word": (-(2**31), 2**31 - 1)},
    "ErasePixelsNormalized": {**_BOX, "value": (-3.4e38, 3.4e38)},
    "AugMixChainEnd": {"weight": (0, 1)},
    "AugMixEnd": {"kept": (0, 1), "sum": (0, 1)},
    "PadCrop": {"y": (-(2**31), 2**31 - 1), "x": (-(2**31), 2**31 - 1)},
}
COLORED = (*WARPS, "EraseConstant", "PadCrop")
_WHOLE = ("bits", "addend", "word", "y", "x", "height", "width")


@dataclass(frozen=True, repr=False)
class Operation:
    """One operation of a sample plan, with the parameters of the pixel operation.

    Args:
        name: One of ``operations.NAMES``.
        values: The operation's values, as ``operations.VALUES`` lists them: ``(30.0,)`` degrees for ``"Rotate"``,
            (y, x, height, width) for ``"EraseConstant"``. Posterize with 0 bits gives a black image.
        fill: Red, green and blue, 0 to 255: the colour outside the image of warps and ``"PadCrop"``, and of
            ``"EraseConstant"``.
        interpolation: ``"nearest"``, ``"bilinear"`` or ``"bicubic"``, for warps.
        reflect: Whether ``"PadCrop"`` reflects the image without its edge, in place of ``fill``.
        per_channel: Whether ``"EraseNormal"`` draws one number per channel, in place of one per element.
        before_mixing: Whether ``"EraseNormal"`` and ``"ErasePixelsNormalized"`` erase before the images are mixed.

    Raises:
        TypeError: A value is not a number.
        ValueError: The name is unknown, or a value is missing or out of range.

    Example:
        >>> Operation("Rotate", (30.0,), interpolation="bicubic")
    """

    name: str
    values: tuple[float, ...] = ()
    fill: tuple[int, int, int] = (0, 0, 0)
    interpolation: Literal["nearest", "bilinear", "bicubic"] = "bilinear"
    reflect: bool = False
    per_channel: bool = False
    before_mixing: bool = False

    def __post_init__(self) -> None:
        one_of("Operation", "name", self.name, NAMES)
        one_of("Operation", "interpolation", self.interpolation, FILTERS)
        object.__setattr__(self, "fill", color("Operation", self.fill))
        expected = VALUES.get(self.name, {})
        if len(self.values) != len(expected):
            names = ", ".join(expected) or "nothing"
            raise ValueError(f"Operation: expected ({names}) for {self.name}, got {self.values!r}")
        given = []
        for value, (name, (low, high)) in zip(self.values, expected.items(), strict=True):
            float_value = number(f"Operation: {self.name}'s {name}", value)
            if not low <= float_value <= high or (name in _WHOLE and float_value != int(float_value)):
                whole = "an integer" if name in _WHOLE else "a number"
                raise ValueError(f"Operation: expected {name} as {whole} in [{low}, {high}], got {value!r}")
            given.append(int(float_value) if name in _WHOLE else float_value)
        object.__setattr__(self, "values", tuple(given))

    def __repr__(self) -> str:
        shown = [repr(self.name)]
        shown += [f"{self.values!r}"] if self.values else []
        shown += [f"fill={self.fill}"] if self.name in COLORED and any(self.fill) else []
        warps = self.name in WARPS and self.interpolation != "bilinear"
        shown += [f"interpolation={self.interpolation!r}"] if warps else []
        shown += [f"{flag}=True" for flag in ("reflect", "per_channel", "before_mixing") if getattr(self, flag)]
        return f"Operation({', '.join(shown)})"

    def to_words(self) -> tuple[int, int, int, int]:
        """Return the operation's four int32 words."""
        flags = PER_CHANNEL * self.per_channel | BEFORE_MIXING * self.before_mixing
        if self.name in WARPS:
            flags |= FILTERS.index(self.interpolation) << FILTER_SHIFT
        head = CODE[self.name] | flags
        fill = packed_color(self.fill)
        values = self.values
        if self.name in WARPS:
            return head, _bits(values[0]), fill, 0
        if self.name == "PadCrop":
            return head, int(values[0]), int(values[1]), fill | REFLECT * self.reflect
        if self.name.startswith("Erase"):
            y, x, height, width = map(int, values[:4])
            last = {"EraseConstant": fill, "EraseNormal": int(values[-1]), "ErasePixelsNormalized": _bits(values[-1])}[
                self.name
            ]
            return head, _signed(y | x << 16), _signed(height | width << 16), last
        padded = [*map(_bits, values), 0, 0, 0]
        return head, padded[0], padded[1], padded[2]

    @classmethod
    def from_words(cls, words: tuple[int, int, int, int]) -> Operation:
        """Return the operation of four int32 words.

        Raises:
            ValueError: The code is unknown, or a value is out of range.
        """
        head, a, b, c = words
        if head & 255 >= len(NAMES):
            raise ValueError(f"SamplePlan: expected operation codes in [0, {len(NAMES)}), got {head & 255}")
        name = NAMES[head & 255]
        interpolation = FILTERS[min(head >> FILTER_SHIFT & 3, 2)] if name in WARPS else "bilinear"
        flags = {"per_channel": bool(head & PER_CHANNEL), "before_mixing": bool(head & BEFORE_MIXING)}
        if name in WARPS:
            return cls(name, (_float(a),), _unpacked_color(b), interpolation)  # type: ignore[arg-type]
        if name == "PadCrop":
            return cls(name, (a, b), _unpacked_color(c), reflect=bool(c & REFLECT))
        if name.startswith("Erase"):
            box = (a & 65535, a >> 16 & 65535, b & 65535, b >> 16 & 65535)
            if name == "EraseConstant":
                return cls(name, box, _unpacked_color(c))
            return cls(name, (*box, c if name == "EraseNormal" else _float(c)), **flags)  # type: ignore[arg-type]
        return cls(name, tuple(map(_float, (a, b, c)))[: len(VALUES.get(name, {}))])


def color(caller: str, fill: object) -> tuple[int, int, int]:
    """Return three ints in [0, 255], from one for all channels or from three."""
    if isinstance(fill, int) and not isinstance(fill, bool):
        fill = (fill, fill, fill)
    if not isinstance(fill, tuple | list) or len(fill) != 3 or not all(isinstance(v, int) for v in fill):
        raise TypeError(f"{caller}: expected fill as an int or three (red, green, blue), got {fill!r}")
    if not all(0 <= value <= 255 for value in fill):
        raise ValueError(f"{caller}: expected fill in [0, 255], got {tuple(fill)}")
    return (int(fill[0]), int(fill[1]), int(fill[2]))


def packed_color(fill: tuple[int, int, int]) -> int:
    return fill[0] | fill[1] << 8 | fill[2] << 16


def _unpacked_color(word: int) -> tuple[int, int, int]:
    return word & 255, word >> 8 & 255, word >> 16 & 255


def _bits(value: float) -> int:
    return int.from_bytes(struct.pack("<f", value + 0.0), "little", signed=True)


def _float(word: int) -> float:
    return float(struct.unpack("<f", struct.pack("<i", word))[0])


def _signed(word: int) -> int:
    return word - (1 << 32) if word >= 1 << 31 else word
