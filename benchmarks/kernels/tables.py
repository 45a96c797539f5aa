"""The record of the kernels as tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.kernels.catalog import ARCHITECTURES, KERNELS, Entry, Variant
from benchmarks.kernels.limits import ASSUMPTIONS, GPUS, Gpu, resident_warps

BEGIN, END = "<!-- kernels: begin (python -m benchmarks.kernels) -->", "<!-- kernels: end -->"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *[list(row) for row in rows]]
    return [f"| {' | '.join(line)} |" for line in lines]


def machine_code(record: dict[str, Any]) -> list[str]:
    """Registers, widths and instructions, the three architectures in one cell; plans that travel by value."""
    by_architecture = [record["machine_code"][f"sm_{arch}"] for arch in ARCHITECTURES]
    rows = []
    for same in zip(*by_architecture, strict=True):
        first = same[0]
        if first["plan"] == "memory":
            continue
        rows.append(
            (
                f"`{first['kernel']}` {first['variant']}".strip(),
                _joined(same, "registers"),
                _joined(same, "spilled_bytes"),
                "yes" if any(row["local_memory"] for row in same) else "no",
                _joined(same, "load_bytes"),
                _joined(same, "store_bytes"),
                _joined(same, "instructions_per_element"),
            )
        )
    head = (
        "kernel",
        "registers",
        "spilled bytes",
        "local memory",
        "load bytes",
        "store bytes",
        "instructions / element",
    )
    return table(head, rows)


def _joined(rows: Iterable[dict[str, Any]], key: str) -> str:
    """One value if all architectures agree, else all of them."""
    cells = [", ".join(map(str, row[key])) if isinstance(row[key], list) else str(row[key]) for row in rows]
    return cells[0] if len(set(cells)) == 1 else " / ".join(cells)


def traffic(record: dict[str, Any]) -> list[str]:
    """Bytes per element of all layouts and partners, a range where they differ."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in record["traffic"]:
        groups.setdefault((row["kernel"], row["dtype"]), []).append(row)
    rows = [
        (f"`{kernel}` {dtype}", str(len(members)), _range(members, "read"), _range(members, "written"))
        for (kernel, dtype), members in groups.items()
    ]
    return table(("kernel, output", "layouts x partners", "bytes read", "bytes written"), rows)


def _range(rows: list[dict[str, Any]], key: str) -> str:
    low, high = min(row[key] for row in rows), max(row[key] for row in rows)
    return f"{low:g}" if low == high else f"{low:.2f} to {high:.2f}"


def occupancy(record: dict[str, Any]) -> list[str]:
    """Little's law for every kernel that waits for memory, with its widest vectors."""
    rows = []
    for entry, variant, share_read in _hot_variants(record):
        for gpu in GPUS:
            code = _row(record, gpu, entry, variant)
            warps = resident_warps(gpu, code["registers"], entry.warps, entry.shared(variant))
            available = warps * 32 * (entry.in_flight(variant) or 0) / 1024
            needed = gpu.needed_in_flight(share_read)
            rows.append(
                (
                    f"`{entry.function.removesuffix('_kernel')}` {variant.describe()}",
                    gpu.name,
                    str(code["registers"]),
                    f"{warps} of 64",
                    f"{available:.0f}",
                    f"{needed:.1f}",
                    f"{available / needed:.1f}x",
                )
            )
    head = ("kernel", "GPU", "registers", "warps / SM", "KiB in flight / SM", "KiB needed", "ratio")
    return table(head, rows)


def floors(record: dict[str, Any]) -> list[str]:
    """Time to move the bytes against time to issue the instructions, per million elements."""
    rows = []
    for entry, variant, _ in _hot_variants(record):
        counted = _counted(record, entry, variant)
        moved = counted["read"] + counted["written"]
        cells = [f"`{entry.function.removesuffix('_kernel')}` {variant.describe()}", f"{moved:g}"]
        for gpu in GPUS:
            instructions = _row(record, gpu, entry, variant)["instructions_per_element"]
            cells.append(f"{gpu.move_time(moved):.2f} / {gpu.issue_time(instructions):.2f}")
        rows.append(cells)
    return table(("kernel", "bytes / element", *[gpu.name for gpu in GPUS]), rows)


def _hot_variants(record: dict[str, Any]) -> list[tuple[Entry, Variant, float]]:
    """The form that large aligned batches take, and which share of its bytes are reads."""
    found = []
    for dtype in ("uint8", "float16", "bfloat16", "float32", "float64"):
        found.append((_entry("mix_kernel"), Variant("parameter", dtype, vector=16)))
    for dtype in ("float16", "bfloat16", "float32"):
        for planar in (True, False):
            found.append((_entry("normalize_kernel"), Variant("parameter", dtype, channels=3, planar=planar)))
    hot = []
    for entry, variant in found:
        counted = _counted(record, entry, variant)
        hot.append((entry, variant, counted["read"] / (counted["read"] + counted["written"])))
    return hot


def _entry(function: str) -> Entry:
    return next(entry for entry in KERNELS if entry.function == function)


def _counted(record: dict[str, Any], entry: Entry, variant: Variant) -> dict[str, Any]:
    name = {"mix": "mix_", "normalize_mix": "normalize_mix"}[entry.source]
    layout = "NCHW" if variant.planar else "NHWC"
    return next(
        row
        for row in record["traffic"]
        if row["kernel"] == name and row["dtype"] == variant.dtype and row["layout"].startswith(layout)
    )


def _row(record: dict[str, Any], gpu: Gpu, entry: Entry, variant: Variant) -> dict[str, Any]:
    wanted = (entry.function.removesuffix("_kernel"), variant.describe(), variant.plan)
    rows = record["machine_code"][f"sm_{gpu.architecture}"]
    return next(row for row in rows if (row["kernel"], row["variant"], row["plan"]) == wanted)


def section(record: dict[str, Any]) -> str:
    """What stands in benchmarks/README.md between the markers."""
    lines = [
        BEGIN,
        "",
        f"nvcc {record['nvcc']}, sm_80 / sm_90 / sm_100 where they differ. Instructions are those on the longest "
        "way once through the loop that stores, loops inside it counted once: an upper bound, except for "
        "`resample_mix`, whose taps are such a loop. All rows, also of plans in memory: `results/kernels.json`.",
        "",
        *machine_code(record),
        "",
        "Bytes per element of the output, counted access by access by the host shim: NCHW and NHWC, 1, 3 and 4 "
        "channels, even and odd widths; pairs and one cycle. `resample_mix`: one tile from a window of 20 x 38 "
        "pixels; with pairs every byte is read once, and of a cycle of 10 samples two tiles are made twice. "
        "`mix_labels`: every cell looks at two class ids, which lie in the cache.",
        "",
        *traffic(record),
        "",
        "Loads in flight (Little's law), blocks of 8 warps. Needed: bandwidth x share of the bytes that is read x"
        " latency / SMs, for example H200, `mix_`: 4,800 GB/s x 0.5 x 800 ns / 132 = 14.2 KiB. There: warps x 32 "
        "lanes x the bytes a lane has under way while it waits for two vectors. Assumed, not measured: "
        + ASSUMPTIONS
        + ".",
        "",
        *occupancy(record),
        "",
        "Two floors, in ns per million elements (move / issue): bytes / bandwidth, and instructions / (SMs x 4 x "
        "32 x clock). A kernel is at the memory limit where the first is the larger; conversions and float64 "
        "arithmetic issue slower than that, so the second is a bound from below of that limit, and only a "
        "measurement settles it.",
        "",
        *floors(record),
        "",
        END,
    ]
    return "\n".join(lines)


def replaced(readme: str, new: str) -> str:
    """The README with its section replaced.

    Raises:
        ValueError: It has no markers.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected the markers {BEGIN} and {END}")
    return before + new + after
