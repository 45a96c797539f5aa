"""The plan of one batch: each sample's partner and the weight of its own image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fastmix import _core
from fastmix.plan import description
from fastmix.plan import masks as mask_levels
from fastmix.plan.rows import PAIR, zero_rows
from fastmix.plan.stored_plan import StoredPlan, without_negative_zero

_DTYPES = {
    "partner": torch.int32,
    "weight_in": torch.float32,
    "weight_out": torch.float32,
    "box": torch.int32,
    "label_weight": torch.float32,
    "mask_index": torch.int32,
}


def _cast(name: str, value: Any) -> Tensor:
    dtype = _DTYPES[name]
    if dtype.is_floating_point:
        return torch.as_tensor(value, dtype=dtype)
    tensor = torch.as_tensor(value)
    cast = tensor.to(dtype)
    if tensor.dtype != dtype and not bool((cast == tensor).all()):
        raise ValueError(f"MixPlan.{name}: expected integers that fit {dtype}, got {tensor[cast != tensor][0].item()}")
    return cast


class MixPlan(StoredPlan):
    """What to mix in a batch of B samples: one packed row per sample, on the CPU.

    ``weight`` always means the weight of the sample's **own** image. Inside ``box`` it is ``weight_in``, outside
    ``weight_out``: Mixup is ``weight_out = w`` with an empty box, CutMix is ``weight_in = 0, weight_out = 1``.

    A sample with a mask (GridMix, FMix, your own masks) has no box. Its weight is ``weight_in`` where the mask is
    255, ``weight_out`` where it is 0, and in between it changes in steps of 1 / 255. Masks are stretched over the image
    by nearest neighbours, and several samples may share one.

    The attributes below, except ``masks``, are views of ``rows``. Editing them changes all later mixing, but no batch
    in progress, because operators copy what they need. The same plan gives the same bits on every device. Plans compare
    and hash by content.

    Attributes:
        rows: int32 (B, 16), the plan itself; see :mod:`fastmix.plan.rows`.
        partner: int32 (B,), the sample mixed into each sample; a permutation, unless you give partners that repeat.
        weight_in: float32 (B,), in [0, 1], the weight of the sample's own image inside the box.
        weight_out: float32 (B,), in [0, 1], the weight of the sample's own image outside the box.
        box: int32 (B, 4), half-open ``(y0, x0, y1, x1)`` in pixels; empty (zeros) where there is none.
        label_weight: float32 (B,), the weight of the sample's own label. Policies set it to the mean weight of the
            sample's own image over all pixels.
        mask_index: int32 (B,), index of each sample's mask in ``masks``; -1 for no mask.
        masks: uint8 (M, h, w), or (M, t, h, w) for video; None where no sample has one.

    Raises:
        TypeError: ``rows`` is not an int32 tensor on the CPU, or ``masks`` is not a uint8 tensor on the CPU.
        ValueError: A shape or the header is wrong. Weights and boxes are checked when the plan is applied.

    Example:
        >>> plan = MixPlan.mixup(partner=[1, 0], weight=0.7)
        >>> plan.weight_out[0] = 0.9
    """

    _kind = "MixPlan"
    _header = PAIR

    def __init__(self, rows: Tensor, masks: Tensor | None = None) -> None:
        super().__init__(rows, masks)
        if masks is None:
            return
        if not isinstance(masks, Tensor) or masks.dtype != torch.uint8 or masks.device.type != "cpu":
            got = f"{masks.dtype} on {masks.device}" if isinstance(masks, Tensor) else type(masks).__name__
            raise TypeError(f"MixPlan.masks: expected a uint8 tensor on the CPU, got {got}")
        if masks.dim() not in (3, 4) or 0 in masks.shape:
            raise ValueError(
                f"MixPlan.masks: expected shape (M, h, w) or (M, t, h, w), all sizes > 0, got {tuple(masks.shape)}"
            )

    @property
    def partner(self) -> Tensor:
        return self.rows[:, 1]

    @property
    def weight_in(self) -> Tensor:
        return self.rows.view(torch.float32)[:, 2]

    @property
    def weight_out(self) -> Tensor:
        return self.rows.view(torch.float32)[:, 3]

    @property
    def box(self) -> Tensor:
        return self.rows[:, 4:8]

    @property
    def label_weight(self) -> Tensor:
        return self.rows.view(torch.float32)[:, 8]

    @property
    def mask_index(self) -> Tensor:
        return self.rows[:, 9]

    def _words(self) -> Tensor:
        rows = without_negative_zero(self.rows, torch.float32, slice(2, 4))
        rows.view(torch.float32)[:, 8] += 0.0
        return rows

    @classmethod
    def from_arrays(
        cls,
        partner: Any,
        weight_in: Any,
        weight_out: Any,
        box: Any,
        label_weight: Any,
        masks: Any = None,
        mask_index: Any = None,
    ) -> MixPlan:
        """Pack a plan from arrays of any kind that ``torch.as_tensor`` accepts. ``box`` may have shape (4 * B,).

        Raises:
            ValueError: A shape does not fit, a value does not fit its dtype, or only one of ``masks`` and
                ``mask_index`` is given.
        """
        if (masks is None) != (mask_index is None):
            got = "masks" if mask_index is None else "mask_index"
            raise ValueError(f"MixPlan.from_arrays: expected masks and mask_index both or neither, got only {got}")
        given = {"partner": partner, "weight_in": weight_in, "weight_out": weight_out, "label_weight": label_weight}
        if mask_index is not None:
            given["mask_index"] = mask_index
        values = {name: _cast(name, value) for name, value in given.items()}
        boxes = _cast("box", box)
        batch = values["partner"].shape[0] if values["partner"].dim() else 0
        if boxes.dim() == 1 and boxes.numel() % 4 == 0:
            boxes = boxes.reshape(-1, 4)
        for name, value in (*values.items(), ("box", boxes)):
            shape = (batch, 4) if name == "box" else (batch,)
            if tuple(value.shape) != shape:
                raise ValueError(f"MixPlan.{name}: expected shape {shape}, got {tuple(value.shape)}")
        plan = cls(zero_rows(batch, PAIR), None if masks is None else torch.as_tensor(masks).contiguous())
        plan.mask_index[:] = -1
        plan.box[:] = boxes
        for name, value in values.items():
            getattr(plan, name)[:] = value
        return plan

    @classmethod
    def mixup(cls, partner: Any, weight: Any) -> MixPlan:
        """Make a Mixup plan from partners (B,) and the weights (B,) of the samples' own images, or one weight for all.

        Raises:
            ValueError: A shape does not fit, or a partner does not fit into int32.
        """
        partner, weight = _cast("partner", partner), _cast("weight_out", weight)
        if weight.dim() == 0:
            weight = weight.repeat(partner.numel())
        box = torch.zeros(partner.numel(), 4, dtype=torch.int32)
        return cls.from_arrays(partner, weight, weight, box, weight)

    @classmethod
    def masked(
        cls,
        partner: Any,
        mask: Any,
        mask_index: Any = None,
        *,
        image_size: tuple[int, ...] | None = None,
        weight_in: float = 1.0,
        weight_out: float = 0.0,
    ) -> MixPlan:
        """Make a plan from your own masks of any resolution: saliency, attention, tokens, segments.

        Args:
            partner: (B,), the sample mixed into each sample.
            mask: (M, h, w), or (M, t, h, w) for video: which share of each pixel the sample's own image keeps. As bool
                (True keeps it), as uint8 (255 keeps all), or floating in [0, 1], rounded to steps of 1 / 255. Reading a
                CUDA tensor synchronises with the GPU.
            mask_index: (B,), index of each sample's mask; a sample with -1 is not mixed. None gives one mask to all
                samples, or mask i of B masks to sample i.
            image_size: (height, width) or (frames, height, width) of the images; ``label_weight`` is a mean over their
                pixels. None takes the mask's size, which gives the same mean if the images' sides are multiples of
                the mask's.
            weight_in: In [0, 1], the weight of the sample's own image where the mask is True, 1.0 or 255.
            weight_out: In [0, 1], the weight of the sample's own image where the mask is False or 0.

        Raises:
            ValueError: A shape or dtype does not fit, or a value is out of its range.
        """
        partner, masks = _cast("partner", partner), mask_levels.as_levels(mask)
        batch = partner.numel()
        index = mask_levels.mask_of_samples(mask_index, batch, masks.shape[0])
        if not (0.0 <= weight_in <= 1.0 and 0.0 <= weight_out <= 1.0):
            raise ValueError(f"MixPlan.masked: expected weights in [0, 1], got {weight_in} and {weight_out}")
        share = torch.from_numpy(mask_levels.label_weights(masks, image_size, weight_in, weight_out))
        has_mask = index >= 0

        def where_masked(value: torch.Tensor | float) -> torch.Tensor:
            return torch.where(has_mask, value, torch.ones(batch))

        box = torch.zeros(batch, 4, dtype=torch.int32)
        label_weight = where_masked(share[index.clamp(min=0).long()])
        return cls.from_arrays(
            partner, where_masked(weight_in), where_masked(weight_out), box, label_weight, masks, index
        )

    @classmethod
    def identity(cls, batch_size: int) -> MixPlan:
        """Make a plan that mixes nothing."""
        if batch_size < 0:
            raise ValueError(f"MixPlan.identity: expected batch_size >= 0, got {batch_size}")
        return cls.mixup(torch.arange(batch_size, dtype=torch.int32), 1.0)

    def mask_shape(self) -> tuple[int, ...]:
        """Return (M, t, h, w), with t = 1 for masks without frames; (0, 1, 1, 1) without masks."""
        return (0, 1, 1, 1) if self.masks is None else (self.masks.shape[0], *(1, *self.masks.shape[1:])[-3:])

    def masks_of_samples(self) -> list[np.ndarray]:
        """Return one mask per sample, uint8 (h, w) or (t, h, w); the array is empty if the sample has no mask.

        Operators of ``fn.fastmix`` take this list as ``masks=``. The arrays share the memory of ``masks``.

        Raises:
            IndexError: ``mask_index`` is out of range.
        """
        none = np.zeros((0,) * (2 if self.masks is None else self.masks.dim() - 1), np.uint8)
        index = self.mask_index.tolist()
        return [none if i < 0 or self.masks is None else self.masks[i].numpy() for i in index]

    def is_permutation(self) -> bool:
        """Return whether every sample is a partner exactly once."""
        return torch.equal(self.partner.sort().values, torch.arange(len(self), dtype=torch.int32))

    def check_in_place(self, image_size: tuple[int, int] | None = None) -> None:
        """Raise ValueError, with the reason, if the plan cannot be applied in place.

        Args:
            image_size: (height, width) of the images that the boxes must fit. With None, a box may have any size.

        Raises:
            ValueError: A partner repeats or is out of range, a weight is outside [0, 1], a box does not fit, a mask
                index is out of range, or a sample has a box and a mask.
        """
        height, width = image_size if image_size is not None else (2**31 - 1, 2**31 - 1)
        _core.validate_plan(self.rows.numpy(), self.mask_shape(), height, width, True)

    def with_label_weight(self, label_weight: Any) -> MixPlan:
        """Return the plan with other label weights, as Remix and TransMix compute them.

        Args:
            label_weight: (B,) or one for all, in [0, 1]. Reading a CUDA tensor synchronises with the GPU.

        Raises:
            ValueError: The shape does not fit, or a weight is NaN or outside [0, 1].
        """
        weight = _cast("label_weight", label_weight).detach().cpu()
        weight = weight.repeat(len(self)) if weight.dim() == 0 else weight
        if not bool(((weight >= 0) & (weight <= 1)).all()):
            low, high = (float(end) for end in weight.aminmax())
            raise ValueError(f"MixPlan.with_label_weight: expected weights in [0, 1], got values from {low} to {high}")
        if weight.shape != (len(self),):
            raise ValueError(f"MixPlan.label_weight: expected shape ({len(self)},), got {tuple(weight.shape)}")
        plan = MixPlan(self.rows.clone(), self.masks)
        plan.label_weight[:] = weight
        return plan

    def with_partner(self, partner: Any) -> MixPlan:
        """Return the plan with other partners: other samples, or rows of a second batch for ``mix(..., other=)``.

        Args:
            partner: (B,) integers >= 0. Operators check that the other batch has these rows.

        Raises:
            ValueError: The shape does not fit, or a partner does not fit into int32.
        """
        partner = _cast("partner", partner).detach().cpu()
        if partner.shape != (len(self),):
            raise ValueError(f"MixPlan.partner: expected shape ({len(self)},), got {tuple(partner.shape)}")
        plan = MixPlan(self.rows.clone(), self.masks)
        plan.partner[:] = partner
        return plan

    def describe(self, names: Sequence[object] | None = None) -> str:
        """Return a table of the mixing, one line per sample.

        Args:
            names: B names, such as labels or paths. None prints each sample's index.

        Raises:
            ValueError: The number of names is not B.
        """
        return description.describe(self, names)
