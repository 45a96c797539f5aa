"""Register ``torch.ops.fastmix``: names, fake kernels, and the autograd rule of ``mix_``.

Schemas know only tensors, so these operators take the rows and masks of a plan. Call :mod:`fastmix.ops.mix` instead:
it takes the plan and checks the arguments.
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
normalize_mix = torch.ops.fastmix.normalize_mix.default
normalize_mix_into = torch.ops.fastmix.normalize_mix_into.default
mix_labels = torch.ops.fastmix.mix_labels.default

_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def _is_packed(images: Tensor, order: Sequence[int]) -> bool:
    """Return whether the dimensions in ``order``, outermost first, have no gaps in memory. A size of 0 counts as 1."""
    expected = 1
    for dim in reversed(order):
        if images.shape[dim] != 1 and images.stride(dim) != expected:
            return False
        expected = expected * max(images.shape[dim], 1)
    return True


def output_memory_format(images: Tensor) -> torch.memory_format:
    """Return the memory format of ``mix``'s result: that of ``images`` if samples have no gaps, else contiguous."""
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
def _(images: Tensor, plan: Tensor, masks: Tensor | None = None, other: Tensor | None = None) -> None:
    return None


@torch.library.register_fake("fastmix::mix")
def _(
    images: Tensor,
    plan: Tensor,
    masks: Tensor | None = None,
    other: Tensor | None = None,
    with_clean: bool = False,
    multiway: bool = False,
) -> Tensor:
    count = plan.shape[0] if multiway else images.shape[0]  # a resident plan has more rows than samples
    return _like_samples(images, count * (2 if with_clean else 1))


@torch.library.register_fake("fastmix::mix_backward")
def _(
    grad: Tensor,
    plan: Tensor,
    masks: Tensor | None = None,
    inputs: int = -1,
    of_other: bool = False,
    multiway: bool = False,
) -> Tensor:
    return _like_samples(grad, inputs if of_other or multiway else grad.shape[0])


@torch.library.register_fake("fastmix::normalize_mix")
def _(
    images: Tensor,
    plan: Tensor,
    mean: Sequence[float],
    std: Sequence[float],
    dtype: torch.dtype,
    channels_last: bool,
    mirror: Tensor | None = None,
    masks: Tensor | None = None,
) -> Tensor:
    return _normalized(images, dtype, channels_last)


@torch.library.register_fake("fastmix::normalize_mix_into")
def _(out: Tensor, *inputs: object) -> None:
    return None


@torch.library.register_fake("fastmix::mix_labels")
def _(labels: Tensor, plan: Tensor, num_classes: int, smoothing: float = 0.0, other: Tensor | None = None) -> Tensor:
    return torch.empty((labels.shape[0], num_classes), dtype=torch.float32, device=labels.device)


_registrations = torch.library.Library("fastmix", "IMPL")


def _mix_in_place_autograd(keyset: Any, images: Tensor, *plan: Tensor | None) -> None:
    """Mix in place, then bump the version counter, so that autograd notices if a saved tensor was overwritten.

    Raises:
        RuntimeError: A tensor requires grad.
    """
    if torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in (images, *plan)):
        raise RuntimeError(
            "mix_: expected images (and other) that do not require grad, got one that does; "
            "use mix() or torch.no_grad()"
        )
    with torch._C._AutoDispatchBelowAutograd():
        mix_.redispatch(keyset & torch._C._after_autograd_keyset, images, *plan)
    # Increment only after the call: if mix_ raises, the images are unchanged.
    if not images.is_inference():
        torch.autograd.graph.increment_version(images)


_registrations.impl("mix_", _mix_in_place_autograd, "Autograd", with_keyset=True)
