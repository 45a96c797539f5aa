"""Mix up to four samples into one: ``MultiwayPlan``, and ``DirichletMix``, which draws such plans.

``fastmix.mix``, ``mix_labels``, ``mix_values``, ``mix_loss`` and ``mix_accuracy`` take these plans like a
:class:`~fastmix.plan.MixPlan`. In-place operators refuse them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from fastmix import _core
from fastmix.arguments import number
from fastmix.moving import moved
from fastmix.plan import description as _plan_table
from fastmix.plan.draw_key import DrawKey, integer_below
from fastmix.plan.rows import MULTIWAY, zero_rows
from fastmix.plan.stored_plan import StoredPlan, without_negative_zero

__all__ = ["DirichletMix", "MultiwayPlan"]

_TOLERANCE = 1e-6


class MultiwayPlan(StoredPlan):
    """What to mix in a batch of B samples, each from K = 2, 3 or 4: one packed row per sample, on the CPU.

    Sample i becomes ``sum(weight[i, k] * x[partner[i, k]] for k in range(K))``; labels are summed with the same
    weights. In plans that ``DirichletMix`` draws, the first partner is the sample itself. Weights are float64: they sum
    to 1 so closely that mixing equal images gives the same image. ``partner`` and ``weight`` are views of ``rows``.

    Args:
        rows: int32 (B, 16); see :mod:`fastmix.plan.rows`.
        ways: K. None reads it from the rows; a plan without rows then gets K = 2.

    Attributes:
        rows: int32 (B, 16), the plan itself.
        ways: K, how many samples are mixed into one.
        partner: int32 (B, K), in [0, B); they may repeat.
        weight: float64 (B, K), in [0, 1]; every row sums to 1.

    Raises:
        TypeError: ``rows`` is not an int32 tensor on the CPU.
        ValueError: The shape or header is wrong, or rows have different numbers of ways. Weights are checked when the
            plan is applied.
    """

    _kind = "MultiwayPlan"
    _header = MULTIWAY

    def __init__(self, rows: Tensor, masks: None = None, ways: int | None = None) -> None:
        if masks is not None:
            raise ValueError("MultiwayPlan: expected rows only, got masks too; only a MixPlan has masks")
        super().__init__(rows)
        ways = ways if ways is not None else int(rows[0, 1]) if len(rows) else 2
        if not 2 <= ways <= _core.MAX_WAYS or not bool((rows[:, 1] == ways).all()):
            raise ValueError(
                f"MultiwayPlan: expected one number of ways from 2 to {_core.MAX_WAYS} in all rows, "
                f"got {sorted({ways, *rows[:, 1].tolist()})}"
            )
        self.ways = ways

    @property
    def partner(self) -> Tensor:
        return self.rows[:, 4 : 4 + self.ways]

    @property
    def weight(self) -> Tensor:
        return self.rows.view(torch.float64)[:, 4 : 4 + self.ways]

    @classmethod
    def from_arrays(cls, partner: Any, weight: Any) -> MultiwayPlan:
        """Pack a plan from arrays of any kind that ``torch.as_tensor`` accepts.

        Raises:
            ValueError: The shapes do not fit, or a partner does not fit into int32.
        """
        given, weights = torch.as_tensor(partner), torch.as_tensor(weight, dtype=torch.float64)
        cast = given.to(torch.int32)
        if not bool((cast == given).all()):
            raise ValueError(
                f"MultiwayPlan.partner: expected integers that fit torch.int32, got {given[cast != given][0].item()}"
            )
        shape = tuple(cast.shape)
        if len(shape) != 2 or not 2 <= shape[1] <= _core.MAX_WAYS or tuple(weights.shape) != shape:
            raise ValueError(
                f"MultiwayPlan: expected partner and weight of one shape (B, K) with K from 2 to {_core.MAX_WAYS}, "
                f"got {shape} and {tuple(weights.shape)}"
            )
        rows = zero_rows(shape[0], MULTIWAY)
        rows[:, 1] = shape[1]
        plan = cls(rows, ways=shape[1])
        plan.partner[:] = cast
        plan.weight[:] = weights
        return plan

    def clone(self) -> MultiwayPlan:
        """Copy the plan. Editing one plan does not change the other."""
        return MultiwayPlan(self.rows.clone(), ways=self.ways)

    def _words(self) -> Tensor:
        return without_negative_zero(self.rows, torch.float64, slice(4, 8))

    def describe(self, names: Sequence[object] | None = None) -> str:
        """Return one line per sample with its partners and their weights.

        Args:
            names: B names, such as labels or paths. None prints each sample's index.

        Raises:
            ValueError: The number of names is not B.
        """
        names = _plan_table.sample_names("MultiwayPlan.describe", len(self), names)
        lines = []
        for name, partners, weights in zip(names, self.partner.tolist(), self.weight.tolist(), strict=True):
            parts = [f"{w:.4f} of {_plan_table.name_of(j, names)}" for j, w in zip(partners, weights, strict=True) if w]
            lines.append(f"{name}: {' + '.join(parts)}")
        return "\n".join(lines)

    def columns(self, device: torch.device) -> list[tuple[Tensor, Tensor]]:
        """Return K pairs on a device: the k-th partner int64 (B,) of each sample, and its weight float64 (B,).

        Raises:
            ValueError: A partner is out of range, a weight is outside [0, 1], or a row does not sum to 1.
        """
        if not torch.compiler.is_compiling():
            self._check()
        partner, weight = moved(self.partner, device, torch.int64), moved(self.weight, device)
        return [(partner[:, k], weight[:, k]) for k in range(self.ways)]

    def _check(self) -> None:
        if len(self) == 0:
            return
        low, high = (int(bound) for bound in self.partner.aminmax())
        if low < 0 or high >= len(self):
            got = low if low < 0 else high
            raise ValueError(f"MultiwayPlan: expected partner in [0, {len(self)}), got {got}")
        good = ((self.weight >= 0) & (self.weight <= 1)).all(1) & ((self.weight.sum(1) - 1).abs() <= _TOLERANCE)
        if not bool(good.all()):
            i = int((~good).nonzero()[0])
            raise ValueError(
                f"MultiwayPlan: expected weights in [0, 1] that sum to 1 in every row, got {self.weight[i].tolist()} "
                f"for sample {i}"
            )


@dataclass(frozen=True)
class DirichletMix:
    """Mix K samples with weights drawn from Dirichlet(alpha): mixup of more than two images.

    For K = 2 it is ``Mixup``. The mixup paper (section 2) tried K > 2 and found no further gain; MultiMix and
    zeta-mixup build on it. Each sample's first partner is itself. Every other column of partners is an independent
    uniform permutation, so a sample may have the same partner twice.

    Args:
        k: 2, 3 or 4.
        alpha: > 0; one number for all K images, or K numbers, of which the first belongs to the sample's own image.
            Even tiny values never give NaN.
        per: The unit that shares one draw of weights: ``"sample"`` or ``"batch"``.
        prob: Probability that a unit of ``per`` is mixed at all.

    Raises:
        TypeError: ``k`` is not an integer.
        ValueError: A parameter is out of range.
    """

    k: int = 3
    alpha: float | Sequence[float] = 1.0
    per: Literal["batch", "sample"] = "sample"
    prob: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.alpha, int | float | str):
            object.__setattr__(self, "alpha", tuple(number("alpha", alpha) for alpha in self.alpha))
        self._to_core()

    def _to_core(self) -> _core.DirichletPolicy:
        k = integer_below("k", self.k, 31)
        if not 2 <= k <= _core.MAX_WAYS:
            raise ValueError(f"DirichletMix: expected k of 2 to {_core.MAX_WAYS} ways, got {k}")
        alpha = self.alpha if isinstance(self.alpha, tuple) else (number("alpha", self.alpha),) * k
        if len(alpha) != k:
            raise ValueError(f"DirichletMix: expected 1 alpha or k={k} alphas, got {len(alpha)}")
        if self.per not in ("batch", "sample"):
            raise ValueError(f"DirichletMix: expected per='batch' or per='sample', got per={self.per!r}")
        return _core.DirichletPolicy(list(alpha), number("prob", self.prob), _core.Per.__members__[self.per])

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
    ) -> MultiwayPlan:
        """Draw the plan of one batch; equal arguments give equal plans on every machine.

        Args:
            batch_size: B >= 0.
            image_size: Ignored; other policies need it.
            seed: As for ``Policy.plan``.
            epoch: As for ``Policy.plan``.
            step: As for ``Policy.plan``.
            rank: As for ``Policy.plan``.
            offset: As for ``Policy.plan``. Weights depend on a sample's place in the global batch, partners do not.

        Raises:
            TypeError: An argument is not an integer.
            ValueError: An argument is negative or too large.
        """
        return self.draw(batch_size, image_size, DrawKey(seed, epoch, step, rank, offset))

    def draw(self, batch_size: int, image_size: tuple[int, ...] | None, key: DrawKey) -> MultiwayPlan:  # noqa: ARG002
        """Draw the plan of one batch. Equivalent to ``plan`` with the parts of ``key`` as keywords."""
        rows = self._to_core().draw(integer_below("batch_size", batch_size, 29), key.to_core())
        return MultiwayPlan(torch.from_numpy(rows), ways=self.k)


def combine_values(values: Tensor, plan: MultiwayPlan) -> Tensor:
    """Return the mixed rows as float64. A row of weight 0 is ignored, so its NaN does not reach the result."""
    wide = values.to(torch.float64)
    total = torch.zeros_like(wide)
    for partner, weight in plan.columns(values.device):
        weight = weight.reshape(-1, *[1] * (values.dim() - 1))
        rows = wide[partner]
        # Where a weight is 1, the others are 0, so this row is the whole sum.
        total = torch.where(weight == 0.0, total, torch.where(weight == 1.0, rows, total + weight * rows))
    return total


def combine_labels(op: str, labels: Tensor, plan: MultiwayPlan, num_classes: int, smoothing: float) -> Tensor:
    """Mix the one-hot labels of class ids (B,) into dense targets (B, C), float32."""
    known = (labels >= 0) & (labels < num_classes)
    # vmap cannot branch on values, and CUDA would have to synchronise. There, rows with an unknown label become NaN.
    if (
        labels.device.type == "cpu"
        and not torch._C._functorch.is_functorch_wrapped_tensor(labels)
        and not bool(known.all())
    ):
        raise RuntimeError(f"{op}: expected labels in [0, {num_classes}), got {int(labels[~known][0])}")
    classes = torch.arange(num_classes, device=labels.device)
    share = torch.zeros((len(plan), num_classes), dtype=torch.float64, device=labels.device)
    bad = torch.zeros(len(plan), dtype=torch.bool, device=labels.device)
    for partner, weight in plan.columns(labels.device):
        share = share + weight[:, None] * (labels[partner][:, None] == classes)
        bad = bad | ~known[partner]
    rows = (1.0 - smoothing) * share + smoothing / num_classes
    return torch.where(bad[:, None], torch.nan, rows).to(torch.float32)
