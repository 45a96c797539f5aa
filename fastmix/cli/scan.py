"""``fastmix scan``: finds samples that cannot be decoded, before training does."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fastmix.arguments import choose_threads

if TYPE_CHECKING:
    from fastmix.loader.faults.errors import BadSample

CHUNK = 64
SHOWN = 20


def scan(
    data: Annotated[str, typer.Argument(help="Folder of class folders, manifest, tar shards or URL.")],
    quarantine: Annotated[
        Path | None, typer.Option(help="File to add the bad samples to; the DataLoader reads it as quarantine=.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads that decode.", min=1)] = None,
    root: Annotated[
        str | None, typer.Option(help="Folder or URL of relative paths; {} in it stands for a path.")
    ] = None,
    path_column: Annotated[
        str | None, typer.Option(help="A manifest's column of paths: its name, or its place if there is no header.")
    ] = None,
    label_column: Annotated[str | None, typer.Option(help="Its column of labels, likewise.")] = None,
    image_key: Annotated[str | None, typer.Option(help="The image of a sample with several.")] = None,
    label_key: Annotated[str | None, typer.Option(help="The label, likewise.")] = None,
    max_pixels: Annotated[int | None, typer.Option(help="Larger images are bad.", min=1)] = None,
    decode_with_pillow: Annotated[
        bool, typer.Option("--decode-with-pillow", help="Pillow decodes GIF, AVIF and JPEG 2000; else they are bad.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--json", help="File for the findings.")] = None,
) -> None:
    """Decode every sample once and report those that cannot be decoded. Ends with status 1 if there are any."""
    # These import DALI, which takes a second; the other commands do without.
    from fastmix.dali.pillow import pillow_decoder
    from fastmix.loader.faults.errors import BadSample
    from fastmix.loader.faults.judge import Judge
    from fastmix.loader.faults.quarantine import Quarantine
    from fastmix.loader.settings import MAX_PIXELS
    from fastmix.loader.sources.hints import Hints
    from fastmix.loader.sources.kinds import open_source

    console = Console()
    try:
        source = open_source(data, Hints(None, root, _column(path_column), _column(label_column), image_key, label_key))
        known = Quarantine(source, quarantine)
        known.refresh()
        guest = pillow_decoder() if decode_with_pillow else 0
    except (ImportError, OSError, TypeError, ValueError) as error:
        # Status 2, since 1 means bad samples.
        typer.echo(f"scan: {error}", err=True)
        raise typer.Exit(2) from error
    judge = Judge(source, max_pixels or MAX_PIXELS, choose_threads("scan", "threads", threads), guest)
    found: dict[int, BadSample] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("decoding", total=len(source))
        for start in range(0, len(source), CHUNK):
            samples = np.arange(start, min(start + CHUNK, len(source)))
            for sample, fault in judge.faults(samples).items():
                found[sample] = BadSample(source.path(sample), fault.reason)
                if not fault.retry:
                    known.add(sample, found[sample])
            progress.advance(task, len(samples))
    report(list(found.values()), len(source), console)
    if out is not None:
        bad = [sample._asdict() for sample in found.values()]
        out.write_text(json.dumps({"samples": len(source), "bad": bad}, indent=2) + "\n")
    if found:
        raise typer.Exit(1)


def _column(text: str | None) -> str | int | None:
    """Return a column's name, or its place."""
    return int(text) if text is not None and text.isdecimal() else text


def report(bad: list[BadSample], samples: int, console: Console) -> None:
    """Print how many samples are bad, the reasons, and the first bad samples."""
    console.print(f"{samples} samples, {len(bad)} of them bad")
    if not bad:
        return
    reasons = Table("samples", "reason")
    for reason, count in Counter(sample.reason for sample in bad).most_common(SHOWN):
        reasons.add_row(str(count), reason)
    console.print(reasons)
    for sample in bad[:SHOWN]:
        console.print(f"{sample.path}: {sample.reason}", highlight=False, markup=False, soft_wrap=True)
    if len(bad) > SHOWN:
        console.print(f"and {len(bad) - SHOWN} more")
