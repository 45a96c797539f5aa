"""The steps, most valuable first, and their groups. All of them together take at most 14 minutes."""

from __future__ import annotations

import shutil
import sys

from benchmarks.gpu.prebuilt import VARIANTS
from benchmarks.gpu.runner import Run, Step

COUNTERS = (
    "gpu__time_duration.sum,dram__bytes_read.sum,dram__bytes_write.sum,"
    "dram__throughput.avg.pct_of_peak_sustained_elapsed,sm__warps_active.avg.pct_of_peak_sustained_active,"
    "smsp__inst_executed.sum,smsp__issue_active.avg.pct_of_peak_sustained_active,launch__registers_per_thread"
)
KERNELS = "regex:(mix|mix_backward|normalize|resample_mix)_kernel"


def module(name: str, *arguments: str):
    """A module of this package, which writes its JSON beside the logs."""

    def command(run: Run) -> list[str]:
        common = ["--device", run.device, *(["--small"] if run.dry_run else [])]
        return [sys.executable, "-m", f"benchmarks.gpu.{name}", *common, "--logs", str(run.logs), *arguments]

    return command


def tests(name: str, *files: str):
    """Tests that need a GPU; a skip is then a failure. The CPU form collects them."""

    def command(run: Run) -> list[str]:
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--maxfail=20", *files]
        if run.dry_run:
            return [*pytest, "-m", "cuda", "--collect-only"]
        return ["env", "FASTMIX_REQUIRE_CUDA=1", *pytest, "-m", "cuda", f"--junitxml={run.logs / name}.xml"]

    return command


def sanitizer(check: str):
    """compute-sanitizer over every operator once. The CPU form runs their CPU twins."""

    def command(run: Run) -> list[str]:
        program = [sys.executable, "-m", "benchmarks.gpu.exercise", "--device", run.device]
        program += ["--sizes", "1" if run.dry_run or check == "racecheck" else "2"]
        if run.dry_run:
            return program
        tool = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
        return ["env", "PYTORCH_NO_CUDA_MEMORY_CACHING=1", tool, "--tool", check, "--error-exitcode", "7", *program]

    return command


def counters(run: Run) -> list[str]:
    """Hardware counters of the hot kernels. The CPU form calls their CPU twins."""
    program = [sys.executable, "-m", "benchmarks.gpu.exercise", "--device", run.device, "--large"]
    if run.dry_run:
        return [*program, "--batch", "4"]
    ncu = shutil.which("ncu") or "/usr/local/cuda/bin/ncu"
    options = ["--metrics", COUNTERS, "--kernel-name", KERNELS, "--clock-control", "none", "--csv", "--page", "raw"]
    return [ncu, *options, "--launch-count", "18", *program]


def build(run: Run) -> list[str]:
    """Take the libraries built before, if there are any, and load everything."""
    prebuilt = ["--install", str(run.prebuilt.resolve())] if run.prebuilt else []
    return [sys.executable, "-m", "benchmarks.gpu.prebuilt", *prebuilt]


def variants(run: Run) -> list[str]:
    """The variants of launches that were built before; without any, the default alone."""
    folder = ["--folder", str((run.prebuilt / VARIANTS).resolve())] if run.prebuilt else []
    return [*module("variants")(run), *folder]


OPERATORS = ("tests/ops/test_mix.py", "tests/ops/test_labels.py", "tests/ops/test_normalize_mix.py")
GRAPHS = ("tests/integrations/test_cuda_graphs.py", "tests/integrations/test_host_waits.py")
LOADER = ("tests/loader/test_loader.py", "tests/loader/test_loader_values.py")
GROUPS = {
    "first": ["build", "bits", "mixing", "operators"],
    "kernels": ["pixels", "variants", "counters", "graphs"],
    "safety": ["memcheck", "racecheck"],
    "loader": ["decoders", "dali", "loader"],
}
STEPS = {
    step.name: step
    for step in (
        Step("build", build, 90),
        Step("bits", module("same_bits"), 45),
        Step("mixing", module("mixing"), 80),
        Step("operators", tests("operators", *OPERATORS), 60),
        Step("pixels", module("pixels"), 60),
        Step("variants", variants, 45),
        Step("counters", counters, 50),
        Step("graphs", tests("graphs", *GRAPHS), 60),
        Step("memcheck", sanitizer("memcheck"), 65),
        Step("racecheck", sanitizer("racecheck"), 65),
        Step("decoders", module("decoder_order"), 70),
        Step("dali", tests("dali", "tests/dali"), 60),
        Step("loader", tests("loader", *LOADER), 90),
    )
}
