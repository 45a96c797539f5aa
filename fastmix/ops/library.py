"""Find and load the native torch operators."""

from pathlib import Path

import torch

LIBRARY = Path(__file__).parent.parent / "libfastmix_torch.so"


def load() -> None:
    """Load ``libfastmix_torch.so``, once per process.

    Raises:
        ImportError: The library is missing or fails to load. The message names the cause and the build command.
    """
    if not LIBRARY.exists():
        raise ImportError(
            f"fastmix: expected native operators at {LIBRARY}, found none. "
            "Build them in the source tree: pip install --no-build-isolation -e ."
        )
    try:
        torch.ops.load_library(LIBRARY)
    except OSError as error:
        # torch keeps the dynamic linker's message in the cause.
        reason = error.__cause__ or error
        raise ImportError(
            f"fastmix: could not load {LIBRARY}: {reason}\n"
            f"Expected torch 2.10 or newer, got {torch.__version__}. "
            "If torch changed, rebuild fastmix in the source tree: pip install --no-build-isolation -e ."
        ) from error


load()
