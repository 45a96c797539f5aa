"""Every name of fastmix and every test in docs/mixing.md exists, with the arguments shown there."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "mixing.md").read_text()
NAMES = sorted(set(re.findall(r"`(?:fn\.)?(fastmix(?:\.\w+)+)", PAGE)) - {"fastmix.mix_labels.x"})


def resolve(name: str) -> object:
    parts = name.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        for part in parts[split:]:
            found = getattr(found, part)
        return found
    raise ImportError(name)


def test_the_page_names_much() -> None:
    assert len(NAMES) > 40


@pytest.mark.parametrize("name", NAMES)
def test_name_exists(name: str) -> None:
    assert resolve(name) is not None


CALLS = re.findall(r"(fastmix(?:\.\w+)+)\(([^()`]*(?:\([^()]*\)[^()`]*)*)\)", PAGE)


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_keywords_exist(name: str, arguments: str) -> None:
    keywords = re.findall(r"(?:^|, )(\w+)=", arguments)
    parameters = inspect.signature(resolve(name)).parameters
    assert set(keywords) <= set(parameters), (name, keywords)


TESTS = sorted(set(re.findall(r"`((?:\w+/)*test_\w+\.py(?:::\w+)?)`", PAGE)))


def test_every_row_names_its_tests() -> None:
    rows = [line for line in PAGE.split("## Not here")[0].splitlines() if line.startswith("| ")]
    assert len(rows) > 40
    assert all(".py" in row or "tested in `tests/`" in row or set(row) <= set("|- ") for row in rows)


@pytest.mark.parametrize("name", TESTS)
def test_test_exists(name: str) -> None:
    file, _, function = name.partition("::")
    text = (Path(__file__).parent / file).read_text()
    assert not function or f"def {function}(" in text
