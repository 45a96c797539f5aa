"""The packed rows of plans: int32, one row per sample. Rows of mix plans have 16 words.

=======  ==================================  =============================================
words    a row that mixes two images         a row that mixes up to four
=======  ==================================  =============================================
0        header: "FM", version, kind         header
1        partner                             ways
2, 3     weight_in, weight_out (float32)     0
4 to 7   box y0, x0, y1, x1                  partners
8 to 15  label_weight (float32), mask, 0     weights (4 x float64)
=======  ==================================  =============================================

Words are little-endian; spare words are zero. ``csrc/core/plan/plan.h`` has the same rows as C++ structs. Rows of
sample plans have 16 words and 4 more per operation, see :mod:`fastmix.augment.sample_plan`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fastmix import _core

WORDS = 16
PAIR = _core.PAIR_HEADER
MULTIWAY = _core.MULTIWAY_HEADER


def zero_rows(batch: int, header: int, words: int = WORDS) -> Tensor:
    """Return rows int32 (batch, words): ``header`` in word 0, zeros in the others."""
    rows = torch.zeros(batch, words, dtype=torch.int32)
    rows[:, 0] = header
    return rows


def check_rows(kind: str, rows: Tensor, header: int, slot_words: int = 0) -> None:
    """Raise unless word 0 of each row is ``header`` and a row has 16 words plus a multiple of ``slot_words``.

    Raises:
        TypeError: ``rows`` is not an int32 tensor on the CPU.
        ValueError: The shape is wrong, memory has gaps, or a header is of another kind or version.
    """
    if not isinstance(rows, Tensor) or rows.dtype != torch.int32 or rows.device.type != "cpu":
        got = f"{rows.dtype} on {rows.device}" if isinstance(rows, Tensor) else type(rows).__name__
        raise TypeError(f"{kind}.rows: expected an int32 tensor on the CPU, got {got}")
    more = rows.shape[1] - WORDS if rows.dim() == 2 else -1
    if more < 0 or more % slot_words if slot_words else more:
        width = f"{WORDS} + {slot_words} K" if slot_words else WORDS
        raise ValueError(f"{kind}.rows: expected contiguous rows (B, {width}), got {tuple(rows.shape)}")
    if not rows.is_contiguous():
        raise ValueError(f"{kind}.rows: expected contiguous rows, got strides {rows.stride()}")
    if torch.compiler.is_compiling():
        return
    others = rows[:, 0] != header
    if bool(others.any()):
        found = int(rows[others][0, 0])
        raise ValueError(f"{kind}.rows: expected the header {header:#x} in word 0 of every row, got {found:#x}")
