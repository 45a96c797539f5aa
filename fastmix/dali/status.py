"""What became of one sample, as ``fn.fastmix.read``, ``peek`` and ``decode`` report it."""

from __future__ import annotations

from enum import IntEnum

from fastmix import _core

# The operators' own table: name, scope, meaning.
_ROWS = _core.sample_statuses()


class Status(IntEnum):
    """The status of one sample: ``Status(number)`` of what an operator returned.

    Attributes:
        scope: what the status depends on. ``"file"``: every window of the file gets it. ``"window"``: another window
            may get another one. ``"moment"``: the system's state; the same file may be readable later.
        meaning: one line for people.

    Example::

        status = Status(int(number))
        if status.scope == "moment":
            retry()
    """

    ok = 0
    missing = 1
    denied = 2
    transient = 3
    not_a_file = 4
    empty = 5
    too_large = 6
    unknown_format = 7
    unsupported = 8
    truncated = 9
    damaged = 10
    window_damaged = 11
    changed = 12

    @property
    def scope(self) -> str:
        """Return "file", "window" or "moment"."""
        return _ROWS[self][1]

    @property
    def meaning(self) -> str:
        """Return the meaning in one line."""
        return _ROWS[self][2]
