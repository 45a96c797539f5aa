"""``pack``: writes a data set as shards that load faster."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fastmix.arguments import choose_threads, one_of
from fastmix.loader.faults.errors import BadSample
from fastmix.loader.faults.judge import Judge
from fastmix.loader.settings import MAX_PIXELS
from fastmix.loader.sources.class_names import IdNames
from fastmix.loader.sources.hints import Column, Hints
from fastmix.loader.sources.kinds import open_source
from fastmix.loader.sources.shard_classes import CLASSES, MOST_CLASSES
from fastmix.loader.sources.source import Path, Source
from fastmix.packing import target
from fastmix.packing.check import check_pack
from fastmix.packing.durable import write_json
from fastmix.packing.encoding import check_libraries
from fastmix.packing.members import shard_pattern
from fastmix.packing.options import CALLER, RESTART_INTERVAL, choose_options
from fastmix.packing.order import parts_of
from fastmix.packing.originals import Originals
from fastmix.packing.part_packer import PartPacker
from fastmix.packing.record import PackRecord
from fastmix.packing.workers import workers

ON_ERROR = ("raise", "skip")


@dataclass(frozen=True)
class Packed:
    """What :func:`pack` wrote.

    Attributes:
        parts: by name, the pattern of the shards, as ``fastmix.DataLoader`` takes it.
        samples: number of samples in the shards.
        shards: number of shards.
        source_bytes: of the packed samples' originals.
        bytes: of the shards.
        bad_samples: the samples that were left out, and why.
    """

    parts: dict[str, str]
    samples: int
    shards: int
    source_bytes: int
    bytes: int
    bad_samples: tuple[BadSample, ...]


def pack(
    data: object,
    out: Path,
    *,
    shards: int | str = "1GB",
    shuffle: int | None = None,
    split: Mapping[str, float] | None = None,
    jobs: int | None = None,
    max_side: int | None = None,
    quality: int | None = None,
    restart_interval: int = RESTART_INTERVAL,
    max_pixels: int = MAX_PIXELS,
    on_error: str = "raise",
    check: bool = False,
    progress: Callable[[int, int], None] | None = None,
    classes: Sequence[str] | None = None,
    root: Path | None = None,
    path_column: str | int | None = None,
    label_column: Column | None = None,
    image_key: str | None = None,
    label_key: str | None = None,
) -> Packed:
    """Write a data set as WebDataset shards that load faster, without changing a pixel.

    JPEGs are written anew from their coefficients: with restart markers, so that decoding a crop reads only the
    blocks that it shows, and with the best Huffman tables. Their other markers stay. Progressive JPEGs become
    sequential. Files of other formats, and JPEGs that libjpeg-turbo does not read without a warning, keep their bytes;
    pixels become PNGs. Each shard has an index beside it, and ``classes.json`` has the classes' names.

    A shard gets its name when it is whole and on the disk. Packing the same data with the same options into the same
    folder again goes on after the last finished shard, and ends with the same bytes. Without ``shuffle`` and
    ``split`` the samples keep their order, and the loader's batches are those of ``data``, bit for bit.

    Args:
        data: as ``fastmix.DataLoader`` takes it.
        out: a local folder: new, empty, or with a pack that was interrupted.
        shards: bytes of a shard at most, as a number or a text such as ``"1GB"``.
        shuffle: seed of a random order; None keeps the order of the data.
        split: names of parts and their shares, ``{"train": 0.9, "val": 0.1}``; samples are drawn by the seed.
        jobs: threads; by default, this process's share of the CPUs.
        max_side: shrink larger images until no side is longer, in pixels, and write them as JPEGs of quality 90.
        quality: write every image as a JPEG of this quality, 1 to 100, or the shrunken ones of ``max_side``.
        restart_interval: MCUs (8 x 8 to 16 x 16 pixels) between restart markers; 0 leaves JPEGs as they are.
        max_pixels: images whose header claims more are bad.
        on_error: ``"raise"``, or ``"skip"`` to leave out samples that cannot be decoded.
        check: verify the digests of all shards, and compare the pixels and labels of every sample with the data.
        progress: called with the number of samples that are done, and of all.
        classes: as of ``fastmix.DataLoader``.
        root: as of ``fastmix.DataLoader``.
        path_column: as of ``fastmix.DataLoader``.
        label_column: as of ``fastmix.DataLoader``.
        image_key: as of ``fastmix.DataLoader``.
        label_key: as of ``fastmix.DataLoader``.

    Returns:
        What was written, in this call and in interrupted ones before it.

    Raises:
        ImportError: fastmix was built without libjpeg-turbo, or an option needs Pillow.
        OSError: the disk is full; finished shards stay.
        TypeError: an argument is of another type, or the data of no known kind.
        ValueError: an argument is out of range, ``out`` has other contents or a pack of other data or options, a
            sample cannot be decoded, or the check finds a difference.

    Example::

        packed = fastmix.pack("imagenet/train", "packed")
        loader = fastmix.DataLoader("packed/shard-*.tar", batch_size=256, size=224)
    """
    options = choose_options(shards, shuffle, split, max_side, quality, restart_interval, max_pixels)
    one_of(CALLER, "on_error", on_error, ON_ERROR)
    threads = choose_threads(CALLER, "jobs", jobs)
    folder = target.choose_folder(out)
    source = open_source(data, Hints(classes, root, path_column, label_column, image_key, label_key))
    check_libraries(options, source.delivers == "pixels")
    parts = parts_of(len(source), options)
    names = [name for name, _ in parts]
    done = 0

    def advance(samples: int) -> None:
        nonlocal done
        done += samples
        if progress is not None:
            progress(done, len(source))

    with target.opened(folder):
        target.check_contents(folder, names)
        record = PackRecord(folder, source, options)
        record.refuse_skipped(on_error == "skip")
        target.remove_leftovers(folder, names, {shard.name for shard in record.shards})
        record.begin()
        with workers(threads) as pool:
            originals = Originals(source)
            judge = Judge(originals, options.max_pixels, threads)
            packer = PartPacker(folder, originals, options, judge, pool, on_error == "skip")
            for name, order in parts:
                packer.pack(name, order, record, advance)
            _write_classes(folder, source, record)
            record.end()
            if check:
                check_pack(folder, source, options, record, dict(parts), pool)
    return Packed(
        {name: shard_pattern(folder, name) for name in names},
        sum(shard.samples for shard in record.shards),
        len(record.shards),
        sum(shard.source_bytes for shard in record.shards),
        sum(shard.bytes for shard in record.shards),
        tuple(BadSample(path, reason) for shard in record.shards for path, reason in shard.skipped),
    )


def _write_classes(folder: str, source: Source, record: PackRecord) -> None:
    """Write ``classes.json``: names, or the number of classes if they have none."""
    names = list(source.classes)[:0] if isinstance(source.classes, IdNames) else list(source.classes)
    count = max([len(source.classes), *(shard.classes for shard in record.shards)])
    if names or 0 < count <= MOST_CLASSES:
        write_json(os.path.join(folder, CLASSES), names or count)
