"""Speech commands: the folder's layout, DALI's decoding to spectrograms, and batches mixed by ``fn.fastmix.mix``."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import nvidia.dali.fn as fn
import torch
from nvidia.dali import Pipeline, types
from torch import Tensor

import fastmix as fm
import fastmix.dali
from benchmarks.paper.seeding import generator, key

SAMPLE_RATE = 16_000
# Windows of 20 ms every 10 ms give 161 bins and, for one second, 101 frames; the last bin is left out.
WINDOW, HOP = 320, 160
BINS, FRAMES = 160, 101
NOISE_FOLDER = "_background_noise_"
QUIETEST_DB = -80.0
DEPTH = 2
_ORDER = 71


class Clips(NamedTuple):
    """Files and their class ids."""

    paths: list[str]
    labels: np.ndarray


class Commands(NamedTuple):
    """The three parts that the data set's own lists make, and the words."""

    train: Clips
    validation: Clips
    test: Clips
    words: list[str]


def open_folder(folder: Path) -> Commands:
    """The data set as it is distributed: a folder per word, ``validation_list.txt`` and ``testing_list.txt``.

    Raises:
        FileNotFoundError: A list is missing, or there are no recordings.
    """
    listed = {}
    for part in ("validation", "testing"):
        path = folder / f"{part}_list.txt"
        if not path.is_file():
            raise FileNotFoundError(f"{path}: expected the list that comes with the speech commands")
        listed[part] = set(path.read_text().split())
    words = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != NOISE_FOLDER)
    parts: dict[str, list[tuple[str, int]]] = {"train": [], "validation": [], "testing": []}
    for label, word in enumerate(words):
        for path in sorted((folder / word).glob("*.wav")):
            name = f"{word}/{path.name}"
            part = next((part for part, names in listed.items() if name in names), "train")
            parts[part].append((str(path), label))
    if not parts["train"]:
        raise FileNotFoundError(f"{folder}: expected folders of WAV files, one per word, found none to train with")
    clips = [Clips([p for p, _ in part], np.array([i for _, i in part], np.int64)) for part in parts.values()]
    return Commands(*clips, words)


def spectrogram(encoded, device: str):
    """Encoded audio to normalised log spectrograms, zero-padded or cut to (160, 101)."""
    audio, _ = fn.decoders.audio(encoded, dtype=types.FLOAT, downmix=True, sample_rate=SAMPLE_RATE)
    if device == "gpu":
        audio = audio.gpu()
    power = fn.spectrogram(audio, nfft=WINDOW, window_length=WINDOW, window_step=HOP)
    level = fn.normalize(fn.to_decibels(power, multiplier=10.0, cutoff_db=QUIETEST_DB))
    return fn.slice(
        level, start=(0, 0), shape=(BINS, FRAMES), axes=(0, 1), out_of_bounds_policy="pad", fill_values=[0.0]
    )


class SpeechBatches:
    """Batches of ``(spectrograms (B, 1, 160, 101), targets)``, with a loader's manners.

    With ``mix``, DALI's graph ends in ``fn.fastmix.mix`` on floats, and targets are dense; the plans come from the
    policy, so that a schedule counts epochs. Batches are a function of (files, seed, epoch, step).

    Args:
        clips: Files and labels.
        batch_size: The last batch may be smaller.
        classes: Number of words.
        seed: Of order and mixing.
        mix: A policy, or None.
        shuffle: Whether every epoch has an order of its own.
        num_threads: Of the pipeline.
        device: "cpu" or "gpu".
    """

    def __init__(
        self,
        clips: Clips,
        batch_size: int,
        classes: int,
        seed: int = 0,
        mix: fm.Policy | None = None,
        *,
        shuffle: bool = True,
        num_threads: int = 2,
        device: str = "cpu",
    ) -> None:
        fastmix.dali.load()
        self.clips, self.batch_size, self.seed = clips, batch_size, seed
        self.mix, self.shuffle, self.device = mix, shuffle, device
        self.epoch = self.step = 0
        self._under_way = 0
        self._pipeline = self._build(classes, num_threads)

    def _build(self, classes: int, num_threads: int) -> Pipeline:
        device_id = 0 if self.device == "gpu" else None
        # With a queue of 1 every schedule_run() starts one run; a longer one starts several, all in need of inputs.
        pipeline = Pipeline(self.batch_size, num_threads, device_id, prefetch_queue_depth=1, exec_dynamic=True)
        with pipeline:
            path = fn.external_source(name="path", dtype=types.UINT8, ndim=1)
            label = fn.external_source(name="label", dtype=types.INT64, ndim=0)
            inputs = spectrogram(fn.io.file.read(path), self.device)
            if self.mix is None:
                pipeline.set_outputs(inputs, label)
            else:
                plan = fn.external_source(name="plan", dtype=types.INT32, ndim=1)
                pipeline.set_outputs(*fn.fastmix.mix(inputs, label, num_classes=classes, plan=plan))
        pipeline.build()
        return pipeline

    def __len__(self) -> int:
        return -(-len(self.clips.labels) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The rest of the epoch; the epoch advances at its end."""
        while self._under_way:
            self._receive()
        batches = self._order().split(self.batch_size)
        sent = self.step
        while self.step < len(batches):
            while sent < min(self.step + DEPTH, len(batches)):
                self._send(batches[sent].numpy(), sent)
                sent += 1
            inputs, targets = self._receive()
            self.step += 1
            yield inputs.unsqueeze(1), targets
        self.epoch, self.step = self.epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        """The batch that comes next."""
        return {"epoch": self.epoch, "step": self.step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where batches with this state were."""
        self.epoch, self.step = state["epoch"], state["step"]

    def _order(self) -> Tensor:
        count = len(self.clips.labels)
        if not self.shuffle:
            return torch.arange(count)
        return torch.randperm(count, generator=generator(self.seed, _ORDER, self.epoch))

    def _send(self, samples: np.ndarray, step: int) -> None:
        paths = [np.frombuffer(self.clips.paths[sample].encode(), np.uint8) for sample in samples]
        feeds: dict[str, Any] = {"path": paths, "label": self.clips.labels[samples]}
        if self.mix is not None:
            plan = self.mix.plan(len(samples), seed=key(self.seed), epoch=self.epoch, step=step)
            feeds["plan"] = plan.rows.numpy()
        for name, value in feeds.items():
            self._pipeline.feed_input(name, value)
        self._pipeline.schedule_run()
        self._under_way += 1

    def _receive(self) -> tuple[Tensor, Tensor]:
        outputs = self._pipeline.outputs()
        self._under_way -= 1
        inputs, targets = (torch.from_dlpack(output.as_tensor()) for output in outputs)
        return inputs, targets.to(inputs.device)


def write_tones(folder: Path, words: Sequence[str], count: int, seed: int) -> Path:
    """Generated recordings in the data set's layout: a word is a pair of tones, at random pitch and in noise.

    Half of each word's ``count`` clips are for training, a quarter for validation, a quarter for the test.
    """
    lists: dict[str, list[str]] = {"validation": [], "testing": []}
    for label, word in enumerate(words):
        (folder / word).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            draw = np.random.default_rng((seed, label, i))
            seconds = np.arange(int(SAMPLE_RATE * draw.uniform(0.7, 1.0))) / SAMPLE_RATE
            first, second = (440.0 * 2 ** ((label * step % 12 + draw.normal(0, 0.3)) / 6) for step in (1, 5))
            pitch = np.where(seconds < seconds[-1] / 2, first, second)
            tone = np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) + draw.normal(0, 0.8, len(seconds))
            name = f"{word}/{i:08x}_nohash_0.wav"
            _write_wav(folder / name, (tone * 4000).clip(-32768, 32767).astype("<i2"))
            if i % 4 < 2:
                lists["validation" if i % 4 == 0 else "testing"].append(name)
    for part, names in lists.items():
        (folder / f"{part}_list.txt").write_text("".join(f"{name}\n" for name in names))
    return folder


def _write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
