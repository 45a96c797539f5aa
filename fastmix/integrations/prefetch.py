"""``prefetch``: copies, normalises and mixes the batches of any loader, one step ahead."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from fastmix import arguments
from fastmix.augment import SamplePolicy
from fastmix.integrations.sample_plans import SamplePlanner
from fastmix.moving import moved
from fastmix.ops.mix import mix, mix_
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD, normalize_mix
from fastmix.ops.resample_mix import WindowedImages, resample_mix
from fastmix.ops.targets import Targets, check_targets, make_targets
from fastmix.plan.draw_key import DrawKey
from fastmix.plan.mix_plan import MixPlan
from fastmix.plan.policies import Policy
from fastmix.ranks import Ranks
from fastmix.stats import Stats


def prefetch(
    loader: Iterable[Any],
    *,
    mix: Policy | None = None,
    num_classes: int | None = None,
    size: int | tuple[int, int] | None = None,
    augment: SamplePolicy | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
    targets: Targets = "dense",
    smoothing: float = 0.0,
    device: str | torch.device = "auto",
    seed: int = 0,
    rank: int | None = None,
) -> Prefetch:
    """Wrap any loader that yields batches ``(images, labels, ...)`` on the CPU.

    >>> loader = fastmix.prefetch(loader, mix=fastmix.CutMix(1.0), num_classes=1000)
    >>> for images, targets in loader: ...

    uint8 images, (B, H, W, 3) or (B, 3, H, W), are normalised and mixed in one pass. Let the Dataset return the output
    of ``PILToTensor`` and leave ``Normalize`` out: a quarter of the bytes of floats crosses the bus. Floating images
    (B, ...) are mixed as they are. Tensors after the labels are moved to the device unchanged.

    With ``size`` the images are :class:`fastmix.WindowedImages`, or a list of uint8 (H, W, C) of any sizes, as a
    ``collate_fn`` returns them. :func:`fastmix.resample_mix` then also crops, resizes and flips them in the same pass,
    and the workers only decode.

    On CUDA the copy and the kernels of the next batch run on a stream of their own while the current batch trains. A
    batch is ready on the stream that is current when it is taken. Its memory is reused only after that stream is done
    with it. Pinned batches (``pin_memory=True``) are copied without stopping the host.

    Equivalent to ``for x, y in loader: plan = mix.plan(len(x), ..., epoch=epoch, step=step, rank=rank);
    x, y = normalize_mix(x.to(device), plan), mix_labels(y.to(device), plan, num_classes)``.

    Args:
        loader: a torch DataLoader, or any iterable that yields the batches of one epoch each time.
        mix: policy, or None: then the targets are the labels.
        num_classes: columns of dense targets; needed for class ids with ``mix``.
        size: (height, width) in pixels, or one number for squares; only for windowed images and lists of images.
        augment: policy of :mod:`fastmix.augment` for uint8 RGB images. A ``RandomResizedCrop`` in it draws the
            windows. What a sample gets depends on (seed, epoch, rank) and its place in the pass.
        mean: of uint8 images, per channel, in units of the full pixel range; ImageNet's by default.
        std: of uint8 images, in the same units.
        dtype: of normalised images: torch.float32, torch.float16 or torch.bfloat16.
        memory_format: of normalised images: torch.contiguous_format or torch.channels_last.
        targets: with ``mix``: ``"dense"`` for float32 (B, num_classes), ``"pair"`` for :class:`fastmix.PairTargets`,
            ``"index"`` for :class:`fastmix.IndexTargets`.
        smoothing: label smoothing in [0, 1) of class ids, with ``mix`` and dense targets.
        device: "cpu", "cuda", "cuda:1", or "auto": CUDA if there is a GPU.
        seed: of the plans, which are functions of (seed, epoch, step, rank).
        rank: by default torch.distributed's if it is initialised, else 0.

    Raises:
        TypeError, ValueError: a wrong argument, or, while iterating, a wrong batch.
    """
    if mix is not None and not isinstance(mix, Policy):
        raise TypeError(f"prefetch: expected mix to be a fastmix policy or None, got {type(mix).__name__}")
    if augment is not None and not isinstance(augment, SamplePolicy):
        raise TypeError(f"prefetch: expected augment as a policy of fastmix.augment, got {type(augment).__name__}")
    if smoothing and mix is None:
        raise ValueError(f"prefetch: expected smoothing=0 without mix, got {smoothing}; smooth in the loss")
    check_targets("prefetch", targets, smoothing)
    sides = None if size is None else tuple(size) if isinstance(size, list | tuple) else (size, size)
    if sides is not None and (len(sides) != 2 or not all(isinstance(side, int) and side > 0 for side in sides)):
        raise ValueError(f"prefetch: expected size as a number of pixels > 0 or (height, width), got {size!r}")
    chosen = arguments.choose_device("prefetch", device)
    normalize = {
        "mean": arguments.per_channel("prefetch", "mean", IMAGENET_MEAN if mean is None else mean),
        "std": arguments.per_channel("prefetch", "std", IMAGENET_STD if std is None else std, positive=True),
        "dtype": dtype,
        "memory_format": memory_format,
    }
    return Prefetch(
        loader,
        mix,
        (targets, num_classes, smoothing),
        sides,
        None if augment is None else SamplePlanner(augment),
        normalize,
        chosen,
        seed,
        Ranks("prefetch", rank, None if rank is None else rank + 1),
        Stats(),
    )


class Prefetch:
    """A wrapped loader; its length and its other attributes, such as ``dataset``, are those of the loader inside."""

    def __init__(
        self,
        loader: Iterable[Any],
        policy: Policy | None,
        targets: tuple[Targets, int | None, float],
        size: tuple[int, int] | None,
        planner: SamplePlanner | None,
        normalize: dict[str, Any],
        device: torch.device,
        seed: int,
        ranks: Ranks,
        stats: Stats,
    ) -> None:
        self.loader = loader
        self.device = device
        self.epoch = 0
        self._policy = policy
        self._targets = targets
        self._size = size
        self._planner = planner
        self._normalize = normalize
        self._seed = seed
        self._ranks = ranks
        self._stats = stats
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    def __len__(self) -> int:
        return len(self.loader)  # type: ignore[arg-type]  # len() refuses a loader without a length

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "loader":
            raise AttributeError(name)
        return getattr(self.loader, name)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next pass; handed on to the loader's sampler if that has a ``set_epoch``."""
        self.epoch = epoch
        sampler = getattr(self.loader, "sampler", None)
        if sampler is not None and hasattr(sampler, "set_epoch"):
            sampler.set_epoch(epoch)

    def stats(self) -> dict[str, Any]:
        """Return the last pass's costs, as ``DataLoader.stats``; ``read`` is the time that the loader inside took."""
        return self._stats.as_dict()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield the batches of one pass; at its end the epoch advances."""
        epoch, stats = self.epoch, self._stats
        stats.begin()
        batches = iter(self.loader)
        self._samples = 0  # that came before in this pass
        ahead = self._next(batches, epoch, 0)
        step = 1
        while ahead is not None:
            start = time.perf_counter()
            batch = self._hand_over(ahead)
            # On CUDA the next batch is made while the consumer works; on the CPU it would only delay this one.
            ahead = self._next(batches, epoch, step) if self._stream is not None else None
            stats.wait += time.perf_counter() - start
            stats.batches += 1
            stats.images += len(batch[0])
            yield batch
            if self._stream is None:
                start = time.perf_counter()
                ahead = self._next(batches, epoch, step)
                stats.wait += time.perf_counter() - start
            step += 1
        stats.finish()
        self.epoch = epoch + 1

    def _next(self, batches: Iterator[Any], epoch: int, step: int) -> tuple[Any, ...] | None:
        """Start the next batch on the device; None at the end."""
        with self._stats.stage("read"):
            batch = next(batches, None)
        if batch is None:
            return None
        if not isinstance(batch, list | tuple) or len(batch) < 2 or not isinstance(batch[0], Tensor | list | tuple):
            raise TypeError(f"prefetch: expected batches (images, labels, ...), got {type(batch).__name__}")
        if isinstance(batch[0], Tensor):
            self._stats.bytes += batch[0].nbytes
        else:
            batch = (self._windowed(batch[0]), *batch[1:])
            self._stats.bytes += sum(image.nbytes for image in batch[0].images)
        key = DrawKey(self._seed, epoch, step, self._ranks.decide()[0])
        if self._stream is None:
            return self._mixed(batch, key)
        if any(isinstance(x, Tensor) and x.is_cuda for x in (*batch, *getattr(batch[0], "images", ()))):
            # The loader made these on the consumer's stream.
            self._stream.wait_stream(torch.cuda.current_stream(self.device))
        # The caching allocator keeps the memory of this stream apart from the consumer's.
        with torch.cuda.stream(self._stream):
            return self._mixed(batch, key)

    def _mixed(self, batch: Sequence[Any], key: DrawKey) -> tuple[Any, ...]:
        with self._stats.stage("pipeline"):
            images, labels, *others = (self._moved(x) for x in batch)
            size, count, channels_last = self._size, len(images), False
            if isinstance(images, WindowedImages):
                count = len(images.images)
            else:
                channels_last = images.dtype == torch.uint8 and images.dim() == 4 and images.shape[-1] in (1, 3)
                size = images.shape[1:3] if channels_last else images.shape[-2:]
                size = tuple(size) if images.dim() >= 3 else None
            if self._policy is None:
                plan = MixPlan.identity(count)
            else:
                plan = self._policy.draw(count, size, key)
                labels = self._mixed_labels(labels, plan)
            resized = not isinstance(images, WindowedImages)
            if self._planner is not None and isinstance(images, Tensor):
                images = _as_list(images, channels_last)
            if isinstance(images, WindowedImages):
                assert size is not None, "_windowed refuses lists without a size"
                made = resample_mix(
                    images.images,
                    images.windows,
                    plan,
                    size=size,
                    mirror=images.mirror,
                    **self._sampling(images, size, key, resized),
                    **self._normalize,
                )
                return made, labels, *others
            return self._mixed_images(images, plan, channels_last, images is not batch[0]), labels, *others

    def _sampling(self, images: WindowedImages, size: tuple[int, int], key: DrawKey, resized: bool) -> dict[str, Any]:
        """Return how the images are resized, and augmented if a policy is given."""
        if self._planner is None:
            return {"filter": images.filter, "edges": images.edges}
        plan = self._planner.plan(images, size, key, self._samples, resized)
        self._samples += len(images.images)
        return {"sample_plan": plan}

    def _windowed(self, images: WindowedImages | Sequence[Tensor]) -> WindowedImages:
        if self._size is None:
            raise ValueError("prefetch: expected size for batches with a list of images or WindowedImages, got None")
        windowed = images if isinstance(images, WindowedImages) else WindowedImages(images)
        if not all(isinstance(image, Tensor) for image in windowed.images):
            kinds = sorted({type(image).__name__ for image in windowed.images})
            raise TypeError(f"prefetch: expected images as tensors, got a list of {', '.join(kinds)}")
        return windowed

    def _moved(self, x: Any) -> Any:
        """Move tensors to the device; windows and flips stay on the host, where the kernels' arguments come from."""
        if isinstance(x, WindowedImages):
            return x._replace(images=[self._moved(image) for image in x.images])
        if not isinstance(x, Tensor):
            return x
        if self._stream is not None and x.is_cuda:
            x.record_stream(self._stream)
        return moved(x, self.device)

    def _mixed_labels(self, labels: Tensor, plan: MixPlan) -> Any:
        if not isinstance(labels, Tensor):
            raise TypeError(f"prefetch: expected labels as a tensor, got {type(labels).__name__}")
        form, num_classes, smoothing = self._targets
        return make_targets(form, labels, plan, num_classes, smoothing)

    def _mixed_images(self, images: Tensor, plan: MixPlan, channels_last: bool, copied: bool) -> Tensor:
        if images.dtype == torch.uint8 and images.dim() == 4:
            pixels = images if channels_last else images.permute(0, 2, 3, 1)
            return normalize_mix(pixels.contiguous(), plan, **self._normalize)
        if self._policy is None:
            return images
        if not copied:
            return mix(images, plan)  # these may be the data set's own memory
        mix_(images, plan)
        return images

    def _hand_over(self, batch: tuple[Any, ...]) -> tuple[Any, ...]:
        """Make the consumer's stream wait for a batch, and keep the batch's memory until that stream is done."""
        if self._stream is not None:
            with self._stats.stage("hand_over"):
                stream = torch.cuda.current_stream(self.device)
                stream.wait_stream(self._stream)
                images, targets, *others = batch
                for tensor in (images, *(targets if isinstance(targets, tuple) else (targets,)), *others):
                    if isinstance(tensor, Tensor):
                        tensor.record_stream(stream)
        return batch


def _as_list(images: Tensor, channels_last: bool) -> WindowedImages:
    """Return a uint8 batch as whole images (H, W, 3)."""
    if images.dtype != torch.uint8 or images.dim() != 4:
        raise TypeError(
            f"prefetch: expected uint8 images (B, H, W, 3) or (B, 3, H, W) with augment, got {images.dtype} "
            f"{tuple(images.shape)}; leave ToTensor and Normalize out"
        )
    return WindowedImages(list((images if channels_last else images.permute(0, 2, 3, 1)).contiguous()))
