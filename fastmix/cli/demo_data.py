"""Photographs to try the loader with: JPEGs of ImageNet-like size, cut from the two that scikit-learn bundles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

LONG_SIDE, SHORT_SIDE = 500, 375
PORTRAIT_SHARE = 0.2
# Widest and narrowest cut, as a share of the widest that fits: the cuts differ, and little is scaled up.
CUT_SHARE = (0.8, 1.0)
# The quality at which these cuts take 110 KB on average, as ImageNet's photographs do.
JPEG_QUALITY = 98
# Classes beyond the two photographs are these photographs with their hue turned, in steps of the HSV circle of 256.
HUE_STEP = 43


def write_photos(folder: str | Path, count: int, classes: int, seed: int = 0) -> Path:
    """Write ``count`` JPEGs into ``classes`` class folders: the same ones for the same arguments.

    Photograph ``i`` is of class ``i % classes`` and depends on (seed, i) alone. Photographs that an earlier call left
    in ``folder`` and that do not belong to this one are removed; other files are left alone.

    Args:
        folder: where the class folders go; made if missing.
        count: number of photographs, at least ``classes``.
        classes: number of class folders, at least 1.
        seed: seed of the cuts.

    Returns:
        ``folder`` as a path.

    Raises:
        ImportError: scikit-learn or Pillow is not installed.
        ValueError: ``classes`` or ``count`` is too small.
    """
    if not 1 <= classes <= count:
        raise ValueError(f"write_photos: expected 1 <= classes <= count, got classes={classes} and count={count}")
    names, photos = _class_photos(classes)
    folder = Path(folder)
    written = set()
    for i in range(count):
        path = folder / names[i % classes] / f"photo_{i:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut(photos[i % classes], np.random.default_rng((seed, i))).save(path, quality=JPEG_QUALITY)
        written.add(path)
    for path in set(folder.glob("*/photo_*.jpg")) - written:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return folder


def _class_photos(classes: int) -> tuple[list[str], list[Image]]:
    """A name and a Pillow image per class."""
    try:
        from PIL.Image import fromarray, merge
        from sklearn.datasets import load_sample_images
    except ImportError as error:
        raise ImportError("write_photos: expected scikit-learn and Pillow; pip install 'fastmix[demo]'") from error
    bundle = load_sample_images()
    names, photos = [], []
    for i in range(classes):
        turns, which = divmod(i, len(bundle.images))
        stem = Path(bundle.filenames[which]).stem
        names.append(f"{stem}-{turns}" if turns else stem)
        hue, saturation, value = fromarray(bundle.images[which]).convert("HSV").split()
        turned = hue.point([(level + turns * HUE_STEP) % 256 for level in range(256)])
        photos.append(merge("HSV", (turned, saturation, value)).convert("RGB"))
    return names, photos


def _cut(photo: Image, generator: np.random.Generator) -> Image:
    portrait = generator.random() < PORTRAIT_SHARE
    width, height = (SHORT_SIDE, LONG_SIDE) if portrait else (LONG_SIDE, SHORT_SIDE)
    scale = min(photo.width / width, photo.height / height) * generator.uniform(*CUT_SHARE)
    cut_width, cut_height = int(width * scale), int(height * scale)
    x = int(generator.integers(photo.width - cut_width + 1))
    y = int(generator.integers(photo.height - cut_height + 1))
    return photo.resize((width, height), box=(x, y, x + cut_width, y + cut_height))
