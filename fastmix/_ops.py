"""The operators of ``torch.ops.fastmix``: names, fake kernels and autograd.

They take the arrays of a plan one by one, since an operator's schema knows tensors only. Use
:mod:`fastmix.functional`, which takes the plan and checks its arguments.
"""

# ruff: noqa: ARG001  (fake kernels have the whole signature of their operator)

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from fastmix import _library  # noqa: F401  (registers the operators)

mix_ = torch.ops.fastmix.mix_.default
mix = torch.ops.fastmix.mix.default
mix_backward = torch.ops.fastmix.mix_backward.default
normalize_mix = torch.ops.fastmix.normalize_mix.default
mix_labels = torch.ops.fastmix.mix_labels.default

_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def _is_packed(images: Tensor, order: Sequence[int]) -> bool:
    """Whether the dimensions ``order``, the last one innermost, lie without gaps; sizes of 0 count as 1."""
    expected = 1
    for dim in reversed(order):
        if images.shape[dim] != 1 and images.stride(dim) != expected:
            return False
        expected = expected * max(images.shape[dim], 1)
    return True


def output_memory_format(images: Tensor) -> torch.memory_format:
    """The memory format of what ``mix`` returns: that of the samples, contiguous where they have gaps."""
    order = list(range(1, images.dim()))
    if images.dim() not in _CHANNELS_LAST or _is_packed(images, order):
        return torch.contiguous_format
    if _is_packed(images, [*order[1:], 1]):
        return _CHANNELS_LAST[images.dim()]
    return torch.contiguous_format


def _like_samples(images: Tensor) -> Tensor:
    return torch.empty(
        images.shape, dtype=images.dtype, device=images.device, memory_format=output_memory_format(images)
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
) -> Tensor:
    return _like_samples(images)


@torch.library.register_fake("fastmix::mix_backward")
def _(
    grad: Tensor,
    partner: Tensor,
    weight_in: Tensor,
    weight_out: Tensor,
    box: Tensor,
    mask: Tensor | None = None,
    mask_index: Tensor | None = None,
) -> Tensor:
    return _like_samples(grad)


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
    batch, height, width, channels = images.shape
    return torch.empty(
        (batch, channels, height, width),
        dtype=dtype,
        device=images.device,
        memory_format=torch.channels_last if channels_last else torch.contiguous_format,
    )


@torch.library.register_fake("fastmix::mix_labels")
def _(labels: Tensor, partner: Tensor, label_weight: Tensor, num_classes: int, smoothing: float) -> Tensor:
    return torch.empty((labels.shape[0], num_classes), dtype=torch.float32, device=labels.device)


def _save_plan(ctx: Any, inputs: tuple[Tensor | None, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[1:])


def _backward_of_mix(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return mix_backward(grad, *ctx.saved_tensors), *[None] * len(ctx.saved_tensors)


def _backward_of_mix_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    # Both are linear in their first argument and each is the transpose of the other.
    return mix(grad, *ctx.saved_tensors), *[None] * len(ctx.saved_tensors)


torch.library.register_autograd("fastmix::mix", _backward_of_mix, setup_context=_save_plan)
torch.library.register_autograd("fastmix::mix_backward", _backward_of_mix_backward, setup_context=_save_plan)

_registrations = torch.library.Library("fastmix", "IMPL")


def _mix_in_place_autograd(keyset: Any, images: Tensor, *plan: Tensor | None) -> None:
    """In place there is no gradient; saved tensors learn that their data changed, as with torch's own operators."""
    if torch.is_grad_enabled() and images.requires_grad:
        raise RuntimeError(
            "mix_: expected images that do not require grad, got a tensor that does; use mix(), which is "
            "differentiable, or torch.no_grad()"
        )
    with torch._C._AutoDispatchBelowAutograd():
        mix_.redispatch(keyset & torch._C._after_autograd_keyset, images, *plan)
    # Afterwards: a refused mix has changed nothing.
    if not images.is_inference():
        torch.autograd.graph.increment_version(images)


_registrations.impl("mix_", _mix_in_place_autograd, "Autograd", with_keyset=True)
