"""Small loaders and comparisons of batches for the loader's tests."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import torch
from support import same_bits

import fastmix as fm

SIZE = 32

Batch = tuple[torch.Tensor, torch.Tensor]


def make(
    data, batch_size: int = 4, size: int | tuple[int, int] = SIZE, device: str = "cpu", **options
) -> fm.DataLoader:
    options.setdefault("num_threads", 2)
    return fm.DataLoader(data, batch_size, size, device=device, **options)


def same(a: Iterable[Batch], b: Iterable[Batch]) -> bool:
    """Whether two runs of batches are equal in length and every bit."""
    a, b = list(a), list(b)
    return len(a) == len(b) and all(same_bits(x, u) and same_bits(y, v) for (x, y), (u, v) in zip(a, b, strict=True))


def join(parts: Iterable[Batch]) -> Batch:
    """The ranks' parts of one step as one batch."""
    images, targets = zip(*parts, strict=True)
    return torch.cat(images), torch.cat(targets)


def write_shards(folder: Path, files: list[tuple[str, int]], count: int = 3) -> str:
    """Write WebDataset shards of equal size; return their pattern."""
    share = len(files) // count
    for shard in range(count):
        with tarfile.open(folder / f"train-{shard:04d}.tar", "w") as tar:
            for path, label in files[shard * share : (shard + 1) * share]:
                for suffix, data in (("jpg", Path(path).read_bytes()), ("cls", str(label).encode())):
                    info = tarfile.TarInfo(f"some/where/{label:05d}.{suffix}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
    return str(folder / f"train-{{0000..{count - 1:04d}}}.tar")
