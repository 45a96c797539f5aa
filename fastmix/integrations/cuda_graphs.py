"""Mix inside CUDA graphs: keep a plan in device memory and refill it between replays.

A graph that captures :func:`fastmix.mix_` replays the plan of the capture, since kernels take it in their parameters.
The functions here read their plan from a :class:`ResidentPlan` instead::

    resident_plan = cuda_graphs.ResidentPlan(batch_size=256, image_size=(224, 224))
    resident_plan.update(policy.plan(256, image_size=(224, 224), seed=0, step=0))
    with torch.cuda.graph(graph):
        cuda_graphs.mix_(static_images, resident_plan)
        targets = cuda_graphs.mix_labels(static_labels, resident_plan, num_classes=1000)
    for step in ...:
        resident_plan.update(policy.plan(256, image_size=(224, 224), seed=0, step=step))
        graph.replay()

They return the same bits as the functions of the same names in :mod:`fastmix`, inside and outside of graphs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fastmix import _core
from fastmix.ops import labels as _labels
from fastmix.ops import mix as _mix
from fastmix.ops import normalize_mix as _normalize_mix
from fastmix.ops import registration as _ops
from fastmix.ops.checks import check_images, check_plan, check_tensor, mirror_flags, pixel_units
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD
from fastmix.plan.mix_plan import MixPlan

__all__ = ["ResidentPlan", "mix_", "mix_labels", "normalize_mix"]

_SLOTS = 4  # pinned buffers whose copies may be in flight; update waits for the oldest


class ResidentPlan:
    """Hold the plan of one batch in device memory, always at the same address.

    On the CPU it holds the plan itself, and this module calls the functions of :mod:`fastmix`.

    Args:
        batch_size: B of every plan.
        device: Device of the images.
        image_size: (height, width) in pixels that boxes must lie in. None leaves boxes unchecked; a box beyond the
            image then mixes the part inside.

    Attributes:
        batch_size: B.
        device: Device of the memory.

    Raises:
        ValueError: ``batch_size`` is negative, or ``device`` is neither CPU nor CUDA.
        RuntimeError: CUDA is not available.

    Example:
        >>> resident_plan = ResidentPlan(256, "cuda", image_size=(224, 224))
        >>> resident_plan.update(CutMix(1.0).plan(256, (224, 224), seed=0, step=0))
    """

    def __init__(
        self, batch_size: int, device: torch.device | str = "cuda", image_size: tuple[int, int] | None = None
    ) -> None:
        if batch_size < 0:
            raise ValueError(f"ResidentPlan: expected batch_size >= 0, got {batch_size}")
        device = torch.device(device)
        if device.type not in ("cpu", "cuda"):
            raise ValueError(f"ResidentPlan: expected a CPU or CUDA device, got {device}")
        if device.type == "cuda" and device.index is None:
            # torch declares index as int, though it may be None.
            device = torch.device("cuda", torch.cuda.current_device())  # type: ignore[unreachable]
        self.batch_size = batch_size
        self.device = device
        self._image_size = image_size if image_size is not None else (2**31 - 1, 2**31 - 1)
        self._plan = MixPlan.identity(batch_size)
        self._mirror: Tensor | None = None
        self._slot = 0
        size = _core.resident_plan_bytes(batch_size)
        on_cuda = device.type == "cuda"
        self.memory = torch.empty(size, dtype=torch.uint8, device=device)
        self._staging = [torch.empty(size, dtype=torch.uint8, pin_memory=on_cuda) for _ in range(_SLOTS)]
        self._copied: list[torch.cuda.Event | None] = [None] * _SLOTS
        self.update(self._plan)

    def update(self, plan: MixPlan, mirror: Tensor | Sequence[bool] | None = None) -> None:
        """Copy another plan to the device, asynchronously on the current stream.

        A launch on this stream reads the plan of the last update before it. To replay on another stream, let that
        stream wait for the update, and the next update wait for the replay.

        Args:
            plan: For B samples, without masks. Partners must be a permutation.
            mirror: bool (B,) on the CPU, or a sequence: the images that :func:`normalize_mix` flips; None flips none.

        Raises:
            TypeError: ``plan`` is not a MixPlan, or ``mirror`` is not bool.
            ValueError: The plan has another size, masks, a repeated partner, a weight outside [0, 1] or a box that does
                not fit. The previous plan stays.
            RuntimeError: The current stream is capturing.
        """
        op = "ResidentPlan.update"
        check_plan(op, plan, self.batch_size)
        if plan.masks is not None:
            raise ValueError(f"{op}: expected a plan of boxes and weights, got one with masks; use fastmix.mix_()")
        flags = None if mirror is None else mirror_flags(op, mirror, self.batch_size)
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
        _core.pack_resident_plan(plan.rows.numpy(), bytes_of_mirror, *self._image_size, staging.numpy())
        self._plan, self._mirror = plan.clone(), flags
        self.memory.copy_(staging, non_blocking=True)
        if on_cuda:
            with torch.cuda.device(self.device):
                self._copied[self._slot] = torch.cuda.current_stream().record_event()


def mix_(images: Tensor, plan: ResidentPlan) -> Tensor:
    """Mix a batch in place by the plan of the last update; equivalent to :func:`fastmix.mix_`.

    Args:
        images: As for :func:`fastmix.mix_`, on the plan's device.
        plan: For B samples.

    Returns:
        ``images`` itself.

    Raises:
        TypeError: ``images`` is not a tensor or has another dtype, or ``plan`` is not a ResidentPlan.
        ValueError: The plan is for another batch size or device.
        RuntimeError: ``images`` requires grad, has other strides or overlaps.
    """
    op = "cuda_graphs.mix_"
    check_images(op, images)
    _check_plan(op, plan, images)
    if torch.is_grad_enabled() and images.requires_grad:
        raise RuntimeError(f"{op}: expected images that do not require grad, got a tensor that does")
    if plan.device.type == "cpu":
        return _mix.mix_(images, plan._plan)
    _ops.mix_resident_(images, plan.memory)
    if not images.is_inference():
        torch.autograd.graph.increment_version(images)
    return images


def normalize_mix(
    images: Tensor,
    plan: ResidentPlan,
    *,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
) -> Tensor:
    """Turn a uint8 batch into a training batch by the last update; equivalent to :func:`fastmix.normalize_mix`.

    Args:
        images: uint8 (B, H, W, C), contiguous, with 1 to 4 channels, on the plan's device.
        plan: For B samples.
        mean: One value per channel, in units of the full pixel range (0 to 1).
        std: One value > 0 per channel, in the same units.
        dtype: float16, bfloat16 or float32.
        memory_format: torch.contiguous_format (NCHW) or torch.channels_last (NHWC) of the result.

    Returns:
        (B, C, H, W) of ``dtype``; inside a graph, in the graph's memory.

    Raises:
        TypeError: ``images`` is not a tensor, or ``plan`` is not a ResidentPlan.
        ValueError: The plan is for another batch size or device, or ``mean`` or ``std`` does not fit.
        RuntimeError: The dtype, shape or strides of ``images`` do not fit.
    """
    op = "cuda_graphs.normalize_mix"
    check_tensor(op, "images", images)
    _check_plan(op, plan, images)
    if plan.device.type == "cpu":
        return _normalize_mix.normalize_mix(
            images, plan._plan, mean=mean, std=std, dtype=dtype, memory_format=memory_format, mirror=plan._mirror
        )
    if memory_format not in (torch.contiguous_format, torch.channels_last):
        raise ValueError(
            f"{op}: expected memory_format torch.contiguous_format or torch.channels_last, got {memory_format}"
        )
    channels = images.shape[-1]
    return _ops.normalize_mix_resident(
        images,
        plan.memory,
        pixel_units(op, "mean", mean, channels, positive=False),
        pixel_units(op, "std", std, channels, positive=True),
        dtype,
        memory_format == torch.channels_last,
    )


def mix_labels(labels: Tensor, plan: ResidentPlan, num_classes: int, smoothing: float = 0.0) -> Tensor:
    """Mix class ids into dense targets by the last update; equivalent to :func:`fastmix.mix_labels`.

    Args:
        labels: int64 (B,) on the plan's device.
        plan: For B samples.
        num_classes: C.
        smoothing: In [0, 1).

    Returns:
        float32 (B, C); on CUDA the rows of a label outside [0, C) are NaN.

    Raises:
        TypeError: ``labels`` is not a tensor, or ``plan`` is not a ResidentPlan.
        ValueError: The plan is for another batch size or device.
        RuntimeError: The dtype or shape of ``labels``, ``num_classes`` or ``smoothing`` does not fit.
    """
    op = "cuda_graphs.mix_labels"
    check_tensor(op, "labels", labels)
    _check_plan(op, plan, labels)
    if plan.device.type == "cpu":
        return _labels.mix_labels(labels, plan._plan, num_classes, smoothing)
    return _ops.mix_labels_resident(labels, plan.memory, num_classes, smoothing)


def _check_plan(op: str, plan: ResidentPlan, batch: Tensor) -> None:
    if not isinstance(plan, ResidentPlan):
        raise TypeError(f"{op}: expected plan to be a ResidentPlan, got {type(plan).__name__}")
    if plan.batch_size != batch.shape[0] or plan.device != batch.device:
        raise ValueError(
            f"{op}: expected {plan.batch_size} samples on {plan.device} as the ResidentPlan has, "
            f"got {batch.shape[0]} on {batch.device}"
        )
