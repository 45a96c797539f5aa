"""Everything that is known of the kernels without a GPU, as one JSON."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.kernels.catalog import ARCHITECTURES, SOURCES
from benchmarks.kernels.inspection import Kernel, inspect
from benchmarks.kernels.toolkit import ROOT, compile_sources, core_tests, nvcc_version, run

FILE = ROOT / "benchmarks" / "results" / "kernels.json"


def machine_code(kernels: list[Kernel]) -> list[dict[str, Any]]:
    """One row per kernel, variant and way of the plan, small ones left out: they are the large ones' twins."""
    rows = []
    for kernel in kernels:
        if kernel.variant.plan == "small parameter":
            continue
        rows.append(
            {
                "kernel": kernel.entry.function.removesuffix("_kernel"),
                "variant": kernel.variant.describe(),
                "plan": kernel.variant.plan,
                "registers": kernel.registers,
                "spilled_bytes": kernel.spills,
                "stack_bytes": kernel.stack,
                "local_memory": any(name.startswith(("LDL", "STL")) for name in kernel.instructions),
                "load_bytes": sorted(kernel.widths("LD")),
                "store_bytes": sorted(kernel.widths("ST")),
                "instructions": sum(kernel.instructions.values()),
                "instructions_per_element": _rounded(kernel.instructions_per_element(), 1),
                "float64_per_element": _rounded(kernel.float64_per_element(), 2),
                "conversions_per_element": _rounded(kernel.conversions_per_element(), 2),
            }
        )
    return rows


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def traffic() -> list[dict[str, Any]]:
    """Bytes per element of the output, counted by the host shim; equal rows of NCHW and NHWC are kept apart."""
    # AddressSanitizer may have printed lines of its own.
    printed = run([core_tests(), "--traffic"]).splitlines()
    return [json.loads(line) for line in printed if line.startswith("{")]


def record() -> dict[str, Any]:
    """Compile, inspect, count."""
    found = {f"sm_{arch}": machine_code(inspect(compile_sources(SOURCES, arch), arch)) for arch in ARCHITECTURES}
    return {"nvcc": nvcc_version(), "machine_code": found, "traffic": traffic()}
