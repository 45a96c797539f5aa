"""Compute the operators in plain torch, with the kernels' bits, for tests. resample and resample_mix are not here."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import MultiwayPlan


def weight_map(plan: MixPlan, shape: Sequence[int], device: torch.device | str = "cpu") -> Tensor:
    """Compute, for every pixel, the weight of the sample's own image.

    Without a mask it is ``weight_in`` inside the sample's box and ``weight_out`` outside. With a mask it is
    ``weight_out + (weight_in - weight_out) * (m * (1 / 255))`` where the mask is m, in float32 with every operation
    rounded. Where m is 255, it is exactly ``weight_in``. Pixel (t, y, x) of images (T, H, W) takes m from position
    (t * d // T, y * h // H, x * w // W) of a mask (d, h, w).

    Args:
        plan: For B samples.
        shape: (B, ...), the shape of the images. Boxes act on the last two dimensions (H, W), masks with frames on the
            last three. Missing dimensions count as 1.
        device: Device of the result.

    Returns:
        float32 (B, ...) that broadcasts against ``shape``.
    """
    pixel_shape = tuple(shape[1:])[-2:]
    height, width = (1, 1, *pixel_shape)[-2:]
    y = torch.arange(height, dtype=torch.int32)[None, :, None]
    x = torch.arange(width, dtype=torch.int32)[None, None, :]
    y0, x0, y1, x1 = (edge[:, None, None] for edge in plan.box.unbind(1))
    inside = (y0 <= y) & (y < y1) & (x0 <= x) & (x < x1)
    weight = torch.where(inside, plan.weight_in[:, None, None], plan.weight_out[:, None, None])
    if plan.masks is not None:
        frames = plan.masks.dim() == 4
        volume = (shape[-3] if frames else 1, height, width)
        by_level = _mask_weights(plan, plan.masks, volume)
        masked = (plan.mask_index >= 0)[:, None, None, None]
        weight = torch.where(masked, by_level, weight[:, None])
        pixel_shape = (volume[0], *pixel_shape) if frames else pixel_shape
    return weight.reshape(len(plan), *[1] * (len(shape) - 1 - len(pixel_shape)), *pixel_shape).to(device)


def _mask_weights(plan: MixPlan, masks: Tensor, volume: tuple[int, int, int]) -> Tensor:
    """Return ``weight_map`` as if every sample had a mask, float32 (B, T, H, W). Ignore samples without a mask."""
    masks = masks if masks.dim() == 4 else masks[:, None]
    t, y, x = (torch.arange(n) * cells // n for n, cells in zip(volume, masks.shape[1:], strict=True))
    chosen = masks[plan.mask_index.clamp(min=0).long()]
    level = chosen[:, t[:, None, None], y[:, None], x].to(torch.float32)
    inside, outside = (weight[:, None, None, None] for weight in (plan.weight_in, plan.weight_out))
    step = torch.tensor(1.0, dtype=torch.float32) / 255
    return torch.where(level == 255, inside, outside + (inside - outside) * (level * step))


def round_once(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Round float64 to ``dtype`` once, to nearest, ties to even.

    ``x.to(torch.float16)`` rounds twice, first to float32: 1 + 2**-11 + 2**-40 lies above the middle of two float16
    neighbours, but its float32 is exactly that middle. Rounding to float32 "to odd" (an inexact result gets an odd last
    bit) keeps the float32 on the same side of the middle as ``x``, so the second rounding is right.
    """
    if dtype == torch.uint8:
        return torch.round(x).to(torch.uint8)
    if dtype in (torch.float32, torch.float64):
        return x.to(dtype)
    nearest = x.to(torch.float32)
    bits = nearest.view(torch.int32)
    back = nearest.to(torch.float64)
    toward_x = torch.where(back.abs() > x.abs(), bits - 1, bits + 1)
    inexact_and_even = (back != x) & ((bits & 1) == 0)
    return torch.where(inexact_and_even, toward_x, bits).view(torch.float32).to(dtype)


def mix_reference(images: Tensor, plan: MixPlan, other: Tensor | None = None) -> Tensor:
    """Compute ``w * x + (1 - w) * x[partner]`` in float64, rounded once; see :func:`fastmix.mix`.

    Where ``w`` is 1, the result is a copy of ``x``; where ``w`` is 0, a copy of ``x[partner]``. So NaN, infinity and -0
    of an image with weight 0 do not reach the result. A sample that is its own partner is copied, too.

    Args:
        images: (B, ...) of dtype uint8, float16, bfloat16, float32 or float64.
        plan: For B samples, on the CPU.
        other: (N, ...), the batch that partners come from; None means ``images``.

    Returns:
        A new tensor of the shape and dtype of ``images``.
    """
    partner_of = plan.partner.to(device=images.device, dtype=torch.int64)
    partner = images[partner_of] if other is None else other[partner_of]
    weight = weight_map(plan, images.shape, images.device).to(torch.float64)
    blended = round_once(weight * images.to(torch.float64) + (1.0 - weight) * partner.to(torch.float64), images.dtype)
    alone = (partner_of == torch.arange(len(plan), device=images.device)) & (other is None)
    keeps_own = (weight == 1.0) | alone.reshape(-1, *[1] * (images.dim() - 1))
    return torch.where(keeps_own, images, torch.where(weight == 0.0, partner, blended))


def mix_backward_reference(grad: Tensor, plan: MixPlan) -> Tensor:
    """Compute the gradient of :func:`fastmix.mix`.

    With ``g = grad``, the gradient of sample i is ``w[i] * g[i]``, plus ``(1 - w[j]) * g[j]`` for every sample j whose
    partner is i. The sum is taken in float64, in ascending order of j, and rounded once. Terms of weight 0 are skipped.
    """
    weight = weight_map(plan, grad.shape, grad.device).to(torch.float64)
    total = torch.zeros_like(grad, dtype=torch.float64)
    partner_of = plan.partner.tolist()
    own_weight = [torch.ones_like(weight[i]) if j == i else weight[i] for i, j in enumerate(partner_of)]

    def add(to: int, share: Tensor, gradient: Tensor) -> None:
        total[to] += torch.where(share == 0.0, 0.0, share * gradient.to(torch.float64))

    for i, share in enumerate(own_weight):
        add(i, share, grad[i])
    for j, i in enumerate(partner_of):
        if i != j:
            add(i, 1.0 - own_weight[j], grad[j])
    return round_once(total, grad.dtype)


def combine_reference(images: Tensor, plan: MultiwayPlan) -> Tensor:
    """Compute ``sum(weight[:, k] * x[partner[:, k]])`` in float64, in the order of k, rounded once.

    Terms of weight 0 are skipped. If a weight is 1, the result is a copy of that image.
    """
    result = images.clone()
    for i, (partners, weights) in enumerate(zip(plan.partner.tolist(), plan.weight.tolist(), strict=True)):
        terms = [(j, weight) for j, weight in zip(partners, weights, strict=True) if weight != 0.0]
        result[i] = _copy_or_sum(images, terms)
    return result


def combine_backward_reference(grad: Tensor, plan: MultiwayPlan) -> Tensor:
    """Compute the gradient of mixing by a MultiwayPlan.

    The gradient of sample j is the sum of ``weight[i, k] * grad[i]`` over all (i, k) whose partner is j. The sum is
    taken in float64, in ascending order of i and k, and rounded once. If it has one term, of weight 1, it is
    ``grad[i]`` itself.
    """
    result = torch.zeros_like(grad)
    for j in range(len(plan)):
        terms = [(int(i), float(plan.weight[i, k])) for i, k in (plan.partner == j).nonzero()]
        result[j] = _copy_or_sum(grad, [(i, weight) for i, weight in terms if weight != 0.0])
    return result


def _copy_or_sum(rows: Tensor, terms: list[tuple[int, float]]) -> Tensor:
    if len(terms) == 1 and terms[0][1] == 1.0:
        return rows[terms[0][0]]
    total = torch.zeros_like(rows[0], dtype=torch.float64)
    for i, weight in terms:
        total += weight * rows[i].to(torch.float64)
    return round_once(total, rows.dtype)


def normalize_mix_reference(
    images: Tensor,
    plan: MixPlan | None,
    *,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
    mirror: Tensor | Sequence[bool] | None = None,
) -> Tensor:
    """Mirror, mix, normalise, cast and lay out, in float32; see :func:`fastmix.normalize_mix`.

    Mean and std are scaled to pixel units and rounded to float32. ``scale = 1 / std`` and ``bias = -mean / std`` are
    computed in float64 and rounded to float32. An element is ``(w * own + (1 - w) * partner) * scale + bias`` with
    every operation rounded to float32 (no fused multiply-add), then rounded to ``dtype``.
    """
    plan = MixPlan.identity(images.shape[0]) if plan is None else plan
    if mirror is not None:
        flags = torch.as_tensor(mirror, dtype=torch.bool).to(images.device)
        images = torch.where(flags[:, None, None, None], images.flip(2), images)
    own = images.permute(0, 3, 1, 2).to(torch.float32)
    partner = own[plan.partner.to(device=own.device, dtype=torch.int64)]
    weight = weight_map(plan, own.shape, own.device)

    def pixel_units(values: Sequence[float]) -> Tensor:
        return torch.tensor([255.0 * value for value in values], dtype=torch.float64).to(torch.float32).double()

    scale = (1.0 / pixel_units(std)).to(torch.float32).to(own.device)[:, None, None]
    bias = (-pixel_units(mean) / pixel_units(std)).to(torch.float32).to(own.device)[:, None, None]
    mixed = weight * own + (1.0 - weight) * partner
    return (mixed * scale + bias).to(dtype).contiguous(memory_format=memory_format)


def mix_labels_reference(labels: Tensor, plan: MixPlan, num_classes: int, smoothing: float = 0.0) -> Tensor:
    """Mix class ids (B,) into dense targets float32 (B, C), in float64, rounded once; see :func:`fastmix.mix_labels`.

    Where the sample's row and its partner's row have the same value, the result is that value.
    """
    off = smoothing / num_classes
    on = 1.0 - smoothing + off
    ids = labels.to(torch.int64)
    dense = torch.full((len(plan), num_classes), off, dtype=torch.float64, device=labels.device)
    dense.scatter_(1, ids[:, None], on)
    partner = dense[plan.partner.to(device=labels.device, dtype=torch.int64)]
    weight = plan.label_weight.to(device=labels.device, dtype=torch.float64)[:, None]
    return torch.where(dense == partner, dense, weight * dense + (1.0 - weight) * partner).to(torch.float32)
