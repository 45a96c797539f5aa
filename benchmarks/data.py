"""Photographs for benchmarks: JPEGs with ImageNet's size statistics, and 12-megapixel ones.

They are cut from the real photographs that scikit-learn and matplotlib bundle, at no more than their own resolution:
a JPEG's decoding time is a matter of its pixels and of its bits per pixel, and scaled-up pixels have too few bits.
Larger pictures are mosaics of such cuts. The same arguments give the same files; they are written once.

    python -m benchmarks.data imagenet --count 1024
"""

from __future__ import annotations

import argparse
import hashlib
import io
import itertools
import json
import shutil
import statistics
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

CACHE = Path("build/benchmark-data")
# In a mosaic; no photograph at hand is narrower.
TILE = 420
# How far a cut is scaled down at most.
SMALLEST_SCALE = 0.75


class Kind(NamedTuple):
    """Sizes (width, height) with their shares, and the JPEG quality that gives the intended mean file size."""

    sizes: dict[tuple[int, int], float]
    quality: int
    count: int
    classes: int


KINDS = {
    # ILSVRC 2012 has its mode at 500x375, a mean file size of about 110 KB and a long tail: MLPerf Storage, which
    # emulates it, has 114,660 bytes with a standard deviation of 136,076 (configs/dlio/workload/resnet50_*.yaml).
    "imagenet": Kind(
        {
            (500, 375): 0.50,
            (375, 500): 0.18,
            (500, 333): 0.14,
            (300, 225): 0.07,
            (640, 480): 0.06,
            (1024, 768): 0.03,
            (1600, 1200): 0.02,
        },
        quality=96,
        count=1024,
        classes=10,
    ),
    # A telephone's camera: 12 megapixels, 3 to 5 MB.
    "large": Kind({(4032, 3024): 0.8, (3024, 4032): 0.2}, quality=92, count=32, classes=4),
}


def photographs() -> list[Image.Image]:
    import matplotlib
    from sklearn.datasets import load_sample_images

    own = [Image.fromarray(image) for image in load_sample_images().images]
    hopper = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return [*own, Image.open(hopper).convert("RGB")]


def write_set(name: str, count: int | None = None, cache: str | Path = CACHE) -> Path:
    """Write a set of class folders of JPEGs, unless it is there already.

    Args:
        name: of ``KINDS``.
        count: number of photographs; by default the kind's.
        cache: folder of all sets.

    Returns:
        Its folder; ``set.json`` in it describes it.
    """
    kind = KINDS[name]
    count = count or kind.count
    version = hashlib.sha256(f"{kind} {TILE} {SMALLEST_SCALE}".encode()).hexdigest()[:8]
    folder = Path(cache) / f"{name}-{count}-{version}"
    if (folder / "set.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    photos, sizes = photographs(), []
    for i in range(count):
        path = folder / f"class_{i % kind.classes:03d}" / f"photo_{i:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(kind, photos, i))
        sizes.append(path.stat().st_size)
    (folder / "set.json").write_text(json.dumps(describe(name, sizes), indent=2) + "\n")
    return folder


def encoded(kind: Kind, photos: list[Image.Image], i: int) -> bytes:
    """Photograph ``i``, a function of the kind and of ``i`` alone."""
    generator = np.random.default_rng((2012, i))
    shapes = list(kind.sizes)
    width, height = shapes[generator.choice(len(shapes), p=list(kind.sizes.values()))]
    picture = Image.new("RGB", (width, height))
    columns, rows = -(-width // TILE) if width > 512 else 1, -(-height // TILE) if width > 512 else 1
    xs, ys = np.linspace(0, width, columns + 1).astype(int), np.linspace(0, height, rows + 1).astype(int)
    for y0, y1 in itertools.pairwise(ys):
        for x0, x1 in itertools.pairwise(xs):
            photo = photos[generator.integers(len(photos))]
            picture.paste(cut(photo, int(x1 - x0), int(y1 - y0), generator), (int(x0), int(y0)))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=kind.quality)
    return buffer.getvalue()


def cut(photo: Image.Image, width: int, height: int, generator: np.random.Generator) -> Image.Image:
    """A part of the photograph, scaled down a little where there is room, and up only where it does not fit."""
    room = min(photo.width / width, photo.height / height)
    zoom = min(generator.uniform(1, 1 / SMALLEST_SCALE), room)
    w, h = width * zoom, height * zoom
    x, y = generator.uniform(0, photo.width - w), generator.uniform(0, photo.height - h)
    return photo.resize((width, height), Image.LANCZOS, box=(x, y, x + w, y + h))


def describe(name: str, sizes: list[int]) -> dict:
    """Of file sizes in bytes."""
    return {
        "name": name,
        "count": len(sizes),
        "mean_bytes": round(statistics.mean(sizes)),
        "stdev_bytes": round(statistics.pstdev(sizes)),
        "min_bytes": min(sizes),
        "max_bytes": max(sizes),
    }


def read_description(folder: Path) -> dict:
    return json.loads((folder / "set.json").read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=KINDS)
    parser.add_argument("--count", type=int, help="photographs; by default the set's own number")
    parser.add_argument("--cache", default=CACHE)
    arguments = parser.parse_args()
    folder = write_set(arguments.name, arguments.count, arguments.cache)
    print(folder, json.dumps(read_description(folder)))


if __name__ == "__main__":
    main()
