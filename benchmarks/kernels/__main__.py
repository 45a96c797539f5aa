"""What the compiler makes of the kernels, and what that means on four GPUs: no GPU needed.

Compiles the CUDA sources for three architectures, reads the machine code, counts traffic with the host shim, and
writes benchmarks/results/kernels.json; `python -m benchmarks.plot` makes the tables of it.

    python -m benchmarks.kernels
"""

import argparse
import json
from typing import Any

from benchmarks.kernels.record import FILE, record
from benchmarks.timing import origin


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    FILE.write_text(text_of(origin(), record()))


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
