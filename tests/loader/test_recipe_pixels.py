"""Recipes' training batches against Pillow, pixel by pixel, given the plans that the recipe's policies draw."""

from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image
from test_augment import expected
from test_recipe import IMAGENET, RECIPES, load

from fastmix import _core
from fastmix.augment import Compose, RandomErasing, RandomHorizontalFlip, SampleKeys
from fastmix.ops import reference

SIDE, SEED = 64, 4
ERASING = ("ErasePixelsNormalized", "EraseNormal")
CROP = _core.CropSpec(scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), mirror_prob=0.5)


def by_pillow(recipe, augments, paths, keys):
    """Return pixels float64 (B, 3, SIDE, SIDE) in [0, 1], and which of them are erased."""
    # Without operations the loader mirrors by itself; erasing is not Pillow's.
    left_out = RandomErasing if augments else RandomHorizontalFlip
    steps = [step for step in recipe.augment.policies if not isinstance(step, left_out)]
    mirrors = [False] * len(paths)
    if not augments:
        sizes = [Image.open(path).size[::-1] for path in paths]
        mirrors = _core.random_resized_crop(CROP, sizes, SEED, keys.rows)[1].astype(bool).tolist()
    pixels = expected(paths, Compose(steps), keys, mirrors, SIDE)
    erased = torch.zeros(len(paths), 1, SIDE, SIDE, dtype=torch.float64)
    plan = recipe.augment.plan(keys, (SIDE, SIDE), np.full((len(paths), 2), 500))  # boxes do not depend on windows
    for i in range(len(paths)):
        for operation in plan.operations(i):
            if operation.name in ERASING:
                y, x, height, width = map(int, operation.values[:4])
                erased[i, :, y : y + height, x : x + width] = 1
    return torch.from_numpy(pixels).double().permute(0, 3, 1, 2) / 255, erased


@pytest.mark.parametrize("name", IMAGENET)
def test_batches_are_the_references(numbered, name):
    recipe = RECIPES[name]
    loader = load(numbered, recipe, SIDE, batch_size=8, seed=SEED, return_plan=True, return_index=True)
    mean, std = (torch.tensor(values, dtype=torch.float64).view(3, 1, 1) for values in (recipe.mean, recipe.std))
    noise, boxes = [], 0
    for epoch in range(2):
        seen = Counter()
        for images, _, plan, index in loader:
            samples, occurrence = index.numpy(), np.zeros(len(index), np.int64)
            for i, sample in enumerate(samples.tolist()):
                occurrence[i], seen[sample] = seen[sample], seen[sample] + 1
            keys = SampleKeys(SEED, epoch, samples, occurrence)
            pixels, erased = by_pillow(recipe, loader.graph.augments, [numbered[i][0] for i in samples], keys)
            normalized = (pixels - mean) / std
            touched = torch.zeros_like(erased)
            if name == "TORCHVISION_V2":
                normalized = normalized * (1 - erased)
            elif recipe.erasing:
                touched = reference.mix_reference(erased, plan) if recipe.erasing == "before mixing" else erased
            difference = (images.double() - reference.mix_reference(normalized, plan)).abs() * (touched == 0)
            # One grey level where nothing is rounded before it is mixed, else a float32's last places.
            assert difference.max() < (1e-5 if loader.graph.augments else 1.01 / 255 / std.min())
            noise.append(images[(touched == 1).expand_as(images)])
            boxes += int(erased.flatten(1).any(1).sum())
    assert (boxes > 0) == (recipe.erasing is not None)
    if recipe.erasing and name != "TORCHVISION_V2":
        assert abs(torch.cat(noise).mean()) < 0.1 and abs(torch.cat(noise).std() - 1) < 0.1  # N(0, 1)
