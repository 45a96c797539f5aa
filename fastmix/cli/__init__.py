"""The ``fastmix`` command."""

import typer

from fastmix.cli.demo import demo
from fastmix.cli.scan import scan

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.command()(demo)
app.command()(scan)


@app.callback()
def main() -> None:
    """fastmix: mixed, normalised, ready-to-use batches for PyTorch."""
