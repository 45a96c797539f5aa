"""torch's DataLoader with Pillow, and DALI alone: the same crops of the same files, without mixing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fastmix import _core
from fastmix.loader.sources.paths import PathSource
from fastmix.loader.sources.remote import is_url
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD

if TYPE_CHECKING:
    from fastmix.loader.sources.source import Source

# Samples of an epoch that does not end while it is measured.
ENDLESS = 10**9
# As the loader's training preset.
SCALE, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)


def local_files(source: Source, rival: str) -> list[str]:
    """Return the paths of a source of local files.

    Raises:
        ValueError: the samples are no local files, which is all that the rivals read.
    """
    if not isinstance(source, PathSource) or is_url(source.path(0)):
        raise ValueError(
            f"expected data in local files with --against {rival}, got {type(source).__name__}; leave --against out"
        )
    return [source.path(sample) for sample in range(len(source))]


class PillowCrops(torch.utils.data.Dataset[torch.Tensor]):
    """Normalised random crops, float32 (3, size, size), decoded and resized by Pillow."""

    def __init__(self, files: list[str], size: int) -> None:
        self.files = files
        self.size = size
        self.mean, self.std = (torch.tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> torch.Tensor:
        from PIL import Image

        with Image.open(self.files[i]) as image:
            sizes, key = np.array([[image.height, image.width]]), np.array([[0, i]])
            windows, mirror = _core.random_resized_crop(_core.CropSpec(SCALE, RATIO, 0.5), sizes, 0, key)
            y, x, height, width = windows[0].tolist()
            box = (x, y, x + width, y + height)
            small = image.convert("RGB").resize((self.size, self.size), Image.Resampling.BILINEAR, box)
        if mirror[0]:
            small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        pixels = torch.from_numpy(np.array(small)).permute(2, 0, 1)
        return pixels.float().div_(255).sub_(self.mean).div_(self.std)


def torch_batches(source: Source, batch_size: int, size: int, workers: int) -> Iterator[torch.Tensor]:
    """Yield batches of torch's DataLoader without end."""
    try:
        import PIL  # noqa: F401
    except ImportError as error:
        raise ImportError("expected Pillow with --against torch; pip install pillow") from error
    crops = PillowCrops(local_files(source, "torch"), size)
    generator = torch.Generator().manual_seed(0)
    loader = torch.utils.data.DataLoader(
        crops,
        batch_size,
        sampler=torch.utils.data.RandomSampler(crops, replacement=True, num_samples=ENDLESS, generator=generator),
        generator=generator,
        num_workers=workers,
        # DALI has threads in this process, which a fork would lose.
        multiprocessing_context="spawn",
    )
    try:
        yield from loader
    except Exception as error:  # its text has the worker's traceback
        raise RuntimeError(f"torch's DataLoader with Pillow: {str(error).strip().splitlines()[-1]}") from error


def dali_batches(source: Source, batch_size: int, size: int, threads: int) -> Iterator[torch.Tensor]:
    """Yield the batches of a DALI pipeline without end."""
    from nvidia.dali import Pipeline, fn, types
    from nvidia.dali.plugin.pytorch import DALIGenericIterator

    gpu = torch.cuda.is_available()
    pipeline = Pipeline(batch_size, threads, 0 if gpu else None)
    with pipeline:
        encoded, _ = fn.readers.file(files=local_files(source, "dali"), random_shuffle=True)
        device = "mixed" if gpu else "cpu"
        area, ratio = list(SCALE), list(RATIO)
        images: Any = fn.decoders.image_random_crop(encoded, device=device, random_area=area, random_aspect_ratio=ratio)
        images = fn.resize(images, size=(size, size), interp_type=types.INTERP_TRIANGULAR)
        images = fn.crop_mirror_normalize(
            images,
            mirror=fn.random.coin_flip(),
            mean=[255 * value for value in IMAGENET_MEAN],
            std=[255 * value for value in IMAGENET_STD],
        )
        pipeline.set_outputs(images)
    for (batch,) in DALIGenericIterator(pipeline, ["images"], size=-1):
        yield batch["images"]
