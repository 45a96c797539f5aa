"""How else a batch is mixed: the torch expression, its compiled form, timm, torchvision, kornia. Images only."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.gpu.clock import Body
from benchmarks.mix import naive_mix
from benchmarks.mix_peers import timm_mixup, torchvision_v2


def mixing_rivals(x: Tensor, index: Tensor) -> dict[str, Body]:
    """Each mixes `x` once, with partners and weights of its own where it takes no other ones.

    What is not installed is left out.
    """
    compiled = torch.compile(naive_mix)
    bodies: dict[str, Body] = {"naive": lambda: naive_mix(x, index), "compiled naive": lambda: compiled(x, index)}
    for library in (timm, torchvision, kornia) if x.is_floating_point() else ():
        try:
            bodies |= library(x)
        except ImportError as error:
            print(f"{library.__name__}: {error}", flush=True)
    return bodies


def timm(x: Tensor) -> dict[str, Body]:
    module = timm_mixup()
    if module is None:
        raise ImportError("not installed")

    def body(mode: str) -> Body:
        mixup = module.Mixup(mixup_alpha=0.2, mode=mode, label_smoothing=0.0, num_classes=1000)
        mix: Callable = mixup._mix_batch if mode == "batch" else mixup._mix_elem
        return lambda: mix(x)

    return {f"timm {mode}": body(mode) for mode in ("batch", "elem")}


def torchvision(x: Tensor) -> dict[str, Body]:
    module = torchvision_v2()
    if module is None:
        raise ImportError("not installed, or without its compiled part")
    transform = module.MixUp(alpha=0.2, num_classes=1000)
    labels = torch.zeros(x.shape[0], dtype=torch.int64, device=x.device)
    return {"torchvision v2": lambda: transform(x, labels)}


def kornia(x: Tensor) -> dict[str, Body]:
    from kornia.augmentation import RandomMixUpV2

    augmentation = RandomMixUpV2(p=1.0, data_keys=["input", "class"])
    labels = torch.zeros(x.shape[0], dtype=torch.int64, device=x.device)
    return {"kornia": lambda: augmentation(x, labels)}
