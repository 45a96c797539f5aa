"""Argument checks that several operators share. They raise before any work is done."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import MultiwayPlan
from fastmix.plan.resident_plan import ResidentPlan

_MIX_DTYPES = (torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64)
_OUTPUT_DTYPES = (torch.float16, torch.bfloat16, torch.float32)
MAX_CHANNELS = 4


def check_tensor(op: str, name: str, value: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{op}: expected {name} to be a torch.Tensor, got {type(value).__name__}")
    # "meta" tensors carry shapes without data.
    if value.layout != torch.strided or value.device.type not in ("cpu", "cuda", "meta"):
        raise ValueError(
            f"{op}: expected dense {name} on the CPU or a CUDA device, got {value.layout} on {value.device}"
        )
    if value.dim() == 0:
        raise ValueError(f"{op}: expected {name} with a batch dimension, got a tensor without dimensions")


def check_images(op: str, images: Tensor) -> None:
    check_tensor(op, "images", images)
    if images.dtype not in _MIX_DTYPES:
        names = ", ".join(str(dtype) for dtype in _MIX_DTYPES)
        remedy = "; mix images.real and images.imag" if images.is_complex() else ""
        raise TypeError(f"{op}: expected images of one of the dtypes {names}, got {images.dtype}{remedy}")


def check_stored(op: str, name: str, tensor: Tensor) -> None:
    """Raise ValueError for a lazily negated view (``is_neg()``): operators would read the values before negation."""
    # torch.compile cannot trace is_neg().
    if not torch.compiler.is_compiling() and tensor.is_neg():
        raise ValueError(f"{op}: expected {name} without lazy negation, got a negated view; use {name}.resolve_neg()")


def check_plan_type(op: str, plan: object, *, multiway: bool = False, resident: bool = False) -> None:
    if isinstance(plan, MultiwayPlan) and not multiway:
        raise TypeError(f"{op}: expected plan to be a fastmix.MixPlan, got a MultiwayPlan; use mix()")
    if isinstance(plan, ResidentPlan) and not resident:
        raise TypeError(
            f"{op}: expected plan to be a fastmix.MixPlan, got a ResidentPlan, which only mix_, mix, regmixup, "
            "normalize_mix and mix_labels take"
        )
    if not isinstance(plan, MixPlan | MultiwayPlan | ResidentPlan):
        raise TypeError(f"{op}: expected plan to be a fastmix.MixPlan, got {type(plan).__name__}")


def check_plan(
    op: str,
    plan: MixPlan | MultiwayPlan | ResidentPlan,
    samples: int,
    *,
    multiway: bool = False,
    resident: bool = False,
) -> None:
    check_plan_type(op, plan, multiway=multiway, resident=resident)
    if len(plan) != samples:
        raise ValueError(
            f"{op}: expected a plan for {samples} samples, got one for {len(plan)}; draw it with batch_size={samples}"
        )


def check_format(op: str, dtype: torch.dtype, memory_format: torch.memory_format) -> None:
    if dtype not in _OUTPUT_DTYPES:
        raise TypeError(f"{op}: expected dtype torch.float16, torch.bfloat16 or torch.float32, got {dtype}")
    if memory_format not in (torch.contiguous_format, torch.channels_last):
        raise ValueError(
            f"{op}: expected memory_format torch.contiguous_format or torch.channels_last, got {memory_format}"
        )


def check_out(op: str, out: Tensor, images: Tensor, dtype: torch.dtype, memory_format: torch.memory_format) -> None:
    check_tensor(op, "out", out)
    check_stored(op, "out", out)
    if out.dtype != dtype:
        raise TypeError(f"{op}: expected out of dtype {dtype}, got {out.dtype}")
    batch, height, width, channels = images.shape
    shape = (batch, channels, height, width)
    if tuple(out.shape) != shape or out.device != images.device:
        raise ValueError(
            f"{op}: expected out of shape {shape} on {images.device}, got {tuple(out.shape)} on {out.device}"
        )
    if not out.is_contiguous(memory_format=memory_format):
        raise ValueError(
            f"{op}: expected out in {memory_format}, got strides {out.stride()}; "
            f"make out with torch.empty(..., memory_format={memory_format})"
        )


def pixel_units(op: str, name: str, values: Sequence[float], channels: int, *, positive: bool) -> list[float]:
    if len(values) != channels:
        raise ValueError(f"{op}: expected {name} with one value per channel ({channels}), got {len(values)}")
    for value in values:
        if not math.isfinite(value) or (positive and value <= 0.0):
            raise ValueError(f"{op}: expected {name} {'> 0 and ' if positive else ''}finite, got {value}")
    return [255.0 * value for value in values]
