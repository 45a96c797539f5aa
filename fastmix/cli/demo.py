"""``fastmix demo``: loads photographs, mixes them, and writes a picture and figures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

import fastmix
from fastmix.cli.demo_data import write_photos
from fastmix.cli.output import JsonFile, console_beside, progress_bar, write_json

if TYPE_CHECKING:
    import torch

CLASSES = 5
REPEATS = 9


def demo(
    out: Annotated[Path, typer.Option(help="Where grid.png and summary.json go.")] = Path("build/demo"),
    count: Annotated[int, typer.Option(help="How many photographs to write and load.", min=16)] = 500,
    batch_size: Annotated[int, typer.Option(help="Images per batch.", min=2)] = 64,
    size: Annotated[int, typer.Option(help="Side of the training images, in pixels.", min=8)] = 224,
    json_file: JsonFile = None,
) -> None:
    """Load and mix photographs, and measure both."""
    console = console_beside(json_file)
    photos = write_photos(out / "photos", count=count, classes=CLASSES, seed=0)
    loader = fastmix.DataLoader(
        photos, batch_size=batch_size, size=size, mix=fastmix.Mixup(alpha=0.4, per="pair"), last_batch="partial"
    )
    seconds = run_epoch(loader, count, console)
    images, targets = next(iter(loader))
    loader.preview().savefig(out / "grid.png", dpi=80)
    naive_ms, fastmix_ms = compare_mixing(images)
    summary = {
        "images": count,
        "seconds": round(seconds, 3),
        "images_per_second": round(count / seconds, 1),
        "device": images.device.type,
        "naive_ms": round(naive_ms, 3),
        "fastmix_ms": round(fastmix_ms, 3),
        "speedup": round(naive_ms / fastmix_ms, 2),
    }
    write_json(summary, out / "summary.json")
    write_json(summary, json_file)
    shape = "x".join(map(str, images.shape))
    console.print(f"{count / seconds:.0f} images/s on {images.device.type}, targets {tuple(targets.shape)}")
    console.print(
        f"mixing one {shape} float32 batch: torch {naive_ms:.2f} ms, fastmix in place {fastmix_ms:.2f} ms "
        f"({summary['speedup']:.1f}x)"
    )
    console.print(f"wrote {out / 'grid.png'} and {out / 'summary.json'}")


def run_epoch(loader: fastmix.DataLoader, count: int, console: Console) -> float:
    """Seconds that one epoch over ``count`` images takes, shown under a progress bar."""
    with progress_bar(console) as progress:
        task = progress.add_task("loading with mixup", total=count)
        start = time.perf_counter()
        for images, _ in loader:
            progress.advance(task, len(images))
        synchronize(images)
        return time.perf_counter() - start


def synchronize(images: torch.Tensor) -> None:
    if images.is_cuda:
        import torch

        torch.cuda.synchronize(images.device)


def compare_mixing(images: torch.Tensor) -> tuple[float, float]:
    """Median milliseconds of the torch expression and of ``mix_`` on this batch, measured in turns."""
    batch = len(images)
    plan = fastmix.Mixup(alpha=0.4).plan(batch, seed=1)
    weight = float(plan.weight_out[0])
    partner = plan.partner.long().to(images.device)

    def naive() -> None:
        weight * images + (1 - weight) * images[partner]

    def ours() -> None:
        fastmix.mix_(images, plan)

    times: dict[Callable[[], None], list[float]] = {naive: [], ours: []}
    for repeat in range(REPEATS + 2):
        for run in times:
            synchronize(images)
            start = time.perf_counter()
            run()
            synchronize(images)
            if repeat >= 2:
                times[run].append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[naive]), statistics.median(times[ours])
