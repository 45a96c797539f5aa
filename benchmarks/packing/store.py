"""An S3 server of local files that answers late, as far as loaders ask: whole objects, ranges, heads, lists.

``/bucket/7/set/file`` is ``ROOT/set/file``, and so under any number: nobody finds a copy at hand. Every request waits
for the latency, and then the file goes out by ``sendfile``; any number of requests may wait side by side. Signatures
are not checked.

    python -m benchmarks.packing.store ROOT SECONDS     # prints the port
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "benchmark"
MISSING = b"<Error><Code>NoSuchKey</Code><Message>There is no such key.</Message></Error>"


class Store:
    """Answers the requests of any number of connections.

    Args:
        root: folder of the files.
        latency: seconds before an answer.
        sleep: waits so long.
    """

    def __init__(self, root: Path, latency: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.root = root.resolve()
        self.latency = latency
        self.sleep = sleep

    def path(self, key: str) -> Path | None:
        """The file of a key, if there is one below the root."""
        path = (self.root / key.partition("/")[2]).resolve()
        return path if path.is_relative_to(self.root) and path.is_file() else None

    def listing(self, query: dict[str, list[str]]) -> bytes:
        """All keys with a prefix, on one page."""
        prefix = query.get("prefix", [""])[0]
        copy, _, inner = prefix.partition("/")
        files = sorted(path for path in (self.root / inner).parent.rglob("*") if path.is_file())
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{path.stat().st_size}</Size>"
            f"<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{tag(path)}</ETag></Contents>"
            for path in files
            if (key := f"{copy}/{path.relative_to(self.root)}").startswith(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>".encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ", 2)
                fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                await self.sleep(self.latency)
                await self.answer(method, urlsplit(target), fields.get("range", ""), writer)
        writer.close()

    async def answer(self, method: str, target: SplitResult, wanted: str, writer: asyncio.StreamWriter) -> None:
        key = unquote(target.path).removeprefix(f"/{BUCKET}").lstrip("/")
        path = self.path(key)
        if path is None:
            body = self.listing(parse_qs(target.query)) if not key and method == "GET" else MISSING
            writer.write(header("404 Not Found" if key else "200 OK", len(body), ["Content-Type: application/xml"]))
            writer.write(b"" if method == "HEAD" else body)
            return
        size = path.stat().st_size
        first, last = 0, size - 1
        extra = [f"ETag: {tag(path)}", f"Last-Modified: {formatdate(path.stat().st_mtime, usegmt=True)}"]
        if wanted:
            begin, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(begin), min(int(end or last), last)
            extra.append(f"Content-Range: bytes {first}-{last}/{size}")
        writer.write(header("206 Partial Content" if wanted else "200 OK", last + 1 - first, extra))
        if method == "GET" and last >= first:
            await writer.drain()
            with path.open("rb") as file:
                await asyncio.get_running_loop().sendfile(writer.transport, file, first, last + 1 - first)


def tag(path: Path) -> str:
    return f'"{path.stat().st_mtime_ns:x}-{path.stat().st_size:x}"'


def header(status: str, length: int, extra: list[str]) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {length}", *extra, "", ""]).encode()


@contextlib.contextmanager
def serving(root: Path, latency: float) -> Iterator[str]:
    """The URL of the bucket; until the end, this process and its children find the server in their environment."""
    command = [sys.executable, "-m", "benchmarks.packing.store", str(root), str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    given = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    given |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"}
    given |= {"AWS_ENDPOINT_URL": url, "S3_ENDPOINT_URL": url}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield f"s3://{BUCKET}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


async def main() -> None:
    store = Store(Path(sys.argv[1]), float(sys.argv[2]))
    server = await asyncio.start_server(store.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
