"""``fastmix scan``: finds samples that cannot be decoded, before training does, and says what the data holds."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from fastmix.cli.data_options import Data, reads_data
from fastmix.cli.output import JsonFile, console_beside, progress_bar, write_json

if TYPE_CHECKING:
    from fastmix.loader.faults.errors import BadSample
    from fastmix.loader.faults.judge import Judge
    from fastmix.loader.faults.quarantine import Quarantine
    from fastmix.loader.sources.source import Source

CHUNK = 64
SHOWN = 20
BAD = 1


@reads_data
def scan(
    data: Data,
    quarantine: Annotated[
        Path | None, typer.Option(help="File to add the bad samples to; the DataLoader reads it as quarantine=.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads that decode.", min=1)] = None,
    max_pixels: Annotated[int | None, typer.Option(help="Larger images are bad.", min=1)] = None,
    decode_with_pillow: Annotated[
        bool, typer.Option("--decode-with-pillow", help="Pillow decodes GIF, AVIF and JPEG 2000; else they are bad.")
    ] = False,
    json_file: JsonFile = None,
    *,
    hints: dict[str, Any],
) -> None:
    """Find samples that cannot be decoded, and describe the data.

    Decodes every sample once. Ends with status 1 if there are bad ones. Also counts classes, formats, sizes and
    duplicates. Pillow reads the headers; nothing is changed.
    """
    # These import torch and DALI, which takes seconds.
    from fastmix.arguments import choose_threads
    from fastmix.cli.census import census
    from fastmix.dali.pillow import pillow_decoder
    from fastmix.loader.faults.judge import Judge
    from fastmix.loader.faults.quarantine import Quarantine
    from fastmix.loader.settings import MAX_PIXELS

    console = console_beside(json_file)
    source, ignored = open_and_listen(data, hints)
    known = Quarantine(source, quarantine)
    known.refresh()
    threads = choose_threads("scan", "threads", threads)
    judge = Judge(source, max_pixels or MAX_PIXELS, threads, pillow_decoder() if decode_with_pillow else 0)
    with progress_bar(console) as progress:
        looking = progress.add_task("reading headers", total=len(source))
        found = census(source, threads, lambda count: progress.advance(looking, count))
        decoding = progress.add_task("decoding", total=len(source))
        bad = []
        for start in range(0, len(source), CHUNK):
            samples = np.arange(start, min(start + CHUNK, len(source)))
            bad += bad_samples(judge, source, known, samples)
            progress.advance(decoding, len(samples))
    report_bad(bad, len(source), console)
    report_census(found, ignored, console)
    write_json(
        {"samples": len(source), "bad": [sample._asdict() for sample in bad], "ignored": ignored, **found}, json_file
    )
    if bad:
        raise typer.Exit(BAD)


def open_and_listen(data: str, hints: dict[str, Any]) -> tuple[Source, list[str]]:
    """Open the data; return the warnings of files and samples that are left out beside it."""
    from fastmix.loader.sources.hints import Hints
    from fastmix.loader.sources.kinds import open_source
    from fastmix.loader.sources.source import IgnoredFilesWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source = open_source(data, Hints(**hints))
    ignored = [str(warning.message) for warning in caught if issubclass(warning.category, IgnoredFilesWarning)]
    for warning in caught:
        if not issubclass(warning.category, IgnoredFilesWarning):
            warnings.warn(warning.message, stacklevel=2)
    return source, ignored


def bad_samples(judge: Judge, source: Source, known: Quarantine, samples: np.ndarray) -> list[BadSample]:
    """Return the bad ones of these samples, and remember those that stay bad."""
    from fastmix.loader.faults.errors import BadSample

    found = []
    for sample, fault in judge.faults(samples).items():
        found.append(BadSample(source.path(sample), fault.reason))
        if not fault.retry:
            known.add(sample, found[-1])
    return found


def report_bad(bad: list[BadSample], samples: int, console: Console) -> None:
    """Print how many samples are bad, the reasons, and the first bad samples."""
    console.print(f"{samples} samples, {len(bad)} of them bad")
    if not bad:
        return
    reasons = Table("samples", "reason")
    for reason, count in Counter(sample.reason for sample in bad).most_common(SHOWN):
        reasons.add_row(str(count), reason)
    console.print(reasons)
    for sample in bad[:SHOWN]:
        console.print(f"{sample.path}: {sample.reason}", highlight=False, markup=False)
    if len(bad) > SHOWN:
        console.print(f"and {len(bad) - SHOWN} more")


def report_census(found: dict[str, Any], ignored: list[str], console: Console) -> None:
    """Print what the data holds."""
    lines = [f"ignored: {text}" for text in ignored]
    if (classes := found["classes"]) is not None:
        counts = sorted(classes.items(), key=lambda item: -item[1])
        names = ", ".join(f"{name} {count}" for name, count in counts[:SHOWN])
        more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
        lines.append(f"{len(counts)} classes: {names}{more}")
    if (size := found["kilobytes"]) is not None:
        lines.append(f"kilobytes: {spread_text(size)}")
    if (headers := found["headers"]) is not None and headers["read"]:
        lines.append("formats: " + ", ".join(f"{name} {count}" for name, count in headers["formats"].items()))
        lines.append("colours: " + ", ".join(f"{name} {count}" for name, count in headers["modes"].items()))
        lines.append(f"megapixels: {spread_text(headers['megapixels'])}")
        lines.append(f"rotated by EXIF: {headers['rotated_by_exif']}, animated: {headers['animated']}")
    elif headers is None:
        lines.append("formats and megapixels: not read; they need Pillow and local files or shards")
    if (copies := found["duplicates"]) is not None:
        lines.append(
            f"duplicates: {copies['samples']}, {len(copies['with_different_labels'])} groups with different labels"
        )
        lines += [f"  {' = '.join(group)}" for group in copies["groups"][:SHOWN]]
    for line in lines:
        console.print(line, highlight=False, markup=False)


def spread_text(spread: dict[str, float]) -> str:
    """Return ``min to max, median``."""
    return f"{spread['min']:.3g} to {spread['max']:.3g}, median {spread['median']:.3g}"
