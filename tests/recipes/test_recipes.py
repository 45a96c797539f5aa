"""Recipes against their published settings, which are written down here once more, and the plans that they draw."""

import dataclasses
import re
from collections import Counter

import numpy as np
import pytest
import recipe_page

import fastmix as fm
from fastmix.augment import (
    AutoAugment,
    Cutout,
    GaussianBlur,
    Grayscale,
    PadCrop,
    RandAugment,
    RandomErasing,
    RandomHorizontalFlip,
    RandomResizedCrop,
    SampleKeys,
    SimpleRandomCrop,
    Solarize,
    ThreeAugment,
    TrivialAugmentWide,
)
from fastmix.augment.operations import CODE
from fastmix.recipes import Evaluation, Recipe, SizeRamp, View
from fastmix.recipes.recipe import parts_of

RECIPES = {name: value for name, value in vars(fm.recipes).items() if isinstance(value, Recipe)}
ONE_VIEW = {name: recipe for name, recipe in RECIPES.items() if not recipe.views}

# size; crop's filter and scale; policy; erasing (probability, value, order); alphas of Mixup and CutMix; smoothing;
# repeats; evaluation (size, resize, crop_pct, interpolation). As research on the sources found them.
CROP, BICUBIC = ("bilinear", (0.08, 1.0)), ("bicubic", (0.08, 1.0))
RAND_M9 = ("timm", 2, 9, 0.5, 0.5, "increasing", "bicubic", (124, 116, 104))
DEIT = (224, BICUBIC, RAND_M9, (0.25, "pixel", "before mixing"), (0.8, 1.0), 0.1)
EXPECTED = {
    "TORCHVISION_V1": (224, CROP, None, None, (), 0.0, 1, (224, 256, None, "bilinear")),
    "TORCHVISION_V2": (
        176,
        CROP,
        ("trivial", 31, "bilinear", (0, 0, 0)),
        (0.1, 0.0, "before mixing"),
        (0.2, 1.0),
        0.1,
        4,
        (224, 232, None, "bilinear"),
    ),
    "NVIDIA_RESNET50": (224, CROP, None, None, (0.2,), 0.1, 1, (224, 256, None, "bilinear")),
    "NVIDIA_EFFICIENTNET_B0": (224, BICUBIC, ("v0", 128), None, (0.2,), 0.1, 1, (224, None, 0.875, "bicubic")),
    "NVIDIA_EFFICIENTNET_B4": (380, BICUBIC, ("v0", 128), None, (0.2,), 0.1, 1, (380, None, 0.875, "bicubic")),
    "TIMM_A1": (
        224,
        BICUBIC,
        ("timm", 2, 7, 0.5, 0.5, "increasing", "bicubic", (124, 116, 104)),
        None,
        (0.2, 1.0),
        0.1,
        3,
        (224, None, 0.95, "bicubic"),
    ),
    "TIMM_A2": (
        224,
        BICUBIC,
        ("timm", 2, 7, 0.5, 0.5, "increasing", "bicubic", (124, 116, 104)),
        None,
        (0.1, 1.0),
        0.0,
        3,
        (224, None, 0.95, "bicubic"),
    ),
    "TIMM_A3": (
        160,
        BICUBIC,
        ("timm", 2, 6, 0.5, 0.5, "increasing", "bicubic", (124, 116, 104)),
        None,
        (0.1, 1.0),
        0.0,
        1,
        (224, None, 0.95, "bicubic"),
    ),
    "TIMM_RA": (
        224,
        ("random", (0.08, 1.0)),
        ("timm", 2, 9, 0.5, 0.5, "plain", "random", (124, 116, 104)),
        (0.2, "pixel", "after mixing"),
        (),
        0.1,
        1,
        (224, None, 0.875, "bicubic"),
    ),
    "DEIT": (*DEIT, 3, (224, 256, None, "bicubic")),
    "SWIN": (*DEIT, 1, (224, 256, None, "bicubic")),
    "CONVNEXT": (*DEIT, 1, (224, 256, None, "bicubic")),
    "MAE_FINETUNE": (*DEIT, 1, (224, 256, None, "bicubic")),
    "DEIT3_S": (224, BICUBIC, ("three", 0.3), None, (0.8, 1.0), 0.0, 3, (224, None, 1.0, "bicubic")),
    "DEIT3_BL": (192, BICUBIC, ("three", 0.3), None, (0.8, 1.0), 0.0, 3, (224, None, 1.0, "bicubic")),
    "DEIT3_H": (160, BICUBIC, ("three", 0.3), None, (0.8, 1.0), 0.0, 3, (224, None, 1.0, "bicubic")),
    "DEIT3_FINETUNE": (224, BICUBIC, RAND_M9, None, (0.8, 1.0), 0.1, 1, (224, None, 1.0, "bicubic")),
    "DEIT3_IN21K": (
        224,
        ("bicubic", "reflect 4"),
        ("three", 0.3),
        None,
        ("cutmix", 1.0),
        0.1,
        1,
        (224, None, 1.0, "bicubic"),
    ),
    "CIFAR": (32, ("pad", 4), None, None, (), 0.0, 1, (32, 32, None, "bilinear")),
    "CIFAR_CUTOUT": (32, ("pad", 4), None, (1.0, 0.0, 16), (), 0.0, 1, (32, 32, None, "bilinear")),
    "CIFAR_AUTOAUGMENT": (
        32,
        ("pad", 4),
        ("cifar10", (0, 0, 0)),
        (1.0, 0.0, 16),
        (),
        0.0,
        1,
        (32, 32, None, "bilinear"),
    ),
}
# Epochs, and the first epoch of 192 pixels.
FFCV = {16: 12, 24: 19, 32: 25, 40: 32, 56: 45, 88: 71}
# Per view: count, size, scale, filter, blur's and solarize's probability; jitter.
VIEWS = {
    "SIMCLR": ([(2, 224, (0.08, 1.0), "bicubic", 0.5, 0)], (0.8, 0.8, 0.8, 0.2)),
    "BYOL": (
        [(1, 224, (0.08, 1.0), "bicubic", 1.0, 0), (1, 224, (0.08, 1.0), "bicubic", 0.1, 0.2)],
        (0.4, 0.4, 0.2, 0.1),
    ),
    "MOCO_V3": (
        [(1, 224, (0.08, 1.0), "bilinear", 1.0, 0), (1, 224, (0.08, 1.0), "bilinear", 0.1, 0.2)],
        (0.4, 0.4, 0.2, 0.1),
    ),
    "DINO": (
        [
            (1, 224, (0.4, 1.0), "bicubic", 1.0, 0),
            (1, 224, (0.4, 1.0), "bicubic", 0.1, 0.2),
            (8, 96, (0.05, 0.4), "bicubic", 0.5, 0),
        ],
        (0.4, 0.4, 0.2, 0.1),
    ),
}


def only(policy, kind):
    found = [part for part in parts_of(policy) if isinstance(part, kind)]
    assert len(found) <= 1
    return found[0] if found else None


def crop_of(policy):
    if pad := only(policy, PadCrop):
        assert pad.mode == "constant" and pad.fill == (0, 0, 0)
        assert only(policy, RandomResizedCrop) == RandomResizedCrop((1, 1), (1, 1))  # the whole image
        return "pad", pad.padding
    if crop := only(policy, RandomResizedCrop):
        assert crop.ratio == (3 / 4, 4 / 3) and crop.edges == "crop"
        return crop.interpolation, crop.scale
    crop = only(policy, SimpleRandomCrop)
    return crop.interpolation, f"reflect {crop.padding}"


def policy_of(policy):
    if rand := only(policy, RandAugment):
        assert rand.magnitude_max == 10
        spread = (rand.magnitude_std, rand.prob, rand.operations, rand.interpolation, rand.fill)
        return (rand.dialect, rand.num_ops, rand.magnitude, *spread)
    if wide := only(policy, TrivialAugmentWide):
        return "trivial", wide.bins, wide.interpolation, wide.fill
    if auto := only(policy, AutoAugment):
        assert auto.interpolation == ("nearest" if auto.policy == "v0" else "bilinear")
        return auto.policy, auto.fill[0] if auto.policy == "v0" else auto.fill
    if three := only(policy, ThreeAugment):
        return "three", three.jitter
    return None


def erasing_of(recipe):
    if cutout := only(recipe.augment, Cutout):
        assert not cutout.inside
        return cutout.prob, cutout.value, cutout.side
    if erasing := only(recipe.augment, RandomErasing):
        assert erasing.count == 1 and erasing.scale is None and erasing.ratio is None
        assert erasing.dialect == ("timm" if erasing.value == "pixel" else "torchvision")
        return erasing.prob, erasing.value, recipe.erasing
    return None


def mix_of(mix):
    if mix is None:
        return ()
    if isinstance(mix, fm.Choice):
        assert [type(policy) for policy in mix.policies] == [fm.Mixup, fm.CutMix]
        assert mix.p is None and mix.per == "batch"
    policies = mix.policies if isinstance(mix, fm.Choice) else [mix]
    assert all(policy.per == "batch" and policy.prob == 1 for policy in policies)
    alphas = tuple(policy.alpha for policy in policies)
    return ("cutmix", *alphas) if isinstance(mix, fm.CutMix) else alphas


def evaluation_of(recipe):
    given = recipe.evaluation
    assert given.crop_mode == "center"
    return given.size, given.resize, given.crop_pct, given.interpolation


def test_no_recipe_is_left_out():
    ffcv = [f"FFCV_RN{depth}_{epochs}" for depth in (18, 50) for epochs in FFCV]
    assert sorted(RECIPES) == sorted([*EXPECTED, *VIEWS, *ffcv])
    assert all(recipe.name == name for name, recipe in RECIPES.items())
    assert set(RECIPES) < set(fm.recipes.__all__)


@pytest.mark.parametrize("name", EXPECTED)
def test_settings_are_the_published_ones(name):
    recipe = RECIPES[name]
    found = (
        recipe.size,
        crop_of(recipe.augment),
        policy_of(recipe.augment),
        erasing_of(recipe),
        mix_of(recipe.mix),
        recipe.smoothing,
        recipe.repeats,
        evaluation_of(recipe),
    )
    assert found == EXPECTED[name]
    assert only(recipe.augment, RandomHorizontalFlip).prob == 0.5


@pytest.mark.parametrize("depth", [18, 50])
@pytest.mark.parametrize("epochs", FFCV)
def test_ffcvs_sizes_by_epoch(depth, epochs):
    recipe = RECIPES[f"FFCV_RN{depth}_{epochs}"]
    expected = [160] * FFCV[epochs] + [192] * (epochs - FFCV[epochs])
    assert [recipe.size.at(epoch) for epoch in range(epochs)] == expected
    assert (recipe.epochs, recipe.smoothing, recipe.mix, recipe.repeats) == (epochs, 0.1, None, 1)
    assert evaluation_of(recipe) == (256, None, 0.875, "bilinear") and crop_of(recipe.augment) == CROP


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_the_published_ones(name):
    recipe, (expected, jitter) = RECIPES[name], VIEWS[name]
    found = []
    for view in recipe.views:
        crop, blur, solarize = (only(view.augment, kind) for kind in (RandomResizedCrop, GaussianBlur, Solarize))
        applied = only(view.augment, fm.augment.RandomApply)
        assert applied.prob == 0.8 and dataclasses.astuple(applied.policy) == jitter
        assert only(view.augment, Grayscale).prob == 0.2 and blur.sigma == (0.1, 2.0)
        assert solarize is None or solarize.threshold == 128
        found.append(
            (view.count, view.size, crop.scale, crop.interpolation, blur.prob, solarize.prob if solarize else 0)
        )
    assert found == expected and recipe.mix is None and recipe.evaluation is None


def views_of(recipe):
    if recipe.views:
        return [(view.augment, view.size) for view in recipe.views]
    return [(recipe.augment, recipe.size.at(0) if isinstance(recipe.size, SizeRamp) else recipe.size)]


@pytest.mark.parametrize("name", RECIPES)
def test_every_policy_draws_plans_with_its_frequencies(name):
    """The share of flips, of erased images, and of every operation that the policy can draw."""
    count, recipe = 4000, RECIPES[name]
    for policy, size in views_of(recipe):
        image = recipe.image_size or (375, 500)
        plan = policy.plan(SampleKeys(1, 0, np.arange(count)), (size, size), np.tile(image, (count, 1)))
        assert abs(plan.flip_x.float().mean() - 0.5) < 0.04
        codes = plan.rows[:, 16::4].numpy() & 255
        used = Counter(dict(zip(CODE, np.bincount(codes.ravel(), minlength=len(CODE)).tolist(), strict=True)))
        erased = used["ErasePixelsNormalized"] + used["EraseNormal"]
        erasing = only(policy, RandomErasing) or only(policy, Cutout)
        assert abs(erased / count - (erasing.prob if erasing else 0)) < 0.04
        if blur := only(policy, GaussianBlur):
            assert abs(used["GaussianBlur"] / count - blur.prob) < 0.04
        if only(policy, ThreeAugment):
            assert used["Grayscale"] + used["Solarize"] + used["GaussianBlur"] == count
        windows = plan.window.numpy()
        if crop := only(policy, RandomResizedCrop):
            share = windows[:, 2] * windows[:, 3] / (image[0] * image[1])
            assert crop.scale[0] - 0.01 < share.min() and share.max() <= crop.scale[1] + 0.01


@pytest.mark.parametrize("name", RECIPES)
def test_print_shows_every_setting(name):
    recipe = RECIPES[name]
    text, flat = str(recipe), re.sub(r"\s+", " ", str(recipe))
    assert text.startswith(f"{name}\n") and max(map(len, text.splitlines())) <= 120
    for field in dataclasses.fields(recipe):
        if field.name not in ("name", "augment", "views"):
            assert re.search(rf"^  {field.name} ", text, re.MULTILINE), field.name
    for sentence in (*recipe.unverified, *recipe.differs, *recipe.refused, recipe.source):
        assert sentence in flat
    policies = [recipe.augment] if recipe.augment else [view.augment for view in recipe.views]
    for part in (part for policy in policies for part in parts_of(policy)[1:]):
        for field in dataclasses.fields(part):
            assert f"{field.name}=" in flat


def test_replace_changes_and_says_so():
    recipe = fm.recipes.TORCHVISION_V2
    other = recipe.replace(size=224, repeats=4)
    assert (other.size, other.changed, recipe.size, recipe.changed) == (224, ("size",), 176, ())
    assert other.replace(mix=None).changed == ("size", "mix") and "size, mix" in str(other.replace(mix=None))
    assert repr(recipe) == "Recipe('TORCHVISION_V2')" and repr(other) == "Recipe('TORCHVISION_V2', changed=('size',))"
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.size = 224


VIEW = View("view", 2, 32, fm.augment.RandomHorizontalFlip())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sizes": 224}, TypeError, "expected settings among source, size, "),
        ({"name": "MINE"}, TypeError, "got 'name'"),
        ({"size": 0}, ValueError, "expected size >= 1, got 0"),
        ({"size": (1, 2, 3)}, ValueError, "one number or .height, width."),
        ({"augment": None}, ValueError, "expected augment or views"),
        ({"augment": fm.Mixup(0.2)}, TypeError, "policy of fastmix.augment, got Mixup"),
        ({"mix": TrivialAugmentWide()}, TypeError, "mix as a mixing policy or None, got TrivialAugmentWide"),
        ({"views": (VIEW,)}, ValueError, "expected augment or views"),
        ({"augment": None, "views": (VIEW,)}, ValueError, "expected no mix with views"),
        ({"smoothing": 1.0}, ValueError, r"smoothing in \[0, 1\)"),
        ({"repeats": 0}, ValueError, "repeats >= 1"),
        ({"mean": (0.5,)}, ValueError, "mean to be 3"),
        (
            {"epochs": 12, "size": SizeRamp(160, 192, 11, 13)},
            ValueError,
            "within epochs=12, got one until epoch 13",
        ),
        ({"epochs": 5, "mix": fm.Scheduled(fm.Mixup(0.2), ramp_epochs=9)}, ValueError, "mix within epochs=5"),
        (
            {"epochs": 5, "augment": fm.augment.Scheduled(TrivialAugmentWide(), start_epoch=5)},
            ValueError,
            "augment within epochs=5",
        ),
    ],
)
def test_what_does_not_fit_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        fm.recipes.TORCHVISION_V2.replace(**change)


def test_evaluation_takes_one_size_before_the_crop():
    with pytest.raises(ValueError, match="expected one of resize and crop_pct"):
        Evaluation(224)
    with pytest.raises(ValueError, match="expected one of resize and crop_pct"):
        Evaluation(224, resize=256, crop_pct=0.875)


def test_the_page_has_the_recipes():
    page = recipe_page.PAGE.read_text()
    assert recipe_page.written(page) == page, "run python tests/recipes/recipe_page.py"
