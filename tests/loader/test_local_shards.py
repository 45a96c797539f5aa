"""Local shards: DALI's threads read their members, from files that stay open; a shard that changed is noticed."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest
from data_support import make, same, write_shards

import fastmix as fm
from fastmix.loader import BadSampleWarning, DataError
from fastmix.loader.sources.kinds import open_source

COUNT = 48
OPTIONS = {"mix": fm.Mixup(0.4, per="pair"), "num_classes": COUNT, "batch_size": 8, "seed": 3, "max_bad": COUNT}
# The operator holds so many files open.
HELD = 256


@pytest.fixture
def shards(small, tmp_path) -> str:
    """Three shards of 16 samples."""
    return write_shards(tmp_path, small[:COUNT])


def descriptors(folder: Path) -> int:
    """The number of open files in a folder."""
    links = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
    return sum(os.path.lexists(link) and os.readlink(link).startswith(str(folder)) for link in links)


def indices(loader) -> list[int]:
    return sorted(index for *_, rows in loader for index in rows.tolist())


@pytest.mark.parametrize(
    "options",
    [{}, {"decode": "dali"}, {"resampler": "dali"}, {"train": False, "mix": None}, {"num_threads": 5, "depth": 4}],
)
def test_batches_are_those_of_the_files(small, shards, options):
    options = {**OPTIONS, **options}
    files, packed = make(small[:COUNT], **options), make(shards, **options)
    assert packed.source.delivers == "range" and open_source(small[:COUNT]).delivers == "path"
    for _ in range(2):
        assert same(files, packed)
    assert packed.stats()["bytes"] == files.stats()["bytes"] > 0


def test_resume_and_world_sizes(small, shards):
    expected = list(make(small[:COUNT], **OPTIONS))
    loader = make(shards, **OPTIONS)
    batches = iter(loader)
    next(batches), next(batches)
    resumed = make(shards, **OPTIONS)
    resumed.load_state_dict(loader.state_dict())
    assert same(resumed, expected[2:])
    ranks = [make(shards, **{**OPTIONS, "batch_size": 4}, rank=rank, world_size=2) for rank in range(2)]
    for (whole, _), *parts in zip(expected, *ranks, strict=True):
        assert all(part.equal(whole[4 * rank : 4 * rank + 4]) for rank, (part, _) in enumerate(parts))


def test_two_loaders_at_once_and_more_shards_than_stay_open(small, tmp_path):
    pattern = write_shards(tmp_path, small[: 2 * (HELD + 20)], HELD + 20)
    options = {**OPTIONS, "num_classes": None, "mix": None, "batch_size": 16}
    loaders = [make(pattern, **options), make(pattern, **{**options, "seed": 4})]
    expected = [make(small[: 2 * (HELD + 20)], **{**options, "seed": seed}) for seed in (3, 4)]
    before = descriptors(tmp_path)
    most = 0
    for batches in zip(*loaders, *expected, strict=True):
        most = max(most, descriptors(tmp_path) - before)
        for (images, labels), (others, names) in zip(batches[:2], batches[2:], strict=True):
            assert images.equal(others) and labels.equal(names)
    assert HELD < most <= 2 * HELD
    del loaders
    gc.collect()
    assert descriptors(tmp_path) == before == 0


def test_a_shard_that_is_removed_between_epochs_stays_open(small, shards, tmp_path):
    loader, expected = make(shards, **OPTIONS), make(small[:COUNT], **OPTIONS)
    assert same(loader, expected)
    (tmp_path / "train-0001.tar").unlink()
    assert same(loader, expected)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def rewrite(path: Path) -> None:
    """Other bytes of the same size."""
    data = path.read_bytes()
    path.write_bytes(data[:2048] + bytes(len(data) - 2048))


def replace(path: Path) -> None:
    (path.parent / "new").write_bytes(path.read_bytes()[:-512])
    os.replace(path.parent / "new", path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [(cut, "written to, or replaced"), (rewrite, "written to"), (replace, "replaced"), (Path.unlink, "No such file")],
)
def test_a_shard_that_changed_is_named_and_not_remembered(shards, tmp_path, change, reason):
    path = tmp_path / "train-0001.tar"
    data, status = path.read_bytes(), path.stat()
    options = {**OPTIONS, "mix": None, "return_index": True}
    loaders = {on_error: make(shards, on_error=on_error, **options) for on_error in ("raise", "skip", "replace")}
    change(path)
    with pytest.raises(DataError, match=r"train-0001.tar!some/where/000\d\d: lies in a shard that changed") as caught:
        list(loaders["raise"])
    assert all(reason in bad.reason and "train-0001.tar" in bad.path for bad in caught.value.bad_samples)
    others = [*range(16), *range(32, 48)]
    with pytest.warns(BadSampleWarning, match="16 samples"):
        assert indices(loaders["skip"]) == others
    with pytest.warns(BadSampleWarning, match="16 samples"):
        assert set(indices(loaders["replace"])) == set(others)
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    for loader in loaders.values():
        assert indices(loader) == list(range(COUNT))


def test_a_damaged_member_is_remembered_and_empty_ones_are_bad(small, tmp_path):
    samples = [(str(tmp_path / f"{i}.jpg"), i) for i in range(8)]
    for (path, i), (good, _) in zip(samples, small, strict=False):
        data = Path(good).read_bytes()
        Path(path).write_bytes({2: data[:300], 5: b"", 6: b"no image"}.get(i, data))
    pattern = write_shards(tmp_path, samples, 1)
    loader = make(pattern, on_error="skip", quarantine=tmp_path / "bad.jsonl", **{**OPTIONS, "return_index": True})
    for _ in range(2):
        with pytest.warns(BadSampleWarning, match="3 samples"):
            assert sorted(index for *_, rows in loader for index in rows.tolist()) == [0, 1, 3, 4, 7]
    assert {bad.path.rpartition("/")[2] for bad in loader.bad_samples} == {"00002", "00005", "00006"}
    assert len((tmp_path / "bad.jsonl").read_text().splitlines()) == 3


def test_blocks_are_read_ahead_once(shards, monkeypatch):
    monkeypatch.setattr("fastmix.loader.sources.block_reads.BLOCK_BYTES", 5_000)
    source = open_source(shards)
    assert not source.files(np.arange(COUNT))["range"][:, 4:].any()
    source.read_by_block(alone=True)
    starts = source.blocks()
    ends = [*starts[1:], COUNT]
    extents = np.concatenate([source.files(part)["range"][:, 4:] for part in np.array_split(np.arange(COUNT), 7)])
    assert len(starts) > 6 and np.flatnonzero(extents[:, 1]).tolist() == starts.tolist()
    for start, end in zip(starts, ends, strict=True):
        first, size = extents[start]
        assert first == source.places[start, 1] and first + size == source.places[end - 1, 1:].sum()
    assert not source.files(np.arange(COUNT))["range"][:, 4:].any()
    # Blocks are forgotten when others have come since.
    monkeypatch.setattr("fastmix.loader.sources.block_reads.HELD_BYTES", 5_000)
    source.files(np.array([0]))
    assert source.files(np.array([COUNT - 1]))["range"][0, 5] > 0
