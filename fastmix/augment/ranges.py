"""Checks of policies' parameters: probabilities, ranges, dialects, interpolation."""

from __future__ import annotations

import math
from typing import Any, Literal

from fastmix.arguments import number, one_of
from fastmix.augment.operations import color

Dialect = Literal["torchvision", "timm"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "random"]
Range = float | tuple[float, float]
Fill = int | tuple[int, int, int]
TIMM_FILL = (124, 116, 104)  # round(255 * mean) of ImageNet


def probability(caller: str, value: Any, name: str = "prob") -> float:
    """Return a float in [0, 1]."""
    given = number(f"{caller}: {name}", value)
    if not 0.0 <= given <= 1.0:
        raise ValueError(f"{caller}: expected {name} in [0, 1], got {given}")
    return given


def between(caller: str, name: str, value: Any, low: float, high: float) -> float:
    """Return a finite float in [low, high]."""
    given = number(f"{caller}: {name}", value)
    if not (low <= given <= high and math.isfinite(given)):
        raise ValueError(f"{caller}: expected {name} in [{low:g}, {high:g}], got {given}")
    return given


def span(
    caller: str, name: str, value: Any, low: float = -math.inf, high: float = math.inf, *, signed: bool = False
) -> tuple[float, float]:
    """Return (least, most), from a pair or from one number.

    One number d means (-d, d) if ``signed``, else (d, d).
    """
    pair = tuple(value) if isinstance(value, tuple | list) else None
    if pair is None:
        single = number(f"{caller}: {name}", value)
        pair = (-single, single) if signed else (single, single)
    if len(pair) != 2:
        raise ValueError(f"{caller}: expected {name} as a number or (least, most), got {value!r}")
    least, most = (number(f"{caller}: {name}", part) for part in pair)
    if not (low <= least <= most <= high) or math.isinf(least) or math.isinf(most):
        raise ValueError(f"{caller}: expected {name} with {low:g} <= least <= most <= {high:g}, got {value!r}")
    return least, most


def check_interpolation(caller: str, value: object) -> None:
    one_of(caller, "interpolation", value, ("nearest", "bilinear", "bicubic", "random"))


def settle_warps(policy: Any, dialect: Dialect) -> None:
    """Check a frozen policy's ``interpolation`` and ``fill``; None becomes the dialect's."""
    name, timm = type(policy).__name__, dialect == "timm"
    interpolation = ("random" if timm else "bilinear") if policy.interpolation is None else policy.interpolation
    check_interpolation(name, interpolation)
    object.__setattr__(policy, "interpolation", interpolation)
    fill = (TIMM_FILL if timm else 0) if policy.fill is None else policy.fill
    object.__setattr__(policy, "fill", color(name, fill))


def check_dialect(caller: str, value: object) -> None:
    one_of(caller, "dialect", value, ("torchvision", "timm"))
