"""HTTPS on the loopback interface: turns requests into questions, and answers into bytes."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
from email.utils import format_datetime
from typing import Any

import trustme
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from auditor.emulator.requests import Answer, Question
from auditor.emulator.service import Delivery, Service
from auditor.errors import CannotRunError

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """Says when it listens, and waits to be ended without looking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()
        self.ended = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.listens.set()

    async def main_loop(self) -> None:
        await self.ended.wait()


class HttpsServer:
    """A server in a thread of its own. `start` returns when it answers, `stop` when it has ended."""

    def __init__(self, service: Service, *, port: int) -> None:
        self.authority = trustme.CA(organization_name="Emulated tenant")
        self.failure: Exception | None = None
        """What went wrong in the emulator itself: a defect, raised by `stop` so that no test misses it."""
        self._service = service
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        # The protocol is named: asyncio switches Nagle's algorithm off only where it sees TCP, and with it
        # every answer would wait 40 ms for an acknowledgement.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except OSError as error:
            self._socket.close()
            raise CannotRunError(
                f"port {port} of {HOST} cannot be used: {error.strerror}",
                remedy="Choose another port; 0 takes a free one.",
            ) from error
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(self._config())
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()
        self._server.listens.wait()

    def stop(self) -> None:
        """Ends; connections that are still open are closed."""
        self._server.loop.call_soon_threadsafe(self._end)
        self._thread.join()
        self._socket.close()
        if self.failure is not None:
            raise RuntimeError("the emulator itself failed while it was answering") from self.failure

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def _end(self) -> None:
        # Aborted, not closed: closing TLS waits for a client that may be long gone.
        for transport in list(self._transports.values()):
            transport.abort()
        self._server.ended.set()

    def _config(self) -> uvicorn.Config:
        transports = self._transports

        class Protocol(H11Protocol):
            """Keeps the transport at hand: faults close it as no ASGI application can."""

            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        config = uvicorn.Config(
            self._application,
            interface="asgi3",
            http=Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
            ssl_context_factory=lambda config, default: self._context(),
        )
        config.load()
        return config

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(HOST, "localhost").configure_cert(context)
        return context

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except ClientDisconnect:  # before the whole question had come: nobody is left to be answered
            return
        except Exception as error:
            self.failure = error
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        target = raw.decode("ascii", "replace")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("ascii", "replace")
        question = Question.parse(
            request.method,
            target,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
            host=request.headers.get("host", f"{HOST}:{self.port}"),
        )
        delivery = self._service.deliver(question)
        if delivery.delay:
            await asyncio.sleep(delivery.delay)
        transport = self._transports.get(scope["client"])
        if transport is not None and (delivery.drop or delivery.truncate):
            await self._cut(delivery, transport, receive, send)
            return
        await Response(
            _bytes(delivery.answer),
            status_code=delivery.answer.status,
            headers=self._headers(delivery.answer),
        )(scope, receive, send)

    async def _cut(
        self, delivery: Delivery, transport: asyncio.Transport, receive: Receive, send: Send
    ) -> None:
        """Sends half of the body, or nothing, and closes the connection."""
        if delivery.drop:
            transport.abort()
        else:
            body = _bytes(delivery.answer)
            headers = {**self._headers(delivery.answer), "Content-Length": str(len(body))}
            await send(
                {
                    "type": "http.response.start",
                    "status": delivery.answer.status,
                    "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
                }
            )
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _headers(self, answer: Answer) -> dict[str, str]:
        date = format_datetime(self._service.clock(), usegmt=True)
        return {
            "Content-Type": answer.content_type,
            "Date": date,
            "Cache-Control": "no-cache",
            **answer.headers,
        }


def _bytes(answer: Answer) -> bytes:
    if isinstance(answer.body, bytes):
        return answer.body
    return b"" if answer.body is None and answer.status == 204 else json.dumps(answer.body).encode()
