"""Functions that apply a plan: to images in place and out of place, to decoded pixels, to labels, to a loss.

None of them draws a random number: everything random is in the :class:`~fastmix.plan.MixPlan`. The plan lies on
the CPU, also for images on a GPU: its arrays travel in the kernel's parameters, without a copy or a wait. Masks alone
are copied to the GPU, in stream order.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.autograd import forward_ad

from fastmix import _ops
from fastmix._checks import (
    check_images,
    check_other,
    check_out,
    check_plan,
    check_tensor,
    mirror_flags,
    pixel_units,
)
from fastmix.losses import mix_loss
from fastmix.multiway import MultiwayPlan, combine_labels, combine_values
from fastmix.plan import MixPlan, partner_rows

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "mix", "mix_", "mix_labels", "mix_loss", "normalize_mix", "regmixup"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_NORMALIZE_DTYPES = (torch.float16, torch.bfloat16, torch.float32)
_MAX_CHANNELS = 4


def mix_(images: Tensor, plan: MixPlan, other: Tensor | None = None) -> None:
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

    Raises:
        TypeError: ``images`` is no tensor, has another dtype, or ``plan`` is no MixPlan.
        ValueError: The plan is for another batch size, or ``other`` does not fit.
        RuntimeError: ``images`` or ``other`` require grad (use :func:`mix`), have other strides or overlap, or the
            plan repeats a partner or its boxes do not fit. Nothing was changed.
    """
    check_images("mix_", images)
    check_plan("mix_", plan, images)
    if other is not None:
        check_other("mix_", images, other)
        other = _ops.samples_like(images, other)
    if not torch.compiler.is_compiling() and forward_ad.unpack_dual(images).tangent is not None:
        raise NotImplementedError("mix_: expected no forward-mode tangent, got one; use mix(), which has them")
    _ops.mix_(images, *_arrays(plan, images.device), other)


def mix(images: Tensor, plan: MixPlan | MultiwayPlan, other: Tensor | None = None) -> Tensor:
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
    check_plan("mix", plan, images, multiway=True)
    if isinstance(plan, MultiwayPlan):
        if other is not None:
            raise ValueError("mix: expected no other with a MultiwayPlan; mix torch.cat((images, other))")
        return _linear(lambda x: _ops.combine(x, plan.partner, plan.weight), images)
    arrays = _arrays(plan, images.device)
    if other is None:
        return _linear(lambda x: _ops.mix(x, *arrays), images)
    check_other("mix", images, other)
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
    check_plan("regmixup", plan, images)
    arrays = _arrays(plan, images.device)
    return _linear(lambda x: _ops.regmixup(x, *arrays), images)


def normalize_mix(
    images: Tensor,
    plan: MixPlan | None,
    *,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
    mirror: Tensor | Sequence[bool] | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Turn decoded pixels into a training batch in one pass: mirror, mix, normalise, cast, lay out.

    Equivalent to ``x = torch.where(mirror[:, None, None, None], images.flip(2), images).permute(0, 3, 1, 2) / 255``,
    then ``((w * x + (1 - w) * x[plan.partner] - mean) / std).to(dtype)`` in ``memory_format``, in float32 with one
    rounding to ``dtype``. :func:`fastmix.reference.normalize_mix_reference` gives the very bits.

    Args:
        images: uint8 (B, H, W, C) with 1 to 4 channels, on the CPU or a CUDA device.
        plan: For B samples, its boxes in the coordinates of the mirrored images; None mixes nothing.
        mean: One value per channel, in units of the full pixel range (0 to 1), as in torchvision.
        std: One value > 0 per channel, in the same units.
        dtype: float16, bfloat16 or float32.
        memory_format: torch.contiguous_format (NCHW) or torch.channels_last (NHWC) of the result.
        mirror: bool (B,) on the CPU, or a sequence: which images are flipped left to right before mixing.
        out: (B, C, H, W) of ``dtype`` in ``memory_format``, sharing no memory with ``images``, which is written and
            returned. On the CPU new memory for a large batch costs more than filling it.

    Returns:
        (B, C, H, W) of ``dtype`` on the device of ``images``.

    Raises:
        TypeError: ``images`` are not uint8, ``dtype`` is not one of the three or not that of ``out``, ``mirror`` is
            not bool.
        ValueError: Wrong rank, channels, or length of mean, std, mirror or plan; std <= 0; another memory format.
        RuntimeError: A partner is out of range or the plan's boxes do not fit the images.
    """
    op = "normalize_mix"
    check_tensor(op, "images", images)
    if images.dtype != torch.uint8:
        raise TypeError(f"{op}: expected images of dtype torch.uint8, got {images.dtype}")
    if images.dim() != 4 or not 1 <= images.shape[3] <= _MAX_CHANNELS:
        raise ValueError(
            f"{op}: expected images of shape (B, H, W, C) with 1 to {_MAX_CHANNELS} channels, "
            f"got {tuple(images.shape)}; for (B, C, H, W) use images.permute(0, 2, 3, 1)"
        )
    if dtype not in _NORMALIZE_DTYPES:
        raise TypeError(f"{op}: expected dtype torch.float16, torch.bfloat16 or torch.float32, got {dtype}")
    if memory_format not in (torch.contiguous_format, torch.channels_last):
        raise ValueError(
            f"{op}: expected memory_format torch.contiguous_format or torch.channels_last, got {memory_format}"
        )
    channels = images.shape[3]
    pixel_mean = pixel_units(op, "mean", mean, channels, positive=False)
    pixel_std = pixel_units(op, "std", std, channels, positive=True)
    if mirror is not None:
        mirror = mirror_flags(op, mirror, images.shape[0])
    if plan is None:
        plan = MixPlan.identity(images.shape[0])
    check_plan(op, plan, images)
    arrays = (images, mirror, plan.partner, plan.weight_in, plan.weight_out, plan.box)
    channels_last = memory_format == torch.channels_last
    masks = masks_on(plan, images.device)
    if out is None:
        return _ops.normalize_mix(*arrays, pixel_mean, pixel_std, dtype, channels_last, *masks)
    check_out(op, out, images, dtype, memory_format)
    _ops.normalize_mix_into(out, *arrays, pixel_mean, pixel_std, channels_last, *masks)
    return out


def mix_labels(
    labels: Tensor,
    plan: MixPlan | MultiwayPlan,
    num_classes: int | None = None,
    smoothing: float = 0.0,
    *,
    other_labels: Tensor | None = None,
) -> Tensor:
    """Mix labels into dense soft targets, by each sample's share of own pixels, ``plan.label_weight``.

    Equivalent to ``w * y + (1 - w) * y[plan.partner]`` in float64, rounded once, with ``w`` the label weight and
    ``y`` the dense labels: given, or ``one_hot(labels, num_classes) * (1 - smoothing) + smoothing / num_classes``.
    Rows of class ids sum to 1, also where both labels of a pair are the same.

    Args:
        labels: Class ids (B,) of any integer dtype, or dense floating labels (B, C).
        plan: For B samples.
        num_classes: Needed for class ids; for dense labels optional, and then equal to C.
        smoothing: In [0, 1); label smoothing of class ids. Dense labels are smoothed by their maker.
        other_labels: (N,) or (N, C), the labels of the other batch, where partners are rows of one; not for a
            MultiwayPlan.

    Returns:
        float32 (B, C) on the device of ``labels``.

    Raises:
        TypeError: ``labels`` is no tensor, or one-dimensional and not of an integer dtype.
        ValueError: Wrong shape, no num_classes for class ids, smoothing out of range or with dense labels, or a plan
            for another batch size.
        RuntimeError: A label outside [0, num_classes). On CUDA it makes the rows it takes part in NaN instead,
            since reading it here would wait for the device.
    """
    op = "mix_labels"
    check_tensor(op, "labels", labels)
    check_plan(op, plan, labels, multiway=True)
    if isinstance(plan, MultiwayPlan) and other_labels is not None:
        raise ValueError(f"{op}: expected no other_labels with a MultiwayPlan")
    if labels.dim() == 2 and labels.is_floating_point():
        if smoothing != 0.0:
            raise ValueError(f"{op}: expected smoothing=0 with dense labels, got {smoothing}; smooth them before")
        if num_classes is not None and num_classes != labels.shape[1]:
            raise ValueError(f"{op}: expected num_classes={labels.shape[1]} as the labels have, got {num_classes}")
        return blend_values(op, labels, plan, other_labels).to(torch.float32)
    if labels.dtype not in _INTEGER_DTYPES:
        raise TypeError(
            f"{op}: expected class ids (B,) of an integer dtype or dense floating labels (B, C), "
            f"got {labels.dtype} {tuple(labels.shape)}"
        )
    if labels.dim() != 1:
        raise ValueError(f"{op}: expected class ids of shape (B,), got {tuple(labels.shape)}; make dense ones float")
    if num_classes is None:
        raise ValueError(f"{op}: expected num_classes with class ids, got none; pass num_classes=...")
    if isinstance(num_classes, bool | float | str):
        raise TypeError(f"{op}: expected num_classes as an integer, got {num_classes!r}")
    if num_classes < 1:
        raise ValueError(f"{op}: expected num_classes >= 1, got {num_classes}")
    if not 0.0 <= smoothing < 1.0:
        raise ValueError(f"{op}: expected smoothing in [0, 1), got {smoothing}")
    ids, partner = labels.to(torch.int64), plan.partner
    if isinstance(plan, MultiwayPlan):
        return combine_labels(op, ids, plan, num_classes, smoothing)
    if other_labels is not None:
        partner_rows(op, labels, plan, other_labels)
        ids, partner = torch.cat((ids, other_labels.to(torch.int64))), partner + labels.shape[0]
    return _ops.mix_labels(ids, partner, plan.label_weight, num_classes, smoothing)


_INTEGER_DTYPES = (
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.uint16,
    torch.uint32,
    torch.uint64,
)


def blend_values(op: str, values: Tensor, plan: MixPlan | MultiwayPlan, other: Tensor | None = None) -> Tensor:
    """Rows mixed by the label weight, in float64, not rounded. Weights 1 and 0 copy: no NaN of the other row leaks."""
    if isinstance(plan, MultiwayPlan):
        return combine_values(values, plan)
    own = values.to(torch.float64)
    partner = partner_rows(op, values, plan, other).to(torch.float64)
    weight = plan.label_weight.to(device=values.device, dtype=torch.float64)
    weight = weight.reshape(-1, *[1] * (values.dim() - 1))
    mixed = weight * own + (1.0 - weight) * partner
    return torch.where(weight == 1.0, own, torch.where(weight == 0.0, partner, mixed))


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
