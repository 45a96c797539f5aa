"""Training that was killed goes on from its checkpoint to the identical losses."""

import pickle
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import fastmix as fm
from benchmarks.paper import checkpoint, commands, training
from benchmarks.paper.batches import PixelBatches, TensorBatches
from benchmarks.paper.imagenet_training import Settings, train
from benchmarks.paper.models import mlp
from benchmarks.paper.seeding import initialized
from benchmarks.paper.speech import SpeechBatches, open_folder
from benchmarks.paper.training import Saving, fit

ROOT = Path(__file__).parents[2]
EPOCHS, STEPS = 4, 8

# Trains in a process of its own, which says when it is past a checkpoint, in the middle of an epoch, and waits there.
VICTIM = """
import sys, time
from pathlib import Path
import torch
from benchmarks.paper import checkpoint
from benchmarks.paper.imagenet_training import Settings, train

torch.set_num_threads(1)
save = checkpoint.save

def save_or_wait(path, state):
    if len(state["losses"]) == 14:
        print("ready", flush=True)
        time.sleep(600)
    save(path, state)

checkpoint.save = save_or_wait
train(Settings(Path(sys.argv[1]), Path(sys.argv[2]), "tiny", 4, 16, 32, 0.05, save_every=3), 0, 0.2)
"""


def test_killed_training_goes_on(jpegs, tmp_path):
    """Model, optimiser and loader, through JPEG files; killed three steps behind its last checkpoint."""
    command = [sys.executable, "-c", VICTIM, str(jpegs), str(tmp_path / "killed")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None and victim.stdout.readline() == "ready\n"
        victim.kill()
        assert victim.wait() == -signal.SIGKILL
    (path,) = (tmp_path / "killed" / "checkpoints").glob("*.pt")
    assert len(checkpoint.load(path)["losses"]) == 11, "a step of the second epoch"
    runs = [
        train(Settings(jpegs, tmp_path / name, "tiny", EPOCHS, 16, 32, 0.05, save_every=3), 0, 0.2)
        for name in ("killed", "whole")
    ]
    assert len(runs[0].run.losses) == EPOCHS * STEPS
    assert runs[0].run == runs[1].run and runs[0].errors == runs[1].errors
    assert len(set(runs[0].run.losses)) == EPOCHS * STEPS, "no step is done twice"


class Interrupted(Exception):
    pass


def interrupt(losses: int):
    """A loss that gives up when it is asked for the time after this many."""
    count = 0

    def loss(model, inputs, targets):
        nonlocal count
        count += 1
        if count > losses:
            raise Interrupted
        return training.cross_entropy(model, inputs, targets)

    return loss


def batches_of(kind: str, tones: Path):
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (20,), generator=draw)
    mix = fm.Scheduled(fm.Mixup(0.4, per="sample"), start_epoch=1)
    if kind == "tensors":
        return TensorBatches(torch.randn(20, 12, generator=draw), labels, 6, 3, 5, mix), 12
    if kind == "pixels":
        images = torch.randint(0, 256, (20, 8, 8, 3), generator=draw, dtype=torch.uint8)
        return PixelBatches(images, labels, 6, 3, 5, mix, mean=(0.5,) * 3, std=(0.2,) * 3), 192
    return SpeechBatches(open_folder(tones).train, 3, 3, 5, mix), 160 * 101


@pytest.mark.parametrize("kind", ["tensors", "pixels", "speech"])
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_interrupted_training_goes_on(kind, stop, tones, tmp_path):
    """Dropout and plans alike, at any step, from batches in memory and from DALI."""

    def run(saving: Saving | None, loss=training.cross_entropy):
        batches, inputs = batches_of(kind, tones)
        model = initialized(lambda: mlp(inputs, 3, hidden=8, dropout=0.5), 1)
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        rate = training.stepwise(1e-2, [1.5])
        return fit(model, batches, optimizer, 3, seed=3, rate=rate, loss_of=loss, saving=saving), model

    saving = Saving(tmp_path / "run.pt", every=1)
    with pytest.raises(Interrupted):
        run(saving, interrupt(stop))
    resumed, whole = run(saving), run(None)
    assert resumed[0] == whole[0]
    for a, b in zip(resumed[1].parameters(), whole[1].parameters(), strict=True):
        assert torch.equal(a, b)


def test_epochs_differ_and_repeat():
    """Order, crops and weights are functions of (seed, epoch): another epoch has others, the same one the same."""
    batches = [batches_of("pixels", Path())[0] for _ in range(2)]
    epochs = [[images.clone() for images, _ in batches[0]] for _ in range(3)]
    assert not torch.equal(epochs[1][0], epochs[2][0])
    batches[1].load_state_dict({"epoch": 2, "step": 1})
    resumed = [images for images, _ in batches[1]]
    assert len(resumed) == 3 and all(torch.equal(a, b) for a, b in zip(resumed, epochs[2][1:], strict=True))


def test_checkpoint_is_whole_or_old(tmp_path):
    """A failure while writing leaves the old file."""
    path = tmp_path / "a" / "run.pt"
    checkpoint.save(path, {"losses": [1.0, 2.5], "model": {"w": torch.arange(3.0)}})
    with pytest.raises((RuntimeError, AttributeError, TypeError, pickle.PicklingError)):
        checkpoint.save(path, {"losses": lambda: None})
    state = checkpoint.load(path)
    assert state["losses"] == [1.0, 2.5] and torch.equal(state["model"]["w"], torch.arange(3.0))


def test_checkpoint_executes_nothing(tmp_path):
    """A file that asks for a call when it is unpickled is refused, and the call is not made."""

    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "executed",))

    torch.save({"model": Evil()}, tmp_path / "evil.pt")
    assert zipfile.is_zipfile(tmp_path / "evil.pt")
    with pytest.raises(pickle.UnpicklingError):
        checkpoint.load(tmp_path / "evil.pt")
    assert not (tmp_path / "executed").exists()


def test_warm_up_epochs_are_not_mixed(tones):
    """The schedule of section 3.3: class ids' rows until it starts, mixed ones from then on."""
    data = open_folder(tones)
    mix = fm.Scheduled(fm.Mixup(1.0), start_epoch=2)
    batches = SpeechBatches(data.train, 4, len(data.words), 0, mix)
    mixed = []
    for _ in range(4):
        targets = torch.cat([targets for _, targets in batches])
        mixed.append(bool(((targets > 0) & (targets < 1)).any()))
        np.testing.assert_allclose(targets.sum(1), 1.0, rtol=1e-6)
    assert mixed == [False, False, True, True]
    assert commands.Settings().warmup == 5
