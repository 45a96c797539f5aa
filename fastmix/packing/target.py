"""The folder of a pack: one process writes into it, and nothing of others is touched."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Iterator

from fastmix.loader.sources.remote import is_url
from fastmix.loader.sources.shard_classes import CLASSES
from fastmix.loader.sources.shard_index import INDEX_SUFFIX
from fastmix.loader.sources.source import Path
from fastmix.packing import record
from fastmix.packing.durable import PART
from fastmix.packing.members import shard_name
from fastmix.packing.options import CALLER

_FULL = {errno.ENOSPC, errno.EDQUOT}
_SHOWN = 3


def choose_folder(out: Path) -> str:
    """Return the absolute path of a folder.

    Raises:
        ValueError: ``out`` is a URL.
    """
    if is_url(os.fspath(out)):
        raise ValueError(f"{CALLER}: expected a local folder, got {out}; pack into one, then copy it")
    return os.path.abspath(out)


@contextlib.contextmanager
def opened(folder: str) -> Iterator[None]:
    """Make a folder, keep other processes from packing into it, and report a full disk in one sentence.

    Raises:
        ValueError: ``folder`` is a file, or another process packs into it.
        OSError: the disk is full.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileExistsError, NotADirectoryError):
        raise ValueError(f"{CALLER}: expected a folder, or the name of a new one, got the file {folder}") from None
    try:
        _lock(descriptor, folder)
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OSError(
            error.errno,
            f"{CALLER}: expected space for the next shard in {folder}, got: {os.strerror(error.errno)}; free some and "
            "pack again, which goes on after the last finished shard",
        ) from error
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(
            f"{CALLER}: expected to be alone in {folder}, got another process that packs into it"
        ) from None
    except OSError:  # a file system without locks
        return


def check_contents(folder: str, parts: list[str]) -> None:
    """Refuse a folder with files that are no pack's.

    Raises:
        ValueError: there are some, or shards without ``pack.json``.
    """
    begun = os.path.isfile(os.path.join(folder, record.NAME))
    # The first file that is whole is pack.json.
    own = [name for name in os.listdir(folder) if _is_own(name, parts) and (begun or name.endswith(PART))]
    others = sorted(set(os.listdir(folder)).difference(own))
    if others:
        shown = ", ".join(others[:_SHOWN]) + (f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else "")
        raise ValueError(f"{CALLER}: expected an empty folder, or a pack of the same parts, got {shown} in {folder}")


def remove_leftovers(folder: str, parts: list[str], finished: set[str]) -> None:
    """Remove what an interrupted pack left: files that are not whole, and shards that are not in ``pack.json``."""
    for name in os.listdir(folder):
        whole = name in (record.NAME, CLASSES) or name.removesuffix(INDEX_SUFFIX) in finished
        if not whole and _is_own(name, parts):
            os.unlink(os.path.join(folder, name))


def _is_own(name: str, parts: list[str]) -> bool:
    name = name.removesuffix(PART)
    if name in (record.NAME, CLASSES):
        return True
    match = re.fullmatch(r"(.+)-(\d+)\.tar", name.removesuffix(INDEX_SUFFIX))
    return match is not None and match[1] in parts and match[0] == shard_name(match[1], int(match[2]))
