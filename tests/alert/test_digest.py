"""One message for people: the worst first, failures by name, nothing that a chat or mail acts on."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.alert.apprise import Apprise
from auditor.alert.digest import digest, harmless
from auditor.errors import UsageError
from auditor.history import Letter
from auditor.secret import mask
from tests.alert.sink import Sink
from tests.alert.test_webhook import letter

TENANT = {"id": "t-1", "displayName": "Contoso", "domain": "contoso.com"}
ATTACK = (
    "@channel <!everyone> <@U123> <at>all</at> [x](https://evil.example) **b** <b>b</b> `c` \u202egpj @here"
)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def told(text: str, *, event: str = "new", severity: str = "high", in_doubt: bool = False) -> Letter:
    body = {"event": event, "severity": severity, "text": text, "tenant": TENANT, "reportUrl": None}
    return letter(json.dumps(body), in_doubt=in_doubt)


def test_the_worst_first_and_what_is_solved_last() -> None:
    message = digest(
        [
            told("Solved: A: fine", event="solved", severity="critical"),
            told("New: B: bad", severity="medium"),
            told("New: C: worse", severity="critical"),
            told("Incomplete: owners", event="incomplete", severity="medium"),
        ]
    )
    assert message.title == "Contoso: New: C: worse (and 3 more)"
    assert message.body.splitlines() == [
        "CRITICAL New: C: worse",
        "MEDIUM Incomplete: owners",
        "MEDIUM New: B: bad",
        "CRITICAL Solved: A: fine",
    ]
    assert not message.is_good
    assert digest([told("Solved: A: fine", event="solved")]).is_good


def test_many_are_cut_after_the_worst_and_the_report_is_named() -> None:
    letters = [told(f"New: {number:02}", severity="low") for number in range(30)]
    letters.append(told("New: the worst", severity="critical"))
    url = "https://audit.example.com/report.html"
    letters = [
        replace(each, body=json.dumps({**json.loads(each.body), "reportUrl": url})) for each in letters
    ]
    lines = digest(letters).body.splitlines()
    assert lines[0] == "CRITICAL New: the worst"
    assert lines[20:] == ["and 11 more, none of them more severe; the report has all.", url]


def test_one_that_may_have_been_told_says_so() -> None:
    assert "may have been told before" in digest([told("New: A", in_doubt=True)]).body
    assert "may have been told before" not in digest([told("New: A")]).body


@given(st.text())
def test_nothing_in_it_calls_or_links(text: str) -> None:
    plain = harmless(f"{text} {ATTACK} {text}")
    assert "://" not in plain
    assert "](" not in plain
    assert "<!" not in plain
    assert "<@" not in plain
    for word in ("@channel", "@here", "@everyone", "\u202e", "\n", "\r"):
        assert word not in plain.replace(f"x{word}", "")


def test_addresses_of_people_stay_readable() -> None:
    assert harmless("britta.simon@contoso.com") == "britta.simon@contoso.com"


@pytest.mark.parametrize(
    ("url", "forbidden"),
    [
        (
            "mmost://{host}/abcdefghijklmnopqrstuvwxyz?format=markdown",
            ["**b**", "](", "`c`", "@channel", "@here"],
        ),
        ("mmost://{host}/abcdefghijklmnopqrstuvwxyz", ["@channel", "@here"]),
        ("json://{host}/hook?format=html", ["<b>", "<at>", "@channel", "<!"]),
        ("rocket://webhook/abcdefghijklm@{host}", ["@channel", "@here", "<!"]),
    ],
)
def test_what_reaches_services(sink: Sink, url: str, forbidden: list[str]) -> None:
    host = sink.url.removeprefix("http://")
    channel = Apprise(url.format(host=host), name="apprise env:X", timeout=5, of_run=True)
    outcome = channel.send([told(f"New: {ATTACK}"), told("Solved: B: fine", event="solved")])
    assert outcome.reason is None
    (received,) = sink.received
    body = json.loads(received.body)
    text = body.get("text") or body.get("message")
    assert "gpj" in text
    assert "Solved: B: fine" in text.replace("\\", "").replace("&nbsp;", " ")
    for part in forbidden:
        assert part not in text


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to receive a message."""

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        in_data = False
        for line in self.rfile:
            if in_data:
                self.server.mail.append(line)  # type: ignore[attr-defined]
                if line == b".\r\n":
                    in_data = False
                    self.wfile.write(b"250 kept\r\n")
            elif line.upper().startswith(b"DATA"):
                in_data = True
                self.wfile.write(b"354 go\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


def test_a_mail() -> None:
    import email
    import email.policy

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail) as server:
        server.daemon_threads = True
        server.mail = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        port = server.server_address[1]
        url = f"mailto://127.0.0.1:{port}?from=audit@example.com&to=team@example.com&mode=insecure"
        channel = Apprise(url, name="apprise env:X", timeout=10, of_run=True)
        outcome = channel.send([told(f"New: {ATTACK}"), told("New: B: bad")])
        server.shutdown()
        assert outcome.reason is None
        lines = server.mail  # type: ignore[attr-defined]
    message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
    assert message["Subject"].startswith("Contoso: New:")
    body = message.get_body(("html", "plain"))
    assert body is not None
    text = body.get_content()
    assert "B: bad" in text
    if body.get_content_type() == "text/html":
        assert "<b>b</b>" not in text
    assert "https://evil" not in text


def test_a_service_that_refuses(sink: Sink) -> None:
    sink.answer = 403
    host = sink.url.removeprefix("http://")
    secret = "abcdefghijklmnopqrstuvwxyz"
    channel = Apprise(f"mmost://{host}/{secret}", name="apprise env:X", timeout=5, of_run=True)
    outcome = channel.send([told("New: A")])
    assert outcome.reason is not None
    assert secret not in outcome.reason
    assert mask(secret) == "***"


def test_a_service_that_hangs(sink: Sink) -> None:
    sink.answer = "hang"
    host = sink.url.removeprefix("http://")
    channel = Apprise(f"json://{host}/?rto=20", name="apprise env:X", timeout=1, of_run=True)
    outcome = channel.send([told("New: A")])
    assert (outcome.in_doubt, outcome.reason) == (True, "no answer within 1 seconds")


def test_a_url_that_apprise_does_not_know() -> None:
    with pytest.raises(
        UsageError, match="what apprise env:X refers to is no URL that apprise understands"
    ) as e:
        Apprise("nonsense-secret", name="apprise env:X", timeout=5, of_run=True)
    assert "nonsense-secret" not in str(e.value)
