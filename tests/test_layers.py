"""What the import contracts in pyproject.toml cannot see: imports from the package itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import fastmix

PACKAGE = Path(fastmix.__file__).parent


def names_from_the_package(path: Path) -> Iterator[str]:
    """Names that a file imports from ``fastmix``: submodules, which the contracts see, and other names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ("fastmix" for alias in node.names if alias.name == "fastmix")
        elif isinstance(node, ast.ImportFrom) and node.module == "fastmix":
            yield from (alias.name for alias in node.names)


def test_layers_import_modules_and_not_the_package() -> None:
    """``fastmix/public.py`` imports every layer, so a name taken from it is an arrow upwards."""
    files = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE / "cli"]
    files.remove(PACKAGE / "__init__.py")
    assert len(files) > 50
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    upwards = [(path.name, name) for path in files for name in names_from_the_package(path)]
    assert [pair for pair in upwards if pair[1] not in modules | {"_core", "_jpeg"}] == []
