"""All kernels and what is promised of their machine code. A new kernel is one more entry of KERNELS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

ARCHITECTURES = ("80", "90", "100")
ITEM_BYTES = {"uint8": 1, "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}
Value = TypeVar("Value")


@dataclass(frozen=True)
class Variant:
    """One instantiation of a kernel.

    Attributes:
        plan: how the plan travels: "parameter" (by value, up to 32 KB), "small parameter" (4 KB) or "memory".
        dtype: of the output; empty if the kernel decides when it runs.
        vector: bytes of a lane's vector; 0 if that is no template parameter.
        channels: of an image; 0 for any number, -1 if that is no template parameter.
        planar: NCHW, not NHWC.
    """

    plan: str
    dtype: str = ""
    vector: int = 0
    channels: int = -1
    planar: bool = True

    @property
    def item(self) -> int:
        return ITEM_BYTES[self.dtype]

    def describe(self) -> str:
        parts = [self.dtype] if self.dtype else []
        if self.vector:
            parts.append(f"{self.vector}-byte vectors")
        if self.channels >= 0:
            parts.append(f"{self.channels or 'any'} channel{'s' if self.channels != 1 else ''}")
        if self.dtype and self.channels > 0:
            parts.append("NCHW" if self.planar else "NHWC")
        return ", ".join(parts)


@dataclass(frozen=True)
class Entry:
    """What is known and promised of a kernel.

    Attributes:
        source: csrc/core/*/SOURCE.cu.
        function: its name there.
        parameters: the template parameters in order: fields of Variant.
        loads: bytes that its loads from global memory may have; the largest are needed. Where the plan is a parameter
            only data are read.
        stores: bytes of its stores.
        stored: elements that are done with one store, on the way with the most stores; None if operations differ.
        in_flight: bytes that a lane at least has under way while it waits; None if memory is not what it waits for.
        registers: the most it may take; with 64, 1,024 threads fit an SM.
        shared: bytes of shared memory of a block.
        warps: of the blocks that occupancy is computed for, those of large images.
        seldom: the instructions by which one knows code that few elements need, empty if there is none.
    """

    source: str
    function: str
    parameters: tuple[str, ...]
    loads: Callable[[Variant], set[int]]
    stores: Callable[[Variant], set[int]]
    stored: Callable[[Variant], float] | None
    in_flight: Callable[[Variant], int | None]
    registers: Callable[[Variant], int]
    shared: Callable[[Variant], int]
    warps: int = 8
    seldom: Callable[[Variant], str] = lambda _: ""


def always(value: Value) -> Callable[[Variant], Value]:
    return lambda _: value


def _vector(variant: Variant) -> set[int]:
    return {variant.vector}


def _elements(variant: Variant) -> int:
    return variant.vector // variant.item


def _stored_twice(variant: Variant) -> float:
    """On that way mix writes the images as they are too (regmixup)."""
    return _elements(variant) / 2


def _walk(vector_bytes: Callable[[Variant], int]) -> Callable[[Variant], int]:
    """segment_walk.h: a lane keeps 4 vectors (2 of 24 bytes, or if the plan is in memory) and waits for two of them."""

    def in_flight(variant: Variant) -> int:
        size = vector_bytes(variant)
        window = 2 if variant.plan == "memory" or size > 16 else 4
        return max(window - 2, 1) * size

    return in_flight


def _heads(vector_bytes: Callable[[Variant], int], place: int, warps: int = 8) -> Callable[[Variant], int]:
    """The lanes' places and every segment's first vector, in whole words."""
    return lambda variant: 32 * (place + warps * max(vector_bytes(variant), 4))


def _exchanged(variant: Variant, warps: int = 8) -> int:
    """Heads of runs of pixels, and the vectors that lanes exchange before they write them (whole_sectors.h)."""
    together = 1 if not variant.channels else variant.item // 2 if variant.planar or variant.item == 4 else 3
    vectors = 0 if together == 1 else 32 * together + (8 if together % 2 == 0 else 0)
    return _heads(_run, 8, warps)(variant) + 16 * warps * vectors


def _unless_open(variant: Variant) -> str:
    """mix_vectors.h, weighted_sums.h: float32 settles 16-bit floats and bytes, but for those that it leaves open."""
    return "DMUL" if variant.item <= 2 else ""


def _one_more(variant: Variant) -> set[int]:
    """Sums that stay open read their elements again, one by one."""
    return {variant.vector, variant.item}


def _wide(variant: Variant) -> int:
    """kMaxWideWarps: 768 threads fit an SM; of plans in memory 384, one block."""
    return 104 if variant.plan == "memory" else 80


def _run(variant: Variant) -> int:
    return 8 * variant.channels or 3


KERNELS = (
    Entry("mix", "mix_kernel", ("dtype", "vector", "plan"), _vector, _vector, _stored_twice,
          _walk(lambda v: v.vector), always(64), _heads(lambda v: v.vector, 16), seldom=_unless_open),
    # For sm_100 the compiler cuts some of its loads in two.
    Entry("mix_backward", "mix_backward_kernel", ("dtype", "vector", "plan"),
          lambda v: {*_one_more(v), 8} if v.vector == 16 else {v.vector}, _vector, _elements,
          lambda v: 2 * v.vector, always(64), always(0), seldom=_unless_open),
    Entry("normalize_mix", "normalize_kernel", ("dtype", "channels", "planar", "plan"),
          lambda v: {8 if v.channels else 1}, lambda v: {16 if v.channels else v.item},
          lambda v: 16 // v.item if v.channels else 1, _walk(_run), _wide, _exchanged),
    # Masks: levels of 0 to 255, as one vector where masks are as large as the images, else byte by byte.
    Entry("mix_masked", "mix_masked_kernel", ("dtype", "vector", "plan"),
          lambda v: {v.vector, v.vector // v.item, 1}, _vector, _stored_twice,
          _walk(lambda v: v.vector), always(64), _heads(lambda v: v.vector, 16), seldom=_unless_open),
    Entry("mix_backward_masked", "mix_backward_masked_kernel", ("dtype", "vector", "plan"),
          lambda v: {*_one_more(v), v.vector // v.item, 1}, _vector, _elements, lambda v: 2 * v.vector, always(64),
          always(0), seldom=_unless_open),
    Entry("normalize_mix_masked", "normalize_masked_kernel", ("dtype", "channels", "planar", "plan"),
          lambda v: {8, 1} if v.channels else {1}, lambda v: {16 if v.channels else v.item},
          lambda v: 16 // v.item if v.channels else 1, _walk(_run), _wide, _heads(_run, 96)),
    Entry("combine", "combine_kernel", ("dtype", "vector", "plan"), _one_more, _vector, _elements,
          lambda v: 2 * v.vector, always(64), always(0), seldom=_unless_open),
    Entry("labels", "labels_kernel", ("plan",), always({4, 8}), always({4}), always(1),
          always(16), always(64), always(0)),
    # Bound by arithmetic. Single bytes are read at an image's ends, and written at a row's; three blocks fit an SM, two
    # of resample_mix with four channels.
    Entry("resample_mix", "resample_mix_kernel", ("channels", "plan"), always({1, 4}), always({2, 4}), always(1),
          always(None), lambda v: 80 if v.channels < 4 else 128, always(40_816)),
    Entry("resample", "resample_kernel", ("channels", "plan"), always({1, 4}), always({1, 4}), None,
          always(None), always(80), always(20_896)),
    # Pixels of any alignment, byte by byte; four of them as words or packed; AugMix's sums. Two blocks fit an SM.
    Entry("augment", "augment_kernel", ("plan",), always({1, 4, 16}), always({1, 4, 16}), None,
          always(None), always(96), always(20_048), warps=10),
    # Levels and masks are bytes.
    Entry("erase", "erase_kernel", ("plan",), always({1}), always({2, 4}), always(1),
          always(None), always(80), always(0)),
)  # fmt: skip

SOURCES = tuple(dict.fromkeys(entry.source for entry in KERNELS))
