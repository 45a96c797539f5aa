"""Fits docstrings to the pages, which are Markdown: for mkdocstrings, see mkdocs.yml."""

from __future__ import annotations

import re
from typing import Any

import griffe

# Sphinx's roles, such as :class:`fastmix.MixPlan`.
_ROLE = re.compile(r":\w+:`~?([^`]+)`")
# A line such as "(output)" between the arguments of DataLoader.
_GROUP = re.compile(r"^ *\(\w+\)\n", re.MULTILINE)
# Lines of an example, ">>> ..." and "... ...", wherever they stand.
_EXAMPLE = re.compile(r"(?:^ *(?:>>>|\.\.\.).*(?:\n|\Z))+", re.MULTILINE)


def _fenced(found: re.Match[str]) -> str:
    indent = " " * (len(found[0]) - len(found[0].lstrip(" ")))
    code = [re.sub(r"^ *(?:>>>|\.\.\.) ?", "", line) for line in found[0].splitlines()]
    return "".join(f"{indent}{line}\n" for line in ("```python", *code, "```"))


class MarkdownDocstrings(griffe.Extension):
    """Rewrites every docstring when its object has been read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one docstring."""
        if obj.docstring is not None:
            text = _ROLE.sub(r"`\1`", _GROUP.sub("", obj.docstring.value))
            obj.docstring.value = _EXAMPLE.sub(_fenced, text)
