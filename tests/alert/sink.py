"""A local receiver of webhooks and pings: counts what comes, and can be as bad as receivers are."""

from __future__ import annotations

import itertools
import json
import ssl
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The JSON object of the body."""
        return json.loads(self.body)


class Sink:
    """Answers with `answer`: a status, `hang` (until the sink closes), `trickle`, or `close` (no answer)."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answer: int | str = 200
        self.headers: dict[str, str] = {}
        self.refuse_every = 0
        """Every so manyth request is answered with 503, and not counted."""
        self._requests = itertools.count(1)
        self.received: list[Received] = []
        self._over = threading.Event()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sink._take(self)

            def do_POST(self) -> None:
                sink._take(self)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 50
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Clients that die are what is tested."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def events(self) -> list[Any]:
        return [each.event for each in self.received]

    @property
    def keys(self) -> Counter[str]:
        """How often each key came."""
        return Counter(each.headers["Idempotency-Key"] for each in self.received)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        size = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(size)
        if len(body) < size:  # who sent it died on the way
            return
        if self.refuse_every and next(self._requests) % self.refuse_every == 0:
            request.send_error(503)
            return
        self.received.append(Received(request.path, dict(request.headers), body))
        if self.answer == "close":
            request.close_connection = True
        elif self.answer == "hang":
            self._over.wait()
        elif self.answer == "trickle":
            while not self._over.wait(0.05):
                request.wfile.write(b"H")
                request.wfile.flush()
        else:
            request.send_response(int(self.answer))
            for name, value in self.headers.items():
                request.send_header(name, value)
            request.send_header("Content-Length", "0")
            request.end_headers()
