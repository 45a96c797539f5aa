"""Checkpoints of a training run: written whole or not at all, read without executing anything in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


def save(path: Path, state: dict[str, Any]) -> None:
    """Replace the file: a process killed at any moment leaves the old checkpoint or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with open(partial, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def load(path: Path) -> dict[str, Any]:
    """What ``save`` wrote, on the CPU: tensors, numbers, strings, lists and dicts, and nothing else.

    Raises:
        OSError: The file cannot be read.
        pickle.UnpicklingError: It holds something else.
    """
    return torch.load(path, map_location="cpu", weights_only=True)
