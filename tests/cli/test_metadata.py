"""`auditor metadata check`: one answer for each document, and the exit code of the worst."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import trustme
from click.testing import CliRunner

from auditor.cli.metadata import command
from tests.saml.federation import APPLICATION, TENANT, active, attacker, entity, inactive, listing, sign

GOOD = sign(entity(), active())


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    """The active certificate's file."""
    file = tmp_path / "active.pem"
    file.write_bytes(active().pem)
    return str(file)


def _run(*arguments: str) -> tuple[int, str]:
    usual = ["--tenant-id", TENANT, "--app-id", APPLICATION, "--at", "2026-11-23T02:00:00Z"]
    result = CliRunner().invoke(command, ["check", *usual, *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return int(result.return_value or 0), result.stdout


def _file(tmp_path: Path, name: str, data: bytes) -> str:
    file = tmp_path / name
    file.write_bytes(data)
    return str(file)


def _json(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    code, output = _run(*arguments, "--format", "json")
    return code, [json.loads(line) for line in output.splitlines()]


def test_each_verdict_has_its_exit_code(tmp_path: Path, certificate: str) -> None:
    good = _file(tmp_path, "good.xml", GOOD)
    further = _file(tmp_path, "further.xml", sign(listing(active(), inactive()), active()))
    foreign = _file(tmp_path, "foreign.xml", sign(listing(attacker()), attacker()))
    for files, code, verdicts in (
        ([good], 0, ["accept"]),
        ([good, further], 3, ["accept", "warn"]),
        ([foreign, further, good], 10, ["reject", "warn", "accept"]),
    ):
        assert _json(*files, "--certificate", certificate)[0] == code
        assert [line["verdict"] for line in _json(*files, "--certificate", certificate)[1]] == verdicts


def test_the_answer_has_every_field(tmp_path: Path, certificate: str) -> None:
    _, [answer] = _json(_file(tmp_path, "good.xml", GOOD), "--certificate", certificate)
    assert answer == {
        "verdict": "accept",
        "signature": "valid",
        "signer": active().certificate.thumbprint,
        "pinned": True,
        "entityId": f"https://sts.windows.net/{TENANT}/",
        "singleSignOnUrls": [f"https://login.microsoftonline.com/{TENANT}/saml2"],
        "singleLogoutUrls": [f"https://login.microsoftonline.com/{TENANT}/saml2"],
        "certificates": [
            {
                "thumbprint": active().certificate.thumbprint,
                "sha256": active().certificate.sha256,
                "subject": "CN=Microsoft Azure Federated SSO Certificate",
                "notBefore": "2025-11-23T02:00:00Z",
                "notAfter": "2028-11-22T02:00:00Z",
                "daysLeft": 730,
                "validity": "valid",
                "keyType": "RSA",
                "keySize": 2048,
                "signatureAlgorithm": "sha256",
            }
        ],
        "findings": [],
    }


@pytest.mark.parametrize("data", [b"", b"<html>", b"{}", b"\x00\xff" * 500, b"x" * 2_000_000])
def test_whatever_a_file_holds_is_rejected_with_an_answer(
    tmp_path: Path, certificate: str, data: bytes
) -> None:
    code, [answer] = _json(_file(tmp_path, "odd.xml", data), "--certificate", certificate)
    assert code == 10
    assert (answer["verdict"], answer["signature"], answer["signer"]) == ("reject", "not-checked", None)
    assert answer["entityId"] is None


def test_a_file_that_is_not_there_does_not_keep_the_others_from_being_judged(
    tmp_path: Path, certificate: str
) -> None:
    good = _file(tmp_path, "good.xml", GOOD)
    code, answers = _json(str(tmp_path / "missing.xml"), good, "--certificate", certificate)
    assert code == 1
    assert [answer["verdict"] for answer in answers] == ["accept"]


def test_the_text_names_what_was_found(tmp_path: Path, certificate: str) -> None:
    both = _file(tmp_path, "both.xml", sign(listing(active(), attacker()), active()))
    code, output = _run(both, "--certificate", certificate)
    assert code == 3
    assert output.startswith(
        f"{both}: warn\n  signature            valid, by {active().certificate.thumbprint}\n"
    )
    assert (
        f"also lists {attacker().certificate.thumbprint}, which is not among the application's own" in output
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--tenant-id", "contoso"),
        ("--app-id", "1"),
        ("--active", "AB"),
        ("--cloud", "germany"),
        ("--at", "tomorrow"),
        ("--certificate", "missing.pem"),
    ],
)
def test_usage_errors_have_exit_code_2(tmp_path: Path, arguments: tuple[str, str]) -> None:
    file = _file(tmp_path, "good.xml", GOOD)
    usual = ["check", file, "--tenant-id", TENANT, "--app-id", APPLICATION]
    assert CliRunner().invoke(command, [*usual, *arguments]).exit_code == 2


def test_a_file_that_is_no_certificate_is_a_usage_error(tmp_path: Path) -> None:
    file, junk = _file(tmp_path, "good.xml", GOOD), _file(tmp_path, "junk.pem", b"junk")
    usual = ["check", file, "--tenant-id", TENANT, "--app-id", APPLICATION, "--certificate", junk]
    result = CliRunner().invoke(command, usual)
    assert result.exit_code == 2
    assert "junk.pem" in result.stderr


_MOVED = {
    "/moved.xml": "/metadata.xml",
    "/twice.xml": "/moved.xml",
    "/circle.xml": "/circle.xml",
    "/abroad.xml": "https://127.0.0.1:9/metadata.xml",
    "/plain.xml": "http://localhost/metadata.xml",
    "/nowhere.xml": "https://[",
}


class _Answers(http.server.BaseHTTPRequestHandler):
    """Serves the document, redirects, a file that is too long, and nothing else."""

    def do_GET(self) -> None:
        if self.path == "/metadata.xml":
            self._answer(200, GOOD)
        elif self.path == "/large.xml":
            self._answer(200, b"<a>" + b"x" * 3_000_000)
        elif self.path in _MOVED:
            self.send_response(302)
            self.send_header("Location", _MOVED[self.path])
            self.end_headers()
        else:
            self._answer(404, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # the client has seen enough of it
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keeps stderr for the program."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server whose certificate is trusted."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("NO_PROXY", "localhost")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as listening:
        listening.daemon_threads = True
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"https://localhost:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_a_url_is_fetched(server: str, certificate: str) -> None:
    code, [answer] = _json(f"{server}/metadata.xml", "--certificate", certificate)
    assert (code, answer["verdict"]) == (0, "accept")


def test_only_the_login_host_vouches_for_an_unknown_signer(server: str) -> None:
    code, [answer] = _json(f"{server}/metadata.xml")
    assert (code, [finding["code"] for finding in answer["findings"]]) == (10, ["not-pinned"])


def test_a_large_answer_is_not_read_to_its_end(server: str, certificate: str) -> None:
    code, [answer] = _json(f"{server}/large.xml", "--certificate", certificate)
    assert (code, [finding["code"] for finding in answer["findings"]]) == (10, ["too-large"])


@pytest.mark.parametrize("path", ["/moved.xml", "/twice.xml"])
def test_a_redirect_within_the_host_is_followed(server: str, certificate: str, path: str) -> None:
    code, [answer] = _json(f"{server}{path}", "--certificate", certificate)
    assert (code, answer["verdict"]) == (0, "accept")


@pytest.mark.parametrize("path", ["/missing.xml", "/circle.xml", "/abroad.xml", "/plain.xml", "/nowhere.xml"])
def test_a_url_that_does_not_answer_gives_exit_code_1(server: str, certificate: str, path: str) -> None:
    assert _json(f"{server}{path}", "--certificate", certificate) == (1, [])


def test_a_server_that_nobody_vouches_for_is_not_asked(
    server: str, certificate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    assert _json(f"{server}/metadata.xml", "--certificate", certificate) == (1, [])


def test_roots_of_both_variables_are_trusted(
    server: str, certificate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    assert _json(f"{server}/metadata.xml", "--certificate", certificate)[0] == 0


@pytest.mark.parametrize(("url", "code"), [("https://[", 2), ("https://a b/", 2), ("https://\u00e4..b/", 1)])
def test_a_url_that_no_client_can_read_is_answered_not_raised(certificate: str, url: str, code: int) -> None:
    usual = ["check", url, "--tenant-id", TENANT, "--app-id", APPLICATION, "--certificate", certificate]
    result = CliRunner().invoke(command, usual, standalone_mode=False)
    assert isinstance(result.exception, click.UsageError) if code == 2 else result.return_value == code


def test_a_url_without_tls_is_a_usage_error(certificate: str) -> None:
    usual = ["check", "http://localhost/a.xml", "--tenant-id", TENANT, "--app-id", APPLICATION]
    assert CliRunner().invoke(command, usual).exit_code == 2
