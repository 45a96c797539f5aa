"""Turns the loader's arguments into checked settings; every message says what was expected and what was got."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Sequence

import torch

import fastmix.dali
from fastmix.plan.policies import Policy

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
MEMORY_FORMATS = (torch.contiguous_format, torch.channels_last)


def integer(name: str, value: int, low: int = 1) -> int:
    """An int >= low, from an int or whatever stands for one."""
    try:
        number = operator.index(value)
    except TypeError as error:
        raise TypeError(f"DataLoader: expected {name} to be an int, got {type(value).__name__}") from error
    if number < low:
        raise ValueError(f"DataLoader: expected {name} >= {low}, got {number}")
    return number


def one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    if value not in allowed:
        raise ValueError(f"DataLoader: expected {name} to be one of {', '.join(map(str, allowed))}, got {value!r}")


def per_channel(name: str, values: Sequence[float], positive: bool = False) -> tuple[float, float, float]:
    """Three finite floats in units of the full pixel range."""
    numbers = tuple(float(value) for value in values)
    bad = [n for n in numbers if not math.isfinite(n) or (positive and n <= 0)]
    if len(numbers) != 3 or bad:
        kind = "finite numbers > 0" if positive else "finite numbers"
        raise ValueError(f"DataLoader: expected {name} to be 3 {kind} (red, green, blue; 0 to 1), got {numbers}")
    return numbers


def choose_device(device: str | torch.device) -> torch.device:
    """A CUDA device with its index, or the CPU; "auto" is CUDA's current device if there is one."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    chosen = torch.device(device)
    if chosen.type not in ("cpu", "cuda"):
        raise ValueError(f"DataLoader: expected device 'auto', 'cpu' or 'cuda', got {str(chosen)!r}")
    if chosen.type == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ValueError(f"DataLoader: expected a CUDA GPU for device={str(chosen)!r}, found none; use device='auto'")
    index = chosen.index if chosen.index is not None else torch.cuda.current_device()
    if index >= torch.cuda.device_count():
        raise ValueError(f"DataLoader: expected one of {torch.cuda.device_count()} CUDA GPUs, got cuda:{index}")
    return torch.device("cuda", index)


def choose_decode(decode: str, device: torch.device, resize: str) -> str:
    """The graph's: "auto" is "fastmix" wherever that is possible."""
    if decode == "dali":
        return decode
    fastmix.dali.load()
    possible = device.type == "cpu" and resize == "fastmix"
    if decode == "fastmix" and not possible:
        raise ValueError(
            f"DataLoader: expected decode='auto' or 'dali' with device={device.type!r} and resize={resize!r}, got "
            "'fastmix', which is for the CPU and fastmix's resize (without augment)"
        )
    if decode == "fastmix" and not fastmix.dali.decodes_jpeg():
        raise ValueError(
            "DataLoader: expected decode='auto' or 'dali', got 'fastmix', which this build of fastmix cannot do: "
            "install libjpeg-turbo's headers (libjpeg62-turbo-dev or libjpeg-turbo8-dev) and build again"
        )
    return "fastmix" if possible and fastmix.dali.decodes_jpeg() else "dali"


def choose_threads(num_threads: int | None) -> int:
    """The given number, or this process's share of the CPUs that it may use."""
    if num_threads is not None:
        return integer("num_threads", num_threads)
    # torchrun says how many processes share the machine.
    local = os.environ.get("LOCAL_WORLD_SIZE", "")
    return max(len(os.sched_getaffinity(0)) // max(int(local) if local.isdecimal() else 1, 1), 1)


def choose_budget(max_bad: int | float) -> int | float:
    """A count >= 0, or a share in [0, 1]."""
    if isinstance(max_bad, float):
        if not 0.0 <= max_bad <= 1.0:
            raise ValueError(f"DataLoader: expected max_bad as a count, or as a share in [0, 1], got {max_bad}")
        return max_bad
    return integer("max_bad", max_bad, 0)


def seconds(name: str, value: float | None) -> float | None:
    """A time > 0, or None."""
    if value is not None and not value > 0:
        raise ValueError(f"DataLoader: expected {name} > 0 seconds or None, got {value}")
    return value


def choose_ranks(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """(rank, world_size) as given, else torch.distributed's, else (0, 1)."""
    if (rank is None) != (world_size is None):
        raise ValueError(f"DataLoader: expected rank and world_size together, got {rank} and {world_size}")
    if rank is not None:
        return integer("rank", rank, 0), integer("world_size", world_size)
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def choose_classes(num_classes: int | None, found: int) -> int:
    """The given number, which has to hold all labels, or the number of classes found."""
    if num_classes is None:
        return found
    if found == 0:
        return integer("num_classes", num_classes)
    if integer("num_classes", num_classes) < found:
        raise ValueError(
            f"DataLoader: expected num_classes >= {found}, since the data has labels up to {found - 1}, "
            f"got {num_classes}"
        )
    return int(num_classes)


def with_neighbor_pairing(policy: Policy) -> Policy:
    """The policy with every sample paired with its neighbour in the batch."""
    if not isinstance(policy, Policy):
        raise TypeError(f"DataLoader: expected mix to be a fastmix policy or None, got {type(policy).__name__}")
    if policy.has_masks:
        raise ValueError(
            f"DataLoader: expected a policy of boxes and weights, got {policy}, which draws masks; leave mix=None here "
            "and use fastmix.Mixer, or fastmix.integrations.prefetch(loader, mix=...)"
        )
    return policy.with_pairing("neighbor")
