"""Keep a plan in device memory, so that each replay of a captured CUDA graph can apply another plan."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fastmix import _core
from fastmix.arguments import mirror_flags
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.rows import WORDS

__all__ = ["ResidentPlan"]

_SLOTS = 4  # pinned buffers with copies in flight; update() waits for the oldest copy


class ResidentPlan:
    """Hold the plan of one batch in device memory, always at the same address.

    A CUDA graph that captured an operator with a MixPlan replays the same plan every time, since the plan is part of
    the kernel's parameters. With a ResidentPlan, each replay reads the plan of the last ``update``. ``mix_``, ``mix``,
    ``normalize_mix``, ``regmixup`` and ``mix_labels`` accept it like a MixPlan, inside and outside of graphs, and
    return the same bits. On the CPU, too, ``update`` replaces the plan.

    Args:
        batch_size: B of every plan.
        device: Device of the images.
        image_size: (height, width) in pixels that boxes must lie in. None leaves boxes unchecked; a box beyond the
            image then mixes the part inside.
        masks: Shape (M, h, w) or (M, t, h, w) of the memory for masks. Plans may have up to M masks, each of exactly
            this size. Every launch is then as slow as one with masks. None for plans without masks.

    Attributes:
        rows: int32 (R, 16) on the device. The first B rows are the plan. On CUDA, private data of the kernels
            follow.
        masks: uint8 on the device, or None.
        device: Device of the memory.

    Raises:
        ValueError: ``batch_size`` is negative, ``device`` is neither CPU nor CUDA, or ``masks`` is not such a shape.
        RuntimeError: CUDA is not available.

    Example:
        >>> resident_plan = ResidentPlan(256, "cuda", image_size=(224, 224))
        >>> with torch.cuda.graph(graph):
        ...     mix_(images, resident_plan)
        >>> resident_plan.update(CutMix(1.0).plan(256, (224, 224), seed=0, step=0))
        >>> graph.replay()
    """

    def __init__(
        self,
        batch_size: int,
        device: torch.device | str = "cuda",
        image_size: tuple[int, int] | None = None,
        masks: tuple[int, ...] | None = None,
    ) -> None:
        if batch_size < 0:
            raise ValueError(f"ResidentPlan: expected batch_size >= 0, got {batch_size}")
        if masks is not None and (len(masks) not in (3, 4) or min(masks) < 1):
            raise ValueError(
                f"ResidentPlan: expected masks as a shape (M, h, w) or (M, t, h, w), all sizes > 0, got {masks}"
            )
        device = torch.device(device)
        if device.type not in ("cpu", "cuda"):
            raise ValueError(f"ResidentPlan: expected a CPU or CUDA device, got {device}")
        if device.type == "cuda" and device.index is None:
            # torch declares index as int, though it may be None.
            device = torch.device("cuda", torch.cuda.current_device())  # type: ignore[unreachable]
        on_cuda = device.type == "cuda"
        self.device = device
        self.mirror: Tensor | None = None
        self._batch = batch_size
        self._image_size = image_size if image_size is not None else (2**31 - 1, 2**31 - 1)
        count = _core.resident_plan_rows(batch_size)
        self._memory = torch.empty((count, WORDS), dtype=torch.int32, device=device)
        self.rows = self._memory if on_cuda else self._memory[:batch_size]
        self.masks = None if masks is None else torch.zeros(masks, dtype=torch.uint8, device=device)
        self._staging = [torch.empty_like(self._memory, device="cpu", pin_memory=on_cuda) for _ in range(_SLOTS)]
        self._staged_masks = [torch.empty(masks or 0, dtype=torch.uint8, pin_memory=on_cuda) for _ in range(_SLOTS)]
        self._copied: list[torch.cuda.Event | None] = [None] * _SLOTS
        self._slot = 0
        self.update(MixPlan.identity(batch_size))

    def __len__(self) -> int:
        return self._batch

    def update(self, plan: MixPlan, mirror: Tensor | Sequence[bool] | None = None) -> None:
        """Copy another plan to the device, asynchronously on the current stream.

        A launch on this stream reads the plan of the last update before it. To replay on another stream, let that
        stream wait for the update, and the next update wait for the replay.

        Args:
            plan: For B samples. Partners must be a permutation.
            mirror: bool (B,) on the CPU, or a sequence: the images that ``normalize_mix`` flips; None flips none.

        Raises:
            TypeError: ``plan`` is not a MixPlan, or ``mirror`` is not bool.
            ValueError: The plan has another size, a repeated partner, a weight outside [0, 1], a box that does not
                fit, or masks of another shape than ``masks=``. The previous plan stays.
            RuntimeError: The current stream is capturing.
        """
        op = "ResidentPlan.update"
        if not isinstance(plan, MixPlan):
            raise TypeError(f"{op}: expected plan to be a fastmix.MixPlan, got {type(plan).__name__}")
        if len(plan) != self._batch:
            raise ValueError(
                f"{op}: expected a plan for {self._batch} samples, got one for {len(plan)}; "
                f"draw it with batch_size={self._batch}"
            )
        flags = None if mirror is None else mirror_flags(op, mirror, self._batch).clone()
        self._check_masks(op, plan)
        on_cuda = self.device.type == "cuda"
        if on_cuda and torch.cuda.is_current_stream_capturing():
            raise RuntimeError(
                f"{op}: expected a stream that is not capturing, got one that is; update outside of the graph"
            )
        self._slot = (self._slot + 1) % _SLOTS
        copied = self._copied[self._slot]
        if copied is not None and not copied.query():
            copied.synchronize()
        staging = self._staging[self._slot]
        bytes_of_mirror = None if flags is None else flags.view(torch.uint8).numpy()
        shape = plan.mask_shape()
        _core.pack_resident_plan(plan.rows.numpy(), shape, bytes_of_mirror, *self._image_size, staging.numpy())
        self.mirror = flags
        self._memory.copy_(staging, non_blocking=True)
        if plan.masks is not None and self.masks is not None:
            count = len(plan.masks)
            masks = self._staged_masks[self._slot][:count].copy_(plan.masks)
            self.masks[:count].copy_(masks, non_blocking=True)
        if on_cuda:
            with torch.cuda.device(self.device):
                self._copied[self._slot] = torch.cuda.current_stream().record_event()

    def _check_masks(self, op: str, plan: MixPlan) -> None:
        """Raise ValueError if the plan's masks do not fit the memory for masks."""
        if plan.masks is None:
            return
        room = None if self.masks is None else tuple(self.masks.shape)
        masks = tuple(plan.masks.shape)
        if room is None or masks[1:] != room[1:] or masks[0] > room[0]:
            raise ValueError(
                f"{op}: expected a plan whose masks fit masks={room}, got {masks}; "
                f"make the ResidentPlan with masks={masks}"
            )
