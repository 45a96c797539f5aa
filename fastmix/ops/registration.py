"""Register ``torch.ops.fastmix``: names, fake kernels and gradients.

A schema knows tensors only, so that these operators take the arrays of a plan. Call :mod:`fastmix.ops.mix` instead,
which takes the plan and checks its arguments.
"""

# ruff: noqa: ARG001  (a fake kernel has its operator's signature)

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from fastmix.ops import library as _library  # noqa: F401  (registers the operators)

mix_ = torch.ops.fastmix.mix_.default
mix = torch.ops.fastmix.mix.default
mix_backward = torch.ops.fastmix.mix_backward.default
regmixup = torch.ops.fastmix.regmixup.default
combine = torch.ops.fastmix.combine.default
combine_backward = torch.ops.fastmix.combine_backward.default
normalize_mix = torch.ops.fastmix.normalize_mix.default
normalize_mix_into = torch.ops.fastmix.normalize_mix_into.default
mix_labels = torch.ops.fastmix.mix_labels.default
mix_resident_ = torch.ops.fastmix.mix_resident_.default
normalize_mix_resident = torch.ops.fastmix.normalize_mix_resident.default
mix_labels_resident = torch.ops.fastmix.mix_labels_resident.default

_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def _is_packed(images: Tensor, order: Sequence[int]) -> bool:
    """Return whether the dimensions ``order``, innermost last, are dense; sizes of 0 count as 1."""
    expected = 1
    for dim in reversed(order):
        if images.shape[dim] != 1 and images.stride(dim) != expected:
            return False
        expected = expected * max(images.shape[dim], 1)
    return True


def output_memory_format(images: Tensor) -> torch.memory_format:
    """Return the memory format of ``mix``'s result: that of dense samples, else contiguous."""
    order = list(range(1, images.dim()))
    if images.dim() not in _CHANNELS_LAST or _is_packed(images, order):
        return torch.contiguous_format
    if _is_packed(images, [*order[1:], 1]):
        return _CHANNELS_LAST[images.dim()]
    return torch.contiguous_format


def samples_like(images: Tensor, other: Tensor) -> Tensor:
    """Return ``other`` in the memory format of ``mix``'s result, without a copy if it has that already."""
    wanted = output_memory_format(images)
    order = list(range(1, other.dim()))
    if wanted != torch.contiguous_format:
        order = [*order[1:], 1]
    return other if _is_packed(other, order) else other.contiguous(memory_format=wanted)


def _like_samples(images: Tensor, count: int | torch.SymInt) -> Tensor:
    return torch.empty(
        (count, *images.shape[1:]),
        dtype=images.dtype,
        device=images.device,
        memory_format=output_memory_format(images),
    )


def _normalized(images: Tensor, dtype: torch.dtype, channels_last: bool) -> Tensor:
    batch, height, width, channels = images.shape
    return torch.empty(
        (batch, channels, height, width),
        dtype=dtype,
        device=images.device,
        memory_format=torch.channels_last if channels_last else torch.contiguous_format,
    )


@torch.library.register_fake("fastmix::mix_")
def _(
    images: Tensor,
    partner: Tensor,
    weight_in: Tensor,
    weight_out: Tensor,
    box: Tensor,
    mask: Tensor | None = None,
    mask_index: Tensor | None = None,
    other: Tensor | None = None,
) -> None:
    return None


@torch.library.register_fake("fastmix::mix")
def _(
    images: Tensor,
    partner: Tensor,
    weight_in: Tensor,
    weight_out: Tensor,
    box: Tensor,
    mask: Tensor | None = None,
    mask_index: Tensor | None = None,
    other: Tensor | None = None,
) -> Tensor:
    return _like_samples(images, images.shape[0])


@torch.library.register_fake("fastmix::regmixup")
def _(
    images: Tensor,
    partner: Tensor,
    weight_in: Tensor,
    weight_out: Tensor,
    box: Tensor,
    mask: Tensor | None = None,
    mask_index: Tensor | None = None,
) -> Tensor:
    return _like_samples(images, 2 * images.shape[0])


@torch.library.register_fake("fastmix::mix_backward")
def _(
    grad: Tensor,
    partner: Tensor,
    weight_in: Tensor,
    weight_out: Tensor,
    box: Tensor,
    mask: Tensor | None = None,
    mask_index: Tensor | None = None,
    others: int = -1,
    of_other: bool = False,
) -> Tensor:
    return _like_samples(grad, others if of_other else grad.shape[0])


@torch.library.register_fake("fastmix::combine")
def _(images: Tensor, partner: Tensor, weight: Tensor) -> Tensor:
    return _like_samples(images, partner.shape[0])


@torch.library.register_fake("fastmix::combine_backward")
def _(grad: Tensor, partner: Tensor, weight: Tensor, samples: int) -> Tensor:
    return _like_samples(grad, samples)


@torch.library.register_fake("fastmix::normalize_mix")
def _(
    images: Tensor,
    mirror: Tensor | None,
    partner: Tensor,
    weight_in: Tensor,
    weight_out: Tensor,
    box: Tensor,
    mean: Sequence[float],
    std: Sequence[float],
    dtype: torch.dtype,
    channels_last: bool,
    mask: Tensor | None = None,
    mask_index: Tensor | None = None,
) -> Tensor:
    return _normalized(images, dtype, channels_last)


@torch.library.register_fake("fastmix::normalize_mix_into")
def _(out: Tensor, *inputs: object) -> None:
    return None


@torch.library.register_fake("fastmix::mix_labels")
def _(labels: Tensor, partner: Tensor, label_weight: Tensor, num_classes: int, smoothing: float) -> Tensor:
    return torch.empty((partner.shape[0], num_classes), dtype=torch.float32, device=labels.device)


@torch.library.register_fake("fastmix::mix_resident_")
def _(images: Tensor, plan: Tensor) -> None:
    return None


@torch.library.register_fake("fastmix::normalize_mix_resident")
def _(
    images: Tensor, plan: Tensor, mean: Sequence[float], std: Sequence[float], dtype: torch.dtype, channels_last: bool
) -> Tensor:
    return _normalized(images, dtype, channels_last)


@torch.library.register_fake("fastmix::mix_labels_resident")
def _(labels: Tensor, plan: Tensor, num_classes: int, smoothing: float) -> Tensor:
    return torch.empty((labels.shape[0], num_classes), dtype=torch.float32, device=labels.device)


def _saved(ctx: Any, inputs: tuple[Any, ...]) -> None:
    """The plan: four arrays, a mask and its index, which may be None."""
    ctx.save_for_backward(*inputs[1:7], *[None] * (7 - len(inputs)))


def _save_mix(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    other = inputs[7] if len(inputs) > 7 else None
    ctx.others = -1 if other is None else other.shape[0]
    _saved(ctx, inputs)


def _backward_of_mix(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    of_images = mix_backward(grad, *ctx.saved_tensors, ctx.others, False) if ctx.needs_input_grad[0] else None
    of_other = None
    if ctx.others != -1 and ctx.needs_input_grad[7]:
        of_other = mix_backward(grad, *ctx.saved_tensors, ctx.others, True)
    return of_images, *[None] * 6, of_other


def _save_mix_backward(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.others, ctx.of_other = inputs[7:] if len(inputs) > 8 else (-1, False)
    _saved(ctx, inputs)


def _backward_of_mix_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    # mix and mix_backward are linear in their first argument and transposes of each other.
    plan = ctx.saved_tensors
    if ctx.others == -1:
        result = mix(grad, *plan)
    elif ctx.of_other:
        zeros = grad.new_zeros((plan[0].shape[0], *grad.shape[1:]))
        result = mix(zeros, *plan, samples_like(zeros, grad))
    else:
        result = mix_backward(grad, *plan, ctx.others, False)
    return result, *[None] * 8


def _save_regmixup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _saved(ctx, inputs)


def _backward_of_regmixup(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    clean, mixed = grad.chunk(2) if grad.shape[0] else (grad, grad)
    return clean + mix_backward(mixed, *ctx.saved_tensors), *[None] * 6


def _save_combine(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.samples = inputs[0].shape[0]
    ctx.save_for_backward(*inputs[1:3])


def _backward_of_combine(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return combine_backward(grad, *ctx.saved_tensors, ctx.samples), None, None


def _backward_of_combine_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return combine(grad, *ctx.saved_tensors), None, None, None


for _name, _backward, _save in (
    ("mix", _backward_of_mix, _save_mix),
    ("mix_backward", _backward_of_mix_backward, _save_mix_backward),
    ("regmixup", _backward_of_regmixup, _save_regmixup),
    ("combine", _backward_of_combine, _save_combine),
    ("combine_backward", _backward_of_combine_backward, _save_combine),
):
    torch.library.register_autograd(f"fastmix::{_name}", _backward, setup_context=_save)

_registrations = torch.library.Library("fastmix", "IMPL")


def _mix_in_place_autograd(keyset: Any, images: Tensor, *plan: Tensor | None) -> None:
    """Refuse gradients, mix, then bump the version counter so that autograd notices overwritten saved tensors."""
    if torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in (images, *plan)):
        raise RuntimeError(
            "mix_: expected images (and other) that do not require grad, got one that does; "
            "use mix() or torch.no_grad()"
        )
    with torch._C._AutoDispatchBelowAutograd():
        mix_.redispatch(keyset & torch._C._after_autograd_keyset, images, *plan)
    # After the call: a refused mix has changed nothing.
    if not images.is_inference():
        torch.autograd.graph.increment_version(images)


_registrations.impl("mix_", _mix_in_place_autograd, "Autograd", with_keyset=True)
