"""Replace ``timm.data.mixup``'s classes: same constructor arguments, same calls, same distributions.

Both classes differ from timm:

- All random numbers come from ``seed`` and the number of calls, not from NumPy's global generator. Give each rank its
  own ``seed``.
- Odd and empty batches and batches of one are accepted; the sample in the middle keeps its bytes.
- The constructor refuses bad arguments: both alphas <= 0, ``prob`` above 1, an unknown mode.
- Targets are float32 for images of any dtype, and every row sums to 1. In timm, ``elem`` and ``pair`` weights have the
  images' dtype: float16 rows sum to 0.9998, and uint8 truncates the weight to 0.
- Labels (B, C) require ``multi_label=True``; timm flattens them into a target of B * C rows.
- CutMix cuts the last two dimensions, also of videos (B, C, T, H, W); timm cuts T and H.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import default_collate

from fastmix.integrations.steps import Steps
from fastmix.ops.labels import mix_labels
from fastmix.ops.mix import mix_
from fastmix.plan.boxes import Clipped, MinMax
from fastmix.plan.choice import Choice
from fastmix.plan.draw_key import DrawKey
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import CutMix, Per
from fastmix.plan.policies import Mixup as MixupPolicy
from fastmix.plan.weights import Beta

__all__ = ["FastCollateMixup", "Mixup"]

_PER: dict[str, Per] = {"batch": "batch", "pair": "pair", "elem": "sample", "half": "sample"}


class Mixup:
    """Mix a batch in place and return it with dense targets, as ``timm.data.Mixup`` does.

    Args:
        mixup_alpha: Activates Mixup if > 0.
        cutmix_alpha: Activates CutMix if > 0.
        cutmix_minmax: (least, most) shares of the sides; activates CutMix and replaces its alpha.
        prob: Probability of mixing, per batch, pair or element.
        switch_prob: Probability of CutMix if both are active.
        mode: ``"batch"``, ``"pair"`` or ``"elem"``.
        correct_lam: Weigh labels by the pixels of the clipped box; False uses the drawn weight.
        label_smoothing: In [0, 1).
        num_classes: C.
        multi_label: Labels are dense (B, C), and smoothing moves each label towards 1/2.
        seed: Seed of all plans, below 2**64.

    Raises:
        ValueError: See the module.

    Example:
        >>> mixup = Mixup(mixup_alpha=0.2, num_classes=10, seed=0)
        >>> images, targets = mixup(torch.rand(8, 3, 32, 32), torch.arange(8))
    """

    _modes: ClassVar[tuple[str, ...]] = ("batch", "pair", "elem")

    def __init__(
        self,
        mixup_alpha: float = 1.0,
        cutmix_alpha: float = 0.0,
        cutmix_minmax: Sequence[float] | None = None,
        prob: float = 1.0,
        switch_prob: float = 0.5,
        mode: str = "batch",
        correct_lam: bool = True,
        label_smoothing: float = 0.1,
        num_classes: int = 1000,
        multi_label: bool = False,
        *,
        seed: int = 0,
    ) -> None:
        if mode not in self._modes:
            raise ValueError(f"{type(self).__name__}: expected mode {', '.join(self._modes)}; got {mode!r}")
        if cutmix_minmax is not None and len(cutmix_minmax) != 2:
            raise ValueError(f"{type(self).__name__}: expected cutmix_minmax=(least, most), got {cutmix_minmax}")
        self.mixup_alpha = mixup_alpha
        self.cutmix_alpha = 1.0 if cutmix_minmax is not None else cutmix_alpha
        self.cutmix_minmax = cutmix_minmax
        self.mix_prob = prob
        self.switch_prob = switch_prob
        self.mode = mode
        self.correct_lam = correct_lam
        self.label_smoothing = label_smoothing
        self.num_classes = num_classes
        self.multi_label = multi_label
        self.mixup_enabled = True
        self.plan: MixPlan | None = None
        self._steps = Steps(seed)
        self._policy()

    def __call__(self, x: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mix ``x`` in place.

        Args:
            x: (B, C, H, W), or any batch with Mixup only; see :func:`fastmix.mix_`.
            target: Labels: (B,) class ids, or dense (B, C) with ``multi_label=True``.

        Returns:
            ``x`` itself and float32 (B, num_classes).

        Raises:
            TypeError: As for :func:`fastmix.mix_` and :func:`fastmix.mix_labels`.
            ValueError: As for :func:`fastmix.mix_` and :func:`fastmix.mix_labels`, or the labels have the wrong shape.
            RuntimeError: As for :func:`fastmix.mix_` and :func:`fastmix.mix_labels`.
        """
        plan = self._draw(len(x), tuple(x.shape[-2:]))
        mixed_target = self._target(target, plan)
        mix_(x, plan)
        self.plan = plan
        return x, mixed_target

    def _policy(self) -> Choice:
        """Build the policy from the attributes, which may change between calls, as timm's may."""
        per = _PER[self.mode]
        policies: list[MixupPolicy | CutMix] = []
        if self.mixup_alpha > 0:
            policies.append(MixupPolicy(self.mixup_alpha, per, self.mix_prob, "flip"))
        if self.cutmix_alpha > 0:
            box = Clipped() if self.cutmix_minmax is None else MinMax(*self.cutmix_minmax)
            policies.append(CutMix(self.cutmix_alpha, per, self.mix_prob, "flip", box=box))
        if not policies:
            raise ValueError(
                f"{type(self).__name__}: expected mixup_alpha > 0, cutmix_alpha > 0 or cutmix_minmax, "
                f"got {self.mixup_alpha}, {self.cutmix_alpha} and {self.cutmix_minmax}"
            )
        p = [1.0 - self.switch_prob, self.switch_prob] if len(policies) == 2 else None
        return Choice(policies, p, per=per)

    def _draw(self, batch: int, size: tuple[int, ...]) -> MixPlan:
        key = self._steps.next_key()
        if not self.mixup_enabled or batch == 0:
            return MixPlan.identity(batch)
        plan = self._policy().draw(batch, size, key)
        if self.correct_lam or self.cutmix_minmax is not None or self.cutmix_alpha <= 0:
            return plan
        return plan.with_label_weight(self._drawn_weight(plan, batch, key))

    def _drawn_weight(self, plan: MixPlan, batch: int, key: DrawKey) -> Tensor:
        """Return the weight that each box was cut for, by drawing Mixup from the same key."""
        cutmix = self._policy().policies[-1]
        as_blend = MixupPolicy(weight=Beta(cutmix.alpha), per=cutmix.per, prob=cutmix.prob, pairing="flip")
        policies = [*self._policy().policies[:-1], as_blend]
        p = self._policy().p
        drawn = Choice(policies, p, per=cutmix.per).draw(batch, None, key).label_weight
        return torch.where(plan.box.any(dim=1), drawn, plan.label_weight)

    def _target(self, target: Tensor, plan: MixPlan) -> Tensor:
        if not self.multi_label:
            return mix_labels(target, plan, self.num_classes, self.label_smoothing)
        if target.dim() != 2 or target.shape[1] != self.num_classes:
            raise ValueError(
                f"{type(self).__name__}: expected dense targets (B, {self.num_classes}) with multi_label=True, "
                f"got {tuple(target.shape)}"
            )
        return mix_labels(target.float() * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing, plan)


class FastCollateMixup(Mixup):
    """Collate uint8 images and mix them, as ``timm.data.FastCollateMixup`` does.

    Takes the arguments of :class:`Mixup`. ``mode="half"`` mixes each sample of the first half with one of the second
    and returns B // 2 samples. In a DataLoader's worker the plans also depend on the worker's seed, which comes from
    the DataLoader's ``generator=``.

    Unlike timm, it never writes to the dataset's arrays (timm's ``pair`` and ``half`` CutMix do), and it refuses images
    that are not uint8 (timm truncates floats in [0, 1] to 0 and 1).
    """

    _modes = ("batch", "pair", "elem", "half")

    def __call__(  # type: ignore[override]  # as in timm, which has the same two classes
        self, batch: Sequence[tuple[Any, Any]], _: Any = None
    ) -> tuple[Tensor, Tensor]:
        """Collate and mix.

        Args:
            batch: (image, label) pairs; images are uint8 arrays or tensors (C, H, W) of one shape.
            _: Ignored, as in timm.

        Returns:
            uint8 (B, C, H, W) and float32 (B, num_classes); B // 2 of both for ``"half"``.

        Raises:
            TypeError: An image is not uint8.
            ValueError: As for :class:`Mixup`, or the batch is odd with ``"half"``.
        """
        images = _stack([sample[0] for sample in batch])
        target = default_collate([sample[1] for sample in batch])
        if self.mode != "half":
            return super().__call__(images, target)
        if len(batch) % 2:
            raise ValueError(f"FastCollateMixup: expected an even batch for mode 'half', got {len(batch)}")
        plan = self._draw(len(batch), tuple(images.shape[-2:]))
        mixed_target = self._target(target, plan)
        mix_(images, plan)
        self.plan = plan
        kept = len(batch) // 2
        return images[:kept], mixed_target[:kept]


def _stack(images: Sequence[Any]) -> Tensor:
    """Stack the samples into a new tensor, so that mixing never writes to them."""
    tensors = [torch.from_numpy(image) if isinstance(image, np.ndarray) else image for image in images]
    for tensor in tensors:
        if not isinstance(tensor, Tensor) or tensor.dtype != torch.uint8:
            got = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
            raise TypeError(f"FastCollateMixup: expected uint8 images, got {got}")
    return torch.stack(tensors)
