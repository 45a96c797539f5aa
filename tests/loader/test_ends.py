"""Where a loop cannot go on: forks, copies, a data set that ends the program, the interpreter's end."""

import copy
import json
import os
import pickle
import subprocess
import sys
import textwrap

import pytest
from data_support import make, same


class Data:
    """Encoded images; one of them raises."""

    def __init__(self, images, raising=None, at=None):
        self.images = images
        self.raising = raising
        self.at = at

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        if i == self.at:
            raise self.raising
        return self.images[i], i


class Unprintable(Exception):
    def __str__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize("threads", [True, False])
def test_a_forked_child_does_not_go_on_with_an_iterator(small, small_jpegs, threads):
    loader = make(Data(small_jpegs[:16]) if threads else small[:16], timeout=20)
    expected = list(loader)
    loader.set_epoch(0)
    batches = iter(loader)
    first = next(batches)
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            next(batches)
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        said = file.read()
    os.waitpid(process, 0)
    assert said.startswith("RuntimeError: DataLoader: expected the process that made this iterator, got a child"), said
    assert same([first, *batches], expected)


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_iterators_are_not_copied(small, copied):
    loader = make(small[:8])
    batches = iter(loader)
    with pytest.raises(TypeError, match="expected the loader to pickle or copy, got its iterator"):
        copied(batches)
    assert len(list(batches)) == 2


@pytest.mark.parametrize("on_error", ["raise", "skip", "replace"])
@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()], ids=repr)
def test_a_data_set_that_ends_the_program(small_jpegs, raised, on_error):
    loader = make(Data(small_jpegs[:32], raised, at=17), shuffle=False, on_error=on_error, timeout=30)
    batches = iter(loader)
    for _ in range(4):
        assert len(next(batches)[0]) == 4
    with pytest.raises(type(raised)) as error:
        next(batches)
    assert error.value is raised


def test_an_exception_without_words(small_jpegs):
    loader = make(Data(small_jpegs[:8], Unprintable(), at=5), shuffle=False, on_error="skip", max_bad=1.0)
    assert [len(images) for images, _ in loader] == [4, 3]
    assert [bad.reason for bad in loader.bad_samples] == ["Unprintable"]


@pytest.mark.parametrize("started", [True, False])
def test_a_destructor_that_loads_when_the_interpreter_is_gone(small, tmp_path, started):
    program = """
        import json, sys
        import fastmix as fm
        loader = fm.DataLoader(json.loads(sys.argv[1]), 4, 16, device="cpu")
        batches = iter(loader) if sys.argv[2] == "True" else loader
        class Late:
            def __del__(self):
                try:
                    print(len(list(batches)))
                except RuntimeError as error:
                    print(error)
        late = Late()
    """
    command = [sys.executable, "-c", textwrap.dedent(program), json.dumps(small[:16]), str(started)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "expected a running program, got one that is ending" in ended.stdout
