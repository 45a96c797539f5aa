"""The data of a command: the same argument as ``fastmix.DataLoader``'s, and the options that say how to read it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

Data = Annotated[str, typer.Argument(help="Folder of class folders, manifest, tar shards or URL.", show_default=False)]

_HINTS: dict[str, tuple[Any, str]] = {
    "classes": (list[str], "Name of a class, once per class; its place is its id."),
    "root": (str, "Folder or URL that relative paths start from; {} in it stands for the path."),
    "path_column": (str, "A manifest's column of paths: its name, or its number if there is no header."),
    "label_column": (list[str], "Its column of labels, likewise; several are columns of numbers, one per class."),
    "image_key": (str, "The image of a sample with several."),
    "label_key": (str, "Its label."),
}


def reads_data(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how to read data; the command gets those that are given as the dict ``hints``."""
    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "hints"]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[kind | None, typer.Option(help=text, show_default=False, rich_help_panel="Data")],
        )
        for name, (kind, text) in _HINTS.items()
    ]

    @functools.wraps(command)
    def wrapper(**arguments: Any) -> Any:
        given = {name: value for name in _HINTS if (value := arguments.pop(name))}
        return command(**arguments, hints=hints_from(given))

    wrapper.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + added
    )
    wrapper.__annotations__ = {p.name: p.annotation for p in [*own, *added]}
    return wrapper


def hints_from(given: dict[str, Any]) -> dict[str, Any]:
    """Return the loader's arguments: a number is a column's place, one column stands alone."""
    found = dict(given)
    if "path_column" in found:
        found["path_column"] = _column(found["path_column"])
    if "label_column" in found:
        columns = [_column(name) for name in found["label_column"]]
        found["label_column"] = columns[0] if len(columns) == 1 else columns
    return found


def _column(name: str) -> str | int:
    return int(name) if name.isdecimal() else name
