"""What all commands share: a user's error is one line and status 2, a warning is one line."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import typer
from typer.core import TyperGroup

# Errors that bad arguments or bad data cause. Others are defects, and show their traceback.
USER_ERRORS = (ImportError, OSError, RuntimeError, TypeError, ValueError)
USAGE = 2


class UserError(Exception):
    """An error whose text is all that the user needs."""


class Group(TyperGroup):
    """The commands. Ctrl-C ends with status 130, which typer takes care of."""

    def main(
        self,
        args: Any = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and end the process with its status."""
        try:
            status = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except Exception as error:
            text = usage_text(error)
            if text is None or not standalone_mode:
                raise
            typer.echo(" ".join(text.split()), err=True)
            status = USAGE
        if standalone_mode:
            sys.exit(status or 0)
        return status

    def invoke(self, ctx: Any) -> Any:
        """Run a command; its errors begin with its name."""
        with warnings.catch_warnings():
            if not ctx.params.get("debug"):
                warnings.showwarning = show_warning
            try:
                return super().invoke(ctx)
            except typer.Exit:  # a RuntimeError
                raise
            except USER_ERRORS as error:
                if ctx.params.get("debug") or isinstance(error, BrokenPipeError):
                    raise
                name, text = f"{ctx.invoked_subcommand}: ", str(error) or type(error).__name__
                raise UserError(name + text.removeprefix(name)) from error


def usage_text(error: Exception) -> str | None:
    """Return the text of a user's error, or None for a defect. Typer's own errors have a ``format_message``."""
    if isinstance(error, UserError):
        return str(error)
    if not hasattr(error, "format_message"):
        return None
    context = getattr(error, "ctx", None)
    name = context.command_path if context is not None else "fastmix"
    return f"{name}: {error.format_message().rstrip('.')}; see {name} --help"


def show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """Print a warning without the place in the program that it comes from."""
    if issubclass(category, DeprecationWarning | PendingDeprecationWarning | ImportWarning):
        return
    typer.echo(f"warning: {' '.join(str(message).split())}", err=True)
