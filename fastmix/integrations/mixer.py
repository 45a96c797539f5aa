"""Mix batches in any training loop: ``Mixer`` draws the plan of each step and counts the steps."""

from __future__ import annotations

import operator
from typing import Any, Literal

import numpy as np
from torch import Tensor

from fastmix.augment import SampleKeys, SamplePolicy
from fastmix.ops.augment import augment as augment_batch
from fastmix.ops.augment import augment_
from fastmix.ops.labels import mix_labels
from fastmix.ops.mix import mix, mix_
from fastmix.ops.targets import Targets, check_targets, make_targets
from fastmix.plan.draw_key import DrawKey
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.multiway import DirichletMix, MultiwayPlan
from fastmix.plan.pairings import other_partners
from fastmix.plan.policies import Policy

_BY_CLASS = ("same_class", "different_class")


class Mixer:
    """Mix one batch per call, by the plan of the next step.

    Equivalent to ``plan = policy.plan(len(images), images.shape[-2:], seed=seed, epoch=epoch, step=step, rank=rank)``,
    ``mix(images, plan)`` and ``mix_labels(labels, plan, num_classes, smoothing)``.

    Args:
        policy: Draws the plans.
        num_classes: Required with class ids if ``targets="dense"``.
        seed: Seed of the run, below 2**64.
        smoothing: In [0, 1), label smoothing of class ids.
        targets: ``"dense"`` for float32 (B, C); ``"pair"`` for :class:`fastmix.PairTargets`; ``"index"`` for
            :class:`fastmix.IndexTargets`. The latter two never make (B, C).
        in_place: Overwrite the given batch instead of allocating a new one.
        partners: ``"batch"``, or ``"previous"`` for the batch that this mixer returned last (RecursiveMix, MindSpore's
            ``is_single=False``). The first batch stays unmixed. Requires dense targets. With ``in_place`` the mixer
            keeps a copy, else the tensors it returned, which you must not overwrite. ``state_dict`` omits them.
        rank: Ranks draw independent plans; leave 0 to draw the same on all of them.
        augment: A policy of :mod:`fastmix.augment` without windows, for uint8 images (B, 3, H, W). Its draws
            depend on the step and each sample's place in the batch. ``enabled`` does not turn it off.

    Attributes:
        plan: The plan of the last batch, for :func:`fastmix.mix_loss` and :func:`fastmix.mix_accuracy`; None before.
            With ``partners="previous"`` its partners are rows of the previous batch.
        enabled: If False, batches stay unmixed; the mixer still makes targets and counts steps.

    Raises:
        TypeError: ``policy`` or ``augment`` is not a policy.
        ValueError: ``targets`` or ``partners`` is unknown, or options exclude each other.

    Example:
        >>> mixer = Mixer(CutMix(1.0), num_classes=10, seed=0)
        >>> images, targets = mixer(torch.rand(8, 3, 32, 32), torch.arange(8))
    """

    def __init__(
        self,
        policy: Policy | DirichletMix,
        num_classes: int | None = None,
        seed: int = 0,
        *,
        smoothing: float = 0.0,
        targets: Targets = "dense",
        in_place: bool = False,
        partners: Literal["batch", "previous"] = "batch",
        rank: int = 0,
        augment: SamplePolicy | None = None,
    ) -> None:
        if not isinstance(policy, Policy | DirichletMix):
            raise TypeError(f"Mixer: expected a fastmix policy, got {type(policy).__name__}")
        if augment is not None and not isinstance(augment, SamplePolicy):
            raise TypeError(f"Mixer: expected augment as a policy of fastmix.augment, got {type(augment).__name__}")
        if augment is not None and "window" in augment.sets():
            raise ValueError(f"Mixer: expected augment without windows, got {augment}; crop before you make batches")
        check_targets("Mixer", targets, smoothing)
        if partners not in ("batch", "previous"):
            raise ValueError(f"Mixer: expected partners 'batch' or 'previous', got {partners!r}")
        if partners == "previous" and targets != "dense":
            raise ValueError(
                f"Mixer: expected targets='dense' with partners='previous', whose labels are mixed, got {targets!r}"
            )
        if isinstance(policy, DirichletMix) and (in_place or targets != "dense" or partners == "previous"):
            raise ValueError(
                "Mixer: expected in_place=False, targets='dense' and partners='batch' with DirichletMix, got others"
            )
        self.policy = policy
        self.num_classes = num_classes
        self.seed = seed
        self.smoothing = smoothing
        self.targets = targets
        self.in_place = in_place
        self.partners = partners
        self.rank = rank
        self.augment = augment
        self.enabled = True
        self.epoch = 0
        self.step = 0
        self.plan: MixPlan | MultiwayPlan | None = None
        self._previous: tuple[Tensor, Tensor] | None = None
        self._versions: list[int] = []

    def __call__(self, images: Tensor, labels: Tensor, groups: Any = None) -> tuple[Tensor, Any]:
        """Mix a batch.

        Args:
            images: (B, ..., H, W), as for :func:`fastmix.mix`.
            labels: (B,) class ids or (B, C) dense labels; with other ``targets`` (B, ...) of any dtype.
            groups: (B,) for pairings by class; None uses the class ids.

        Returns:
            ``(images, targets)``.

        Raises:
            TypeError: As for :func:`fastmix.mix` and :func:`fastmix.mix_labels`.
            ValueError: As for :func:`fastmix.mix` and :func:`fastmix.mix_labels`.
            RuntimeError: As for :func:`fastmix.mix` and :func:`fastmix.mix_labels`.
        """
        if self.partners == "previous":
            return self._mix_with_previous(images, labels)
        plan = self._draw(images, labels, groups)
        # Labels first: if they are refused, the images are unchanged.
        targets = make_targets(self.targets, labels, plan, self.num_classes, self.smoothing)
        images = self._augmented(images)
        if self.in_place and isinstance(plan, MixPlan):
            mix_(images, plan)
        else:
            images = mix(images, plan)
        self.plan = plan
        self.step += 1
        return images, targets

    def _mix_with_previous(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        images = self._augmented(images)
        own = mix_labels(labels, MixPlan.identity(labels.shape[0]), self.num_classes, self.smoothing)
        plan = MixPlan.identity(images.shape[0])
        target = own
        if self._previous is not None and self.enabled and self._previous[0].shape[0] > 0:
            if [x._version for x in self._previous] != self._versions:
                raise RuntimeError(
                    "Mixer: expected the previous batch unchanged, got it changed in place; change a copy"
                )
            partner = other_partners(images.shape[0], self._previous[0].shape[0], self._key())
            drawn = self._draw(images, labels, None)
            assert isinstance(drawn, MixPlan), "__init__ refuses DirichletMix with partners='previous'"
            plan = drawn.with_partner(partner)
            target = mix_labels(own, plan, other=self._previous[1])
            if self.in_place:
                mix_(images, plan, other=self._previous[0])
            else:
                images = mix(images, plan, other=self._previous[0])
        elif not self.in_place:
            images = mix(images, plan)
        self.plan = plan
        self.step += 1
        # In place the caller owns the batch and may reuse it.
        kept = images.detach().clone() if self.in_place else images.detach()
        self._previous = kept, target
        self._versions = [x._version for x in self._previous]
        return images, target

    def _augmented(self, images: Tensor) -> Tensor:
        if self.augment is None:
            return images
        keys = SampleKeys(self.seed, self.epoch, np.arange(images.shape[0]), self.step, self.rank)
        height, width = images.shape[-2:]
        plan = self.augment.plan(keys, (height, width))
        return (augment_ if self.in_place else augment_batch)(images, plan, channels_last=False)

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch at step 0.

        Raises:
            TypeError: ``epoch`` is not an integer.
        """
        self.epoch = operator.index(epoch)
        self.step = 0

    def state_dict(self) -> dict[str, int]:
        """Return the seed, epoch and step of the next plan."""
        return {"seed": self.seed, "epoch": self.epoch, "step": self.step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue from the state of another mixer.

        Raises:
            KeyError: ``state`` lacks a part.
        """
        self.seed, self.epoch, self.step = (operator.index(state[name]) for name in ("seed", "epoch", "step"))

    def _draw(self, images: Tensor, labels: Tensor, groups: Any) -> MixPlan | MultiwayPlan:
        if not self.enabled:
            return MixPlan.identity(images.shape[0])
        if isinstance(self.policy, DirichletMix):
            return self.policy.draw(images.shape[0], None, self._key())
        if groups is None and self.policy.pairing in _BY_CLASS and labels.dim() == 1:
            groups = labels
        size = (1, *images.shape[1:])[-2:] if images.dim() > 1 else (1, 1)
        return self.policy.draw(images.shape[0], size, self._key(), groups=groups)

    def _key(self) -> DrawKey:
        return DrawKey(self.seed, self.epoch, self.step, self.rank)
