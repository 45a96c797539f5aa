"""What the compiler makes of the kernels, and what that means on four GPUs: no GPU needed.

Compiles the CUDA sources for three architectures, reads the machine code, counts traffic with the host shim, and
writes benchmarks/results/kernels.json and the tables in benchmarks/README.md.

    python -m benchmarks.kernels [--tables-only]
"""

import argparse
import json

from benchmarks.kernels.record import FILE, record
from benchmarks.kernels.tables import replaced, section
from benchmarks.kernels.toolkit import ROOT

README = ROOT / "benchmarks" / "README.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables-only", action="store_true", help="write the tables of the JSON that there is")
    if parser.parse_args().tables_only:
        found = json.loads(FILE.read_text())
    else:
        found = record()
        rows = {name: [json.dumps(row) for row in part] for name, part in found["machine_code"].items()}
        FILE.write_text(_lines(found["nvcc"], rows, [json.dumps(row) for row in found["traffic"]]))
    README.write_text(replaced(README.read_text(), section(found)))


def _lines(nvcc: str, machine_code: dict[str, list[str]], traffic: list[str]) -> str:
    """JSON with one row per line, so that a change of a kernel is a change of its lines."""
    blocks = ",\n".join(f'  "{name}": [\n   ' + ",\n   ".join(rows) + "\n  ]" for name, rows in machine_code.items())
    counted = ",\n  ".join(traffic)
    return f'{{\n "nvcc": "{nvcc}",\n "machine_code": {{\n{blocks}\n }},\n "traffic": [\n  {counted}\n ]\n}}\n'


if __name__ == "__main__":
    main()
