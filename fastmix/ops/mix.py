"""Mix a batch of images by a plan: in place, into a new tensor, or after the clean batch."""

import torch
from torch import Tensor

from fastmix.moving import moved
from fastmix.ops import batching as _batching  # noqa: F401  (registers the rules of vmap)
from fastmix.ops import gradients
from fastmix.ops import registration as _ops
from fastmix.ops.checks import check_images, check_plan, check_stored
from fastmix.ops.partners import check_other
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import MultiwayPlan
from fastmix.plan.resident_plan import ResidentPlan

__all__ = ["mix", "mix_", "regmixup"]


def mix_(images: Tensor, plan: MixPlan | ResidentPlan, *, other: Tensor | None = None) -> Tensor:
    """Mix a batch in place.

    Equivalent to ``images.copy_(w * images + (1 - w) * images[plan.partner])`` in float64, rounded once. ``w`` is, for
    each pixel, the weight of the sample's own image (see :class:`~fastmix.MixPlan`). A pixel with ``w = 1`` keeps its
    bytes; one with ``w = 0`` takes the partner's bytes. A sample that is its own partner keeps all its bytes. Every
    element is read once and written once, without a scratch copy.

    Source: mixup (Zhang et al., ICLR 2018).

    Args:
        images: (B, ...) of dtype uint8, float16, bfloat16, float32 or float64, on the CPU or a CUDA device. Boxes act
            on the last two dimensions (H, W), masks with frames on the last three. Each sample must be contiguous or
            channels_last (4-D, 5-D).
        plan: For B samples. Partners must be a permutation unless ``other`` is given.
        other: (N, ...), the batch that partners come from; None means ``images``. Refused with a ResidentPlan. It must
            not share memory with ``images``. Partners may repeat. If the partner of sample i is i, the sample is mixed
            with ``other[i]``.

    Returns:
        ``images`` itself.

    Raises:
        TypeError: ``images`` is not a tensor or has another dtype, or ``plan`` is not a MixPlan.
        ValueError: ``other`` or the plan's size do not fit.
        RuntimeError: A tensor requires grad (use :func:`mix`), a sample has gaps or overlaps another one, the plan
            repeats a partner, or a box does not lie in the image. ``images`` is then unchanged.

    Example:
        >>> images = torch.rand(8, 3, 32, 32)
        >>> mix_(images, CutMix(1.0).plan(8, (32, 32), seed=0, step=0))
    """
    check_images("mix_", images)
    check_plan("mix_", plan, images.shape[0], resident=True)
    check_other("mix_", plan, images, other)
    check_stored("mix_", "images", images)
    if other is not None:
        other = _ops.samples_like(images, other.resolve_neg())
    if gradients.has_tangent(images):
        raise NotImplementedError("mix_: forward-mode derivatives do not work in place; use mix()")
    _ops.mix_(images, plan.rows, masks_on(plan, images.device), other)
    return images


def mix(images: Tensor, plan: MixPlan | MultiwayPlan | ResidentPlan, *, other: Tensor | None = None) -> Tensor:
    """Mix a batch into a new tensor.

    Equivalent to ``w * images + (1 - w) * images[plan.partner]`` in float64, rounded once, with ``w`` as in
    :func:`mix_`. Partners may repeat. Differentiable any number of times.
    With a MultiwayPlan: ``sum(plan.weight[:, k] * images[plan.partner[:, k]] for k in range(plan.ways))``.

    Args:
        images: (B, ...) of dtype uint8, float16, bfloat16, float32 or float64, on the CPU or a CUDA device.
        plan: For B samples.
        other: (N, ...), the batch that partners come from; None means ``images``. Refused with a MultiwayPlan.

    Returns:
        A tensor of the shape, dtype and device of ``images``, channels_last if ``images`` is, else contiguous.

    Raises:
        TypeError: ``images`` is not a tensor or has another dtype, or ``plan`` is not a plan.
        ValueError: ``other`` or the plan's size do not fit.
        RuntimeError: A partner is out of range, or a box does not fit.

    Example:
        >>> mixed = mix(torch.rand(8, 3, 32, 32), Mixup(0.2).plan(8, seed=0, step=0))
    """
    check_images("mix", images)
    check_plan("mix", plan, images.shape[0], multiway=True, resident=True)
    _check_resident("mix", plan, images)
    check_other("mix", plan, images, other)
    if isinstance(plan, MultiwayPlan):
        return gradients.mix(images, plan.rows, multiway=True)
    return gradients.mix(images, plan.rows, masks_on(plan, images.device), other)


def regmixup(images: Tensor, plan: MixPlan | ResidentPlan) -> Tensor:
    """Return the clean batch followed by the mixed batch.

    Equivalent to ``torch.cat((images, mix(images, plan)))``, with every image read once.

    Source: RegMixup (Pinto et al., NeurIPS 2022), which draws plans from ``Mixup(weight=Beta(20, 20))``.

    Args:
        images: As for :func:`mix`.
        plan: For B samples.

    Returns:
        (2 * B, ...) of the dtype and device of ``images``, channels_last if ``images`` is, else contiguous.

    Raises:
        TypeError: As for :func:`mix`.
        ValueError: As for :func:`mix`.
        RuntimeError: As for :func:`mix`.

    Example:
        >>> clean, mixed = model(regmixup(images, plan)).chunk(2)
        >>> loss = cross_entropy(clean, labels) + eta * mix_loss(cross_entropy, mixed, labels, plan)
    """
    check_images("regmixup", images)
    check_plan("regmixup", plan, images.shape[0], resident=True)
    _check_resident("regmixup", plan, images)
    return gradients.mix(images, plan.rows, masks_on(plan, images.device), with_clean=True)


def _check_resident(op: str, plan: MixPlan | MultiwayPlan | ResidentPlan, images: Tensor) -> None:
    """Raise RuntimeError if ``images`` needs a gradient: an update may replace the plan before backward runs."""
    if isinstance(plan, ResidentPlan) and torch.is_grad_enabled() and images.requires_grad:
        raise RuntimeError(
            f"{op}: expected images with requires_grad=False for a ResidentPlan, got True; use a MixPlan"
        )


def masks_on(plan: MixPlan | ResidentPlan, device: torch.device) -> Tensor | None:
    """Return the masks on the images' device; None if the plan has no masks."""
    return None if plan.masks is None else moved(plan.masks, device)
