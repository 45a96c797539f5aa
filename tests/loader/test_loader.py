"""Which batches come: all samples, once, the same ones on every run and every division, with a loader's manners."""

import gc
import os
import threading

import pytest
import torch
from data_support import SIZE, join, make, same
from support import devices

import fastmix as fm
from fastmix.cli.demo_data import write_photos

POLICY = fm.Choice([fm.Mixup(0.4, per="pair"), fm.CutMix(1.0, per="pair")], per="pair")


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize(("batch_size", "shuffle"), [(1, True), (4, True), (5, False), (21, True), (50, True)])
def test_every_sample_once_per_epoch(numbered, device, batch_size, shuffle):
    loader = make(numbered, batch_size, device=device, shuffle=shuffle, last_batch="partial")
    orders = []
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader) == -(-21 // batch_size)
        assert [len(images) for images, _ in batches] == [len(ids) for _, ids in batches]
        assert all(len(images) == batch_size for images, _ in batches[:-1])
        orders.append(torch.cat([ids for _, ids in batches]).tolist())
    assert [sorted(order) for order in orders] == [list(range(21))] * 2
    assert (orders[0] == orders[1]) is (not shuffle)


def test_drop_leaves_out_the_rest(numbered):
    loader = make(numbered, 4)
    assert len(loader) == 5
    assert [len(images) for images, _ in loader] == [4] * 5
    with pytest.raises(ValueError, match="at least batch_size"):
        make(numbered, 22)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("train", [True, False])
def test_threads_and_depth_change_nothing(photos, device, train):
    def run(num_threads: int, depth: int) -> list:
        loader = make(photos, 4, device=device, mix=POLICY, num_threads=num_threads, depth=depth, train=train)
        return [*loader, *loader]

    expected = run(1, 1)
    assert all(same(run(threads, depth), expected) for threads, depth in [(2, 2), (4, 4), (1, 30)])


def test_seeds_and_epochs_differ(photos):
    first, second = make(photos, mix=POLICY), make(photos, mix=POLICY, seed=1)
    zero = list(first)
    assert first.epoch == 1
    assert not same(zero, list(first))
    assert not same(zero, list(second))
    assert same(zero, make(photos, mix=POLICY, seed=0))


@pytest.mark.parametrize("world_size", [2, 4, 8])
@pytest.mark.parametrize("last_batch", ["drop", "partial"])
def test_world_sizes_share_the_same_global_batches(photos, world_size, last_batch):
    options = {"mix": POLICY, "last_batch": last_batch}
    ranks = [make(photos, 16 // world_size, rank=r, world_size=world_size, **options) for r in range(world_size)]
    assert same([join(parts) for parts in zip(*ranks, strict=True)], make(photos, 16, **options))


def test_a_rank_without_samples_gets_an_empty_batch(photos):
    options = {"world_size": 4, "last_batch": "partial", "memory_format": torch.channels_last}
    ranks = [make(photos, 4, rank=r, mix=POLICY, dtype=torch.bfloat16, **options) for r in range(4)]
    last = [list(loader)[-1] for loader in ranks]
    assert sorted(len(images) for images, _ in last) == [0, 1, 2, 2]
    for images, targets in last:
        assert images.shape[1:] == (3, SIZE, SIZE) and images.dtype == torch.bfloat16
        assert targets.shape == (len(images), 3) and targets.dtype == torch.float32
    assert [len(ids) for _, ids in [list(make(photos, 4, rank=0, **options))[-1]]] == [0]


def test_break_starts_the_epoch_anew(photos):
    loader = make(photos, mix=POLICY, depth=3)
    expected = list(make(photos, mix=POLICY))
    for steps in (1, 3):
        for step, _ in enumerate(loader, 1):
            if step == steps:
                break
    assert same(loader, expected)
    assert loader.epoch == 1


def test_a_new_iterator_ends_the_one_before(photos):
    loader = make(photos)
    old = iter(loader)
    next(old)
    new = iter(loader)
    with pytest.raises(RuntimeError, match="older one"):
        next(old)
    assert len(list(new)) == len(loader)
    with pytest.raises(StopIteration):
        next(new)


def test_set_epoch(photos):
    loader = make(photos)
    epochs = [list(loader) for _ in range(3)]
    loader.set_epoch(1)
    running = iter(loader)
    assert same([next(running)], epochs[1][:1])
    loader.set_epoch(2)
    with pytest.raises(RuntimeError, match="older one"):
        next(running)
    assert same(loader, epochs[2])
    assert loader.epoch == 3
    with pytest.raises(ValueError, match="epoch"):
        loader.set_epoch(-1)
    with pytest.raises(ValueError, match="epoch"):
        loader.set_epoch(2**32)


def test_two_loaders_at_once(photos):
    train, evaluation = make(photos, mix=POLICY), make(photos, train=False)
    expected = list(make(photos, mix=POLICY)), list(make(photos, train=False))
    got = [], []
    for batches in zip(train, evaluation, strict=False):
        for into, batch in zip(got, batches, strict=True):
            into.append(batch)
    assert same(got[0], expected[0])
    assert same(got[1], expected[1][: len(got[1])])


@pytest.mark.parametrize("device", devices())
def test_batches_can_be_kept(photos, device):
    loader = make(photos, 3, device=device, mix=POLICY)
    kept, copies = [], []
    for _ in range(3):
        for images, targets in loader:
            kept.append((images, targets))
            copies.append((images.clone(), targets.clone()))
    addresses = {images.data_ptr() for images, _ in kept}
    assert len(addresses) == len(kept)
    assert same(kept, copies)


def test_an_interrupt_leaves_the_loader_usable(photos, monkeypatch):
    loader = make(photos, mix=POLICY)
    expected = list(make(photos, mix=POLICY))
    batches = iter(loader)
    next(batches)
    pipeline = loader._machinery.queue._pipeline

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "outputs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(batches)
    with pytest.raises(RuntimeError, match="ended with an error"):
        next(batches)
    assert loader.state_dict()["step"] == 1
    assert same(loader, expected)


def test_a_deleted_loader_leaves_no_threads(photos):
    def threads() -> int:
        return len(os.listdir("/proc/self/task"))

    list(make(photos, num_threads=2))  # DALI's own singletons
    gc.collect()
    before, python_threads = threads(), threading.active_count()
    loader = make(photos, num_threads=4, depth=4)
    next(iter(loader))
    assert threads() > before
    del loader
    assert threads() == before
    assert threading.active_count() == python_threads


def test_rank_and_world_size_come_from_torch_distributed(photos, tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        loader = make(photos)
        assert (loader.rank, loader.world_size) == (0, 1)
        assert make(photos, rank=1, world_size=2).rank == 1
    finally:
        torch.distributed.destroy_process_group()


BATCHES = torch.utils.data.BatchSampler(torch.utils.data.SequentialSampler(range(21)), 4, True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size >= 1"),
        ({"batch_size": 2.0}, TypeError, "batch_size to be an int"),
        ({"size": 0}, ValueError, "size >= 1"),
        ({"depth": 0}, ValueError, "depth >= 1"),
        ({"num_threads": 0}, ValueError, "num_threads >= 1"),
        ({"seed": -1}, ValueError, "seed"),
        ({"mix": 0.2}, TypeError, "policy or None"),
        ({"num_classes": 2}, ValueError, "num_classes >= 3"),
        ({"dtype": torch.float64}, ValueError, "dtype"),
        ({"memory_format": torch.preserve_format}, ValueError, "memory_format"),
        ({"device": "tpu"}, (ValueError, RuntimeError), "tpu|device"),
        ({"mean": (0.5,)}, ValueError, "mean to be 3"),
        ({"std": (0.2, 0.0, 0.2)}, ValueError, "std to be 3 finite numbers > 0"),
        ({"smoothing": 1.0, "mix": POLICY}, ValueError, "smoothing in"),
        ({"smoothing": 0.1}, ValueError, "0 without mix"),
        ({"rank": 0}, ValueError, "together"),
        ({"rank": 2, "world_size": 2}, ValueError, "rank in"),
        ({"last_batch": "fill"}, ValueError, "last_batch"),
        ({"last_batch": ""}, ValueError, "last_batch to be one of .* got ''"),
        ({"mean": "abc"}, TypeError, "mean to be 3 numbers"),
        ({"std": 0.2}, TypeError, "std to be 3 numbers"),
        ({"smoothing": "x", "mix": POLICY}, TypeError, "smoothing: expected a number"),
        ({"timeout": "x"}, TypeError, "timeout to be a number of seconds"),
        ({"stall_after": [1]}, TypeError, "stall_after to be a number of seconds"),
        ({"quarantine": 5}, TypeError, "quarantine: expected a path"),
        ({"device": None}, TypeError, "device to be"),
        ({"device": 0}, TypeError, "device to be"),
        ({"train": "no"}, TypeError, "a bool"),
        ({"shuffle": 1}, TypeError, "a bool"),
        ({"sampler": BATCHES}, TypeError, "BatchSampler"),
    ],
)
def test_bad_arguments(photos, options, error, message):
    with pytest.raises(error, match=message):
        make(photos, **options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a GPU")
def test_cuda_without_a_gpu(photos):
    with pytest.raises(ValueError, match="found none"):
        make(photos, device="cuda")
    assert make(photos, device="auto").device == torch.device("cpu")


def test_a_schedule_mixes_from_its_epoch_on(tmp_path):
    write_photos(tmp_path, 12, 2)
    loader = fm.DataLoader(tmp_path, 4, 32, mix=fm.Scheduled(fm.Mixup(1.0), 1), device="cpu")
    mixed = [[bool(((targets > 0) & (targets < 1)).any()) for _, targets in loader] for _ in range(2)]
    assert not any(mixed[0])
    assert any(mixed[1])
