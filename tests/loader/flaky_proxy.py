"""A server that stands before another one and, when told to, answers each object's first request with an error."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class FlakyProxy:
    """On loopback, in threads of this process.

    Attributes:
        url: where it listens.
        refused: paths that were answered with 503 since ``failing`` began.
    """

    def __init__(self, port: int) -> None:
        self.refused: set[str] = set()
        self._failing = False
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.command == "GET" and proxy._refuses(self.path):
                    self._answer(503, {"Content-Type": "application/xml"}, _SLOW_DOWN)
                    return
                behind = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                try:
                    behind.request(self.command, self.path, body, dict(self.headers))
                    response = behind.getresponse()
                    self._answer(response.status, dict(response.getheaders()), response.read())
                finally:
                    behind.close()

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                hop = {"connection", "transfer-encoding", "date", "server"}
                if self.command != "HEAD":
                    hop.add("content-length")
                for name, value in headers.items():
                    if name.lower() not in hop:
                        self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def failing(self) -> Iterator[None]:
        self.refused.clear()
        self._failing = True
        try:
            yield
        finally:
            self._failing = False

    def _refuses(self, path: str) -> bool:
        with self._lock:
            if not self._failing or path in self.refused:
                return False
            self.refused.add(path)
            return True
