"""Augment uint8 batches. A sample plan names the operations of each sample."""

# ruff: noqa: ARG001  (a fake kernel has its operator's signature)

from typing import Any, Protocol

import torch
from torch import Tensor

from fastmix.ops import registration as _ops
from fastmix.ops.checks import check_tensor

__all__ = ["augment", "augment_"]

_augment_ = torch.ops.fastmix.augment_.default
_augment = torch.ops.fastmix.augment.default
_COLORS = 3


class SampleRows(Protocol):
    """Any object whose ``rows`` are a sample plan: int32 (N, 16 + 4 K) on the CPU, N samples of up to K operations."""

    @property
    def rows(self) -> Tensor: ...


def augment_(images: Tensor, plan: SampleRows | Tensor, *, channels_last: bool | None = None) -> Tensor:
    """Augment a uint8 batch in place, each sample with its own operations.

    Equivalent to ``images[i].copy_(pillow(images[i], operations[i]))`` for each sample i, where ``pillow`` applies the
    operations one by one. The pixels are those of Pillow 13, bit for bit, on every CPU and GPU. There is one exception:
    Posterize with 0 bits gives a black image, as in older versions of Pillow, while Pillow 13 refuses it.

    On CUDA this is one kernel launch without synchronisation. Images that change by warps, crops, flips, blur,
    sharpness or AugMix need 4 to 24 bytes of scratch per pixel, from torch's caching allocator.

    Args:
        images: uint8 (B, H, W, 3) or (B, 3, H, W), of at most 16,383 pixels a side. Samples must have no
            gaps in memory. Images (B, 3, H, W) may be channels_last.
        plan: A sample plan for B samples, or its rows int32 (B, 16 + 4 K) on the CPU.
        channels_last: True for shape (B, H, W, 3), False for (B, 3, H, W). None infers it from the shape, and raises
            ValueError for a shape (B, 3, W, 3), which fits both.

    Returns:
        ``images`` itself.

    Raises:
        TypeError: ``images`` is not a uint8 tensor, or ``plan`` is not a sample plan.
        ValueError: The shape does not fit, or both layouts fit and ``channels_last`` is None.
        RuntimeError: The plan is for another batch size or image size, holds an unknown operation or a parameter out of
            range, or erases with normalised values, which uint8 cannot hold; or samples have gaps. ``images`` is then
            unchanged.

    Example:
        >>> augment_(images, plan)  # uint8 (B, 3, 224, 224)
    """
    last = _channels_last("augment_", images, channels_last)
    _augment_(images, sample_rows("augment_", plan), last)
    return images


def augment(images: Tensor, plan: SampleRows | Tensor, *, channels_last: bool | None = None) -> Tensor:
    """Augment a uint8 batch into a new tensor.

    Equivalent to ``augment_(images.clone(), plan)``. The package exports this function as ``fastmix.augment_images``,
    because ``fastmix.augment`` is the package of policies.

    Args:
        images: As for :func:`augment_`, with any strides.
        plan: As for :func:`augment_`.
        channels_last: As for :func:`augment_`.

    Returns:
        A tensor of the shape of ``images``, in their memory format if it has no gaps, else contiguous.

    Raises:
        TypeError: As for :func:`augment_`.
        ValueError: As for :func:`augment_`.
        RuntimeError: As for :func:`augment_`, except for gaps.

    Example:
        >>> augmented = augment(images, plan)  # uint8 (B, 3, 224, 224)
    """
    last = _channels_last("augment", images, channels_last)
    return _augment(images, sample_rows("augment", plan), last)


def sample_rows(op: str, plan: SampleRows | Tensor) -> Tensor:
    """Return the rows of a sample plan. Raises TypeError for other objects."""
    rows = plan if isinstance(plan, Tensor) else getattr(plan, "rows", None)
    if not isinstance(rows, Tensor):
        raise TypeError(f"{op}: expected plan to be a sample plan or its rows, got {type(plan).__name__}")
    return rows


def _channels_last(op: str, images: Tensor, channels_last: bool | None) -> bool:
    """Return whether the last dimension holds the channels. Raises an error if the images are not uint8 RGB."""
    check_tensor(op, "images", images)
    if images.dtype != torch.uint8:
        raise TypeError(f"{op}: expected images of dtype torch.uint8, got {images.dtype}; augment before normalising")
    first = images.dim() == 4 and images.shape[1] == _COLORS
    last = images.dim() == 4 and images.shape[3] == _COLORS
    if not first and not last:
        raise ValueError(f"{op}: expected images of shape (B, H, W, 3) or (B, 3, H, W), got {tuple(images.shape)}")
    if channels_last is None:
        if first and last:
            raise ValueError(
                f"{op}: expected a shape with one possible channel dimension, got {tuple(images.shape)} with two; "
                "pass channels_last=True for (B, H, W, 3) or channels_last=False for (B, 3, H, W)"
            )
        return bool(last)
    if not (last if channels_last else first):
        wanted = "(B, H, W, 3)" if channels_last else "(B, 3, H, W)"
        raise ValueError(f"{op}: expected {wanted} with channels_last={channels_last}, got {tuple(images.shape)}")
    return channels_last


@torch.library.register_fake("fastmix::augment_")
def _(images: Tensor, plan: Tensor, channels_last: bool) -> None:
    return None


@torch.library.register_fake("fastmix::augment")
def _(images: Tensor, plan: Tensor, channels_last: bool) -> Tensor:
    memory_format = torch.contiguous_format if channels_last else _ops.output_memory_format(images)
    return torch.empty(images.shape, dtype=images.dtype, device=images.device, memory_format=memory_format)


_registrations = torch.library.Library("fastmix", "IMPL")


def _augment_in_place_autograd(keyset: Any, images: Tensor, plan: Tensor, channels_last: bool) -> None:
    """Augment in place, then bump the version counter, so that autograd notices if a saved tensor was overwritten."""
    with torch._C._AutoDispatchBelowAutograd():
        _augment_.redispatch(keyset & torch._C._after_autograd_keyset, images, plan, channels_last)
    if not images.is_inference():
        torch.autograd.graph.increment_version(images)


_registrations.impl("augment_", _augment_in_place_autograd, "Autograd", with_keyset=True)
