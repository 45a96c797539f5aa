"""``DataLoader(decode_with_pillow=True)``: GIF, AVIF and JPEG 2000 amid other files."""

from pathlib import Path

import hostile
import numpy as np
import pytest
from data_support import make, same
from images import picture, saved
from PIL import Image
from test_passing_failures import run_program
from typer.testing import CliRunner

import fastmix as fm
from fastmix.cli import app
from fastmix.loader import DataError

pytestmark = pytest.mark.filterwarnings("ignore::fastmix.loader.BadSampleWarning")
KINDS = {"gif": "GIF", "avif": "AVIF", "jp2": "JPEG2000", "png": "PNG"}


@pytest.fixture
def files(tmp_path) -> list[tuple[Path, int]]:
    """Twenty-four files, a quarter of each kind."""
    made = []
    for i in range(24):
        ending, kind = list(KINDS.items())[i % 4]
        made.append((tmp_path / f"{i:02d}.{ending}", i))
        made[-1][0].write_bytes(saved(picture().rotate(15 * i), kind))
    return made


@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_an_epoch_is_the_same_whatever_came_before(files, on_error):
    for i in (1, 6):
        hostile.truncated(files[i][0], 0.4)
    options = {"on_error": on_error, "decode_with_pillow": True, "mix": fm.Mixup(0.4), "num_classes": 24}
    loader = make(files, 8, **options)
    epochs = [list(loader) for _ in range(3)]
    assert {Path(bad.path).name for bad in loader.bad_samples} >= {"01.avif"}
    for epoch, expected in enumerate(epochs):
        fresh = make(files, 8, num_threads=4, depth=3, **options)
        fresh.load_state_dict({**loader.state_dict(), "epoch": epoch, "step": 1})
        assert same(fresh, expected[1:])


def test_pixels_are_those_of_a_png(files, tmp_path):
    gif = [file for file in files if file[0].suffix == ".gif"]
    pngs = []
    for path, label in gif:
        pngs.append((tmp_path / f"{path.stem}_again.png", label))
        Image.open(path).convert("RGB").save(pngs[-1][0])
    assert same(make(gif, 3, decode_with_pillow=True), make(pngs, 3))


def test_without_it_the_message_says_how(files):
    with pytest.raises(DataError, match=r"02.jp2: is a GIF, AVIF or JPEG 2000, .* decode_with_pillow=True"):
        list(make(files, 8, train=True, shuffle=False))
    assert sum(len(images) for images, _ in make(files, 8, on_error="skip", max_bad=1.0)) == 6


def test_max_pixels_holds(files):
    loader = make(files[:3], 3, decode_with_pillow=True, max_pixels=120 * 90 - 1, on_error="skip", max_bad=1.0)
    assert [len(images) for images, _ in loader] == [0]
    assert {bad.reason for bad in loader.bad_samples} == {"has more than max_pixels=10799 pixels"}


def test_scan(files, tmp_path):
    (tmp_path / "list.csv").write_text("path,label\n" + "".join(f"{path},{i}\n" for path, i in files))
    hostile.truncated(files[1][0], 0.4)
    command = ["scan", str(tmp_path / "list.csv")]
    assert "24 samples, 18 of them bad" in CliRunner().invoke(app, command).output
    assert "24 samples, 1 of them bad" in CliRunner().invoke(app, [*command, "--decode-with-pillow"]).output


def test_loaders_that_are_left_end(files):
    """Threads that wait for Python's lock must not keep a pipeline from ending: left early, deleted, at exit."""
    program = """
        import json, sys
        from data_support import make
        files = [(path, i) for i, path in enumerate(sys.argv[1:])]
        for left in range(30):
            loader = make(files, 4, decode_with_pillow=True, num_threads=3)
            for step, _ in enumerate(loader):
                if step == left % 4:
                    break
            del loader
        iterator = iter(make(files, 4, decode_with_pillow=True, num_threads=3))
        next(iterator)
        print(json.dumps({"left": left}))
    """
    assert run_program(program, *(str(path) for path, _ in files)) == {"left": 29}


def test_bad_arguments(small):
    with pytest.raises(TypeError, match="expected decode_with_pillow to be a bool"):
        make(small[:4], 4, decode_with_pillow=1)
    with pytest.raises(TypeError, match="expected decode_with_pillow to be a bool"):
        make(small[:4], 4, decode_with_pillow=np.True_)
