"""``DataLoader(recipe=)``: the batches of its settings as arguments, what wins beside it, and what is refused."""

import json
import pickle

import numpy as np
import pytest
import torch
from data_support import same
from support import same_bits

import fastmix as fm
from fastmix.augment import RandomHorizontalFlip, TrivialAugmentWide
from fastmix.loader import loader as loader_module
from fastmix.loader import resizing
from fastmix.loader.graph.builder import build
from fastmix.recipes import Evaluation, Recipe, SizeRamp

RECIPES = {name: value for name, value in vars(fm.recipes).items() if isinstance(value, Recipe)}
VIEWS = {"SIMCLR", "BYOL", "MOCO_V3", "DINO"}  # test_views.py has their batches
REFUSED = {"SIMCLR", "BYOL", "NVIDIA_EFFICIENTNET_B0", "NVIDIA_EFFICIENTNET_B4", "DEIT3_IN21K"}
IMAGENET = sorted(
    name for name in RECIPES if name not in REFUSED | VIEWS and "CIFAR" not in name and "FFCV" not in name
)


def load(data, recipe=None, size=None, batch_size=4, **options):
    return fm.DataLoader(data, batch_size, size, recipe=recipe, device="cpu", num_threads=2, **options)


@pytest.mark.parametrize("name", IMAGENET)
def test_training_is_that_of_the_recipes_parts(small, name):
    recipe, data = RECIPES[name], small[:12]
    loader = load(data, recipe, seed=3)
    assert loader.recipe is recipe and loader.size == recipe.size and f"recipe=Recipe('{name}')" in repr(loader)
    settings = {"mean": recipe.mean, "std": recipe.std, "mix": recipe.mix, "repeats": recipe.repeats, "seed": 3}
    if name in ("TORCHVISION_V1", "NVIDIA_RESNET50"):
        assert loader.graph.augments is False  # no operation: nothing is rounded
    else:
        settings["augment"] = recipe.augment
    smoothing = recipe.smoothing if recipe.mix is not None else 0.0
    expected = load(data, size=recipe.size, smoothing=smoothing, **settings)
    assert len(loader) == 3 and same(loader, expected)
    images, targets = next(iter(load(data, recipe, seed=3)))
    assert images.shape == (4, 3, recipe.size, recipe.size)
    if recipe.mix is None:
        assert targets.dtype == torch.int64
        assert ("smoothing 0.1 belongs in the loss" in repr(loader)) == (recipe.smoothing == 0.1)
    else:
        torch.testing.assert_close(targets.sum(1), torch.ones(4))
        assert targets.min() >= (recipe.smoothing / 12 if recipe.smoothing else 0) - 1e-6


@pytest.mark.parametrize("name", [*IMAGENET, "FFCV_RN50_16"])
def test_evaluation_is_the_recipes(small, name):
    recipe, data = RECIPES[name], small[:5]
    seen = recipe.evaluation
    loader = load(data, recipe, train=False)
    view = {"resize": seen.resize, "crop_pct": seen.crop_pct, "interpolation": seen.interpolation}
    expected = load(data, size=seen.size, train=False, mean=recipe.mean, std=recipe.std, **view)
    assert loader.size == seen.size and len(loader.dataset) == 5 and same(loader, expected)
    assert loader.graph.augments is False and next(iter(loader))[1].tolist() == [0, 1, 2, 3]


def test_evaluation_squashes_where_the_recipe_does(small):
    square = Evaluation(96, resize=96, crop_mode="squash", interpolation="bicubic")
    loader = load(small[:4], fm.recipes.CONVNEXT.replace(evaluation=square), train=False)
    expected = load(small[:4], size=96, train=False, resize=96, crop_mode="squash", interpolation="bicubic")
    assert same(loader, expected) and loader.graph.view.crop_mode == "squash"


def test_arguments_beside_a_recipe_win_and_are_shown(small):
    recipe, data = fm.recipes.TORCHVISION_V2, small[:8]
    given = {"size": 40, "smoothing": 0.0, "repeats": 1, "mix": fm.Mixup(0.4), "mean": (0.5, 0.5, 0.5)}
    loader = load(data, recipe, **given)
    shown = "but size=40, mean=(0.5, 0.5, 0.5), mix=Mixup(alpha=0.4, per='batch', prob=1.0, pairing='permutation'), "
    assert shown + "smoothing=0.0, repeats=1" in repr(loader)
    assert same(loader, load(data, augment=recipe.augment, **given)) and len(loader) == 2


def test_none_switches_off_what_a_recipe_has(small):
    recipe, data = fm.recipes.TORCHVISION_V2.replace(size=32, repeats=1), small[:8]
    loader = load(data, recipe, mix=None, augment=None)
    assert "but augment=None, mix=None, smoothing 0.1 belongs in the loss" in repr(loader)
    assert same(loader, load(data, size=32))
    with pytest.raises(ValueError, match="and 0 without mix, got"):
        load(data, recipe, mix=None, smoothing=0.1)


def test_interpolation_beside_a_recipe(small):
    data = small[:4]
    loader = load(data, fm.recipes.TORCHVISION_V1, 32, interpolation="bicubic")
    assert same(loader, load(data, size=32, interpolation="bicubic"))
    with pytest.raises(ValueError, match="expected interpolation=None beside a RandomResizedCrop"):
        load(data, fm.recipes.DEIT, 32, interpolation="bilinear")


def test_interpolation_applies_to_policies_without_a_crop(small):
    data, flip = small[:4], fm.augment.RandomHorizontalFlip()
    policy = fm.augment.Compose([flip, TrivialAugmentWide()])
    crop = fm.augment.Compose([fm.augment.RandomResizedCrop(interpolation="bicubic"), flip, TrivialAugmentWide()])
    bicubic = load(data, size=32, augment=policy, interpolation="bicubic")
    assert same(bicubic, load(data, size=32, augment=crop))
    assert not same(bicubic, load(data, size=32, augment=policy))


class Pixels(torch.utils.data.Dataset):
    def __init__(self, side):
        self.images = np.random.default_rng(0).integers(0, 256, (16, side, side, 3), dtype=np.uint8)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], i


@pytest.mark.parametrize("name", ["CIFAR", "CIFAR_CUTOUT"])
def test_cifar_sees_whole_images(name):
    recipe, data = RECIPES[name], Pixels(32)
    unit = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255,) * 3, "num_classes": 16}
    images, ids = next(iter(load(data, recipe, batch_size=16, **unit)))
    assert images.shape == (16, 3, 32, 32)
    for image, sample in zip(images, ids.tolist(), strict=True):
        original = torch.from_numpy(data.images[sample]).permute(2, 0, 1)
        # Padding and crop move whole images by up to 4 pixels, and flip them.
        shifts = [
            torch.nn.functional.pad(mirrored, (4, 4, 4, 4))[:, y : y + 32, x : x + 32]
            for mirrored in (original, original.flip(2))
            for y in range(9)
            for x in range(9)
        ]
        equal = max(float((image.round() == shift).float().mean()) for shift in shifts)
        # A square of 16 x 16 pixels is a quarter of the image.
        assert equal == 1 if name == "CIFAR" else 0.74 < equal < 1
    whole, ids = next(iter(load(data, recipe, batch_size=16, train=False, **unit)))
    assert torch.equal(whole.round().to(torch.uint8), torch.from_numpy(data.images[ids.numpy()]).permute(0, 3, 1, 2))


def test_images_of_another_size_are_refused(small):
    with pytest.raises(ValueError, match=r"expected images of 32 x 32 pixels for Recipe\('CIFAR'\), got 40 x 48 in"):
        load(small[:8], fm.recipes.CIFAR)
    with pytest.raises(ValueError, match="got 31 x 31 in"):
        load(Pixels(31), fm.recipes.CIFAR_CUTOUT, train=False, num_classes=16)
    accepted = load(small[:8], fm.recipes.CIFAR.replace(image_size=None))
    assert next(iter(accepted))[0].shape == (4, 3, 32, 32)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_would_train_something_else_is_refused(small, name):
    expected = r"expected a recipe that fastmix can follow, got Recipe.*recipe.replace\(refused=\(\)\) accepts this"
    with pytest.raises(ValueError, match=expected):
        load(small[:4], RECIPES[name])


def test_what_is_refused_may_be_accepted(small):
    recipe = fm.recipes.NVIDIA_EFFICIENTNET_B0.replace(refused=(), size=32)
    loader = load(small[:4], recipe)
    assert next(iter(loader))[0].shape == (4, 3, 32, 32)
    assert "changed=('size', 'refused')" in repr(loader)
    with pytest.raises(ValueError, match="expected RandomResizedCrop as the policy itself or directly in its Compose"):
        load(small[:4], fm.recipes.DEIT3_IN21K.replace(refused=()))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, TypeError, "expected size, in pixels, or a recipe that has one"),
        ({"recipe": "TORCHVISION_V2"}, TypeError, "expected recipe as one of fastmix.recipes, got str"),
        ({"recipe": fm.recipes.DINO, "train": False}, ValueError, "says nothing about evaluation, got none"),
        (
            {"recipe": fm.recipes.DINO, "train": False, "size": 32},
            ValueError,
            "says nothing about evaluation, got size",
        ),
        (
            {"recipe": fm.recipes.TORCHVISION_V2, "train": False, "size": 288},
            ValueError,
            "expected resize or crop_pct beside size=288, since .* has resize=232 for size=224",
        ),
        (
            {"recipe": fm.recipes.TORCHVISION_V2, "train": False, "augment": RandomHorizontalFlip()},
            ValueError,
            "expected augment=None with train=False",
        ),
        ({"recipe": fm.recipes.TORCHVISION_V2, "resize": 256}, ValueError, "expected resize=256 with train=False"),
        (
            {"recipe": fm.recipes.TORCHVISION_V2, "resampler": "dali"},
            ValueError,
            "expected resampler='fastmix' with augment",
        ),
    ],
)
def test_what_does_not_fit_is_one_error(small, options, error, message):
    with pytest.raises(error, match=message):
        load(small[:4], **options)


def test_evaluation_beside_a_recipe(small):
    data = small[:4]
    v2 = load(data, fm.recipes.TORCHVISION_V2, 64, train=False, crop_pct=1.0)
    assert same(v2, load(data, size=64, train=False, crop_pct=1.0))
    a1 = load(data, fm.recipes.TIMM_A1, 64, train=False)
    assert same(a1, load(data, size=64, train=False, crop_pct=0.95, interpolation="bicubic"))
    dino = load(data, fm.recipes.DINO, 64, train=False, resize=70)
    assert same(dino, load(data, size=64, train=False, resize=70))


RAMP = fm.recipes.FFCV_RN18_16.replace(size=SizeRamp(32, 64, 1, 3))
AUGMENTED = fm.recipes.TORCHVISION_V2.replace(size=SizeRamp(32, 64, 1, 3), repeats=1)


@pytest.mark.parametrize("recipe", [RAMP, AUGMENTED], ids=["plain", "augmented"])
def test_the_size_follows_the_epoch(small, recipe):
    data = small[:12]
    loader = load(data, recipe, seed=2)
    for epoch, side in enumerate([32, 32, 64, 64, 64]):
        assert loader.size == side
        batches = list(loader)
        assert {images.shape[2:] for images, _ in batches} == {(side, side)} and loader.graph.size == (side, side)
        fixed = load(data, recipe.replace(size=side), seed=2)
        fixed.set_epoch(epoch)
        assert same(batches, fixed)
    loader.set_epoch(0)
    assert loader.size == 32 and next(iter(loader))[0].shape[2] == 32


def test_the_pipeline_is_built_anew_only_when_the_size_changes(small, monkeypatch):
    built = []

    def counting(spec, *rest):
        built.append(spec.size)
        return build(spec, *rest)

    for module in (loader_module, resizing):
        monkeypatch.setattr(module, "build", counting)
    loader = load(small[:8], RAMP)
    for _ in range(5):
        list(loader)
    assert built == [(32, 32), (64, 64)]


@pytest.mark.parametrize("recipe", [RAMP, AUGMENTED], ids=["plain", "augmented"])
def test_resuming_under_a_size_schedule(small, recipe):
    data = small[:24]
    whole = load(data, recipe, seed=5)
    epochs = [list(whole) for _ in range(4)]
    for epoch in range(4):
        for step in (0, 1, 5):
            other = load(data, recipe, seed=5)
            other.set_epoch(epoch)
            iterator = iter(other)
            for _ in range(step):
                next(iterator)
            state = json.loads(json.dumps(other.state_dict()))
            resumed = load(data, recipe, seed=5, batch_size=2, rank=1, world_size=2)
            resumed.load_state_dict(state)
            for (images, targets), (global_images, global_targets) in zip(resumed, epochs[epoch][step:], strict=True):
                assert same_bits(images, global_images[2:]) and same_bits(targets, global_targets[2:])
            copy = pickle.loads(pickle.dumps(other))
            assert same(copy, epochs[epoch][step:])


def test_a_state_knows_the_schedule(small):
    state = load(small[:8], RAMP).state_dict()
    with pytest.raises(ValueError, match=r"size='SizeRamp\(first=32, last=64, start_epoch=1, end_epoch=4"):
        load(small[:8], RAMP.replace(size=SizeRamp(32, 64, 1, 4))).load_state_dict(state)


def test_the_ramp_of_the_published_recipe(small):
    loader = load(small[:4], fm.recipes.FFCV_RN50_16)
    for epoch in (0, 11, 12, 15):
        loader.set_epoch(epoch)
        assert next(iter(loader))[0].shape[2] == (160 if epoch < 12 else 192)
