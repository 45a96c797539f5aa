"""Writes docs/reference/cli.md: the help of every command. A test compares the page."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from fastmix.cli import app

PAGE = Path(__file__).parent / "reference" / "cli.md"
COMMANDS = ("demo", "preview", "scan", "pack", "bench", "doctor")
HEAD = """# The fastmix command

`fastmix`, or `python -m fastmix`. `python docs/command_page.py` writes this page.

- DATA is what `fastmix.DataLoader` takes: a folder, a manifest, a pattern of shards or a URL.
- `--json FILE` writes what was found as JSON; `--json -` writes it to standard output, and the text for people to
  standard error.
- A user's error is one line on standard error and status 2; `fastmix --debug COMMAND` shows the traceback. Ctrl-C ends
  with status 130. `scan` ends with status 1 if samples are bad, `doctor` if a check fails.
"""


def page() -> str:
    """Return the page's text."""
    parts = [HEAD]
    for command in ((), *((name,) for name in COMMANDS)):
        text = CliRunner().invoke(app, [*command, "--help"], prog_name="fastmix", env={"COLUMNS": "100"}).stdout
        parts.append(f"## {' '.join(('fastmix', *command))}\n\n```text\n{text.strip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
