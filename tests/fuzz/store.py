"""A store of objects as S3 has them, from memory, that can go away and come back."""

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Store:
    """Serves ``objects`` by their keys, in any bucket, on loopback.

    Attributes:
        url: where it listens; the same after :meth:`stop` and :meth:`start`.
    """

    def __init__(self, objects: dict[str, bytes]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                data = objects.get(self.path.rpartition("/")[2].partition("?")[0])
                self.send_response(404 if data is None else 206 if self.headers.get("Range") else 200)
                data = data or b""
                first, last = 0, len(data) - 1
                if match := re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
                    first, last = int(match[1]), min(int(match[2] or last), last)
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
                self.send_header("Content-Length", str(last + 1 - first))
                self.send_header("Last-Modified", "Sat, 01 Jan 2022 00:00:00 GMT")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data[first : last + 1])

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._handler = Handler
        self._port = 0
        self.start()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        while True:
            try:
                self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler)
                break
            except OSError:  # another program has the port for a moment
                time.sleep(0.05)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
