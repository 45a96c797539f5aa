"""``fastmix.DataLoader``: an order, a source and a DALI graph, with a torch DataLoader's manners."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from nvidia.dali.data_node import DataNode

from fastmix import arguments
from fastmix.loader import settings, state
from fastmix.loader.batches import BatchMaker
from fastmix.loader.drafts import Drafter
from fastmix.loader.epoch import EpochIterator, Machinery
from fastmix.loader.faults.budget import Budget
from fastmix.loader.faults.errors import BadSample
from fastmix.loader.faults.faults import ON_ERROR, Faults, OnError
from fastmix.loader.faults.quarantine import Quarantine
from fastmix.loader.faults.recovery import Recovery
from fastmix.loader.graph.builder import build
from fastmix.loader.graph.dali_queue import DaliQueue
from fastmix.loader.graph.spec import DECODE, RESIZE, Decode, GraphSpec, Resize
from fastmix.loader.order import LastBatch, Order
from fastmix.loader.progress import Progress
from fastmix.loader.sampling import choose_sampling
from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.reader_pool import ReaderPool
from fastmix.loader.sources.source import Source
from fastmix.loader.stall import Stall
from fastmix.loader.targets import TargetMaker
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD
from fastmix.ops.targets import Targets, check_targets
from fastmix.plan.policies import Policy
from fastmix.stats import Stats

# 16,384 x 16,384: no photograph is larger, and what says it is does not get this far.
MAX_PIXELS = 2**28


class DataLoader:
    """Loads batches of images, mixed, normalised and ready to use.

    Iterating over it yields ``(images, targets)`` of one epoch after another:

    * ``images``: ``dtype`` (B, 3, size, size) in ``memory_format``, on ``device``, normalised ``(x - mean) / std``;
    * ``targets``: with ``mix``, soft targets float32 (B, num_classes), whose rows sum to 1 where labels are class ids;
      without, the labels: class ids int64 (B,), or float32 (B, num_classes).

    For training (``train=True``) an image is a random resized crop, mirrored in half of the cases; for evaluation its
    shorter side is resized to ``size * 256 / 224`` and the centre is cut out, both as in torchvision's recipes. Images
    are turned as their EXIF orientation says; gray and CMYK ones become RGB, an alpha channel is dropped.

    What comes is a pure function of the data, the arguments, ``seed`` and the epoch: number of threads and ``depth``
    never matter, bit for bit. The global batches (``batch_size * world_size`` samples), mixing included, are the same
    for every world size, if ``batch_size`` is even. Every sample comes once per epoch (with ``last_batch="drop"``
    what is left over waits for another epoch). All ranks have the same number of steps.

    A bad sample (missing, empty, truncated, no image, too large) ends the epoch with an error that names it
    (``on_error="raise"``), or costs only itself. With ``"skip"`` its place stays empty: the batch is smaller, and whom
    it was to be mixed with comes unmixed. With ``"replace"`` another sample of the epoch comes in its place, with
    its own label, chosen by (seed, epoch, bad sample). All ranks keep their number of steps, in both cases, and the
    batches are the same whether a sample was known to be bad beforehand, as after a resume, or not. Known bad samples
    are not read again until their file changes.

    The batches may be kept: nothing writes into them again. A new iterator, also after ``break``, starts the epoch
    anew; it ends the one before, and the epoch advances when one has been consumed to its end.

    Equivalent to ``torch.utils.data.DataLoader`` over ``torchvision.datasets.ImageFolder`` with ``RandomResizedCrop``,
    ``RandomHorizontalFlip``, ``ToTensor``, ``Normalize`` and a mixing ``collate_fn``, up to the decoder's and the
    resampler's rounding.

    Args:
        data: folder with one folder of images per class, local or at a URL (``s3://bucket/train``); list of (path or
            URL, label); CSV, TSV or Parquet manifest; WebDataset tar shards (``train-{0000..0099}.tar``); map-style
            torch Dataset that returns (encoded bytes or uint8 pixels, label). See
            :func:`fastmix.loader.sources.kinds.open_source`. A label is a class id, a set of class ids or a vector of
            floats.
        batch_size: samples per rank and step.
        size: side of the images, in pixels.
        mix: ``Mixup``, ``CutMix``, ``Choice``, or None. Its ``pairing`` is replaced by ``"neighbor"``: the order is
            random already, so neighbours are a uniformly random pair, in all world sizes the same. Without ``shuffle``
            neighbours are what the source has side by side.
        num_classes: columns of the targets; the number of classes found by default.
        targets: with ``mix``: ``"dense"``; ``"pair"``, a named tuple (labels, partner_labels, weight); or ``"index"``,
            (labels, partner, weight). The latter two never make rows of ``num_classes``.
        resize: ``"fastmix"``: the pass that mixes and normalises an image also resamples it, with Pillow's antialiased
            bilinear filter, in float32: within one grey level of ``Image.resize(size, BILINEAR, box=window)``, and not
            rounded to whole ones. Or ``"dali"``: DALI's own crop and resize, to uint8 images, for comparison; it takes
            twice the CPU time. On photographs the two differ by less than 0.6 grey levels on average, by up to 32 at
            sharp edges, and by more in the two outermost pixels: beyond a window's border only Pillow and we look.
        decode: what decodes JPEGs on the CPU. ``"auto"``: libjpeg-turbo, with a faster entropy decoder of fastmix's, if
            this build has it and ``resize`` is fastmix's. The pixels are DALI's and Pillow's, but where the window is
            at least six times as large as ``size``, in both directions: then the JPEG is decoded at 1/2, 1/4 or 1/8 of
            its size, so that the window is still at least three times as large as ``size``. That saves time on
            photographs of many megapixels and is a fraction of a grey level off on average, some grey levels at most;
            benchmarks/README.md has the figures. ``"dali"``: always in full, by DALI. ``"fastmix"``: as "auto", but an
            error where that is not possible. Other formats and damaged files are DALI's: bad samples are the same ones,
            whatever decodes.
        augment: a function from images, a DALI node of uint8 (size, size, 3), to such a node: ``fn.color_twist``,
            ``nvidia.dali.auto_aug.rand_augment`` and the like. It runs after DALI's crop and resize, whatever
            ``resize`` says, since it takes whole grey levels, and before flip and mix.
            What DALI's random operators draw in it is keyed by (seed, epoch, step, place in the global batch); places
            count without the skipped samples of ``on_error="skip"``. What is drawn inside an ``if`` on images is keyed
            by the place among those that take the branch, and so depends on the world size: draw it outside.
        return_plan: yield (images, targets, plan), with the batch's :class:`fastmix.MixPlan`.
        dtype: torch.float32, torch.float16 or torch.bfloat16.
        memory_format: torch.contiguous_format or torch.channels_last; neither costs a copy.
        device: "cpu", "cuda", "cuda:1", or "auto": CUDA if there is a GPU.
        num_threads: CPU threads for decoding; by default the CPUs that this process may use, divided by the processes
            on this machine that ``LOCAL_WORLD_SIZE`` (torchrun) says.
        num_workers: threads that read from shards and Datasets; as many as ``num_threads`` by default.
        seed: in [0, 2**63): of the order, the crops and the mixing.
        train: training or evaluation, which set the defaults of ``shuffle`` and ``last_batch``.
        shuffle: a random order in every epoch (default when training), or the source's.
        sampler: another order: ``"balanced"``, all classes equally often; ``"same_class"``, neighbours of one class; or
            a torch Sampler of all samples, the same on every rank, whose ``set_epoch`` is called.
        last_batch: what happens to the samples that fill no global batch: ``"drop"`` (default when training) or
            ``"partial"`` (default in evaluation), a smaller last batch. On several ranks it is shared out; where there
            is less than one pair of samples for each, some ranks get an empty last batch. Or ``"pad"``: it is filled
            up with samples of this epoch, whose targets are class id -100 or zeros: no loss, and no second count.
        on_error: ``"raise"``, ``"skip"`` or ``"replace"``, see above. In evaluation ``"replace"`` counts samples twice.
        max_bad: with these two, how many bad samples an epoch may have on a rank: a number, or a share of what was
            asked for (of at least the first 1,000); more are an error.
        max_pixels: larger images are bad samples.
        quarantine: file that keeps what is known of bad samples; later runs, ranks and ``fastmix scan`` may share it.
        mean: per channel, in units of the full pixel range (0 to 1).
        std: per channel, in the same units.
        smoothing: label smoothing in [0, 1) of the soft targets; needs ``mix``.
        rank: this process's, with ``world_size``; by default torch.distributed's if it is initialised, else 0.
        world_size: number of processes; by default torch.distributed's if it is initialised, else 1.
        depth: batches under way besides the one that the consumer has; bounds the memory.
        stall_after: seconds of waiting for one batch after which a warning says what is waited for; None for never.
        timeout: seconds after which such a wait is an error; None for never.

    Attributes:
        source: the samples and their labels.
        dataset: what was given as ``data``.
        classes: their names, by id.
        graph: what the pipeline computes.
        num_classes, batch_size, size, device, num_threads, rank, world_size, depth: as above.
        epoch: the current epoch, from 0.

    Raises:
        FileNotFoundError, NotADirectoryError, ValueError, TypeError: bad arguments or no data, when constructed.
        DataError: while iterating: images of this batch cannot be decoded, or too many of this epoch, which it names.
            The iterator ends; the loader can be iterated again.
        TimeoutError: no batch within ``timeout``.
    """

    def __init__(
        self,
        data: str | os.PathLike[str] | Source | Sequence[tuple[str | os.PathLike[str], Any]] | Any,
        batch_size: int,
        size: int,
        *,
        mix: Policy | None = None,
        num_classes: int | None = None,
        targets: Targets = "dense",
        resize: Resize = "fastmix",
        decode: Decode = "auto",
        augment: Callable[[DataNode], DataNode] | None = None,
        return_plan: bool = False,
        dtype: torch.dtype = torch.float32,
        memory_format: torch.memory_format = torch.contiguous_format,
        device: str | torch.device = "auto",
        num_threads: int | None = None,
        num_workers: int | None = None,
        seed: int = 0,
        train: bool = True,
        shuffle: bool | None = None,
        sampler: str | Any | None = None,
        last_batch: LastBatch | None = None,
        on_error: OnError = "raise",
        max_bad: int | float = 0.1,
        max_pixels: int = MAX_PIXELS,
        quarantine: str | os.PathLike[str] | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        smoothing: float = 0.0,
        rank: int | None = None,
        world_size: int | None = None,
        depth: int = 2,
        stall_after: float | None = 60.0,
        timeout: float | None = None,
    ) -> None:
        self.batch_size = arguments.integer("DataLoader", "batch_size", batch_size)
        self.size = arguments.integer("DataLoader", "size", size)
        self.depth = arguments.integer("DataLoader", "depth", depth)
        self.num_threads = arguments.choose_threads("DataLoader", "num_threads", num_threads)
        self.num_workers = (
            self.num_threads if num_workers is None else arguments.integer("DataLoader", "num_workers", num_workers)
        )
        self.device = arguments.choose_device("DataLoader", device)
        self.rank, self.world_size = arguments.choose_ranks("DataLoader", rank, world_size)
        arguments.one_of("DataLoader", "dtype", dtype, settings.DTYPES)
        arguments.one_of("DataLoader", "memory_format", memory_format, settings.MEMORY_FORMATS)
        check_targets("DataLoader", targets, smoothing)
        arguments.one_of("DataLoader", "on_error", on_error, ON_ERROR)
        arguments.one_of("DataLoader", "resize", resize, RESIZE)
        arguments.one_of("DataLoader", "decode", decode, DECODE)
        if not 0.0 <= smoothing < 1.0 or (smoothing and mix is None):
            raise ValueError(
                f"DataLoader: expected smoothing in [0, 1), and 0 without mix, got {smoothing} with mix={mix}; without "
                "mix smooth in the loss"
            )
        if shuffle is not None and sampler is not None:
            raise ValueError("DataLoader: expected shuffle or sampler, got both")
        policy = settings.with_neighbor_pairing(mix) if mix is not None else None
        seed = arguments.integer("DataLoader", "seed", seed, 0)
        self.dataset = data
        self.source = source = open_source(data)
        self.classes = source.classes
        self.num_classes = settings.choose_classes(num_classes, len(self.classes))
        maker = _target_maker(source, self.num_classes, targets, policy is not None, smoothing)
        sampling = choose_sampling(
            sampler, bool(train if shuffle is None else shuffle), maker.values, len(source), seed
        )
        order = Order(
            count=sampling.count,
            batch_size=self.batch_size,
            seed=seed,
            last_batch=("drop" if train else "partial") if last_batch is None else last_batch,
            rank=self.rank,
            world_size=self.world_size,
            sampling=sampling,
        )
        graph = GraphSpec(
            size=self.size,
            train=bool(train),
            mixing=policy is not None,
            dense_targets=policy is not None and targets == "dense" and not maker.dense,
            num_classes=self.num_classes,
            smoothing=float(smoothing),
            dtype=dtype,
            channels_last=memory_format == torch.channels_last,
            mean=arguments.per_channel("DataLoader", "mean", mean),
            std=arguments.per_channel("DataLoader", "std", std, positive=True),
            seed=order.seed,
            device_id=self.device.index if self.device.type == "cuda" else None,
            delivers=source.delivers,
            max_pixels=arguments.integer("DataLoader", "max_pixels", max_pixels),
            augment=augment,
            resize="dali" if augment is not None else resize,
            decode=settings.choose_decode(decode, self.device, "dali" if augment is not None else resize),
        )
        self.graph = graph
        faults = Faults(
            source,
            on_error,
            Quarantine(source, quarantine),
            Budget(settings.choose_budget(max_bad), order.steps * self.batch_size),
            graph.max_pixels,
            seed,
        )
        stall = Stall(
            arguments.seconds("DataLoader", "stall_after", stall_after),
            arguments.seconds("DataLoader", "timeout", timeout),
        )
        stats = Stats()
        # Not a method: the loader and what it holds make no cycle, so that its threads end when it is deleted.
        batch_size, num_threads = self.batch_size, self.num_threads
        self._machinery = Machinery(
            drafter=Drafter(order, policy, self.size, faults),
            maker=BatchMaker(source, graph, maker, self.device, bool(return_plan)),
            recovery=Recovery(faults, graph, self.device, stats),
            queue=DaliQueue(lambda: build(graph, batch_size, num_threads), self.device, stall),
            readers=None if source.delivers == "path" else ReaderPool(source, self.num_workers),
            stall=stall,
            stats=stats,
            depth=self.depth,
        )
        self._progress = Progress(order.steps)
        self._fingerprint: str | None = None

    @property
    def epoch(self) -> int:
        """The epoch that is being iterated over, or comes next."""
        return self._progress.epoch

    @property
    def bad_samples(self) -> list[BadSample]:
        """All samples that are known to be bad, (path, reason), in the order in which they were found."""
        return list(self._machinery.recovery.faults.quarantine.known.values())

    @property
    def drop_last(self) -> bool:
        """Whether an incomplete last batch is dropped."""
        return self._machinery.drafter.order.last_batch == "drop"

    def __len__(self) -> int:
        """Steps per epoch, the same on every rank."""
        return self._progress.steps

    def __iter__(self) -> EpochIterator:
        """Start the epoch: anew, or after ``load_state_dict`` where it was left. Ends the iterator before."""
        return EpochIterator(self._machinery, self._progress)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iterator runs through. Needed only to leave the sequence 0, 1, 2, ...

        The current epoch's number changes nothing, so a resumed epoch stays resumed; another one ends the iterator
        that is under way.
        """
        self._progress.set_epoch(arguments.integer("DataLoader", "epoch", epoch, 0))

    def stats(self) -> dict[str, Any]:
        """What the epoch that is under way, or the last one, has cost this rank.

        Returns:
            ``batches``, ``images``; ``seconds`` since its beginning and ``images_per_second``; ``wait_seconds``
            the consumer waited for batches and ``wait_share`` of all seconds; ``stage_seconds``, the wait by stage
            (plan, read, pipeline, hand_over, recover); ``bytes`` read; samples ``skipped`` and ``replaced``.
        """
        return self._machinery.stats.as_dict()

    def state_dict(self) -> dict[str, Any]:
        """Where the consumer is, JSON-able: batches that are under way but were not handed over do not count."""
        return state.take(self._progress, self._identity())

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Make the next iterator go on where ``state_dict`` was taken, with the identical batches, at once.

        Threads, ``depth``, device and decoder (whose pixels may differ a little), ``on_error`` and, with the same
        global batch, the world size may be others than then. Every rank loads the same state, any rank's.

        Raises:
            ValueError, TypeError: it is no state, or of another version, data set or setting, which the message names.
        """
        state.restore(self._progress, self._identity(), state_dict)

    def _identity(self) -> dict[str, Any]:
        if self._fingerprint is None:
            self._fingerprint = self.source.fingerprint()
        return state.identity(self._machinery.drafter, self._machinery.maker, self._fingerprint)


def _target_maker(source: Source, num_classes: int, targets: Targets, mixing: bool, smoothing: float) -> TargetMaker:
    """The targets' maker; refuses what cannot be made of this source's labels."""
    labels = source.labels
    dense = source.dense if labels is None else labels.dense
    if smoothing and dense:
        raise ValueError("DataLoader: expected smoothing=0 with labels that are vectors; smooth them before")
    if mixing and targets == "dense" and num_classes == 0:
        raise ValueError("DataLoader: expected num_classes, since the data set does not say how many classes it has")
    values = None if labels is None else labels.widened(num_classes).values
    return TargetMaker(values, dense, targets, num_classes)
