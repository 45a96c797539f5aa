"""The original files of CIFAR, UCI and the speech commands, made here byte by byte, and what is read from them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import fastmix as fm
from benchmarks.paper import cifar_files, speech, uci_files
from benchmarks.paper.cifar_files import LAYOUTS


def write_cifar(folder: Path, name: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Records as the authors describe them: label bytes, then 1,024 red, green and blue bytes, row by row."""
    layout, records = LAYOUTS[name], b""
    files = (*layout.train, *layout.test)
    for file, part, ids in zip(
        files, np.array_split(images, len(files)), np.array_split(labels, len(files)), strict=True
    ):
        records = b""
        for image, label in zip(part, ids, strict=True):
            head = bytes([label]) if name == "cifar10" else bytes([label // 5, label])
            records += head + b"".join(image[:, :, channel].tobytes() for channel in range(3))
        (folder / file).write_bytes(records)


@pytest.mark.parametrize("name, classes", [("cifar10", 10), ("cifar100", 100)])
def test_cifar_binaries(name, classes, tmp_path):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, classes, 12)
    write_cifar(tmp_path, name, images, labels)
    data, found = cifar_files.load(tmp_path)
    assert found == classes
    assert torch.equal(torch.cat((data.inputs, data.test_inputs)), torch.from_numpy(images))
    assert torch.equal(torch.cat((data.labels, data.test_labels)), torch.from_numpy(labels))
    again = tmp_path / "again.bin"
    cifar_files.write(again, data.inputs, data.labels, LAYOUTS[name])
    assert torch.equal(cifar_files.read(again, LAYOUTS[name])[0], data.inputs)


def test_damaged_cifar_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="binary version"):
        cifar_files.load(tmp_path)
    (tmp_path / "cut.bin").write_bytes(b"\0" * 5000)
    with pytest.raises(ValueError, match="records of 3073 bytes, got 5000"):
        cifar_files.read(tmp_path / "cut.bin", LAYOUTS["cifar10"])
    (tmp_path / "label.bin").write_bytes(b"\x0a" + b"\0" * 3072)
    with pytest.raises(ValueError, match="labels below 10, got 10"):
        cifar_files.read(tmp_path / "label.bin", LAYOUTS["cifar10"])


def test_uci_files(tmp_path):
    (tmp_path / "abalone.data").write_text("M,0.455,15\nF,0.35,7\nI,0.5,7\n")
    (tmp_path / "arrhythmia.data").write_text("75,?,1\n56,4,2\n54,8,1\n")
    (tmp_path / "iris.data").write_text("5.1,3.5,Iris-setosa\n6.2,2.9,Iris-virginica\n\n")
    (tmp_path / "Training Dataset.arff").write_text("@relation p\n@attribute a {-1,1}\n\n@data\n-1,1,-1\n1,1,1\n")
    (tmp_path / "arcene").mkdir()
    (tmp_path / "arcene" / "arcene_train.data").write_text("0 71 \n3 95 \n")
    (tmp_path / "arcene" / "arcene_train.labels").write_text("1\n-1\n")
    assert uci_files.available(tmp_path) == ["abalone", "arcene", "arrhythmia", "iris", "phishing"]
    expected = {
        # Words become columns, F, I and M; rings 15 sorts before 7, as words do.
        "abalone": ([[0, 0, 1, 0.455], [1, 0, 0, 0.35], [0, 1, 0, 0.5]], [0, 1, 1]),
        "arcene": ([[0, 71], [3, 95]], [1, 0]),
        # What is missing is the mean of its column.
        "arrhythmia": ([[75, 6], [56, 4], [54, 8]], [0, 1, 0]),
        "iris": ([[5.1, 3.5], [6.2, 2.9]], [0, 1]),
        "phishing": ([[-1, 1], [1, 1]], [0, 1]),
    }
    for name, (features, labels) in expected.items():
        table = uci_files.read(tmp_path, name)
        assert_allclose(table.features, np.array(features, np.float32))
        assert table.labels.tolist() == labels and table.classes == max(labels) + 1
    with pytest.raises(FileNotFoundError, match="HTRU_2"):
        uci_files.read(tmp_path, "htru2")


def test_speech_folder(tones):
    (tones / speech.NOISE_FOLDER).mkdir(exist_ok=True)
    data = speech.open_folder(tones)
    assert data.words == ["left", "right", "yes"]
    parts = [set(part.paths) for part in data[:3]]
    assert [len(part) for part in parts] == [12, 6, 6] and not parts[0] & parts[1] and not parts[0] & parts[2]
    assert all(Path(p).parent.name == data.words[i] for p, i in zip(data.train.paths, data.train.labels, strict=True))
    with pytest.raises(FileNotFoundError, match="validation_list"):
        speech.open_folder(tones / "yes")


def reference_spectrogram(path: str) -> np.ndarray:
    """With NumPy, one frame at a time; float64 (160, 101)."""
    samples = np.frombuffer(Path(path).read_bytes()[44:], "<i2") / 32768.0
    padded = np.pad(samples, speech.WINDOW // 2, mode="reflect")
    window = 0.5 * (1 - np.cos(2 * np.pi * (np.arange(speech.WINDOW) + 0.5) / speech.WINDOW))
    starts = range(0, len(samples) + 1, speech.HOP)
    power = np.array([np.abs(np.fft.rfft(padded[i : i + speech.WINDOW] * window)) ** 2 for i in starts]).T
    level = 10 * np.log10(np.maximum(power / power.max(), 1e-8))
    level = (level - level.mean()) / level.std()
    out = np.zeros((speech.BINS, speech.FRAMES))
    out[:, : level.shape[1]] = level[: speech.BINS, : speech.FRAMES]
    return out


def test_spectrograms_are_what_they_should_be(tones):
    """DALI's decoder and spectrogram against NumPy's, zero-padded to 160x101."""
    data = speech.open_folder(tones)
    batches = speech.SpeechBatches(data.validation, 4, 3, shuffle=False)
    found = torch.cat([inputs.clone() for inputs, _ in batches])
    assert found.shape == (6, 1, 160, 101) and found.dtype == torch.float32
    for image, path in zip(found, data.validation.paths, strict=True):
        expected = reference_spectrogram(path)
        assert bool((image[0, :, -1] == 0).all()) == bool((expected[:, -1] == 0).all())
        assert_allclose(image[0], expected, atol=2e-3)


def test_speech_is_mixed_by_the_plan(tones):
    """What the operator makes of floats and labels is what ``mix`` makes of the unmixed ones."""
    data = speech.open_folder(tones)
    policy = fm.Mixup(1.0, per="sample")
    plain = list(speech.SpeechBatches(data.train, 5, 3, seed=9))
    mixed = list(speech.SpeechBatches(data.train, 5, 3, seed=9, mix=policy))
    assert [len(targets) for _, targets in mixed] == [5, 5, 2]
    for step, ((inputs, labels), (blend, targets)) in enumerate(zip(plain, mixed, strict=True)):
        plan = policy.plan(len(labels), seed=speech.key(9), epoch=0, step=step)
        assert torch.equal(blend, fm.mix(inputs, plan))
        assert torch.equal(targets, fm.mix_labels(labels, plan, 3))
