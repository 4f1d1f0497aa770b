"""What the directory audit log is asked for by the commands, and what a night without it looks like."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, Fault, Scene, load_scene
from tests.conftest import Runner
from tests.e2e.conftest import Scan, Tenant

LOG = "/auditLogs/directoryAudits"
APP = "GoToMeeting"


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Tenant]:
    """A tenant of its own, which may be changed; its runs are kept."""
    with Emulator(Scene("nights", deepcopy(load_scene("smallest").draft))) as emulator:
        tenant = Tenant(emulator, write_configuration(emulator, tmp_path / "tenant"))
        tenant.configure(history="sqlite:///auditor.db")
        yield tenant


def collected(auditor: Runner, tenant: Tenant, name: str = "tonight.json.gz") -> Any:
    result = auditor("collect", "--config", tenant.file, "--snapshot", name)
    assert result.code == 0, result.stderr
    return json.loads(gzip.decompress(Path(name).read_bytes()))


def entries(snapshot: Any) -> list[Any]:
    found: list[Any] = snapshot["sections"]["directoryAudits"]["records"]["tenant"]["value"]["entries"]
    return found


def test_without_a_history_the_log_is_not_asked_for(tenant: Tenant, scan: Scan) -> None:
    tenant.emulator.faults.add(Fault(match=lambda it: it.path.endswith(LOG), status=403))
    scanned = scan(tenant)
    assert scanned.report is not None
    assert tenant.asked(LOG) == []
    assert "directoryAudits" not in {gap["section"] for gap in scanned.report["coverage"]["gaps"]}


def test_a_log_that_cannot_be_read_is_a_gap_and_changes_no_verdict(nights: Tenant, scan: Scan) -> None:
    sound = scan(nights)
    assert nights.asked(LOG)
    nights.emulator.faults.add(Fault(match=lambda it: it.path.endswith(LOG), status=403))
    blind = scan(nights)
    assert blind.by_rule == sound.by_rule
    assert blind.report is not None
    (gap,) = [gap for gap in blind.report["coverage"]["gaps"] if gap["section"] == "directoryAudits"]
    assert (gap["reason"], gap["permission"]) == (
        "permission",
        "AuditLog.Read.All and Directory.Read.All",
    )
    assert "directoryAudits: grant AuditLog.Read.All and Directory.Read.All" in blind.result.stderr
    assert blind.result.code == sound.result.code


def test_collect_looks_at_the_last_night_too(nights: Tenant, scan: Scan, auditor: Runner) -> None:
    alone = collected(auditor, nights)
    assert entries(alone) == []
    assert "rereads" not in alone["sections"]
    assert not (nights.file.parent / "auditor.db").exists()
    assert scan(nights).report is not None
    now = datetime.now(UTC)
    ada = nights.emulator.administrator("ada@contoso.com", at=now)
    ada.unassign(APP, "Meetings")
    nights.emulator.administrator("ada@contoso.com", at=now - timedelta(hours=2)).set_relay_state(APP, "x")
    nights.emulator.administrator("ada@contoso.com", at=now, logged=False).add_owner(APP, "Grace Hopper")
    tonight = collected(auditor, nights)
    assert [entry["activityDisplayName"] for entry in entries(tonight)] == [
        "Remove app role assignment from group"
    ]
    (again,) = tonight["sections"]["rereads"]["records"].values()
    assert (again["value"]["kind"], again["value"]["found"]) == ("appRoleAssignment", False)
    assert [request["status"] for request in again["requests"]] == [200, 404]
    listed = json.loads(auditor("history", "list", "--config", nights.file, "--format", "json").stdout)
    assert len(listed) == 1


def test_an_application_that_a_search_misses_for_a_night_is_still_audited(nights: Tenant, scan: Scan) -> None:
    sound = scan(nights)
    application = nights.emulator.tenant.id_of("servicePrincipal", APP)
    nights.emulator.faults.lag(application, reads=10_000, within="/servicePrincipals")
    lagging = scan(nights)
    assert lagging.by_rule == sound.by_rule
    assert lagging.report is not None
    assert lagging.report["comparison"]["absent"] == []
    assert lagging.report["comparison"]["unknown"] == []
    assert lagging.report["drift"]["changes"] == []
    assert lagging.report["drift"]["access"] == []


def test_what_a_list_lacks_is_no_drift_and_what_nobody_could_read_again_is_unknown(
    nights: Tenant, scan: Scan
) -> None:
    scan(nights)
    tenant, faults = nights.emulator.tenant, nights.emulator.faults
    application = tenant.id_of("servicePrincipal", APP)
    for assignment in tenant.related[application, "appRoleAssignedTo"]:
        faults.lag(str(assignment["id"]), reads=10_000)
    faults.lag(tenant.id_of("user", "grace@contoso.com"), reads=1, within="/members")
    lagging = scan(nights)
    assert lagging.report is not None
    assert (lagging.report["drift"]["changes"], lagging.report["drift"]["access"]) == ([], [])
    faults.clear()
    owners = f"{application}/owners"
    faults.lag(tenant.id_of("user", "alan@contoso.com"), reads=1, within=owners)
    first = faults.add(Fault(match=lambda it: it.path.endswith(owners), delay=0.001, times=1))
    faults.add(Fault(match=lambda it: it.path.endswith(owners), status=403))
    blind = scan(nights)
    assert first.met == 1
    assert blind.report is not None
    assert blind.report["drift"]["changes"] == []
    assert "owners" in {unknown["section"] for unknown in blind.report["drift"]["unknown"]}


def test_permissions_tell_what_the_log_is_for(tenant: Tenant, auditor: Runner) -> None:
    tenant.configure(rules={"sign-ins-succeed": {"enabled": False, "reason": "no licence"}})
    without = auditor("permissions", "--config", tenant.file)
    assert "AuditLog.Read.All" not in without.stdout
    tenant.configure(history="sqlite:///auditor.db")
    kept = json.loads(auditor("permissions", "--config", tenant.file, "--format", "json").stdout)
    (need,) = [it for it in kept["permissions"] if it["permission"] == "AuditLog.Read.All"]
    assert (need["sections"], need["rules"], need["attribution"]) == (["directoryAudits"], [], True)
    shown = auditor("permissions", "--config", tenant.file).stdout
    assert "without it, nobody can say who changed something since the last night" in shown
