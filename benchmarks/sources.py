"""What does it cost to read the same photographs from elsewhere than class folders?

Epochs of one loader per kind of data, in turns, after one that does not count. Ratios are taken within a round. Every
kind has to yield the folder's batches, bit for bit. ``datasets.Dataset`` is left out where ``datasets`` is missing.

    python -m benchmarks.sources --json benchmarks/results/sources.json
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

import fastmix as fm
from benchmarks import data
from benchmarks.rivals.compiled import import_torchvision
from benchmarks.timing import summarize, write_json

FOLDER = "class folders"
SIZE, ROW_GROUP = 224, 100  # the rows of a group that datasets writes of images


def write_parquet(folder: Path, file: Path) -> None:
    """Write the photographs as the Hugging Face hub keeps them: encoded bytes, and class names in the metadata."""
    import pyarrow as pa
    import pyarrow.parquet

    paths = sorted(folder.glob("*/*.jpg"))
    classes = sorted({path.parent.name for path in paths})
    table = pa.table(
        {
            "image": [{"bytes": path.read_bytes(), "path": path.name} for path in paths],
            "label": [classes.index(path.parent.name) for path in paths],
        }
    )
    features = {"image": {"_type": "Image"}, "label": {"names": classes, "_type": "ClassLabel"}}
    described = json.dumps({"info": {"features": features}})
    pa.parquet.write_table(table.replace_schema_metadata({"huggingface": described}), file, row_group_size=ROW_GROUP)


def kinds(folder: Path, scratch: Path) -> Iterator[tuple[str, Any]]:
    """The same photographs, by what holds them."""
    yield FOLDER, folder
    yield "torchvision's ImageFolder", import_torchvision().datasets.ImageFolder(str(folder))
    file = scratch / "photographs.parquet"
    write_parquet(folder, file)
    yield "Hugging Face Parquet", file
    if importlib.util.find_spec("datasets"):
        import datasets

        datasets.disable_progress_bars()
        yield (
            "datasets.Dataset",
            datasets.load_dataset("parquet", data_files=str(file), split="train", cache_dir=str(scratch / "cache")),
        )


def same_batches(expected: Iterable, given: Iterable) -> bool:
    """Whether all batches are the same, bit for bit."""
    return all(
        torch.equal(a, b) for wanted, own in zip(expected, given, strict=True) for a, b in zip(wanted, own, strict=True)
    )


def epoch(loader: fm.DataLoader) -> dict[str, float]:
    """Milliseconds per image, by the clock and of the CPU."""
    images, start = 0, (time.perf_counter(), time.process_time())
    for batch, _ in loader:
        images += len(batch)
    end = time.perf_counter(), time.process_time()
    return {name: 1e3 * (end[i] - start[i]) / images for i, name in enumerate(("wall", "cpu"))}


def measure(folder: Path, batch_size: int, rounds: int, threads: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        loaders = {
            name: fm.DataLoader(source, batch_size, SIZE, device="cpu", num_threads=threads, mix=fm.Mixup(0.2))
            for name, source in kinds(folder, Path(scratch))
        }
        # Also the epoch that does not count.
        expected = list(loaders[FOLDER])
        for name, loader in loaders.items():
            if name != FOLDER and not same_batches(expected, loader):
                raise SystemExit(f"{name}: expected the batches of the class folders, got others")
        del expected
        found: dict[str, list[dict[str, float]]] = {name: [] for name in loaders}
        for turn in range(rounds):
            for name in list(loaders)[:: 1 if turn % 2 else -1]:
                found[name].append(epoch(loaders[name]))
    return {name: compared(epochs, found[FOLDER]) for name, epochs in found.items()}


def compared(epochs: list[dict[str, float]], folder: list[dict[str, float]]) -> dict[str, Any]:
    """Medians over rounds, and medians of the ratios within rounds."""
    return {
        unit: {
            "ms_per_image": summarize([one[unit] for one in epochs])._asdict(),
            "to_folder": statistics.median(one[unit] / other[unit] for one, other in zip(epochs, folder, strict=True)),
        }
        for unit in ("wall", "cpu")
    }


def rows_of(results: dict[str, Any]) -> list[list[str]]:
    """The rows of the table, column names first."""
    rows = [["data", "ms per image", "to class folders", "CPU ms per image", "to class folders"]]
    for name, one in results.items():
        cells = [(one[unit]["ms_per_image"]["median"], one[unit]["to_folder"]) for unit in ("wall", "cpu")]
        rows.append([name, *(f"{value:.2f}" for cell in cells for value in cell)])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1024, help="photographs of ImageNet's size")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9, help="at least 2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="few: shows that everything runs, no figures")
    parser.add_argument("--json", help="write the results here")
    options = parser.parse_args()
    if options.quick:
        options.count, options.batch_size, options.rounds = 64, 8, 2
    results = measure(data.write_set("imagenet", options.count), options.batch_size, options.rounds, options.threads)
    print("\n".join(" | ".join(row) for row in rows_of(results)))
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    main()
