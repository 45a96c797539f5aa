"""The known bad samples: in memory for this run, and in a file for later runs and ``fastmix scan``."""

from __future__ import annotations

import errno
import json
import os
import warnings
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from fastmix.loader.faults.errors import BadSample
from fastmix.loader.sources.paths import PathSource
from fastmix.loader.sources.remote import is_url
from fastmix.loader.sources.source import Source

VERSION = 1
_START = b'{"version": '


class FileStatus(NamedTuple):
    """Size and time of a file, which change when it is repaired; None if it is missing or not local."""

    size: int | None
    written: int | None


def file_status(path: str) -> FileStatus:
    """Return the status of a file."""
    if is_url(path):
        return FileStatus(None, None)
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return FileStatus(None, None)
    return FileStatus(status.st_size, status.st_mtime_ns)


class Quarantine:
    """The samples that are known to be bad.

    The file has one JSON object per line. Entries are only added, in one write each, so several ranks and a scan may
    share it. A line that a full disk cut off is ignored. An entry holds until the size or time of its image changes. If
    a path has several, the last one counts.

    Args:
        source: of the samples.
        file: the quarantine file, or None.

    Attributes:
        known: bad samples by index, in the order in which they were found.

    Raises:
        ValueError: ``file`` is a folder, or its folder does not exist.
    """

    def __init__(self, source: Source, file: str | os.PathLike[str] | None = None) -> None:
        self.known: dict[int, BadSample] = {}
        self._source = source
        if file is not None and not isinstance(file, str | os.PathLike):
            raise TypeError(f"quarantine: expected a path, got {file!r}")
        # A later chdir changes nothing.
        self._file = None if file is None else os.path.abspath(file)
        if self._file is not None and (os.path.isdir(self._file) or not os.path.isdir(os.path.dirname(self._file))):
            raise ValueError(f"quarantine: expected a file in an existing folder, got {self._file}")
        self._status: dict[int, FileStatus] = {}
        self._read_to = 0
        self._mask = np.zeros(len(source), dtype=bool)

    def add(self, sample: int, bad: BadSample) -> None:
        """Remember a bad sample, in the file too. Warns if the file cannot be written."""
        if sample in self.known:
            return
        status = file_status(bad.path)
        self._remember(sample, bad, status)
        if self._file is None:
            return
        try:
            append(self._file, bad, status)
        except OSError as error:
            warnings.warn(
                f"quarantine: expected to add bad samples to {self._file}, got: {error.strerror}; free or allow space "
                "there, or later runs will find these samples anew",
                RuntimeWarning,
                stacklevel=2,
            )

    def bad(self, samples: np.ndarray) -> np.ndarray:
        """Return bool (B,): which of these are known to be bad."""
        return self._mask[samples]

    def forget(self, sample: int) -> None:
        """Try a sample again."""
        self.known.pop(sample, None)
        self._status.pop(sample, None)
        self._mask[sample] = False

    def refresh(self) -> None:
        """Read what other processes have found, and forget samples whose files have changed."""
        for sample, status in list(self._status.items()):
            if file_status(self.known[sample].path) != status:
                self.forget(sample)
        if self._file is None:
            return
        entries = {bad.path: (bad, status) for bad, status in self._new_entries() if file_status(bad.path) == status}
        if entries:
            for sample in find_samples(self._source, entries):
                bad, status = entries[self._source.path(sample)]
                if sample not in self.known:
                    self._remember(sample, bad, status)

    def _remember(self, sample: int, bad: BadSample, status: FileStatus) -> None:
        self.known[sample] = bad
        self._status[sample] = status
        self._mask[sample] = True

    def _new_entries(self) -> list[tuple[BadSample, FileStatus]]:
        try:
            with open(self._file, "rb") as file:
                file.seek(self._read_to)
                data = file.read()
        except FileNotFoundError:
            return []
        # Another process may be writing the last line.
        whole = data[: data.rfind(b"\n") + 1]
        first = self._read_to
        self._read_to += len(whole)
        return [entry for line in whole.split(b"\n") if line and (entry := parse(line, self._file, first)) is not None]


def append(file: str, bad: BadSample, status: FileStatus) -> None:
    """Add one entry.

    Raises:
        OSError: the disk is full, or the file may not be written.
    """
    record = {"version": VERSION, **bad._asdict(), **status._asdict()}
    # Paths that are not Unicode keep their bytes as surrogates, which ASCII JSON can write.
    line = (json.dumps(record) + "\n").encode("ascii")
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # ends a line that was cut off
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def parse(line: bytes, file: str, place: int) -> tuple[BadSample, FileStatus] | None:
    """Read one entry; None for the beginning of one, which a full disk cut off.

    Raises:
        ValueError: the line is not an entry of this version.
    """
    try:
        record = json.loads(line)
        if record["version"] != VERSION:
            raise ValueError(f"version {record['version']}")
        path, reason, size, written = (record[name] for name in ("path", "reason", "size", "written"))
        if not (isinstance(path, str) and isinstance(reason, str)) or not all(
            number is None or type(number) is int for number in (size, written)
        ):
            raise ValueError("values of other types")
        return BadSample(path, reason), FileStatus(size, written)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError) and _START.startswith(line[: len(_START)]):
            return None
        raise ValueError(
            f"quarantine: expected a file of version {VERSION} at {file}, got {line[:80]!r} after byte "
            f"{place} ({error}); remove it, or name another file"
        ) from error


def find_samples(source: Source, paths: Iterable[str]) -> list[int]:
    """Return the samples that have one of these paths."""
    if isinstance(source, PathSource):
        return source.paths.find(paths).tolist()
    wanted = set(paths)
    return [sample for sample in range(len(source)) if source.path(sample) in wanted]
