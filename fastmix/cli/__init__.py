"""The ``fastmix`` command.

================  ==================================================================================================
``demo.py``       ``fastmix demo``: loads and mixes photographs, and measures both
``scan.py``       ``fastmix scan``: finds samples that cannot be decoded
``demo_data.py``  writes the photographs of the demo
================  ==================================================================================================
"""

import typer

from fastmix.cli.demo import demo
from fastmix.cli.scan import scan

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command()(demo)
app.command()(scan)


@app.callback()
def main() -> None:
    """fastmix: mixed, normalised, ready-to-use batches for PyTorch."""
