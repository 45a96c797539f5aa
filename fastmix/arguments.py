"""Arguments that are numbers or names."""

from __future__ import annotations

from typing import Any


def number(name: str, value: Any) -> float:
    """``value`` as a float; text is no number, though ``float`` would read it.

    Raises:
        TypeError: No number.
    """
    try:
        if not isinstance(value, str | bytes | bytearray):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"{name}: expected a number, got {value!r}")


def option(enum: type, name: str, value: str):
    if value not in enum.__members__:
        raise ValueError(f"{name}: expected one of {', '.join(enum.__members__)}; got {value!r}")
    return enum.__members__[value]
