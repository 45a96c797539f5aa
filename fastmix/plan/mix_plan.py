"""The plan of one batch: who is mixed with whom, and how much of each image is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fastmix import _core
from fastmix.plan import description as _plan_table
from fastmix.plan import masks as _masks
from fastmix.plan.files import PlanFormat
from fastmix.plan.stored_plan import StoredPlan, content_digest

_DTYPES = {
    "partner": torch.int32,
    "weight_in": torch.float32,
    "weight_out": torch.float32,
    "box": torch.int32,
    "label_weight": torch.float32,
}


# What a plan may have beyond the arrays above, both or neither.
_MASK_DTYPES = {"mask": torch.uint8, "mask_index": torch.int32}


def _cast(name: str, value: Any) -> torch.Tensor:
    dtype = {**_DTYPES, **_MASK_DTYPES}.get(name, torch.float32)
    if dtype.is_floating_point:
        return torch.as_tensor(value, dtype=dtype).contiguous()
    tensor = torch.as_tensor(value)
    cast = tensor.to(dtype)
    if tensor.dtype != dtype and not bool((cast == tensor).all()):
        raise ValueError(f"MixPlan.{name}: expected integers that fit {dtype}, got {tensor.dtype} values that do not")
    return cast.contiguous()


@dataclass(frozen=True, eq=False)
class MixPlan(StoredPlan):
    """What to mix in a batch of B samples. Plain CPU tensors; ``np.asarray`` reads each of them.

    ``weight`` always means the weight of the sample's **own** image. Inside ``box`` it is ``weight_in``, outside
    ``weight_out``: Mixup is ``weight_out = w`` with an empty box, CutMix is ``weight_in = 0, weight_out = 1``.

    A sample with a mask (GridMix, FMix, masks of your own) has no box: where the mask is 255 its weight is
    ``weight_in``, where it is 0 ``weight_out``, in steps of 1 / 255 between. Masks are stretched over the image by
    nearest neighbours, and several samples may share one.

    Plans compare and hash by content. The same plan gives the same bits wherever it is applied.

    Attributes:
        partner: int32 (B,), the sample mixed into each sample; a permutation unless said otherwise.
        weight_in: float32 (B,), own weight inside the box, in [0, 1].
        weight_out: float32 (B,), own weight outside the box, in [0, 1].
        box: int32 (B, 4), half-open ``(y0, x0, y1, x1)`` in pixels; empty (zeros) where there is none.
        label_weight: float32 (B,), share of own pixels: what the label gets.
        mask: uint8 (M, h, w), or (M, t, h, w) for video; None where no sample has one.
        mask_index: int32 (B,), which mask each sample has, -1 for none; None where no sample has one.

    Raises:
        TypeError: an entry is not a CPU tensor of the dtype above.
        ValueError: an entry has another shape. Values are checked against the images when the plan is applied.
    """

    # By version: plans without masks are written as they were before there were any.
    _format = PlanFormat(
        "MixPlan",
        {1: tuple(_DTYPES), 2: (*_DTYPES, *_MASK_DTYPES)},
        dims={"box": (1, 2), "mask": (3, 4)},
    )

    partner: torch.Tensor
    weight_in: torch.Tensor
    weight_out: torch.Tensor
    box: torch.Tensor
    label_weight: torch.Tensor
    mask: torch.Tensor | None = None
    mask_index: torch.Tensor | None = None

    def __post_init__(self) -> None:
        batch = self.partner.shape[0] if isinstance(self.partner, torch.Tensor) and self.partner.dim() else 0
        if (self.mask is None) != (self.mask_index is None):
            raise ValueError("MixPlan: expected mask and mask_index both or neither")
        for name, dtype in self._dtypes().items():
            value = getattr(self, name)
            if not isinstance(value, torch.Tensor) or value.dtype != dtype or value.device.type != "cpu":
                got = f"{value.dtype} on {value.device}" if isinstance(value, torch.Tensor) else type(value).__name__
                raise TypeError(f"MixPlan.{name}: expected a {dtype} tensor on the CPU, got {got}")
            shape = (batch, 4) if name == "box" else (batch,)
            if name == "mask":
                if value.dim() not in (3, 4) or 0 in value.shape:
                    raise ValueError(
                        f"MixPlan.mask: expected shape (M, h, w) or (M, t, h, w) with pixels, got {tuple(value.shape)}"
                    )
            elif tuple(value.shape) != shape:
                raise ValueError(f"MixPlan.{name}: expected shape {shape}, got {tuple(value.shape)}")

    def _dtypes(self) -> dict[str, torch.dtype]:
        """The arrays that this plan has, in order."""
        return _DTYPES if self.mask is None else {**_DTYPES, **_MASK_DTYPES}

    def _arrays(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name).numpy() for name in self._dtypes()}

    @classmethod
    def _of_arrays(cls, arrays: dict[str, np.ndarray]) -> MixPlan:
        return cls.from_arrays(**arrays)

    @classmethod
    def from_arrays(
        cls,
        partner: Any,
        weight_in: Any,
        weight_out: Any,
        box: Any,
        label_weight: Any,
        mask: Any = None,
        mask_index: Any = None,
    ) -> MixPlan:
        """A plan from anything ``torch.as_tensor`` reads (lists, NumPy arrays); ``box`` may be flat, (4 * B,).

        Other dtypes are cast; tensors and arrays that need no cast are shared, not copied.

        Raises:
            ValueError: A shape does not fit, or an array holds what its dtype does not.
        """
        values = dict(zip(_DTYPES, (partner, weight_in, weight_out, box, label_weight), strict=True))
        if mask is not None:
            values |= {"mask": mask, "mask_index": mask_index}
        tensors = {name: _cast(name, value) for name, value in values.items()}
        if tensors["box"].dim() == 1 and tensors["box"].numel() % 4 == 0:
            tensors["box"] = tensors["box"].reshape(-1, 4)
        return cls(**tensors)

    @classmethod
    def mixup(cls, partner: Any, weight: Any) -> MixPlan:
        """A Mixup plan from partners (B,) and own weights (B,) or one weight for all.

        Raises:
            ValueError: A shape does not fit, or ``partner`` holds what no int32 is.
        """
        partner, weight = _cast("partner", partner), _cast("weight", weight)
        if weight.dim() == 0:
            weight = weight.repeat(partner.numel())
        box = torch.zeros(partner.numel(), 4, dtype=torch.int32)
        return cls(partner, weight, weight.clone(), box, weight.clone())

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
        """A plan by masks of your own, full or low resolution: saliency, attention, tokens, segments.

        Args:
            partner: (B,), the sample mixed into each sample.
            mask: (M, h, w), or (M, t, h, w) for video: the own share of each pixel. bool, uint8 (255 is all of it), or
                floating in [0, 1], rounded to steps of 1 / 255. On a GPU it is waited for.
            mask_index: (B,), which mask each sample has, -1 for none: such a sample is not mixed. Left out, one mask
                is for all samples and B masks are one each.
            image_size: (height, width) or (frames, height, width) of the images, which ``label_weight`` counts. Left
                out, the mask's own size: right too where the images' sides are multiples of it.
            weight_in: own weight in [0, 1] where the mask is all own.
            weight_out: own weight in [0, 1] where it is all the partner's.

        Raises:
            ValueError: A shape or dtype does not fit, or a value is out of its range.
        """
        partner, mask = _cast("partner", partner), _masks.as_levels(mask)
        batch = partner.numel()
        index = _masks.mask_of_samples(mask_index, batch, mask.shape[0])
        if not (0.0 <= weight_in <= 1.0 and 0.0 <= weight_out <= 1.0):
            raise ValueError(f"MixPlan.masked: expected weights in [0, 1], got {weight_in} and {weight_out}")
        share = torch.from_numpy(_masks.label_weights(mask, image_size, weight_in, weight_out))
        has_mask = index >= 0

        def where_masked(value: torch.Tensor | float) -> torch.Tensor:
            return torch.where(has_mask, value, torch.ones(batch))

        box = torch.zeros(batch, 4, dtype=torch.int32)
        label_weight = where_masked(share[index.clamp(min=0).long()])
        return cls(partner, where_masked(weight_in), where_masked(weight_out), box, label_weight, mask, index)

    @classmethod
    def identity(cls, batch_size: int) -> MixPlan:
        """A plan that mixes nothing."""
        if batch_size < 0:
            raise ValueError(f"MixPlan.identity: expected batch_size >= 0, got {batch_size}")
        return cls.mixup(torch.arange(batch_size, dtype=torch.int32), 1.0)

    def __len__(self) -> int:
        return self.partner.shape[0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MixPlan):
            return NotImplemented
        if (self.mask is None) != (other.mask is None):
            return False
        return all(torch.equal(getattr(self, name), getattr(other, name)) for name in self._dtypes())

    __hash__ = StoredPlan.__hash__

    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal: equal plans have equal digests, on every machine."""
        return content_digest("fastmix.MixPlan 1", self._arrays(), shaped=("mask",))

    def is_permutation(self) -> bool:
        """Whether every sample is partner once."""
        return torch.equal(self.partner.sort().values, torch.arange(len(self), dtype=torch.int32))

    def check_in_place(self, image_size: tuple[int, int] | None = None) -> None:
        """Return if the plan can be mixed in place, and say why not otherwise.

        Args:
            image_size: (height, width); None does not check the boxes against it.

        Raises:
            ValueError: A partner repeats or is out of range, a weight is outside [0, 1], a box does not fit, a mask is
                not there, or a sample has a box and a mask.
        """
        height, width = image_size if image_size is not None else (2**31 - 1, 2**31 - 1)
        index, shape = np.zeros(0, np.int32), (0, 1, 1, 1)
        if self.mask is not None and self.mask_index is not None:
            index, shape = self.mask_index.numpy(), (self.mask.shape[0], *(1, *self.mask.shape[1:])[-3:])
        _core.validate_plan(
            self.partner.numpy(),
            self.weight_in.numpy(),
            self.weight_out.numpy(),
            self.box.numpy(),
            index,
            shape,
            height,
            width,
            in_place=True,
        )

    def with_label_weight(self, label_weight: Any) -> MixPlan:
        """The plan with other weights for the labels, as Remix and TransMix compute them.

        Args:
            label_weight: (B,) or one for all, in [0, 1]; a tensor on a GPU is waited for.

        Raises:
            ValueError: Another shape, NaN, or a weight outside [0, 1].
        """
        weight = _cast("label_weight", label_weight).detach().cpu()
        weight = weight.repeat(len(self)) if weight.dim() == 0 else weight
        if not bool(((weight >= 0) & (weight <= 1)).all()):
            raise ValueError("MixPlan.with_label_weight: expected weights in [0, 1], got others or NaN")
        return dataclasses.replace(self, label_weight=weight)

    def with_partner(self, partner: Any) -> MixPlan:
        """The plan with other partners: rows of a second batch, for ``mix(..., other=)``, or chosen ones.

        Args:
            partner: (B,) integers >= 0. That they are rows of the other batch is checked when the plan is applied.

        Raises:
            ValueError: Another shape, or what no int32 is.
        """
        return dataclasses.replace(self, partner=_cast("partner", partner).detach().cpu())

    def describe(self, names: Sequence[object] | None = None) -> str:
        """A table of what is mixed with what, one line per sample.

        Args:
            names: (B,) what to call the samples: labels, paths; their numbers when left out.

        Raises:
            ValueError: The names are not one per sample.
        """
        return _plan_table.describe(self, names)
