"""Batching rules for :func:`torch.vmap`: V batches become one batch of V * B samples, with the plan repeated V times.

Only ``mix_`` mixes one batch after the other: it works in place, and a joined batch would be a copy. All batches share
the plan and its masks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.library import register_vmap

from fastmix.ops import registration as _ops

_resample = torch.ops.fastmix.resample.default
_resample_mix = torch.ops.fastmix.resample_mix.default


def _flat(tensor: Tensor, dim: int | None, count: int) -> Tensor:
    """Join V batches, which vmap stacked along ``dim``, into (V * B, ...). None means one batch; repeat it V times."""
    if dim is None:
        return tensor.repeat(count, *[1] * (tensor.dim() - 1))
    return tensor.movedim(dim, 0).flatten(0, 1)


def _flat_pair(images: Tensor, other: Tensor | None, dims: tuple[Any, ...], count: int) -> tuple[Tensor, Tensor | None]:
    """Return the joined batches of ``images``, and those of ``other`` in the same memory format."""
    flat = _flat(images, dims[0], count)
    return flat, None if other is None else _ops.samples_like(flat, _flat(other, dims[3], count))


def _repeated(plan: Tensor, count: int, partners: int, multiway: bool = False) -> Tensor:
    """Repeat the plan's rows for each of V joined batches. Copy v adds ``v * partners`` to each partner.

    ``partners`` is the number of samples in one batch that partners come from. With 8, partner 3 becomes 3, 11, 19, ...
    Partners out of range stay out of range, so the operator refuses them: negative ones in the first copy, ones that
    are too large in the last copy.

    Raises:
        ValueError: The rows are those of a ResidentPlan on a GPU, which hold more than the plan.
    """
    if plan.is_cuda:
        raise ValueError("vmap: expected a plan on the CPU, got a ResidentPlan; use a MixPlan")
    rows = plan.repeat(count, 1)
    shift = partners * torch.arange(count, dtype=torch.int32).repeat_interleave(plan.shape[0])
    if multiway:
        rows[:, 4:8] += shift[:, None] * (torch.arange(4) < rows[:, 1:2])
    else:
        rows[:, 1] += shift
    return rows


def _dims(op: str, in_dims: tuple[Any, ...], **shared: int) -> tuple[Any, ...]:
    """Return, for each argument by position, the dimension that vmap maps; None if all batches share the argument.

    ``shared`` maps names of arguments that all batches must share to their positions.

    Raises:
        ValueError: vmap maps an argument of ``shared``.
    """
    dims = (*in_dims, *[None] * 13)
    for name, place in shared.items():
        if dims[place] is not None:
            raise ValueError(
                f"{op}: expected the same {name} for all batches of vmap, got one per batch; "
                f"use in_dims=None for {name}"
            )
    return dims


@register_vmap("fastmix::mix_")
def _(
    info: Any,
    in_dims: tuple[Any, ...],
    images: Tensor,
    plan: Tensor,
    masks: Tensor | None = None,
    other: Tensor | None = None,
) -> tuple[None, None]:
    dims = _dims("mix_", in_dims, plan=1, masks=2)
    if dims[0] is None:
        raise ValueError("mix_: expected images that vmap maps, got one batch for all calls to overwrite; use mix()")
    for i in range(info.batch_size):
        own = images.select(dims[0], i)
        partners = other if other is None or dims[3] is None else other.select(dims[3], i)
        _ops.mix_(own, plan, masks, None if partners is None else _ops.samples_like(own, partners))
    return None, None


@register_vmap("fastmix::mix")
def _(
    info: Any,
    in_dims: tuple[Any, ...],
    images: Tensor,
    plan: Tensor,
    masks: Tensor | None = None,
    other: Tensor | None = None,
    with_clean: bool = False,
    multiway: bool = False,
) -> tuple[Tensor, int]:
    count, batch, dims = info.batch_size, plan.shape[0], _dims("mix", in_dims, plan=1, masks=2)
    flat, others = _flat_pair(images, other, dims, count)
    rows = _repeated(plan, count, (flat if others is None else others).shape[0] // max(count, 1), multiway)
    mixed = _ops.mix(flat, rows, masks, others, with_clean, multiway)
    if with_clean:
        return mixed.unflatten(0, (2, count, batch)).transpose(0, 1).flatten(1, 2), 0
    return mixed.unflatten(0, (count, batch)), 0


@register_vmap("fastmix::mix_backward")
def _(
    info: Any,
    in_dims: tuple[Any, ...],
    grad: Tensor,
    plan: Tensor,
    masks: Tensor | None = None,
    inputs: int = -1,
    of_other: bool = False,
    multiway: bool = False,
) -> tuple[Tensor, int]:
    count, batch, dims = info.batch_size, plan.shape[0], _dims("mix_backward", in_dims, plan=1, masks=2)
    partners = batch if inputs == -1 else inputs
    rows = _repeated(plan, count, partners, multiway)
    all_inputs = -1 if inputs == -1 else count * inputs
    result = _ops.mix_backward(_flat(grad, dims[0], count), rows, masks, all_inputs, of_other, multiway)
    return result.unflatten(0, (count, partners if of_other or multiway else batch)), 0


@register_vmap("fastmix::normalize_mix")
def _(
    info: Any,
    in_dims: tuple[Any, ...],
    images: Tensor,
    plan: Tensor,
    mean: list[float],
    std: list[float],
    dtype: torch.dtype,
    channels_last: bool,
    mirror: Tensor | None = None,
    masks: Tensor | None = None,
) -> tuple[Tensor, int]:
    count, batch, dims = info.batch_size, plan.shape[0], _dims("normalize_mix", in_dims, plan=1, masks=7)
    flags = None if mirror is None else _flat(mirror, dims[6], count).contiguous()
    images, rows = _flat(images, dims[0], count), _repeated(plan, count, batch)
    mixed = _ops.normalize_mix(images, rows, mean, std, dtype, channels_last, flags, masks)
    return mixed.unflatten(0, (count, batch)), 0


@register_vmap("fastmix::normalize_mix_into")
def _(info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> tuple[None, None]:  # noqa: ARG001
    raise ValueError("normalize_mix: out= does not work under vmap; leave out= out")


def _unmapped(images: list[Tensor], dims: Sequence[int | None], count: int) -> list[Tensor]:
    """Return one list of images: those of batch 0, then those of batch 1, and so on."""
    return [
        image if dim is None else image.select(dim, i)
        for i in range(count)
        for image, dim in zip(images, dims, strict=True)
    ]


def _repeated_choice(choice: list[int], count: int) -> list[int]:
    return choice if len(choice) == 1 else choice * count


def _repeated_flags(mirror: Tensor | None, dim: int | None, count: int) -> Tensor | None:
    return None if mirror is None else _flat(mirror, dim, count).contiguous()


@register_vmap("fastmix::resample_mix")
def _(
    info: Any,
    in_dims: tuple[Any, ...],
    images: list[Tensor],
    plan: Tensor,
    windows: Tensor,
    height: int,
    width: int,
    filter: list[int],
    edges: list[int],
    mean: list[float],
    std: list[float],
    dtype: torch.dtype,
    channels_last: bool,
    mirror: Tensor | None = None,
    masks: Tensor | None = None,
) -> tuple[Tensor, int]:
    count, batch, dims = info.batch_size, plan.shape[0], _dims("resample_mix", in_dims, plan=1, masks=12)
    made = _resample_mix(
        _unmapped(images, dims[0], count),
        _repeated(plan, count, batch),
        _flat(windows, dims[2], count).contiguous(),
        height,
        width,
        _repeated_choice(filter, count),
        _repeated_choice(edges, count),
        mean,
        std,
        dtype,
        channels_last,
        _repeated_flags(mirror, dims[11], count),
        masks,
    )
    return made.unflatten(0, (count, batch)), 0


@register_vmap("fastmix::resample")
def _(
    info: Any,
    in_dims: tuple[Any, ...],
    images: list[Tensor],
    windows: Tensor,
    height: int,
    width: int,
    filter: list[int],
    edges: list[int],
    mirror: Tensor | None = None,
) -> tuple[Tensor, int]:
    count, dims = info.batch_size, _dims("resample", in_dims)
    made = _resample(
        _unmapped(images, dims[0], count),
        _flat(windows, dims[1], count).contiguous(),
        height,
        width,
        _repeated_choice(filter, count),
        _repeated_choice(edges, count),
        _repeated_flags(mirror, dims[6], count),
    )
    return made.unflatten(0, (count, len(images))), 0


@register_vmap("fastmix::mix_labels")
def _(
    info: Any,
    in_dims: tuple[Any, ...],
    labels: Tensor,
    plan: Tensor,
    num_classes: int,
    smoothing: float = 0.0,
    other: Tensor | None = None,
) -> tuple[Tensor, int]:
    count, batch, dims = info.batch_size, plan.shape[0], _dims("mix_labels", in_dims, plan=1)
    flat = _flat(labels, dims[0], count)
    others = None if other is None else _flat(other, dims[4], count)
    rows = _repeated(plan, count, (flat if others is None else others).shape[0] // max(count, 1))
    mixed = _ops.mix_labels(flat, rows, num_classes, smoothing, others)
    return mixed.unflatten(0, (count, batch)), 0
