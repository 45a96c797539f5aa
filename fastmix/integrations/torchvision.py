"""Replace ``torchvision.transforms.v2``'s ``MixUp`` and ``CutMix``: same constructor arguments, same calls.

Both classes differ from torchvision:

- All random numbers come from ``seed`` and the number of calls, not from torch's global generator. In a DataLoader's
  worker (as ``collate_fn``) the key includes the worker's seed, so that workers and epochs do not repeat.
- uint8 images are mixed and rounded to nearest; torchvision's MixUp raises.
- Class ids may have any integer dtype; torchvision takes int64 only.
- Targets are float32, computed in float64, and rows of class ids sum to 1. Dense floating labels keep their dtype, as
  in torchvision.
- CutMix's boxes have every size; torchvision's sides are even, since it truncates each half to whole pixels.
- Plain tensors (B, ..., H, W), also videos, need no wrapping as tv_tensors.
- In a dict the labels may come before the images; torchvision then mixes the labels as an image.
- ``plan`` holds the plan of the last call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from fastmix.arguments import number
from fastmix.integrations.steps import Steps
from fastmix.ops.labels import mix_labels, mix_values
from fastmix.ops.mix import mix
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import CutMix as CutMixPolicy
from fastmix.plan.policies import Mixup as MixupPolicy
from fastmix.plan.policies import Policy

__all__ = ["CutMix", "MixUp"]

# Names of the tv_tensors that cannot be mixed. Names do not require torchvision.
_UNMIXABLE = {"BoundingBoxes", "KeyPoints", "Mask"}


class _BatchTransform(torch.nn.Module):
    _policy_type: type[MixupPolicy] | type[CutMixPolicy]

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        num_classes: int | None = None,
        labels_getter: Callable[[Any], Tensor] | str = "default",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if labels_getter != "default" and not callable(labels_getter):
            raise ValueError(f"{type(self).__name__}: expected labels_getter 'default' or a function")
        self.alpha = number("alpha", alpha)
        self.num_classes = num_classes
        self.labels_getter = labels_getter
        self.plan: MixPlan | None = None
        self._policy: Policy = self._policy_type(self.alpha, pairing="roll")
        self._steps = Steps(seed)

    def forward(self, *inputs: Any) -> Any:
        """Mix the images and labels among the inputs.

        Args:
            *inputs: ``images, labels``, or one structure (tuple, list, dict) of them; other entries pass through.
                As in torchvision, the images are all tv_tensors images and videos, or else the first plain tensor.
                ``labels_getter`` finds the labels, by default in the second input.

        Returns:
            The same structure, mixed.

        Raises:
            ValueError: Labels are missing, labels or images have the wrong shape, or an entry cannot be mixed.
            TypeError: As for :func:`fastmix.mix` and :func:`fastmix.mix_labels`.
            RuntimeError: As for :func:`fastmix.mix` and :func:`fastmix.mix_labels`.
        """
        name = type(self).__name__
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat, spec = pytree.tree_flatten(sample)
        labels = self._labels(sample)
        images = _images_among(name, flat, labels)
        batch = labels.shape[0]
        for image in images:
            dims = 5 if type(image).__name__ == "Video" else 4
            if image.dim() < 3 or (type(image) is not Tensor and image.dim() != dims):
                raise ValueError(f"{name}: expected batched images, got shape {tuple(image.shape)}")
            if image.shape[0] != batch:
                raise ValueError(f"{name}: expected {batch} images as there are labels, got {image.shape[0]}")
        size = tuple(images[0].shape[-2:]) if images else (1, 1)
        if any(tuple(image.shape[-2:]) != size for image in images):
            raise ValueError(f"{name}: expected images of one size (H, W), got several")
        plan = self._policy.draw(batch, size, self._steps.next_key())
        mixed = {id(image): _mix_like(image, plan) for image in images}
        mixed[id(labels)] = self._mix_labels(labels, plan)
        self.plan = plan
        return pytree.tree_unflatten([mixed.get(id(entry), entry) for entry in flat], spec)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}, num_classes={self.num_classes}"

    def _labels(self, sample: Any) -> Tensor:
        name = type(self).__name__
        labels = self.labels_getter(sample) if callable(self.labels_getter) else _default_labels(name, sample)
        if not isinstance(labels, Tensor):
            raise ValueError(f"{name}: expected the labels to be a tensor, got {type(labels).__name__}")
        if labels.dim() not in (1, 2):
            raise ValueError(f"{name}: expected labels (B,) or (B, C), got {tuple(labels.shape)}")
        if labels.dim() == 1 and self.num_classes is None:
            raise ValueError(f"{name}: expected num_classes with class ids (B,), got none")
        if labels.dim() == 2 and self.num_classes not in (None, labels.shape[1]):
            raise ValueError(f"{name}: expected num_classes={labels.shape[1]} as the labels have, or none")
        return labels

    def _mix_labels(self, labels: Tensor, plan: MixPlan) -> Tensor:
        if labels.dim() == 1:
            return mix_labels(labels, plan, self.num_classes)
        return mix_values(labels if labels.is_floating_point() else labels.float(), plan)


class MixUp(_BatchTransform):
    """Mix each sample with the one before it, one weight per batch, as ``torchvision.transforms.v2.MixUp`` does.

    Args:
        alpha: > 0, of Beta(alpha, alpha).
        num_classes: Required with class ids.
        labels_getter: ``"default"`` for the second input, or a function from the inputs to the labels.
        seed: Seed of all plans, below 2**64.

    Raises:
        ValueError: ``alpha`` is not finite and > 0, or ``labels_getter`` is neither "default" nor a function.

    Example:
        >>> images, targets = MixUp(alpha=0.2, num_classes=10)(torch.rand(8, 3, 32, 32), torch.arange(8))
    """

    _policy_type = MixupPolicy


class CutMix(_BatchTransform):
    """Cut one box per batch from the sample before each, as ``torchvision.transforms.v2.CutMix`` does.

    Takes the arguments of :class:`MixUp`.

    Example:
        >>> images, targets = CutMix(num_classes=10)(torch.rand(8, 3, 32, 32), torch.arange(8))
    """

    _policy_type = CutMixPolicy


def _default_labels(name: str, sample: Any) -> Any:
    """Return the second entry of a pair. In a dict, return the entry whose key is or contains "labels"."""
    entry = sample[1] if isinstance(sample, tuple | list) and len(sample) > 1 else sample
    if isinstance(entry, Mapping):
        keys = [key for key in entry if isinstance(key, str) and "label" in key.lower()]
        keys.sort(key=lambda key: key.lower() != "labels")
        entry = entry[keys[0]] if keys else None
    if type(entry) is not Tensor:
        raise ValueError(
            f"{name}: expected images and a tensor of labels, got {type(entry).__name__}; pass labels_getter="
        )
    return entry


def _images_among(name: str, flat: list[Any], labels: Tensor) -> list[Tensor]:
    tensors = [entry for entry in flat if isinstance(entry, Tensor) and entry is not labels]
    if any(type(entry).__name__ in _UNMIXABLE for entry in tensors) or any(
        type(entry).__module__.startswith("PIL.") for entry in flat
    ):
        raise ValueError(f"{name}: expected tensors of images, got PIL images, bounding boxes, key points or masks")
    wrapped = [entry for entry in tensors if type(entry).__name__ in ("Image", "Video")]
    return wrapped or [entry for entry in tensors if type(entry) is Tensor][:1]


def _mix_like(image: Tensor, plan: MixPlan) -> Tensor:
    mixed = mix(image.as_subclass(Tensor), plan)
    return mixed if type(image) is Tensor else mixed.as_subclass(type(image))
