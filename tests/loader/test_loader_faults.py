"""Files that cannot be read: an error that names them, and a loader that can be used again."""

import shutil
from pathlib import Path

import pytest
import torch
from data_support import make, same

import fastmix as fm
from fastmix.loader import DataError

POLICY = fm.Mixup(0.4)


@pytest.fixture
def files(numbered, tmp_path) -> list[tuple[Path, int]]:
    """Twelve JPEGs to be damaged."""
    return [(Path(shutil.copy(path, tmp_path / f"{i:02d}.jpg")), i) for path, i in numbered[:12]]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def text(path: Path) -> None:
    path.write_text("<html>not an image</html>")


def header_only(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


FAULTS = {
    truncate: "cannot be decoded",
    header_only: ".",
    text: ".",
    empty: "is empty",
    Path.unlink: "No such file",
    folder: "is a folder",
    dangling: "No such file",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("mix", [None, POLICY], ids=["plain", "mixed"])
def test_a_bad_file_is_named(files, fault, mix):
    path = files[6][0]
    content = path.read_bytes()
    options = {"shuffle": False, "mix": mix}
    expected = list(make(files, 4, **options))
    fault(path)
    loader = make(files, 4, **options)
    batches = iter(loader)
    assert same([next(batches)], expected[:1])
    with pytest.raises(DataError, match=FAULTS[fault]) as caught:
        next(batches)
    assert [sample.path for sample in caught.value.bad_samples] == [str(path)]
    assert str(path) in str(caught.value)
    with pytest.raises(RuntimeError, match="iterate anew"):
        next(batches)
    assert loader.state_dict()["step"] == 1
    # Repaired, the same loader goes through the same epoch.
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    path.write_bytes(content)
    assert same(loader, expected)


def test_all_bad_files_of_a_batch_are_named(files):
    for i in (8, 9, 11):
        files[i][0].unlink()
    loader = make(files, 4, shuffle=False, train=False)
    with pytest.raises(DataError, match="3 samples") as caught:
        list(loader)
    assert [sample.path for sample in caught.value.bad_samples] == [str(files[i][0]) for i in (8, 9, 11)]


def test_a_bad_batch_that_nobody_waits_for_does_no_harm(files):
    expected = list(make(files, 2, shuffle=False))
    empty(files[2][0])
    loader = make(files, 2, shuffle=False, depth=4)
    # The second batch is under way, and fails, whenever an iterator is given up after the first.
    for _ in range(3):
        assert same([next(iter(loader))], expected[:1])


def test_an_error_that_is_no_files_fault_is_not_blamed_on_files(files, monkeypatch):
    loader = make(files, 4)
    batches = iter(loader)
    next(batches)

    def out_of_memory(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(loader._machinery.queue._pipeline, "outputs", out_of_memory)
    with pytest.raises(RuntimeError, match="none of them fails alone: out of memory") as caught:
        next(batches)
    assert not isinstance(caught.value, DataError)


@pytest.mark.cuda
def test_a_bad_file_is_named_on_cuda(files):
    truncate(files[5][0])
    loader = make(files, 4, shuffle=False, device="cuda")
    with pytest.raises(DataError) as caught:
        list(loader)
    assert [sample.path for sample in caught.value.bad_samples] == [str(files[5][0])]
    files[5][0].write_bytes(files[4][0].read_bytes())
    assert len(list(loader)) == 3
    torch.cuda.synchronize()


def test_a_relative_quarantine_file_stays_where_it_was(small, tmp_path, monkeypatch):
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    loader = make([*small[:7], (tmp_path / "bad.jpg", 0)], on_error="skip", max_bad=1, quarantine="bad.jsonl")
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.warns(UserWarning, match="1 sample"):
        list(loader)
    assert (tmp_path / "bad.jsonl").exists() and not list((tmp_path / "elsewhere").iterdir())
