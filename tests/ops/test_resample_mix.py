"""``fastmix.ops.resample_mix`` against Pillow, a float64 reference, and itself on other instruction sets."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from support import masked_plan, noise, random_plan, same_bits

import fastmix as fm
from fastmix.ops.reference import weight_map
from fastmix.ops.resample_mix import resample_mix

PILLOW = {
    "nearest": Image.NEAREST,
    "box": Image.BOX,
    "bilinear": Image.BILINEAR,
    "bicubic": Image.BICUBIC,
    "lanczos": Image.LANCZOS,
}
OVERSHOOT = ("bicubic", "lanczos")
KINDS = ("identity", "flip", "cycle", "permutation", "repeats")
# (image height, width), window (y, x, height, width), output (height, width)
CASES = [
    ((300, 360), (0, 0, 300, 360), (224, 224)),
    ((400, 500), (37, 51, 300, 360), (224, 224)),
    ((500, 400), (100.25, 33.5, 333.3, 250.75), (224, 224)),
    ((224, 224), (0, 0, 224, 224), (224, 224)),
    ((31, 63), (0, 0, 31, 63), (65, 63)),
    ((97, 89), (10, 20, 50, 33), (33, 17)),
    ((97, 89), (47, 56, 50, 33), (33, 17)),
    ((7, 5), (2, 1, 1, 1), (9, 13)),
    ((7, 5), (6, 4, 1, 1), (1, 1)),
    ((1, 1), (0, 0, 1, 1), (50, 31)),
    ((900, 1300), (0, 0, 900, 1300), (8, 8)),
]


def pixels(images, windows=None, **options) -> np.ndarray:
    """Grey levels (B, H, W, C), not rounded."""
    channels = images[0].shape[2]
    out = resample_mix(images, windows, mean=[0.0] * channels, std=[1 / 255] * channels, **options)
    return out.permute(0, 2, 3, 1).numpy()


def smooth(height: int, width: int, channels: int, generator: torch.Generator) -> torch.Tensor:
    """Noise as soft as a photograph's, so that nothing is clipped between Pillow's two passes."""
    small = noise(max(height // 12, 2), max(width // 12, 2), channels, generator).permute(2, 0, 1)[None].float()
    soft = torch.nn.functional.interpolate(small, (height, width), mode="bilinear")[0]
    return (soft * 0.6 + 50).round().to(torch.uint8).permute(1, 2, 0).contiguous()


def pillow(image: torch.Tensor, window, size, filter: str) -> np.ndarray:
    y, x, height, width = window
    planes = [Image.fromarray(image[:, :, c].contiguous().numpy()) for c in range(image.shape[2])]
    box = (x, y, x + width, y + height)
    resized = [p.resize(size[::-1], PILLOW[filter], box=box) for p in planes]
    return np.stack([np.asarray(p) for p in resized], -1).astype(float)


def weights(begin: float, extent: float, size: int, outputs: int, filter: str) -> np.ndarray:
    scale = extent / outputs
    center = begin + (np.arange(outputs) + 0.5) * scale
    if filter == "nearest":
        return np.eye(size)[np.minimum(center.astype(int), size - 1)]
    # The box has steps, so roundings decide which pixels it takes: these are Pillow's.
    stretch, pixel = max(scale, 1.0), np.arange(size)
    signed = (pixel - center[:, None] + 0.5) * (1.0 / stretch)
    first, end = (np.trunc(center + side * 0.5 * stretch + 0.5)[:, None] for side in (-1, 1))
    x = np.abs(signed)
    near, far = (1.5 * x - 2.5) * x * x + 1, -0.5 * (((x - 5) * x + 8) * x - 4)
    raw = {
        "box": (signed > -0.5) & (signed <= 0.5) & (pixel >= first) & (pixel < end),
        "bilinear": np.maximum(0, 1 - x),
        "bicubic": np.where(x < 1, near, np.where(x < 2, far, 0)),
        "lanczos": np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0),
    }[filter]
    return raw / raw.sum(1, keepdims=True)


def exact(image: torch.Tensor, window, size, filter: str) -> np.ndarray:
    y, x, height, width = (float(np.float32(value)) for value in window)
    rows = weights(y, height, image.shape[0], size[0], filter)
    columns = weights(x, width, image.shape[1], size[1], filter)
    down = np.tensordot(rows, image.numpy().astype(np.float64), (1, 0))
    return np.clip(np.einsum("px,yxc->ypc", columns, down, optimize=True), 0, 255)


@pytest.mark.parametrize("filter", PILLOW)
@pytest.mark.parametrize(("shape", "window", "size"), CASES)
def test_pillow_and_float64(shape, window, size, filter, generator):
    for channels in (1, 3, 4):
        for make in (noise, smooth):
            image = make(*shape, channels, generator)
            ours = pixels([image], [window], size=size, filter=filter, edges="image")[0]
            assert np.abs(ours - exact(image, window, size, filter)).max() < 2e-3
            if filter in OVERSHOOT and make is noise:
                continue  # Pillow clips their overshoot between its passes, by more than a grey level here
            difference = np.abs(np.floor(ours + 0.5) - pillow(image, window, size, filter))  # halves up, as Pillow
            assert difference.max() <= (0 if filter == "nearest" else 1)
            assert difference.mean() < 0.35


@pytest.mark.parametrize("filter", PILLOW)
@pytest.mark.parametrize(("shape", "window", "size"), CASES)
def test_the_default_crops_first(shape, window, size, filter, generator):
    image = noise(*shape, 3, generator)
    y, x, height, width = window
    top, left = int(y), int(x)
    crop = image[top : int(np.ceil(y + height)), left : int(np.ceil(x + width))]
    inner = (np.float32(y) - top, np.float32(x) - left, height, width)
    expected = pixels([crop], [inner], size=size, filter=filter, edges="image")
    assert np.array_equal(pixels([image], [window], size=size, filter=filter), expected)


def test_one_choice_per_image(generator):
    images = [noise(20 + 9 * k, 70 - 9 * k, 3, generator) for k in range(5)]
    edges = ["crop", "image"] * 2 + ["crop"]
    windows = [(1, 2, 17.5, 30.25)] * 5
    together = pixels(images, windows, size=(13, 19), filter=list(PILLOW), edges=edges)
    for k, (filter, edge) in enumerate(zip(PILLOW, edges, strict=True)):
        alone = pixels(images[k : k + 1], windows[k : k + 1], size=(13, 19), filter=filter, edges=edge)
        assert np.array_equal(together[k : k + 1], alone)


def test_whole_image_unscaled_is_exact(generator):
    image = noise(33, 47, 3, generator)
    assert np.array_equal(pixels([image], size=(33, 47))[0], image.numpy())


def test_masks_of_frames_are_refused():
    plan = fm.MixPlan.masked([0], torch.ones(1, 2, 4, 4))
    with pytest.raises(RuntimeError, match=r"expected masks \(M, h, w\) for images, got masks of 2 frames"):
        resample_mix([torch.zeros(4, 4, 3, dtype=torch.uint8)], None, plan, size=4)


@pytest.mark.parametrize("size", [(8, 8), (3, 5), (19, 34), (17, 65)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_mixing_is_normalize_mix_of_the_resampled(size, dtype, generator):
    for channels in (1, 2, 3, 4):
        count = 7
        images = [noise(9 + 13 * k, 70 - 9 * k, channels, generator) for k in range(count)]
        mirror = torch.rand(count, generator=generator) < 0.5
        kept = {"mean": [0.4] * channels, "std": [0.25] * channels, "dtype": dtype, "size": size}
        flat = pixels(images, size=size, mirror=mirror)
        plans = [random_plan(count, *size, generator, kind) for kind in KINDS]
        plans += [masked_plan(count, size, mask, generator, kind) for kind in KINDS for mask in (size, (5, 40))]
        for plan in plans:
            own, partner = torch.from_numpy(flat), torch.from_numpy(flat)[plan.partner.long()]
            w = weight_map(plan, (count, *size))[..., None]
            w = torch.where((plan.partner == torch.arange(count))[:, None, None, None], 1.0, w)
            mean, std = np.float32(255 * 0.4).astype(np.float64), np.float32(255 * 0.25).astype(np.float64)
            scale, bias = torch.tensor(1 / std, dtype=torch.float32), torch.tensor(-mean / std, dtype=torch.float32)
            expected = ((w * own + (1 - w) * partner) * scale + bias).to(dtype).permute(0, 3, 1, 2)
            for memory_format in (torch.contiguous_format, torch.channels_last):
                out = resample_mix(images, None, plan, mirror=mirror, memory_format=memory_format, **kept)
                assert out.is_contiguous(memory_format=memory_format)
                assert same_bits(out.contiguous(), expected.contiguous())


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("width", [224, 240])  # rows that are whole cache lines in some of the types, or in all
def test_large_batches_are_written_as_small_ones(width, dtype, memory_format, generator):
    # From 4 MiB on the batch is written past the caches.
    images = [noise(100 + 20 * k, 300 - 10 * k, 3, generator) for k in range(16)]
    plan = random_plan(16, 224, width, generator, "flip")
    plan.partner[:] = torch.arange(16) ^ 1
    options = {"size": (224, width), "dtype": dtype, "memory_format": memory_format}
    whole = resample_mix(images, None, plan, **options)
    assert whole.nbytes >= 4 << 20
    for k in range(0, 16, 2):
        parts = (plan.weight_in[k : k + 2], plan.weight_out[k : k + 2], plan.box[k : k + 2])
        pair = fm.MixPlan.from_arrays(torch.tensor([1, 0], dtype=torch.int32), *parts, plan.label_weight[k : k + 2])
        assert same_bits(whole[k : k + 2], resample_mix(images[k : k + 2], None, pair, **options))


def test_mirror_flips_the_output(generator):
    image = noise(40, 60, 3, generator)
    plain, flipped = pixels([image, image], size=(21, 33), mirror=[False, True])
    assert np.array_equal(flipped, plain[:, ::-1])


@pytest.mark.skipif(sys.platform != "linux", reason="instruction sets are chosen by a variable of the environment")
def test_instruction_sets_agree():
    code = (
        "import hashlib, torch; from fastmix.ops.resample_mix import resample_mix; from fastmix import MixPlan\n"
        "g = torch.Generator().manual_seed(1); digest = hashlib.sha256()\n"
        "images = [torch.randint(0, 256, (40 + 97 * k, 300 - 31 * k, 3), generator=g, dtype=torch.uint8) "
        "for k in range(8)]\n"
        "for filter in ('nearest', 'box', 'bilinear', 'bicubic', 'lanczos'):\n"
        "    for dtype in (torch.float32, torch.float16, torch.bfloat16):\n"
        "        w = torch.rand(8, generator=g); box = torch.tensor([[3, 5, 30, 41]] * 8, dtype=torch.int32)\n"
        "        partner, inside = torch.randperm(8, generator=g).int(), torch.rand(8, generator=g)\n"
        "        plan = MixPlan.from_arrays(partner, inside, w, box, w)\n"
        "        masked = MixPlan.masked(partner, torch.rand(3, 9, 33, generator=g), [0, 1, 2, -1] * 2)\n"
        "        masked = resample_mix(images, None, masked, size=(45, 51), dtype=dtype)\n"
        "        digest.update(masked.view(torch.uint8).numpy().tobytes())\n"
        "        out = resample_mix(images, None, plan, size=(45, 51), dtype=dtype, filter=filter)\n"
        "        digest.update(out.view(torch.uint8).numpy().tobytes())\n"
        "large = resample_mix(images, None, plan, size=(224, 256))  # beyond 4 MiB: written past the caches\n"
        "digest.update(large.view(torch.uint8).numpy().tobytes())\n"
        "print(digest.hexdigest())"
    )
    flags = open("/proc/cpuinfo").read()
    sets = ["baseline"] + [name for name, flag in (("avx2", " avx2 "), ("avx512", " avx512bw ")) if flag in flags]
    digests = {
        name: subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "FASTMIX_CPU": name}, capture_output=True, text=True
        )
        for name in sets
    }
    assert all(done.returncode == 0 for done in digests.values()), [done.stderr for done in digests.values()]
    assert len({done.stdout for done in digests.values()}) == 1


def test_fake_and_threads(generator):
    images = [noise(40, 60, 3, generator), noise(50, 30, 3, generator)]
    plan = fm.MixPlan.identity(2)
    arguments = (images, plan.rows, torch.tensor([[0.0, 0, 40, 60], [0, 0, 50, 30]]))
    rest = (20, 21, [2], [0], [0.0] * 3, [1.0] * 3, torch.bfloat16, True)
    torch.library.opcheck(torch.ops.fastmix.resample_mix.default, (*arguments, *rest))
    masks = torch.zeros(1, 2, 2, dtype=torch.uint8)
    plan.mask_index[:] = 0
    torch.library.opcheck(torch.ops.fastmix.resample_mix.default, (*arguments, *rest, None, masks))


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"images": []}, ValueError, "at least one image"),
        ({"images": [torch.zeros(4, 4, 3)]}, TypeError, "torch.uint8"),
        ({"images": [torch.zeros(4, 4, dtype=torch.uint8)]}, ValueError, r"\(H, W, C\)"),
        ({"windows": [(0, 0, 5, 4)]}, RuntimeError, "inside the image of 4 x 4"),
        ({"windows": [(0, 0, 0, 4)]}, RuntimeError, "inside the image"),
        ({"windows": [(0, -1, 2, 2)]}, RuntimeError, "inside the image"),
        ({"windows": [(0, 0, float("nan"), 2)]}, RuntimeError, "inside the image"),
        ({"windows": [(0, 0, 4)]}, ValueError, r"shape \(1, 4\)"),
        ({"size": 0}, RuntimeError, "height of 1 to"),
        ({"filter": "area"}, ValueError, "'bicubic' or 'lanczos', got 'area'"),
        ({"edges": ["crop", "crop"]}, ValueError, "one edges for all images or 1, one per image, got 2"),
        ({"dtype": torch.float64}, TypeError, "float16, torch.bfloat16 or torch.float32"),
        ({"mean": [0.0]}, ValueError, "mean with one value per channel"),
        ({"plan": fm.MixPlan.identity(2)}, ValueError, "plan for 1 samples"),
    ],
)
def test_refusals(change, error, text):
    arguments = {"images": [torch.zeros(4, 4, 3, dtype=torch.uint8)], "size": 2, **change}
    with pytest.raises(error, match=text):
        resample_mix(arguments.pop("images"), **arguments)
