"""``fastmix.resample`` against Pillow, bit for bit, and itself on other instruction sets."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from support import noise

import fastmix as fm

PILLOW = {
    "nearest": Image.NEAREST,
    "box": Image.BOX,
    "bilinear": Image.BILINEAR,
    "bicubic": Image.BICUBIC,
    "lanczos": Image.LANCZOS,
}
# (image height, width), window (y, x, height, width), output (height, width)
CASES = [
    ((300, 360), (0, 0, 300, 360), (224, 224)),
    ((400, 500), (37, 51, 300, 360), (224, 224)),
    ((500, 400), (100.25, 33.5, 333.5, 250.75), (224, 224)),
    ((224, 224), (0, 0, 224, 224), (224, 224)),
    ((300, 250), (10, 0, 224, 250), (224, 224)),
    ((250, 300), (0, 7, 250, 224), (224, 224)),
    ((31, 63), (0, 0, 31, 63), (65, 63)),
    ((97, 89), (10, 20, 50, 33), (33, 17)),
    ((97, 89), (47, 56, 50, 33), (33, 17)),
    ((97, 3), (0, 0, 97, 3), (5, 9)),
    ((97, 3), (1, 1, 95, 1), (5, 1)),
    ((4, 4), (0, 0, 4, 4), (6, 6)),
    ((7, 5), (2, 1, 1, 1), (9, 13)),
    ((7, 5), (6, 4, 1, 1), (1, 1)),
    ((1, 1), (0, 0, 1, 1), (50, 31)),
    ((1, 300), (0, 11, 1, 280), (32, 32)),
    ((300, 1), (11, 0, 280, 1), (32, 32)),
    ((900, 1300), (0, 0, 900, 1300), (8, 8)),
    ((1300, 400), (0, 0, 1300, 400), (224, 224)),
]


def pillow(image: torch.Tensor, window, size, filter: str, edges: str) -> np.ndarray:
    y, x, height, width = window
    # Pillow resizes channels alike but for alpha, so each is an image.
    planes = [Image.fromarray(image[:, :, c].contiguous().numpy()) for c in range(image.shape[2])]
    if edges == "crop":
        left, top, right, bottom = int(x), int(y), int(np.ceil(x + width)), int(np.ceil(y + height))
        planes = [plane.crop((left, top, right, bottom)) for plane in planes]
        y, x = y - top, x - left
    resized = [plane.resize(size[::-1], PILLOW[filter], box=(x, y, x + width, y + height)) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized], -1)


def black_and_white(height: int, width: int, channels: int, generator: torch.Generator) -> torch.Tensor:
    """Edges everywhere, so that bicubic and lanczos overshoot both ends."""
    return (noise(height, width, channels, generator) > 127).to(torch.uint8) * 255


@pytest.mark.parametrize("filter", PILLOW)
@pytest.mark.parametrize(("shape", "window", "size"), CASES)
def test_pillows_bits(shape, window, size, filter, generator):
    for channels in (1, 2, 3, 4):
        for make in (noise, black_and_white):
            image = make(*shape, channels, generator)
            for edges in ("crop", "image"):
                (ours,) = fm.resample([image], [window], size=size, filter=filter, edges=edges)
                assert np.array_equal(ours.numpy(), pillow(image, window, size, filter, edges))


def random_case(generator: torch.Generator, most: int):
    def below(n):
        return int(torch.randint(n, (), generator=generator))

    shape = 1 + below(most), 1 + below(most)
    height, width = 1 + below(shape[0]), 1 + below(shape[1])
    window = below(shape[0] - height + 1), below(shape[1] - width + 1), height, width
    return shape, window, (1 + below(most), 1 + below(most))


def test_random_windows_have_pillows_bits(generator):
    for most in (6, 40, 40, 120):
        for _ in range(40):
            shape, window, size = random_case(generator, most)
            image = noise(*shape, 3, generator)
            for filter in PILLOW:
                for edges in ("crop", "image"):
                    (ours,) = fm.resample([image], [window], size=size, filter=filter, edges=edges)
                    expected = pillow(image, window, size, filter, edges)
                    assert np.array_equal(ours.numpy(), expected), (shape, window, size, filter, edges)


def test_rgb_images_of_pillow(generator):
    image = noise(301, 263, 3, generator)
    picture = Image.fromarray(image.numpy())
    for filter, code in PILLOW.items():
        (ours,) = fm.resample([image], [(5, 9, 200, 250)], size=(160, 192), filter=filter)
        assert np.array_equal(ours.numpy(), np.asarray(picture.crop((9, 5, 259, 205)).resize((192, 160), code)))


def test_one_choice_per_image(generator):
    images = [noise(20 + 9 * k, 70 - 9 * k, 3, generator) for k in range(5)]
    windows = [(1, 2, 17.5, 30.25)] * 5
    edges = ["crop", "image"] * 2 + ["crop"]
    together = fm.resample(images, windows, size=(13, 19), filter=list(PILLOW), edges=edges)
    for k, (filter, edge) in enumerate(zip(PILLOW, edges, strict=True)):
        alone = fm.resample(images[k : k + 1], windows[k : k + 1], size=(13, 19), filter=filter, edges=edge)
        assert torch.equal(together[k : k + 1], alone)


@pytest.mark.parametrize("filter", PILLOW)
def test_mirror_flips_the_output(filter, generator):
    for width in (33, 130):
        image = noise(40, 60, 3, generator)
        plain, flipped = fm.resample([image, image], size=(21, width), filter=filter, mirror=[False, True])
        assert torch.equal(flipped, plain.flip(1))


def test_fractions_beyond_the_border_by_rounding_read_the_last_pixel(generator):
    image = noise(1, 1, 3, generator)
    for filter in PILLOW:
        made = fm.resample([image], [(1.0, 1.0, 1 / 256, 1 / 256)], size=3, filter=filter)
        assert torch.equal(made, image.expand(1, 3, 3, 3))


@pytest.mark.skipif(sys.platform != "linux", reason="instruction sets are chosen by a variable of the environment")
def test_instruction_sets_agree():
    code = (
        "import hashlib, torch; from fastmix import resample\n"
        "g = torch.Generator().manual_seed(1); digest = hashlib.sha256()\n"
        "for channels in (1, 2, 3, 4):\n"
        "    images = [torch.randint(0, 256, (40 + 97 * k, 300 - 31 * k, channels), generator=g, dtype=torch.uint8) "
        "for k in range(8)]\n"
        "    for filter in ('nearest', 'box', 'bilinear', 'bicubic', 'lanczos'):\n"
        "        for size in ((45, 51), (1, 300), (224, 3)):\n"
        "            digest.update(resample(images, size=size, filter=filter).numpy().tobytes())\n"
        "print(digest.hexdigest())"
    )
    flags = open("/proc/cpuinfo").read()
    sets = ["baseline"] + [name for name, flag in (("avx2", " avx2 "), ("avx512", " avx512bw ")) if flag in flags]
    done = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "FASTMIX_CPU": name}, capture_output=True, text=True
        )
        for name in sets
    ]
    assert all(each.returncode == 0 for each in done), [each.stderr for each in done]
    assert len({each.stdout for each in done}) == 1


def test_opcheck_vmap_and_compile(generator):
    images = [noise(40, 60, 3, generator), noise(50, 30, 3, generator)]
    windows = torch.tensor([[0.0, 0, 40, 60], [3, 1, 40, 20]])
    mirror = torch.tensor([True, False])
    torch.library.opcheck(torch.ops.fastmix.resample.default, (images, windows, 20, 21, [2], [0]))
    torch.library.opcheck(torch.ops.fastmix.resample.default, (images, windows, 20, 21, [3, 4], [0, 1], mirror))

    def resized(a, b):
        return fm.resample([a, b], windows, size=(20, 21), filter=["bicubic", "box"], mirror=mirror)

    expected = resized(*images)
    stacks = [torch.stack([image, image.flip(0)]) for image in images]
    mapped = torch.vmap(resized)(*stacks)
    assert torch.equal(mapped[0], expected)
    assert torch.equal(mapped[1], resized(*(image.flip(0) for image in images)))
    assert torch.equal(torch.compile(resized, fullgraph=True, backend="aot_eager")(*images), expected)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"images": []}, ValueError, "at least one image"),
        ({"images": [torch.zeros(4, 4, 3)]}, TypeError, "torch.uint8"),
        ({"images": [torch.zeros(4, 4, dtype=torch.uint8)]}, ValueError, r"\(H, W, C\)"),
        ({"images": [torch.zeros(0, 4, 3, dtype=torch.uint8)]}, RuntimeError, "image height of 1 to"),
        ({"windows": [(0, 0, 5, 4)]}, RuntimeError, "inside the image of 4 x 4"),
        ({"windows": [(0, 0, 0, 4)]}, RuntimeError, "inside the image"),
        ({"windows": [(0, -1, 2, 2)]}, RuntimeError, "inside the image"),
        ({"windows": [(0, 0, float("nan"), 2)]}, RuntimeError, "inside the image"),
        ({"windows": [(0, 0, 4)]}, ValueError, r"shape \(1, 4\)"),
        ({"size": 0}, RuntimeError, "height of 1 to"),
        ({"size": (4, -1)}, RuntimeError, "width of 1 to"),
        ({"filter": "area"}, ValueError, "filter 'nearest', 'box', 'bilinear', 'bicubic' or 'lanczos', got 'area'"),
        ({"filter": ["box", "box"]}, ValueError, "one filter for all images or 1, one per image, got 2"),
        ({"edges": "reflect"}, ValueError, "edges 'crop' or 'image', got 'reflect'"),
        ({"mirror": [True, False]}, ValueError, r"mirror of shape \(1,\)"),
    ],
)
def test_refusals(change, error, text):
    arguments = {"images": [torch.zeros(4, 4, 3, dtype=torch.uint8)], "size": 2, **change}
    with pytest.raises(error, match=f"resample: .*{text}"):
        fm.resample(arguments.pop("images"), **arguments)


def test_the_native_operator_refuses_unknown_choices():
    images, windows = [torch.zeros(4, 4, 3, dtype=torch.uint8)], torch.tensor([[0.0, 0, 4, 4]])
    with pytest.raises(RuntimeError, match=r"expected filter 0 \(nearest\).*got 5 for sample 0"):
        torch.ops.fastmix.resample(images, windows, 2, 2, [5], [0])
    with pytest.raises(RuntimeError, match=r"expected edges 0 \(crop\) or 1 \(image\), got 2"):
        torch.ops.fastmix.resample(images, windows, 2, 2, [0], [2])
    with pytest.raises(RuntimeError, match="expected one filter for all images or one for each of 1 images, got 0"):
        torch.ops.fastmix.resample(images, windows, 2, 2, [], [0])
