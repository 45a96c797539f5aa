"""Waits that can be interrupted, and that warn after a while of the stage that blocks."""

from __future__ import annotations

import threading
import time
import warnings

# How often a wait wakes up, in seconds, for interrupts that the system does not deliver to it at once.
_TICK = 1.0


class StallWarning(RuntimeWarning):
    """The loader has been waiting for a batch for longer than ``stall_after``."""


class StallError(TimeoutError):
    """The loader has waited for a batch for longer than ``timeout``."""


class Stall:
    """Waits for batches.

    Args:
        after: seconds until a warning, repeated at each doubling; None for never.
        timeout: seconds until an error; None for never.
    """

    def __init__(self, after: float | None, timeout: float | None = None) -> None:
        self.after = after
        self.timeout = timeout

    def wait(self, done: threading.Event, stage: str) -> None:
        """Return when ``done`` is set.

        Raises:
            StallError: not within ``timeout``.
            KeyboardInterrupt: Ctrl-C.
        """
        start = time.monotonic()
        report = self.after
        while not _wait(done, self._tick(time.monotonic() - start, report)):
            waited = time.monotonic() - start
            if self.timeout is not None and waited >= self.timeout:
                raise StallError(f"DataLoader: expected a batch within timeout={self.timeout:g} s, blocked in {stage}")
            if report is not None and waited >= report:
                warnings.warn(
                    f"DataLoader: blocked in {stage} for {waited:.0f} s",
                    StallWarning,
                    stacklevel=2,
                )
                report *= 2

    def _tick(self, waited: float, report: float | None) -> float:
        ends = [end - waited for end in (report, self.timeout) if end is not None]
        return max(min([_TICK, *ends]), 0.001)


def _wait(done: threading.Event, limit: float) -> bool:
    try:
        return done.wait(limit)
    except RuntimeError as error:
        # Ctrl-C between two lines of Condition.wait leaves its lock released, and this error hides the interrupt.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
