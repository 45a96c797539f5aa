"""``Fault``: what is wrong with a sample, in words, and whether that may pass."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import NamedTuple

from fastmix.dali import Status
from fastmix.loader.sources.remote import absent, is_url

# Samples with a fault that may pass at any moment are tried again after so many seconds.
RETRY_SECONDS = (0.1, 0.5, 2.0)
# These failures of the system are not a question of time.
_FINAL = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG}
# The system's words add something to the meaning of these.
_EXPLAINED = {Status.missing, Status.denied, Status.transient, Status.too_large, Status.changed}


class Fault(NamedTuple):
    """What is wrong with a sample.

    Attributes:
        reason: follows the sample's name in messages.
        scope: what it depends on, as :attr:`fastmix.dali.Status.scope`: "file", "window" or "moment". Faults of the
            "file" are remembered.
        retry: another attempt in a moment may succeed.
    """

    reason: str
    scope: str
    retry: bool = False


def fault_of(status: Status, message: str, max_pixels: int) -> Fault:
    """Return the fault of a status that the graph reports, with the system's message, if any."""
    reason = status.meaning
    if status == Status.too_large and not message:
        reason = f"has more than max_pixels={max_pixels} pixels"
    elif message and status in _EXPLAINED:
        reason = f"{reason}: {' '.join(message.split())}"
    return Fault(reason, status.scope, status == Status.transient)


def with_absent(faults: dict[int, Fault], paths: Mapping[int, str], answers: dict[str, bool]) -> dict[int, Fault]:
    """Return the faults; a transient one becomes "missing" if its store says that there is no such object.

    ``answers`` keeps, by URL, whether it does; no URL in it is asked for again.
    """
    urls = [path for sample, path in paths.items() if faults[sample].retry and is_url(path)]
    new = [url for url in urls if url not in answers]
    gone = absent(new)
    answers.update({url: url in gone for url in new})
    missing = Fault(Status.missing.meaning, Status.missing.scope)
    return {sample: missing if answers.get(paths[sample]) else fault for sample, fault in faults.items()}


def _text_of(error: Exception) -> str:
    """Return the message in one line; empty if the exception cannot say it."""
    try:
        return " ".join(str(error).split())
    except Exception:
        return ""


def read_fault(error: Exception) -> Fault:
    """Return the fault of a sample that its source could not read."""
    text = _text_of(error)
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    passing = isinstance(error, ConnectionError | TimeoutError)
    # Image libraries raise OSError without a number for damaged files.
    passing |= isinstance(error, OSError) and error.errno is not None and error.errno not in _FINAL
    return Fault(reason, "moment", passing)
