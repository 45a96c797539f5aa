"""What became of one sample, as ``fn.fastmix.read``, ``peek`` and ``decode`` report it."""

from __future__ import annotations

from enum import IntEnum

from fastmix import _core

# The operators' own table, so that a number means the same in C++ and in Python.
_ROWS = _core.sample_statuses()


class _Described(IntEnum):
    @property
    def scope(self) -> str:
        return _ROWS[self][1]

    @property
    def meaning(self) -> str:
        return _ROWS[self][2]


Status = _Described("Status", [(name, number) for number, (name, *_) in enumerate(_ROWS)], module=__name__)
Status.__doc__ = """The status of one sample: ``Status(number)`` of what an operator returned.

Attributes:
    scope: what the status depends on. ``"file"``: every window of the file gets it. ``"window"``: another window may
        get another one. ``"moment"``: the system's state; the same file may be readable later.
    meaning: one line for people.

Example::

    status = Status(int(number))
    if status.scope == "moment":
        retry()
"""
