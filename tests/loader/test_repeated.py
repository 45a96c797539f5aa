"""Repeated augmentation: DeiT's global batches, other crops, resume, world sizes, short epochs."""

import json

import numpy as np
import pytest
from data_support import join, make, same
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmix as fm
from fastmix.loader.order import Order

OPTIONS = {"repeats": 3, "mix": fm.Mixup(0.4, per="pair"), "seed": 5}


def deit(permutation: list[int], repeats: int, world_size: int, batch_size: int, steps: int) -> list[list[int]]:
    """The global batches of DeiT's RASampler: every index in a row, and every rank takes each world_size-th."""
    row = [index for index in permutation for _ in range(repeats)]
    ranks = [row[rank::world_size] for rank in range(world_size)]
    slices = [slice(step * batch_size, (step + 1) * batch_size) for step in range(steps)]
    return [sorted(index for rank in ranks for index in rank[part]) for part in slices]


@given(st.integers(1, 90), st.integers(1, 5), st.integers(1, 4), st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_global_batches_are_deits(count, repeats, world_size, batch_size):
    options = {"batch_size": batch_size, "world_size": world_size, "last_batch": "partial", "seed": 2}
    permutation = Order(count, **options).samples(4).tolist()
    order = Order(count, repeats=repeats, **options)
    samples, size = order.samples(4), order.global_batch
    assert len(samples) == count and len(set(samples.tolist())) == -(-count // repeats)
    found = [sorted(samples[step * size : (step + 1) * size].tolist()) for step in range(count // size)]
    assert found == deit(permutation, repeats, world_size, batch_size, count // size)
    # Partners are neighbours, and two samples wherever a batch has two.
    pairs = samples[: count // size * size // 2 * 2].reshape(-1, 2)
    assert size % 2 or size < 2 * repeats or (pairs[:, 0] != pairs[:, 1]).all()


def test_copies_go_to_different_ranks():
    ranks = [Order(60, 4, repeats=3, rank=rank, world_size=3) for rank in range(3)]
    for step in range(ranks[0].steps):
        parts = [order.samples(1)[order.part(step).start :][:4].tolist() for order in ranks]
        assert parts[0] == parts[1] == parts[2] and len(set(parts[0])) == 4


@pytest.fixture(scope="module")
def whole(small) -> list:
    """Two epochs of 5 batches of 12: 20 samples each, three times."""
    loader = make(small[:60], 12, **OPTIONS, return_index=True)
    return [list(loader) for _ in range(2)]


def test_every_copy_is_another_crop(small, whole):
    plain = make(small[:60], 12, return_index=True, repeats=3, seed=5)
    seen: dict[int, set[bytes]] = {}
    for images, _, index in plain:
        for image, i in zip(images, index.tolist(), strict=True):
            seen.setdefault(i, set()).add(image.numpy().tobytes())
    assert len(seen) == 20 and {len(crops) for crops in seen.values()} == {3}
    epochs = [{i for *_, index in epoch for i in index.tolist()} for epoch in whole]
    assert [len(epoch) for epoch in epochs] == [20, 20] and epochs[0] != epochs[1]


@pytest.mark.parametrize("consumed", [0, 1, 4, 5])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_resume_in_other_worlds(small, whole, consumed, world_size):
    loader = make(small[:60], 12, **OPTIONS)
    batches = iter(loader)
    for _ in range(consumed):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    ranks = [make(small[:60], 12 // world_size, rank=r, world_size=world_size, **OPTIONS) for r in range(world_size)]
    for rank in ranks:
        rank.load_state_dict(state)
    expected = [batch[:2] for epoch in whole for batch in epoch][consumed:]
    found = [join(parts) for _ in range(2) for parts in zip(*ranks, strict=True)]
    assert same(found[: len(expected)], expected[: len(found)]) and len(found) >= 5


def test_short_epochs(small, whole):
    loader = make(small[:60], 12, steps_per_epoch=2, **OPTIONS)
    assert same([batch for _ in range(5) for batch in loader], [batch[:2] for epoch in whole for batch in epoch])


def test_balanced_orders_repeat_too(small):
    data = [(path, int(i >= 50)) for i, (path, _) in enumerate(small[:60])]
    labels = np.concatenate([labels for _, labels in make(data, 12, repeats=2, sampler="balanced")])
    assert abs(np.bincount(labels).tolist()[0] - 30) <= 6


def test_states_of_another_number_of_repeats(small):
    state = make(small[:8]).state_dict()
    assert state.pop("repeats") == 1
    make(small[:8]).load_state_dict(state)  # as it was before there was such a setting
    with pytest.raises(ValueError, match=r"repeats=3 \(got 1\)"):
        make(small[:8], repeats=3).load_state_dict(state)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train": False}, r"repeats=1 with train=False .*'source', got 3"),
        ({"shuffle": False, "train": True}, "'source', got 3"),
        ({"sampler": "same_class"}, "'same_class', got 3"),
        ({"sampler": [0, 1, 2, 3]}, "let a Sampler repeat its indices"),
        ({"repeats": 0}, "repeats"),
        ({"repeats": 1.5}, "repeats"),
    ],
)
def test_what_is_refused(small, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(small[:16], **{"repeats": 3, **options})
