"""No batch depends on what earlier epochs found, and nothing is rebuilt, whatever is wrong with the files."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from data_support import make, same
from PIL import Image

import fastmix as fm
from fastmix.loader.graph.dali_queue import DaliQueue

pytestmark = pytest.mark.filterwarnings("ignore::fastmix.loader.BadSampleWarning")
EPOCHS = 5


def picture(seed: int = 0) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((400, 400), Image.Resampling.BICUBIC)


def saved(kind: str, seed: int = 0, **options) -> bytes:
    buffer = io.BytesIO()
    picture(seed).save(buffer, kind, **options)
    return buffer.getvalue()


def cut(data: bytes, keep: float) -> bytes:
    return data[: int(len(data) * keep)]


def tiff_with_its_directory_first(strips: int = 40) -> bytes:
    pixels = np.asarray(picture())
    height, width, _ = pixels.shape
    strip = height // strips * width * 3
    values = 8 + 2 + 12 * 10 + 4  # behind the directory
    starts, sizes, first = values + 6, values + 6 + 4 * strips, values + 6 + 8 * strips
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, values),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, strips, starts),
        (277, 3, 1, 3),
        (278, 4, 1, height // strips),
        (279, 4, strips, sizes),
        (284, 3, 1, 1),
    ]
    directory = b"".join(
        struct.pack("<HHI", tag, kind, count)
        + (struct.pack("<HH", value, 0) if kind == 3 and count == 1 else struct.pack("<I", value))
        for tag, kind, count, value in entries
    )
    tables = struct.pack("<HHH", 8, 8, 8) + b"".join(struct.pack("<I", first + i * strip) for i in range(strips))
    return (
        b"II*\0"
        + struct.pack("<IH", 8, len(entries))
        + directory
        + bytes(4)
        + tables
        + struct.pack("<I", strip) * strips
        + pixels.tobytes()
    )


DAMAGED = {
    "ended.jpg": cut(saved("JPEG", quality=90), 0.6) + b"\xff\xd9",  # with an end marker: some crops lie above
    "cut.jpg": cut(saved("JPEG"), 0.9),
    "cut.tif": cut(saved("TIFF"), 0.6),
    "head.tif": cut(tiff_with_its_directory_first(), 0.6),
    "cut_lzw.tif": cut(saved("TIFF", compression="tiff_lzw"), 0.9),
    "cut.png": cut(saved("PNG"), 0.9),
    "cut.webp": cut(saved("WEBP"), 0.6),
    "cut.bmp": cut(saved("BMP"), 0.9),
    "cut.ppm": cut(saved("PPM"), 0.9),
}


@pytest.fixture
def files(tmp_path) -> list[tuple[Path, int]]:
    """Twenty-four files, nine of them damaged."""
    contents = {f"{i:02d}.jpg": saved("JPEG", seed=i) for i in range(24 - len(DAMAGED))} | DAMAGED
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    return [(tmp_path / name, i) for i, name in enumerate(contents)]


@pytest.mark.parametrize("decode", ["fastmix", "dali"])
@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_an_epoch_is_the_same_whatever_came_before(files, on_error, decode):
    options = {
        "size": 64,
        "on_error": on_error,
        "decode": decode,
        "max_bad": 1.0,
        "mix": fm.Choice([fm.Mixup(0.4), fm.FMix(3.0)], per="sample"),
        "num_classes": len(files),
    }
    loader = make(files, 8, **options)
    epochs = [list(loader) for _ in range(EPOCHS)]
    for epoch, expected in enumerate(epochs):
        fresh = make(files, 8, **options)
        fresh.set_epoch(epoch)
        assert same(fresh, expected)
        resumed = make(files, 8, depth=3, **options)
        resumed.load_state_dict({**fresh.state_dict(), "epoch": epoch, "step": 2})
        assert same(resumed, expected[2:])
    always = {Path(bad.path).name for bad in loader._machinery.retries.faults.quarantine.known.values()}
    # Some crops of these two lie above the damage.
    assert always == set(DAMAGED) - {"ended.jpg", "cut.bmp"}


def test_an_augment_hook_draws_the_same_numbers_whatever_came_before(files):
    from nvidia.dali import fn

    options = {
        "on_error": "skip",
        "max_bad": 1.0,
        "dali_augment": lambda images: fn.noise.gaussian(images, stddev=20.0),
    }
    loader = make(files, 8, **options)
    epochs = [list(loader) for _ in range(2)]
    for epoch, expected in enumerate(epochs):
        fresh = make(files, 8, **options)
        fresh.set_epoch(epoch)
        assert same(fresh, expected)


@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_nothing_is_rebuilt(files, on_error, monkeypatch):
    built, resets = [], []
    reset = DaliQueue.reset
    monkeypatch.setattr(DaliQueue, "reset", lambda queue: (resets.append(queue), reset(queue)))
    loader = make(files, 8, on_error=on_error, max_bad=1.0)
    queue = loader._machinery.queue
    build = queue._build
    monkeypatch.setattr(queue, "_build", lambda: (built.append(1), build())[1])
    for _ in range(3):
        assert len(list(loader)) == 3
    assert len(built) == 1 and queue not in resets
