"""Whole commands on the embedded tenant: what they write, where, and what they end with."""

from __future__ import annotations

import gzip
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, Scene, load_scene
from auditor.model.snapshot import read_snapshot
from auditor.yaml_document import bundled_schema
from tests.conftest import Runner, Start
from tests.e2e.conftest import Scan, Tenant

AT = "2026-11-23T02:00:00Z"


def read(file: Path) -> Any:
    return json.loads(file.read_bytes())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_scan_writes_both_reports_for_their_owner_alone(tenant: Tenant, auditor: Runner) -> None:
    result = auditor("scan", "--config", tenant.file)
    assert result.stdout == ""
    out = Path("out")
    assert sorted(file.name for file in out.iterdir()) == ["report.html", "report.json"]
    assert [mode(path) for path in (out, *out.iterdir())] == [0o700, 0o600, 0o600]
    report = read(out / "report.json")
    assert list(Draft202012Validator(bundled_schema("report")).iter_errors(report)) == []
    assert report["run"]["tenant"]["id"] == tenant.emulator.tenant_id
    assert all(finding["evidence"] for finding in report["findings"])
    assert report["run"]["evaluatedAt"] == report["run"]["finishedAt"]
    assert "out/report.html" in result.stderr


def test_collect_and_evaluate_say_what_scan_says(tenant: Tenant, auditor: Runner, scan: Scan) -> None:
    scanned = scan(tenant, "--at", AT)
    assert auditor("collect", "--config", tenant.file, "--snapshot", "a/s.json.gz").code == 0
    assert (mode(Path("a/s.json.gz")), mode(Path("a"))) == (0o600, 0o700)
    tenant.emulator.log.clear()
    evaluated = auditor("evaluate", "a/s.json.gz", "--at", AT, "--out", "again", "--format", "json")
    assert evaluated.code == scanned.result.code
    assert tenant.emulator.log == []
    assert scanned.report is not None

    def without_times(report: Any) -> str:
        """The findings; two collections are never at the same second."""
        return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", json.dumps(report["findings"]))

    assert without_times(read(Path("again/report.json"))) == without_times(scanned.report)


def test_the_same_snapshot_gives_the_same_bytes(tenant: Tenant, auditor: Runner) -> None:
    auditor("collect", "--config", tenant.file, "--snapshot", "s.json.gz")
    for out in ("one", "two"):
        auditor("evaluate", "s.json.gz", "--out", out)
    for name in ("report.json", "report.html"):
        assert (Path("one") / name).read_bytes() == (Path("two") / name).read_bytes()
    report = read(Path("one/report.json"))
    assert report["run"]["evaluatedAt"] == report["run"]["finishedAt"]
    auditor("evaluate", "s.json.gz", "--out", "later", "--at", "2036-11-23T02:00:00Z")
    assert read(Path("later/report.json"))["run"]["id"] != report["run"]["id"]


def test_the_time_decides_what_has_expired(tenant: Tenant, auditor: Runner) -> None:
    auditor("collect", "--config", tenant.file, "--snapshot", "s.json.gz")
    result = auditor("evaluate", "s.json.gz", "--at", "2046-01-01", "--format", "json")
    assert result.code == 10
    statuses = {f["ruleId"]: f["status"] for f in read(Path("out/report.json"))["findings"]}
    assert statuses["signing-certificate-not-expired"] == "fail"


def test_another_configuration_judges_the_same_snapshot_otherwise(tenant: Tenant, auditor: Runner) -> None:
    auditor("collect", "--config", tenant.file, "--snapshot", "s.json.gz")
    tenant.configure(
        applications=[
            {"match": {"display_name": "Another"}},
            {"profile": "gotomeeting", "product": "GoToWebinar"},
        ],
        rules={"owner-present": {"enabled": True}},
    )
    auditor("evaluate", "s.json.gz", "--config", tenant.file, "--format", "json")
    report = read(Path("out/report.json"))
    statuses = {finding["ruleId"]: finding["status"] for finding in report["findings"]}
    assert statuses["relay-state-matches"] == "fail"
    assert "owner-present" in statuses
    assert report["configuration"]["rules"] == {
        "owner-present": {"enabled": True, "reason": None, "severity": None}
    }
    tenant.configure(tenant={"id": "00000000-1111-4222-8333-444444444444"})
    result = auditor("evaluate", "s.json.gz", "--config", tenant.file)
    assert result.code == 2
    assert "does not name the snapshot's tenant" in result.stderr


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"\x1f\x8b", gzip.compress(b'{"schemaVersion": 99}', mtime=0)],
    ids=["empty", "an object", "broken gzip", "another version"],
)
def test_what_is_no_snapshot_is_refused(auditor: Runner, content: bytes) -> None:
    Path("s.json.gz").write_bytes(content)
    result = auditor("evaluate", "s.json.gz")
    assert result.code == 2
    assert "s.json.gz" in result.stderr
    assert not Path("out").exists()


def test_a_snapshot_holds_no_secret_no_token_and_no_sign_in(tenant: Tenant, auditor: Runner) -> None:
    auditor("collect", "--config", tenant.file, "--snapshot", "s.json.gz")
    text = gzip.decompress(Path("s.json.gz").read_bytes()).decode()
    assert tenant.emulator.client_secret not in text
    assert "eyJ" not in text
    assert "ipAddress" not in text
    assert read_snapshot(Path("s.json.gz").read_bytes()).tenant.id == tenant.emulator.tenant_id


def test_the_exit_code_follows_fail_on_and_accepted_gaps(tmp_path: Path, scan: Scan) -> None:
    with Emulator(load_scene("smallest"), permissions=["Application.Read.All"]) as emulator:
        tenant = Tenant(emulator, write_configuration(emulator, tmp_path / "tenant"))
        scanned = scan(tenant, "--fail-on", "critical")
        assert scanned.result.code == 3
        assert scanned.report is not None
        sections = {gap["section"] for gap in scanned.report["coverage"]["gaps"]}
        assert {"signIns", "conditionalAccessPolicies"} <= sections

        def accepted(until: str) -> list[dict[str, str]]:
            return [
                {"section": section, "reason": "known", "owner": "iam", "expires": until}
                for section in sorted(sections)
            ]

        tenant.configure(accepted_gaps=accepted("2099-12-31"))
        scanned = scan(tenant, "--fail-on", "critical")
        assert scanned.result.code == 0
        assert scanned.report is not None
        assert all(gap["accepted"] for gap in scanned.report["coverage"]["gaps"])
        tenant.configure(accepted_gaps=accepted("2020-12-31"))
        assert scan(tenant, "--fail-on", "critical").result.code == 3


def test_application_keeps_what_is_called_so(tenant: Tenant, scan: Scan) -> None:
    for name in ("GoToMeeting", "gotomeeting"):
        scanned = scan(tenant, "--application", name)
        assert scanned.report is not None
        assert [application["displayName"] for application in scanned.report["applications"]] == [
            "GoToMeeting"
        ]
    scanned = scan(tenant, "--application", "GoToMeting")
    assert scanned.result.code == 2
    assert "The nearest is gotomeeting." in scanned.result.stderr


def test_several_tenants_are_runs_of_their_own(tenant: Tenant, auditor: Runner, tmp_path: Path) -> None:
    draft = load_scene("smallest").draft
    draft.organization.name = "Fabrikam"
    with Emulator(Scene("fabrikam", draft)) as other:
        written = write_configuration(other, tmp_path / "other")
        second = Tenant(other, written)
        entry = second.read()["tenants"][0]
        entry["endpoints"]["ca_file"] = str(written.parent / "ca.pem")
        entry["credential"]["client_secret"] = f"file:{written.parent / 'client-secret'}"
        first = tenant.read()["tenants"][0]
        gone = {**first, "id": "00000000-1111-4222-8333-444444444444"}
        tenant.configure(tenants=[first, gone, entry])
        result = auditor("scan", "--config", tenant.file, "--format", "json")
        assert result.code == 1
        assert "00000000-1111-4222-8333-444444444444: " in result.stderr
        ids = {tenant.emulator.tenant_id, other.tenant_id}
        assert {file.parent.name for file in Path("out").rglob("report.json")} == ids
        tenant.configure(tenants=[first, entry])
        assert auditor("scan", "--config", tenant.file, "--format", "json").code in (0, 3, 10)
        assert auditor("scan", "--config", tenant.file, "--application", "Nothing").code == 2
        lacking = {**first, "credential": {**first["credential"], "client_secret": "env:NOT_THERE"}}
        tenant.configure(tenants=[lacking, entry])
        result = auditor("scan", "--config", tenant.file, "--format", "json")
        assert result.code == 1
        assert "NOT_THERE" in result.stderr


def test_without_a_history_nothing_is_compared(tenant: Tenant, scan: Scan) -> None:
    scanned = scan(tenant)
    assert scanned.report is not None
    assert scanned.report["comparison"] is None
    assert {finding["firstSeenAt"] for finding in scanned.report["findings"]} == {None}
    assert {finding["baselineState"] for finding in scanned.report["findings"]} == {None}


def test_rules_of_ones_own_replace_the_bundled_ones(tenant: Tenant, scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.yaml").write_text("id: broken\n")
    scanned = scan(tenant, "--rules", "mine")
    assert scanned.result.code == 2
    assert "broken.yaml:1" in scanned.result.stderr
    assert tenant.emulator.log == []


def test_a_configuration_with_a_mistake_runs_nothing(tenant: Tenant, auditor: Runner) -> None:
    tenant.configure(threshold={})
    result = auditor("scan", "--config", tenant.file)
    assert result.code == 2
    assert "auditor.yaml:" in result.stderr
    assert "did you mean 'thresholds'?" in result.stderr
    assert tenant.emulator.log == []


def test_permissions_are_checked_against_the_token(tmp_path: Path, auditor: Runner) -> None:
    held = ["Application.ReadWrite.All", "Organization.Read.All", "Mail.Read"]
    with Emulator(load_scene("smallest"), permissions=held) as emulator:
        file = write_configuration(emulator, tmp_path / "tenant")
        result = auditor("permissions", "--config", file, "--check", "--format", "json")
        assert result.code == 10
        document = json.loads(result.stdout)
        (found,) = document["tenants"]
        missing = {entry["permission"]: entry["rules"] for entry in found["missing"]}
        assert "Policy.Read.All" in missing
        assert "conditional-access-covers" in missing["Policy.Read.All"]
        assert "Application.Read.All" not in missing
        assert found["writing"] == ["Application.ReadWrite.All"]
        assert found["further"] == ["Mail.Read"]
        assert emulator.client_id in document["consent"][0]
        text = auditor("permissions", "--config", file, "--check")
        assert "may do more than read, needlessly: Application.ReadWrite.All" in text.stdout
        assert "lacks Policy.Read.All" in text.stdout


def test_the_least_permissions_are_enough(tmp_path: Path, auditor: Runner, scan: Scan) -> None:
    planned = json.loads(auditor("permissions", "--format", "json").stdout)["permissions"]
    names = [entry["permission"] for entry in planned]
    with Emulator(load_scene("smallest"), permissions=names) as emulator:
        tenant = Tenant(emulator, write_configuration(emulator, tmp_path / "tenant"))
        assert auditor("permissions", "--config", tenant.file, "--check").code == 0
        scanned = scan(tenant)
        assert scanned.report is not None
        assert [gap for gap in scanned.report["coverage"]["gaps"] if gap["reason"] == "permission"] == []


def test_the_demo_shows_an_audit_and_ends_with_0(auditor: Runner) -> None:
    result = auditor("demo", "--out", "shown")
    assert result.code == 0
    assert "A scan would have ended with exit code 10" in result.stderr
    shown = sorted(file.name for file in Path("shown").iterdir())
    assert shown == ["drift.json", "report.html", "report.json"]
    report = read(Path("shown/report.json"))
    changed = {(it["application"]["displayName"], it["property"]) for it in report["drift"]["changes"]}
    assert ("GoToTraining", "servicePrincipal.replyUrls") in changed
    assert ("GoToWebinar", "servicePrincipal.appRoleAssignmentRequired") in changed
    assert [(it["kind"], it["via"]["name"]) for it in report["drift"]["access"]] == [
        ("gained", None),
        ("gained", "Marketing"),
    ]
    assert (report["comparison"]["new"], len(report["comparison"]["absent"])) == (4, 1)
    assert report["summary"]["fail"] > 0
    assert report["summary"]["pass"] > 0
    assert sorted(path.name for path in Path().iterdir()) == ["shown"]
    assert auditor("report", "render", "shown/report.json", "--out", "again").code == 0
    assert Path("again/report.html").read_bytes() == Path("shown/report.html").read_bytes()


def test_the_emulator_serves_what_a_scan_in_another_process_reads(
    auditor_process: Start, auditor: Runner, tmp_path: Path
) -> None:
    process = auditor_process("emulator", "--port", 0, "--scene", "smallest", "--write", "tenant")
    assert process.stdout is not None
    command = process.stdout.readline().split()
    assert command[:3] == ["auditor", "scan", "--config"]
    assert mode(tmp_path / "tenant" / "client-secret") == 0o600
    result = auditor("scan", "--config", tmp_path / command[3], "--format", "json")
    assert result.code in (0, 3, 10)
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode == 0
