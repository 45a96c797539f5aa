"""Check arguments. Checks of one function's own arguments take its name, ``caller``, and errors begin with it."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch

if TYPE_CHECKING:
    from fastmix import _core

E = TypeVar("E", bound="_core._Enum")


def one_line(value: object, length: int = 80) -> str:
    """Return ``repr(value)`` on one line, shortened, for messages."""
    text = " ".join(repr(value).split())
    return text if len(text) <= length else f"{text[:length]}..."


def number(name: str, value: Any) -> float:
    """Return ``value`` as a float; text is refused, though ``float`` would read it.

    Raises:
        TypeError: ``value`` is not a number.
    """
    try:
        if not isinstance(value, str | bytes | bytearray):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"{name}: expected a number, got {value!r}")


def option(enum: type[E], name: str, value: str) -> E:
    """Return the member of ``enum`` that is called ``value``."""
    if value not in enum.__members__:
        raise ValueError(f"{name}: expected one of {', '.join(enum.__members__)}; got {value!r}")
    return enum.__members__[value]


def integer(caller: str, name: str, value: int, low: int = 1) -> int:
    """Return an int of at least ``low``, from an int or an object with ``__index__``."""
    try:
        number = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{caller}: expected {name} to be an int, got {type(value).__name__}") from error
    if number < low:
        raise ValueError(f"{caller}: expected {name} >= {low}, got {number}")
    return number


def sides(caller: str, name: str, value: Any) -> tuple[int, int]:
    """Return height and width >= 1 in pixels, from such a pair or from one number for both."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{caller}: expected {name} as one number or (height, width), got {value!r}")
    return integer(caller, name, pair[0]), integer(caller, name, pair[1])


def one_of(caller: str, name: str, value: object, allowed: Sequence[object]) -> None:
    """Refuse a value that is not in ``allowed``."""
    if value not in allowed:
        raise ValueError(f"{caller}: expected {name} to be one of {', '.join(map(str, allowed))}, got {value!r}")


def per_channel(
    caller: str, name: str, values: Sequence[float], *, positive: bool = False
) -> tuple[float, float, float]:
    """Return three finite floats in units of the full pixel range (0 to 1)."""
    try:
        if isinstance(values, str | bytes):
            raise TypeError
        numbers = tuple(number(name, value) for value in values)
    except TypeError:
        raise TypeError(
            f"{caller}: expected {name} to be 3 numbers (red, green, blue; 0 to 1), got {values!r}"
        ) from None
    bad = [n for n in numbers if not math.isfinite(n) or (positive and n <= 0)]
    if len(numbers) != 3 or bad:
        kind = "finite numbers > 0" if positive else "finite numbers"
        raise ValueError(f"{caller}: expected {name} to be 3 {kind} (red, green, blue; 0 to 1), got {numbers}")
    return numbers


def seconds(caller: str, name: str, value: float | None) -> float | None:
    """Return a time > 0 in seconds, or None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError(f"{caller}: expected {name} to be a number of seconds or None, got {value!r}")
    if value is not None and not value > 0:
        raise ValueError(f"{caller}: expected {name} > 0 seconds or None, got {value}")
    return value


def choose_device(caller: str, device: str | torch.device) -> torch.device:
    """Return the CPU, or a CUDA device with its index.

    "auto" is the CPU without a GPU, else ``LOCAL_RANK``'s GPU (torchrun's) unless ``torch.cuda.set_device`` chose one.
    """
    if device == "auto":
        device = _automatic_gpu() if torch.cuda.is_available() else "cpu"
    if not isinstance(device, str | torch.device) or (isinstance(device, str) and device.isdecimal()):
        raise TypeError(f"{caller}: expected device to be 'auto', 'cpu', 'cuda' or a torch.device, got {device!r}")
    chosen = torch.device(device)
    if chosen.type not in ("cpu", "cuda"):
        raise ValueError(f"{caller}: expected device 'auto', 'cpu' or 'cuda', got {str(chosen)!r}")
    if chosen.type == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ValueError(f"{caller}: expected a CUDA GPU for device={str(chosen)!r}, found none; use device='auto'")
    index = chosen.index if chosen.index is not None else torch.cuda.current_device()
    if index >= torch.cuda.device_count():
        raise ValueError(f"{caller}: expected one of {torch.cuda.device_count()} CUDA GPUs, got cuda:{index}")
    return torch.device("cuda", index)


def _automatic_gpu() -> torch.device:
    current, local = torch.cuda.current_device(), os.environ.get("LOCAL_RANK", "")
    # A launcher may also show each process one GPU only: that one is number 0.
    if current == 0 and local.isdecimal() and int(local) < torch.cuda.device_count():
        current = int(local)
    return torch.device("cuda", current)


def choose_threads(caller: str, name: str, threads: int | None) -> int:
    """Return the given number, or this process's share of the CPUs that it may use."""
    if threads is not None:
        return integer(caller, name, threads)
    # torchrun says how many processes share the machine.
    local = os.environ.get("LOCAL_WORLD_SIZE", "")
    return max(len(os.sched_getaffinity(0)) // max(int(local) if local.isdecimal() else 1, 1), 1)


def mirror_flags(caller: str, mirror: torch.Tensor | Sequence[bool], batch: int) -> torch.Tensor:
    """Return which images to flip, bool (batch,) on the CPU.

    Raises:
        TypeError: ``mirror`` is not bool.
        ValueError: Another shape, or a device other than the CPU.
    """
    flags = mirror if isinstance(mirror, torch.Tensor) else torch.tensor(mirror, dtype=torch.bool)
    if flags.dtype != torch.bool:
        raise TypeError(f"{caller}: expected mirror of dtype torch.bool, got {flags.dtype}")
    if flags.dim() != 1 or flags.shape[0] != batch:
        raise ValueError(f"{caller}: expected mirror of shape ({batch},), got {tuple(flags.shape)}")
    if flags.device.type != "cpu":
        raise ValueError(f"{caller}: expected mirror on the CPU, got {flags.device}; use mirror.cpu()")
    return flags.contiguous()
