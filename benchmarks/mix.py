"""Mixing a batch in memory: fastmix in place against the torch expression, as written and compiled, and a plain copy.

Then every kind of mixing against its peers, and what drawing anew for every sample costs.

The copy is the bound: a mix in place reads and writes every element once, as a copy does; nothing that keeps the batch
in memory can be faster than moving it once. ``w * x + (1 - w) * x[partner]`` moves it nine times; ``torch.compile``
makes one loop of it, which reads every element twice and writes into new memory.

    python -m benchmarks.mix --json benchmarks/results/mix.json
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table

import fastmix as fm
from benchmarks import mix_kinds
from benchmarks.timing import Times, compare, write_json

DTYPES = {
    "uint8": torch.uint8,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
}
PAIRINGS = ("flip", "permutation", "roll")
WEIGHT = 0.3712839


def partners(pairing: str, batch: int) -> torch.Tensor:
    """Cycles of two (flip), of all lengths (permutation), or one of the whole batch (roll)."""
    if pairing == "flip":
        return torch.arange(batch).flip(0)
    if pairing == "roll":
        return torch.arange(batch).roll(-1)
    return fm.Mixup(1.0).plan(batch, seed=1).partner.long()


def batch_of(shape: tuple[int, ...], dtype: torch.dtype, device: str) -> torch.Tensor:
    values = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    values = (values * 255).to(dtype) if dtype == torch.uint8 else values.sub(0.5).to(dtype)
    return values.to(device)


def naive_mix(x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """What a training script writes, with the partners and the weight of all comparisons here."""
    return (WEIGHT * x + (1 - WEIGHT) * x[index]).to(x.dtype)


@functools.cache
def compiled_mix() -> Callable:
    """Compiled once for each dtype, at its first call."""
    return torch.compile(naive_mix, dynamic=False)


def in_place(shape: tuple[int, ...], dtype: torch.dtype, pairing: str, device: str, repeats: int) -> dict[str, Times]:
    pristine = batch_of(shape, dtype, device)
    x, other = pristine.clone(), torch.empty_like(pristine)
    partner = partners(pairing, shape[0])
    plan = fm.MixPlan.mixup(partner, WEIGHT)
    index = partner.to(device)
    compiled = compiled_mix()
    functions: dict[str, Callable[[], object]] = {
        "naive": lambda: naive_mix(x, index),
        "compiled": lambda: compiled(x, index),
        "copy": lambda: other.copy_(x),
        "mix_": lambda: fm.mix_(x, plan),
    }
    # Mixed again and again the images of a cycle would become one.
    return compare(functions, repeats, warmup=3, prepare=lambda: x.copy_(pristine))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--pairings", nargs="+", choices=PAIRINGS, default=list(PAIRINGS))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--kind-repeats", type=int, default=25)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    shape = (arguments.batch_size, 3, arguments.size, arguments.size)
    rows = []
    for dtype in arguments.dtypes:
        for pairing in arguments.pairings:
            times = in_place(shape, DTYPES[dtype], pairing, arguments.device, arguments.repeats)
            rows.append({"dtype": dtype, "pairing": pairing, "seconds": {k: t._asdict() for k, t in times.items()}})
            rows[-1]["speedup_over_naive"] = times["naive"].median / times["mix_"].median
            rows[-1]["speedup_over_compiled"] = times["compiled"].median / times["mix_"].median
            rows[-1]["times_a_copy"] = times["mix_"].median / times["copy"].median
    Console(width=160).print(table(rows, shape, arguments.device))
    x = batch_of(shape, torch.float32, arguments.device)
    kinds = mix_kinds.measure(x, arguments.kind_repeats)
    where = f"float32, {'x'.join(map(str, shape))}, {arguments.device}, {torch.get_num_threads()} threads, medians"
    Console(width=160).print(mix_kinds.table(kinds, f"drawing, images and dense targets, {where}"))
    per_sample = {
        name: mix_kinds.per_sample_cost(batch_of(shape, dtype, arguments.device), arguments.repeats)
        for name, dtype in DTYPES.items()
        if name in arguments.dtypes
    }
    ratios = ", ".join(f"{name} {cost['ratio']:.2f}x" for name, cost in per_sample.items())
    print(f"Mixup or CutMix drawn per sample costs, against Mixup per batch: {ratios}")
    if arguments.json:
        results = {"in_place": rows, "kinds": kinds, "per_sample": per_sample}
        write_json(arguments.json, {"shape": shape, "device": arguments.device, **results})


def table(rows: list[dict], shape: tuple[int, ...], device: str) -> Table:
    title = f"mix in place, {'x'.join(map(str, shape))}, {device}, {torch.get_num_threads()} threads, medians"
    result = Table(title=title)
    columns = ("naive ms", "compiled ms", "copy ms", "mix_ ms", "naive / mix_", "compiled / mix_", "mix_ / copy")
    for column in ("dtype", "pairing", *columns):
        result.add_column(column, justify="left" if column in ("dtype", "pairing") else "right")
    for row in rows:
        milliseconds = [f"{1e3 * row['seconds'][name]['median']:.2f}" for name in row["seconds"]]
        ratios = [f"{row[f'speedup_over_{name}']:.1f}x" for name in ("naive", "compiled")]
        ratios.append(f"{row['times_a_copy']:.2f}x")
        result.add_row(row["dtype"], row["pairing"], *milliseconds, *ratios)
    return result


if __name__ == "__main__":
    main()
