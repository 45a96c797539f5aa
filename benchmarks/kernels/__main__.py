"""What the compiler makes of the kernels, and what that means on four GPUs: no GPU needed.

Compiles the CUDA sources for three architectures, reads the machine code, counts traffic with the host shim, and
writes benchmarks/results/kernels.json.

    python -m benchmarks.kernels                   # compile, inspect and write the JSON
    python -m benchmarks.kernels --print floors    # print tables of the JSON; nothing is compiled
"""

import argparse
import json
from typing import Any

from benchmarks.kernels import printed
from benchmarks.kernels.record import FILE, record
from benchmarks.tables import Table, markdown
from benchmarks.timing import origin

TABLES = {
    "traffic": printed.traffic,  # bytes per element that each kernel must move, and those that it does
    "floors": printed.floors,  # time to move these bytes and time to issue the instructions, on four GPUs
    "in-flight": printed.occupancy,  # bytes under way on each SM, and those that its bandwidth needs
    "gpus": printed.gpus,  # what the two tables before assume of the GPUs
    "code": printed.machine_code,  # registers, spills, widths of loads and stores, instructions
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", nargs="+", choices=TABLES, dest="names", help="tables of results/kernels.json")
    names = parser.parse_args().names
    if names is None:
        FILE.write_text(text_of(origin(), record()))
        return
    for name in names:
        print(markdown(Table("kernels", TABLES[name])))


def text_of(where: dict[str, Any], results: dict[str, Any]) -> str:
    """JSON with one row per line, so that a change of a kernel is a change of its lines."""

    def lines(rows: list[dict[str, Any]]) -> str:
        return ",\n".join(f"    {json.dumps(row)}" for row in rows)

    head = json.dumps(where, indent=1).removesuffix("\n}")
    code = ",\n".join(f'   "{name}": [\n{lines(rows)}\n   ]' for name, rows in results["machine_code"].items())
    body = f'  "nvcc": "{results["nvcc"]}",\n  "machine_code": {{\n{code}\n  }},\n'
    return f'{head},\n "results": {{\n{body}  "traffic": [\n{lines(results["traffic"])}\n  ]\n }}\n}}\n'


if __name__ == "__main__":
    main()
