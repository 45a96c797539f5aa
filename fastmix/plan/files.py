"""Plans as JSON and NPZ: names and plain arrays, nothing that runs when it is read."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# Other dtypes that a file may have go through float64, which holds all integers that fit a plan.
_PLAIN = (np.uint8, np.int32, np.float32, np.float64)


@dataclass(frozen=True)
class PlanFormat:
    """How plans of one type are written. ``kind`` is the type's name; its entry ``partner`` has one row per sample.

    ``versions`` maps each version to the names of its arrays, the later with more of them; ``dims`` maps a name to the
    numbers of dimensions that it may have, one if left out.
    """

    kind: str
    versions: Mapping[int, tuple[str, ...]]
    dims: Mapping[str, tuple[int, ...]]

    def to_json(self, arrays: dict[str, np.ndarray]) -> str:
        content = {name: array.tolist() for name, array in arrays.items()}
        try:
            # A float32 is written with the digits of a float64: reading gives the same bits.
            return json.dumps(
                {"format": f"fastmix.{self.kind}", "version": self._version(arrays), **content}, allow_nan=False
            )
        except ValueError as error:
            raise ValueError(f"{self.kind}.to_json: expected finite weights; {error}") from None

    def from_json(self, text: str) -> dict[str, np.ndarray]:
        op = f"{self.kind}.from_json"
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{op}: expected JSON; {error}") from None
        version = content.pop("version", None) if isinstance(content, dict) else None
        known = version if isinstance(version, int) and not isinstance(version, bool) else -1
        if known not in self.versions or content.pop("format", None) != f"fastmix.{self.kind}":
            raise ValueError(f'{op}: expected {{"format": "fastmix.{self.kind}", "version": {self._known()}, ...}}')
        self._check_names(op, content, known)
        return {name: self._numbers(op, name, content[name]) for name in self.versions[known]}

    def save(self, path: str | os.PathLike[str], arrays: dict[str, np.ndarray]) -> None:
        # Through a file object: np.savez would append .npz to a bare path.
        content: dict[str, Any] = {"version": np.int64(self._version(arrays)), **arrays}
        with open(path, "wb") as file:
            np.savez(file, **content)

    def load(self, path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
        op, where = f"{self.kind}.load", os.fspath(path)
        with open(path, "rb") as file:
            try:
                with np.load(file, allow_pickle=False) as archive:
                    content = {name: archive[name] for name in archive.files}
            except Exception as error:  # damaged bytes make the readers of zip, deflate and headers raise anything
                raise ValueError(f"{op}: expected an NPZ of plain arrays at {where}; {error}") from None
        version = content.pop("version", None)
        if not isinstance(version, np.ndarray) or version.dtype.kind not in "iu" or version.shape != ():
            raise ValueError(f"{op}: expected version {self._known()} in {where}, got {version}")
        if version.item() not in self.versions:
            raise ValueError(f"{op}: expected version {self._known()} in {where}, got {version}")
        self._check_names(op, content, version.item())
        for name, array in content.items():
            if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
                raise ValueError(f"{op}: expected numbers in {name}, got {getattr(array, 'dtype', 'other bytes')}")
            if array.ndim not in self._dims(name):
                raise ValueError(f"{op}: expected {self._dims_text(name)} in {name}, got shape {array.shape}")
            if array.dtype not in _PLAIN:
                with np.errstate(all="ignore"):
                    content[name] = array.astype(np.float64)
        return content

    def _version(self, names: Collection[str]) -> int:
        return next(version for version, has in self.versions.items() if set(has) == set(names))

    def _known(self) -> str:
        return " or ".join(map(str, self.versions))

    def _dims(self, name: str) -> tuple[int, ...]:
        return self.dims.get(name, (1,))

    def _dims_text(self, name: str) -> str:
        return f"{' or '.join(map(str, self._dims(name)))} dimension{'s' * (self._dims(name) != (1,))}"

    def _check_names(self, op: str, content: dict[str, Any], version: int) -> None:
        names = self.versions[version]
        if set(content) != set(names):
            got = ", ".join(map(str, content)) or "none"
            raise ValueError(f"{op}: expected the arrays {', '.join(names)}; got {got}")

    def _numbers(self, op: str, name: str, values: Any) -> np.ndarray:
        """``values`` where it is a list of numbers, nested as deep as ``dims`` says."""
        levels = np.zeros(0)
        if isinstance(values, list) and _are_numbers(values):
            try:
                # Lists of uneven lengths are no array. An empty batch may have lost its other dimensions.
                levels = np.array(values, np.float64)
                if levels.ndim in self._dims(name) or levels.size == 0:
                    return levels
            except (ValueError, OverflowError):
                pass
        raise ValueError(f"{op}: expected a list of numbers as {name}, {self._dims_text(name)}, even")


def _are_numbers(values: list[Any]) -> bool:
    # Not by recursion: the depth is the file's. A bool is no number here, though Python takes it for one.
    waiting: list[Any] = [values]
    while waiting:
        for value in waiting.pop():
            if isinstance(value, list):
                waiting.append(value)
            elif isinstance(value, bool) or not isinstance(value, int | float):
                return False
    return True
