"""Lists and reads URLs with fsspec. DALI itself reads images at ``s3://`` URLs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")


def absent(urls: Iterable[str]) -> set[str]:
    """Return the URLs at which there is nothing, as the store says. Asks no more once it does not answer."""
    found = set()
    for url in urls:
        try:
            system, path = filesystem(url)
            system.info(path)
        except FileNotFoundError:
            found.add(url)
        except PermissionError:
            continue
        except Exception:  # outages and missing libraries have exceptions of their own
            break
    return found


class RemoteFile(NamedTuple):
    """A file below a URL."""

    url: str
    relative: str  # to the folder that was listed
    size: int


def is_url(path: str) -> bool:
    return _URL.match(path) is not None


def scheme(url: str) -> str:
    return url.split("://", 1)[0].lower()


def filesystem(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL, and the path in it.

    Raises:
        ImportError: fsspec, or its driver for this kind of URL (s3fs for ``s3://``), is not installed.
    """
    kind = scheme(url)
    try:
        import fsspec

        return fsspec.core.url_to_fs(url)
    except ImportError as error:
        driver = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}.get(kind, f"the fsspec driver of {kind}://")
        raise ImportError(f"data: expected fsspec and {driver} for {url}; pip install fsspec {driver}") from error


def list_files(system: Any, folder: str) -> list[RemoteFile]:
    """List all files below a folder, at any depth.

    Raises:
        FileNotFoundError: there are none.
    """
    top = folder.rstrip("/")
    found = system.find(top, detail=True)
    files = [
        RemoteFile(system.unstrip_protocol(path), path[len(top) :].lstrip("/"), int(info.get("size") or 0))
        for path, info in found.items()
        if info.get("type") != "directory" and path != top
    ]
    if not files:
        raise FileNotFoundError(f"data: expected files below {system.unstrip_protocol(top)}, found none")
    return files
