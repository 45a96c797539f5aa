"""Policies from timm's configuration strings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from fastmix.augment.augmix import AugMix
from fastmix.augment.auto_augment import AutoAugment
from fastmix.augment.policy import SamplePolicy
from fastmix.augment.rand_augment import RandAugment
from fastmix.augment.ranges import Interpolation
from fastmix.augment.sub_policies import TIMM
from fastmix.augment.three_augment import ThreeAugment

_SECTION = re.compile(r"([a-z]+)(\d.*)")


def from_timm(
    config: str, *, interpolation: Interpolation = "random", mean: Sequence[float] = (0.485, 0.456, 0.406)
) -> SamplePolicy:
    """Return the policy that timm's ``auto_augment`` string means.

    ====================  ==========================================================================================
    ``rand-...``          RandAugment: m magnitude (10), n operations (2), p probability (0.5), mstd, mmax, inc, and
                          ``tweights``, ``t3a``, ``t3aw``
    ``augmix-...``        AugMix: m severity (3), w width (3), d depth (1 to 3), a alpha (1), mstd, b
    ``original`` etc.     AutoAugment: ``original``, ``originalr``, ``v0``, ``v0r``, with mstd
    ``3a``                3-Augment without its jitter: add ``ColorJitter`` behind it, as timm does
    ====================  ==========================================================================================

    Args:
        config: The string, such as ``"rand-m9-mstd0.5-inc1"``.
        interpolation: timm's ``train_interpolation``, which the warps take too.
        mean: Mean of the normalised data, 0 to 1; the fill colour is ``round(255 * mean)``.

    Raises:
        TypeError: ``config`` is not a string.
        ValueError: The string has an unknown section, or a value is out of range.

    Example:
        >>> policy = from_timm("rand-m9-mstd0.5-inc1", interpolation="bicubic")
    """
    if not isinstance(config, str):
        raise TypeError(f"from_timm: expected a string such as 'rand-m9-inc1', got {type(config).__name__}")
    name, *sections = config.split("-")
    given: dict[str, str] = {}
    for section in sections:
        key, value = _key_value(section, name)
        if key in given:
            raise ValueError(f"from_timm: expected {key} once, got it twice in {config!r}")
        given[key] = value
    if name not in _MAKERS:
        raise ValueError(f"from_timm: expected one of {', '.join(_MAKERS)} at the beginning, got {config!r}")
    levels = [min(255, round(255 * float(part))) for part in mean]
    options = {"interpolation": interpolation, "fill": tuple(levels)}
    policy = _MAKERS[name](given, options)
    if given:
        raise ValueError(f"from_timm: expected no section {next(iter(given))!r} for {name!r}, got {config!r}")
    return policy


def _key_value(section: str, name: str) -> tuple[str, str]:
    if name == "rand" and section.startswith("t"):
        return "t", section[1:]
    match = _SECTION.fullmatch(section)
    if match is None:
        raise ValueError(f"from_timm: expected sections such as 'm9' or 'mstd0.5', got {section!r}")
    return match[1], match[2]


def _number(given: dict[str, str], key: str, default: Any, kind: Callable[[str], Any] = int) -> Any:
    """Take ``key`` out of ``given`` and convert it."""
    if key not in given:
        return default
    text = given.pop(key)
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"from_timm: expected {key} as {kind.__name__}, got {text!r}") from None


def _rand(given: dict[str, str], options: dict[str, Any]) -> SamplePolicy:
    spread = _number(given, "mstd", 0.0, float)
    growing = bool(_number(given, "inc", 0))
    named = given.pop("t", None)
    sets = {None: "increasing" if growing else "plain", "weights": "weights", "3a": "3a", "3aw": "3aw"}
    if named not in sets:
        raise ValueError(f"from_timm: expected tweights, t3a or t3aw, got {'t' + str(named)!r}")
    return RandAugment(
        _number(given, "n", 2),
        _number(given, "m", 10),
        "timm",
        _number(given, "p", 0.5, float),
        # Beyond 100, timm draws uniform levels.
        math.inf if spread > 100 else spread,
        _number(given, "mmax", 10),
        sets[named],
        **options,
    )


def _augmix(given: dict[str, str], options: dict[str, Any]) -> SamplePolicy:
    depth = _number(given, "d", None)
    _number(given, "b", 0)
    return AugMix(
        _number(given, "m", 3),
        _number(given, "w", 3),
        depth or None,
        _number(given, "a", 1.0, float),
        "timm",
        magnitude_std=_number(given, "mstd", None, float),
        **options,
    )


def _auto(name: str) -> Callable[[dict[str, str], dict[str, Any]], SamplePolicy]:
    return lambda given, options: AutoAugment(name, _number(given, "mstd", 0.0, float), **options)


_MAKERS: dict[str, Callable[[dict[str, str], dict[str, Any]], SamplePolicy]] = {
    "rand": _rand,
    "augmix": _augmix,
    **{name: _auto(name) for name in TIMM},
    "3a": lambda given, options: ThreeAugment(0.0),  # noqa: ARG005
}
