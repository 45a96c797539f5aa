"""Epochs over folders with hostile files: exactly the bad ones are found, and everything else comes as if alone."""

import json
import shutil
import warnings
from pathlib import Path

import hostile
import numpy as np
import pytest
import torch
from data_support import join, make, same

import fastmix as fm
from fastmix.loader import BadSampleWarning, DataError

pytestmark = pytest.mark.filterwarnings("ignore::fastmix.loader.BadSampleWarning")
POLICY = fm.Choice([fm.Mixup(0.4, per="pair"), fm.CutMix(1.0, per="pair")], per="pair")
COUNT = 240


@pytest.fixture
def good(small, tmp_path) -> Path:
    """Class folders of 320 small JPEGs."""
    for path, i in small[:COUNT]:
        target = tmp_path / "data" / f"class{i % 4}" / f"{i:04d}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tmp_path / "data"


@pytest.fixture
def bad_files(good) -> list[Path]:
    """5 % of them made hostile; the bad ones."""
    paths = sorted(good.glob("*/*.jpg"))
    victims = [paths[i] for i in np.random.default_rng(3).permutation(COUNT)[:16]]
    makers = [*hostile.BAD, *hostile.GOOD]
    for maker, path in zip(makers, victims, strict=False):
        maker(path)
    found = victims[: len(hostile.BAD)]
    if hostile.unreadable(victims[15]):
        found.append(victims[15])
    return found


def found_by(loader) -> list[str]:
    return sorted(sample.path for sample in loader.bad_samples)


@pytest.mark.parametrize("on_error", ["skip", "replace"])
@pytest.mark.parametrize("mix", [None, POLICY], ids=["plain", "mixed"])
def test_exactly_the_bad_files_are_reported(good, bad_files, on_error, mix):
    loader = make(good, 16, on_error=on_error, mix=mix, num_classes=4)
    with pytest.warns(BadSampleWarning, match=f"{len(bad_files)} samples .* {on_error.removesuffix('e')}"):
        first = list(loader)
    assert found_by(loader) == sorted(map(str, bad_files))
    assert len(first) == len(loader) == 15
    expected = COUNT - (len(bad_files) if on_error == "skip" else 0)
    assert sum(len(images) for images, _ in first) == expected
    stats = loader.stats()
    assert stats["skipped" if on_error == "skip" else "replaced"] == len(bad_files)
    # Whether bad samples are known beforehand changes nothing.
    loader.set_epoch(0)
    assert same(loader, first)
    assert found_by(loader) == sorted(map(str, bad_files))


@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_resume_and_world_size_amid_bad_files(good, bad_files, on_error):
    options = {"on_error": on_error, "mix": POLICY, "num_classes": 4}
    assert bad_files
    loader = make(good, 16, **options)
    expected = [*loader, *loader]
    whole, second = expected[:15], expected[15:]
    for step in (7, 14):
        resumed = make(good, 16, depth=4, num_threads=1, **options)
        resumed.load_state_dict({**loader.state_dict(), "epoch": 0, "step": step})
        assert same(resumed, whole[step:])
    # An epoch that begins with all of them unknown.
    resumed.set_epoch(1)
    assert same(resumed, second)
    ranks = [make(good, 8, rank=r, world_size=2, **options) for r in range(2)]
    assert same([join(parts) for parts in zip(*ranks, strict=True)], whole)


def test_skipping_leaves_everybody_else_as_they_were(small, tmp_path):
    files = [(Path(shutil.copy(path, tmp_path)), i) for path, i in small[:16]]
    options = {"shuffle": False, "mix": POLICY, "return_plan": True}
    clean = next(iter(make(files, 16, **options)))
    hostile.truncated_in_the_middle(files[6][0])
    images, targets, plan = next(iter(make(files, 16, on_error="skip", **options)))
    others = [i for i in range(16) if i not in (6, 7)]
    here = [i if i < 6 else i - 1 for i in others]
    assert images[here].equal(clean[0][others])
    assert targets[here].equal(clean[1][others])
    # Whom it was to be mixed with comes unmixed.
    assert plan.partner[6] == 6 and targets[6].tolist() == [float(i == 7) for i in range(16)]


def test_replaced_samples_bring_their_own_labels(small, tmp_path):
    files = [(Path(shutil.copy(path, tmp_path)), i) for path, i in small[:16]]
    for i in (3, 8):
        hostile.text(files[i][0])
    loader = make(files, 16, shuffle=False, on_error="replace", max_bad=2)
    batches = [*loader, *(loader.set_epoch(0) or loader)]
    assert same(batches[:1], batches[1:])
    images, labels = batches[0]
    assert all(labels[i] == i for i in range(16) if i not in (3, 8))
    for i in (3, 8):
        # The same image in another crop; evaluation has the same crop.
        assert labels[i] not in (3, 8) and not images[i].equal(images[labels[i]])
    [(whole, ids)] = make(files, 16, train=False, on_error="replace", max_bad=2)
    assert ids.equal(labels) and all(whole[i].equal(whole[ids[i]]) for i in (3, 8))
    # Another epoch, another choice; all of it keyed.
    later = [(list(loader), loader.set_epoch(epoch))[0][0][1].tolist() for epoch in range(1, 6)]
    assert len({tuple(ids) for ids in later}) > 1


def test_batches_of_bad_files_alone_keep_the_steps(small, tmp_path):
    files = [(Path(shutil.copy(path, tmp_path)), i) for path, i in small[:12]]
    for path, _ in files[4:8]:
        hostile.empty(path)
    loader = make(files, 4, shuffle=False, on_error="skip", mix=POLICY, max_bad=4)
    assert [len(images) for images, _ in loader] == [4, 0, 4]
    assert [targets.shape for _, targets in loader] == [(4, 12), (0, 12), (4, 12)]


@pytest.mark.parametrize(("max_bad", "allowed"), [(3, 3), (0, 0), (0.25, 5), (1.0, 20)])
def test_budget(small, tmp_path, max_bad, allowed):
    files = [(Path(shutil.copy(path, tmp_path)), i) for path, i in small[:20]]
    for count in (allowed, allowed + 1):
        for path, _ in files[:count]:
            hostile.text(path)
        loader = make(files, 4, on_error="skip", max_bad=max_bad)
        if count > 20:
            continue
        if count == allowed:
            assert sum(len(images) for images, _ in loader) == 20 - count
        else:
            with pytest.raises(DataError, match=f"at most max_bad={max_bad}") as caught:
                list(loader)
            assert len(caught.value.bad_samples) == count
            # A new epoch has a new budget, and the same end.
            with pytest.raises(DataError, match="at most"):
                list(loader)


def test_the_quarantine_file_is_shared(good, bad_files, tmp_path):
    file = tmp_path / "bad.jsonl"
    options = {"on_error": "skip", "quarantine": file}
    first = make(good, 16, **options)
    expected = list(first)
    assert len(file.read_text().splitlines()) == len(bad_files)
    assert {json.loads(line)["path"] for line in file.read_text().splitlines()} == set(map(str, bad_files))
    later = make(good, 16, **options)
    iter(later)
    assert found_by(later) == found_by(first)
    assert same(later, expected)
    assert len(file.read_text().splitlines()) == len(bad_files)


def test_repaired_files_come_back(small, tmp_path):
    files = [(Path(shutil.copy(path, tmp_path)), i) for path, i in small[:8]]
    expected = list(make(files, 4))
    content = files[5][0].read_bytes()
    loader = make(files, 4, on_error="skip", quarantine=tmp_path / "q")
    hostile.text(files[5][0])
    assert sum(len(images) for images, _ in loader) == 7
    files[5][0].write_bytes(content)
    loader.set_epoch(0)
    assert same(loader, expected)
    assert loader.bad_samples == []
    assert same(make(files, 4, on_error="skip", quarantine=tmp_path / "q"), expected)


def test_a_quarantine_file_of_another_kind(small, tmp_path):
    (tmp_path / "q").write_text("hello\n")
    with pytest.raises(ValueError, match="quarantine: expected a file of version 1"):
        iter(make(small[:4], 4, on_error="skip", quarantine=tmp_path / "q"))


def test_damage_below_the_crop_counts(numbered, tmp_path):
    path = Path(shutil.copy(numbered[0][0], tmp_path))
    hostile.without_its_last_byte(path)
    with pytest.raises(DataError, match="truncated"):
        list(make([(path, 0)], 1))
    hostile.trailing_bytes(Path(shutil.copy(numbered[0][0], path)))
    loader = make([(path, 0)], 1)
    assert len(list(loader)) == len(list(loader)) == 1


def test_max_pixels(small):
    assert len(list(make(small[:4], 4, max_pixels=48 * 40))) == 1
    with pytest.raises(DataError, match="has more than max_pixels=1919 pixels"):
        list(make(small[:4], 4, max_pixels=48 * 40 - 1))


def test_nothing_is_said_of_clean_epochs(small):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(make(small[:8], 4, on_error="skip"))) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_error": "ignore"}, "on_error"),
        ({"max_bad": -1}, "max_bad"),
        ({"max_bad": 1.5}, "share in"),
        ({"max_pixels": 0}, "max_pixels"),
    ],
)
def test_bad_arguments(small, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(small[:4], 4, **options)


@pytest.mark.cuda
def test_bad_files_on_cuda(good, bad_files):
    loader = make(good, 16, on_error="skip", device="cuda")
    assert sum(len(images) for images, _ in loader) == COUNT - len(bad_files)
    assert found_by(loader) == sorted(map(str, bad_files))
    torch.cuda.synchronize()


def test_a_quarantine_file_that_cannot_be_written_is_refused_at_once(small, tmp_path):
    for file in (tmp_path, tmp_path / "nowhere" / "q"):
        with pytest.raises(ValueError, match="quarantine: expected a file in an existing folder"):
            make(small[:4], 4, on_error="skip", quarantine=file)
