"""augment=: batches equal Pillow's pipeline, given the drawn plans; division and resume change nothing."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from data_support import join, make, same
from PIL import Image
from support import same_bits

import fastmix as fm
import fastmix.augment as fa

sys.path.append(str(Path(__file__).parents[1] / "augment"))
from replay import replay

CHAIN = fa.Compose(
    [
        fa.RandomResizedCrop((0.3, 1.0), (0.8, 1.25), interpolation="random"),
        fa.RandomHorizontalFlip(),
        fa.RandomChoice([fa.TrivialAugmentWide(), fa.RandAugment(), fa.AugMix()]),
        fa.RandomErasing(0.3, (9, 8, 7)),
    ]
)
PLAIN = fa.TrivialAugmentWide()
FILTERS = (Image.Resampling.NEAREST, Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)


def expected(paths, policy, keys, mirrors, size: int) -> np.ndarray:
    """Decode, crop, resize, flip and augment with Pillow, uint8 (B, size, size, 3)."""
    images = [Image.open(path).convert("RGB") for path in paths]
    plan = policy.plan(keys, (size, size), np.array([image.size[::-1] for image in images]))
    resized = []
    for image, (y, x, height, width), flags, mirror in zip(
        images, plan.window.tolist(), plan.rows[:, 1].tolist(), mirrors, strict=True
    ):
        window = (x, y, x + width, y + height)
        small = image.crop(window).resize((size, size), FILTERS[flags >> 8 & 15])
        resized.append(np.asarray(small.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirror else small))
    return replay(np.stack(resized), plan)


@pytest.mark.parametrize("decode", ["auto", "dali"])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_batches_equal_pillows_pipeline(numbered, memory_format, decode) -> None:
    loader = make(
        numbered,
        6,
        96,
        augment=CHAIN,
        mix=fm.Mixup(0.4),
        seed=5,
        return_plan=True,
        return_index=True,
        memory_format=memory_format,
        decode=decode,
    )
    for epoch in range(2):
        for images, _, plan, index in loader:
            keys = fa.SampleKeys(5, epoch, index.numpy())
            pixels = expected([numbered[i][0] for i in index], CHAIN, keys, [False] * 6, 96)
            made = fm.normalize_mix(torch.from_numpy(pixels), plan, memory_format=memory_format)
            assert same_bits(images, made)


def test_a_policy_without_windows_and_flips_keeps_the_loaders(numbered) -> None:
    """Crops and mirrors are those of a loader without augment."""
    policy = fa.Compose([fa.RandomResizedCrop(), PLAIN])  # the default crops
    batches = make(numbered, 7, 64, augment=PLAIN, return_index=True)
    mirrors = [make(numbered, 7, 64, augment=augment) for augment in (fa.Solarize(256, prob=0.0), None)]
    same_crops = zip(*mirrors, strict=True)
    assert all((a - b).abs().max() < 0.05 for (a, _), (b, _) in same_crops)  # but for rounding to uint8
    for images, _, index in batches:
        keys = fa.SampleKeys(0, 0, index.numpy())
        paths = [numbered[i][0] for i in index]
        both = [expected(paths, policy, keys, [mirror] * 7, 64) for mirror in (False, True)]
        whole = fm.MixPlan.identity(7)
        unmirrored, mirrored = (fm.normalize_mix(torch.from_numpy(pixels), whole) for pixels in both)
        found = [(image.equal(a), image.equal(b)) for image, a, b in zip(images, unmirrored, mirrored, strict=True)]
        assert all(a or b for a, b in found)


def test_flips_of_the_policy_replace_the_mirroring(small) -> None:
    crop = fa.RandomResizedCrop((1.0, 1.0), (1.2, 1.2))  # whole images, which are 40 x 48
    never = make(small[:32], 32, augment=fa.Compose([crop, fa.RandomHorizontalFlip(0.0)]))
    always = make(small[:32], 32, augment=fa.Compose([crop, fa.RandomHorizontalFlip(1.0)]))
    half = make(small[:32], 32, augment=fa.Compose([crop, fa.RandomHorizontalFlip()]))
    alone = make(small[:32], 32, augment=crop)
    (plain, _), (flipped, _), (mixed, _), (cropped, _) = (next(iter(loader)) for loader in (never, always, half, alone))
    assert flipped.equal(plain.flip(3)) and cropped.equal(plain)
    mirrored = [image.equal(other) for image, other in zip(mixed, flipped, strict=True)]
    unmirrored = [image.equal(other) for image, other in zip(mixed, plain, strict=True)]
    assert all(a != b for a, b in zip(mirrored, unmirrored, strict=True))
    assert 4 < sum(mirrored) < 28


@pytest.mark.parametrize("options", [{}, {"mix": fm.CutMix(1.0)}, {"mix": fm.FMix(1.0)}], ids=["plain", "box", "mask"])
def test_resume_and_world_size_change_nothing(small, options) -> None:
    options = {"augment": CHAIN, **options}
    loader = make(small[:24], 8, **options)
    whole = [*loader, *loader]
    assert len(whole) == 6
    resumed = make(small[:24], 8, num_threads=1, depth=4, **options)
    resumed.load_state_dict({**resumed.state_dict(), "step": 2})
    assert same([*resumed, *resumed], whole[2:])
    ranks = [make(small[:24], 4, rank=rank, world_size=2, **options) for rank in range(2)]
    assert same([join(parts) for parts in zip(*ranks, strict=True)], whole[:3])


def test_repeated_samples_are_augmented_anew_on_every_division(small) -> None:
    crop = fa.RandomResizedCrop((1.0, 1.0), (1.2, 1.2))  # whole images
    policy = fa.Compose([crop, fa.RandomHorizontalFlip(0.0), fa.ColorJitter(0.9)])
    options = {"augment": policy, "repeats": 3, "mix": fm.Mixup(0.4), "return_index": True}
    whole = list(make(small[:24], 12, **options))
    ranks = [make(small[:24], 6, rank=rank, world_size=2, **options) for rank in range(2)]
    for (images, _, index), *parts in zip(whole, *ranks, strict=True):
        assert images.equal(torch.cat([part[0] for part in parts]))
        assert index.equal(torch.cat([part[2] for part in parts]))
    unmixed = make(small[:24], 12, **{**options, "mix": None})
    for images, _, index in unmixed:
        assert len(index.unique()) == 4
        assert len({image.numpy().tobytes() for image in images}) == 12


def test_samples_epochs_and_occurrences_differ(small) -> None:
    crop = fa.RandomResizedCrop((1.0, 1.0), (1.2, 1.2))  # whole images
    policy = fa.Compose([crop, fa.RandomHorizontalFlip(0.0), fa.ColorJitter(0.9)])

    def pictures(loader) -> list[bytes]:
        return [image.numpy().tobytes() for images, _ in loader for image in images]

    loader = make([(small[0][0], 0)] * 8, 8, augment=policy)
    assert len({*pictures(loader), *pictures(loader)}) == 16
    data = [(small[0][0], i) for i in (0, 0, 0, 1)]  # the last comes twice
    balanced = pictures(make(data, 4, augment=policy, sampler="balanced"))
    assert len(balanced) == len(set(balanced)) == 4


@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_bad_samples(small, tmp_path, on_error) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    data = [*small[:11], (str(bad), 11)]
    options = {"augment": CHAIN, "on_error": on_error, "max_bad": 1.0, "return_index": True, "mix": fm.CutMix(1.0)}
    loader = make(data, 6, **options)
    first = list(loader)
    loader.set_epoch(0)
    known = list(loader)  # the sample is known to be bad from the start
    for (a, _, i), (b, _, j) in zip(first, known, strict=True):
        assert i.equal(j) and same_bits(a, b)
    assert sum(len(index) for *_, index in first) == (12 if on_error == "replace" else 11)
    if on_error == "replace":
        return
    alone = make(small[:11], 11, augment=CHAIN, return_index=True, shuffle=False, train=True)
    images, _, index = next(iter(alone))
    singly = make(data, 6, augment=CHAIN, on_error="skip", max_bad=1.0, return_index=True)
    for batch, _, indices in singly:
        for image, i in zip(batch, indices, strict=True):
            assert same_bits(image, images[index == i][0])


def test_schedules_use_the_loops_epoch(small) -> None:
    """Also with short epochs, whose passes over the data are longer."""
    policy = fa.Compose([fa.RandomHorizontalFlip(0.0), fa.Scheduled(fa.Invert(1.0), start_epoch=1)])
    plain = fa.RandomHorizontalFlip(0.0)
    loader, without = (make(small[:24], 8, augment=p, steps_per_epoch=1) for p in (policy, plain))
    whole = fm.MixPlan.identity(8)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (fm.IMAGENET_MEAN, fm.IMAGENET_STD))
    for epoch in range(3):
        (made, _), (expected_images, _) = next(iter(loader)), next(iter(without))
        list(loader), list(without)
        if epoch:
            pixels = ((expected_images * std + mean) * 255).round().byte().permute(0, 2, 3, 1).contiguous()
            expected_images = fm.normalize_mix(255 - pixels, whole)
        assert same_bits(made, expected_images)


def test_the_policy_is_shown_and_part_of_the_state(small) -> None:
    loader = make(small[:8], augment=PLAIN)
    assert "augment=TrivialAugmentWide()" in repr(loader)
    state = loader.state_dict()
    make(small[:8], augment=fa.TrivialAugmentWide()).load_state_dict(state)
    for other in (None, fa.RandAugment(), fa.TrivialAugmentWide(interpolation="bilinear")):
        if other != PLAIN:
            with pytest.raises(ValueError, match=r"augment=.*got 'TrivialAugmentWide"):
                make(small[:8], augment=other).load_state_dict(state)


def test_other_ways_in(small_jpegs, small) -> None:
    """Encoded bytes and decoded pixels give the batches of files."""

    class Samples(torch.utils.data.Dataset):
        def __init__(self, decoded: bool) -> None:
            self.decoded = decoded

        def __len__(self) -> int:
            return 16

        def __getitem__(self, i):
            return (np.asarray(Image.open(small[i][0])) if self.decoded else small_jpegs[i]), i

    options = {"augment": CHAIN, "mix": fm.Mixup(0.4), "num_classes": 997}
    files = list(make(small[:16], 8, **options))
    for decoded in (False, True):
        assert same(make(Samples(decoded), 8, **options), files)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"augment": lambda images: images}, TypeError, "dali_augment= takes a function of DALI nodes"),
        ({"augment": fm.Mixup(0.4)}, TypeError, "expected augment as a policy of fastmix.augment, got Mixup"),
        ({"augment": PLAIN, "train": False}, ValueError, "expected augment=None with train=False"),
        ({"augment": PLAIN, "resampler": "dali"}, ValueError, "expected resampler='fastmix' with augment, got 'dali'"),
        ({"augment": PLAIN, "dali_augment": lambda images: images}, ValueError, "got both"),
        ({"augment": fa.SimpleRandomCrop()}, ValueError, "expected RandomResizedCrop as the policy itself"),
        ({"augment": fa.RandomApply(fa.RandomResizedCrop())}, ValueError, "expected RandomResizedCrop as the policy"),
        ({"augment": fa.Cutout(40, inside=True)}, ValueError, "of size=(32, 32), got Cutout(side=40, inside=True)"),
    ],
)
def test_errors(small, options, error, message) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make(small[:8], **options)
