"""``fastmix bench``: images per second by threads, and whether they keep up with a training step."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

import fastmix
from fastmix.cli.data_options import Data, reads_data
from fastmix.cli.output import JsonFile, console_beside, write_json

if TYPE_CHECKING:
    from fastmix.loader.sources.source import Source

# Batches of an epoch that does not end while it is measured.
ENDLESS = 10**6
# Steps that let the loader work ahead, as it has in the middle of an epoch, and steps to judge by at least.
FIRST_STEPS, LEAST_STEPS = 4, 8
# A loader that makes the consumer wait for a smaller share of the time keeps up.
IDLE_SHARE = 0.05


class Rival(StrEnum):
    """The loaders that fastmix is compared with."""

    torch = "torch"
    dali = "dali"


@reads_data
def bench(
    data: Data,
    size: Annotated[int, typer.Option(help="Side of the training images, in pixels.", min=1)] = 224,
    batch_size: Annotated[int, typer.Option(help="Images per batch.", min=1)] = 64,
    threads: Annotated[
        str | None, typer.Option(help="Numbers of decoding threads, such as 1,2,4; by default all CPUs.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="torch, dali or torch,dali: the same crops by these, without mixing.")
    ] = None,
    step_ms: Annotated[
        float | None, typer.Option(help="Milliseconds that a training step takes: does the loader keep up?", min=0.001)
    ] = None,
    seconds: Annotated[float, typer.Option(help="Seconds of each measurement.", min=0.01)] = 3.0,
    json_file: JsonFile = None,
    *,
    hints: dict[str, Any],
) -> None:
    """Measure images per second: does the loader keep up?

    The loader mixes. The rivals crop, resize, mirror and normalise the same files, on as many threads or processes.
    """
    from fastmix.loader.sources.hints import Hints
    from fastmix.loader.sources.kinds import open_source

    counts = read_counts(threads)
    rivals = read_rivals(against)
    source = open_source(data, Hints(**hints))
    batch_size = min(batch_size, len(source))
    console = console_beside(json_file)
    rows = []
    for count in counts:
        rows.append(measure_fastmix(source, batch_size, size, count, seconds, step_ms))
        for rival in rivals:
            rows.append(measure_rival(rival, source, batch_size, size, count, seconds))
    console.print(table(rows, batch_size, size))
    answer = None if step_ms is None else verdict([row for row in rows if row["loader"] == "fastmix"], step_ms)
    if answer is not None:
        console.print(answer, highlight=False)
    write_json({"batch_size": batch_size, "size": size, "step_ms": step_ms, "rows": rows, "verdict": answer}, json_file)


def read_counts(threads: str | None) -> list[int]:
    """Return the numbers of ``--threads``, or this process's CPUs."""
    if threads is None:
        from fastmix.arguments import choose_threads

        return [choose_threads("bench", "threads", None)]
    parts = [part.strip() for part in threads.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(f"expected --threads as numbers of at least 1, such as 1,2,4, got {threads!r}")
    return [int(part) for part in parts]


def read_rivals(against: str | None) -> list[Rival]:
    """Return the rivals of ``--against``."""
    names = [] if against is None else [name.strip() for name in against.split(",")]
    if others := [name for name in names if name not in list(Rival)]:
        raise ValueError(f"expected --against to name {' or '.join(Rival)}, got {', '.join(map(repr, others))}")
    return [Rival(name) for name in names]


def measure_fastmix(
    source: Source, batch_size: int, size: int, threads: int, seconds: float, step_ms: float | None
) -> dict[str, Any]:
    """Measure the loader, with mixup if there are labels; with ``step_ms`` also under a consumer that sleeps."""
    mix = None if source.unlabelled else fastmix.Mixup(0.2)
    loader = fastmix.DataLoader(source, batch_size, size, mix=mix, num_threads=threads, steps_per_epoch=ENDLESS)
    batches = (images for images, _ in loader)
    row: dict[str, Any] = {"loader": "fastmix", "threads": threads}
    row["images_per_second"] = drain(batches, seconds, threads)
    if step_ms is not None:
        row["wait_share"] = wait_share(batches, seconds, step_ms)
        row["step_seconds"] = batch_size / row["images_per_second"]
    return row


def measure_rival(
    rival: Rival, source: Source, batch_size: int, size: int, count: int, seconds: float
) -> dict[str, Any]:
    """Measure torch's DataLoader or DALI over the same files."""
    from fastmix.cli.rivals import dali_batches, torch_batches

    make = {Rival.torch: torch_batches, Rival.dali: dali_batches}[rival]
    return {
        "loader": rival.value,
        "threads": count,
        "images_per_second": drain(make(source, batch_size, size, count), seconds, count),
    }


def drain(batches: Iterator[Any], seconds: float, threads: int) -> float:
    """Return images per second of a consumer that takes every batch at once."""
    for _ in range(2 * threads + 2):  # what torch's workers have made ahead meanwhile, and one more
        synchronize(next(batches))
    images = 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds or not images:
        batch = next(batches)
        images += len(batch)
        synchronize(batch)
    return images / elapsed


def wait_share(batches: Iterator[Any], seconds: float, step_ms: float) -> float:
    """Return the share of the time that a consumer waits which works ``step_ms`` on every batch."""
    waited, start = 0.0, 0.0
    for step in itertools.count(-FIRST_STEPS):
        if step == 0:
            waited, start = 0.0, time.perf_counter()
        if step >= LEAST_STEPS and time.perf_counter() - start >= seconds:
            return waited / (time.perf_counter() - start)
        asked = time.perf_counter()
        synchronize(next(batches))
        waited += time.perf_counter() - asked
        time.sleep(step_ms / 1e3)
    raise AssertionError  # count() has no end


def synchronize(batch: Any) -> None:
    """Wait until a batch on the GPU is there."""
    if batch.is_cuda:
        import torch

        torch.cuda.synchronize(batch.device)


def table(rows: list[dict[str, Any]], batch_size: int, size: int) -> Table:
    """Return the measurements as a table."""
    result = Table(title=f"batches of {batch_size} x {size} x {size}")
    columns = {"loader": "loader", "threads": "threads", "images_per_second": "images/s", "wait_share": "waiting"}
    shown = [name for name in columns if any(name in row for row in rows)]
    for name in shown:
        result.add_column(columns[name], justify="left" if name == "loader" else "right")
    for row in rows:
        wait = f"{100 * row['wait_share']:.0f} %" if "wait_share" in row else ""
        cells = {**row, "images_per_second": f"{row['images_per_second']:.0f}", "wait_share": wait}
        result.add_row(*(str(cells[name]) for name in shown))
    return result


def verdict(rows: list[dict[str, Any]], step_ms: float) -> str:
    """Return one sentence: which number of threads feeds this step, or what the fastest one feeds."""
    enough = [row for row in rows if row["wait_share"] < IDLE_SHARE]
    if enough:
        first = min(enough, key=lambda row: row["threads"])
        return f"keeps up: with {counted(first)} a step of {step_ms:g} ms waits {first['wait_share']:.1%}"
    best = min(rows, key=lambda row: row["step_seconds"])
    fed = f"{counted(best)} can feed a step of {1e3 * best['step_seconds']:.0f} ms"
    if 1e3 * best["step_seconds"] > step_ms:
        return f"decode-bound: {fed}, and this one takes {step_ms:g} ms; see docs/speed/bottleneck.md"
    return (
        f"nearly keeps up: {fed}, but one of {step_ms:g} ms waits {best['wait_share']:.1%}, since batches differ or "
        "other programs use the CPUs"
    )


def counted(row: dict[str, Any]) -> str:
    """Return a row's number of threads with its noun."""
    return "1 thread" if row["threads"] == 1 else f"{row['threads']} threads"
