"""Orders by class, Samplers, and last batches that are filled up."""

import numpy as np
import pytest
import torch
from data_support import join, make, same
from scipy.stats import chisquare

import fastmix as fm
from fastmix.loader.sampling import Balanced, SameClass, Shuffled

LABELS = np.repeat(np.arange(5), [1, 7, 20, 50, 23])


def test_every_sample_comes_first_equally_often():
    first = [Shuffled(20, seed).samples(epoch)[0] for seed in range(40) for epoch in range(50)]
    assert chisquare(np.bincount(first, minlength=20)).pvalue > 1e-4


@pytest.mark.parametrize("epoch", range(3))
def test_balanced(epoch):
    order = Balanced(LABELS, seed=3).samples(epoch)
    counts = np.bincount(LABELS[order])
    assert len(order) == len(LABELS) and counts.max() - counts.min() <= 1
    for klass in range(5):
        times = np.bincount(order, minlength=len(LABELS))[LABELS == klass]
        assert times.max() - times.min() <= 1
    # No class comes in a run: the first half is balanced too, within chance.
    assert np.bincount(LABELS[order[:50]], minlength=5).min() >= 3
    assert not np.array_equal(order, Balanced(LABELS, seed=3).samples(epoch + 1))
    assert np.array_equal(order, Balanced(LABELS, seed=3).samples(epoch))


@pytest.mark.parametrize("count", [1, 2, 101])
def test_same_class(count):
    labels = LABELS[-count:]
    order = SameClass(labels, seed=1).samples(0)
    assert np.array_equal(np.sort(order), np.arange(count))
    pairs = labels[order[: count // 2 * 2]].reshape(-1, 2)
    # At most one sample of each class is left over.
    assert (pairs[:, 0] != pairs[:, 1]).sum() <= (len(np.unique(labels)) + 1) // 2


def test_partners_of_one_class(small):
    data = [(path, i % 3) for path, i in small[:60]]
    loader = make(data, 20, mix=fm.Mixup(1.0, per="pair"), sampler="same_class", targets="pair")
    for _, targets in loader:
        assert targets.labels.equal(targets.partner_labels)


class Backwards(torch.utils.data.Sampler):
    """A Sampler whose order depends on the epoch, and if so wanted on how often it was asked."""

    def __init__(self, count: int, fickle: bool = False) -> None:
        self.count, self.epoch, self.asked, self.fickle = count, 0, 0, fickle

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.count

    def __iter__(self):
        self.asked += self.fickle
        return iter(np.roll(np.arange(self.count)[::-1], self.epoch + self.asked).tolist())


def test_a_sampler_of_the_users(small):
    loader = make(small[:16], 4, sampler=Backwards(12))
    ids = [torch.cat([labels for _, labels in loader]).tolist() for _ in range(2)]
    assert ids == [list(range(11, -1, -1)), [0, *range(11, 0, -1)]]
    ranks = [make(small[:16], 2, sampler=Backwards(12), rank=r, world_size=2) for r in range(2)]
    loader.set_epoch(0)
    assert same([join(parts) for parts in zip(*ranks, strict=True)], loader)


def test_resuming_with_a_sampler(small):
    def consumed(**options):
        loader = make(small[:16], 4, sampler=Backwards(16, **options))
        next(iter(loader))
        return loader.state_dict()

    expected = list(make(small[:16], 4, sampler=Backwards(16)))
    resumed = make(small[:16], 4, sampler=Backwards(16))
    resumed.load_state_dict(consumed())
    assert same(resumed, expected[1:])
    other = make(small[:16], 4, sampler=Backwards(16, fickle=True))
    other.load_state_dict(consumed())
    with pytest.raises(ValueError, match="set_epoch"):
        iter(other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": "random"}, "sampler to be one of"),
        ({"sampler": "balanced", "shuffle": True}, "got both"),
        ({"sampler": [0, 1, 99, 2]}, r"indices in \[0, 16\)"),
        ({"sampler": 7}, "__iter__ and __len__"),
    ],
)
def test_bad_samplers(small, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        list(make(small[:16], 4, **options))
    distributed = torch.utils.data.DistributedSampler(range(16), num_replicas=2, rank=0)
    with pytest.raises(ValueError, match="divides the order"):
        make(small[:16], 4, sampler=distributed)


@pytest.mark.parametrize("mix", [None, fm.Mixup(0.4, per="pair")], ids=["plain", "mixed"])
@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_pad_marks_its_padding(small, mix, world_size):
    options = {"mix": mix, "last_batch": "pad", "train": False}
    ranks = [make(small[:21], 8 // world_size, rank=r, world_size=world_size, **options) for r in range(world_size)]
    steps = [join(parts) for parts in zip(*ranks, strict=True)]
    assert [len(images) for images, _ in steps] == [8, 8, 8]
    images, targets = steps[-1]
    partial = list(make(small[:21], 8, **{**options, "last_batch": "partial"}))[-1]
    assert images[:5].equal(partial[0]) and targets[:5].equal(partial[1])
    marked = targets[5:] == -100 if mix is None else targets[5:] == 0
    assert marked.all()
    assert sum(loader.stats()["images"] for loader in ranks) == 21
