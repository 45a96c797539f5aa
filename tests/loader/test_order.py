"""The order of samples: complete, reproducible, and the same however it is divided."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmix.loader.order import MAX_SEED, Order


def parts(order: Order, epoch: int = 0) -> list[np.ndarray]:
    samples = order.samples(epoch)
    return [samples[p.start : p.start + p.size] for p in map(order.part, range(order.steps))]


def test_every_epoch_is_a_permutation_of_its_own():
    order = Order(count=997, batch_size=10, seed=3)
    epochs = [order.samples(epoch) for epoch in range(4)]
    assert all(np.array_equal(np.sort(samples), np.arange(997)) for samples in epochs)
    assert len({samples.tobytes() for samples in epochs}) == 4
    assert not np.array_equal(Order(count=997, batch_size=10, seed=4).samples(0), epochs[0])
    assert np.array_equal(Order(count=997, batch_size=7, seed=3, world_size=2, rank=1).samples(0), epochs[0])


def test_no_shuffle_is_the_sources_order():
    order = Order(count=5, batch_size=2, shuffle=False, last_batch="partial")
    assert [part.tolist() for part in parts(order, epoch=9)] == [[0, 1], [2, 3], [4]]


@given(
    count=st.integers(1, 200),
    pairs=st.integers(1, 4),
    world_size=st.sampled_from([1, 2, 3, 4, 8]),
    last_batch=st.sampled_from(["drop", "partial", "pad"]),
)
@settings(max_examples=200, deadline=None)
def test_ranks_share_the_global_batches_of_one_process(count, pairs, world_size, last_batch):
    batch_size = 2 * pairs
    global_batch = batch_size * world_size
    if last_batch == "drop" and count < global_batch:
        with pytest.raises(ValueError, match="at least batch_size"):
            Order(count, batch_size, last_batch=last_batch, world_size=world_size)
        return
    whole = Order(count, global_batch, last_batch=last_batch)
    ranks = [Order(count, batch_size, last_batch=last_batch, rank=r, world_size=world_size) for r in range(world_size)]
    assert {order.steps for order in ranks} == {whole.steps}
    samples = whole.samples(0)
    for step in range(whole.steps):
        start, size, _, padding = whole.part(step)
        shares = [order.part(step) for order in ranks]
        assert all(share.offset % 2 == 0 and share.size <= batch_size for share in shares if share.size)
        assert all(share.start == start + share.offset for share in shares)
        together = np.concatenate([samples[s.start : s.start + s.size] for s in shares])
        assert np.array_equal(together, samples[start : start + size])
        assert sum(share.padding for share in shares) == padding
        assert last_batch != "pad" or {share.size for share in shares} == {batch_size}
    covered = sum(part.size - part.padding for part in map(whole.part, range(whole.steps)))
    assert covered == (count // global_batch * global_batch if last_batch == "drop" else count)


@given(count=st.integers(1, 100), batch_size=st.sampled_from([1, 3, 5]), world_size=st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_odd_batches_cover_everything_once(count, batch_size, world_size):
    ranks = [Order(count, batch_size, last_batch="partial", rank=r, world_size=world_size) for r in range(world_size)]
    everything = np.concatenate([part for order in ranks for part in parts(order)])
    assert np.array_equal(np.sort(everything), np.arange(count))
    assert all(len(part) <= batch_size for order in ranks for part in parts(order))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count"),
        ({"batch_size": 0}, "batch_size"),
        ({"seed": -1}, "seed"),
        ({"seed": MAX_SEED + 1}, "seed"),
        ({"rank": 2, "world_size": 2}, "rank"),
        ({"world_size": 0}, "world_size"),
        ({"last_batch": "fill"}, "last_batch"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=f"expected {message}"):
        Order(**{"count": 8, "batch_size": 2, **options})
