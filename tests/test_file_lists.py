"""Every file stands in the list of its folder's README or docstring, and every listed file exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = (".py", ".h", ".cc", ".cu", ".cmake")


def in_docstring(package: Path) -> set[str]:
    """Names in the first column of the table in ``__init__.py``; folders end with a slash."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    return set(re.findall(r"^``([\w/]+(?:\.py|/))``", text, re.MULTILINE))


def in_section(readme: Path, heading: str) -> set[str]:
    """Names in the first column of a section's tables. After ``mix.h``, ``_cpu.cc`` means ``mix_cpu.cc``."""
    section = re.search(rf"^##? {heading}\b.*?\n(.*?)(?=^##? |\Z)", readme.read_text(), re.MULTILINE | re.DOTALL)
    assert section is not None, heading
    names: set[str] = set()
    for row in re.findall(r"^\| (`[^|]+) \|", section[1], re.MULTILINE):
        stem = ""
        for name in re.findall(r"`([^`]+)`", row):
            whole = stem + name if name[0] in "._" else name
            stem = stem if name[0] in "._" else name.partition(".")[0]
            names.add(whole)
    return names


PACKAGES = [path.parent for tree in ("fastmix", "benchmarks") for path in sorted((ROOT / tree).rglob("__init__.py"))]
PACKAGES = [path for path in PACKAGES if path not in (ROOT / "fastmix", ROOT / "benchmarks")]
CORE = sorted(path for path in (ROOT / "csrc" / "core").iterdir() if path.is_dir())
FACES = [ROOT / "csrc" / name for name in ("torch", "codec", "python", "dali", "jpeg", "cmake")]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_packages_list_their_files(package: Path) -> None:
    files = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert in_docstring(package) == files | folders


@pytest.mark.parametrize("folder", [*CORE, *FACES], ids=lambda path: str(path.relative_to(ROOT)))
def test_folders_of_csrc_list_their_files(folder: Path) -> None:
    listed = in_section(folder.parent / "README.md", folder.name)
    assert listed == {path.name for path in folder.iterdir() if path.suffix in CODE}


def test_the_scripts_of_the_benchmarks_are_listed() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text()
    missing = [path.name for path in (ROOT / "benchmarks").glob("[!_]*.py") if f"`{path.name}`" not in text]
    assert missing == []


def test_support_files_of_the_tests_are_listed() -> None:
    tests = ROOT / "tests"
    listed = in_section(tests / "README.md", "Tests")
    assert listed == {str(path.relative_to(tests)) for path in tests.rglob("*.py") if not path.name.startswith("test_")}
    core = {path.name for path in (tests / "core").iterdir() if path.suffix in CODE}
    assert in_section(tests / "README.md", "core") == {name for name in core if not name.endswith("_test.cc")}
