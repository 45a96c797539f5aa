"""What the compiler reports of the kernels and what their machine code does."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchmarks.kernels.catalog import ITEM_BYTES, KERNELS, Entry, Variant
from benchmarks.kernels.sass import Function, functions_of
from benchmarks.kernels.toolkit import run, tool

TYPES = {"unsigned char": "uint8", "fastmix::Half": "float16", "fastmix::BFloat16": "bfloat16"}
TYPES |= {"float": "float32", "double": "float64"}
WIDTHS = {"128": 16, "64": 8, "U16": 2, "S16": 2, "U8": 1, "S8": 1}


@dataclass
class Kernel:
    """One instantiation of a kernel for one architecture."""

    name: str
    entry: Entry
    variant: Variant
    registers: int
    stack: int  # bytes
    spills: int  # bytes
    function: Function = field(repr=False)

    @property
    def instructions(self) -> Counter[str]:
        return self.function.counts()

    def widths(self, operation: str) -> set[int]:
        """Bytes of the accesses "LD", "ST" to global memory."""
        found = set()
        for name in self.instructions:
            if re.match(rf"{operation}G?(\.|$)", name):
                found |= {WIDTHS.get(part, 4) for part in name.split(".")[1:] if part in WIDTHS} or {4}
        return found

    def instructions_per_element(self) -> float | None:
        """On the longest way once through the loop that stores, loops inside it counted once.

        An upper bound where a loop inside it does not turn (mix); a lower one where it does (taps of resample_mix).
        None where the catalog does not say what a store finishes.
        """
        return self._per_element("")

    def float64_per_element(self) -> float | None:
        """Of these, arithmetic in float64."""
        return self._per_element("DADD", "DMUL", "DFMA", "DSETP")

    def conversions_per_element(self) -> float | None:
        """Of these, conversions that have an instruction of their own and not the rate of others."""
        return self._per_element("F2F", "F2I", "I2F", "MUFU")

    @cached_property
    def _round(self) -> list[str]:
        return self.function.longest_round(self.entry.seldom(self.variant))

    def _per_element(self, *beginnings: str) -> float | None:
        if self.entry.stored is None:
            return None
        stores = sum(name.startswith(("STG", "ST.")) for name in self._round)
        names = (name for name in self._round if name.startswith(beginnings))
        counted = sum(1 for name in names if not beginnings[0] or not name.startswith(("F2FP", "I2FP")))
        return counted / (stores * self.entry.stored(self.variant))


def plan_of(argument: str) -> str:
    if "MemoryPlan" in argument or "UploadedBytes" in argument:
        return "memory"
    return "small parameter" if int(re.search(r"Inline(?:Plan|Bytes)<(\d+)>", argument)[1]) < 4096 else "parameter"


def split_arguments(text: str) -> list[str]:
    """The template arguments, of which some have arguments themselves."""
    found, depth = [""], 0
    for character in text:
        depth += (character == "<") - (character == ">")
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [argument.strip() for argument in found]


def identify(demangled: str) -> tuple[Entry, Variant] | None:
    """Which kernel of the catalog this is.

    Raises:
        LookupError: It is a kernel, and none of the catalog.
    """
    found = re.match(r"void .*?(\w+_kernel)<(.*)>\(", demangled)
    if found is None:
        return None
    entries = [entry for entry in KERNELS if entry.function == found[1]]
    if not entries:
        raise LookupError(f"{found[1]}: add it to KERNELS in benchmarks/kernels/catalog.py")
    values: dict = {}
    for name, argument in zip(entries[0].parameters, split_arguments(found[2]), strict=True):
        if name == "plan":
            values[name] = plan_of(argument)
        elif name == "dtype":
            values[name] = TYPES[argument]
        else:
            values[name] = argument == "true" if argument in ("true", "false") else int(argument)
    return entries[0], Variant(**values)


def demangled(names: list[str]) -> list[str]:
    return run(["c++filt", *names]).splitlines() if names else []


def inspect(objects: dict[str, Path], architecture: str) -> list[Kernel]:
    """The kernels of `compile_sources` for this architecture."""
    reported = re.compile(
        rf"Compiling entry function '(\w+)' for 'sm_{architecture}'.*?(\d+) bytes stack frame, "
        r"(\d+) bytes spill stores, (\d+) bytes spill loads.*?Used (\d+) registers",
        re.S,
    )
    kernels = []
    for compiled in objects.values():
        rows = reported.findall(compiled.with_suffix(".log").read_text())
        functions = functions_of(run([tool("nvdisasm"), "-c", compiled.with_suffix(".cubin")]))
        for row, readable in zip(rows, demangled([row[0] for row in rows]), strict=True):
            mangled, stack, stores, loads, registers = row
            identified = identify(readable)
            if identified is None:
                raise LookupError(f"{readable}: expected a kernel with template parameters")
            spills = int(stores) + int(loads)
            kernels.append(Kernel(mangled, *identified, int(registers), int(stack), spills, functions[mangled]))
    return sorted(kernels, key=lambda kernel: order(kernel.entry, kernel.variant))


def order(entry: Entry, variant: Variant) -> tuple:
    dtype = list(ITEM_BYTES).index(variant.dtype) if variant.dtype else 0
    plans = ("parameter", "small parameter", "memory")
    return (KERNELS.index(entry), dtype, -variant.vector, -variant.channels, not variant.planar,
            plans.index(variant.plan))  # fmt: skip
