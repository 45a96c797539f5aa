"""Policies draw plans: pure functions of (seed, epoch, step, rank), with no state and no global generator."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import torch

from fastmix import _core
from fastmix.arguments import number, option
from fastmix.plan.boxes import BoxRule, Clipped
from fastmix.plan.draw_key import draw_key, group_ids, image_extent, integer_below
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.weights import Beta, Fixed, Weight

Per = Literal["batch", "pair", "sample"]
Pairing = Literal["permutation", "neighbor", "flip", "roll", "derangement", "matching", "same_class", "different_class"]


class Policy(ABC):
    """Draws the plan of a batch. Subclasses say how; ``plan`` is the same for all."""

    pairing: Pairing

    @abstractmethod
    def to_core(self) -> _core.Choice:
        """The policy as the native core understands it; raises ValueError for bad parameters."""

    @abstractmethod
    def with_pairing(self, pairing: Pairing) -> Policy:
        """The same policy with another pairing."""

    @abstractmethod
    def never(self) -> Policy:
        """The same policy with ``prob=0``: partners are drawn, nothing is mixed."""

    @abstractmethod
    def scaled(self, factor: float) -> Policy:
        """The same policy with the shapes of its Beta weights multiplied.

        Raises:
            ValueError: A weight that is not Beta.
        """

    @property
    def has_masks(self) -> bool:
        """Whether its plans may have masks, which not everything that mixes takes."""
        return False

    def at(self, epoch: int) -> Policy:  # noqa: ARG002
        """The policy of this epoch: another one where a schedule says so."""
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
        """The plan of one batch; equal arguments give equal plans, on every machine.

        Args:
            batch_size: B >= 0.
            image_size: (height, width) in pixels, or (frames, height, width) of videos; needed for boxes and masks.
            seed: seed of the run, below 2**64.
            epoch: epoch of the run, below 2**32.
            step: step within the epoch, below 2**64.
            rank: below 2**32; draws of different ranks are independent.
            offset: place of the first sample in the global batch. Ranks that pass their offset and ``rank=0`` draw
                slices of one global plan (with ``pairing="neighbor"`` and an even offset).
            groups: (B,) array of any kind (classes, domains, names), read by the pairings ``"same_class"`` and
                ``"different_class"``. A tensor on a GPU is waited for.
            partner: (B,) partners instead of drawn ones, for example from :mod:`fastmix.pairings`. They may
                repeat; such a plan is for :func:`fastmix.mix` only.

        Raises:
            TypeError: an argument that is no integer.
            ValueError: a negative or too large argument, CutMix without ``image_size``, a pairing by class without
                ``groups``, or groups or partners that are not one per sample.
        """
        batch, size = integer_below("batch_size", batch_size, 29), image_extent(image_size)
        key = draw_key(seed, epoch, step, rank, offset)
        labels = np.zeros(0, np.int64) if groups is None else group_ids(groups)
        given = np.zeros(0, np.int32) if partner is None else MixPlan.mixup(partner, 1.0).partner.numpy()
        for name, values, array in (("groups", groups, labels), ("partner", partner, given)):
            if values is not None and len(array) != batch:
                raise ValueError(f"plan: expected {name} of shape ({batch},), got ({len(array)},)")
        rows, masks = self.at(epoch).to_core().draw(batch, size, *key, labels, given)
        return MixPlan(torch.from_numpy(rows), None if masks is None else torch.from_numpy(masks))


@dataclass(frozen=True, repr=False)
class _SinglePolicy(Policy):
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
        """Of the own weight: ``weight``, or else Beta(alpha, alpha)."""
        return self.weight if self.weight is not None else Beta(self.alpha)

    @abstractmethod
    def core_policy(self) -> _core.Policy:
        """One entry of the native core's choice."""

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
            raise ValueError(f"{type(self).__name__}: expected a Beta weight to scale, got {law}")
        if self.weight is None:
            return dataclasses.replace(self, alpha=self.alpha * factor)
        _, a, b = law.law()
        return dataclasses.replace(self, weight=dataclasses.replace(law, a=a * factor, b=b * factor))


class Mixup(_SinglePolicy):
    """Mixup (Zhang et al., ICLR 2018): ``w * x_i + (1 - w) * x_j`` with own weight ``w ~ Beta(alpha, alpha)``.

    Args:
        alpha: > 0; the paper uses 0.2 for ImageNet and 1.0 for CIFAR.
        per: what shares one weight: the whole ``"batch"``, each ``"pair"``, or nothing (``"sample"``).
        prob: probability that a unit of ``per`` is mixed at all.
        pairing: ``"permutation"`` (uniform, the paper's), ``"neighbor"`` (i with i XOR 1), ``"flip"`` (i with
            B - 1 - i), ``"roll"`` (i with i - 1), ``"derangement"`` (uniform, nobody with itself), ``"matching"``
            (random pairs), ``"same_class"`` or ``"different_class"`` (by the ``groups`` given to ``plan``). All of them
            are safe in place.
        weight: another distribution of ``w``, instead of ``alpha``: ``Beta``, ``Uniform`` or ``Fixed``.

    Raises:
        ValueError: alpha not finite and > 0, prob outside [0, 1], an unknown ``per`` or ``pairing``, no distribution.
    """

    def core_policy(self) -> _core.Policy:
        return self._core_policy(_core.Kind.mixup)


@dataclass(frozen=True, repr=False)
class CutMix(_SinglePolicy):
    """CutMix (Yun et al., ICCV 2019): a box of the partner's pixels, of area ``1 - w``, ``w ~ Beta(alpha, alpha)``.

    The box's centre is uniform and the box is clipped at the border, as in the paper; ``label_weight`` is recomputed
    from the pixels that the clipped box takes. ``plan`` needs ``image_size``.

    Args:
        alpha: > 0; the paper uses 1.0.
        per: as for ``Mixup``.
        prob: as for ``Mixup``.
        pairing: as for ``Mixup``.
        weight: as for ``Mixup``.
        box: ``Clipped``, ``Coverage``, ``Inside``, ``MinMax``, ``FixedBox``, ``Span`` or ``Cuboid``, see
            :mod:`fastmix.plan.boxes`.
        inside: distribution of the own weight inside the box; None is 0, a cut. With another one the box is blended:
            Mixup within a box.

    Raises:
        ValueError: as for ``Mixup``, or no box rule.
    """

    box: BoxRule = field(default=Clipped(), kw_only=True)
    inside: Weight | None = field(default=None, kw_only=True)

    @property
    def has_masks(self) -> bool:
        return self.box.over_frames

    def core_policy(self) -> _core.Policy:
        _check_rule(self.box)
        if self.inside is not None and not isinstance(self.inside, Weight):
            raise ValueError(f"inside: expected Beta, Uniform, Fixed or None, got {type(self.inside).__name__}")
        return self._core_policy(_core.Kind.cutmix, self.box, self.inside)


@dataclass(frozen=True, repr=False)
class HMix(_SinglePolicy):
    """HMix (Park et al., NeurIPS 2022): a box of the partner, and a blend around it; own weight ``w`` in all.

    The box covers ``box_share * (1 - w)`` of the image before it is clipped; outside of it the own weight is what is
    needed to make ``w`` the share of the whole image. ``plan`` needs ``image_size``.

    Args:
        alpha: > 0.
        per: as for ``Mixup``.
        prob: as for ``Mixup``.
        pairing: as for ``Mixup``.
        weight: as for ``Mixup``.
        box_share: in [0, 1]; 0 is Mixup, 1 is nearly CutMix.
        box: ``Clipped``, ``Coverage`` or ``Inside``.

    Raises:
        ValueError: as for ``Mixup``, ``box_share`` outside [0, 1], or another box rule.
    """

    box_share: float = field(default=0.5, kw_only=True)
    box: BoxRule = field(default=Clipped(), kw_only=True)

    def core_policy(self) -> _core.Policy:
        _check_rule(self.box)
        return self._core_policy(_core.Kind.hmix, self.box, box_share=self.box_share)


def _check_rule(box: BoxRule) -> None:
    if not isinstance(box, BoxRule):
        raise ValueError(f"box: expected a rule of fastmix.plan.boxes, got {type(box).__name__}")


@dataclass(frozen=True)
class Choice(Policy):
    """One of several policies, drawn anew for every batch, pair or sample.

    Args:
        policies: one or more of ``Mixup``, ``CutMix``, ``HMix``, ``GridMix``, ``SmoothMix``, ``GMix`` and ``FMix``, all
            with the same pairing.
        p: their probabilities, summing to 1; equal ones when left out.
        per: what shares one choice.

    Raises:
        ValueError: no policies, probabilities that do not fit, pairings that differ, a nested ``Choice``.
    """

    policies: Sequence[_SinglePolicy]
    p: Sequence[float] | None = None
    per: Per = "batch"
    pairing: Pairing = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policies", tuple(self.policies))
        if not self.policies:
            raise ValueError("Choice: expected at least one policy, got none")
        for policy in self.policies:
            if not isinstance(policy, _SinglePolicy):
                raise ValueError(f"Choice: expected policies like Mixup or CutMix, got {type(policy).__name__}")
        pairings = {policy.pairing for policy in self.policies}
        if len(pairings) > 1:
            raise ValueError(f"Choice: expected policies of one pairing, got {', '.join(sorted(pairings))}")
        object.__setattr__(self, "p", tuple(map(float, self.p)) if self.p is not None else None)
        object.__setattr__(self, "pairing", pairings.pop())
        self.to_core()

    @property
    def has_masks(self) -> bool:
        return any(policy.has_masks for policy in self.policies)

    def to_core(self) -> _core.Choice:
        p = self.p if self.p is not None else [1.0 / len(self.policies)] * len(self.policies)
        policies = [policy.core_policy() for policy in self.policies]
        return _core.Choice(
            policies, list(p), option(_core.Per, "per", self.per), option(_core.Pairing, "pairing", self.pairing)
        )

    def with_pairing(self, pairing: Pairing) -> Policy:
        return Choice([policy.with_pairing(pairing) for policy in self.policies], self.p, self.per)

    def never(self) -> Policy:
        return Choice([policy.never() for policy in self.policies], self.p, self.per)

    def scaled(self, factor: float) -> Policy:
        return Choice([policy.scaled(factor) for policy in self.policies], self.p, self.per)
