"""resample_mix with a sample plan: resample, augment_, normalize_mix and erasing, one after the other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import special, stats
from support import noise, random_plan, same_bits

import fastmix as fm
import fastmix.augment as fa

SIZES = [(40, 52), (33, 24), (17, 90), (64, 64), (5, 3), (50, 41), (1, 1)]
SIZE = (21, 34)
MEAN, STD = fm.IMAGENET_MEAN, fm.IMAGENET_STD
POLICY = fa.Compose(
    [
        fa.RandomResizedCrop(interpolation="random"),
        fa.RandomHorizontalFlip(),
        fa.RandomVerticalFlip(),
        fa.RandomChoice([fa.RandAugment(), fa.AugMix(), fa.TrivialAugmentWide(), fa.GaussianBlur()]),
        fa.RandomErasing(0.5, (1, 2, 3)),
    ]
)


def inputs(count: int, policy: fa.SamplePolicy = POLICY) -> tuple[list[torch.Tensor], fa.SamplePlan]:
    generator = torch.Generator().manual_seed(count)
    sizes = [SIZES[i % len(SIZES)] for i in range(count)]
    keys = fa.SampleKeys(7, 0, np.arange(count))
    return [noise(*size, 3, generator) for size in sizes], policy.plan(keys, SIZE, sizes)


def in_turn(images, sample_plan, plan, mirror=None, **options) -> torch.Tensor:
    """The three operators in turn."""
    filters = [fa.sample_plan.RESIZE_FILTERS[word >> 8 & 15] for word in sample_plan.rows[:, 1].tolist()]
    edges = ["image" if word & 4 else "crop" for word in sample_plan.rows[:, 1].tolist()]
    window = sample_plan.window.clone()
    for row, image in zip(window, images, strict=True):
        row[2:] = torch.where(row[2:] == 0, torch.tensor(image.shape[:2], dtype=torch.int32), row[2:])
    resized = fm.resample(images, window, size=SIZE, filter=filters, edges=edges, mirror=mirror)
    operations = fa.SamplePlan(sample_plan.rows.clone())
    operations.window.zero_()
    return fm.normalize_mix(fm.augment_(resized, operations, channels_last=True), plan, **options)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("count", "kind"), [(1, "identity"), (7, "flip"), (20, "cycle"), (7, "repeats"), (12, "any")])
def test_equals_the_operators_in_turn(count, kind, memory_format, dtype) -> None:
    images, sample_plan = inputs(count)
    generator = torch.Generator().manual_seed(3)
    plan = random_plan(count, *SIZE, generator, kind)
    mirror = torch.rand(count, generator=generator) < 0.5
    options = {"mirror": mirror, "dtype": dtype, "memory_format": memory_format}
    made = fm.resample_mix(images, None, plan, size=SIZE, sample_plan=sample_plan, **options)
    assert same_bits(made, in_turn(images, sample_plan, plan, **options))


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_masks(memory_format) -> None:
    images, sample_plan = inputs(8)
    plan = fm.FMix(1.0).plan(8, SIZE)
    made = fm.resample_mix(images, None, plan, size=SIZE, memory_format=memory_format, sample_plan=sample_plan)
    assert same_bits(made, in_turn(images, sample_plan, plan, memory_format=memory_format))


def test_windows_come_from_the_argument_or_the_plan() -> None:
    images, sample_plan = inputs(6, fa.TrivialAugmentWide())
    windows = [(0, 0, *(side * 0.75 for side in image.shape[:2])) for image in images]
    made = fm.resample_mix(images, windows, size=SIZE, sample_plan=sample_plan.rows)
    augmented = fm.augment_(fm.resample(images, windows, size=SIZE), sample_plan, channels_last=True)
    assert same_bits(made, fm.normalize_mix(augmented, fm.MixPlan.identity(6)))


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_large_batches_are_written_past_the_caches(memory_format) -> None:
    images, _ = inputs(24)
    sample_plan = fa.TrivialAugmentWide().plan(fa.SampleKeys(0, 0, np.arange(24)), (160, 160))
    plan = random_plan(24, 160, 160, torch.Generator().manual_seed(0))
    made = fm.resample_mix(images, None, plan, size=160, memory_format=memory_format, sample_plan=sample_plan)
    assert made.nbytes > 4 << 20
    augmented = fm.augment_(fm.resample(images, size=160), sample_plan, channels_last=True)
    assert same_bits(made, fm.normalize_mix(augmented, plan, memory_format=memory_format))


def expected_noise(word: int, channel: int, box: tuple[int, int], per_channel: bool) -> np.ndarray:
    """Normal numbers of a box, from Philox and SciPy's quantile function."""
    height, width = box
    first = channel if per_channel else channel * height * width
    elements = np.full((height, width), channel) if per_channel else first + np.arange(height * width).reshape(box)
    key = [word & 0xFFFFFFFF, int.from_bytes(b"ErNo", "big")]
    words = np.array([[philox(int(e) // 4, key)[int(e) % 4] for e in row] for row in elements], np.float64)
    return special.ndtri((words + 0.5) / 2**32)


def philox(counter: int, key: list[int]) -> list[int]:
    words, (k0, k1) = [counter, 0, 0, 0], key
    for _ in range(10):
        a, b = 0xD2511F53 * words[0], 0xCD9E8D57 * words[2]
        words = [b >> 32 ^ words[1] ^ k0, b & 0xFFFFFFFF, a >> 32 ^ words[3] ^ k1, a & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return words


def box_values(operation: fa.Operation, channel: int) -> np.ndarray:
    height, width = map(int, operation.values[2:4])
    if operation.name == "ErasePixelsNormalized":
        return np.full((height, width), operation.values[4])
    return expected_noise(int(operation.values[4]), channel, (height, width), operation.per_channel)


def erase(image: np.ndarray, operations: list[fa.Operation], before: bool) -> None:
    """Fill boxes of one image (3, H, W), in place."""
    for operation in operations:
        if operation.before_mixing == before:
            y, x = map(int, operation.values[:2])
            for channel in range(3):
                target = image[channel, y:, x:]
                values = box_values(operation, channel)[: target.shape[0], : target.shape[1]]
                target[: values.shape[0], : values.shape[1]] = values


BOXES = [
    [fa.Operation("ErasePixelsNormalized", (2, 3, 9, 12, 0.0), before_mixing=True)],
    [fa.Operation("EraseNormal", (0, 0, 21, 34, 77), before_mixing=True)],
    [fa.Operation("Invert"), fa.Operation("EraseNormal", (15, 30, 12, 9, -5))],  # clipped
    [
        fa.Operation("EraseNormal", (4, 4, 8, 8, 9), per_channel=True, before_mixing=True),
        fa.Operation("ErasePixelsNormalized", (6, 6, 8, 8, -1.5)),
        fa.Operation("EraseNormal", (1, 20, 3, 5, 2**31 - 1), per_channel=True),
    ],
    [],
]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    ("dtype", "bound"), [(torch.float32, 2e-6), (torch.float16, 2e-3), (torch.bfloat16, 1.6e-2)], ids=str
)
@pytest.mark.parametrize("mix", ["pairs", "repeats", "masks", "none"])
def test_erases_in_the_normalised_output(mix, dtype, bound, memory_format) -> None:
    count = len(BOXES)
    images, _ = inputs(count)
    sample_plan = fa.SamplePlan.from_operations(BOXES)
    generator = torch.Generator().manual_seed(1)
    if mix == "masks":
        plan = fm.FMix(1.0).plan(count, SIZE)
    else:
        kind = {"pairs": "flip", "repeats": "repeats", "none": "identity"}[mix]
        plan = random_plan(count, *SIZE, generator, kind)
    made = fm.resample_mix(
        images, None, plan, size=SIZE, dtype=dtype, memory_format=memory_format, sample_plan=sample_plan
    )
    pixels = fm.resample(images, size=SIZE).numpy()
    pixels[2] = 255 - pixels[2]
    values = (pixels.transpose(0, 3, 1, 2) / 255 - np.array(MEAN)[:, None, None]) / np.array(STD)[:, None, None]
    for image, operations in zip(values, BOXES, strict=True):
        erase(image, [op for op in operations if op.name != "Invert"], True)
    # Float64 images are mixed as they are.
    expected = fm.mix(torch.from_numpy(values), plan).numpy()
    for image, operations in zip(expected, BOXES, strict=True):
        erase(image, [op for op in operations if op.name != "Invert"], False)
    np.testing.assert_allclose(made.double().numpy(), expected, rtol=bound, atol=bound)


def test_noise_is_normal_and_independent_of_the_batch() -> None:
    image = torch.zeros((8, 8, 3), dtype=torch.uint8)
    box = fa.Operation("EraseNormal", (0, 0, 200, 200, 12345))
    plan = fa.SamplePlan.from_operations([[box], [box], [fa.Operation("EraseNormal", (0, 0, 200, 200, 12346))]])
    made = fm.resample_mix([image] * 3, size=200, sample_plan=plan)
    assert made[0].equal(made[1])
    assert not made[0].equal(made[2])
    for channel in made[0]:
        assert stats.kstest(channel.numpy().ravel(), "norm").pvalue > 1e-3
    channels = made[0].reshape(3, -1).numpy()
    assert np.abs(np.corrcoef(channels) - np.eye(3)).max() < 0.02


def test_opcheck() -> None:
    images, sample_plan = inputs(3)
    plan = fm.MixPlan.identity(3)
    windows = torch.tensor([[0, 0, *image.shape[:2]] for image in images], dtype=torch.float32)
    arguments = (images, plan.rows, windows, *SIZE, [2], [0], [0.0] * 3, [1.0] * 3, torch.float32, False)
    with torch.random.fork_rng(devices=[]):
        torch.library.opcheck(
            torch.ops.fastmix.resample_mix.default, arguments, {"sample_plan": sample_plan.rows.clone()}
        )


def test_bits_on_every_cpu_set() -> None:
    here = Path(__file__).parent
    code = (
        "import hashlib, sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_augmented_mix import *\n"
        "images, sample_plan = inputs(12, fa.Compose([*POLICY.policies, fa.RandomErasing(0.7, 'pixel')]))\n"
        "plan = random_plan(12, *SIZE, torch.Generator().manual_seed(0), 'any')\n"
        "made = [fm.resample_mix(images, None, plan, size=SIZE, sample_plan=sample_plan, memory_format=f)\n"
        "        for f in (torch.contiguous_format, torch.channels_last)]\n"
        "print(hashlib.sha256(b''.join(m.contiguous().numpy().tobytes() for m in made)).hexdigest())\n"
    )
    found = {}
    for name in ("baseline", "avx2", "avx512", "avx512vbmi"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(here), str(here.parent)],
            env={**os.environ, "FASTMIX_CPU": name},
            capture_output=True,
            text=True,
        )
        if done.returncode and "FASTMIX_CPU" in done.stderr:
            continue  # this processor lacks it
        assert done.returncode == 0, done.stderr
        found[name] = done.stdout
    assert "baseline" in found
    assert len(set(found.values())) == 1, found


def bad(change) -> torch.Tensor:
    plan = fa.SamplePlan.from_operations([[fa.Operation("Invert")], []], slots=2)
    change(plan)
    return plan.rows


def give_window(plan: fa.SamplePlan) -> None:
    plan.window[0] = torch.tensor([0, 0, 5, 5])


@pytest.mark.parametrize(
    ("sample_plan", "options", "error", "message"),
    [
        (bad(lambda _: None), {"filter": "box"}, ValueError, "expected filter=None with a sample plan"),
        (bad(lambda _: None), {"edges": "crop"}, ValueError, "expected edges=None with a sample plan"),
        (bad(give_window), {"windows": [(0, 0, 4, 4)] * 2}, ValueError, "windows= or in the sample plan, got both"),
        (bad(lambda plan: plan.output_size.fill_(9)), {}, RuntimeError, "got the output size 9 x 9 for sample 0"),
        (bad(lambda plan: plan.rows[:, 0].zero_()), {}, RuntimeError, "expected rows of a sample plan"),
        (bad(lambda plan: plan.window[1].fill_(99)), {}, RuntimeError, "window"),
        (torch.zeros(3, 16, dtype=torch.int32), {}, RuntimeError, "for 2 samples, got one for 3"),
        ("plan", {}, TypeError, "expected plan to be a sample plan or its rows, got str"),
        (
            fa.SamplePlan.from_operations([[BOXES[0][0], fa.Operation("Invert")], []]),
            {},
            RuntimeError,
            "got Invert in operation 1 of",
        ),
        (
            bad(lambda plan: plan.set_operations(0, [fa.Operation("PadCrop", (40, 0), reflect=True)])),
            {},
            RuntimeError,
            "expected PadCrop with reflection to move less than 21 rows and 34 columns",
        ),
    ],
)
def test_errors(sample_plan, options, error, message) -> None:
    images, _ = inputs(2)
    with pytest.raises(error, match=re.escape(message)):
        fm.resample_mix(images, size=SIZE, sample_plan=sample_plan, **options)


def test_refuses_gray_images() -> None:
    plan = fa.SamplePlan.identity(1)
    with pytest.raises(RuntimeError, match="expected images of 3 channels with a sample plan, got 1"):
        fm.resample_mix([torch.zeros((4, 4, 1), dtype=torch.uint8)], size=2, mean=[0], std=[1], sample_plan=plan)
