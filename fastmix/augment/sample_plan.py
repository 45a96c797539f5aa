"""The plan of single samples: window, flips, and up to K operations each.

===========  =========================================================================================================
words        content
===========  =========================================================================================================
0            header: "FS", version, kind
1            bit 0 horizontal flip, bit 1 vertical flip, bit 2 resize reads beside the window, bits 8 to 11 filter
2 to 5       window y, x, height, width; height and width 0: the whole image
6, 7         output height, width; 0: the batch's
8            how many operations are used
9 to 15      0
16 + 4 i     operation i: code in bits 0 to 7, flags above
17 to 19     its three parameters, float32 or int32, and so on for every operation
+ 4 i
===========  =========================================================================================================

The order is window, resize, flips, operations. ``operations.py`` has the codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fastmix import _core
from fastmix.arguments import integer
from fastmix.augment import plan_table
from fastmix.augment.operations import CODE, VALUES, WARPS, Operation
from fastmix.plan.rows import WORDS, zero_rows
from fastmix.plan.stored_plan import StoredPlan

HEADER = _core.SAMPLE_HEADER
FLIP_X, FLIP_Y, EDGES = 1, 2, 4
RESIZE_FILTERS = ("nearest", "box", "bilinear", "bicubic", "lanczos")
RESIZE_SHIFT = 8
DEFAULT_FILTER = RESIZE_FILTERS.index("bilinear")


class SamplePlan(StoredPlan):
    """What to do with the pixels of N samples before mixing: one packed row per sample, on the CPU.

    ``window``, ``output_size``, ``counts``, ``operation_words`` and ``parameters`` are views of ``rows``: editing one
    changes what is applied later. ``flip_x`` and ``flip_y`` are copies; assign to them. Plans compare and hash by
    content.

    Attributes:
        rows: int32 (N, 16 + 4 K), the plan itself; see :mod:`fastmix.augment.sample_plan`.
        slots: K, how many operations a sample can have.
        window: int32 (N, 4) as y, x, height, width in pixels; height and width 0 mean the whole image.
        output_size: int32 (N, 2), height and width in pixels; 0 means the batch's.
        counts: int32 (N,), how many operations each sample has.
        operation_words: int32 (N, K), codes and flags.
        parameters: float32 (N, K, 3).
        flip_x: bool (N,), left and right exchanged.
        flip_y: bool (N,), top and bottom exchanged.

    Raises:
        TypeError: ``rows`` is no int32 tensor on the CPU.
        ValueError: Another shape or header. Operators check the operations when they apply them.

    Example:
        >>> plan = SamplePlan.from_operations([[Operation("Rotate", (30.0,))], [], [Operation("Invert")]])
        >>> plan.flip_x = [True, False, False]
    """

    _kind = "SamplePlan"
    _header = HEADER
    _slot_words = 4

    def __init__(self, rows: Tensor, masks: None = None) -> None:
        if masks is not None:
            raise ValueError("SamplePlan: sample plans have no masks; mix plans do")
        super().__init__(rows)

    def __repr__(self) -> str:
        return f"SamplePlan({len(self)} samples, {self.slots} slots)"

    @property
    def slots(self) -> int:
        return (self.rows.shape[1] - WORDS) // 4

    @property
    def window(self) -> Tensor:
        return self.rows[:, 2:6]

    @property
    def output_size(self) -> Tensor:
        return self.rows[:, 6:8]

    @property
    def counts(self) -> Tensor:
        return self.rows[:, 8]

    @property
    def operation_words(self) -> Tensor:
        return self._operations()[:, :, 0]

    @property
    def parameters(self) -> Tensor:
        return self._operations().view(torch.float32)[:, :, 1:]

    @property
    def flip_x(self) -> Tensor:
        return (self.rows[:, 1] & FLIP_X) != 0

    @flip_x.setter
    def flip_x(self, flips: Any) -> None:
        self._set_flag("flip_x", FLIP_X, flips)

    @property
    def flip_y(self) -> Tensor:
        return (self.rows[:, 1] & FLIP_Y) != 0

    @flip_y.setter
    def flip_y(self, flips: Any) -> None:
        self._set_flag("flip_y", FLIP_Y, flips)

    def _operations(self) -> Tensor:
        return self.rows[:, WORDS:].unflatten(1, (self.slots, 4))

    def _set_flag(self, name: str, flag: int, flips: Any) -> None:
        given = torch.as_tensor(flips)
        if given.dtype != torch.bool or given.shape not in ((), (len(self),)):
            raise ValueError(
                f"SamplePlan.{name}: expected bool of shape ({len(self)},), got {given.dtype} {tuple(given.shape)}"
            )
        self.rows[:, 1] = (self.rows[:, 1] & ~flag) | given.to(torch.int32) * flag

    @classmethod
    def identity(cls, samples: int, slots: int = 0) -> SamplePlan:
        """Make a plan that changes nothing, with room for ``slots`` operations per sample."""
        words = WORDS + 4 * integer("SamplePlan.identity", "slots", slots, 0)
        plan = cls(zero_rows(integer("SamplePlan.identity", "samples", samples, 0), HEADER, words))
        plan.rows[:, 1] = DEFAULT_FILTER << RESIZE_SHIFT
        return plan

    @classmethod
    def from_operations(cls, operations: Sequence[Sequence[Operation]], slots: int | None = None) -> SamplePlan:
        """Make a plan from a list of operations per sample.

        Args:
            operations: N lists of :class:`Operation`.
            slots: K; None is the longest list's length.

        Raises:
            TypeError: An entry is not an Operation.
            ValueError: A list is longer than ``slots``.
        """
        plan = cls.identity(len(operations), max(map(len, operations), default=0) if slots is None else slots)
        for sample, given in enumerate(operations):
            plan.set_operations(sample, given)
        return plan

    def operations(self, sample: int) -> list[Operation]:
        """Return the operations of one sample, in order.

        Raises:
            IndexError: There is no such sample.
            ValueError: The sample's words are damaged.
        """
        count = int(self.counts[sample])
        if not 0 <= count <= self.slots:
            raise ValueError(f"SamplePlan: expected counts in [0, {self.slots}], got {count} for sample {sample}")
        return [Operation.from_words(tuple(words)) for words in self._operations()[sample, :count].tolist()]

    def set_operations(self, sample: int, operations: Sequence[Operation]) -> None:
        """Replace the operations of one sample.

        Raises:
            IndexError: There is no such sample.
            TypeError: An entry is not an Operation.
            ValueError: There are more than ``slots``.
        """
        for given in operations:
            if not isinstance(given, Operation):
                raise TypeError(f"SamplePlan: expected an Operation, got {type(given).__name__}")
        if len(operations) > self.slots:
            raise ValueError(
                f"SamplePlan: expected at most {self.slots} operations, got {len(operations)}; make it with slots="
            )
        words = self._operations()[sample]
        words.zero_()
        self.counts[sample] = len(operations)
        for k, given in enumerate(operations):
            words[k] = torch.tensor(given.to_words(), dtype=torch.int32)

    def select(self, samples: Any) -> SamplePlan:
        """Return the plan of some samples, by index or bool mask, in this order. It shares no memory."""
        given = torch.as_tensor(samples)
        return SamplePlan(
            self.rows[given if given.dtype == torch.bool else given.long()].reshape(-1, self.rows.shape[1])
        )

    def describe(self, names: Sequence[object] | None = None) -> str:
        """Return a table with one line per sample.

        Args:
            names: (N,) names of the samples, such as paths; None means their numbers.

        Raises:
            ValueError: The names are not one per sample, or a row is damaged.
        """
        return plan_table.describe(self, names)

    def _words(self) -> Tensor:
        rows = self.rows.clone()
        operations = rows[:, WORDS:].unflatten(1, (self.slots, 4))
        first = torch.from_numpy(np.isin((operations[:, :, 0] & 255).numpy(), _FLOATS))
        operations[:, :, 1][first & (operations[:, :, 1] == -(2**31))] = 0
        return rows


# Operations whose first parameter is a float32, which may be -0.0.
_FLOATS = [CODE[name] for name in VALUES if name in WARPS or not name.startswith(("Erase", "PadCrop"))]
