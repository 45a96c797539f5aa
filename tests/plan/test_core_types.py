"""fastmix/_core.pyi has the names, arguments and defaults of the compiled module, and no others."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import fastmix
from fastmix import _core

STUB = ast.parse((Path(fastmix.__file__).parent / "_core.pyi").read_text())
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}
ENUMS = sorted(name for name, node in CLASSES.items() if node.bases)


def public(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def declared(body: list[ast.stmt]) -> Iterator[str]:
    """The names that a class or the stub itself declares."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign):
            yield ast.unparse(node.target)


def signature(function: ast.stmt) -> list[tuple[str, str | None]]:
    assert isinstance(function, ast.FunctionDef)
    names = [argument.arg for argument in function.args.args]
    defaults = [ast.unparse(default) for default in function.args.defaults]
    return list(zip(names, [None] * (len(names) - len(defaults)) + defaults, strict=True))


def callables() -> Iterator[tuple[str, ast.stmt]]:
    for node in STUB.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
    for name, parent in CLASSES.items():
        yield from ((f"{name}.{node.name}", node) for node in parent.body if isinstance(node, ast.FunctionDef))


def test_names() -> None:
    variables = {name for name in declared(STUB.body) if name not in CLASSES}
    assert public(variables | set(CLASSES)) == public(vars(_core))


@pytest.mark.parametrize("name", ENUMS)
def test_members(name: str) -> None:
    assert list(declared(CLASSES[name].body)) == list(getattr(_core, name).__members__)


@pytest.mark.parametrize("name", sorted(set(CLASSES) - set(ENUMS)))
def test_methods(name: str) -> None:
    compiled = public(vars(getattr(_core, name)))
    assert set(declared(CLASSES[name].body)) == compiled | {"__init__"}


@pytest.mark.parametrize(("name", "stub"), [pytest.param(*pair, id=pair[0]) for pair in callables()])
def test_arguments_and_defaults(name: str, stub: ast.stmt) -> None:
    compiled: object = _core
    for part in name.split("."):
        compiled = getattr(compiled, part)
    # pybind11 begins each docstring with the signature, in Python's syntax.
    line = compiled.__doc__.splitlines()[0]
    assert signature(stub) == signature(ast.parse(f"def {line}: ...").body[0])
