"""A program: mutates files of one group and decodes several windows of each; prints counts and the peak memory as JSON.

decode_mutated.py SEED COUNT GROUP. A crash, a hang, an exception and a verdict that depends on anything but the file
and the window end it.
"""

import collections
import json
import random
import resource
import struct
import sys
from collections.abc import Iterator

import images
import numpy as np
from decoding import decode
from images import picture, saved

from fastmix.dali import Status, pillow_decoder

BATCH = 100
# Groups that Pillow decodes. "jp2" is not one of them: these files are refused.
FOR_PILLOW = {"gif": "GIF", "avif": "AVIF", "j2k": "JPEG2000"}
VARIANTS = {
    "GIF": [{}, {"interlace": 0}, {"save_all": True, "append_images": [picture().rotate(90)]}],
    "AVIF": [{}, {"exif": images.orientation(6)}, {"subsampling": "4:4:4"}],
    "JPEG2000": [{}, {"no_jp2": True}, {"tile_size": (64, 64)}],
}
WINDOWS = [(0, 0, 1, 1), (0, 0, 0.3, 0.4), (0.6, 0.5, 0.35, 0.3)]
NUMBERS = [0, 1, 2, 3, 6, 8, 16, 97, 255, 256, 20_000, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1]


def group(name: str) -> list[bytes]:
    if name in FOR_PILLOW or name == "jp2":
        kind = FOR_PILLOW.get(name, "JPEG2000")
        alpha = picture().convert("RGBA")
        alpha.putalpha(128)
        gray = picture().convert("L")
        return [saved(image, kind, **options) for image in (picture(), gray, alpha) for options in VARIANTS[kind]]
    files = images.readable() | {name: data for name, (data, _) in images.dim_pnms().items()}
    endings = (".ppm", ".pgm", ".pbm") if name == "pnm" else (f".{name}",)
    return [data for file, data in files.items() if file.endswith(endings)]


def mutated(data: bytes, rng: random.Random) -> bytes:
    file = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        size = len(file)
        if size < 20:
            break
        at = rng.randrange(min(size, 600) if rng.random() < 0.6 else size)
        length = rng.randint(1, 40)
        change = rng.randrange(7)
        if change == 0:
            file[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            file[at] = rng.choice([0, 1, 2, 4, 8, 127, 128, 255])
        elif change == 2:
            order, kind = rng.choice("<>"), rng.choice("HI")
            number = rng.choice(NUMBERS) % 2 ** (8 * struct.calcsize(kind))
            file[at : at + struct.calcsize(kind)] = struct.pack(order + kind, number)
        elif change == 3 and rng.random() < 0.4:
            del file[at:]
        elif change == 4:
            file[at : at + length] = rng.randbytes(length)
        elif change == 5:
            del file[at : at + length]
        elif change == 6:
            file[at:at] = rng.randbytes(length)
    return bytes(file)


def batches(files: list[bytes], count: int, rng: random.Random) -> Iterator[list[bytes]]:
    for _ in range(count // BATCH):
        yield [mutated(rng.choice(files), rng) for _ in range(BATCH)]


def check(name: str, by_window: tuple[Status, ...]) -> None:
    """Of formats decoded in rows, damage may lie outside a window. Everything else is a verdict on the file."""
    different = set(by_window)
    if name in ("jpg", "png", "bmp", "pnm") and Status.window_damaged in different:
        assert different <= {Status.ok, Status.window_damaged}, by_window
    else:
        assert len(different) == 1, by_window


def main() -> None:
    seed, count, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rng = random.Random(seed)
    options = {"guest_decoder": pillow_decoder()} if name in FOR_PILLOW else {}
    counts: collections.Counter[str] = collections.Counter()
    for files in batches(group(name), count, rng):
        found = [decode(files, [window] * BATCH, size=rng.choice([16, 48, 300]), **options) for window in WINDOWS]
        for by_window in zip(*(status for _, _, status in found), strict=True):
            check(name, by_window)
            counts[by_window[0].name] += 1
        # Neither other threads nor another order of the batch change anything.
        order = rng.sample(range(BATCH), BATCH)
        pixels, _, again = decode([files[k] for k in order], [WINDOWS[0]] * BATCH, size=300, threads=1, **options)
        whole, _, status = decode(files, [WINDOWS[0]] * BATCH, size=300, **options)
        assert again == [status[k] for k in order]
        assert all(np.array_equal(image, whole[k]) for image, k in zip(pixels, order, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    sys.stdout.write(json.dumps({"counts": counts, "peak": peak}) + "\n")


if __name__ == "__main__":
    main()
