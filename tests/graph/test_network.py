"""Who is reached, over what, trusting whom."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
import trustme

from auditor.graph.network import innermost, proxy_for, session_for, trust, unreachable

LOGIN = "https://login.microsoftonline.com"

ANSWER = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


@pytest.mark.parametrize("url", ["https://127.0.0.1:8443/x", "https://localhost/x", "https://[::1]/x"])
def test_this_machine_is_not_reached_through_a_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    assert proxy_for(url) is None
    assert proxy_for(f"{LOGIN}/x") == "http://proxy.example.com:3128"


def test_hosts_without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", ".microsoftonline.com")
    assert proxy_for(f"{LOGIN}/x") is None
    assert proxy_for("https://graph.microsoft.com/x") == "http://proxy.example.com:3128"


@pytest.mark.parametrize("url", ["https://login.example.com/x", "http://login.microsoftonline.com/x"])
def test_a_session_reaches_no_other_host(url: str) -> None:
    with (
        session_for(LOGIN, trust()) as session,
        pytest.raises(requests.ConnectionError, match="not a configured host"),
    ):
        session.get(url)


def test_a_host_that_only_begins_alike_is_another() -> None:
    with (
        session_for(LOGIN, trust()) as session,
        pytest.raises(requests.ConnectionError, match="not a configured host"),
    ):
        session.get(f"{LOGIN}.example.com/x")


def test_requests_go_through_the_proxy_of_the_environment_and_no_cookie_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = trustme.CA()
    with served(authority) as port, proxied(port) as (proxy, connected):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy}")
        context = ssl.create_default_context()
        authority.configure_trust(context)
        with session_for(LOGIN, context) as session:
            assert session.get(f"{LOGIN}/x", timeout=5).text == "hello"
    (line,) = connected
    assert line.startswith("CONNECT login.microsoftonline.com:443 ")


def test_a_proxy_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@127.0.0.1:9")
    with session_for(LOGIN, trust()) as session, pytest.raises(requests.RequestException) as raised:
        session.get(f"{LOGIN}/x", timeout=5)
    error = unreachable(raised.value, "login.microsoftonline.com")
    assert "through the proxy 127.0.0.1" in error.message
    assert "word" not in error.message


def test_only_the_roots_that_were_given_are_trusted() -> None:
    with served(trustme.CA(), host="127.0.0.1") as port:
        reach = f"https://127.0.0.1:{port}"
        with session_for(reach, trust()) as session, pytest.raises(requests.exceptions.SSLError) as raised:
            session.get(f"{reach}/x", timeout=5)
    assert unreachable(raised.value, "h").message.startswith("TLS to h failed: ")


def test_the_cause_at_the_bottom_is_told() -> None:
    outer = ValueError("wrapped")
    outer.__cause__ = OSError("no route\nto host")
    assert innermost(outer) == "no route to host"
    assert innermost(requests.ConnectionError(OSError("deep"))) == "deep"
    assert innermost(TimeoutError()) == "TimeoutError"


@contextmanager
def served(authority: trustme.CA, host: str = "login.microsoftonline.com") -> Iterator[int]:
    """An HTTPS server that says hello, once, under this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)

    def work(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(ANSWER)
        except ssl.SSLError:
            pass  # the client does not trust it: that is what is tested

    with _listening(work) as port:
        yield port


@contextmanager
def proxied(target: int) -> Iterator[tuple[int, list[str]]]:
    """A proxy that connects to `target`, whatever it is asked for; it notes what it was asked for."""
    connected: list[str] = []

    def work(connection: socket.socket) -> None:
        connected.append(connection.recv(65536).decode().splitlines()[0])
        with socket.create_connection(("127.0.0.1", target)) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(onward, connection))
            back.start()
            _pump(connection, onward)
            back.join()

    with _listening(work) as port:
        yield port, connected


@contextmanager
def _listening(work) -> Iterator[int]:  # type: ignore[no-untyped-def]
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            work(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)
