"""Chains of operations, flips, erasing, cropping, AugMix; layouts and sizes of batches."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from pillow_operations import FILL, FILTERS, WARPS, by_pillow, color, operation, pictures, rows, words
from test_operators import AMOUNTS

import fastmix as fm

PIXELWISE = ("Invert", "Posterize", "Solarize", "SolarizeAdd", "Brightness", "Contrast", "AutoContrast", "Equalize")


def augmented(picture: np.ndarray, *operations: list[int], flags: int = 0) -> np.ndarray:
    images = torch.from_numpy(picture)[None]
    return fm.augment_images(images, rows([operations], flags=[flags]), channels_last=True)[0].numpy()


def random_chain(generator: np.random.Generator, names: tuple[str, ...], length: int) -> list[tuple[str, float, str]]:
    chain = []
    for name in generator.choice(names, length):
        filter = str(generator.choice(list(FILTERS))) if name in WARPS else "nearest"
        chain.append((str(name), float(generator.choice(AMOUNTS[name])), filter))
    return chain


def chained(picture: np.ndarray, chain: list[tuple[str, float, str]]) -> np.ndarray:
    image = Image.fromarray(picture)
    for step in chain:
        image = by_pillow(image, *step)
    return np.array(image)


@pytest.mark.parametrize("names", [PIXELWISE, tuple(AMOUNTS)], ids=["tables", "all"])
@pytest.mark.parametrize(("height", "width"), [(48, 48), (31, 50), (1, 9)])
def test_chains_equal_pillow(names, height, width) -> None:
    """Tables are composed before they meet the pixels, and statistics go through them: the result stays the same."""
    generator = np.random.default_rng(height)
    for label, picture in pictures(height, width).items():
        chains = [random_chain(generator, names, int(length)) for length in generator.integers(0, 7, 25)]
        plan = rows([[operation(*step) for step in chain] for chain in chains], capacity=8)
        out = fm.augment_images(torch.from_numpy(picture).expand(25, -1, -1, -1), plan, channels_last=True)
        for chain, got in zip(chains, out, strict=True):
            assert np.array_equal(got.numpy(), chained(picture, chain)), (label, chain)


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
@pytest.mark.parametrize(("height", "width"), [(24, 31), (1, 7), (7, 1)])
def test_flips_come_before_operations(flags, height, width) -> None:
    picture = pictures(height, width)["flower"]
    image = Image.fromarray(picture)
    image = ImageOps.mirror(image) if flags & 1 else image
    image = ImageOps.flip(image) if flags & 2 else image
    assert np.array_equal(augmented(picture, flags=flags), np.asarray(image))
    sheared = np.asarray(by_pillow(image, "ShearX", 0.3, "bilinear"))
    assert np.array_equal(augmented(picture, operation("ShearX", 0.3, "bilinear"), flags=flags), sheared)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 5, 4), (3, 2, 9, 20), (20, 10, 50, 50), (0, 0, 100, 100), (5, 5, 0, 9), (30, 40, 2, 2), (22, 17, 1, 1)],
)
def test_boxes_are_erased_and_clipped(box) -> None:
    y, x, h, w = box
    picture = pictures(23, 18)["noise"]
    wanted = picture.copy()
    wanted[y : y + h, x : x + w] = FILL
    erase = words("EraseConstant", y | x << 16, h | w << 16, color(FILL))
    assert np.array_equal(augmented(picture, erase), wanted)
    # A table before it changes all pixels but those, one after it all.
    wanted = 255 - picture
    wanted[y : y + h, x : x + w] = FILL
    assert np.array_equal(augmented(picture, words("Invert"), erase), wanted)
    assert np.array_equal(augmented(picture, words("Invert"), erase, words("Invert")), 255 - wanted)


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (-4, 3), (4, -4), (10, 8), (-10, -8), (-3, 0)])
def test_pad_crop(dy, dx) -> None:
    picture = pictures(11, 9)["noise"]
    pad = ((10, 10), (8, 8), (0, 0))
    part = (slice(10 + dy, 21 + dy), slice(8 + dx, 17 + dx))
    reflected = np.pad(picture, pad, mode="reflect")[part]
    assert np.array_equal(augmented(picture, words("PadCrop", dy, dx, 1 << 24)), reflected)
    filled = np.full((31, 25, 3), FILL, dtype=np.uint8)
    filled[10:21, 8:17] = picture
    assert np.array_equal(augmented(picture, words("PadCrop", dy, dx, color(FILL))), filled[part])
    far = augmented(picture, words("PadCrop", -1000, 5, color(FILL)))
    assert np.array_equal(far, np.broadcast_to(np.uint8(FILL), picture.shape))


@pytest.mark.parametrize("label", ["flower", "noise", "few"])
def test_augmix_adds_chains_as_torch_does(label) -> None:
    picture = pictures(40, 33)[label]
    chains = [[("ShearX", 0.2, "bilinear"), ("Equalize", 0.0, "nearest")], [("Posterize", 4.0, "nearest")], []]
    weights, kept, mixed = [0.21, 0.5, 0.29], 0.37, 0.63
    operations = [words("AugMixBegin")]
    total = torch.zeros(picture.shape)
    for chain, weight in zip(chains, weights, strict=True):
        operations += [operation(*step) for step in chain] + [words("AugMixChainEnd", weight)]
        total += torch.tensor(weight) * torch.from_numpy(chained(picture, chain)).float()
    operations.append(words("AugMixEnd", kept, mixed))
    wanted = torch.tensor(kept) * torch.from_numpy(picture).float() + torch.tensor(mixed) * total
    assert np.array_equal(augmented(picture, *operations), wanted.clamp(0, 255).to(torch.uint8).numpy())
    # The sum may start with the image, as torchvision's does.
    total = torch.tensor(kept) * torch.from_numpy(picture).float()
    total += torch.tensor(mixed) * torch.from_numpy(255 - picture).float()
    started = [
        words("AugMixBegin", kept),
        words("Invert"),
        words("AugMixChainEnd", mixed),
        words("AugMixEnd", 0.0, 1.0),
    ]
    assert np.array_equal(augmented(picture, *started), total.to(torch.uint8).numpy())


def mixed_batch(generator: np.random.Generator, batch: int, height: int, width: int):
    images = torch.from_numpy(generator.integers(0, 256, (batch, height, width, 3), dtype=np.uint8))
    chains = [random_chain(generator, tuple(AMOUNTS), int(length)) for length in generator.integers(0, 4, batch)]
    flags = generator.integers(0, 4, batch).tolist()
    return images, rows([[operation(*step) for step in chain] for chain in chains], capacity=3, flags=flags)


@pytest.mark.parametrize("batch", [0, 1, 2, 9])
def test_layouts_agree(batch) -> None:
    generator = np.random.default_rng(batch)
    images, plan = mixed_batch(generator, batch, 21, 34)
    before = images.clone()
    wanted = fm.augment_images(images, plan)
    assert torch.equal(images, before)
    planar = images.permute(0, 3, 1, 2)
    for source in (planar.contiguous(), planar, planar.contiguous().flip(0).flip(0)):
        out = fm.augment_images(source, plan)
        assert torch.equal(out.permute(0, 2, 3, 1), wanted) and out.is_contiguous(
            memory_format=torch.channels_last if source is planar and batch else torch.contiguous_format
        )
        changed = source.clone(memory_format=torch.preserve_format)
        assert fm.augment_(changed, plan) is changed
        assert torch.equal(changed.permute(0, 2, 3, 1), wanted)
    changed = images.clone()
    assert torch.equal(fm.augment_(changed, plan), wanted)


def test_other_strides() -> None:
    generator = np.random.default_rng(0)
    images, plan = mixed_batch(generator, 4, 21, 34)
    wanted = fm.augment_images(images, plan)
    wide = torch.zeros(8, 21, 68, 3, dtype=torch.uint8)
    gaps = wide[::2, :, ::2]
    gaps.copy_(images)
    assert torch.equal(fm.augment_images(gaps, plan), wanted)
    apart = torch.zeros(8, 21, 34, 3, dtype=torch.uint8)
    apart[::2] = images
    fm.augment_(apart[::2], plan)
    assert torch.equal(apart[::2], wanted) and not apart[1::2].any()
    same = images[:1].expand(4, -1, -1, -1)
    assert torch.equal(fm.augment_images(same, plan), fm.augment_images(same.contiguous(), plan))


def test_three_rows_need_channels_last() -> None:
    images = torch.from_numpy(pictures(3, 5)["noise"])[None].permute(0, 3, 1, 2).contiguous()  # (1, 3, 3, 5)
    plan = rows([[words("Invert")]])
    assert torch.equal(fm.augment_images(images, plan), 255 - images)
    square = images[..., :3].contiguous()
    with pytest.raises(ValueError, match="pass channels_last=True"):
        fm.augment_images(square, plan)
    shear = rows([[operation("ShearX", 0.9, "nearest")]])
    first = fm.augment_images(square, shear, channels_last=False)
    last = fm.augment_images(square, shear, channels_last=True)
    assert not torch.equal(first, last)
    assert torch.equal(
        fm.augment_images(square.permute(0, 2, 3, 1), shear, channels_last=True).permute(0, 3, 1, 2), first
    )
