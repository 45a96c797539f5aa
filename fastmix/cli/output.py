"""Output of the commands: tables for people, JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

STDOUT = Path("-")

JsonFile = Annotated[
    Path | None, typer.Option("--json", help="File for the findings as JSON; - is standard output.", show_default=False)
]


def console_beside(out: Path | None) -> Console:
    """Return the console for people: standard error if the JSON goes to standard output."""
    return Console(stderr=out == STDOUT, soft_wrap=True)


def write_json(found: Any, out: Path | None) -> None:
    """Write findings to a file or to standard output; None writes nothing."""
    text = json.dumps(found, indent=2)
    if out == STDOUT:
        typer.echo(text)
    elif out is not None:
        out.write_text(text + "\n")


def progress_bar(console: Console) -> Progress:
    """Return a bar with counts and seconds."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)
