"""Lightning: epochs, limits, checkpoints, two processes, Fabric."""

import logging
from pathlib import Path

import pytest
import torch
from client_support import SAMPLES, STEPS, Net, evaluation, mark, marks, parts, passes, train, two_processes

from fastmix.loader import RestartWarning

lightning = pytest.importorskip("lightning")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
pytestmark = pytest.mark.filterwarnings("ignore:.*(num_workers|does not have many|litlogger|isinstance).*")


class Module(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net, self.seen, self.evaluated = Net(), [], 0

    def training_step(self, batch, _):
        self.seen.append(mark(batch[0]))
        return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch, _):
        self.evaluated += len(batch[0])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.01)


def fit(photos: Path, loader=None, ckpt_path=None, callbacks=(), **options):
    module = Module()
    trainer = lightning.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=2,
        enable_checkpointing=bool(callbacks),
        callbacks=list(callbacks),
        **options,
    )
    loader = train(photos) if loader is None else loader
    trainer.fit(module, loader, evaluation(photos), ckpt_path=ckpt_path, weights_only=False)
    return module, trainer, loader


def test_whole_epochs(photos):
    module, trainer, loader = fit(photos, max_epochs=2)
    assert module.seen == marks(passes(train(photos), 2)) and len(set(module.seen)) == 2 * STEPS
    assert (trainer.global_step, loader.state_dict()["epoch"]) == (2 * STEPS, 2)


def test_accumulated_gradients(photos):
    _, trainer, _ = fit(photos, max_epochs=1, accumulate_grad_batches=5)
    assert trainer.global_step == 3


def test_limited_epochs(photos):
    with pytest.warns(RestartWarning, match="lightning.*steps_per_epoch=4"):
        module, _, _ = fit(photos, max_epochs=3, limit_train_batches=4)
    assert len(set(module.seen)) == 4
    module, _, loader = fit(photos, train(photos, steps_per_epoch=4), max_epochs=4)
    assert module.seen == marks(passes(train(photos), 2))[:16]
    assert loader.state_dict()["epoch"] == 4


@pytest.mark.parametrize(
    ("options", "steps", "evaluated"),
    [
        ({"max_epochs": 2, "limit_val_batches": 3}, 24, 2 * 8 + 2 * 24),
        ({"max_epochs": 2, "val_check_interval": 5}, 24, 2 * 8 + 4 * SAMPLES),
        ({"max_epochs": 1, "val_check_interval": 0.25}, 12, 2 * 8 + 4 * SAMPLES),
        ({"max_epochs": 3, "val_check_interval": 15, "check_val_every_n_epoch": None}, 36, 2 * 8 + 2 * SAMPLES),
        ({"max_epochs": 2, "reload_dataloaders_every_n_epochs": 1}, 24, 2 * 8 + 2 * SAMPLES),
        ({"max_steps": 15}, 15, 2 * 8 + SAMPLES),
        ({"fast_dev_run": 2}, 2, 2 * 8),
    ],
)
def test_the_trainers_options(photos, options, steps, evaluated):
    module, trainer, _ = fit(photos, **options)
    assert trainer.global_step == steps and module.evaluated == evaluated
    assert module.seen == marks(passes(train(photos), 3))[:steps]


def test_combined_loaders(photos):
    combined = pytest.importorskip("lightning.pytorch.utilities").CombinedLoader
    both = combined({"a": train(photos), "b": train(photos, seed=1, batch_size=32)}, "max_size_cycle")
    batches = [batch for batch, *_ in both]
    assert marks(batch["a"] for batch in batches) == marks(train(photos))
    assert marks(batch["b"] for batch in batches) == marks(passes(train(photos, seed=1, batch_size=32), 4))
    same = train(photos)
    with pytest.raises(RuntimeError, match="one loader for each loop"):
        list(combined({"a": same, "b": same}, "max_size"))
    # The shorter loader ends the epoch of the longer one, which then starts again.
    short = combined({"a": train(photos), "b": train(photos, batch_size=32)}, "min_size")
    with pytest.warns(RestartWarning, match=r"lightning.*steps_per_epoch=\d"):
        assert len([*short, *short]) == 6


def test_tuning(photos):
    tuner = pytest.importorskip("lightning.pytorch.tuner").Tuner

    class Data(lightning.LightningDataModule):
        batch_size = 2

        def train_dataloader(self):
            return train(photos, batch_size=self.batch_size)

        def val_dataloader(self):
            return evaluation(photos)

    options = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(max_epochs=1, enable_checkpointing=False, **options)
    assert tuner(trainer).scale_batch_size(Module(), datamodule=Data(), max_trials=2, steps_per_trial=2) == 4


def test_testing_predicting_and_profiling(photos):
    class Watched(Module):
        test_step = Module.validation_step

        def predict_step(self, batch, _):
            return self.net(batch[0])

    class Data(lightning.LightningDataModule):
        def train_dataloader(self):
            return train(photos)

        def test_dataloader(self):
            return evaluation(photos)

        predict_dataloader = test_dataloader

    options = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(max_epochs=1, enable_checkpointing=False, profiler="simple", **options)
    module = Watched()
    trainer.fit(module, datamodule=Data())
    assert module.seen == marks(train(photos))
    trainer.test(module, datamodule=Data(), verbose=False)
    assert module.evaluated == SAMPLES
    predicted = trainer.predict(module, datamodule=Data())
    with torch.no_grad():
        expected = [module.net(images) for images, *_ in evaluation(photos)]
    assert torch.equal(torch.cat(predicted), torch.cat(expected))


def test_overfitted_batches_are_the_same_ones(photos):
    module, _, _ = fit(photos, max_epochs=3, overfit_batches=2)
    assert module.seen == module.seen[:2] * 3 and len(set(module.seen)) == 2


@pytest.mark.parametrize("options", [{}, {"steps_per_epoch": 5}], ids=["whole", "short"])
def test_checkpoints_within_an_epoch(photos, tmp_path, options):
    from lightning.pytorch.callbacks import ModelCheckpoint

    saving = ModelCheckpoint(tmp_path, every_n_train_steps=4, save_top_k=-1, filename="{step}")
    module, _, _ = fit(photos, train(photos, **options), callbacks=[saving], max_epochs=3)
    expected = module.seen
    assert len(set(expected)) == 3 * options.get("steps_per_epoch", STEPS)
    for step in (4, 8):
        resumed, _, _ = fit(photos, train(photos, **options), ckpt_path=tmp_path / f"step={step}.ckpt", max_epochs=3)
        assert resumed.seen == expected[step:]


def test_two_processes(photos, tmp_path):
    """The loader is built before Lightning initialises torch.distributed."""
    found = two_processes(Path(__file__).parent / "lightning_ddp.py", photos, out=tmp_path / "seen")
    assert [part["seen"] for part in found] == parts(photos, 2)
    assert all(part["world_size"] == 2 and part["steps"] == STEPS for part in found)


def test_fabric(photos, tmp_path):
    fabric = lightning.Fabric(accelerator="cpu", devices=1)
    with pytest.raises(TypeError, match="Only PyTorch DataLoader"):
        fabric.setup_dataloaders(train(photos))
    loader = train(photos)  # leave setup_dataloaders out: batches are on the device
    batches = iter(loader)
    seen = marks(next(batches) for _ in range(5))
    fabric.save(tmp_path / "state", {"loader": loader})
    resumed = train(photos)
    fabric.load(tmp_path / "state", {"loader": resumed})
    assert seen + marks(resumed) == marks(train(photos))
