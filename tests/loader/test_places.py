"""Samples that come twice in an epoch: their occurrences, and the crops that are drawn anew."""

import numpy as np
import pytest
import torch
from data_support import join, make, same
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import fastmix as fm
from fastmix import _core
from fastmix.loader.order import Order
from fastmix.loader.places import Places, replaced_occurrence
from fastmix.loader.sampling import Balanced
from fastmix.ops.resample_mix import resample_mix
from fastmix.plan.draw_key import SampleKeys

CROP = _core.CropSpec(scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), mirror_prob=0.5)
PIXELS = {"mean": [0.0] * 3, "std": [1.0] * 3}


def counted(samples: list[int]) -> list[int]:
    """How often each sample came before, one by one."""
    return [samples[:place].count(sample) for place, sample in enumerate(samples)]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 30), st.integers(1, 100))
def test_occurrences_count_through_the_epoch_and_beyond_its_end(samples, start, size):
    endless = samples * 200
    found = Places(np.array(samples), revisits=True).part(start, size)
    part = slice(start, start + size)
    assert [values.tolist() for values in found] == [endless[part], counted(endless[: start + size])[part]]
    if len(set(samples)) == len(samples):
        uncounted = Places(np.array(samples), revisits=False).part(start, size)
        assert [values.tolist() for values in uncounted] == [values.tolist() for values in found]


@pytest.mark.parametrize("last_batch", ["drop", "partial", "pad"])
@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_have_the_occurrences_of_one_process(last_batch, world_size):
    sampling = Balanced(np.repeat(np.arange(3), [1, 5, 44]), seed=1)
    options = {"sampling": sampling, "last_batch": last_batch}
    whole = Order(50, 4 * world_size, **options)
    ranks = [Order(50, 4, rank=rank, world_size=world_size, **options) for rank in range(world_size)]
    assert whole.places(7).part(0, 50)[1].max() >= 15
    for step in range(whole.steps):
        expected = whole.places(7).part(*whole.part(step)[:2])
        parts = [order.places(7).part(*order.part(step)[:2]) for order in ranks]
        assert np.array_equal(np.concatenate(parts, axis=1), expected)


def test_replacements_have_occurrences_that_no_place_of_the_order_has():
    replaced = [replaced_occurrence(place) for place in range(1000)]
    assert len(set(replaced)) == 1000 and min(replaced) > 2**31 and max(replaced) == 2**32 - 1
    assert replaced_occurrence(2**32 + 3) == 2**32 - 4


@pytest.fixture
def rare(numbered):
    """Ten images of class 0 and two of class 1, which balanced orders therefore repeat: three times each."""
    return [(path, int(i >= 10)) for i, (path, _) in enumerate(numbered[:12])]


def test_five_draws_of_one_sample_are_five_crops(numbered):
    data = [(numbered[0][0], 0)] + [(path, 1) for path, _ in numbered[1:10]]
    loader = make(data, 10, 96, seed=4, sampler="balanced", **PIXELS)
    image = torch.from_numpy(np.array(Image.open(numbered[0][0])))
    for epoch in range(2):
        [(images, labels)] = loader
        draws = images[labels == 0]
        assert len(draws) == 5 and len({draw.numpy().tobytes() for draw in draws}) == 5
        # The k-th draw is that of occurrence k; the first is the one of an order without repeats.
        keys = SampleKeys(4, epoch, np.zeros(5, np.int64), np.arange(5)).rows
        windows, mirror = _core.random_resized_crop(CROP, [image.shape[:2]] * 5, 4, keys)
        first, _ = _core.random_resized_crop(CROP, [image.shape[:2]], 4, [[epoch, 0]])
        assert np.array_equal(windows[0], first[0])
        expected = resample_mix(
            [image] * 5, torch.from_numpy(windows), size=96, mirror=torch.from_numpy(mirror), **PIXELS
        )
        torch.testing.assert_close(draws, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("mix", [None, fm.Mixup(0.4, per="pair")], ids=["plain", "mixed"])
def test_repeats_are_the_same_in_every_world_size_and_after_resuming(rare, mix):
    options = {"seed": 3, "sampler": "balanced", "mix": mix, "num_classes": 2}
    whole = list(make(rare, 4, **options))
    ranks = [make(rare, 2, rank=rank, world_size=2, **options) for rank in range(2)]
    assert same([join(parts) for parts in zip(*ranks, strict=True)], whole)
    for step in (1, 2):
        consumed, resumed = make(rare, 4, **options), make(rare, 4, **options)
        batches = iter(consumed)
        for _ in range(step):
            next(batches)
        resumed.load_state_dict(consumed.state_dict())
        assert same(resumed, whole[step:])


def test_a_sampler_that_repeats_a_sample_gets_other_crops(numbered):
    [(images, _)] = make(numbered[:6], 6, sampler=[3, 1, 3, 3, 1, 0])
    assert len({image.numpy().tobytes() for image in images}) == 6
    [(first, _)] = make(numbered[:6], 3, sampler=[3, 1, 0])
    assert first.equal(images[[0, 1, 5]])


def test_padding_is_drawn_anew(numbered):
    [(images, _)] = make(numbered[:3], 8, last_batch="pad")
    assert len({image.numpy().tobytes() for image in images}) == 8
    assert images[:3].equal(next(iter(make(numbered[:3], 3)))[0])


def test_a_replacement_is_drawn_anew(numbered, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    data = [numbered[0], (bad, 1), (bad, 2)]
    with pytest.warns(fm.loader.BadSampleWarning):
        [(images, labels)] = make(data, 3, on_error="replace", max_bad=1.0)
    assert labels.unique().numel() == 1 and len({image.numpy().tobytes() for image in images}) == 3
