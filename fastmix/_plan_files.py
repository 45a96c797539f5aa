"""Plans as JSON and NPZ: names and plain arrays, nothing that runs when it is read."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Collection
from typing import Any

import numpy as np

_FORMAT = "fastmix.MixPlan"
_NAMES = ("partner", "weight_in", "weight_out", "box", "label_weight")
_MASK_NAMES = (*_NAMES, "mask", "mask_index")
# By version: plans without masks are written as they were before there were any.
_NAMES_OF = {1: _NAMES, 2: _MASK_NAMES}


def _version(names: Collection[str]) -> int:
    return 2 if "mask" in names else 1


def to_json(arrays: dict[str, list]) -> str:
    try:
        # A float32 is written with the digits of a float64: reading gives the same bits.
        return json.dumps({"format": _FORMAT, "version": _version(arrays), **arrays}, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"MixPlan.to_json: expected finite weights; {error}") from None


def from_json(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"MixPlan.from_json: expected JSON; {error}") from None
    version = content.pop("version", None) if isinstance(content, dict) else None
    if version not in _NAMES_OF or content.pop("format", None) != _FORMAT:
        raise ValueError(f'MixPlan.from_json: expected {{"format": "{_FORMAT}", "version": 1 or 2, ...}}')
    _check_names("MixPlan.from_json", content, _NAMES_OF[version])
    arrays = {name: np.array(_numbers(name, content[name]), np.float64) for name in _NAMES_OF[version]}
    return {**arrays, "box": arrays["box"].reshape(-1, 4) if arrays["box"].size == 0 else arrays["box"]}


def save(path: str | os.PathLike, arrays: dict[str, np.ndarray]) -> None:
    # Through a file object: np.savez would append .npz to a bare path.
    with open(path, "wb") as file:
        np.savez(file, version=np.int64(_version(arrays)), **arrays)


def load(path: str | os.PathLike) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise ValueError(f"MixPlan.load: expected an NPZ of plain arrays at {os.fspath(path)}; {error}") from None
    version = content.pop("version", None)
    if version is None or version.shape != () or version.item() not in _NAMES_OF:
        raise ValueError(f"MixPlan.load: expected version 1 or 2 in {os.fspath(path)}, got {version}")
    _check_names("MixPlan.load", content, _NAMES_OF[version.item()])
    for name, array in content.items():
        if array.dtype.kind not in "iuf":
            raise ValueError(f"MixPlan.load: expected numbers in {name}, got {array.dtype}")
    return content


def _check_names(op: str, content: dict[str, Any], names: Collection[str]) -> None:
    if set(content) != set(names):
        raise ValueError(f"{op}: expected the arrays {', '.join(names)}; got {', '.join(map(str, content)) or 'none'}")


def _numbers(name: str, values: Any) -> Any:
    """``values`` where it is a list of numbers, or of four numbers each for boxes, or nested lists for masks."""
    if name == "mask":
        return _mask_levels(values)
    rows = values if isinstance(values, list) else [None]
    flat = [x for row in rows for x in (row if name == "box" and isinstance(row, list) and len(row) == 4 else [row])]
    if any(isinstance(x, bool) or not isinstance(x, int | float) for x in flat):
        raise ValueError(f"MixPlan.from_json: expected a list of numbers as {name}{', four per box' * (name == 'box')}")
    return values


def _mask_levels(values: Any) -> np.ndarray:
    try:
        levels = np.array(values)
    except (TypeError, ValueError, OverflowError):
        levels = np.array(None)
    if levels.dtype.kind not in "iu" or levels.ndim not in (3, 4):
        raise ValueError("MixPlan.from_json: expected nested lists (M, h, w) or (M, t, h, w) of integers as mask")
    return levels
