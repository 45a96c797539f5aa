"""The record of the kernels as rows of tables, which ``python -m benchmarks.kernels --print`` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.kernels.catalog import ARCHITECTURES, ITEM_BYTES, KERNELS, Entry, Variant
from benchmarks.kernels.limits import GPUS, LATENCY_NS, Gpu, resident_warps
from benchmarks.kernels.necessary import necessary

Rows = list[list[str]]
FLOATS = ("float16", "bfloat16", "float32")
COUNTED_AS = {
    "mix": "mix_",
    "mix_masked": "mix_, masks",
    "mix_backward_masked": "mix_backward, masks",
    "normalize_mix_masked": "normalize_mix, masks",
    "labels": "mix_labels",
}


def machine_code(record: dict[str, Any]) -> Rows:
    """Registers, widths and instructions, the three architectures in one cell; plans that travel by value."""
    compiled = ", ".join(f"sm_{arch}" for arch in ARCHITECTURES)
    rows = [[f"nvcc {record['nvcc']}: {compiled}", "registers", "spilled bytes", "local memory", "load bytes",
             "store bytes", "instructions / element", "in float64", "conversions"]]  # fmt: skip
    by_architecture = [record["machine_code"][f"sm_{arch}"] for arch in ARCHITECTURES]
    for same in zip(*by_architecture, strict=True):
        first = same[0]
        if first["plan"] == "memory":
            continue
        keys = ("load_bytes", "store_bytes")
        keys += tuple(f"{kind}_per_element" for kind in ("instructions", "float64", "conversions"))
        local = "yes" if any(row["local_memory"] for row in same) else "no"
        rows.append([f"`{first['kernel']}` {first['variant']}".strip(), _joined(same, "registers"),
                     _joined(same, "spilled_bytes"), local, *(_joined(same, key) for key in keys)])  # fmt: skip
    return rows


def _joined(rows: Iterable[dict[str, Any]], key: str) -> str:
    """One value if all architectures agree, else all of them."""
    cells = [", ".join(map(str, row[key])) if isinstance(row[key], list) else str(row[key]) for row in rows]
    return cells[0] if len(set(cells)) == 1 else " / ".join(cells)


def traffic(record: dict[str, Any]) -> Rows:
    """Bytes per element of all layouts and partners, a range where they differ."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in record["traffic"]:
        groups.setdefault((row["kernel"], row["dtype"]), []).append(row)
    rows = [["kernel, output", "layouts x partners", "must be read", "is read", "must be written", "is written"]]
    for (kernel, dtype), members in groups.items():
        needed = [necessary(kernel, dtype, row["layout"]) for row in members]
        must_read, must_write = _range(need.read for need in needed), _range(need.written for need in needed)
        is_read, is_written = (_range(row[key] for row in members) for key in ("read", "written"))
        rows.append([f"`{kernel}` {dtype}", str(len(members)), must_read, is_read, must_write, is_written])
    return rows


def _range(values: Iterable[float]) -> str:
    found = list(values)
    low, high = min(found), max(found)
    return f"{low:.4g}" if low == high else f"{low:.2f} to {high:.2f}"


def gpus(_: dict[str, Any]) -> Rows:
    """What is assumed of the GPUs."""
    rows = [["GPU", "bandwidth GB/s", "SMs", "boost clock GHz", "shared KiB / SM", "latency under load ns"]]
    for gpu in GPUS:
        rows.append([gpu.name, f"{gpu.bandwidth:,}", str(gpu.sms), f"{gpu.clock:g}", str(gpu.shared_kib),
                     str(LATENCY_NS)])  # fmt: skip
    return rows


def occupancy(record: dict[str, Any]) -> Rows:
    """Little's law: for every kernel in the form of large batches, with its widest vectors."""
    rows = [["kernel", *(gpu.name for gpu in GPUS)]]
    for entry, variant in hot_variants():
        counted = _counted(record, entry, variant)
        if counted is None:
            continue
        share_read = counted["read"] / (counted["read"] + counted["written"])
        rows.append([_name(entry, variant)])
        for gpu in GPUS:
            registers = _code(record, gpu, entry, variant)["registers"]
            warps = resident_warps(gpu, registers, entry.warps, entry.shared(variant))
            in_flight, needed = entry.in_flight(variant), gpu.needed_in_flight(share_read)
            cell = f"{warps} warps"
            if in_flight is not None:
                available = warps * 32 * in_flight / 1024
                cell += f", {available:.0f} of {needed:.1f} KiB ({available / needed:.1f}x)"
            rows[-1].append(cell)
    return rows


def floors(record: dict[str, Any]) -> Rows:
    """Time to move the counted bytes and time to issue the instructions, in ns per million elements."""
    rows = [["kernel", "bytes / element", *(gpu.name for gpu in GPUS)]]
    for entry, variant in hot_variants():
        counted = _counted(record, entry, variant)
        if counted is None:
            continue
        moved = counted["read"] + counted["written"]
        rows.append([_name(entry, variant), f"{moved:.4g}"])
        for gpu in GPUS:
            instructions = _code(record, gpu, entry, variant)["instructions_per_element"]
            rows[-1].append(f"{gpu.move_time(moved):.0f} / {gpu.issue_time(instructions):.0f}")
    return rows


def hot_variants() -> Iterator[tuple[Entry, Variant]]:
    """The form of every kernel that large aligned batches take."""
    for entry in KERNELS:
        if "vector" in entry.parameters:
            dtypes = [dtype for dtype in ITEM_BYTES if dtype != "uint8" or "backward" not in entry.function]
            yield from ((entry, Variant("parameter", dtype, vector=16)) for dtype in dtypes)
        elif "planar" in entry.parameters:
            for dtype in FLOATS:
                for planar in (True, False):
                    yield entry, Variant("parameter", dtype, channels=3, planar=planar)
        elif "channels" in entry.parameters:
            yield entry, Variant("parameter", channels=3)
        else:
            yield entry, Variant("parameter")


def _name(entry: Entry, variant: Variant) -> str:
    return f"`{entry.function.removesuffix('_kernel')}` {variant.describe()}".strip()


def _counted(record: dict[str, Any], entry: Entry, variant: Variant) -> dict[str, Any] | None:
    """The row of three channels and even width, float32 where the kernel decides the type when it runs.

    None if the traffic depends on what each sample draws, and none is recorded.
    """
    kernel, dtype = COUNTED_AS.get(entry.source, entry.source), variant.dtype or "float32"
    rows = [row for row in record["traffic"] if (row["kernel"], row["dtype"]) == (kernel, dtype)]
    layouts = ("NCHW" if variant.planar else "NHWC", "three each", "10 classes")
    found = (row for row in rows if row["layout"].startswith(layouts) and "1 channel" not in row["layout"])
    return next(found, None)


def _code(record: dict[str, Any], gpu: Gpu, entry: Entry, variant: Variant) -> dict[str, Any]:
    wanted = (entry.function.removesuffix("_kernel"), variant.describe(), variant.plan)
    rows = record["machine_code"][f"sm_{gpu.architecture}"]
    return next(row for row in rows if (row["kernel"], row["variant"], row["plan"]) == wanted)
