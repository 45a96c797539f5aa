"""What the scripts share of their command lines, and their progress bar."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.paper.claims import Claim
from benchmarks.paper.report import Report

# Where the committed results are.
RESULTS = Path(__file__).parent / "results"


def parser(description: str | None, data: str | None) -> argparse.ArgumentParser:
    """The options that all scripts have; ``data`` says what ``--data`` expects, None that there is no such option."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    form = result.add_mutually_exclusive_group()
    if data is not None:
        form.add_argument("--data", type=Path, metavar="PATH", help=f"train at full size on {data}")
    result.add_argument("--seeds", type=int, metavar="K", help="number of runs of everything, seeds 0 to K - 1")
    form.add_argument("--quick", action="store_true", help="one seed and a few steps: does it run")
    result.add_argument("--out", type=Path, default=Path("build/paper"), help="folder for JSON, figure, checkpoints")
    return result


def form_of(arguments: argparse.Namespace) -> str:
    """``"quick"``, ``"full"`` or ``"small"``."""
    if arguments.quick:
        return "quick"
    return "full" if getattr(arguments, "data", None) is not None or getattr(arguments, "full", False) else "small"


def seeds_of(arguments: argparse.Namespace, default: int) -> list[int]:
    """0 to K - 1.

    Raises:
        ValueError: K is below 1.
    """
    count = arguments.seeds if arguments.seeds is not None else 1 if arguments.quick else default
    if count < 1:
        raise ValueError(f"--seeds: expected at least 1, got {count}")
    return list(range(count))


def device() -> torch.device:
    """The GPU of this process, or the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


@contextlib.contextmanager
def progress(name: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar of ``total`` steps on standard error, of the first rank; yields what advances it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console, silent = Console(stderr=True), os.environ.get("RANK", "0") != "0"
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=silent) as bar:
        task = bar.add_task(name, total=total)
        yield lambda: bar.advance(task)


def finish(report: Report, claims: Sequence[Claim], folder: Path) -> None:
    """Print the table and the verdicts, and write the JSON."""
    report.print(claims)
    print(f"written: {report.save(folder, claims)}")
