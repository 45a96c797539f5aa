"""The plan of one batch: who is mixed with whom, and how much of each image is kept."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch

from fastmix import _core, _plan_files, _plan_table

_DTYPES = {
    "partner": torch.int32,
    "weight_in": torch.float32,
    "weight_out": torch.float32,
    "box": torch.int32,
    "label_weight": torch.float32,
}


def _cast(name: str, value) -> torch.Tensor:
    dtype = _DTYPES.get(name, torch.float32)
    if dtype.is_floating_point:
        return torch.as_tensor(value, dtype=dtype).contiguous()
    tensor = torch.as_tensor(value)
    cast = tensor.to(dtype)
    if tensor.dtype != dtype and not bool((cast == tensor).all()):
        raise ValueError(f"MixPlan.{name}: expected integers that fit {dtype}, got {tensor.dtype} values that do not")
    return cast.contiguous()


@dataclass(frozen=True, eq=False)
class MixPlan:
    """What to mix in a batch of B samples. Plain CPU tensors; ``np.asarray`` reads each of them.

    ``weight`` always means the weight of the sample's **own** image. Inside ``box`` it is ``weight_in``, outside
    ``weight_out``: Mixup is ``weight_out = w`` with an empty box, CutMix is ``weight_in = 0, weight_out = 1``.

    Plans compare and hash by content. The same plan gives the same bits wherever it is applied.

    Attributes:
        partner: int32 (B,), the sample mixed into each sample; a permutation unless said otherwise.
        weight_in: float32 (B,), own weight inside the box, in [0, 1].
        weight_out: float32 (B,), own weight outside the box, in [0, 1].
        box: int32 (B, 4), half-open ``(y0, x0, y1, x1)`` in pixels; empty (zeros) where there is none.
        label_weight: float32 (B,), share of own pixels: what the label gets.

    Raises:
        TypeError: an entry is not a CPU tensor of the dtype above.
        ValueError: an entry has another shape. Values are checked against the images when the plan is applied.
    """

    partner: torch.Tensor
    weight_in: torch.Tensor
    weight_out: torch.Tensor
    box: torch.Tensor
    label_weight: torch.Tensor

    def __post_init__(self) -> None:
        batch = self.partner.shape[0] if isinstance(self.partner, torch.Tensor) and self.partner.dim() else 0
        for name, dtype in _DTYPES.items():
            value = getattr(self, name)
            if not isinstance(value, torch.Tensor) or value.dtype != dtype or value.device.type != "cpu":
                got = f"{value.dtype} on {value.device}" if isinstance(value, torch.Tensor) else type(value).__name__
                raise TypeError(f"MixPlan.{name}: expected a {dtype} tensor on the CPU, got {got}")
            shape = (batch, 4) if name == "box" else (batch,)
            if tuple(value.shape) != shape:
                raise ValueError(f"MixPlan.{name}: expected shape {shape}, got {tuple(value.shape)}")

    @classmethod
    def from_arrays(cls, partner, weight_in, weight_out, box, label_weight) -> MixPlan:
        """A plan from anything ``torch.as_tensor`` reads (lists, NumPy arrays); ``box`` may be flat, (4 * B,).

        Other dtypes are cast; tensors and arrays that need no cast are shared, not copied.

        Raises:
            ValueError: A shape does not fit, or ``partner`` or ``box`` holds what no int32 is.
        """
        values = dict(zip(_DTYPES, (partner, weight_in, weight_out, box, label_weight), strict=True))
        tensors = {name: _cast(name, value) for name, value in values.items()}
        if tensors["box"].dim() == 1 and tensors["box"].numel() % 4 == 0:
            tensors["box"] = tensors["box"].reshape(-1, 4)
        return cls(**tensors)

    @classmethod
    def mixup(cls, partner, weight) -> MixPlan:
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
    def from_json(cls, text: str) -> MixPlan:
        """The plan that ``to_json`` wrote.

        Raises:
            ValueError: ``text`` is no JSON, or not that of a plan.
        """
        return cls.from_arrays(**_plan_files.from_json(text))

    @classmethod
    def load(cls, path: str | os.PathLike) -> MixPlan:
        """The plan that ``save`` wrote. Nothing in the file is executed: arrays only, no pickle.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is not that of a plan.
        """
        return cls.from_arrays(**_plan_files.load(path))

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
        return all(torch.equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    def __hash__(self) -> int:
        return hash(self.digest())

    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal: equal plans have equal digests, on every machine."""
        content = hashlib.sha256(b"fastmix.MixPlan 1\n")
        for name in _DTYPES:
            # Adding 0 makes -0 a 0, to which it is equal.
            array = (getattr(self, name) + 0).numpy()
            content.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return content.hexdigest()

    def is_permutation(self) -> bool:
        """Whether every sample is partner once."""
        return torch.equal(self.partner.sort().values, torch.arange(len(self), dtype=torch.int32))

    def check_in_place(self, image_size: tuple[int, int] | None = None) -> None:
        """Return if the plan can be mixed in place, and say why not otherwise.

        Args:
            image_size: (height, width); None does not check the boxes against it.

        Raises:
            ValueError: A partner repeats or is out of range, a weight is outside [0, 1], or a box does not fit.
        """
        height, width = image_size if image_size is not None else (2**31 - 1, 2**31 - 1)
        arrays = [getattr(self, name).numpy() for name in ("partner", "weight_in", "weight_out", "box")]
        _core.validate_plan(*arrays, height, width, True)

    def with_label_weight(self, label_weight) -> MixPlan:
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

    def describe(self, names: Sequence[object] | None = None) -> str:
        """A table of what is mixed with what, one line per sample.

        Args:
            names: (B,) what to call the samples: labels, paths; their numbers when left out.

        Raises:
            ValueError: The names are not one per sample.
        """
        return _plan_table.describe(self, names)

    def to_json(self) -> str:
        """The plan as JSON; ``from_json`` gives it back, bit for bit.

        Raises:
            ValueError: A weight is NaN or infinite.
        """
        return _plan_files.to_json({name: getattr(self, name).tolist() for name in _DTYPES})

    def save(self, path: str | os.PathLike) -> None:
        """Write the plan as NPZ, a zip of plain NumPy arrays, under exactly this path.

        Raises:
            OSError: The file cannot be written.
        """
        _plan_files.save(path, {name: getattr(self, name).numpy() for name in _DTYPES})


def partner_rows(op: str, values: torch.Tensor, plan: MixPlan) -> torch.Tensor:
    """``values[plan.partner]``, where a partner out of range is refused and never wraps around."""
    if not torch.compiler.is_compiling() and plan.partner.numel() > 0:
        low, high = (int(bound) for bound in plan.partner.aminmax())
        if low < 0 or high >= values.shape[0]:
            got = low if low < 0 else high
            raise ValueError(
                f"{op}: expected partner in [0, {values.shape[0]}), got {got}; draw it with this batch_size"
            )
    return values[plan.partner.to(device=values.device, dtype=torch.int64)]
