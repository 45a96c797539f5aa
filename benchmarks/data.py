"""Write photographs for benchmarks: ``python -m benchmarks.data FOLDER --count 2000 --classes 10``."""

from __future__ import annotations

import argparse

from fastmix.demo_data import write_photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    write_photos(arguments.folder, arguments.count, arguments.classes, arguments.seed)


if __name__ == "__main__":
    main()
