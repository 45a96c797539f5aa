"""``fastmix doctor``: checks the installation, and with data a run by stage."""

from __future__ import annotations

import time
import warnings
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

import fastmix
from fastmix.cli import checks, gpu_checks
from fastmix.cli.checks import Check
from fastmix.cli.data_options import reads_data
from fastmix.cli.output import JsonFile, console_beside, write_json

FAILED = 1
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
# In this order: a later check may need what an earlier one has found to work.
INSTALLATION = (
    checks.check_platform,
    checks.check_versions,
    checks.check_cpus,
    gpu_checks.check_driver,
    checks.check_torch_operators,
    checks.check_kernels,
    gpu_checks.check_gpu,
    checks.check_dali_operators,
    checks.check_jpeg,
    checks.check_ranks,
    checks.check_extras,
)


@reads_data
def doctor(
    data: Annotated[str | None, typer.Argument(help="Data to try, as DataLoader takes it.", show_default=False)] = None,
    size: Annotated[int, typer.Option(help="Side of the training images, in pixels.", min=1)] = 224,
    batch_size: Annotated[int, typer.Option(help="Images per batch.", min=1)] = 64,
    seconds: Annotated[float, typer.Option(help="Seconds of the run over the data.", min=0.01)] = 3.0,
    json_file: JsonFile = None,
    *,
    hints: dict[str, Any],
) -> None:
    """Check the installation, and with data a short run.

    Each line is ok, warn or fail, with the repair. Ends with status 1 if a check fails.
    """
    console = console_beside(json_file)
    report: list[Check] = []
    for check in INSTALLATION:
        report.append(run(check))
        show(report[-1], console)
    stages = None
    if data is not None and not any(check.status == "fail" for check in report):
        outcome, stages = try_data(data, size, batch_size, seconds, hints)
        report.append(outcome)
        show(outcome, console)
    write_json({"checks": [check._asdict() for check in report], "run": stages}, json_file)
    if any(check.status == "fail" for check in report):
        raise typer.Exit(FAILED)


def run(check: Any) -> Check:
    """Make one check; one that cannot even be made fails, so that the others still come."""
    try:
        result: Check = check()
    except Exception as error:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return Check("fail", name, text, "repair the failures above first")
    return result


def show(check: Check, console: Console) -> None:
    """Print one line, and the repair below it."""
    line = Text.assemble((f"{check.status:5}", COLOURS[check.status]), f"{check.name}: {check.text}")
    console.print(line)
    if check.repair:
        console.print(Text(f"     repair: {check.repair}"))


def try_data(
    data: str, size: int, batch_size: int, seconds: float, hints: dict[str, Any]
) -> tuple[Check, dict[str, Any]]:
    """Load batches for some seconds with a consumer that does nothing; return the outcome and the loader's stats."""
    loader = fastmix.DataLoader(data, batch_size, size, on_error="skip", max_bad=1.0, last_batch="partial", **hints)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad samples are counted below
        start = time.perf_counter()
        for _ in loader:
            if time.perf_counter() - start > seconds:
                break
    stats = loader.stats()
    asked = stats["images"] + stats["skipped"]
    stage = max(stats["stage_seconds"], key=stats["stage_seconds"].__getitem__)
    text = (
        f"{asked} of {len(loader.dataset)} samples, {stats['images_per_second']:.0f} images/s on {loader.device}; "
        f"waiting by stage: {', '.join(f'{name} {value:.2f} s' for name, value in stats['stage_seconds'].items())}"
    )
    if not stats["images"]:
        return Check("fail", "data", f"{text}; none can be decoded", f"fastmix scan {data}"), stats
    if stats["skipped"]:
        repair = f"fastmix scan {data} --quarantine bad.jsonl, then DataLoader(quarantine='bad.jsonl', on_error='skip')"
        return Check("warn", "data", f"{text}; {stats['skipped']} are bad", repair), stats
    return Check("ok", "data", f"{text}; most in {stage}"), stats
