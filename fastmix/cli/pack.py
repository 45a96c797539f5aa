"""``fastmix pack``: writes a data set as shards that load faster."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from fastmix.cli.data_options import Data, reads_data
from fastmix.cli.output import JsonFile, console_beside, progress_bar, write_json

if TYPE_CHECKING:
    from fastmix.packing.pack import Packed

SHOWN = 20


@reads_data
def pack(
    data: Data,
    out: Annotated[Path, typer.Argument(help="Folder for the shards: new, empty, or with an interrupted pack.")],
    shards: Annotated[str, typer.Option(help="Bytes of a shard at most.")] = "1GB",
    shuffle: Annotated[
        int | None, typer.Option(help="Seed of a random order; without it, the order of the data.", min=0)
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="A part and its share, train=0.9, once per part.", show_default=False),
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Threads.", min=1)] = None,
    max_side: Annotated[int | None, typer.Option(help="Shrink larger images to this many pixels.", min=1)] = None,
    quality: Annotated[
        int | None, typer.Option(help="Write images anew as JPEGs of this quality.", min=1, max=100)
    ] = None,
    restart_interval: Annotated[
        int, typer.Option(help="MCUs between restart markers of JPEGs; 0 leaves JPEGs as they are.", min=0)
    ] = 4,
    max_pixels: Annotated[int | None, typer.Option(help="Larger images are bad.", min=1)] = None,
    on_error: Annotated[str, typer.Option(help="What becomes of bad samples: raise or skip.")] = "raise",
    check: Annotated[bool, typer.Option("--check", help="Compare the shards with the data, pixel by pixel.")] = False,
    json_file: JsonFile = None,
    *,
    hints: dict[str, Any],
) -> None:
    """Write a data set as WebDataset shards that load faster, without changing a pixel.

    JPEGs get restart markers and the best Huffman tables; other files keep their bytes. The same command again goes
    on after the last finished shard.
    """
    # These import torch and DALI, which takes seconds.
    import fastmix
    from fastmix.loader.settings import MAX_PIXELS

    console = console_beside(json_file)
    with progress_bar(console) as progress:
        packing = progress.add_task("packing", total=None)
        packed = fastmix.pack(
            data,
            out,
            shards=int(shards) if shards.isdecimal() else shards,
            shuffle=shuffle,
            split=parts_from(split),
            jobs=jobs,
            max_side=max_side,
            quality=quality,
            restart_interval=restart_interval,
            max_pixels=max_pixels or MAX_PIXELS,
            on_error=on_error,
            check=check,
            progress=lambda done, total: progress.update(packing, completed=done, total=total),
            **hints,
        )
    report(packed, console)
    write_json({**asdict(packed), "bad_samples": [bad._asdict() for bad in packed.bad_samples]}, json_file)


def parts_from(split: list[str] | None) -> dict[str, float] | None:
    """Return the parts' shares of options like ``train=0.9``.

    Raises:
        ValueError: an option has another form, or names a part twice.
    """
    if not split:
        return None
    parts: dict[str, float] = {}
    for option in split:
        name, _, share = option.partition("=")
        try:
            if name in parts:
                raise ValueError
            parts[name] = float(share)
        except ValueError:
            raise ValueError(f"expected --split NAME=SHARE, once per name, got {option!r}") from None
    return parts


def report(packed: Packed, console: Console) -> None:
    """Print what was written, and the samples that were left out."""
    share = f", {packed.bytes / packed.source_bytes:.3f} of the data's" if packed.source_bytes else ""
    lines = [f"{packed.samples} samples in {packed.shards} shards, {packed.bytes / 1e6:.1f} MB{share}"]
    lines += [f"{name}: {pattern}" for name, pattern in packed.parts.items()]
    if packed.bad_samples:
        lines.append(f"left out: {len(packed.bad_samples)} bad samples")
        lines += [f"  {bad.path}: {bad.reason}" for bad in packed.bad_samples[:SHOWN]]
        if len(packed.bad_samples) > SHOWN:
            lines.append(f"  and {len(packed.bad_samples) - SHOWN} more (see pack.json)")
    for line in lines:
        console.print(line, highlight=False, markup=False)
