"""Warns of loops that leave epochs early and start them again, so that they see the same batches every time."""

from __future__ import annotations

import sys
import warnings

from fastmix.loader.progress import Progress

# One batch is often taken to look at it.
_LOOKED_AT = 1


class RestartWarning(UserWarning):
    """An epoch was started again after some of its batches, so the rest of the data was not seen."""


class Restarts:
    """Counts the restarts of one loader and warns once."""

    def __init__(self) -> None:
        self._count = 0
        self._warned = False

    def check(self, progress: Progress, rank: int) -> None:
        """Warn, on rank 0, if the iterator that is about to start repeats batches."""
        if rank or self._warned or not progress.left_early:
            return
        self._count += 1
        if progress.step <= _LOOKED_AT and self._count == 1:
            return
        self._warned = True
        where, depth = _loop()
        warnings.warn(
            f"DataLoader: {where} starts epoch {progress.epoch} again after {progress.step} of {progress.steps} "
            f"batches, and gets the same batches; to go on through the data instead, pass "
            f"steps_per_epoch={progress.step}, or call set_epoch(epoch) before each pass",
            RestartWarning,
            stacklevel=depth,
        )


def _loop() -> tuple[str, int]:
    """Return the first caller outside of fastmix, as text and as ``stacklevel`` of the function that calls this."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "fastmix":
        frame, depth = frame.f_back, depth + 1
    return f"the loop in {frame.f_globals.get('__name__', '?')} (line {frame.f_lineno})", depth
