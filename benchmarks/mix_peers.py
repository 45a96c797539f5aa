"""What ``benchmarks.mix`` is compared with.

timm's and torchvision's own classes where they are installed; of the others the torch expression that their code
amounts to.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.rivals import Unavailable
from benchmarks.rivals.compiled import import_torchvision

Rival = Callable[[Tensor, Tensor], Any]


def timm_mixup() -> ModuleType | None:
    return timm_data("mixup")


def timm_data(name: str) -> ModuleType | None:
    """A module of ``timm.data`` by itself: the package's ``__init__`` wants torchvision's compiled part."""
    found = importlib.util.find_spec("timm")
    if found is None:
        return None
    path = f"{found.submodule_search_locations[0]}/data/{name}.py"
    spec = importlib.util.spec_from_file_location(f"timm_data_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torchvision_v2() -> ModuleType | None:
    try:
        import_torchvision()
    except Unavailable:
        return None
    return importlib.import_module("torchvision.transforms.v2")


def timm(mode: str, num_classes: int, **alphas: float) -> dict[str, Rival]:
    module = timm_mixup()
    if module is None:
        return {}
    mixup = module.Mixup(mode=mode, num_classes=num_classes, label_smoothing=0.0, **alphas)
    return {f"timm {mode}": lambda x, y: mixup(x, y)}


def torchvision(name: str, num_classes: int) -> dict[str, Rival]:
    module = torchvision_v2()
    if module is None:
        return {}
    transform = getattr(module, name)(alpha=1.0, num_classes=num_classes)
    return {"torchvision": lambda x, y: transform(x, y)}


def dense(y: Tensor, partner: Tensor, weight: Tensor, num_classes: int) -> Tensor:
    rows = F.one_hot(y, num_classes).to(torch.float32)
    return weight * rows + (1 - weight) * rows[partner]


def naive_mixup(num_classes: int) -> dict[str, Rival]:
    def mixup(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        w, partner = torch.distributions.Beta(1.0, 1.0).sample(), torch.randperm(len(x), device=x.device)
        return w * x + (1 - w) * x[partner], dense(y, partner, w, num_classes)

    return {"torch expression": mixup}


def masked(num_classes: int, mask_of: Callable[[int, int], Tensor], name: str) -> dict[str, Rival]:
    """OpenMixup's way for every kind with a mask: one mask for the batch, ``x * m + x[partner] * (1 - m)``."""

    def mix(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        mask, partner = mask_of(*x.shape[-2:]).to(x.device), torch.randperm(len(x), device=x.device)
        return x * mask + x[partner] * (1 - mask), dense(y, partner, mask.mean(), num_classes)

    return {name: mix}


def hmix_mask(height: int, width: int) -> Tensor:
    w = torch.rand(())
    side = (0.5 * (1 - w)).sqrt()
    h, v = int(height * side), int(width * side)
    y, x = int(torch.randint(height - h + 1, ())), int(torch.randint(width - v + 1, ()))
    mask = torch.full((height, width), float(w / (1 - h * v / (height * width))))
    mask[y : y + h, x : x + v] = 0
    return mask


def gaussian_mask(height: int, width: int) -> Tensor:
    centre, sigma = torch.rand(2), 0.25 + 0.25 * torch.rand(())
    y = torch.exp(-(((torch.arange(height) / height - centre[0]) / sigma) ** 2) / 2)
    x = torch.exp(-(((torch.arange(width) / width - centre[1]) / sigma) ** 2) / 2)
    return 1 - y[:, None] * x


def grid_mask(height: int, width: int) -> Tensor:
    pitch, share = int(torch.randint(32, 97, ())), 0.7
    hole = int(pitch * share)
    y, x = (torch.arange(n) + int(torch.randint(pitch, ())) for n in (height, width))
    return 1 - ((y % pitch < hole)[:, None] & (x % pitch < hole)).float()


def fourier_mask(height: int, width: int) -> Tensor:
    """FMix: low-frequency noise, thresholded so that the share is the weight."""
    frequency = (torch.fft.fftfreq(height)[:, None] ** 2 + torch.fft.rfftfreq(width) ** 2).sqrt()
    scale = 1 / frequency.clamp(min=1 / max(height, width)) ** 3
    noise = torch.fft.irfft2(torch.view_as_complex(torch.randn(*frequency.shape, 2)) * scale, s=(height, width))
    kept = int(torch.rand(()) * noise.numel())
    mask = torch.zeros(noise.numel())
    mask[noise.flatten().argsort(descending=True)[:kept]] = 1
    return mask.reshape(height, width)


def dirichlet(num_classes: int, ways: int) -> dict[str, Rival]:
    def mix(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        weight = torch.distributions.Dirichlet(torch.ones(ways)).sample((len(x),)).to(x.device)
        rows = F.one_hot(y, num_classes).to(torch.float32)
        mixed, target = weight[:, 0, None, None, None] * x, weight[:, :1] * rows
        for k in range(1, ways):
            partner = torch.randperm(len(x), device=x.device)
            mixed = mixed + weight[:, k, None, None, None] * x[partner]
            target = target + weight[:, k, None] * rows[partner]
        return mixed, target

    return {"torch expression": mix}


def regmixup(num_classes: int) -> dict[str, Rival]:
    def mix(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        w, partner = torch.distributions.Beta(20.0, 20.0).sample(), torch.randperm(len(x), device=x.device)
        return torch.cat((x, w * x + (1 - w) * x[partner])), dense(y, partner, w, num_classes)

    return {"RegMixup's expression": mix}


def second_batch(num_classes: int, other: Tensor, other_labels: Tensor) -> dict[str, Rival]:
    def mix(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        w, partner = torch.distributions.Beta(1.0, 1.0).sample(), torch.randperm(len(other), device=x.device)
        rows, other_rows = (F.one_hot(labels, num_classes).to(torch.float32) for labels in (y, other_labels))
        return w * x + (1 - w) * other[partner], w * rows + (1 - w) * other_rows[partner]

    return {"torch expression": mix}
