"""When things go wrong: one clear line with the remedy, exit 1, nothing written half. Through the command."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.emulator import Emulator, Fault, Scene, load_scene
from auditor.emulator.requests import Json
from tests.conftest import Runner, Start
from tests.e2e.conftest import Scan, Scanned, Tenant

TOKEN = "/oauth2/v2.0/token"


def one_clear_line(scanned: Scanned, *words: str) -> None:
    """Exit 1, no report, one line on what happened and one on what to do."""
    assert scanned.result.code == 1, scanned.result.stderr
    assert scanned.report is None
    lines = scanned.result.stderr.splitlines()
    assert len(lines) == 2, scanned.result.stderr
    assert lines[0].startswith("auditor: ")
    assert lines[1].startswith("  ")
    for word in words:
        assert word in scanned.result.stderr
    assert not Path("out").exists()


def test_a_wrong_secret(tenant: Tenant, scan: Scan) -> None:
    (tenant.file.parent / "client-secret").write_text("not-the-secret")
    scanned = scan(tenant)
    one_clear_line(scanned, "the client secret is wrong", "AADSTS7000215")
    assert "not-the-secret" not in scanned.result.stderr


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_libraries_write_no_lines_of_their_own(
    log_format: str, tenant: Tenant, auditor_process: Start
) -> None:
    """azure-identity logs a warning about the wrong secret; a process without handlers would print it."""
    (tenant.file.parent / "client-secret").write_text("not-the-secret")
    process = auditor_process("scan", "--config", tenant.file, "--log-format", log_format)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    lines = said.splitlines()
    if log_format == "json":
        assert [json.loads(line)["level"] for line in lines] == ["error"]
    else:
        assert [line.partition(": ")[0] for line in lines[:1]] == ["auditor"]
        assert len(lines) == 2


def test_a_secret_that_the_environment_lacks(tenant: Tenant, scan: Scan) -> None:
    credential = {"type": "client-secret", "client_id": "a", "client_secret": "env:NOT_THERE"}
    tenant.configure(tenant={"credential": credential})
    scanned = scan(tenant)
    assert scanned.result.code == 2
    assert "NOT_THERE" in scanned.result.stderr
    assert scanned.report is None


@pytest.mark.parametrize("expired", [False, True])
def test_a_client_certificate(expired: bool, tmp_path: Path, scan: Scan) -> None:
    draft = load_scene("smallest").draft
    draft.client.certificate_expired = expired
    with Emulator(Scene("certificate", draft)) as emulator:
        from auditor.cli.emulator import write_configuration

        tenant = Tenant(emulator, write_configuration(emulator, tmp_path / "tenant"))
        tenant.configure(
            tenant={
                "credential": {
                    "type": "client-certificate",
                    "client_id": emulator.client_id,
                    "certificate_path": str(emulator.certificate_file),
                }
            }
        )
        scanned = scan(tenant)
    if expired:
        one_clear_line(scanned, "certificate", "expired")
    else:
        assert scanned.report is not None


def test_an_unknown_tenant(tenant: Tenant, scan: Scan) -> None:
    tenant.configure(tenant={"id": "00000000-1111-4222-8333-444444444444"})
    one_clear_line(scan(tenant), "there is no such tenant", "Check the tenant's id")


def test_no_network(tenant: Tenant, scan: Scan) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        origin = f"https://127.0.0.1:{unused.getsockname()[1]}"
        tenant.configure(tenant={"endpoints": {"graph": origin, "login": origin}})
        one_clear_line(scan(tenant), "127.0.0.1")


def test_no_name_for_the_host(tenant: Tenant, scan: Scan) -> None:
    origin = "https://nowhere.invalid"
    tenant.configure(tenant={"endpoints": {"graph": origin, "login": origin}})
    one_clear_line(scan(tenant), "nowhere.invalid")


def test_a_certificate_that_nobody_trusts(tenant: Tenant, scan: Scan) -> None:
    origin = tenant.emulator.url
    tenant.configure(tenant={"endpoints": {"graph": origin, "login": origin}})
    one_clear_line(scan(tenant), "certificate")
    assert tenant.emulator.log == []


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_wrong_clock(tenant: Tenant, scan: Scan, hours: int) -> None:
    tenant.emulator.faults.clock_offset = timedelta(hours=hours)
    one_clear_line(scan(tenant), "clock", "fast" if hours < 0 else "slow")


@pytest.mark.parametrize("place", ["a-file", "a-file/deeper"])
def test_an_output_directory_that_cannot_be_is_told_before_anything_is_asked(
    tenant: Tenant, auditor: Runner, place: str
) -> None:
    Path("a-file").write_text("")
    result = auditor("scan", "--config", tenant.file, "--out", place)
    assert result.code in (1, 2)
    assert "a-file" in result.stderr
    assert tenant.emulator.log == []


def test_a_snapshot_that_cannot_be_written_is_told_before_anything_is_asked(
    tenant: Tenant, auditor: Runner
) -> None:
    Path("a-file").write_text("")
    result = auditor("collect", "--config", tenant.file, "--snapshot", "a-file/snapshot.json.gz")
    assert result.code == 1
    assert tenant.emulator.log == []


def test_one_resource_is_forbidden_and_the_rest_stands(tenant: Tenant, scan: Scan) -> None:
    sound = scan(tenant).by_rule
    tenant.emulator.faults.add(Fault(match=lambda q: "conditionalAccess" in q.path, status=403))
    scanned = scan(tenant)
    assert scanned.by_rule.pop("conditional-access-covers") == {"not-evaluated"}
    sound.pop("conditional-access-covers")
    found = scanned.by_rule
    found.pop("conditional-access-covers")
    assert found == sound
    assert scanned.report is not None
    (gap,) = [gap for gap in scanned.report["coverage"]["gaps"] if gap["reason"] == "permission"]
    assert (gap["permission"], gap["httpStatus"], gap["accepted"]) == ("Policy.Read.All", 403, False)
    assert "conditionalAccessPolicies: grant Policy.Read.All" in scanned.result.stderr


def test_throttling_is_waited_out(tenant: Tenant, scan: Scan) -> None:
    sound = scan(tenant).by_rule
    for status in (429, 503):
        tenant.emulator.faults.add(
            Fault(match=lambda q: q.path.endswith("/owners"), status=status, retry_after=1, times=1)
        )
    start = time.monotonic()
    assert scan(tenant).by_rule == sound
    assert time.monotonic() - start >= 1


@pytest.mark.parametrize("status", [429, 503])
def test_throttling_without_end_is_a_gap(tenant: Tenant, scan: Scan, status: int) -> None:
    tenant.emulator.faults.add(
        Fault(match=lambda q: "conditionalAccess" in q.path, status=status, retry_after=1)
    )
    scanned = scan(tenant, "--max-wait", 2)
    assert scanned.by_rule["conditional-access-covers"] == {"not-evaluated"}
    assert scanned.report is not None
    reasons = {gap["section"]: gap["reason"] for gap in scanned.report["coverage"]["gaps"]}
    assert reasons["conditionalAccessPolicies"] == "throttled"
    assert tenant.asked("conditionalAccess")


def test_a_token_that_ends_in_the_middle_is_renewed_once(tenant: Tenant, scan: Scan) -> None:
    sound = scan(tenant).by_rule
    tenant.emulator.log.clear()
    tenant.emulator.faults.add(Fault(match="/v1.0/$batch", status=401, times=1))
    tenant.emulator.faults.add(Fault(match=lambda q: q.path.endswith("/owners"), status=401, times=1))
    assert scan(tenant).by_rule == sound
    assert len([r for r in tenant.emulator.log if r.url.endswith(TOKEN) and r.status == 200]) == 2


def test_a_token_that_is_refused_for_good_is_not_asked_for_without_end(tenant: Tenant, scan: Scan) -> None:
    tenant.emulator.faults.add(Fault(match=lambda q: q.path.startswith("/v1.0"), status=401))
    scanned = scan(tenant)
    assert len(tenant.asked(TOKEN)) <= 2
    statuses = set().union(*scanned.by_rule.values()) if scanned.report else set()
    assert not statuses & {"pass", "fail"}
    assert scanned.result.code in (1, 3)


@pytest.fixture
def awkward(tmp_path: Path) -> Iterator[Tenant]:
    """The smallest tenant, its lists in pages of one with an empty page first and items repeated."""
    from auditor.cli.emulator import write_configuration

    draft = load_scene("smallest").draft
    draft.options.page_size = 1
    draft.options.empty_pages = True
    draft.options.repeated_items = True
    with Emulator(Scene("awkward", draft)) as emulator:
        yield Tenant(emulator, write_configuration(emulator, tmp_path / "awkward"))


def test_empty_pages_and_repeated_items_change_nothing(tenant: Tenant, awkward: Tenant, scan: Scan) -> None:
    assert scan(awkward).by_rule == scan(tenant).by_rule
    assert awkward.asked("$skip")


@pytest.mark.parametrize("body", [{"value": None}, {"value": 3}, {"value": [None, 3, {}]}, {"error": 3}])
def test_answers_of_a_strange_shape_are_not_judged(tenant: Tenant, scan: Scan, body: Json) -> None:
    sound = scan(tenant).by_rule
    tenant.emulator.faults.add(Fault(match=lambda q: q.path.endswith("/appRoleAssignedTo"), body=body))
    found = scan(tenant).by_rule
    for rule in ("assignments-present", "no-guests-assigned"):
        assert sound[rule] == {"pass"}
        assert found[rule] == {"not-evaluated"}
    assert found["reply-url-matches"] == sound["reply-url-matches"]


METADATA = "/federationmetadata/2007-06/federationmetadata.xml"


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ({"status": 404, "body": b"not here"}, {"metadata-available": "fail"}),
        ({"body": b"x" * 2_000_000}, {"metadata-available": "not-evaluated"}),
        ({"body": b"<html>sign in</html>"}, {"metadata-signature-valid": "fail"}),
        ({"body": b"not XML"}, {"metadata-signature-valid": "not-evaluated"}),
        ({"body": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, {"metadata-signature-valid": "fail"}),
        ({"body": b""}, {"metadata-signature-valid": "not-evaluated"}),
    ],
    ids=["missing", "oversized", "another document", "not XML", "DTD", "empty"],
)
def test_metadata_that_is_not_what_it_should_be(
    tenant: Tenant, scan: Scan, fault: dict[str, object], statuses: dict[str, str]
) -> None:
    tenant.emulator.faults.add(Fault(match=lambda q: q.path.endswith(METADATA), **fault))  # type: ignore[arg-type]
    found = scan(tenant).by_rule
    for rule, status in statuses.items():
        assert found[rule] == {status}
    assert "pass" not in found["metadata-signature-valid"]
    assert found["metadata-lists-active-certificate"] != {"pass"}


def test_interrupted_while_it_reads_it_leaves_no_report(
    tenant: Tenant, auditor_process: Start, tmp_path: Path
) -> None:
    tenant.emulator.faults.add(Fault(match=lambda q: "conditionalAccess" in q.path, delay=60))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_text("yesterday's")
    process = auditor_process("scan", "--config", tenant.file, "--out", "out")
    deadline = time.monotonic() + 60
    while not tenant.asked("/organization") and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["report.json"]
    assert (tmp_path / "out" / "report.json").read_text() == "yesterday's"


def test_no_secret_and_no_token_is_told_at_any_level(tenant: Tenant, auditor: Runner) -> None:
    secret = tenant.emulator.client_secret
    for form in ("text", "json"):
        result = auditor(
            *("scan", "--config", tenant.file, "--out", "out", "--verbose", "--log-format", form),
        )
        assert result.stdout == ""
        assert "GET /v1.0/identity/conditionalAccess/policies" in result.stderr
        assert secret not in result.stderr
        assert "eyJ" not in result.stderr  # how every token begins
        if form == "json":
            assert all(json.loads(line)["level"] for line in result.stderr.splitlines())
