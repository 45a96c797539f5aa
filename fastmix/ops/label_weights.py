"""Label weights of Remix and TransMix. They differ from the share of pixels that the sample's own image keeps."""

import torch
from torch import Tensor

from fastmix.ops.checks import check_plan, check_tensor
from fastmix.plan.mix_plan import MixPlan

__all__ = ["attention_label_weight", "remix_label_weight"]


def remix_label_weight(
    labels: Tensor, plan: MixPlan, class_counts: Tensor, kappa: float = 3.0, tau: float = 0.5
) -> Tensor:
    """Compute label weights by Remix: if one class is much rarer than the other, its label may get weight 1.

    Let ``w = plan.label_weight``, and let ``ratio`` be ``class_counts`` of the sample's class, divided by that of its
    partner's class. The label weight is 0 (only the partner's label counts) where ``ratio >= kappa`` and ``w < tau``.
    It is 1 (only the sample's label counts) where ``ratio <= 1 / kappa`` and ``1 - w < tau``. Elsewhere it is ``w``.

    Source: Remix (Chou et al., ECCVW 2020).

    Args:
        labels: (B,) class ids of an integer dtype. Reading them synchronises with a GPU.
        plan: For B samples.
        class_counts: (C,), the number of samples per class in the data set, > 0.
        kappa: >= 1; one class must be ``kappa`` times as frequent as the other to lose its label.
        tau: In [0, 1]; only labels with a weight below ``tau`` are dropped.

    Returns:
        float32 (B,) on the CPU, for ``plan.with_label_weight``.

    Raises:
        TypeError: ``labels`` is not a tensor, or ``plan`` not a MixPlan.
        ValueError: The plan is for another batch size, ``kappa`` < 1, or ``tau`` outside [0, 1].

    Example:
        >>> plan = plan.with_label_weight(remix_label_weight(labels, plan, class_counts))
    """
    check_tensor("remix_label_weight", "labels", labels)
    check_plan("remix_label_weight", plan, labels.shape[0])
    if not kappa >= 1.0 or not 0.0 <= tau <= 1.0:
        raise ValueError(f"remix_label_weight: expected kappa >= 1 and tau in [0, 1], got {kappa} and {tau}")
    own = torch.as_tensor(class_counts).to("cpu", torch.float64)[labels.cpu().to(torch.int64)]
    ratio = own / own[plan.partner.to(torch.int64)]
    weight = plan.label_weight
    rarer_partner = (ratio >= kappa) & (weight < tau)
    rarer_own = (ratio <= 1.0 / kappa) & (1.0 - weight < tau)
    return torch.where(rarer_partner, 0.0, torch.where(rarer_own, 1.0, weight))


def attention_label_weight(attention: Tensor, plan: MixPlan, image_size: tuple[int, int]) -> Tensor:
    """Compute label weights by TransMix: average ``plan.label_weight`` and the attention to the sample's own pixels.

    Equivalent to ``(plan.label_weight + (own * attention).sum((1, 2)) / attention.sum((1, 2))) / 2``. ``own`` (B, h, w)
    is the mean weight of the sample's own image in each patch. If a sample's attention sums to 0, its label weight
    stays ``plan.label_weight``.

    Source: TransMix (Chen et al., CVPR 2022).

    Args:
        attention: (B, h, w), >= 0, the class token's attention to each patch of the mixed image, in any scale.
            Reading it synchronises with a GPU.
        plan: For B samples, without masks.
        image_size: (H, W) of the images in pixels; need not be a multiple of (h, w).

    Returns:
        float32 (B,) on the CPU, for ``plan.with_label_weight``.

    Raises:
        TypeError: ``attention`` is not a tensor, or ``plan`` not a MixPlan.
        ValueError: The plan is for another batch size or has masks, or ``attention`` has another shape.

    Example:
        >>> plan = plan.with_label_weight(attention_label_weight(attention, plan, (224, 224)))
    """
    check_tensor("attention_label_weight", "attention", attention)
    check_plan("attention_label_weight", plan, attention.shape[0])
    if attention.dim() != 3:
        raise ValueError(f"attention_label_weight: expected attention (B, h, w), got {tuple(attention.shape)}")
    looked = attention.detach().to("cpu", torch.float64)
    if plan.masks is not None:
        raise ValueError(
            "attention_label_weight: expected a plan of boxes and weights, got one with masks; multiply the attention "
            "with fastmix.reference.weight_map(plan, images.shape)"
        )
    rows = _covered(plan.box[:, 0], plan.box[:, 2], looked.shape[1], image_size[0])
    columns = _covered(plan.box[:, 1], plan.box[:, 3], looked.shape[2], image_size[1])
    inside = rows[:, :, None] * columns[:, None, :]
    own = 1.0 - inside
    own = own * plan.weight_out.double()[:, None, None] + inside * plan.weight_in.double()[:, None, None]
    total = looked.sum(dim=(1, 2))
    share = (own * looked).sum(dim=(1, 2)) / total
    weight = plan.label_weight.double()
    return torch.where(total > 0, 0.5 * (weight + share), weight).clamp(0, 1).to(torch.float32)


def _covered(begin: Tensor, end: Tensor, patches: int, length: int) -> Tensor:
    """Return which share of each patch the pixels [begin, end) of one axis cover, float64 (B, patches).

    The axis has ``length`` pixels, divided into ``patches`` equal parts. With 8 pixels and 2 patches, pixels [2, 8)
    cover 0.5 of the first patch and 1.0 of the second.
    """
    edges = torch.arange(patches + 1, dtype=torch.float64) * (length / patches)
    low = torch.maximum(edges[:-1], begin.double()[:, None])
    high = torch.minimum(edges[1:], end.double()[:, None])
    return (high - low).clamp(min=0) * (patches / length)
