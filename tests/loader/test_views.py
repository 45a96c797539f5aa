"""views=: every view equals Pillow's pipeline given its own drawn parameters; division and resume change nothing."""

import io
import json
import re

import numpy as np
import pytest
import torch
from data_support import make
from PIL import Image
from support import same_bits
from test_augment import expected

import fastmix as fm
import fastmix.augment as fa
from fastmix.loader.graph import decode
from fastmix.recipes import Recipe, View

SEED = 6
CHAIN = [fa.RandomHorizontalFlip(), fa.RandomApply(fa.ColorJitter(0.4, 0.4, 0.2, 0.1), 0.8), fa.GaussianBlur(prob=0.3)]
LARGE = View("large", 2, 48, fa.Compose([fa.RandomResizedCrop((0.4, 1.0), interpolation="bicubic"), *CHAIN]))
SMALL = View("small", 3, (24, 16), fa.Compose([fa.RandomResizedCrop((0.05, 0.4)), fa.TrivialAugmentWide()]))
LAST = View("last", 1, 48, fa.Compose([fa.RandomResizedCrop((0.1, 0.9), edges="image"), fa.RandomErasing(0.5)]))
VIEWS = (LARGE, SMALL, LAST)  # 48, 48, 24 x 16 (3), 48


def load(data, batch_size=6, views=VIEWS, **options):
    return make(data, batch_size, None, views=views, **{"seed": SEED, **options})


def equal(a, b) -> bool:
    """Whether two runs of batches are equal in every tensor and bit."""
    a, b = list(a), list(b)
    return len(a) == len(b) and all(len(x) == len(y) and all(map(same_bits, x, y)) for x, y in zip(a, b, strict=True))


def joined(parts) -> tuple:
    return tuple(torch.cat(tensors) for tensors in zip(*parts, strict=True))


def by_pillow(paths, views, seed, epoch, samples, occurrence=0, mean=fm.IMAGENET_MEAN, std=fm.IMAGENET_STD):
    """Return float32 (B, V, 3, height, width) for each size, in the order in which the sizes come."""
    found: dict[int, list[torch.Tensor]] = {}
    number = 0
    for view in views:
        for _ in range(view.count):
            keys = fa.SampleKeys(seed, epoch, samples, occurrence, view=number)
            pixels = torch.from_numpy(expected(paths, view.augment, keys, [False] * len(paths), view.size))
            made = fm.normalize_mix(pixels, fm.MixPlan.identity(len(paths)), mean=mean, std=std)
            found.setdefault(view.size, []).append(made)
            number += 1
    return [torch.stack(made, 1) for made in found.values()]


RECIPES = [fm.recipes.SIMCLR, fm.recipes.BYOL, fm.recipes.MOCO_V3, fm.recipes.DINO]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_batches_of_the_recipes_are_pillows(numbered, recipe):
    recipe = recipe.replace(refused=())
    loader = fm.DataLoader(numbered, 3, recipe=recipe, device="cpu", num_threads=2, seed=SEED, return_index=True)
    assert loader.size == 224 and f"recipe=Recipe('{recipe.name}'" in repr(loader)
    sizes = list(dict.fromkeys(view.size for view in recipe.views))
    normal = {"mean": recipe.mean, "std": recipe.std}
    for epoch in range(2):
        for *images, labels, index in (batch for _, batch in zip(range(3), loader, strict=False)):
            counts = [sum(view.count for view in recipe.views if view.size == size) for size in sizes]
            shapes = [(3, count, 3, size, size) for count, size in zip(counts, sizes, strict=True)]
            assert [tuple(each.shape) for each in images] == shapes and labels.equal(index)
            paths = [numbered[i][0] for i in index]
            for made, pillow in zip(
                images, by_pillow(paths, recipe.views, SEED, epoch, index.numpy(), **normal), strict=True
            ):
                assert same_bits(made, pillow)
        loader.set_epoch(epoch + 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_views_of_several_sizes(small, dtype, memory_format):
    square = View("square", 1, 20, fa.RandomResizedCrop())
    views = (square, View("large", 2, 30, LARGE.augment), View("again", 1, 20, fa.RandomResizedCrop((0.2, 0.4))))
    loader = load(small[:12], views=views, dtype=dtype, memory_format=memory_format, return_index=True)
    for twenties, thirties, labels, index in loader:
        assert twenties.shape == (6, 2, 3, 20, 20) and thirties.shape == (6, 2, 3, 30, 30) and labels.equal(index)
        pillow = by_pillow([small[i][0] for i in index], views, SEED, 0, index.numpy())
        assert same_bits(twenties, pillow[0].to(dtype)) and same_bits(thirties, pillow[1].to(dtype))
        one = twenties.flatten(0, 1)  # what a network takes; no copy
        assert one.data_ptr() == twenties.data_ptr() and one.is_contiguous(memory_format=memory_format)


def test_the_first_view_is_that_of_a_loader_of_one_view(numbered):
    options = {"decode": "dali"}  # never at a reduced size, which the smallest of all windows decides
    one = make(numbered, 6, 48, seed=SEED, augment=LARGE.augment, **options)
    for (large, _, labels), (images, targets) in zip(load(numbered, **options), one, strict=True):
        assert same_bits(large[:, 0], images) and labels.equal(targets)


def test_images_are_decoded_once(numbered, monkeypatch):
    decoded = []

    def counting(spec, samples, window, size=None):
        decoded.append(size)
        return on_cpu(spec, samples, window, size)

    on_cpu = decode.on_cpu
    monkeypatch.setattr(decode, "on_cpu", counting)
    loader = load(numbered)
    next(iter(loader))
    assert decoded == [[48, 48, 48, 48, 48, 48, 24, 16, 24, 16, 24, 16]]
    assert loader.stats()["bytes"] < sum(path.stat().st_size for path, _ in numbered)


def test_large_photographs_are_decoded_at_a_smaller_size(tmp_path):
    """Where every view allows it; pixels then differ a little from those of the whole photograph."""
    rng = np.random.default_rng(1)
    data = []
    for i in range(4):
        tiny = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        path = tmp_path / f"{i}.jpg"
        tiny.resize((2000, 1500), Image.Resampling.BICUBIC).save(path, quality=95)
        data.append((path, i))
    crops = [fa.RandomResizedCrop((0.6, 1.0)), fa.RandomResizedCrop((0.3, 0.6))]
    views = tuple(
        View(str(i), 2, side, fa.Compose([crop])) for i, (crop, side) in enumerate(zip(crops, (128, 64), strict=True))
    )
    *images, labels = next(iter(load(data, 4, views)))
    whole = load(data, 4, views, decode="dali")
    *others, _ = next(iter(whole))
    for made, same, pillow in zip(
        images, others, by_pillow([data[i][0] for i in labels], views, SEED, 0, labels.numpy()), strict=True
    ):
        assert same_bits(same, pillow)
        difference = (made - pillow).abs() * 255 * 0.225
        assert 0 < difference.mean() < 0.5 and difference.max() < 12


@pytest.mark.parametrize("kind", ["pixels", "encoded"])
def test_views_of_a_dataset(numbered, kind):
    class Data(torch.utils.data.Dataset):
        def __len__(self):
            return 8

        def __getitem__(self, i):
            path = numbered[i][0]
            with Image.open(path) as image:
                return np.asarray(image.convert("RGB")) if kind == "pixels" else path.read_bytes(), i

    options = {"num_classes": 8}
    for *images, labels in load(Data(), 4, **options):
        paths = [numbered[i][0] for i in labels]
        large, small = images
        pillow = by_pillow(paths, (LARGE,), SEED, 0, labels.numpy())
        assert same_bits(large[:, :2], pillow[0]) and small.shape == (4, 3, 3, 24, 16)
        assert (large[:, 0] != large[:, 1]).any()


OPTIONS = [{}, {"repeats": 3}, {"sampler": "balanced"}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_resume_in_other_worlds(small, options, world_size):
    data = [(path, i % 3) for path, i in small[:48]]
    whole = load(data, 12, **options)
    epochs = [batch for _ in range(2) for batch in whole]
    for consumed in (0, 1, 3, 4):
        loader = load(data, 12, **options)
        batches = iter(loader)
        for _ in range(consumed):
            next(batches)
        state = json.loads(json.dumps(loader.state_dict()))
        ranks = [
            load(data, 12 // world_size, rank=r, world_size=world_size, num_threads=1, depth=3, **options)
            for r in range(world_size)
        ]
        for rank in ranks:
            rank.load_state_dict(state)
        found = [joined(parts) for _ in range(2) for parts in zip(*ranks, strict=True)]
        assert len(found) >= 4 and equal(found[: len(epochs) - consumed], epochs[consumed : consumed + len(found)])


def test_short_epochs(small):
    whole = load(small[:24])
    short = load(small[:24], steps_per_epoch=3)
    expected_batches = [batch for _ in range(3) for batch in whole]
    assert equal([batch for _ in range(4) for batch in short], expected_batches)


def test_copies_epochs_and_views_differ(small):
    view = View("view", 3, 40, fa.RandomResizedCrop())
    loader = load(small[:8], 24, (view,), repeats=3, last_batch="partial")
    seen = set()
    for _ in range(2):
        for images, _ in loader:
            seen |= {image.numpy().tobytes() for image in images.flatten(0, 1)}
    assert len(seen) == 2 * 8 * 3  # 8 places, 3 views, 2 epochs


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_bad_samples(numbered, tmp_path, on_error, known):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(numbered[0][0].read_bytes()[:3000])
    data = [*numbered[:11], (bad, 11)]
    loader = load(data, on_error=on_error, max_bad=1.0, return_index=True)
    if known:
        list(loader)
        loader.set_epoch(0)
    whole = {
        int(i): (large, small)
        for large, small, _, index in load(data[:11], 11, return_index=True)
        for i, large, small in zip(index, large, small, strict=True)
    }
    seen = []
    for large, small, labels, index in loader:
        assert labels.equal(index) and len(large) == len(small) == len(index)
        seen += index.tolist()
        first = [seen.index(i) == len(seen) - len(index) + k for k, i in enumerate(index.tolist())]
        for i, a, b, alone in zip(index.tolist(), large, small, first, strict=True):
            if alone and on_error == "skip":
                assert same_bits(a, whole[i][0]) and same_bits(b, whole[i][1])
    assert len(seen) == (12 if on_error == "replace" else 11) and 11 not in seen
    assert len(loader.bad_samples) == 1


def test_a_batch_of_bad_samples_is_empty(small, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    loader = load([(bad, 0)] * 2 + [(small[0][0], 1)] * 4, 2, on_error="skip", max_bad=1.0, shuffle=False, train=True)
    shapes = [[tuple(each.shape) for each in batch] for batch in loader]
    assert shapes[0] == [(0, 3, 3, 48, 48), (0, 3, 3, 24, 16), (0,)]
    assert shapes[1] == [(2, 3, 3, 48, 48), (2, 3, 3, 24, 16), (2,)]


def test_data_without_labels(small):
    *_, targets = next(iter(load([path for path, _ in small[:6]])))
    assert targets is None


def test_a_state_knows_the_views(small):
    state = load(small[:12]).state_dict()
    renamed = tuple(View("other", view.count, view.size, view.augment) for view in VIEWS)
    load(small[:12], views=renamed).load_state_dict(state)
    with pytest.raises(ValueError, match=r"expected a state with .*views="):
        load(small[:12], views=(LARGE, SMALL)).load_state_dict(state)
    with pytest.raises(ValueError, match="views=None"):
        make(small[:12], 6, 48, seed=SEED).load_state_dict(state)


def test_a_schedule_uses_the_loops_epoch(small):
    view = View("view", 2, 24, fa.Compose([fa.RandomResizedCrop(), fa.Scheduled(fa.Invert(1.0), start_epoch=1)]))
    plain = View("view", 2, 24, fa.RandomResizedCrop())
    unit = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255,) * 3}
    inverted, without = (load(small[:12], 12, (each,), **unit) for each in (view, plain))
    for epoch in range(2):
        (a, _), (b, _) = (next(iter(loader)) for loader in (inverted, without))
        list(inverted), list(without)
        assert ((255 - a if epoch else a).round() == b.round()).all()


def test_arguments_beside_a_recipe_win(small):
    dino = fm.recipes.DINO
    assert equal(load(small[:12], 6, (LARGE,)), make(small[:12], 6, None, recipe=dino, views=(LARGE,), seed=SEED))
    one = make(small[:12], 6, 48, recipe=dino, views=None, augment=LARGE.augment, seed=SEED)
    assert equal(one, make(small[:12], 6, 48, augment=LARGE.augment, seed=SEED))
    own = Recipe("MINE", "here", 48, views=VIEWS, repeats=2)
    assert equal(make(small[:12], 6, None, recipe=own, seed=SEED), load(small[:12], repeats=2))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"mix": fm.Mixup(0.2)},
            ValueError,
            r"expected views or mix, got 3 kinds of views and mix=Mixup.*views are not mixed",
        ),
        ({"augment": fa.Invert()}, ValueError, r"expected views or augment, .*each View has its policy"),
        ({"interpolation": "bicubic"}, ValueError, "expected views or interpolation.*RandomResizedCrop has its filter"),
        ({"size": 48}, ValueError, "expected views or size.*each View has its size"),
        ({"smoothing": 0.1}, ValueError, "without mix"),
        ({"train": False}, ValueError, "expected views=None with train=False"),
        ({"resampler": "dali"}, ValueError, "expected resampler='fastmix' with views, got 'dali'"),
        ({"dali_augment": lambda images: images}, ValueError, "expected views or dali_augment, got both"),
        ({"views": []}, ValueError, r"expected at least two views, got \[\]; for one use size= and augment="),
        ({"views": (LAST,)}, ValueError, "expected at least two views"),
        ({"views": [LARGE.augment]}, TypeError, "expected views as a list of fastmix.recipes.View, got Compose"),
        ({"views": LARGE}, TypeError, "expected views as a list of fastmix.recipes.View, got View"),
        (
            {"views": (View("v", 2, 24, fa.Invert()),)},
            ValueError,
            "expected RandomResizedCrop as the policy of view 'v' or",
        ),
        (
            {"views": (View("v", 2, 24, fa.RandomApply(fa.RandomResizedCrop(), 0.5)),)},
            ValueError,
            "expected RandomResizedCrop as the policy of view 'v' or directly in its Compose",
        ),
    ],
)
def test_what_does_not_fit_is_one_error(small, options, error, message):
    with pytest.raises(error, match=message):
        make(small[:12], 6, **{"size": None, "views": VIEWS, **options})


def test_views_need_a_cpu(small, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    with pytest.raises(ValueError, match="expected device='cpu' with views, got 'cuda:0'"):
        make(small[:12], 6, None, device="cuda:0", views=VIEWS)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 24, fa.Invert()), ValueError, "View: expected count"),
        ((1.5, 24, fa.Invert()), TypeError, "View: expected count"),
        ((1, 0, fa.Invert()), ValueError, "View: expected size"),
        ((1, 24, "flip"), TypeError, "View: expected augment as a policy of fastmix.augment, got str"),
    ],
)
def test_views_are_checked(arguments, error, message):
    with pytest.raises(error, match=message):
        View("view", *arguments)


def test_mixing_views_in_memory(small):
    """prefetch and Mixer mix all views of a sample with those of its partner, alike; several sizes are refused."""
    one = (View("view", 2, 24, fa.RandomResizedCrop()),)
    loader = fm.prefetch(load(small[:12], views=one, num_classes=12), mix=fm.Mixup(1.0), num_classes=12, device="cpu")
    plain = load(small[:12], views=one)
    for step, ((images, targets), (views, labels)) in enumerate(zip(loader, plain, strict=True)):
        plan = fm.Mixup(1.0).plan(6, (24, 24), step=step)
        assert same_bits(images, torch.stack([fm.mix(views[:, v].contiguous(), plan) for v in range(2)], 1))
        assert same_bits(targets, fm.mix_labels(labels, plan, 12))
    several = fm.prefetch(load(small[:12]), mix=fm.Mixup(1.0), num_classes=12, device="cpu")
    with pytest.raises((ValueError, TypeError), match="label"):
        next(iter(several))


def test_preview_draws_all_views_of_a_sample(small):
    pytest.importorskip("matplotlib")
    figure = load(small[:12]).preview(12)
    titles = [axis.get_title() for axis in figure.axes]
    assert len(titles) == 12 and all(re.search(rf"view {i % 6}$", title) for i, title in enumerate(titles))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=20)
