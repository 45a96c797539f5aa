"""What is in a batch: the right pixels of the right image, mixed as the functional face mixes them, in every format."""

import dataclasses
import io

import numpy as np
import pytest
import torch
from data_support import SIZE, make
from PIL import Image
from support import devices, same_bits

import fastmix as fm
from fastmix import _core
from fastmix.loader.sources.kinds import open_source
from fastmix.ops.normalize_mix import IMAGENET_MEAN, IMAGENET_STD

POLICIES = [
    fm.Mixup(0.4),
    fm.Mixup(0.4, per="pair", pairing="flip"),
    fm.CutMix(1.0, per="pair", prob=0.7),
    fm.Choice([fm.Mixup(0.4), fm.CutMix(1.0)], p=[0.3, 0.7], per="sample"),
    fm.FMix(),
    fm.FMix(per="pair"),
    fm.GridMix(),
    fm.SmoothMix(),
    fm.GMix(),
    fm.Choice([fm.Mixup(0.4), fm.CutMix(1.0), fm.FMix()], per="pair"),
]
IDS = ["mixup", "pairs", "cutmix", "choice", "fmix", "fmixes", "gridmix", "smoothmix", "gmix", "masks or none"]
# With these the "normalised" images are the pixel values themselves: 255 / 255 is exactly 1.
PIXELS = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}


def neighbors(policy):
    if isinstance(policy, fm.Choice):
        return fm.Choice([neighbors(one) for one in policy.policies], policy.p, policy.per)
    return dataclasses.replace(policy, pairing="neighbor")


def to_uint8(images: torch.Tensor) -> torch.Tensor:
    assert images.equal(images.round())
    return images.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def mixed_normalized(pixels: torch.Tensor, plan: fm.MixPlan) -> torch.Tensor:
    """The same of pixels that are not whole numbers: torch's own expression, in float64."""
    x = pixels.double()
    mean, std = (x.new_tensor(values) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return fm.mix((x / 255 - mean[:, None, None]) / std[:, None, None], plan).float()


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("policy", POLICIES, ids=IDS)
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("resampler", ["fastmix", "dali"])
def test_mixed_batches_are_the_unmixed_ones_mixed(photos, device, policy, train, resampler):
    options = {"device": device, "seed": 5, "train": train, "last_batch": "partial", "resampler": resampler}
    plain = make(photos, 4, **PIXELS, **options)
    mixed = make(photos, 4, mix=policy, classes=plain.classes, num_classes=7, smoothing=0.1, **options)
    for epoch in range(2):
        for step, ((pixels, ids), (images, targets)) in enumerate(zip(plain, mixed, strict=True)):
            plan = neighbors(policy).plan(len(ids), (SIZE, SIZE), seed=5, epoch=epoch, step=step)
            if resampler == "dali":
                assert same_bits(images, fm.normalize_mix(to_uint8(pixels), plan))
            else:
                torch.testing.assert_close(images, mixed_normalized(pixels, plan), rtol=0, atol=2e-6)
            assert same_bits(targets, fm.mix_labels(ids, plan, num_classes=7, smoothing=0.1))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("mix", [None, POLICIES[3]], ids=["plain", "mixed"])
def test_formats(photos, device, memory_format, dtype, mix):
    expected = make(photos, 5, device=device, mix=mix, last_batch="partial")
    loader = make(photos, 5, device=device, mix=mix, last_batch="partial", dtype=dtype, memory_format=memory_format)
    for (x, y), (images, targets) in zip(expected, loader, strict=True):
        assert images.shape == (len(y), 3, SIZE, SIZE) and images.dtype == dtype
        assert images.device.type == targets.device.type == device
        assert images.is_contiguous(memory_format=memory_format)
        # Rounded once, from the same float32 values.
        assert same_bits(images, x.to(dtype))
        assert targets.equal(y)
        assert targets.dtype == (torch.int64 if mix is None else torch.float32)


def decoded(path: str) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def assert_near(pixels: torch.Tensor, expected: Image.Image, resampler: str) -> None:
    """Of one image; the decoders give the same pixels."""
    pixels = pixels.permute(1, 2, 0).numpy()
    difference = np.abs(pixels.round() - np.asarray(expected, dtype=np.float32))
    if resampler == "fastmix":
        assert difference.max() <= 1 and difference.mean() < 0.35
    else:
        # DALI's filter weighs alike but rounds differently, most at sharp edges; and ends at the window's border.
        assert difference[2:-2, 2:-2].max() <= 32 and difference.max() <= 48 and difference.mean() < 0.6


@pytest.mark.parametrize("resampler", ["fastmix", "dali"])
def test_training_crops_are_those_of_the_sample_and_epoch(numbered, resampler):
    source = open_source(numbered)
    spec = _core.CropSpec(scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), mirror_prob=0.5)
    loader = make(numbered, 7, size=64, seed=11, resampler=resampler, **PIXELS)
    mirrored = 0
    for epoch in range(2):
        for images, ids in loader:
            for pixels, sample in zip(images, ids.tolist(), strict=True):
                image = decoded(source.path(sample))
                windows, mirror = _core.random_resized_crop(spec, [[image.height, image.width]], 11, [[epoch, sample]])
                y, x, height, width = windows[0].tolist()
                crop = image.crop((x, y, x + width, y + height)).resize((64, 64), Image.Resampling.BILINEAR)
                crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirror[0] else crop
                assert_near(pixels, crop, resampler)
                mirrored += int(mirror[0])
    assert 0 < mirrored < 42


@pytest.mark.parametrize("resampler", ["fastmix", "dali"])
def test_evaluation_takes_the_centre(numbered, resampler):
    source = open_source(numbered)
    # 84 * 256 / 224 = 96: photographs of 500 x 375 become 128 x 96, and no place in between is rounded.
    for images, ids in make(numbered, 7, size=84, train=False, resampler=resampler, **PIXELS):
        for pixels, sample in zip(images, ids.tolist(), strict=True):
            image = decoded(source.path(sample))
            small = (128, 96) if image.width > image.height else (96, 128)
            left, top = (small[0] - 84) // 2, (small[1] - 84) // 2
            resized = image.resize(small, Image.Resampling.BILINEAR)
            assert_near(pixels, resized.crop((left, top, left + 84, top + 84)), resampler)


def test_evaluation_is_the_same_in_every_epoch(photos):
    loader = make(photos, 21, train=False)
    (first, labels), (second, _) = next(iter(loader)), [*loader, *loader][1]
    assert same_bits(first, second)
    assert labels.tolist() == [0] * 7 + [1] * 7 + [2] * 7


@pytest.mark.parametrize("train", [True, False])
def test_kinds_of_images(tmp_path, train):
    rng = np.random.default_rng(0)
    quarters = np.repeat(np.repeat(rng.integers(0, 256, (2, 2, 3), dtype=np.uint8), 60, 0), 80, 1)
    image = Image.fromarray(quarters)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    turned = image.transpose(Image.Transpose.ROTATE_90)
    kinds = {
        "plain.png": (image, {}),
        "exif.jpg": (turned, {"exif": exif, "quality": 100, "subsampling": 0}),
        "wrong_name.jpg": (image, {"format": "PNG"}),
        "alpha.png": (image.convert("RGBA"), {}),
        "lossless.webp": (image, {"lossless": True}),
        "p.ppm": (image, {}),
        "b.bmp": (image, {}),
        "t.tiff": (image, {}),
    }
    for name, (picture, options) in kinds.items():
        picture.save(tmp_path / name, **options)
    # The same picture, with the same key in each file: the same crop of the same pixels.
    batches = [next(iter(make([(tmp_path / name, 0)], 1, train=train, **PIXELS)))[0] for name in kinds]
    for batch in batches[1:]:
        assert (batch - batches[0]).abs().max() <= 6


def test_gray_images_and_cmyk(tmp_path):
    gray = Image.fromarray(np.full((40, 60), 77, dtype=np.uint8))
    gray.save(tmp_path / "gray.jpg")
    gray.save(tmp_path / "gray.pgm")
    Image.new("CMYK", (60, 40), (0, 0, 0, 178)).save(tmp_path / "cmyk.jpg", quality=100)
    for name in ("gray.jpg", "gray.pgm", "cmyk.jpg"):
        images, _ = next(iter(make([(tmp_path / name, 0)], 1, **PIXELS)))
        assert (images - 77).abs().max() <= 2, name


def test_tiny_images(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1), (10, 200, 30)).save(buffer, "PNG")
    (tmp_path / "dot.png").write_bytes(buffer.getvalue())
    for train in (True, False):
        images, _ = next(iter(make([(tmp_path / "dot.png", 0)], 1, train=train, **PIXELS)))
        assert images[0, :, 0, 0].tolist() == [10, 200, 30]
