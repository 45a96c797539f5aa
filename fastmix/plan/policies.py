"""Policies that draw plans: pure functions of the draw key, without state or a global random generator."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import torch

from fastmix import _core
from fastmix.arguments import number, option
from fastmix.plan.boxes import BoxRule, Clipped
from fastmix.plan.draw_key import DrawKey, group_ids, image_extent, integer_below
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.weights import Beta, Fixed, Weight

Per = Literal["batch", "pair", "sample"]
Pairing = Literal["permutation", "neighbor", "flip", "roll", "derangement", "matching", "same_class", "different_class"]


class Policy(ABC):
    """Draw the plan of a batch. Subclasses define the draw; ``plan`` is the same for all."""

    pairing: Pairing

    @abstractmethod
    def to_core(self) -> _core.Choice:
        """Return the policy for the C++ core. Raises ValueError for a parameter out of range."""

    @abstractmethod
    def with_pairing(self, pairing: Pairing) -> Policy:
        """Return the policy with another pairing."""

    @abstractmethod
    def never(self) -> Policy:
        """Return the policy with ``prob=0``: it draws partners and mixes nothing."""

    @abstractmethod
    def scaled(self, factor: float) -> Policy:
        """Return the policy with both parameters of its Beta weights multiplied by ``factor``.

        Raises:
            ValueError: A weight is not Beta.
        """

    @property
    def has_masks(self) -> bool:
        """Whether plans may have masks, which some operators refuse."""
        return False

    def at(self, epoch: int) -> Policy:  # noqa: ARG002
        """Return the policy of this epoch; ``Scheduled`` overrides it."""
        return self

    def plan(
        self,
        batch_size: int,
        image_size: tuple[int, ...] | None = None,
        *,
        seed: int = 0,
        epoch: int = 0,
        step: int = 0,
        rank: int = 0,
        offset: int = 0,
        groups: Any = None,
        partner: Any = None,
    ) -> MixPlan:
        """Draw the plan of one batch. Equal arguments return equal plans, on every machine.

        Args:
            batch_size: B >= 0.
            image_size: (height, width) in pixels, or (frames, height, width) of videos; boxes and masks require it.
            seed: Part of the draw key; see :class:`fastmix.DrawKey`.
            epoch: Part of the draw key.
            step: Part of the draw key.
            rank: Part of the draw key.
            offset: Part of the draw key.
            groups: (B,) classes, domains or names, which the pairings ``"same_class"`` and ``"different_class"`` read.
                Reading a CUDA tensor synchronises with the GPU.
            partner: (B,) partners that replace the drawn ones, for example from :mod:`fastmix.pairings`. They may
                repeat; then use :func:`fastmix.mix`.

        Raises:
            TypeError: An argument is not an integer.
            ValueError: An argument is out of range, ``image_size`` or ``groups`` is missing, or ``groups`` or
                ``partner`` has another length.

        Example:
            >>> plan = CutMix(1.0).plan(256, (224, 224), seed=0, epoch=3, step=17)
        """
        key = DrawKey(seed, epoch, step, rank, offset)
        return self.draw(batch_size, image_size, key, groups=groups, partner=partner)

    def draw(
        self,
        batch_size: int,
        image_size: tuple[int, ...] | None,
        key: DrawKey,
        *,
        groups: Any = None,
        partner: Any = None,
    ) -> MixPlan:
        """Draw the plan of one batch. Equivalent to ``plan`` with the parts of ``key`` as keywords."""
        batch, size = integer_below("batch_size", batch_size, 29), image_extent(image_size)
        labels = np.zeros(0, np.int64) if groups is None else group_ids(groups)
        given = np.zeros(0, np.int32) if partner is None else MixPlan.mixup(partner, 1.0).partner.numpy()
        for name, values, array in (("groups", groups, labels), ("partner", partner, given)):
            if values is not None and len(array) != batch:
                raise ValueError(f"plan: expected {name} of shape ({batch},), got ({len(array)},)")
        rows, masks = self.at(key.epoch).to_core().draw(batch, size, key.to_core(), labels, given)
        return MixPlan(torch.from_numpy(rows), None if masks is None else torch.from_numpy(masks))


@dataclass(frozen=True, repr=False)
class SinglePolicy(Policy):
    alpha: float = 1.0
    per: Per = "batch"
    prob: float = 1.0
    pairing: Pairing = "permutation"
    weight: Weight | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.weight is not None and not isinstance(self.weight, Weight):
            raise ValueError(f"weight: expected Beta, Uniform or Fixed, got {type(self.weight).__name__}")
        self.to_core()

    def __repr__(self) -> str:
        shown = [
            f"{f.name}={getattr(self, f.name)!r}"
            for f in dataclasses.fields(self)
            if not f.kw_only or getattr(self, f.name) != f.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    @property
    def distribution(self) -> Weight:
        """The distribution from which weights are drawn: ``weight`` if given, otherwise Beta(alpha, alpha)."""
        return self.weight if self.weight is not None else Beta(self.alpha)

    @abstractmethod
    def core_policy(self) -> _core.Policy:
        """Return this policy alone for the C++ core; ``to_core`` returns it as a ``Choice`` of one."""

    def _core_policy(
        self,
        kind: _core.Kind,
        box: BoxRule | None = None,
        inside: Weight | None = None,
        box_share: float = 0.5,
        mask: _core.MaskRule | None = None,
    ) -> _core.Policy:
        weight = self.distribution.to_core()
        rule = (box or Clipped()).to_core()
        inner = (inside or Fixed(0.0)).to_core()
        unit = option(_core.Per, "per", self.per)
        mask = mask or _core.MaskRule()
        return _core.Policy(kind, weight, number("prob", self.prob), unit, rule, inner, float(box_share), mask)

    def to_core(self) -> _core.Choice:
        pairing = option(_core.Pairing, "pairing", self.pairing)
        return _core.Choice([self.core_policy()], [1.0], _core.Per.batch, pairing)

    def with_pairing(self, pairing: Pairing) -> Self:
        return dataclasses.replace(self, pairing=pairing)

    def never(self) -> Self:
        return dataclasses.replace(self, prob=0.0)

    def scaled(self, factor: float) -> Self:
        law = self.distribution
        if not isinstance(law, Beta):
            raise ValueError(
                f"{type(self).__name__}: expected Beta weights for ramp_epochs, got {law}; leave out ramp_epochs"
            )
        if self.weight is None:
            return dataclasses.replace(self, alpha=self.alpha * factor)
        _, a, b = law.law()
        return dataclasses.replace(self, weight=dataclasses.replace(law, a=a * factor, b=b * factor))


class Mixup(SinglePolicy):
    """Blend each image with its partner: ``w * x_i + (1 - w) * x_j`` with ``w ~ Beta(alpha, alpha)``.

    Source: mixup (Zhang et al., ICLR 2018).

    Args:
        alpha: > 0; the paper uses 0.2 for ImageNet and 1.0 for CIFAR.
        per: The unit that shares one weight: ``"batch"``, ``"pair"`` or ``"sample"``.
        prob: Probability that a unit of ``per`` is mixed.
        pairing: ``"permutation"`` (uniform, as in the paper), ``"neighbor"`` (i with i XOR 1), ``"flip"`` (i
            with B - 1 - i), ``"roll"`` (i with i - 1), ``"derangement"`` (uniform without fixed points), ``"matching"``
            (random pairs), ``"same_class"`` or ``"different_class"`` (by ``groups``). All work with :func:`mix_`.
        weight: The distribution of ``w``: a ``Beta``, ``Uniform`` or ``Fixed``. It replaces Beta(alpha, alpha).

    Raises:
        ValueError: ``alpha`` is not finite and > 0, ``prob`` is outside [0, 1], or ``per``, ``pairing`` or ``weight``
            is unknown.

    Example:
        >>> plan = Mixup(0.2).plan(256, seed=0, step=0)
    """

    def core_policy(self) -> _core.Policy:
        return self._core_policy(_core.Kind.mixup)


@dataclass(frozen=True, repr=False)
class CutMix(SinglePolicy):
    """Paste a box of the partner's pixels, of area ``1 - w`` with ``w ~ Beta(alpha, alpha)``.

    As in the paper, the box's centre is uniform, the border clips the box, and ``label_weight`` is the share of pixels
    outside the clipped box. ``plan`` requires ``image_size``. Source: CutMix (Yun et al., ICCV 2019).

    Args:
        alpha: > 0; the paper uses 1.0.
        per: As for ``Mixup``.
        prob: As for ``Mixup``.
        pairing: As for ``Mixup``.
        weight: As for ``Mixup``.
        box: ``Clipped``, ``Coverage``, ``Inside``, ``MinMax``, ``FixedBox``, ``Span`` or ``Cuboid``, see
            :mod:`fastmix.plan.boxes`.
        inside: Distribution of the weight that the sample's own image has inside the box. None means weight 0: the box
            shows only the partner.

    Raises:
        ValueError: As for ``Mixup``, or ``box`` is not a box rule.

    Example:
        >>> plan = CutMix(1.0).plan(256, (224, 224), seed=0, step=0)
    """

    box: BoxRule = field(default=Clipped(), kw_only=True)
    inside: Weight | None = field(default=None, kw_only=True)

    @property
    def has_masks(self) -> bool:
        return self.box.over_frames  # a plan holds such a box as a mask

    def core_policy(self) -> _core.Policy:
        _check_rule(self.box)
        if self.inside is not None and not isinstance(self.inside, Weight):
            raise ValueError(f"inside: expected Beta, Uniform, Fixed or None, got {type(self.inside).__name__}")
        return self._core_policy(_core.Kind.cutmix, self.box, self.inside)


@dataclass(frozen=True, repr=False)
class HMix(SinglePolicy):
    """Paste a box of the partner, and blend both images outside the box.

    Before clipping, the box covers the share ``box_share * (1 - w)`` of the image. Outside the box all pixels of the
    sample's own image have the same weight, chosen so that its mean weight over the whole image is ``w``. ``plan``
    requires ``image_size``. Source: HMix (Park et al., NeurIPS 2022).

    Args:
        alpha: > 0.
        per: As for ``Mixup``.
        prob: As for ``Mixup``.
        pairing: As for ``Mixup``.
        weight: As for ``Mixup``.
        box_share: In [0, 1]; 0 is Mixup, 1 is nearly CutMix.
        box: ``Clipped``, ``Coverage`` or ``Inside``.

    Raises:
        ValueError: As for ``Mixup``, ``box_share`` is outside [0, 1], or ``box`` is another rule.
    """

    box_share: float = field(default=0.5, kw_only=True)
    box: BoxRule = field(default=Clipped(), kw_only=True)

    def core_policy(self) -> _core.Policy:
        _check_rule(self.box)
        return self._core_policy(_core.Kind.hmix, self.box, box_share=self.box_share)


def _check_rule(box: BoxRule) -> None:
    if not isinstance(box, BoxRule):
        raise ValueError(f"box: expected a rule of fastmix.plan.boxes, got {type(box).__name__}")
