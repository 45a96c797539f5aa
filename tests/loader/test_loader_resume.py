"""A loader that is resumed goes on with the identical batches."""

import json

import pytest
import torch
from data_support import join, make, same

import fastmix as fm

OPTIONS = {"mix": fm.Mixup(0.4, per="pair"), "last_batch": "partial", "seed": 2}


@pytest.fixture(scope="module")
def uninterrupted(photos) -> list:
    loader = make(photos, 4, **OPTIONS)
    return [*loader, *loader, *loader]


@pytest.mark.parametrize("consumed", range(13))
def test_resume_after_any_step(photos, uninterrupted, consumed):
    loader = make(photos, 4, **OPTIONS)
    batches = iter(loader)
    for _ in range(consumed):
        try:
            next(batches)
        except StopIteration:
            batches = iter(loader)
            next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    assert (state["epoch"], state["step"]) == divmod(consumed, 6)
    resumed = make(photos, 4, num_threads=1, depth=4, **OPTIONS)
    resumed.load_state_dict(state)
    assert resumed.epoch == consumed // 6
    assert resumed.state_dict() == state
    epochs = [list(resumed) for _ in range(3 - consumed // 6)]
    assert len(epochs[0]) == 6 - consumed % 6
    assert same([batch for epoch in epochs for batch in epoch], uninterrupted[consumed:])


def test_resume_with_another_world_size(photos, uninterrupted):
    loader = make(photos, 4, **OPTIONS)
    batches = iter(loader)
    for _ in range(3):
        next(batches)
    ranks = [make(photos, 2, rank=r, world_size=2, **OPTIONS) for r in range(2)]
    for rank in ranks:
        rank.load_state_dict(loader.state_dict())
    assert same([join(parts) for parts in zip(*ranks, strict=True)], uninterrupted[3:6])


def test_setting_the_epoch_that_was_resumed_keeps_the_step(photos, uninterrupted):
    loader = make(photos, 4, **OPTIONS)
    loader.load_state_dict({**loader.state_dict(), "epoch": 1, "step": 4})
    loader.set_epoch(1)
    assert same(loader, uninterrupted[10:12])
    loader.set_epoch(1)
    assert same(loader, uninterrupted[6:12])


def test_resuming_ends_the_iterator_under_way(photos, uninterrupted):
    loader = make(photos, 4, **OPTIONS)
    state = loader.state_dict()
    batches = iter(loader)
    next(batches)
    loader.load_state_dict(state)
    with pytest.raises(RuntimeError, match="older one"):
        next(batches)
    assert same(loader, uninterrupted[:6])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "version=3"),
        ({"seed": 3}, "seed=2"),
        ({"samples": 20}, "samples=21"),
        ({"global_batch": 8}, "global_batch=4"),
        ({"order": "source"}, "order='shuffle'"),
        ({"last_batch": "drop"}, "last_batch='partial'"),
        ({"step": 7}, "step of at most 6"),
        ({"step": -1}, "step >= 0"),
        ({"epoch": 2**32}, "epoch of at most"),
    ],
)
def test_states_that_do_not_fit(photos, change, message):
    loader = make(photos, 4, **OPTIONS)
    before = loader.state_dict()
    with pytest.raises(ValueError, match=message):
        loader.load_state_dict({**before, **change})
    assert loader.state_dict() == before


def test_state_has_no_tensors(photos):
    state = make(photos, 4, **OPTIONS).state_dict()
    assert not any(isinstance(value, torch.Tensor) for value in state.values())
    assert json.loads(json.dumps(state)) == state
