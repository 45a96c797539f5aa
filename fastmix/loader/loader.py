"""``fastmix.DataLoader``: puts order, source, graph and faults together, with a torch DataLoader's manners."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import torch

from fastmix.arguments import choose_device, choose_threads, integer, per_channel, seconds
from fastmix.augment import SamplePolicy
from fastmix.loader import settings
from fastmix.loader.batches import BatchMaker
from fastmix.loader.dataset_view import DatasetView
from fastmix.loader.drafts import Drafter
from fastmix.loader.epoch import EpochIterator, Machinery, one_thread
from fastmix.loader.face import Face
from fastmix.loader.faults.budget import Budget
from fastmix.loader.faults.judge import Judge
from fastmix.loader.faults.on_error import Faults, OnError
from fastmix.loader.faults.quarantine import Quarantine
from fastmix.loader.faults.retries import Retries
from fastmix.loader.from_recipe import UNSET, Unset, check_data, choose
from fastmix.loader.graph.builder import build
from fastmix.loader.graph.dali_queue import DaliQueue
from fastmix.loader.graph.evaluation import CropMode
from fastmix.loader.graph.spec import Decode, GraphSpec, Resampler
from fastmix.loader.order import LastBatch, Order
from fastmix.loader.other_names import refuse_unknown
from fastmix.loader.passes import Passes
from fastmix.loader.progress import Progress
from fastmix.loader.resizing import resized
from fastmix.loader.restarts import Restarts
from fastmix.loader.sampling import ByBlock, Shuffle, choose_sampling
from fastmix.loader.sources.hints import Column, Hints
from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.reader_pool import ReaderPool
from fastmix.loader.sources.source import IN_FILES, Source
from fastmix.loader.stall import Stall
from fastmix.loader.targets import target_maker
from fastmix.loader.threads import Threads
from fastmix.loader.torch_names import TorchNames, last_batch_of
from fastmix.loader.unprepared import check_unprepared
from fastmix.loader.viewing import augmentation
from fastmix.ops.sources import Filter
from fastmix.ops.targets import Targets, check_targets
from fastmix.plan.policies import Policy
from fastmix.ranks import Ranks
from fastmix.recipes import Recipe, View
from fastmix.stats import Stats

if TYPE_CHECKING:
    from nvidia.dali.data_node import DataNode

_CALLER = "DataLoader"


class DataLoader(Face):
    """Load batches of images, mixed, normalised and ready to use.

    >>> loader = fastmix.DataLoader("photos/train", 128, 224, mix=fastmix.Mixup(0.4))
    >>> for images, targets in loader:
    ...     loss = torch.nn.functional.cross_entropy(model(images), targets)

    Every pass over it yields ``(images, targets)`` of one epoch:

    * ``images``: ``dtype`` (B, 3, height, width) in ``memory_format``, on ``device``, normalised ``(x - mean) / std``;
    * ``targets``: with ``mix``, dense targets float32 (B, num_classes), whose rows sum to 1 if labels are class ids;
      without, the labels: class ids int64 (B,), or float32 (B, num_classes); None if there are no labels.

    In training an image is a random resized crop, mirrored with probability 1/2. In evaluation it is resized, and the
    centre is cut out, by torchvision's and timm's laws. EXIF orientations are
    applied; gray and CMYK images become RGB, an alpha channel is dropped.

    The batches depend only on the data, the arguments, ``seed`` and the epoch, bit for bit: not on the number of
    threads or ``depth``. The global batches (``batch_size * world_size`` samples), mixing included, are the same for
    every world size if ``batch_size`` is even. Every sample comes once per epoch; ``last_batch="drop"`` leaves the
    remainder out. All ranks have the same number of steps. Nothing writes into the batches again.

    A new iterator, also after ``break``, starts the epoch anew and ends the iterator before it. The epoch advances when
    an iterator is consumed to its end. A loop that leaves epochs early needs ``steps_per_epoch``, or sees the same
    batches every time. Attributes cannot be assigned, except ``mixup_enabled``.

    Equivalent to ``torch.utils.data.DataLoader`` over ``torchvision.datasets.ImageFolder`` with ``RandomResizedCrop``,
    ``RandomHorizontalFlip``, ``ToTensor``, ``Normalize`` and a mixing ``collate_fn``, up to the decoder's and the
    resampler's rounding. Its argument names are accepted where they mean something (``drop_last=True`` is
    ``last_batch="drop"``), else they are a TypeError that names ours. docs/loader.md has the details of each group of
    arguments.

    Args:
        (data)
        data: folder with one folder of images per class, local or at a URL (``s3://bucket/train``); list of (path or
            URL, label); CSV, TSV or Parquet manifest; WebDataset tar shards (``train-{0000..0099}.tar``); map-style
            torch Dataset that returns (encoded bytes or uint8 pixels, label). A label is a class id, a set of class ids
            or a vector of floats.
        batch_size: samples per rank and step.
        size: side of the images in pixels, or (height, width); by default the recipe's.
        train: training (default) or evaluation; sets the defaults of ``shuffle`` and ``last_batch``.
        recipe: one of :mod:`fastmix.recipes`. It sets ``size``, ``mean``, ``std``, ``interpolation``, ``resize``,
            ``crop_pct``, ``crop_mode``, ``augment``, ``views``, ``mix``, ``smoothing`` and ``repeats``; these given
            beside it win.

        classes: names of the classes; a name's place is its id. Give an evaluation loader ``train_loader.classes``.
        root: folder or URL that relative paths of a manifest or list start from; ``{}`` in it stands for the path.
        path_column: a manifest's column of paths: its name, or its place if the manifest has no header.
        label_column: its column of labels, likewise; a list of names is columns of numbers, one per class.
        image_key: the image of a sample with several: ``"left.jpg"`` in a shard, a key of a Dataset's dicts.
        label_key: the label, likewise; ``"json.label"`` is a field of a shard's JSON member.

        (output)
        device: "cpu", "cuda", "cuda:1", or "auto": ``LOCAL_RANK``'s GPU (torchrun's), or the CPU if there is none.
        dtype: torch.float32, torch.float16 or torch.bfloat16.
        memory_format: torch.contiguous_format or torch.channels_last; neither costs a copy.
        mean: per channel, in units of the full pixel range (0 to 1); by default the recipe's, or ImageNet's.
        std: per channel, in the same units.
        interpolation: Pillow's antialiased filter of this name resizes: ``"nearest"``, ``"box"``, ``"bilinear"``,
            ``"bicubic"`` or ``"lanczos"``. None is that of the ``RandomResizedCrop`` in ``augment``, else bilinear.
        resize: in evaluation, the size before the crop, at least ``size``. One number is the shorter side
            (torchvision's ``Resize``); (height, width) is what the image covers (timm's ``ResizeKeepRatio``).
        crop_pct: in evaluation, timm's share of the resized image that the crop keeps; stands for ``resize=floor(size /
            crop_pct)``. Without both, the image is resized to ``size * 256 / 224``.
        crop_mode: in evaluation, ``"center"`` (default) keeps the aspect ratio; ``"squash"`` resizes both sides to
            ``resize``; ``"border"`` fits the image in and fills the rest with the mean colour (CPU only).
        resampler: ``"fastmix"``: resampled in the pass that mixes, in float32. ``"dali"``: DALI's own crop and bilinear
            resize, to uint8 images.
        decode: what decodes ordinary JPEGs on the CPU: ``"fastmix"``; ``"dali"`` for DALI's library nvImageCodec, which
            decodes everything else; or ``"auto"``: fastmix if this build has it and ``resampler`` is fastmix's. On the
            GPU, "auto" is DALI; "fastmix" is its own hybrid decoder for whole JPEGs, not measured on a GPU.
        decode_with_pillow: whether Pillow decodes GIF (the first frame), AVIF and JPEG 2000, which neither of the two
            does; otherwise they are bad samples. An ImportError without Pillow.
        hw_decoder_load: share in [0, 1] of the JPEGs that the GPU's hardware engine decodes. 0, since the engine's
            writes may not respect the order of the stream, which would corrupt batches in silence.
        augment: a policy of :mod:`fastmix.augment`, such as ``TrivialAugmentWide()``; in training only.
            Images are resized to uint8 with Pillow's pixels, flipped and augmented, then mixed, in one pass. A
            ``RandomResizedCrop`` in it sets the crops; then, and if it has flips, the loader does not mirror by itself.
        views: several views of each image, decoded once: a list of :class:`fastmix.recipes.View`; in training, on the
            CPU, without ``mix``. Images are then (B, V, 3, height, width), and with several sizes batches are
            ``(images, images, ..., targets)``, a tensor for each size, in the order in which the sizes first come.
        dali_augment: a function from images, a DALI node of uint8 (height, width, 3), to such a node. It runs before
            flip and mix, after DALI's resize: it sets ``resampler="dali"``.

        (mixing)
        mix: a policy, such as ``CutMix(1.0)``; None for no mixing, the default without a recipe. Its ``pairing``
            becomes ``"neighbor"``: the order is random, so neighbours are a random pair. A thread draws masks
            (``FMix``) ahead.
        targets: with ``mix``: ``"dense"`` for float32 (B, num_classes), ``"pair"`` for :class:`fastmix.PairTargets`,
            ``"index"`` for :class:`fastmix.IndexTargets`. The latter two never make rows of ``num_classes``.
        num_classes: columns of dense targets; the number of classes found by default.
        smoothing: label smoothing in [0, 1) of dense targets, with ``mix``; by default the recipe's, or 0.
        return_plan: yield (images, targets, plan), with the batch's :class:`fastmix.MixPlan`.
        return_index: yield int64 (B,) last: the samples' places in ``dataset``, which has their paths.

        (order)
        seed: in [0, 2**63): of the order, the crops and the mixing.
        shuffle: a random order in every epoch (default in training), or the source's order. ``"blocks"``: neighbouring
            samples of tar shards or Parquet files in random order, which are read sequentially.
        sampler: another order: ``"balanced"``, all classes equally often; ``"same_class"``, neighbours of one class; or
            a torch Sampler of all samples, the same on every rank, whose ``set_epoch`` is called.
        repeats: repeated augmentation: each sample comes this often in a batch, with other crops, and an epoch, of the
            same length, has 1/repeats of the samples (DeiT's RASampler). In training and random orders only.
        last_batch: ``"drop"`` (default in training) drops the samples that fill no global batch; ``"partial"`` (default
            in evaluation) shares them out among the ranks; ``"pad"`` fills the batch with samples of this epoch, whose
            targets are class id -100 or zeros.
        steps_per_epoch: length of an epoch, in batches, if it is not one pass over the data: the next epoch goes on
            where this one ends. The batches are those of whole epochs.
        rank: of this process, with ``world_size``; by default torch.distributed's at the first ``len`` or ``iter``.
        world_size: number of processes; by default torch.distributed's at that time, or 1 without it.

        (faults)
        on_error: what a bad sample (missing, empty, truncated, not an image, too large) does: ``"raise"`` ends the
            epoch with an error that names it; ``"skip"`` makes the batch smaller, and its partner stays unmixed;
            ``"replace"`` takes another sample of the epoch, which evaluation then counts twice.
        max_bad: how many bad samples an epoch may have on a rank with these two: a number, or a share of the samples
            asked for so far (at least the first 1,000).
        max_pixels: larger images are bad samples.
        quarantine: file that keeps the known bad samples; later runs, ranks and ``fastmix scan`` may share it.

        (machinery)
        num_threads: CPU threads for decoding; by default the CPUs that this process may use, divided by
            ``LOCAL_WORLD_SIZE`` (torchrun's number of processes on this machine).
        num_workers: threads that read from remote shards and Datasets; ``num_threads`` by default. 0 is 1, for a
            Dataset that only one thread may use.
        depth: batches under way besides the one that the consumer has; bounds the memory.
        stall_after: seconds of waiting for one batch until a warning names the stage that blocks; None for never.
        timeout: seconds after which such a wait is an error; None or 0 for never.

    Attributes:
        data: the argument.
        source: the samples and their labels.
        dataset: the samples as a sequence of (path, label), with ``classes``, ``class_to_idx`` and ``targets``.
        classes: their names, by id.
        graph: what the pipeline computes.
        recipe: the argument.
        num_classes, batch_size, size, device, num_threads, num_workers, rank, world_size, depth: as above.
        epoch: the current epoch, from 0.
        mixup_enabled: set it to False to mix no more, from the next iterator on; targets keep their form.

    Raises:
        FileNotFoundError, NotADirectoryError, ValueError, TypeError: bad arguments or no data, when constructed.
        DataError: while iterating: this batch has samples that cannot be decoded, or this epoch has too many. The error
            names them and ends the iterator; the loader can be iterated again.
        TimeoutError: no batch within ``timeout``.
    """

    def __init__(
        self,
        # data
        data: str | os.PathLike[str] | Source | Sequence[tuple[str | os.PathLike[str], Any]] | Any,
        batch_size: int,
        size: int | tuple[int, int] | None = None,
        *,
        train: bool | None = None,
        recipe: Recipe | None = None,
        classes: Sequence[str] | None = None,
        root: str | os.PathLike[str] | None = None,
        path_column: str | int | None = None,
        label_column: Column | None = None,
        image_key: str | None = None,
        label_key: str | None = None,
        # output
        device: str | torch.device = "auto",
        dtype: torch.dtype = torch.float32,
        memory_format: torch.memory_format = torch.contiguous_format,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        interpolation: Filter | None = None,
        resize: int | tuple[int, int] | None = None,
        crop_pct: float | None = None,
        crop_mode: CropMode | None = None,
        resampler: Resampler = "fastmix",
        decode: Decode = "auto",
        decode_with_pillow: bool = False,
        hw_decoder_load: float = 0.0,
        augment: SamplePolicy | Unset | None = UNSET,
        views: Sequence[View] | Unset | None = UNSET,
        dali_augment: Callable[[DataNode], DataNode] | None = None,
        # mixing
        mix: Policy | Unset | None = UNSET,
        targets: Targets = "dense",
        num_classes: int | None = None,
        smoothing: float | None = None,
        return_plan: bool = False,
        return_index: bool = False,
        # order
        seed: int = 0,
        shuffle: Shuffle | None = None,
        sampler: str | Any | None = None,
        repeats: int | None = None,
        last_batch: LastBatch | None = None,
        steps_per_epoch: int | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        # faults
        on_error: OnError = "raise",
        max_bad: int | float = 0.1,
        max_pixels: int = settings.MAX_PIXELS,
        quarantine: str | os.PathLike[str] | None = None,
        # machinery
        num_threads: int | None = None,
        num_workers: int | None = None,
        depth: int = 2,
        stall_after: float | None = 60.0,
        timeout: float | None = None,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        # What a pickle holds; a copy, taken before there are other locals.
        arguments = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self._arguments = {**arguments.pop("torch_names"), **arguments}
        refuse_unknown(torch_names, {*arguments, *TorchNames.__annotations__})
        self.batch_size = integer(_CALLER, "batch_size", batch_size)
        self.depth = integer(_CALLER, "depth", depth)
        self.num_threads = choose_threads(_CALLER, "num_threads", num_threads)
        self.num_workers = self.num_threads if num_workers is None else settings.choose_workers(num_workers)
        self.device = choose_device(_CALLER, device)
        self._ranks = Ranks(_CALLER, rank, world_size)
        last_batch = last_batch_of(dict(torch_names), last_batch, self.device)
        if shuffle is not None and sampler is not None:
            raise ValueError("DataLoader: expected shuffle or sampler, got both")
        train = settings.choose_train(train, shuffle)
        self._chosen = chosen = choose(recipe, train, self._arguments)
        mix, interpolation, smoothing = chosen["mix"], chosen["interpolation"], chosen["smoothing"]
        options = {"dtype": dtype, "memory_format": memory_format, "on_error": on_error, "decode": decode}
        settings.check_options(**options, resampler=resampler, interpolation=interpolation)
        check_targets(_CALLER, targets, smoothing)
        settings.check_smoothing(smoothing, mix)
        size = chosen.size_at(0)
        policy = settings.with_neighbor_pairing(mix, size) if mix is not None else None
        seed = integer(_CALLER, "seed", seed, 0)
        self.data = data
        self.source = source = open_source(data, Hints(classes, root, path_column, label_column, image_key, label_key))
        self.classes = source.classes
        self.dataset = DatasetView(source, self.classes)
        self.num_classes = settings.choose_classes(num_classes, len(self.classes), train, source)
        made_targets = target_maker(source, self.num_classes, targets, policy is not None, smoothing)
        sampling = choose_sampling(sampler, train if shuffle is None else shuffle, source, made_targets.values, seed)
        order = Order(
            count=sampling.count,
            batch_size=self.batch_size,
            seed=seed,
            last_batch=("drop" if train else "partial") if last_batch is None else last_batch,
            **settings.first_ranks(self._ranks),
            sampling=sampling,
            repeats=settings.choose_repeats(chosen["repeats"], train, sampling),
        )
        self.sampler = torch.utils.data.SequentialSampler(range(len(source)))
        given_resampler = resampler
        resampler = "dali" if dali_augment is not None else resampler
        augments = augmentation(chosen, size, self.device, train=train, resampler=given_resampler, hook=dali_augment)
        view = settings.choose_view(size, train, self.device, chosen["resize"], chosen["crop_pct"], chosen["crop_mode"])
        settings.check_resampler(resampler, view, interpolation or "bilinear")
        graph = GraphSpec(
            size=size,
            train=train,
            view=view,
            mixing=policy is not None,
            masks=policy is not None and policy.has_masks,
            dense_targets=policy is not None and targets == "dense" and not made_targets.dense,
            num_classes=self.num_classes,
            smoothing=float(smoothing),
            dtype=dtype,
            channels_last=memory_format == torch.channels_last,
            mean=per_channel(_CALLER, "mean", chosen["mean"]),
            std=per_channel(_CALLER, "std", chosen["std"], positive=True),
            seed=order.seed,
            device_id=self.device.index if self.device.type == "cuda" else None,
            delivers=source.delivers,
            max_pixels=integer(_CALLER, "max_pixels", max_pixels),
            dali_augment=dali_augment,
            resampler=resampler,
            decode=settings.choose_decode(decode, self.device, resampler),
            guest_decoder=settings.choose_guest(decode_with_pillow),
            hw_decoder_load=settings.choose_hw_load(hw_decoder_load, self.device, decode),
            **{"interpolation": interpolation or "bilinear", **({} if augments is None else augments.graph_options())},
        )
        check_data(recipe, source, graph.max_pixels)
        passes = Passes(order, steps_per_epoch)
        judge = Judge(source, graph.max_pixels, self.num_threads, graph.guest_decoder)
        budget = Budget(settings.choose_budget(max_bad), passes.steps * self.batch_size)
        faults = Faults(source, on_error, Quarantine(source, quarantine), budget, graph.max_pixels, seed)
        stall = Stall(seconds(_CALLER, "stall_after", stall_after), seconds(_CALLER, "timeout", timeout or None))
        stats = Stats()
        # Not a method: without a cycle, the loader's threads end when it is deleted.
        batch_size, num_threads = self.batch_size, self.num_threads
        drawing = Threads("fastmix-draw", 1) if graph.masks else None
        self._machinery = Machinery(
            drafter=Drafter(passes, policy, size, faults, drawing, augments),
            maker=BatchMaker(source, graph, made_targets, self.device, bool(return_plan), bool(return_index)),
            retries=Retries(faults, graph, self.device, stats, judge),
            queue=DaliQueue(lambda: build(graph, batch_size, num_threads), self.device, stall),
            readers=None if source.delivers in IN_FILES else ReaderPool(source, self.num_workers),
            stall=stall,
            stats=stats,
            depth=self.depth,
        )
        self._progress = Progress(passes.steps)
        self._restarts = Restarts()
        self._prepared = False  # by fastmix.integrations.accelerate
        self._fingerprint: str | None = None

    def __len__(self) -> int:
        """Steps per epoch, the same on every rank."""
        return self._decided().steps

    def __iter__(self) -> EpochIterator:
        """Start the epoch anew, or after ``load_state_dict`` where it was left. Ends the iterator before."""
        passes = self._decided()
        with one_thread(self._machinery.busy):
            size = self._chosen.size_at(self._progress.position()[0])
            self._machinery = resized(self._machinery, size, self.batch_size, self.num_threads)
            if self._machinery.maker.graph.train:
                self._restarts.check(self._progress, passes.order.rank)
                settings.warn_of_empty_batches(passes.order)
            check_unprepared(self._prepared, self._machinery.maker.graph.train, passes.order)
            return EpochIterator(self._machinery, self._progress)

    def _decided(self) -> Passes:
        """Return the passes, divided among the ranks, which are decided now at the latest."""
        rank, world_size = self._ranks.decide()
        drafter = self._machinery.drafter
        passes = drafter.passes
        if isinstance(passes.order.kind, ByBlock):
            self.source.read_by_block(world_size == 1)
        if (rank, world_size) != (passes.order.rank, passes.order.world_size):
            order = replace(passes.order, rank=rank, world_size=world_size)
            passes = Passes(order, self._arguments["steps_per_epoch"])
            self._machinery = replace(self._machinery, drafter=replace(drafter, passes=passes))
            self._progress.steps = passes.steps
        return passes
