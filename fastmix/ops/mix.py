"""Mix a batch of images by a plan: in place, into a new tensor, or behind the clean batch.

Nothing here draws a random number: everything random is in the :class:`~fastmix.MixPlan`.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import forward_ad

from fastmix.ops import registration as _ops
from fastmix.ops.checks import check_images, check_plan
from fastmix.ops.partners import check_other
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import MultiwayPlan

__all__ = ["mix", "mix_", "regmixup"]


def mix_(images: Tensor, plan: MixPlan, *, other: Tensor | None = None) -> Tensor:
    """Mix a batch in place: every element is read once and written once, without a scratch copy.

    Equivalent to ``images.copy_(w * images + (1 - w) * images[plan.partner])`` computed in float64 and rounded
    once, where ``w`` is ``weight_in`` inside the sample's box and ``weight_out`` outside, or what the sample's mask
    makes of them (see :class:`~fastmix.MixPlan`). A sample that is its own partner, and every pixel of weight 1, keeps
    its bytes; weight 0 copies the partner's.

    Args:
        images: (B, ...) of dtype uint8, float16, bfloat16, float32 or float64, on the CPU or a CUDA device. The
            box acts on the last two dimensions (H, W), a mask with frames on the last three. Samples must be
            contiguous or channels_last (4-D, 5-D).
        plan: For B samples; its partners are a permutation, unless they are rows of ``other``.
        other: A second batch (N, ...) whose rows the partners are, in memory of its own, else as ``images``. Then
            partners may repeat, and no sample is its own partner.

    Returns:
        ``images`` itself.

    Raises:
        TypeError: ``images`` is no tensor, has another dtype, or ``plan`` is no MixPlan.
        ValueError: The plan is for another batch size, or ``other`` does not fit.
        RuntimeError: ``images`` or ``other`` require grad (use :func:`mix`), have other strides or overlap, or the
            plan repeats a partner or its boxes do not fit. Nothing was changed.
    """
    check_images("mix_", images)
    check_plan("mix_", plan, images.shape[0])
    check_other("mix_", plan, images, other)
    if other is not None:
        other = _ops.samples_like(images, other)
    if not torch.compiler.is_compiling() and forward_ad.unpack_dual(images).tangent is not None:
        raise NotImplementedError("mix_: expected no forward-mode tangent, got one; use mix(), which has them")
    _ops.mix_(images, *_arrays(plan, images.device), other)
    return images


def mix(images: Tensor, plan: MixPlan | MultiwayPlan, *, other: Tensor | None = None) -> Tensor:
    """Mix a batch into a new tensor. Differentiable, any number of times.

    Equivalent to ``w * images + (1 - w) * images[plan.partner]`` computed in float64 and rounded once; see
    :func:`mix_` for ``w``. Partners may repeat. With ``other`` the partners are ``other[plan.partner]``. With a
    MultiwayPlan, ``sum(plan.weight[:, k] * images[plan.partner[:, k]] for k in range(plan.ways))``, likewise.

    Args:
        images: (B, ...) of dtype uint8, float16, bfloat16, float32 or float64, on the CPU or a CUDA device.
        plan: For B samples.
        other: A second batch (N, ...) whose rows the partners are, else as ``images``; not for a MultiwayPlan.

    Returns:
        A tensor of the shape, dtype and device of ``images``, channels_last where these are, else contiguous.

    Raises:
        TypeError: ``images`` is no tensor, has another dtype, or ``plan`` is no plan.
        ValueError: The plan is for another batch size, or ``other`` does not fit.
        RuntimeError: A partner is out of range or the plan's boxes do not fit the images.
    """
    check_images("mix", images)
    check_plan("mix", plan, images.shape[0], multiway=True)
    check_other("mix", plan, images, other)
    if isinstance(plan, MultiwayPlan):
        return _linear(lambda x: _ops.combine(x, plan.partner, plan.weight), images)
    arrays = _arrays(plan, images.device)
    if other is None:
        return _linear(lambda x: _ops.mix(x, *arrays), images)
    return _linear(lambda x, y: _ops.mix(x, *arrays, _ops.samples_like(x, y)), images, other)


def regmixup(images: Tensor, plan: MixPlan) -> Tensor:
    """The clean batch and, behind it, the mixed one: RegMixup (Pinto et al., NeurIPS 2022).

    Equivalent to ``torch.cat((images, mix(images, plan)))``, with every image read once. The loss is
    ``cross_entropy(clean, labels) + eta * mix_loss(cross_entropy, mixed, labels, plan)`` with ``clean, mixed =
    logits.chunk(2)``; the paper draws plans from ``Mixup(weight=Beta(20, 20))``.

    Args:
        images: As for :func:`mix`.
        plan: For B samples.

    Returns:
        (2 * B, ...) of the dtype and device of ``images``, channels_last where these are, else contiguous.

    Raises:
        TypeError: As for :func:`mix`.
        ValueError: As for :func:`mix`.
        RuntimeError: As for :func:`mix`.
    """
    check_images("regmixup", images)
    check_plan("regmixup", plan, images.shape[0])
    arrays = _arrays(plan, images.device)
    return _linear(lambda x: _ops.regmixup(x, *arrays), images)


def _linear(function: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """``function`` of tensors, with forward-mode gradients: it is linear, so its tangent is itself of the tangents."""
    if torch.compiler.is_compiling():
        return function(*inputs)
    duals = [forward_ad.unpack_dual(x) for x in inputs]
    if all(dual.tangent is None for dual in duals):
        return function(*inputs)
    tangents = [torch.zeros_like(dual.primal) if dual.tangent is None else dual.tangent for dual in duals]
    return forward_ad.make_dual(function(*(dual.primal for dual in duals)), function(*tangents))


def masks_on(plan: MixPlan, device: torch.device) -> tuple[Tensor | None, Tensor | None]:
    """The masks, which kernels read where the images lie, and which sample has which one; None where there are none."""
    if plan.mask is None:
        return None, None
    return plan.mask.to(device, non_blocking=True), plan.mask_index


def _arrays(plan: MixPlan, device: torch.device) -> tuple[Tensor | None, ...]:
    """A plan as the operators take it."""
    return plan.partner, plan.weight_in, plan.weight_out, plan.box, *masks_on(plan, device)
