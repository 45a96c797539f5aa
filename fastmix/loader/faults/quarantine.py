"""The known bad samples: in memory for this run, and in a file for later runs and ``fastmix scan``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from fastmix.loader.faults.errors import BadSample
from fastmix.loader.sources.paths import PathSource
from fastmix.loader.sources.remote import is_url
from fastmix.loader.sources.source import Source

VERSION = 1


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
    share it. An entry holds until the size or time of its image changes. If a path has several, the last one counts.

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
        self._file = None if file is None else os.fspath(file)
        if self._file is not None and (
            os.path.isdir(self._file) or not os.path.isdir(os.path.dirname(os.path.abspath(self._file)))
        ):
            raise ValueError(f"quarantine: expected a file in an existing folder, got {self._file}")
        self._status: dict[int, FileStatus] = {}
        self._read_to = 0
        self._mask = np.zeros(len(source), dtype=bool)

    def add(self, sample: int, bad: BadSample, lasting: bool = True) -> None:
        """Remember a bad sample; a ``lasting`` fault also goes into the file."""
        if sample in self.known:
            return
        status = file_status(bad.path)
        self._remember(sample, bad, status)
        if self._file is not None and lasting:
            append(self._file, bad, status)

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
        return [parse(line, self._file, first) for line in whole.splitlines() if line.strip()]


def append(file: str, bad: BadSample, status: FileStatus) -> None:
    """Add one entry."""
    record = {"version": VERSION, **bad._asdict(), **status._asdict()}
    # Paths that are not Unicode keep their bytes as surrogates, which ASCII JSON can write.
    line = (json.dumps(record) + "\n").encode("ascii")
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def parse(line: bytes, file: str, place: int) -> tuple[BadSample, FileStatus]:
    """Read one entry.

    Raises:
        ValueError: the line is not an entry of this version.
    """
    try:
        record = json.loads(line)
        if record["version"] != VERSION:
            raise ValueError(f"version {record['version']}")
        return BadSample(record["path"], record["reason"]), FileStatus(record["size"], record["written"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"quarantine: expected a file of version {VERSION} at {file}, got {line[:80]!r} after byte "
            f"{place} ({error}); remove it, or name another file"
        ) from error


def find_samples(source: Source, paths: Iterable[str]) -> list[int]:
    """Return the samples that have one of these paths."""
    if isinstance(source, PathSource):
        encoded = np.array([os.fsencode(path) for path in paths])
        return np.flatnonzero(np.isin(source.paths, encoded)).tolist()
    wanted = set(paths)
    return [sample for sample in range(len(source)) if source.path(sample) in wanted]
