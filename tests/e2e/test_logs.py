"""What is logged: JSON lines with the id of the run, and no secret, at any level, whatever goes wrong."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.emulator import Fault
from auditor.secret import mask
from tests.conftest import Runner, Start
from tests.e2e.conftest import Tenant

WRONG = "Wr0ng-cl1ent-s3cret"
OF_PROXY = "Pr0xy-p4ssword"
OF_STORE = "St0re-p4ssword"
OF_HEARTBEAT = "He4rtbeat-tok3n-in-the-path"
LIBRARIES = ("msal", "azure", "httpx", "httpcore", "urllib3", "requests", "apprise", "sqlalchemy", "asyncio")
TOKEN = re.compile(r"eyJ[\w-]{8,}\.")

Break = Callable[[Tenant, pytest.MonkeyPatch], object]


def nothing(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan that is made."""


def wrong_secret(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    (tenant.file.parent / "client-secret").write_text(WRONG)


def refused_in_the_middle(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.emulator.faults.add(Fault(match=lambda question: "/owners" in question.path, status=401))


def proxy_with_a_password(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://robot:{OF_PROXY}@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    origin = "https://graph.invalid"
    tenant.configure(tenant={"endpoints": {"graph": origin, "login": origin}})


def store_with_a_password(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_HISTORY", f"postgresql://robot:{OF_STORE}@127.0.0.1:9/audit")
    tenant.configure(history="env:AUDITOR_HISTORY")


def heartbeat_that_nobody_hears(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTBEAT", f"https://127.0.0.1:9/ping/{OF_HEARTBEAT}")
    tenant.configure(heartbeat="env:HEARTBEAT")


WAYS: tuple[Break, ...] = (
    nothing,
    wrong_secret,
    refused_in_the_middle,
    proxy_with_a_password,
    store_with_a_password,
    heartbeat_that_nobody_hears,
)


@pytest.fixture
def talkative() -> Iterator[None]:
    """All libraries log everything they can."""
    before = {name: logging.getLogger(name).level for name in LIBRARIES}
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def lines(said: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.usefixtures("talkative")
@pytest.mark.parametrize("broken", WAYS, ids=lambda way: way.__name__)
def test_no_secret_and_no_token(
    broken: Break, tenant: Tenant, auditor: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = (tenant.file.parent / "client-secret").read_text().strip()
    broken(tenant, monkeypatch)
    said = auditor("scan", "--config", tenant.file, "--verbose", "--log-format", "json")
    for word in (secret, WRONG, OF_PROXY, OF_STORE, OF_HEARTBEAT):
        assert word not in said.stderr + said.stdout
    assert TOKEN.search(said.stderr + said.stdout) is None
    entries = lines(said.stderr)
    assert entries
    assert len({entry["run"] for entry in entries}) == 1
    for entry in entries:
        assert {"time", "level", "run", "event", "message"} <= entry.keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["time"])


def test_the_report_can_be_found_from_the_log(tenant: Tenant, auditor: Runner) -> None:
    said = auditor("scan", "--config", tenant.file, "--log-format", "json", "--verbose", "--format", "json")
    complete = [entry for entry in lines(said.stderr) if entry["event"] == "scan-complete"]
    report = json.loads((Path("out") / "report.json").read_bytes())
    assert [entry["runId"] for entry in complete] == [report["run"]["id"]]
    asked = [entry for entry in lines(said.stderr) if entry["event"] == "request"]
    assert asked
    assert {entry["tenant"] for entry in asked} == {tenant.read()["tenants"][0]["id"]}


@pytest.mark.parametrize(
    "arguments",
    [("--no-such-option",), ("--config", "nowhere.yaml"), ("--at", "never")],
    ids=lambda it: it[0],
)
def test_a_wrong_command_line_is_told_in_json_too(arguments: tuple[str, ...], auditor: Runner) -> None:
    said = auditor("scan", "--log-format", "json", *arguments)
    assert said.code == 2
    (entry,) = lines(said.stderr)
    assert entry["level"] == "error"
    assert entry["event"] == "failed"


def test_two_calls_have_two_ids(auditor_process: Start) -> None:
    found: set[str] = set()
    for _ in range(2):
        process = auditor_process("scan", "--config", "nowhere.yaml", "--log-format=json")
        _, said = process.communicate(timeout=60)
        found.update(entry["run"] for entry in lines(said))
    assert len(found) == 2


def test_tokens_and_passwords_in_urls_are_masked_unasked() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyb2JvdCJ9.c2lnbmF0dXJl"
    said = mask(f"refused {token}; proxy http://robot:{OF_PROXY}@proxy.example:8080/ and {token[:40]}")
    assert "eyJ" not in said
    assert OF_PROXY not in said
    assert "proxy.example:8080" in said
    assert (
        mask("https://example.com:8443/a@b, ada@contoso.com")
        == "https://example.com:8443/a@b, ada@contoso.com"
    )
