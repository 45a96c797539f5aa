"""Files that appear whole or not at all, and stay after a power failure."""

from __future__ import annotations

import json
import os
from typing import Any

# Ends the names of files that are not whole.
PART = ".part"


class NewFile:
    """A file that gets its name when it is whole; until then it ends with ``.part``.

    A context manager: without :meth:`finish`, leaving it removes the file.

    Attributes:
        path: the name.
        size: bytes that were written.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self._descriptor = -1

    def __enter__(self) -> NewFile:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._descriptor = os.open(self.path + PART, flags, 0o644)
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor < 0:
            return
        os.close(self._descriptor)
        self._descriptor = -1
        os.unlink(self.path + PART)

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            OSError: the disk is full.
        """
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(data)

    def finish(self) -> None:
        """Bring the bytes to the disk, then give the file its name.

        Raises:
            OSError: the disk is full; some file systems say so only now.
        """
        os.fsync(self._descriptor)
        os.rename(self.path + PART, self.path)
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)
        sync_folder(os.path.dirname(self.path))


def sync_folder(folder: str) -> None:
    """Bring a folder's list of files to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: str, value: Any, indent: int | None = None) -> None:
    """Write a file, or replace it."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, indent=indent, separators=separators) + "\n"
    with NewFile(path) as file:
        file.write(text.encode("ascii"))
        file.finish()
