"""The ``fastmix`` command: one file per command. ``fastmix --help`` imports neither torch nor DALI.

====================  ==============================================================================================
``demo.py``           ``fastmix demo``: loads and mixes photographs, and measures both
``preview.py``        ``fastmix preview``: writes a picture of a batch as the trainer gets it
``scan.py``           ``fastmix scan``: finds samples that cannot be decoded, and describes the data
``bench.py``          ``fastmix bench``: images per second, and whether they keep up with a training step
``pack.py``           ``fastmix pack``: writes a data set as shards that load faster
``doctor.py``         ``fastmix doctor``: checks the installation, and with data a run by stage
``group.py``          errors and warnings of all commands in one line
``data_options.py``   the data argument of all commands, and the options that say how to read it
``output.py``         tables for people, JSON for programs
``demo_data.py``      writes the photographs of the demo
``census.py``         what a data set holds: classes, sizes, formats, duplicates
``rivals.py``         torch's DataLoader and DALI, for the comparison of ``fastmix bench``
``checks.py``         the doctor's checks of versions, processors, libraries and ranks
``gpu_checks.py``     the doctor's checks of GPU and driver
====================  ==============================================================================================
"""

from typing import Annotated

import typer

from fastmix.cli.bench import bench
from fastmix.cli.demo import demo
from fastmix.cli.doctor import doctor
from fastmix.cli.group import Group
from fastmix.cli.pack import pack
from fastmix.cli.preview import preview
from fastmix.cli.scan import scan

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for command in (demo, preview, scan, pack, bench, doctor):
    app.command()(command)


def print_version(wanted: bool) -> None:
    """Print fastmix's version and end."""
    if wanted:
        import fastmix

        typer.echo(fastmix.__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")] = False,  # noqa: ARG001
) -> None:
    """fastmix: mixed, normalised, ready-to-use batches for PyTorch."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
