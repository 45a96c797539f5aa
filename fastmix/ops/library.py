"""Finds and loads the native torch operators that lie in the package."""

from pathlib import Path

import torch

LIBRARY = Path(__file__).parent.parent / "libfastmix_torch.so"


def load() -> None:
    """Load ``libfastmix_torch.so``, once per process.

    Raises:
        ImportError: The library is missing or does not load; the text names the cause and the command that
            builds it again.
    """
    if not LIBRARY.exists():
        raise ImportError(
            f"fastmix: expected its native operators at {LIBRARY}, found none. "
            "Build them from the source tree: pip install --no-build-isolation -e ."
        )
    try:
        torch.ops.load_library(LIBRARY)
    except OSError as error:
        # torch keeps the dynamic linker's own words in the cause.
        reason = error.__cause__ or error
        raise ImportError(
            f"fastmix: could not load {LIBRARY}: {reason}\n"
            f"Expected torch 2.10 or newer, got {torch.__version__}. If torch was changed since fastmix was built, "
            "build it again from the source tree: pip install --no-build-isolation -e ."
        ) from error


load()
