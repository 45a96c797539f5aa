"""The doctor's checks: versions, processors, libraries and ranks. Each returns what it found and the repair."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys
from pathlib import Path
from typing import Literal, NamedTuple

Status = Literal["ok", "warn", "fail"]
MIN_PYTHON, MIN_TORCH = (3, 11), (2, 10)
EXTRAS = {"matplotlib": "preview", "PIL": "scan, bench", "sklearn": "demo", "pyarrow": "Parquet", "s3fs": "s3://"}
CGROUP = Path("/sys/fs/cgroup")


class Check(NamedTuple):
    """One line of the doctor's report."""

    status: Status
    name: str
    text: str
    repair: str = ""


def check_platform() -> Check:
    """Linux on x86-64 with a new enough Python."""
    here = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    if sys.version_info < MIN_PYTHON:
        return Check("fail", "platform", here, "install Python 3.11 or newer")
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return Check("fail", "platform", here, "fastmix runs on Linux on x86-64 only")
    return Check("ok", "platform", here)


def check_versions() -> Check:
    """Fastmix, torch, DALI and NumPy."""
    from fastmix.dali import packages

    dali = [one.name for one in packages.installed_dali()]
    names = ["fastmix", "torch", *(dali or ["DALI"]), "numpy"]
    text = ", ".join(f"{name} {packages.installed_version(name) or 'missing'}" for name in names)
    torch = packages.installed_version("torch")
    if torch is None or tuple(int(part) for part in torch.split(".")[:2]) < MIN_TORCH:
        return Check("fail", "versions", text, "pip install 'torch>=2.10'")
    if not dali:
        return Check("fail", "versions", text, f"{packages.INSTALL}; without it only tensors can be mixed")
    if len(dali) > 1:
        return Check(
            "fail", "versions", text, f"they share files: pip uninstall {' '.join(dali)}, then {packages.INSTALL}"
        )
    return Check("ok", "versions", text)


def cpu_quota() -> float | None:
    """Return how many CPUs' time the container allows (cgroup 2, then 1), or None without a limit."""
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        quota, period = ((CGROUP / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError):
        return None


def check_cpus() -> Check:
    """The CPUs that this process may use, and the container's limit, which decoding threads do not see."""
    allowed, quota = len(os.sched_getaffinity(0)), cpu_quota()
    text = f"{allowed} of {os.cpu_count()} CPUs allowed"
    if quota is not None and quota < allowed:
        return Check(
            "warn",
            "cpus",
            f"{text}; the container's quota allows the time of {quota:g}",
            f"pass num_threads={max(int(quota), 1)} to the loader",
        )
    return Check("ok", "cpus", text)


def check_torch_operators() -> Check:
    """The library behind ``torch.ops.fastmix``."""
    try:
        importlib.import_module("fastmix.ops.registration")
    except ImportError as error:
        return Check("fail", "torch operators", " ".join(str(error).split()), "build fastmix again: pip install .")
    return Check("ok", "torch operators", "libfastmix_torch.so is loaded")


def check_kernels() -> Check:
    """The instruction set of the CPU kernels."""
    from fastmix import _core

    text = f"CPU kernels {_core.build_info()['cpu']}, compiled by GCC {_core.build_info()['compiler']}"
    if forced := os.environ.get("FASTMIX_CPU"):
        return Check("warn", "kernels", f"{text}, chosen by FASTMIX_CPU={forced}", "unset FASTMIX_CPU")
    return Check("ok", "kernels", text)


def check_dali_operators() -> Check:
    """The operators in DALI."""
    import fastmix.dali
    from fastmix.dali.plugin import REBUILD

    try:
        fastmix.dali.load()
    except ImportError as error:
        return Check("fail", "DALI operators", " ".join(str(error).split()), f"in the source tree: {REBUILD}")
    if not fastmix.dali.reports_status():
        text = "read, peek and decode are missing, so no data is loaded"
        return Check("fail", "DALI operators", text, f"install nvidia-nvimgcodec, then {REBUILD}")
    return Check("ok", "DALI operators", "loaded into the DALI that they were built with")


def check_jpeg() -> Check:
    """The JPEG decoder, which libjpeg-turbo is part of."""
    import fastmix.dali

    if fastmix.dali.decodes_jpeg():
        return Check("ok", "JPEG decoder", "fastmix with libjpeg-turbo")
    text = "nvImageCodec decodes JPEGs, more slowly: fastmix was built without libjpeg-turbo"
    return Check("warn", "JPEG decoder", text, "apt-get install libjpeg-dev, then build fastmix again")


def check_ranks() -> Check:
    """What a launcher has set."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    found = {name: os.environ[name] for name in names if name in os.environ}
    text = ", ".join(f"{name}={value}" for name, value in found.items()) or "one process, no launcher"
    if found.get("WORLD_SIZE", "1") != "1" and "RANK" not in found:
        return Check("warn", "ranks", f"{text}, but no RANK", "start with torchrun, or pass rank= and world_size=")
    if found and "LOCAL_WORLD_SIZE" not in found:
        repair = "set LOCAL_WORLD_SIZE, or pass num_threads=: each process takes all CPUs"
        return Check("warn", "ranks", f"{text}, but no LOCAL_WORLD_SIZE", repair)
    return Check("ok", "ranks", text)


def check_extras() -> Check:
    """Packages that some commands and sources need."""
    missing = [f"{name} ({use})" for name, use in EXTRAS.items() if importlib.util.find_spec(name) is None]
    if missing:
        return Check("ok", "extras", f"not installed: {', '.join(missing)}")
    return Check("ok", "extras", ", ".join(EXTRAS))
