"""Alerts through the commands: what is told, once, to whom, and what happens when nobody listens."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auditor.emulator import Fault
from tests.alert.sink import Sink
from tests.conftest import Runner, Start
from tests.e2e.conftest import Scan, Tenant
from tests.e2e.test_history import RULE, changed

KEY = "correct-horse-battery"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


@pytest.fixture
def told(tenant: Tenant, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """The smallest tenant, all of its alerts sent to the sink."""
    monkeypatch.setenv("SIEM_KEY", KEY)
    tenant.configure(
        history="sqlite:///auditor.db",
        alerts=[
            {"to": {"webhook": f"{sink.url}/hook", "hmac_key": "env:SIEM_KEY", "timeout": 1}, "on": ["all"]}
        ],
        report_url="https://audit.example.com/{tenant}/{run}",
    )
    return tenant


def of(events: list[Any], kind: str, rule: str = RULE) -> list[Any]:
    """The events of a kind; of findings those of the rule."""
    found = [event for event in events if event["event"] == kind]
    return [event for event in found if event.get("finding", {}).get("ruleId", rule) == rule]


def test_what_is_new_and_what_is_solved_is_told_once(told: Tenant, scan: Scan, sink: Sink) -> None:
    first = scan(told)
    assert first.report is not None
    assert first.report["undelivered"] == []
    fails = {f["fingerprint"] for f in first.report["findings"] if f["status"] == "fail"}
    assert {event["finding"]["fingerprint"] for event in sink.events if event["event"] == "new"} == fails
    for each in sink.received:
        assert each.path == "/hook"
        signature = hmac.new(KEY.encode(), each.body, hashlib.sha256).hexdigest()
        assert each.headers["X-Auditor-Signature"] == f"sha256={signature}"
        assert each.headers["Idempotency-Key"] == each.event["id"]
        assert each.headers["Content-Type"] == "application/json"
        assert {"id", "event", "runId", "tenant", "at", "severity", "text", "reportUrl"} <= set(each.event)
    sink.received.clear()
    scan(told)
    assert sink.received == []

    with changed(told):
        bad = scan(told)
    assert bad.report is not None
    (new,) = of(sink.events, "new")
    assert new["runId"] == bad.report["run"]["id"]
    assert new["severity"] == new["finding"]["severity"]
    assert new["finding"]["message"] in new["text"]
    assert new["tenant"] == bad.report["run"]["tenant"]
    assert new["reportUrl"] == f"https://audit.example.com/{new['tenant']['id']}/{new['runId']}"
    (drift,) = of(sink.events, "drift")
    assert drift["change"] == bad.report["drift"]["changes"][0]
    assert drift["change"]["property"] == "servicePrincipal.notificationEmailAddresses"
    assert "notificationEmailAddresses" in drift["text"]
    sink.received.clear()

    scan(told)
    (solved,) = of(sink.events, "solved")
    assert solved["finding"]["status"] == "fail"
    assert of(sink.events, "new") == []
    with changed(told):  # what was solved and comes back is new again
        scan(told)
    (again,) = of(sink.events, "new")
    assert again["id"] != new["id"]
    assert set(sink.keys.values()) == {1}


@pytest.mark.parametrize(
    ("answer", "reason"), [(500, "answered 500"), ("hang", "no answer within 1 seconds")]
)
def test_what_could_not_be_told_is_in_the_report_and_told_by_the_next_scan(
    told: Tenant, scan: Scan, sink: Sink, answer: int | str, reason: str
) -> None:
    told.configure(alerts=[{**told.read()["alerts"][0], "on": ["solved"]}])
    with changed(told):
        scan(told)
    assert sink.received == []
    sink.answer = answer
    late = scan(told)
    assert late.result.code == 1
    assert late.report is not None
    (undelivered,) = late.report["undelivered"]
    assert undelivered["event"] == "solved"
    assert undelivered["to"] == f"webhook {sink.url}/hook"
    assert reason in undelivered["reason"]
    assert undelivered["attempts"] == 3
    assert undelivered["text"] in late.result.stderr
    assert {each.path for each in sink.received} == {"/hook"}

    tried = sink.keys
    sink.answer = 204
    better = scan(told)
    assert better.result.code != 1
    assert better.report is not None
    assert better.report["undelivered"] == []
    assert len(sink.keys) == 1
    assert sum(sink.keys.values()) == sum(tried.values()) + 1
    assert len({each.body for each in sink.received}) == 1


def test_a_receiver_that_is_not_there_holds_up_no_other(
    told: Tenant, scan: Scan, sink: Sink, tmp_path: Path
) -> None:
    gone = {"to": {"webhook": "http://127.0.0.1:9/hook", "timeout": 1}}
    file = {"to": {"file": "alerts.jsonl"}}
    told.configure(alerts=[gone, *told.read()["alerts"], file, {"to": {"stdout": True}, "on": ["new"]}])
    result = scan(told)
    assert result.result.code == 1
    assert result.report is not None
    assert {each["to"] for each in result.report["undelivered"]} == {"webhook http://127.0.0.1:9/hook"}
    assert {each["reason"] for each in result.report["undelivered"]} == {"[Errno 111] Connection refused"}
    lines = (told.file.parent / "alerts.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == sink.events
    assert (told.file.parent / "alerts.jsonl").stat().st_mode & 0o777 == 0o600
    printed = [json.loads(line) for line in result.result.stdout.splitlines()]
    assert printed == [event for event in sink.events if event["event"] == "new"]
    again = scan(told)
    assert again.result.stdout == ""
    assert len((told.file.parent / "alerts.jsonl").read_text().splitlines()) == len(lines)


def test_an_alert_whose_channel_is_gone_is_given_up(told: Tenant, scan: Scan, sink: Sink) -> None:
    sink.answer = 500
    assert scan(told).result.code == 1
    sink.received.clear()
    told.configure(alerts=[{"to": {"file": "alerts.jsonl"}}])
    result = scan(told)
    assert result.result.code != 1
    assert "given up: their channels are no longer configured" in result.result.stderr
    assert sink.received == []


def test_a_scan_that_fails_is_told_once_a_day(told: Tenant, scan: Scan, sink: Sink) -> None:
    scan(told)
    sink.received.clear()
    endpoints = told.read()["tenants"][0]["endpoints"]
    told.configure(tenant={"endpoints": {**endpoints, "login": "https://127.0.0.1:9"}})
    assert scan(told).result.code == 1
    assert scan(told).result.code == 1
    (event,) = sink.events
    assert event["event"] == "failed"
    assert event["runId"] is None
    assert "127.0.0.1:9" in event["text"]
    told.configure(tenant={"endpoints": endpoints})
    scan(told)
    told.configure(tenant={"endpoints": {**endpoints, "login": "https://127.0.0.1:9"}})
    scan(told)
    assert [each["event"] for each in sink.events] == ["failed", "failed"]


def test_a_gap_is_told_when_it_opens_and_no_finding_of_it_as_solved(
    told: Tenant, scan: Scan, sink: Sink
) -> None:
    with changed(told):
        scan(told)
        sink.received.clear()
        told.emulator.faults.add(
            Fault(match=lambda question: "/servicePrincipals/" in question.url, status=403)
        )
        try:
            scan(told)
            scan(told)
        finally:
            told.emulator.faults.clear()
        (event,) = sink.events
        assert event["event"] == "incomplete"
        assert "servicePrincipals (permission" in event["text"]
        assert event["gaps"]
        scan(told)
        assert len(sink.events) == 1


def test_no_secret_is_kept_or_said(
    told: Tenant, scan: Scan, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = f"{sink.url}/services/T0000000000/B0000000000/verysecretpartofthehook?auth=anothersecret"
    monkeypatch.setenv("HOOK", hook)
    told.configure(alerts=[{"to": {"webhook": "env:HOOK", "hmac_key": "env:SIEM_KEY"}}], heartbeat="env:HOOK")
    sink.answer = 404
    result = scan(told, "--verbose")
    assert result.result.code == 1
    assert result.report is not None
    assert {each["to"] for each in result.report["undelivered"]} == {"webhook env:HOOK"}
    folder = told.file.parent
    with closing(sqlite3.connect(folder / "auditor.db")) as raw:
        stored = "\n".join(raw.iterdump())
    everything = stored + result.result.stderr + result.result.stdout + json.dumps(result.report)
    for secret in ("verysecret", "anothersecret", KEY):
        assert secret not in everything


def test_alert_test_says_what_became_of_the_sample(told: Tenant, auditor: Runner, sink: Sink) -> None:
    told.configure(alerts=[*told.read()["alerts"], {"to": {"file": "alerts.jsonl"}}])
    result = auditor("alert", "test", "--config", told.file)
    assert (result.code, result.stdout) == (0, f"webhook {sink.url}/hook: told\nfile alerts.jsonl: told\n")
    (event,) = sink.events
    assert "auditor alert test" in event["text"]
    assert not (told.file.parent / "auditor.db").exists()
    sink.answer = 500
    result = auditor("alert", "test", "--config", told.file)
    assert result.code == 1
    assert f"webhook {sink.url}/hook: not told: answered 500\n" in result.stdout


def test_the_heartbeat(told: Tenant, scan: Scan, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEART", f"{sink.url}/3f1c2a54-5a0d-4b0e-9d0e-7d1f6a0c9b11?create=1")
    told.configure(alerts=[], heartbeat="env:HEART")
    scan(told)
    id = "/3f1c2a54-5a0d-4b0e-9d0e-7d1f6a0c9b11"
    assert [each.path for each in sink.received] == [f"{id}/start?create=1", f"{id}?create=1"]
    sink.received.clear()
    good = told.read()["tenants"][0]["endpoints"]
    told.configure(tenant={"endpoints": {**good, "login": "https://127.0.0.1:9"}})
    scan(told)
    assert [each.path for each in sink.received] == [f"{id}/start?create=1", f"{id}/fail?create=1"]
    told.configure(tenant={"endpoints": good})
    sink.answer = 503
    result = scan(told)
    assert result.report is not None
    assert result.result.code != 1
    assert "the heartbeat was not heard (success): answered 503" in result.result.stderr
    assert "3f1c2a54-5a0d-4b0e" not in result.result.stderr


def test_killed_while_it_tells(
    told: Tenant, scan: Scan, sink: Sink, auditor_process: Start, tmp_path: Path
) -> None:
    sink.answer = "hang"
    told.configure(alerts=[{**told.read()["alerts"][0], "to": {"webhook": sink.url, "timeout": 120}}])
    process = auditor_process("scan", "--config", told.file, "--format", "json", "--out", "out")
    with process:
        while not sink.received:
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    sink.answer = 200
    first = sink.received[0]
    result = scan(told)
    assert result.report is not None
    assert result.report["comparison"] is not None  # the run that was killed is complete
    assert result.report["undelivered"] == []
    fails = {f["fingerprint"] for f in result.report["findings"] if f["status"] == "fail"}
    new = {e["finding"]["fingerprint"] for e in sink.events if e["event"] == "new"}
    assert new == fails
    assert [each.body for each in sink.received].count(first.body) == 2
    repeated = {key for key, times in sink.keys.items() if times > 1}
    assert repeated == {first.headers["Idempotency-Key"]}


def test_reports_that_cannot_be_put_in_place(
    told: Tenant, auditor: Runner, sink: Sink, tmp_path: Path
) -> None:
    (tmp_path / "out" / "report.json").mkdir(parents=True)
    result = auditor("scan", "--config", told.file, "--format", "json", "--out", "out")
    assert result.code == 1
    kinds = [event["event"] for event in sink.events]
    assert kinds.count("failed") == 1
    assert "new" in kinds  # the run is in the store, and what it found is told


def test_a_digest_per_run(told: Tenant, scan: Scan, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT", sink.url.replace("http://", "json://") + "/chat")
    told.configure(alerts=[{"to": {"apprise": "env:CHAT"}}])
    first = scan(told)
    assert first.report is not None
    fails = [f for f in first.report["findings"] if f["status"] == "fail"]
    assert len(fails) > 1
    (message,) = sink.events
    for finding in fails:
        assert finding["message"][:40] in message["message"]
    assert "more)" in message["title"]
    scan(told)
    assert len(sink.events) == 1
    sink.answer = 500
    with changed(told):
        late = scan(told)
    assert late.result.code == 1
    assert late.report is not None
    assert {each["to"] for each in late.report["undelivered"]} == {"apprise env:CHAT"}


def test_a_store_that_cannot_be_used_is_told_directly(told: Tenant, scan: Scan, sink: Sink) -> None:
    scan(told)
    sink.received.clear()
    store = told.file.parent / "auditor.db"
    content = store.read_bytes()
    with closing(sqlite3.connect(store)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert scan(told).result.code == 1
        other.rollback()
    store.write_bytes(b"no database" * 1000)
    assert scan(told).result.code == 1
    assert [event["event"] for event in sink.events] == ["failed", "failed"]
    assert "is locked by another program" in sink.events[0]["text"]
    assert "is no SQLite database" in sink.events[1]["text"]
    assert len(sink.keys) == 1
    store.write_bytes(content)


def test_an_application_that_nobody_knows_is_no_failure_of_the_night(
    told: Tenant, scan: Scan, sink: Sink
) -> None:
    assert scan(told, "--application", "nonsense").result.code == 2
    assert sink.received == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alerts": [{"to": {"webhook": "env:UNSET"}}]}, "env:UNSET refers to an environment variable"),
        ({"alerts": [{"to": {"apprise": "env:SIEM_KEY"}}]}, "is no URL that apprise understands"),
        (
            {"alerts": [{"to": {"webhook": "env:SIEM_KEY"}}]},
            "what webhook env:SIEM_KEY refers to is no https URL",
        ),
        ({"heartbeat": "env:SIEM_KEY"}, "what env:SIEM_KEY refers to is no https URL"),
        ({"history": None}, "alerts need a history"),
    ],
)
def test_what_stops_before_anything_is_asked(
    told: Tenant, scan: Scan, change: dict[str, Any], said: str
) -> None:
    configuration = told.read()
    configuration.update(change)
    kept = {key: value for key, value in configuration.items() if value is not None}
    told.file.write_text(json.dumps(kept))
    result = scan(told)
    assert result.result.code == 2
    assert said in result.result.stderr
    assert KEY not in result.result.stderr
    assert told.emulator.log == []
