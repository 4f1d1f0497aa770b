"""What a webhook sends, and what it makes of every kind of receiver."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from auditor.alert.channel import Outcome
from auditor.alert.webhook import Webhook
from auditor.errors import UsageError
from auditor.history import Letter
from tests.alert.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def letter(body: str = "{}", *, in_doubt: bool = False) -> Letter:
    return Letter(
        number=1,
        channel="c",
        key="k" * 32,
        kind="new",
        run=1,
        at="2026-11-23T02:00:00Z",
        body=body,
        attempts=1,
        in_doubt=in_doubt,
        reason=None,
    )


def sent(url: str, *, timeout: float = 5, ca_file: Path | None = None) -> Outcome:
    webhook = Webhook(url, hmac_key=None, ca_file=ca_file, timeout=timeout)
    try:
        return webhook.send([letter()])
    finally:
        webhook.close()


@pytest.mark.parametrize(
    ("answer", "headers", "expected"),
    [
        (200, {}, Outcome()),
        (204, {}, Outcome()),
        (302, {"Location": "/elsewhere"}, Outcome(reason="answered 302; redirects are not followed")),
        (307, {"Location": "/elsewhere"}, Outcome(reason="answered 307; redirects are not followed")),
        (400, {}, Outcome(reason="answered 400", answered=True)),
        (410, {}, Outcome(reason="answered 410", answered=True)),
        (429, {"Retry-After": "3"}, Outcome(reason="answered 429", wait=3)),
        (429, {"Retry-After": "86400"}, Outcome(reason="answered 429")),
        (503, {"Retry-After": "Mon, 23 Nov 2026 02:00:00 GMT"}, Outcome(reason="answered 503")),
        (500, {}, Outcome(reason="answered 500")),
    ],
)
def test_answers(sink: Sink, answer: int, headers: dict[str, str], expected: Outcome) -> None:
    sink.answer, sink.headers = answer, headers
    assert sent(f"{sink.url}/hook") == expected
    (received,) = sink.received
    assert received.path == "/hook"
    assert "X-Auditor-Signature" not in received.headers


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("close", "without response"), ("hang", "no answer within"), ("trickle", "no answer within")],
)
def test_no_answer_leaves_it_in_doubt(sink: Sink, answer: str, reason: str) -> None:
    sink.answer = answer
    outcome = sent(sink.url, timeout=1)
    assert (outcome.in_doubt, outcome.answered) == (True, False)
    assert reason in (outcome.reason or "")


def test_a_private_authority(tmp_path: Path) -> None:
    ours, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("127.0.0.1").configure_cert(context)
    for authority, name in ((ours, "ours.pem"), (other, "other.pem")):
        authority.cert_pem.write_to_path(str(tmp_path / name))
    with Sink(context) as sink:
        url = sink.url.replace("http://", "https://")
        assert sent(url, ca_file=tmp_path / "ours.pem") == Outcome()
        assert "CERTIFICATE_VERIFY_FAILED" in (sent(url, ca_file=tmp_path / "other.pem").reason or "")
        assert "CERTIFICATE_VERIFY_FAILED" in (sent(url).reason or "")
        assert len(sink.received) == 1


def test_an_authority_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ca_file .*ca\.pem cannot be read"):
        Webhook("https://siem.example.com", hmac_key=None, ca_file=tmp_path / "ca.pem", timeout=1)
