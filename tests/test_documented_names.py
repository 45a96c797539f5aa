"""Every name of fastmix in docs/ exists, with the arguments shown there."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import fastmix

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))
PAGE = "\n".join(page.read_text() for page in PAGES)
OPERATORS = sorted(set(re.findall(r"fn\.fastmix\.(\w+)", PAGE)))
NAMES = sorted(set(re.findall(r"`(fastmix(?:\.\w+)+)", PAGE)) - {"fastmix.mix_labels.x", "fastmix.libs"})


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


def test_operators_of_dali_exist() -> None:
    fastmix.dali.load()
    fn = importlib.import_module("nvidia.dali.fn")
    assert OPERATORS and [name for name in OPERATORS if not hasattr(fn.fastmix, name)] == []


def test_every_public_name_is_documented() -> None:
    assert [name for name in fastmix.__all__ if not re.search(rf"\b{name}\b", PAGE)] == []


CALLS = re.findall(r"(?<!fn\.)(fastmix(?:\.\w+)+)\(([^()`]*(?:\([^()]*\)[^()`]*)*)\)", PAGE)


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_keywords_exist(name: str, arguments: str) -> None:
    keywords = re.findall(r"(?:^|, )(\w+)=", arguments)
    parameters = inspect.signature(resolve(name)).parameters
    assert set(keywords) <= set(parameters), (name, keywords)
