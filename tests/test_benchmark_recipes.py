"""The recipes' rivals and the training comparison: their work and their statistics, in small."""

import random

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("sklearn")

from benchmarks import augment_loader, train_equivalence
from benchmarks.accuracy import write_digits
from benchmarks.data import write_set
from benchmarks.rivals import Job, Unavailable, open_rival, worker
from benchmarks.rivals.compiled import import_torchvision
from benchmarks.rivals.recipes import RECIPES
from benchmarks.rivals.recipes.references import mix_of, transform_of


@pytest.fixture(autouse=True)
def rivals_may_draw():
    """Rivals draw from the global generators, as their users do; here they are put back, and threads too."""
    states, threads = (random.getstate(), np.random.get_state(), torch.get_rng_state()), torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


@pytest.fixture
def torchvision():
    try:
        return import_torchvision()
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_every_row_is_a_recipe() -> None:
    assert {row.recipe for row in augment_loader.ROWS.values()} == set(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
def test_references_make_normalised_views(recipe, torchvision) -> None:  # noqa: ARG001
    if recipe == "deit":
        pytest.importorskip("timm")
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8))
    made = transform_of(recipe, 40)(image)
    views = made if recipe == "dino" else [made]
    sizes = [224, 224, *[96] * 8] if recipe == "dino" else [40]
    assert [tuple(view.shape) for view in views] == [(3, size, size) for size in sizes]
    assert all(view.dtype == torch.float32 and view.isfinite().all() for view in views)
    images, targets = mix_of(recipe, 4)(torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 3, 0, 1]))
    assert images.shape == (6, 3, 8, 8) and torch.allclose(targets.sum(1), torch.ones(6))


def test_black_where_no_bit_is_left(torchvision) -> None:  # noqa: ARG001
    auto_augment = pytest.importorskip("timm.data.auto_augment")
    transform_of("deit", 32)
    white = Image.new("RGB", (4, 4), (255, 255, 255))
    posterize = auto_augment.NAME_TO_OP["PosterizeIncreasing"]
    assert np.asarray(posterize(white, 0)).max() == 0 and np.asarray(posterize(white, 4)).min() == 240
    assert posterize(white, 8) is white


@pytest.mark.parametrize("name", ["recipes.fastmix:recipe=v2", "recipes.fastmix:recipe=deit,plain=yes"])
def test_our_batches_are_the_asked_work(name, tmp_path) -> None:
    job = Job(str(write_set("imagenet", 16, tmp_path)), batch_size=8, size=48, cores=1)
    module, options = open_rival(name)
    worker.check(job, *next(module.batches(job, **options)), module, options["recipe"])


def test_dinos_views_are_checked(tmp_path) -> None:
    job = Job(str(write_set("imagenet", 16, tmp_path)), batch_size=4, size=224, cores=1)
    module, options = open_rival("recipes.fastmix:recipe=dino")
    images, targets = next(module.batches(job, **options))
    worker.check(job, images, targets, module, "dino")
    with pytest.raises(AssertionError):
        worker.check(job, images[:, 0], targets, module, "dino")
    with pytest.raises(AssertionError):
        worker.check(job, images, targets, module)


def test_equivalence_is_two_one_sided_tests() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(80, 1, 8), rng.normal(80, 1, 8)
    near = train_equivalence.equivalence(list(a), list(a[::-1]), 2.0)
    assert near["equivalent"] and near["difference"] == pytest.approx(0, abs=1e-9) and near["p"] < 0.01
    assert not train_equivalence.equivalence(list(a), list(b), 0.2)["equivalent"]  # too few seeds for such a margin
    for shift in (-2.5, 2.5):  # equal spread, other means
        far = train_equivalence.equivalence(list(a + shift), list(a), 2.0)
        assert not far["equivalent"] and far["p"] > 0.5
    same = train_equivalence.equivalence([80.0, 81.0, 79.0], [80.0, 81.0, 79.0], 3.0)
    # Welch's t of 3 / sqrt(1/3 + 1/3) with 4 degrees of freedom.
    assert same["p"] == pytest.approx(0.010663, abs=1e-5)


def test_both_ways_learn(tmp_path, torchvision) -> None:  # noqa: ARG001
    """A short form of the comparison: both are far from chance, 10 %, after two epochs."""
    write_digits(tmp_path, train_equivalence.SIDE, "jpg")
    found = {way: train_equivalence.trained(way, tmp_path, 0, 2) for way in train_equivalence.WAYS}
    assert all(accuracy > 30 for accuracy in found.values()), found


def test_the_reference_repeats_as_the_loader_does(tmp_path, torchvision) -> None:  # noqa: ARG001
    write_digits(tmp_path, train_equivalence.SIDE, "jpg")
    loader = train_equivalence.PillowLoader(tmp_path / "train")
    loader.transform = lambda image: torch.tensor([float(np.asarray(image).sum())])
    loader.mix = lambda images, labels: (images, torch.nn.functional.one_hot(labels, 10).float())
    images, targets = next(iter(loader))
    assert images.shape == (32, 1) and images.view(4, 8).eq(images[:8].T).all() and len(images.unique()) == 8
    assert torch.allclose(targets.sum(1), torch.ones(32)) and targets.min() == pytest.approx(0.01)


def test_tables_of_results() -> None:
    times = {"median": 2.0, "iqr": 0.1, "all": [2.0]}
    one = {"label": "x", "wall_ms": times, "cpu_ms": times, "wall_over_fastmix": 4.0, "cpu_over_fastmix": 5.0}
    results = {
        "policies": {"no augment": {"cpu_ms": times, "speed": 1.0}},
        "recipes": {"DINO": {"size": 224, "loaders": {"fastmix": one, "pillow": one}, "unavailable": {"dali": "no"}}},
    }
    assert augment_loader.policy_rows(results)[1:] == [["no augment", "2.000", "1.00"]]
    row = ["DINO", "2.00 (2.00)", "-", "2.00 (2.00), 4.00x (5.00x)", "-", "-"]
    assert augment_loader.recipe_rows(results)[1:] == [row]
