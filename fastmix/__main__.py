"""``python -m fastmix``: the ``fastmix`` command."""

from fastmix.cli import app

app()
