"""What all types of plans do alike: files, text and digests of their content."""

from __future__ import annotations

import hashlib
import os
from typing import Any, ClassVar, Self

import numpy as np

from fastmix.plan.files import PlanFormat


class StoredPlan:
    """A base of plans: its subclasses say what their arrays are, and what they are called in files."""

    _format: ClassVar[PlanFormat]

    def _arrays(self) -> dict[str, np.ndarray]:
        """What files hold, in order."""
        raise NotImplementedError

    @classmethod
    def _of_arrays(cls, arrays: dict[str, Any]) -> Self:
        """The plan whose ``_arrays`` these are.

        Raises:
            ValueError: They do not fit together, or hold what their dtypes do not.
        """
        raise NotImplementedError

    def __hash__(self) -> int:
        return hash(self.digest())

    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal: equal plans have equal digests, on every machine."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The plan that ``to_json`` wrote.

        Raises:
            ValueError: ``text`` is no JSON, or not that of a plan of this type.
        """
        return cls._of_arrays(cls._format.from_json(text))

    def to_json(self) -> str:
        """The plan as JSON; ``from_json`` gives it back, bit for bit.

        Raises:
            ValueError: A weight is NaN or infinite.
        """
        return self._format.to_json(self._arrays())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The plan that ``save`` wrote. Nothing in the file is executed: arrays only, no pickle.

        Raises:
            OSError: The file cannot be opened.
            ValueError: It is not that of a plan of this type, or it is damaged.
        """
        return cls._of_arrays(cls._format.load(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan as NPZ, a zip of plain NumPy arrays, under exactly this path.

        Raises:
            OSError: The file cannot be written.
        """
        self._format.save(path, self._arrays())


def content_digest(heading: str, arrays: dict[str, np.ndarray], shaped: tuple[str, ...] = ()) -> str:
    """SHA-256 of a heading and of arrays, in hexadecimal, with the shapes of those named in ``shaped``."""
    content = hashlib.sha256(f"{heading}\n".encode())
    for name, array in arrays.items():
        if name in shaped:
            content.update(f"{name} {array.shape}\n".encode())
        # Adding 0 makes -0 a 0, to which it is equal.
        positive = array + array.dtype.type(0)
        content.update(positive.astype(array.dtype.newbyteorder("<")).tobytes())
    return content.hexdigest()
