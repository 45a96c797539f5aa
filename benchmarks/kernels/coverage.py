"""How much of the compiler's PTX the C++ tests run: `python -m benchmarks.kernels.coverage [80 120]`."""

from __future__ import annotations

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.kernels.toolkit import ROOT, core_tests, ptx_of, run

OLDEST, NEWEST = "80", "120"
# Beginnings of the names of tests that launch no kernel: PTX changes nothing for them.
WITHOUT_KERNELS = ("walk_", "float_sums_", "bounds_of_sums_", "augmix_", "hue_", "ptx_")


@dataclass
class Covered:
    """One kernel: how often it was launched, how many instructions it has, and which never ran."""

    name: str
    file: str
    launches: int
    instructions: int = 0
    never: list[str] = field(default_factory=list)

    @property
    def function(self) -> str:
        """The kernel without its template arguments, "mix_kernel"."""
        return next(part for part in _identifiers(self.name) if part.endswith("_kernel"))


def _identifiers(mangled: str) -> list[str]:
    """The names inside a mangled name: each is written behind its length."""
    found, at = [], 0
    while at < len(mangled):
        digits = at
        while digits < len(mangled) and mangled[digits].isdigit():
            digits += 1
        if digits == at:
            at += 1
            continue
        length = int(mangled[at:digits])
        found.append(mangled[digits : digits + length])
        at = digits + length
    return found


def read_coverage(path: Path) -> list[Covered]:
    """What core_tests --coverage wrote."""
    kernels: list[Covered] = []
    for line in path.read_text().splitlines():
        fields = line.split("\t")
        if fields[0] == "kernel":
            kernels.append(Covered(fields[1], fields[2], int(fields[3])))
            continue
        kernels[-1].instructions += 1
        if fields[1] == "0":
            kernels[-1].never.append(f"{kernels[-1].file}:{fields[0]}: {fields[2]}")
    return kernels


def run_from_ptx(folder: Path, *arguments: str | Path) -> str:
    """Run C++ tests (default: all) with the kernels interpreted from the PTX of a folder.

    Raises:
        RuntimeError: A test failed; the message is what it printed.
    """
    return run([core_tests(), "--ptx", folder, *arguments])


def covered(architecture: str) -> list[Covered]:
    """Run the C++ tests of kernels from the PTX of an architecture, on all processors, and say what ran of it."""
    folder, names = ptx_of(architecture), run([core_tests(), "--list"]).split()
    names = [name for name in names if not name.startswith(WITHOUT_KERNELS)]
    processors = min(len(names), len(os.sched_getaffinity(0)))

    def run_share(first: int) -> list[Covered]:
        with tempfile.NamedTemporaryFile() as written:
            run_from_ptx(folder, "--coverage", written.name, *names[first::processors])
            return read_coverage(Path(written.name))

    with ThreadPoolExecutor(processors) as pool:
        return [merged(parts) for parts in zip(*pool.map(run_share, range(processors)), strict=True)]


def merged(parts: tuple[Covered, ...]) -> Covered:
    """One kernel in several runs: an instruction never ran if it ran in none of them."""
    launches = sum(part.launches for part in parts)
    never = [line for line in parts[0].never if all(line in part.never for part in parts[1:])]
    return replace(parts[0], launches=launches, never=never)


def summary(kernels: list[Covered]) -> dict[str, tuple[int, int, int]]:
    """By function: its instantiations, their instructions, and how many of those ran."""
    found: dict[str, tuple[int, int, int]] = {}
    for kernel in kernels:
        count, instructions, ran = found.get(kernel.function, (0, 0, 0))
        ran += kernel.instructions - len(kernel.never)
        found[kernel.function] = (count + 1, instructions + kernel.instructions, ran)
    return found


def main(architectures: list[str]) -> None:
    """Print the table, and write the instructions that never ran to build/ptx/never_SM.txt."""
    for architecture in architectures or [OLDEST, NEWEST]:
        kernels = covered(architecture)
        print(f"| sm_{architecture} | instantiations | instructions | executed |\n|---|---|---|---|")
        for function, (count, instructions, ran) in sorted(summary(kernels).items()):
            print(f"| {function} | {count} | {instructions:,} | {ran / instructions:.1%} |")
        never = [line for kernel in kernels for line in kernel.never]
        (ROOT / "build" / "ptx" / f"never_{architecture}.txt").write_text("\n".join(never) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
