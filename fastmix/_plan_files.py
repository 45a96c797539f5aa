"""Plans as JSON and NPZ: names and plain arrays, nothing that runs when it is read."""

from __future__ import annotations

import json
import os
import zipfile
from typing import Any

import numpy as np

_FORMAT = "fastmix.MixPlan"
_VERSION = 1
_NAMES = ("partner", "weight_in", "weight_out", "box", "label_weight")


def to_json(arrays: dict[str, list]) -> str:
    try:
        # A float32 is written with the digits of a float64: reading gives the same bits.
        return json.dumps({"format": _FORMAT, "version": _VERSION, **arrays}, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"MixPlan.to_json: expected finite weights; {error}") from None


def from_json(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"MixPlan.from_json: expected JSON; {error}") from None
    if not isinstance(content, dict) or (content.pop("format", None), content.pop("version", None)) != (
        _FORMAT,
        _VERSION,
    ):
        raise ValueError(f'MixPlan.from_json: expected {{"format": "{_FORMAT}", "version": {_VERSION}, ...}}')
    _check_names("MixPlan.from_json", content)
    arrays = {name: np.array(_numbers(name, content[name]), np.float64) for name in _NAMES}
    return {**arrays, "box": arrays["box"].reshape(-1, 4) if arrays["box"].size == 0 else arrays["box"]}


def save(path: str | os.PathLike, arrays: dict[str, np.ndarray]) -> None:
    # Through a file object: np.savez would append .npz to a bare path.
    with open(path, "wb") as file:
        np.savez(file, version=np.int64(_VERSION), **arrays)


def load(path: str | os.PathLike) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise ValueError(f"MixPlan.load: expected an NPZ of plain arrays at {os.fspath(path)}; {error}") from None
    version = content.pop("version", None)
    if version is None or version.shape != () or version != _VERSION:
        raise ValueError(f"MixPlan.load: expected version {_VERSION} in {os.fspath(path)}, got {version}")
    _check_names("MixPlan.load", content)
    for name, array in content.items():
        if array.dtype.kind not in "iuf":
            raise ValueError(f"MixPlan.load: expected numbers in {name}, got {array.dtype}")
    return content


def _check_names(op: str, content: dict[str, Any]) -> None:
    if set(content) != set(_NAMES):
        raise ValueError(f"{op}: expected the arrays {', '.join(_NAMES)}; got {', '.join(map(str, content)) or 'none'}")


def _numbers(name: str, values: Any) -> Any:
    """``values`` where it is a list of numbers, or of four numbers each for boxes."""
    rows = values if isinstance(values, list) else [None]
    flat = [x for row in rows for x in (row if name == "box" and isinstance(row, list) and len(row) == 4 else [row])]
    if any(isinstance(x, bool) or not isinstance(x, int | float) for x in flat):
        raise ValueError(f"MixPlan.from_json: expected a list of numbers as {name}{', four per box' * (name == 'box')}")
    return values
