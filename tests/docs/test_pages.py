"""The pages: no dead link, no forgotten page, no stale help, table or picture."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets  # noqa: F401  (importing it draws from Python's generator, which the tests watch)
from pages import PAGES, ROOT
from PIL import Image

import fastmix

FOLDERS = ("benchmarks", "csrc", "examples", "tests")
READMES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("README.md")]
LINKING = [*PAGES, *(path for path in sorted(ROOT.glob("*.md")) if path.name != "README.md"), *READMES]
NAV = re.findall(r"^ +- (?:[^:]+: )?([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)


def module(name: str):
    """Import a script of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as GitHub and the generator make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if re.match(r"https?:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_navigation() -> None:
    pages = {str(page.relative_to(ROOT)) for page in PAGES} - {"README.md"}
    assert pages - set(NAV) == set()
    assert [name for name in NAV if name != "index.md" and not (ROOT / name).is_file()] == []
    assert len(NAV) == len(set(NAV))


def test_the_reference_has_every_public_name() -> None:
    text = "".join(page.read_text() for page in (ROOT / "docs" / "reference").glob("*.md"))
    shown = re.findall(r"^::: (fastmix[\w.]+)$", text, re.MULTILINE)
    names = {name.rpartition(".")[2] for name in shown}
    names |= {"augment_images"}  # fastmix.ops.augment.augment
    assert sorted(set(fastmix.augment.__all__) - names) == []
    assert {"Recipe", "Evaluation", "View", "SizeRamp"} <= names  # the recipes themselves are in docs/recipes.md
    modules = {
        "augment",
        "dali",
        "integrations",
        "loader",
        "ops",
        "recipes",
        "schedules",
        "weights",
    }  # whose parts are there
    assert sorted(set(fastmix.__all__) - names - modules) == []
    assert len(shown) == len(set(shown))


def test_the_page_of_the_command_is_its_help() -> None:
    command_page = module("command_page")
    assert command_page.PAGE.read_text() == command_page.page(), "run python docs/command_page.py"


def test_the_messages_of_the_errors_page_exist() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/reference/errors.md").read_text(), re.MULTILINE)
    assert len(rows) > 10
    sources = [*(ROOT / "fastmix").rglob("*.py"), *(ROOT / "csrc").rglob("*.cc")]
    text = re.sub(r'"\s*\n\s*f?"', "", "\n".join(path.read_text() for path in sources))  # texts in several lines
    text = text.replace("expected no {name}", "expected no collate_fn")
    for row in rows:
        # Who speaks is put in front of the message, and "..." stands for what is in it.
        for part in re.sub(r"^[\w.]+: ", "", row).split("..."):
            assert part.strip(" ,") in text, row


def test_the_pictures_are_those_that_the_script_draws(tmp_path, monkeypatch) -> None:
    drawing = module("draw_pictures")
    monkeypatch.setattr(drawing, "PICTURES", tmp_path)
    drawing.main()
    stored = {path.name for path in (ROOT / "docs" / "pictures").iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == stored
    for name in stored:
        old, new = (pixels(folder / name) for folder in (ROOT / "docs" / "pictures", tmp_path))
        assert old.shape == new.shape and np.abs(old - new).mean() < 4, f"{name}: run python docs/draw_pictures.py"
        assert new.std() > 15, name  # no empty page


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int32)
