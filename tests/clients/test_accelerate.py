"""accelerate: accumulated gradients, saved states, skipped batches, gathered metrics."""

import warnings
from pathlib import Path

import pytest
import torch
from client_support import SAMPLES, STEPS, Net, evaluation, marks, parts, train, two_processes

accelerate = pytest.importorskip("accelerate")
from fastmix.integrations.accelerate import prepare  # noqa: E402


@pytest.fixture
def accelerator():
    def make(**options) -> accelerate.Accelerator:
        accelerate.state.AcceleratorState._reset_state(True)
        accelerate.state.GradientState._reset_state()
        return accelerate.Accelerator(cpu=True, **options)

    yield make
    accelerate.state.AcceleratorState._reset_state(True)
    accelerate.state.GradientState._reset_state()


def optimizer_steps(accelerator, loader) -> list[bool]:
    """Whether each batch made an optimizer step."""
    model = Net()
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), 0.01))
    stepped = []
    for images, targets in loader:
        with accelerator.accumulate(model):
            accelerator.backward(torch.nn.functional.cross_entropy(model(images), targets))
            optimizer.step()
            optimizer.zero_grad()
            stepped.append(accelerator.sync_gradients)
    return stepped


def test_accumulation_steps_as_with_torchs_loader(photos, accelerator):
    data = torch.utils.data.TensorDataset(torch.rand(SAMPLES, 3, 32, 32), torch.zeros(SAMPLES, dtype=torch.long))
    a = accelerator(gradient_accumulation_steps=5)
    expected = optimizer_steps(a, a.prepare(torch.utils.data.DataLoader(data, 8)))
    a = accelerator(gradient_accumulation_steps=5)
    loader = prepare(a, train(photos))
    assert optimizer_steps(a, loader) == expected and sum(expected) == 3 and expected[-1]
    assert optimizer_steps(a, loader) == expected  # in the next epoch


def test_accumulation_over_a_loader_that_is_not_prepared_is_refused(photos, accelerator):
    a = accelerator(gradient_accumulation_steps=5)
    loader = a.prepare(train(photos))  # passes it through
    with pytest.raises(RuntimeError, match=r"fastmix\.integrations\.accelerate\.prepare\(accelerator, loader\)"):
        optimizer_steps(a, loader)
    assert len(list(evaluation(photos))) == STEPS


@pytest.mark.parametrize("consumed", [0, 3, STEPS])
def test_saved_states_resume(photos, accelerator, tmp_path, consumed):
    config = accelerate.utils.DataLoaderConfiguration(use_stateful_dataloader=True)
    a = accelerator(dataloader_config=config)
    loader = prepare(a, train(photos))
    batches = iter(loader)
    for _ in range(consumed):
        next(batches)
    a.save_state(tmp_path)
    assert (tmp_path / "dl_state_dict.bin").exists()
    expected = train(photos)
    expected = [*marks(expected), *marks(expected)][consumed:]
    a = accelerator(dataloader_config=config)
    loader = prepare(a, train(photos))
    a.load_state(tmp_path)
    assert (marks(loader) + marks(loader))[: len(expected)] == expected


def test_skipped_batches(photos, accelerator):
    second = train(photos)
    second.set_epoch(1)
    expected = marks(second)[3:]
    with pytest.raises(TypeError, match=r"fastmix\.integrations\.accelerate\.prepare"):
        list(accelerate.skip_first_batches(train(photos), 3))
    a = accelerator(gradient_accumulation_steps=4)
    loader = prepare(a, train(photos))
    whole = marks(loader)
    skipped = a.skip_first_batches(loader, 3)
    assert len(skipped) == STEPS - 3 and marks(skipped) == expected
    assert len(whole) == STEPS and loader.epoch == 2
    loader.set_epoch(0)
    assert sum(optimizer_steps(a, a.skip_first_batches(loader, 3))) == 3


def test_an_uneven_evaluation_is_gathered(photos, accelerator):
    a = accelerator()
    loader = prepare(a, evaluation(sorted((str(p), 0) for p in photos.glob("*/*"))[:49]))
    assert sum(len(a.gather_for_metrics(targets)) for _, targets in loader) == 49


def test_an_uneven_evaluation_that_is_not_prepared_is_reported(photos, accelerator, monkeypatch):
    accelerator()
    monkeypatch.setitem(accelerate.state.PartialState._shared_state, "num_processes", 2)
    files = sorted((str(p), 0) for p in photos.glob("*/*"))
    with pytest.warns(UserWarning, match=r"last_batch='pad' and fastmix\.integrations\.accelerate\.prepare"):
        iter(evaluation(files[:49], rank=0, world_size=2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        iter(evaluation(files[:52], rank=0, world_size=2))
        iter(evaluation(files[:49], rank=0, world_size=2, last_batch="pad"))


def test_two_processes(photos, tmp_path):
    found = two_processes(Path(__file__).parent / "accelerate_two.py", photos, out=tmp_path / "seen")
    assert [part["seen"] for part in found] == parts(photos)
    assert all(part["steps"] == 2 and part["gathered"] == 49 for part in found)
    assert "last_batch='pad'" in found[0]["refused"]
