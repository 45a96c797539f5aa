"""Fill in the tables of the documents, and draw the charts, from ``results/*.json``.

python -m benchmarks.plot            # writes
python -m benchmarks.plot --check    # fails if a table is not what the results say
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from benchmarks import charts
from benchmarks.tables import TABLES, markdown

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = tuple(
    ROOT / name for name in ("README.md", "benchmarks/README.md", "docs/augment.md", "docs/guide/pack.md")
)
_MARKED = re.compile(r"<!-- table ([\w-]+) -->\n(.*?)<!-- end \1 -->", re.DOTALL)


def filled(text: str) -> str:
    """The document with its tables; markers of other tables are left alone."""

    def fill(found: re.Match) -> str:
        name = found[1]
        return f"<!-- table {name} -->\n{markdown(TABLES[name])}<!-- end {name} -->" if name in TABLES else found[0]

    return _MARKED.sub(fill, text)


def outdated() -> list[Path]:
    return [path for path in DOCUMENTS if filled(path.read_text()) != path.read_text()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.check:
        if paths := outdated():
            raise SystemExit(
                f"not what results/*.json say: {', '.join(map(str, paths))}; run python -m benchmarks.plot"
            )
        return
    for path in DOCUMENTS:
        path.write_text(filled(path.read_text()))
    for path in charts.draw():
        print(path)


if __name__ == "__main__":
    main()
