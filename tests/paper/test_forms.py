"""Every script runs end to end: in its quick form, and in its full form on tiny data in the original formats."""

import csv
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.paper import cifar, commands, imagenet, manifold
from benchmarks.paper.claims import NOT_TESTED
from benchmarks.paper.speech import SpeechBatches, open_folder
from benchmarks.paper.summary import EXPERIMENTS

ROOT = Path(__file__).parents[2]


def results(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.json").read_text())["results"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_quick_form(name, tmp_path, capsys):
    importlib.import_module(f"benchmarks.paper.{name}").main(["--quick", "--out", str(tmp_path)])
    found = results(tmp_path, name)
    assert found["form"] == "quick" and found["seeds"] == [0]
    assert any("ERM" in row for row in found["rows"]) and any("ERM" not in row for row in found["rows"])
    assert {claim["verdict"] for claim in found["claims"]} == {NOT_TESTED}, "one seed gives no verdict"
    assert (tmp_path / f"{name}.png").stat().st_size > 5000
    assert "not tested" in capsys.readouterr().out


def test_seeds_are_counted_from_zero(tmp_path):
    importlib.import_module("benchmarks.paper.uci").main(["--quick", "--seeds", "3", "--out", str(tmp_path)])
    found = results(tmp_path, "uci")
    assert found["seeds"] == [0, 1, 2] and len(found["rows"]["iris, ERM"]["error"]) == 3
    with pytest.raises(ValueError, match="at least 1"):
        importlib.import_module("benchmarks.paper.uci").main(["--quick", "--seeds", "0", "--out", str(tmp_path)])


@pytest.mark.parametrize("name", ["cifar", "manifold"])
def test_full_form_on_cifar_binaries(name, tmp_path, monkeypatch):
    """The recipe's own network is too large here: it is made narrow."""
    cifar.write_digits(tmp_path, 0, count=100, test_count=20)
    module = importlib.import_module(f"benchmarks.paper.{name}")
    narrow = module.Cifar

    def tiny(folder, network="preact18", epochs=1, milestones=(1,)):
        return narrow(folder, network, min(epochs, 1), milestones=milestones, width=4)

    monkeypatch.setattr(module, "Cifar", tiny)
    monkeypatch.setattr(manifold, "PAIRS", 50)
    module.main(["--data", str(tmp_path), "--seeds", "1", "--out", str(tmp_path)])
    found = results(tmp_path, name)
    assert found["form"] == "full" and "CIFAR-10" in found["data"]
    if name == "cifar":
        assert set(found["rows"]) == {"CIFAR-10, preact18, ERM", "CIFAR-10, preact18, mixup 1"}
        assert len(list((tmp_path / "checkpoints").glob("*.pt"))) == 2


def test_full_form_on_class_folders(jpegs, tmp_path):
    small = ["--model", "tiny", "--size", "32", "--batch-size", "32", "--epochs", "1", "--seeds", "1"]
    imagenet.main(["--data", str(jpegs), "--out", str(tmp_path), *small])
    found = results(tmp_path, "imagenet")
    assert found["form"] == "full" and set(found["rows"]) == {"tiny, 1 epochs, ERM", "tiny, 1 epochs, mixup 0.2"}
    # The same command finds its finished checkpoints, and nothing is trained again.
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "checkpoints").iterdir()}
    attack = importlib.import_module("benchmarks.paper.adversarial")
    attack.main(["--data", str(jpegs), "--out", str(tmp_path), *small])
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert set(results(tmp_path, "adversarial")["rows"]) == {"tiny, ERM", "tiny, mixup 0.2"}


def test_two_ranks_train_one_model(jpegs, tmp_path):
    options = ["--model", "tiny", "--size", "32", "--batch-size", "32", "--epochs", "1", "--seeds", "1"]
    ranks = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    script = ["-m", "benchmarks.paper.imagenet", "--data", str(jpegs), "--out", str(tmp_path), *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([*ranks, *script], check=True, cwd=ROOT, env=environment, timeout=300, capture_output=True)
    assert set(results(tmp_path, "imagenet")["rows"]) == {"tiny, 1 epochs, ERM", "tiny, 1 epochs, mixup 0.2"}
    states = [torch.load(path, weights_only=True) for path in (tmp_path / "checkpoints").glob("*.pt")]
    assert len(states) == 2
    for state in states:
        assert len(state["losses"]) == 128 // 32, "global batches of 32"
        assert not any(name.startswith("module.") for name in state["model"])


def test_full_form_on_recordings(tones, tmp_path):
    data = open_folder(tones)
    settings = commands.Settings(2, 8, 1e-3, 1.0, 1, narrow=16)
    commands.run(data, settings, (0.2,), "full", [0], tmp_path, generated=False)
    found = results(tmp_path, "commands")
    assert set(found["rows"]) == {f"{network}, {m}" for network in ("lenet", "vgg11") for m in ("ERM", "mixup 0.2")}
    assert len(list((tmp_path / "checkpoints").glob("*.pt"))) == 4


def test_speech_is_learned(tones):
    """Two tones in noise are easy; a pipeline that mixed up labels or bins would not get there."""
    data = open_folder(tones)
    settings = commands.Settings(12, 4, 2e-3, 10.0, 4, narrow=16)
    trained = commands.train(data, settings, "vgg11", 0.2, seed=0)
    assert commands.error(trained.model, data.train, len(data.words), 4) < 20
    assert SpeechBatches(data.train, 4, 3).state_dict() == {"epoch": 0, "step": 0}


def test_full_form_on_uci_files(tmp_path):
    rng = np.random.default_rng(0)
    with open(tmp_path / "HTRU_2.csv", "w", newline="") as file:
        rows = [[*rng.normal(i % 2, 1, 3).round(4), i % 2] for i in range(60)]
        csv.writer(file).writerows(rows)
    importlib.import_module("benchmarks.paper.uci").main(
        ["--data", str(tmp_path), "--seeds", "1", "--out", str(tmp_path)]
    )
    assert "htru2, mixup 0.2" in results(tmp_path, "uci")["rows"]
