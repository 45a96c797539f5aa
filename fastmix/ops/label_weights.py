"""Label weights that differ from the share of own pixels: Remix and TransMix."""

import torch
from torch import Tensor

from fastmix.ops.checks import check_plan, check_tensor
from fastmix.plan.mix_plan import MixPlan

__all__ = ["attention_label_weight", "remix_label_weight"]


def remix_label_weight(
    labels: Tensor, plan: MixPlan, class_counts: Tensor, kappa: float = 3.0, tau: float = 0.5
) -> Tensor:
    """Label weights of Remix (Chou et al., ECCVW 2020): of an unequal pair, the rarer class takes the whole label.

    The own label gets 0 where its class is at least ``kappa`` times as frequent as the partner's and its weight is
    below ``tau``; 1 where it is at most ``1 / kappa`` times as frequent and the partner's weight is below ``tau``.

    Args:
        labels: (B,) class ids of an integer dtype; on a GPU they are waited for.
        plan: For B samples.
        class_counts: (C,) how often each class occurs, > 0.
        kappa: >= 1.
        tau: In [0, 1].

    Returns:
        float32 (B,) on the CPU, for ``plan.with_label_weight``.

    Raises:
        TypeError: ``labels`` is no tensor or ``plan`` no MixPlan.
        ValueError: The plan is for another batch size, ``kappa`` < 1, or ``tau`` outside [0, 1].
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
    """Label weights of TransMix (Chen et al., CVPR 2022): the mean of the share of pixels and the share of attention.

    Args:
        attention: (B, h, w), >= 0: how much the class token looks at each patch of the mixed image; any scale. On a
            GPU it is waited for.
        plan: For B samples.
        image_size: (H, W) of the images, which the plan's boxes refer to; multiples of h and w or not.

    Returns:
        float32 (B,) on the CPU, for ``plan.with_label_weight``.

    Raises:
        TypeError: ``attention`` is no tensor or ``plan`` no MixPlan.
        ValueError: The plan is for another batch size or has masks, or ``attention`` is not (B, h, w).
    """
    check_tensor("attention_label_weight", "attention", attention)
    check_plan("attention_label_weight", plan, attention.shape[0])
    if attention.dim() != 3:
        raise ValueError(f"attention_label_weight: expected attention (B, h, w), got {tuple(attention.shape)}")
    looked = attention.detach().to("cpu", torch.float64)
    if plan.mask is not None:
        raise ValueError(
            "attention_label_weight: expected a plan of boxes and weights, got one with masks; weigh the attention by "
            "fastmix.ops.reference.weight_map(plan, images.shape) and pass the result to plan.with_label_weight"
        )
    rows = _covered(plan.box[:, 0], plan.box[:, 2], looked.shape[1], image_size[0])
    columns = _covered(plan.box[:, 1], plan.box[:, 3], looked.shape[2], image_size[1])
    # The share of each patch that lies in the box, then the own weight there.
    inside = rows[:, :, None] * columns[:, None, :]
    own = 1.0 - inside
    own = own * plan.weight_out.double()[:, None, None] + inside * plan.weight_in.double()[:, None, None]
    total = looked.sum(dim=(1, 2))
    share = (own * looked).sum(dim=(1, 2)) / total
    weight = plan.label_weight.double()
    return torch.where(total > 0, 0.5 * (weight + share), weight).clamp(0, 1).to(torch.float32)


def _covered(begin: Tensor, end: Tensor, patches: int, length: int) -> Tensor:
    """float64 (B, patches): how much of each patch lies in [begin, end) pixels of ``length``."""
    edges = torch.arange(patches + 1, dtype=torch.float64) * (length / patches)
    low = torch.maximum(edges[:-1], begin.double()[:, None])
    high = torch.minimum(edges[1:], end.double()[:, None])
    return (high - low).clamp(min=0) * (patches / length)
