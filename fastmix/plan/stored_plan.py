"""What all plans share: rows, masks, comparison, digests and files."""

from __future__ import annotations

import hashlib
import os
from typing import ClassVar, Self

import torch
from torch import Tensor

from fastmix.plan import files
from fastmix.plan.rows import check_rows, zero_rows


class StoredPlan:
    """A plan as packed rows, with optional masks. Subclasses name the words of a row.

    Attributes:
        rows: int32, one row per sample, see :mod:`fastmix.plan.rows`.
        masks: uint8 (M, h, w), or (M, t, h, w) for video; None where no sample has one.
    """

    _kind: ClassVar[str]
    _header: ClassVar[int]
    _slot_words: ClassVar[int] = 0

    def __init__(self, rows: Tensor, masks: Tensor | None = None) -> None:
        check_rows(self._kind, rows, self._header, self._slot_words)
        # An array without rows has strides of 0 in NumPy. torch cannot view such a tensor as another dtype.
        self.rows = rows if len(rows) else zero_rows(0, self._header, rows.shape[1])
        self.masks = masks

    def __len__(self) -> int:
        return self.rows.shape[0]

    def __repr__(self) -> str:
        masks = "" if self.masks is None else f", masks={tuple(self.masks.shape)}"
        return f"{self._kind}({len(self)} samples{masks})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self.digest())

    def clone(self) -> Self:
        """Copy the plan. Editing one plan does not change the other."""
        return type(self)(self.rows.clone(), None if self.masks is None else self.masks.clone())

    def digest(self) -> str:
        """Return the content's SHA-256 in hexadecimal. Equal plans have equal digests, on every machine."""
        return hashlib.sha256(b"".join(self._content())).hexdigest()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan as NPZ, a zip of plain NumPy arrays, under exactly this path.

        Raises:
            OSError: The file cannot be written.
        """
        files.save(path, self.rows, self.masks)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Load a plan that ``save`` wrote. Reads arrays only and executes nothing: no pickle.

        Raises:
            OSError: The file cannot be opened.
            ValueError: The file is damaged, or holds a plan of another kind or version.
        """
        rows, masks = files.load(cls._kind, path)
        try:
            return cls(rows, masks)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{cls._kind}.load: {error}; in {os.fspath(path)}") from None

    def _words(self) -> Tensor:
        """Return the rows with 0.0 for each -0.0, so that equal plans have equal bytes."""
        raise NotImplementedError

    def _content(self) -> tuple[bytes, bytes, bytes]:
        """Return bytes that are equal if and only if the plans are equal."""
        rows = self._kind.encode() + self._words().numpy().astype("<i4").tobytes()
        if self.masks is None:
            return rows, b"", b""
        return rows, str(tuple(self.masks.shape)).encode(), self.masks.contiguous().numpy().tobytes()


def without_negative_zero(rows: Tensor, dtype: torch.dtype, words: slice) -> Tensor:
    """Return a copy of ``rows`` with -0.0 replaced by 0.0 in columns ``words`` of ``rows.view(dtype)``."""
    rows = rows.clone()
    rows.view(dtype)[:, words] += 0.0
    return rows
