"""Short epochs go on through the data; loops that start epochs again are told so."""

import itertools
import json
import warnings

import pytest
from data_support import join, make, same

import fastmix as fm
from fastmix.loader import RestartWarning

OPTIONS = {"mix": fm.Mixup(0.4, per="pair"), "seed": 2}


@pytest.fixture(scope="module")
def whole(small) -> list:
    """Three passes over 10 batches of 4."""
    loader = make(small[:40], 4, **OPTIONS)
    return [*loader, *loader, *loader]


@pytest.mark.parametrize("steps", [1, 4, 10, 13, 25])
def test_short_and_long_epochs_yield_the_batches_of_whole_ones(small, whole, steps):
    loader = make(small[:40], 4, steps_per_epoch=steps, **OPTIONS)
    assert len(loader) == steps
    epochs = [list(loader) for _ in range(len(whole) // steps)]
    assert {len(epoch) for epoch in epochs} == {steps} and loader.epoch == len(epochs)
    assert same([batch for epoch in epochs for batch in epoch], whole[: steps * len(epochs)])


@pytest.mark.parametrize("consumed", [0, 3, 4, 9, 10, 11, 17])
def test_resume_in_short_epochs(small, whole, consumed):
    loader = make(small[:40], 4, steps_per_epoch=4, **OPTIONS)
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    for _ in range(consumed):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    assert (state["epoch"], state["step"], state["steps_per_epoch"]) == (*divmod(consumed, 4), 4)
    ranks = [make(small[:40], 2, steps_per_epoch=4, rank=r, world_size=2, **OPTIONS) for r in range(2)]
    for rank in ranks:
        rank.load_state_dict(state)
    rest = [join(parts) for _ in range(2) for parts in zip(*ranks, strict=True)]
    assert same(rest, whole[consumed:][: len(rest)]) and len(rest) == 8 - consumed % 4


def test_set_epoch_in_short_epochs(small, whole):
    loader = make(small[:40], 4, steps_per_epoch=4, **OPTIONS)
    loader.set_epoch(3)
    assert same(loader, whole[12:16])


def test_a_schedule_goes_by_short_epochs(small):
    policy = fm.Scheduled(fm.Mixup(0.4), start_epoch=1)
    loader = make(small[:40], 4, steps_per_epoch=2, mix=policy, return_plan=True)
    for epoch in range(3):
        mixed = [(plan.weight_in != 1).any() for _, _, plan in loader]
        assert any(mixed) == (epoch >= 1)


class Unseeded(list):
    """Another order every time it is asked."""

    def __iter__(self):
        self.append(self.pop(0))
        return iter(self[:])


def test_a_sampler_is_asked_once_per_pass(small):
    loader = make(small[:8], 2, sampler=Unseeded(range(8)), steps_per_epoch=2, shuffle=None)
    ids = [label for _ in range(4) for _, labels in loader for label in labels.tolist()]
    assert sorted(ids[:8]) == sorted(ids[8:]) == list(range(8)) and ids[:8] != ids[8:]


def test_an_epoch_that_starts_again_is_reported_once(small):
    loader = make(small[:40], 4)
    with pytest.warns(RestartWarning, match=r"loop in test_short_epochs .*after 3 of 10.*steps_per_epoch=3") as found:
        for _ in range(3):
            list(itertools.islice(loader, 3))
    assert len(found) == 1 and found[0].filename == __file__


@pytest.mark.parametrize("options", [{"train": False}, {"steps_per_epoch": 3}], ids=["evaluation", "steps_per_epoch"])
def test_what_is_no_restart(small, options):
    loader = make(small[:40], 4, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RestartWarning)
        for _ in range(3):
            list(itertools.islice(loader, 3))
        fresh = make(small[:40], 4)
        next(iter(fresh))  # a look at the first batch
        list(fresh)
        for epoch in (1, 2, 3):
            fresh.set_epoch(epoch)
            list(itertools.islice(fresh, 3))


@pytest.mark.parametrize("steps", [0, -1, 2.5])
def test_bad_steps_per_epoch(small, steps):
    with pytest.raises((ValueError, TypeError), match="steps_per_epoch"):
        make(small[:40], 4, steps_per_epoch=steps)
    loader = make(small[:40], 4, steps_per_epoch=4)
    with pytest.raises(ValueError, match=r"steps_per_epoch=None \(got 4\)"):
        make(small[:40], 4).load_state_dict(loader.state_dict())
