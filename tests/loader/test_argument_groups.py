"""DataLoader's arguments come in the same groups, in the same order, in signature, docstring and docs/loader.md."""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import fastmix as fm

GROUPS = ["data", "output", "mixing", "order", "faults", "machinery"]
PAGE = (Path(__file__).parents[2] / "docs" / "loader.md").read_text()
DOCUMENTED = PAGE.partition("\n## Arguments\n")[2].partition("\n## ")[0]


def in_groups(text: str, group: str, argument: str) -> dict[str, list[str]]:
    """Names by group; both are given as patterns of a whole line."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if match := re.fullmatch(group, line):
            names = found.setdefault(match[1].lower(), [])
        elif match := re.fullmatch(argument, line):
            names.append(match[1])
    return found


def signature() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Arguments by group, and their defaults as they are written."""
    source = textwrap.dedent(inspect.getsource(fm.DataLoader.__init__))
    header = source[source.index("self,") : source.index(") -> None:")]
    arguments = ast.parse(source).body[0].args
    defaults = dict(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    return (
        in_groups(header, r"\s+# (\w+)", r"\s+(\w+): .*"),
        {name.arg: ast.unparse(default).replace("'", '"') for name, default in defaults.items()},
    )


def test_groups_are_the_same_everywhere() -> None:
    groups, defaults = signature()
    assert list(groups) == GROUPS
    names = [name for group in groups.values() for name in group]
    assert names == [*inspect.signature(fm.DataLoader).parameters][:-1] and len(names) == len(defaults) + 3
    docstring = inspect.getdoc(fm.DataLoader)
    arguments = docstring[docstring.index("Args:\n") + 6 : docstring.index("Attributes:")]
    assert in_groups(arguments, r"    \((\w+)\)", r"    (\w+): .*") == groups
    assert in_groups(DOCUMENTED, r"### (\w+)", r"\| `(\w+)` \| (?!is).*") == groups


def test_documented_defaults_are_those_of_the_signature() -> None:
    _, defaults = signature()
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", DOCUMENTED, re.MULTILINE))
    assert rows == defaults


def test_the_docstring_opens_with_an_example() -> None:
    summary, blank, example, *_ = inspect.getdoc(fm.DataLoader).splitlines()
    assert summary.endswith(".") and not blank and example.startswith(">>> ")
