"""A plan that a policy draws, applied by ``augment_``, gives the pictures that Pillow gives operation by operation."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from laws import keys
from pillow_operations import pictures
from replay import replay

import fastmix as fm
from fastmix import augment as fa

POLICIES = [
    fa.Compose([fa.RandomHorizontalFlip(), fa.RandomVerticalFlip(), fa.TrivialAugmentWide(fill=(124, 116, 104))]),
    fa.TrivialAugmentWide(bins=5, interpolation="nearest"),
    fa.RandAugment(),
    fa.RandAugment(4, 30, interpolation="bicubic", fill=(1, 200, 30)),
    fa.RandAugment(5, 10, "timm", operations="plain"),
    fa.from_timm("rand-m9-mstd0.5-inc1"),
    fa.from_timm("rand-m10-mstd5-inc1-n4-p1.0"),
    fa.from_timm("rand-m8-mstd101-tweights-n6"),
    fa.from_timm("rand-t3aw-n5-p1.0"),
    fa.from_timm("rand-m30-mmax30-n3-p1.0"),
    fa.from_timm("rand-m30-mmax30-inc1-n3-p1.0"),
    *map(fa.AutoAugment, ("imagenet", "cifar10", "svhn", "v0", "v0r", "original", "originalr")),
    fa.AugMix(),
    fa.AugMix(10, 2, 5, interpolation="nearest"),
    fa.from_timm("augmix-m3-w3"),
    fa.ThreeAugment(),
    fa.Compose(
        [
            fa.RandomApply(fa.ColorJitter(0.8, 0.8, 0.8, 0.2), 0.8),
            fa.Grayscale(0.2),
            fa.GaussianBlur((0.1, 2.0), 0.5),
            fa.Solarize(128, 0.2),
            fa.RandomHorizontalFlip(),
        ]
    ),
    fa.Compose([fa.PadCrop(4, "reflect"), fa.Cutout(9, 0.7, (1, 2, 3))]),
    fa.Compose([fa.PadCrop(7, fill=(9, 8, 7)), fa.RandomErasing(0.9, (4, 5, 6), 3, "timm")]),
    fa.RandomChoice([fa.Posterize(0), fa.SolarizeAdd(60), fa.Compose([fa.Invert(), fa.Sharpness((0.0, 3.0))])]),
    fa.Compose([fa.ShearX(0.4), fa.ShearY(0.2, fill=50), fa.TranslateX(9), fa.TranslateY((3, 3)), fa.Rotate(180)]),
]


@pytest.mark.parametrize("policy", POLICIES, ids=map(repr, POLICIES))
@pytest.mark.parametrize(("height", "width"), [(61, 40), (32, 33)])
def test_drawn_plans_equal_pillow(policy: fa.SamplePolicy, height: int, width: int) -> None:
    named = list(pictures(height, width).values())
    images = np.stack([named[i % len(named)] for i in range(60)])
    plan = policy.plan(keys(60, seed=height, epoch=4), (height, width))
    expected = replay(images, plan)
    batch = torch.from_numpy(images.copy())
    assert fm.augment_(batch, plan) is batch
    assert bool((expected != images).any())
    for i in range(60):
        assert np.array_equal(batch[i].numpy(), expected[i]), plan.select([i]).describe()
    planar = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    assert torch.equal(fm.augment_images(planar, plan), batch.permute(0, 3, 1, 2))


def test_a_replayed_plan_gives_the_same_pictures(tmp_path) -> None:
    images = torch.from_numpy(np.stack(list(pictures(48, 48).values())))
    plan = fa.RandAugment().plan(keys(len(images)), (48, 48))
    plan.save(tmp_path / "plan.npz")
    again = fa.SamplePlan.load(tmp_path / "plan.npz")
    assert torch.equal(fm.augment_images(images, again), fm.augment_images(images, plan))
    again.set_operations(0, [fa.Operation("Invert")])
    assert torch.equal(fm.augment_images(images, again)[0], 255 - images[0])


def test_the_example_of_the_page(tmp_path, monkeypatch, capsys) -> None:
    page = (Path(__file__).parents[2] / "docs" / "augment.md").read_text()
    code, printed, *_ = re.findall(r"```(?:python)?\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert capsys.readouterr().out == printed


def test_plans_of_another_size_or_output_are_refused() -> None:
    images = torch.zeros(3, 20, 20, 3, dtype=torch.uint8)
    crop = fa.RandomResizedCrop().plan(keys(3), image_sizes=[[100, 200]] * 3)
    for plan, message in (
        (crop, "of the whole image"),
        (fa.Invert().plan(keys(2)), "2"),
        (fa.RandomErasing(1.0).plan(keys(3), (20, 20)), "got ErasePixelsNormalized"),
        (fa.Cutout(4, value="pixel").plan(keys(3), (20, 20)), "got EraseNormal"),
    ):
        with pytest.raises(RuntimeError, match=message):
            fm.augment_(images, plan)
