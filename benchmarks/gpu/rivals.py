"""How else a batch is mixed: the torch expression, its compiled form, timm, torchvision, kornia. Images only."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.gpu.clock import Body


def mixing_rivals(x: Tensor, index: Tensor, weight: float) -> dict[str, Body]:
    """Each mixes `x` once, with partners and weights of its own where it takes no other ones.

    What is not installed is left out.
    """

    def naive(images: Tensor) -> Tensor:
        return (weight * images + (1 - weight) * images[index]).to(images.dtype)

    compiled = torch.compile(naive)
    bodies: dict[str, Body] = {"naive": lambda: naive(x), "compiled naive": lambda: compiled(x)}
    for library in (timm, torchvision, kornia) if x.is_floating_point() else ():
        try:
            bodies |= library(x)
        except ImportError as error:
            print(f"{library.__name__}: {error}", flush=True)
    return bodies


def timm(x: Tensor) -> dict[str, Body]:
    from timm.data.mixup import Mixup

    def body(mode: str) -> Body:
        mixup = Mixup(mixup_alpha=0.2, mode=mode, label_smoothing=0.0, num_classes=1000)
        mix: Callable = mixup._mix_batch if mode == "batch" else mixup._mix_elem
        return lambda: mix(x)

    return {f"timm {mode}": body(mode) for mode in ("batch", "elem")}


def torchvision(x: Tensor) -> dict[str, Body]:
    from torchvision.transforms import v2

    transform = v2.MixUp(alpha=0.2, num_classes=1000)
    labels = torch.zeros(x.shape[0], dtype=torch.int64, device=x.device)
    return {"torchvision v2": lambda: transform(x, labels)}


def kornia(x: Tensor) -> dict[str, Body]:
    from kornia.augmentation import RandomMixUpV2

    augmentation = RandomMixUpV2(p=1.0, data_keys=["input", "class"])
    labels = torch.zeros(x.shape[0], dtype=torch.int64, device=x.device)
    return {"kornia": lambda: augmentation(x, labels)}
