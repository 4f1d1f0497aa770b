"""Waivers through the commands: what is accepted, what comes back, what is said about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.conftest import Runner
from tests.e2e.conftest import Scan, Scanned, Tenant
from tests.e2e.test_history import RULE, STORE, changed, states

TODAY = datetime.now(UTC).date()
"""Read once: a day that ends in the middle of a test changes nothing."""


def day(ahead: int) -> str:
    """So many days from now, as `expires` and `--at` take it."""
    return (TODAY + timedelta(days=ahead)).isoformat()


def waive(tenant: Tenant, *entries: dict[str, Any]) -> None:
    """Writes waivers.yaml beside auditor.yaml, which names it."""
    plain = {
        "rule": RULE,
        "application": "GoToMeeting",
        "reason": "the mailbox moves",
        "owner": "iam@contoso.com",
    }
    tenant.configure(waivers="waivers.yaml")
    (tenant.file.parent / "waivers.yaml").write_text(json.dumps([{**plain, **entry} for entry in entries]))


def waivers(scanned: Scanned) -> list[tuple[str, int]]:
    """State of each, and number of its findings."""
    assert scanned.report is not None, scanned.result.stderr
    return [(waiver["state"], len(waiver["findings"])) for waiver in scanned.report["waivers"]]


def of_rule(scanned: Scanned) -> Any:
    assert scanned.report is not None, scanned.result.stderr
    (found,) = (finding for finding in scanned.report["findings"] if finding["ruleId"] == RULE)
    return found


def test_what_all_is_waived_is_no_reason_for_exit_code_10(tenant: Tenant, scan: Scan) -> None:
    with changed(tenant):
        plain = scan(tenant, "--fail-on", "informational")
        assert plain.result.code == 10
        assert plain.report is not None
        assert plain.report["waivers"] == []
        failing = [finding for finding in plain.report["findings"] if finding["status"] == "fail"]
        waive(
            tenant,
            *(
                {
                    "rule": finding["ruleId"],
                    "application": finding["application"]["appId"] if finding["application"] else "tenant",
                    "subject": finding["subject"]["id"],
                    "value": finding["observed"],
                    "expires": day(100),
                }
                for finding in failing
            ),
        )
        scanned = scan(tenant, "--fail-on", "informational")
    assert scanned.report is not None
    assert scanned.result.code in (0, 3)
    summary, before = scanned.report["summary"], plain.report["summary"]
    assert (summary["fail"], summary["waived"]) == (0, len(failing))
    assert scanned.report["coverage"]["evaluated"] == plain.report["coverage"]["evaluated"]
    assert set(summary["bySeverity"].values()) == {0}
    assert summary["pass"] == before["pass"]
    assert of_rule(scanned)["severity"] == of_rule(plain)["severity"]
    assert set(waivers(scanned)) == {("active", 1)}
    assert f"{len(failing)} waived" in scanned.result.stderr


def test_nights_with_a_waiver(tenant: Tenant, scan: Scan) -> None:
    tenant.configure(history=STORE)
    with changed(tenant):
        assert states(scan(tenant), RULE) == [("fail", "new", None)]
        waive(tenant, {"expires": day(20)})
        second = scan(tenant)
        assert states(second, RULE) == [("waived", "updated", "rules")]
        assert second.report is not None
        assert second.report["comparison"]["absent"] == []
        assert "Waivers that need somebody" not in second.result.stderr

        third = scan(tenant, "--at", day(20))  # its last day
        assert (states(third, RULE), waivers(third)) == ([("waived", "unchanged", None)], [("expiring", 1)])
        assert "Expires today" in " ".join(third.result.stderr.split())

        fourth = scan(tenant, "--at", day(21))
        assert (states(fourth, RULE), waivers(fourth)) == ([("fail", "new", "time")], [("expired", 1)])
        assert of_rule(fourth)["waiver"]["state"] == "expired"
        assert "1 failure no longer waived" in " ".join(fourth.result.stderr.split())
        assert states(scan(tenant, "--at", day(22)), RULE) == [("fail", "unchanged", None)]

        waive(tenant, {"expires": day(300)})
        assert states(scan(tenant, "--at", day(23)), RULE) == [("waived", "updated", "rules")]
        waive(tenant)
        assert states(scan(tenant, "--at", day(24)), RULE) == [("fail", "new", "rules")]


def test_void_unused_and_switched_off(tenant: Tenant, scan: Scan) -> None:
    tenant.configure(rules={"owner-present": {"enabled": False, "reason": "not here"}})
    waive(
        tenant,
        {"value": ["old@contoso.com"], "expires": day(90)},
        {"application": "GoToNowhere", "expires": day(90)},
        {"rule": "owner-present", "expires": day(90)},
        {"rule": "identifier-matches", "expires": day(90)},
    )
    with changed(tenant):
        scanned = scan(tenant)
    assert scanned.report is not None
    assert of_rule(scanned)["status"] == "fail"
    assert of_rule(scanned)["waiver"]["state"] == "void"
    told = {
        (waiver["ruleId"], waiver["application"]): (waiver["state"], waiver["message"])
        for waiver in scanned.report["waivers"]
    }
    assert told[RULE, "GoToMeeting"][0] == "void"
    for key, why in (
        ((RULE, "GoToNowhere"), "is called GoToNowhere"),
        (("owner-present", "GoToMeeting"), "the rule is switched off"),
        (("identifier-matches", "GoToMeeting"), "finds nothing wrong there"),
    ):
        assert told[key][0] == "unused"
        assert why in told[key][1]
    assert scanned.result.stderr.count("unused") == 3


def test_a_snapshot_is_judged_again_with_the_waivers_of_now(
    tenant: Tenant, auditor: Runner, tmp_path: Path
) -> None:
    waive(tenant, {"expires": day(30)})
    with changed(tenant):
        auditor("collect", "--config", tenant.file, "--snapshot", "night.json.gz")

    def judged(*arguments: object) -> Any:
        result = auditor("evaluate", "night.json.gz", "--format", "json,html", *arguments)
        assert result.code in (0, 3, 10), result.stderr
        report = json.loads((tmp_path / "out" / "report.json").read_bytes())
        return of_rule(Scanned(result, report))

    assert judged()["status"] == "waived"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "the mailbox moves" in page
    assert "iam@contoso.com" in page
    assert judged("--at", day(31))["status"] == "fail"
    waive(tenant)
    assert judged("--config", tenant.file)["status"] == "fail"
    assert judged()["status"] == "waived"


def test_a_waiver_of_another_tenant_is_not_ours(tenant: Tenant, scan: Scan) -> None:
    waive(tenant, {"expires": day(30), "tenant": "other.example"})
    entry = tenant.read()["tenants"][0]
    refused = scan(tenant)
    assert (refused.result.code, "names no tenant 'other.example'" in refused.result.stderr) == (2, True)
    waive(tenant, {"expires": day(30), "tenant": entry["id"].upper()})
    with changed(tenant):
        assert waivers(scan(tenant)) == [("active", 1)]


def test_a_file_that_is_wrong_stops_the_run(tenant: Tenant, scan: Scan) -> None:
    waive(tenant, {"expires": day(1000)})
    refused = scan(tenant)
    assert refused.result.code == 2
    assert f"{tenant.file.parent / 'waivers.yaml'}:1:" in refused.result.stderr
    assert "is more than 366 days ahead" in refused.result.stderr
    assert tenant.asked("") == []
    tenant.configure(thresholds={"waiver_days": 1000})
    assert scan(tenant).result.code in (0, 3, 10)
    tenant.configure(waivers="nowhere.yaml")
    assert scan(tenant).result.code == 2
