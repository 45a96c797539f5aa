"""Lightning: epochs, limits, checkpoints, two processes, Fabric."""

import logging
from pathlib import Path

import pytest
import torch
from client_support import STEPS, Net, evaluation, mark, marks, parts, passes, train, two_processes

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
