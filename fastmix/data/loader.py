"""``fastmix.DataLoader``: an order, a source and a DALI graph, with a torch DataLoader's manners."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from fastmix.data import settings
from fastmix.data.batches import BatchMaker
from fastmix.data.epoch import EpochIterator
from fastmix.data.graph import Graph
from fastmix.data.order import LastBatch, Order
from fastmix.data.prefetch import Prefetcher
from fastmix.data.progress import Progress
from fastmix.data.sources import Source, open_source
from fastmix.functional import IMAGENET_MEAN, IMAGENET_STD
from fastmix.policies import Policy

STATE_VERSION = 1


class DataLoader:
    """Loads batches of images, mixed, normalised and ready to use.

    Iterating over it yields ``(images, targets)`` of one epoch after another:

    * ``images``: ``dtype`` (B, 3, size, size) in ``memory_format``, on ``device``, normalised ``(x - mean) / std``;
    * ``targets``: with ``mix``, soft targets float32 (B, num_classes) whose rows sum to 1; without, class ids int64
      (B,).

    For training (``train=True``) an image is a random resized crop, mirrored in half of the cases; for evaluation its
    shorter side is resized to ``size * 256 / 224`` and the centre is cut out, both as in torchvision's recipes.

    What comes is a pure function of the data, the arguments, ``seed`` and the epoch: number of threads and ``depth``
    never matter, bit for bit. The global batches (``batch_size * world_size`` samples), mixing included, are the same
    for every world size, if ``batch_size`` is even. Every sample comes once per epoch (with ``last_batch="drop"``
    what is left over waits for another epoch). All ranks have the same number of steps.

    The batches may be kept: nothing writes into them again. A new iterator, also after ``break``, starts the epoch
    anew; it ends the one before, and the epoch advances when one has been consumed to its end.

    Equivalent to ``torch.utils.data.DataLoader`` over ``torchvision.datasets.ImageFolder`` with ``RandomResizedCrop``,
    ``RandomHorizontalFlip``, ``ToTensor``, ``Normalize`` and a mixing ``collate_fn``, up to the decoder's and the
    resampler's rounding.

    Args:
        data: folder with one folder of images per class, or list of (path, class id), or a
            :class:`fastmix.data.sources.Source`.
        batch_size: samples per rank and step.
        size: side of the images, in pixels.
        mix: ``Mixup``, ``CutMix``, ``Choice``, or None. Its ``pairing`` is replaced by ``"neighbor"``: the order is
            random already, so neighbours are a uniformly random pair, in all world sizes the same. Without ``shuffle``
            neighbours are what the source has side by side.
        num_classes: columns of the targets; the number of classes found by default.
        dtype: torch.float32, torch.float16 or torch.bfloat16.
        memory_format: torch.contiguous_format or torch.channels_last; neither costs a copy.
        device: "cpu", "cuda", "cuda:1", or "auto": CUDA if there is a GPU.
        num_threads: CPU threads for decoding; by default the CPUs that this process may use.
        seed: in [0, 2**63): of the order, the crops and the mixing.
        train: training or evaluation, which set the defaults of ``shuffle`` and ``last_batch``.
        shuffle: a random order in every epoch (default when training), or the source's.
        last_batch: what happens to the samples that fill no global batch: ``"drop"`` (default when training) or
            ``"partial"`` (default in evaluation), a smaller last batch. On several ranks it is shared out; where there
            is less than one pair of samples for each, some ranks get an empty last batch.
        mean: per channel, in units of the full pixel range (0 to 1).
        std: per channel, in the same units.
        smoothing: label smoothing in [0, 1) of the soft targets; needs ``mix``.
        rank: this process's, with ``world_size``; by default torch.distributed's if it is initialised, else 0.
        world_size: number of processes; by default torch.distributed's if it is initialised, else 1.
        depth: batches under way besides the one that the consumer has; bounds the memory.

    Attributes:
        source: the table of paths and labels.
        classes: their names, by id.
        graph: what the pipeline computes.
        num_classes, batch_size, size, device, num_threads, rank, world_size, depth: as above.
        epoch: the current epoch, from 0.

    Raises:
        FileNotFoundError, NotADirectoryError, ValueError, TypeError: bad arguments or no data, when constructed.
        DataError: while iterating: images of this batch cannot be decoded, which it names. The iterator ends; the
            loader can be iterated again.
    """

    def __init__(
        self,
        data: str | os.PathLike[str] | Source | Sequence[tuple[str | os.PathLike[str], int]],
        batch_size: int,
        size: int,
        *,
        mix: Policy | None = None,
        num_classes: int | None = None,
        dtype: torch.dtype = torch.float32,
        memory_format: torch.memory_format = torch.contiguous_format,
        device: str | torch.device = "auto",
        num_threads: int | None = None,
        seed: int = 0,
        train: bool = True,
        shuffle: bool | None = None,
        last_batch: LastBatch | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        smoothing: float = 0.0,
        rank: int | None = None,
        world_size: int | None = None,
        depth: int = 2,
    ) -> None:
        self.batch_size = settings.integer("batch_size", batch_size)
        self.size = settings.integer("size", size)
        self.depth = settings.integer("depth", depth)
        self.num_threads = settings.choose_threads(num_threads)
        self.device = settings.choose_device(device)
        self.rank, self.world_size = settings.choose_ranks(rank, world_size)
        settings.one_of("dtype", dtype, settings.DTYPES)
        settings.one_of("memory_format", memory_format, settings.MEMORY_FORMATS)
        if not 0.0 <= smoothing < 1.0 or (smoothing and mix is None):
            raise ValueError(
                f"DataLoader: expected smoothing in [0, 1), and 0 without mix (whose soft targets it smooths), "
                f"got {smoothing} with mix={mix}; class ids are smoothed by the loss"
            )
        policy = settings.with_neighbor_pairing(mix) if mix is not None else None
        self.source = open_source(data)
        self.classes = self.source.classes
        self.num_classes = settings.choose_classes(num_classes, len(self.classes))
        order = Order(
            count=len(self.source),
            batch_size=self.batch_size,
            seed=settings.integer("seed", seed, 0),
            shuffle=bool(train if shuffle is None else shuffle),
            last_batch=last_batch or ("drop" if train else "partial"),
            rank=self.rank,
            world_size=self.world_size,
        )
        graph = Graph(
            size=self.size,
            train=bool(train),
            mixing=policy is not None,
            num_classes=self.num_classes,
            smoothing=float(smoothing),
            dtype=dtype,
            channels_last=memory_format == torch.channels_last,
            mean=settings.per_channel("mean", mean),
            std=settings.per_channel("std", std, positive=True),
            seed=order.seed,
            device_id=self.device.index if self.device.type == "cuda" else None,
        )
        self.graph = graph
        self._maker = BatchMaker(self.source, order, graph, policy, self.device)
        # Not a method: the loader and what it holds make no cycle, so that its threads end when it is deleted.
        batch_size, num_threads = self.batch_size, self.num_threads
        self._prefetcher = Prefetcher(lambda: graph.build(batch_size, num_threads), self.device)
        self._progress = Progress(order.steps)

    @property
    def epoch(self) -> int:
        """The epoch that is being iterated over, or comes next."""
        return self._progress.epoch

    def __len__(self) -> int:
        """Steps per epoch, the same on every rank."""
        return self._progress.steps

    def __iter__(self) -> EpochIterator:
        """Start the epoch: anew, or after ``load_state_dict`` where it was left. Ends the iterator before."""
        return EpochIterator(self._maker, self._prefetcher, self._progress, self.depth)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iterator runs through. Needed only to leave the sequence 0, 1, 2, ...

        The current epoch's number changes nothing, so a resumed epoch stays resumed; another one ends the iterator
        that is under way.
        """
        self._progress.set_epoch(settings.integer("epoch", epoch, 0))

    def state_dict(self) -> dict[str, Any]:
        """Where the consumer is, JSON-able: batches that are under way but were not handed over do not count."""
        epoch, step = self._progress.position()
        return {"version": STATE_VERSION, "epoch": epoch, "step": step, **self._identity()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Make the next iterator go on where ``state`` was taken, with the identical batches, at once.

        Threads, ``depth``, device and, with the same global batch, the world size may be others than then.

        Raises:
            ValueError: the state is of another version, data set or setting, which the message names.
        """
        expected = {"version": STATE_VERSION, **self._identity()}
        differ = [name for name, value in expected.items() if state.get(name) != value]
        if differ:
            details = ", ".join(f"{name}={expected[name]!r} (got {state.get(name)!r})" for name in differ)
            raise ValueError(f"DataLoader: expected a state with {details}")
        self._progress.jump(settings.integer("epoch", state["epoch"], 0), settings.integer("step", state["step"], 0))

    def _identity(self) -> dict[str, Any]:
        """What has to be the same for the same batches to follow."""
        order = self._maker.order
        return {
            "seed": order.seed,
            "samples": order.count,
            "global_batch": order.global_batch,
            "shuffle": order.shuffle,
            "last_batch": order.last_batch,
        }
