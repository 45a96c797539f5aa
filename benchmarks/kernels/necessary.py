"""The bytes that no kernel can avoid to move: every input that counts once, every output once."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.kernels.catalog import ITEM_BYTES


class Moved(NamedTuple):
    """Bytes per element of the output."""

    read: float
    written: float


def necessary(kernel: str, dtype: str, layout: str) -> Moved:
    """What a row of the count of traffic (tests/core/every_kernel.cc) has to move at least.

    Args:
        kernel: a kernel of that count; with ", masks" each sample has a mask as large as the image.
        dtype: of the output.
        layout: says the number of channels where there are not three.
    """
    name, _, masks = kernel.partition(", ")
    item = ITEM_BYTES[dtype]
    channels = next((n for n in (1, 4) if f", {n} channel" in layout), 3)
    after_mixing = "after mixing" in layout
    window = 20 * 1100 if "many taps" in layout else 20 * 38
    read = {
        "normalize_mix": 1.0,
        "resample_mix": window / (16 * 32),  # a window of 20 x 38 pixels becomes 16 x 32
        "resample": window / (16 * 32),
        "erase": 0.0 if after_mixing else 1.0,  # the level of the image that is not erased
        "mix_labels": 8 / 10,  # one id for 10 cells
    }.get(name, float(item))
    return Moved(read + (1 / channels if masks and not after_mixing else 0.0), item)
