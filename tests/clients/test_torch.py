"""torch itself: the plain loop, DDP and FSDP2 on two processes, distributed checkpoints, progress bars."""

import itertools
from pathlib import Path

import pytest
import torch
from client_support import SAMPLES, STEPS, Net, evaluation, mark, marks, parts, passes, train, two_processes
from torch.distributed import checkpoint
from torch.distributed.checkpoint.stateful import Stateful


def test_the_plain_loop(photos):
    loader, model = train(photos), Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    seen: list[float] = []
    for _ in range(2):
        for images, targets in loader:
            seen.append(mark(images))
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images), targets).backward()
            optimizer.step()
    assert seen == marks(passes(train(photos), 2)) and len(set(seen)) == 2 * STEPS
    assert len(loader.dataset) == SAMPLES
    correct = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in evaluation(photos))
    assert 0 <= correct <= SAMPLES


def test_endless_iteration(photos):
    def endless(loader):
        while True:
            yield from loader

    assert marks(itertools.islice(endless(train(photos)), 30)) == marks(passes(train(photos), 3))[:30]


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes(photos, tmp_path, kind):
    """The loader is built before init_process_group; the second epoch is resumed by each process."""
    found = two_processes(Path(__file__).parent / "torch_two.py", photos, kind, out=tmp_path / "seen")
    expected = parts(photos, 2)
    assert [part["seen"] for part in found] == expected and not set(expected[0]) & set(expected[1])
    assert all(part["resumed"] == part["seen"][4:6] and part["steps"] == STEPS // 2 for part in found)
    assert "init_process_group" in found[0]["early"]
    assert found[0]["parameters"] == found[1]["parameters"]


def test_distributed_checkpoints(photos, tmp_path):
    loader = train(photos)
    assert isinstance(loader, Stateful)
    seen = marks(itertools.islice(loader, 5))
    checkpoint.save({"loader": loader, "model": Net().state_dict()}, checkpoint_id=tmp_path, no_dist=True)
    resumed = train(photos)
    checkpoint.load({"loader": resumed, "model": Net().state_dict()}, checkpoint_id=tmp_path, no_dist=True)
    assert seen + marks(resumed) == marks(train(photos))


def test_progress_bars(photos, capsys):
    tqdm = pytest.importorskip("tqdm").tqdm
    bar = tqdm(train(photos))
    assert len(list(bar)) == bar.total == STEPS
    assert "12/12" in capsys.readouterr().err
    progress = pytest.importorskip("rich.progress")
    assert len(list(progress.track(train(photos), transient=True))) == STEPS


def test_loops_over_one_loader(photos):
    """A loop in a loop, and two at once, are refused: a loader has one position."""
    loader = evaluation(photos)
    with pytest.raises(RuntimeError, match="one loader for each loop"):
        for _ in loader:
            next(iter(loader))
    with pytest.raises(RuntimeError, match="one loader for each loop"):
        list(zip(loader, loader, strict=True))
    # Evaluation within an epoch of training, by a loader of its own.
    seen = []
    for images, _ in train(photos):
        seen.append(mark(images))
        next(iter(loader))
    assert seen == marks(train(photos))


def test_by_hand(photos):
    loader = train(photos)
    batches, seen = iter(loader), []
    while len(seen) < 30:
        try:
            seen.append(mark(next(batches)[0]))
        except StopIteration:
            batches = iter(loader)
    assert seen == marks(passes(train(photos), 3))[:30]


def test_samplers(photos):
    weights = torch.arange(SAMPLES) % 4 == 1
    sampler = torch.utils.data.WeightedRandomSampler(weights.double(), 48)
    index = torch.cat([index for *_, index in train(photos, sampler=sampler, return_index=True)])
    assert len(index) == 48 and (index % 4 == 1).all()
    index = torch.cat(
        [i for *_, i in train(photos, sampler=torch.utils.data.SubsetRandomSampler(range(16)), return_index=True)]
    )
    assert sorted(index.tolist()) == list(range(16))


def test_the_attributes_that_clients_ask_for(photos):
    loader = train(photos)
    names = "batch_size drop_last num_workers dataset sampler batch_sampler collate_fn generator pin_memory timeout"
    names += " persistent_workers worker_init_fn multiprocessing_context prefetch_factor set_epoch state_dict"
    assert [name for name in names.split() if not hasattr(loader, name)] == []
    assert len(loader.sampler) == SAMPLES and isinstance(loader.sampler, torch.utils.data.SequentialSampler)
    assert not isinstance(loader, torch.utils.data.DataLoader)  # Lightning and accelerate would build another
    assert not hasattr(loader.sampler, "set_epoch")  # which Lightning would call in an epoch that was resumed
