"""ignite, skorch and torchdata: whole and short epochs, resume."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from client_support import SAMPLES, STEPS, Net, evaluation, mark, marks, parts, passes, train, two_processes


def test_ignite(photos):
    engine = pytest.importorskip("ignite.engine")
    expected = marks(passes(train(photos), 2))

    def run(loader, kind=engine.Engine, state=None, **options):
        seen: list[float] = []
        made = kind(lambda _, batch: seen.append(mark(batch[0])))
        if state is not None:
            made.load_state_dict(state)
        made.run(loader, **options)
        return seen

    assert run(train(photos), max_epochs=2) == expected
    assert run(train(photos), max_epochs=4, epoch_length=5) == expected[:20]
    deterministic = pytest.importorskip("ignite.engine.deterministic").DeterministicEngine
    state = {"epoch_length": STEPS, "max_epochs": 1, "iteration": 5, "rng_states": None}
    assert run(train(photos), deterministic, state) == expected[5:STEPS]
    loader = train(photos)
    list(itertools.islice(loader, 5))
    resumed = train(photos)
    resumed.load_state_dict(loader.state_dict())
    assert run(resumed, state={**state, "max_epochs": 2})[: STEPS - 5] == expected[5:STEPS]


def test_ignite_parallel(photos, tmp_path):
    pytest.importorskip("ignite")
    found = two_processes(Path(__file__).parent / "ignite_two.py", photos, out=tmp_path / "seen")
    assert [rank["world"] for rank in found] == [[0, 2], [1, 2]]
    assert [rank["seen"] for rank in found] == parts(photos, 2)
    assert len({*found[0]["seen"], *found[1]["seen"]}) == 2 * STEPS


def test_skorch(photos):
    skorch = pytest.importorskip("skorch")
    seen: list[float] = []

    class Watched(skorch.NeuralNetClassifier):
        def train_step(self, batch, **options):
            seen.append(mark(batch[0]))
            return super().train_step(batch, **options)

    loader = train(photos, mix=None)
    net = Watched(
        Net,
        criterion=torch.nn.CrossEntropyLoss,
        max_epochs=2,
        iterator_train=lambda dataset, **options: loader,  # noqa: ARG005
        iterator_valid=lambda dataset, **options: evaluation(photos),  # noqa: ARG005
        train_split=None,
        verbose=0,
    )
    net.fit(str(photos), None)
    assert seen == marks(passes(train(photos, mix=None), 2))
    assert net.predict(np.zeros((SAMPLES, 3, 32, 32), np.float32)).shape == (SAMPLES,)


def test_torchdata(photos):
    nodes = pytest.importorskip("torchdata.nodes")
    stateful = pytest.importorskip("torchdata.stateful_dataloader")
    assert isinstance(train(photos), stateful.Stateful)
    whole = nodes.Loader(nodes.IterableWrapper(train(photos)))
    batches = iter(whole)
    seen = marks(itertools.islice(batches, 5))
    resumed = nodes.Loader(nodes.IterableWrapper(train(photos)))
    resumed.load_state_dict(whole.state_dict())
    assert seen + marks(resumed) == marks(train(photos))


class Batches(torch.utils.data.IterableDataset):
    """A loader as an iterable of batches, with its state."""

    def __init__(self, loader) -> None:
        self.loader = loader
        self.state_dict, self.load_state_dict = loader.state_dict, loader.load_state_dict

    def __iter__(self):
        return iter(self.loader)


def test_a_torch_loader_around_the_loader(photos):
    stateful = pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader
    whole = stateful(Batches(train(photos)), batch_size=None)
    seen = marks(itertools.islice(whole, 3))
    resumed = stateful(Batches(train(photos)), batch_size=None)
    resumed.load_state_dict(whole.state_dict())
    assert seen + marks(resumed) == marks(train(photos))
