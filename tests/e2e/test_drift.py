"""Nights between which administrators change the tenant: what drift says is what they did, and who did it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, Fault, Scene, load_scene
from auditor.emulator.audit_log import Modified
from auditor.yaml_document import bundled_schema
from tests.conftest import Runner
from tests.e2e.conftest import Scan, Tenant

APP = "GoToMeeting"
EVIL = "https://evil.example.net/saml/acs"
CRITICAL = ("--fail-on", "critical")


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Tenant]:
    """A tenant of its own, which may be changed; its runs are kept."""
    with Emulator(Scene("nights", deepcopy(load_scene("smallest").draft))) as emulator:
        tenant = Tenant(emulator, write_configuration(emulator, tmp_path / "tenant"))
        tenant.configure(history="sqlite:///auditor.db")
        yield tenant


def administrator(tenant: Tenant, by: str = "ada@contoso.com", *, logged: bool = True) -> Any:
    return tenant.emulator.administrator(by, at=datetime.now(UTC), logged=logged)


def drift_json() -> Any:
    document = json.loads(Path("out/drift.json").read_bytes())
    assert [it.message for it in Draft202012Validator(bundled_schema("drift")).iter_errors(document)] == []
    return document


def said(document: Any) -> set[tuple[str, str, str | None, str]]:
    """Property, kind, who did it and how that is known."""
    return {
        (
            change["property"],
            change["kind"],
            (change["attribution"]["actor"] or {}).get("name"),
            change["attribution"]["status"],
        )
        for change in document["changes"]
    }


def test_two_nights_are_told_apart_as_the_administrators_left_them(
    nights: Tenant, scan: Scan, auditor: Runner
) -> None:
    assert scan(nights).report is not None
    assert not Path("out/drift.json").exists()
    ada, ci = administrator(nights), administrator(nights, "Deployment pipeline")
    nobody, mallory = administrator(nights, logged=False), administrator(nights, "edsger@contoso.com")
    acs = ada.service_principal(APP)["replyUrls"]
    ada.set_reply_urls(APP, [*acs, EVIL])
    ci.add_certificate(APP)
    ada.assign(APP, "alan@contoso.com")
    ci.add_member("Meetings", "edsger@contoso.com")
    nobody.remove_member("Meetings", "grace@contoso.com")
    ada.add_owner(APP, "grace@contoso.com")
    settings = {
        **ada.service_principal(APP)["samlSingleSignOnSettings"],
        "relayState": "https://evil.example.net",
    }
    nobody.set_property(APP, "samlSingleSignOnSettings", settings)
    ada.set_policy("conditionalAccessPolicies", "Require MFA for all", "state", "disabled")
    mallory.log("Update service principal", APP, Modified(name="DisplayName", old=["a"], new=["b"]))
    mallory.log(
        "Update service principal",
        APP,
        Modified(name="SamlSingleSignOnSettings", old=[], new=["https://evil.example.net"]),
        result="failure",
    )

    scanned = scan(nights)
    document = drift_json()
    assert scanned.report is not None
    assert scanned.report["drift"] == document
    assert said(document) == {
        ("servicePrincipal.replyUrls", "added", "ada@contoso.com", "attributed"),
        ("application.web.redirectUris", "added", "ada@contoso.com", "attributed"),
        ("keyCredentials", "added", "Deployment pipeline", "attributed"),
        (
            "servicePrincipal.preferredTokenSigningKeyThumbprint",
            "changed",
            "Deployment pipeline",
            "attributed",
        ),
        ("servicePrincipal.appRoleAssignedTo", "added", "ada@contoso.com", "attributed"),
        ("group.members", "added", "Deployment pipeline", "attributed"),
        ("group.members", "removed", None, "unattributed"),
        ("servicePrincipal.owners", "added", "ada@contoso.com", "attributed"),
        ("servicePrincipal.samlSingleSignOnSettings.relayState", "changed", None, "unattributed"),
        ("conditionalAccessPolicy.state", "changed", "ada@contoso.com", "attributed"),
    }
    assert {
        (each["principal"]["name"], each["kind"], each["via"]["name"], each["attribution"]["status"])
        for each in document["access"]
    } == {
        ("alan@contoso.com", "gained", None, "attributed"),
        ("edsger@contoso.com", "gained", "Meetings", "attributed"),
        ("grace@contoso.com", "lost", "Meetings", "unattributed"),
    }
    assert {(it["ruleId"], it["severity"], it["observed"]["property"]) for it in document["findings"]} == {
        ("unattributed-change", "medium", "group.members"),
        ("unattributed-change", "medium", "servicePrincipal.samlSingleSignOnSettings.relayState"),
    }
    assert document["unknown"] == []
    certificate = next(it for it in document["changes"] if it["property"] == "keyCredentials")
    assert certificate["element"] == certificate["after"]["thumbprint"]
    assert certificate["attribution"]["confidence"] == "high"
    assert "by ada@contoso.com: " in scanned.result.stderr
    assert f"servicePrincipal.replyUrls: added {EVIL}" in " ".join(scanned.result.stderr.split())
    assert "2 changes by nobody known: " in scanned.result.stderr

    again = auditor("drift", "--config", nights.file, "--format", "json")
    assert again.code == 11, again.stderr
    assert json.loads(again.stdout) == document
    shown = auditor("drift", "--config", nights.file, "--from", "1", "--to", "2")
    assert shown.code == 11
    assert EVIL in shown.stdout
    assert auditor("drift", "--config", nights.file, "--from", "2", "--to", "2").code == 0
    _baseline_is_kept_and_compared_with(nights, auditor, document)


def _baseline_is_kept_and_compared_with(nights: Tenant, auditor: Runner, document: Any) -> None:
    config = ("--config", nights.file)
    assert auditor("baseline", "show", *config).code == 2
    assert auditor("baseline", "diff", *config).code == 2
    unnamed = auditor("baseline", "approve", "1", *config, "--reason", " ", "--by", "ada@contoso.com")
    assert unnamed.code == 2
    approved = auditor("baseline", "approve", "1", *config, "--reason", "CHG-1042", "--by", "ada@contoso.com")
    assert approved.code == 0, approved.stderr
    shown = auditor("baseline", "show", *config).stdout
    assert "Run 1 of " in shown
    assert "by ada@contoso.com: CHG-1042" in shown
    since = json.loads(auditor("baseline", "diff", *config, "--format", "json").stdout)
    assert since["from"] == {**document["from"], "approved": True}
    assert since["changes"] == document["changes"]
    assert auditor("baseline", "approve", "last", *config, "--reason", "as it is", "--by", "x").code == 0
    assert auditor("baseline", "diff", *config).code == 0
    assert auditor("drift", *config, "--from", "baseline").code == 0


def test_a_scan_ends_with_11_when_something_changed_that_is_nothing_wrong(nights: Tenant, scan: Scan) -> None:
    assert scan(nights, *CRITICAL).result.code == 0
    assert scan(nights, *CRITICAL).result.code == 0
    administrator(nights).add_member("Meetings", "edsger@contoso.com")
    assert scan(nights, *CRITICAL).result.code == 11
    administrator(nights, logged=False).set_property(APP, "logoutUrl", "https://x.example.com/out")
    nights.emulator.faults.add(Fault(match=lambda it: it.path.endswith("/directoryAudits"), status=403))
    assert scan(nights, *CRITICAL).result.code == 11
    (change,) = drift_json()["changes"]
    assert change["attribution"]["status"] == "not-evaluated"
    assert "AuditLog.Read.All" in change["attribution"]["reason"]
    assert drift_json()["findings"] == []


def test_a_change_that_nobody_explains_is_a_failure_and_can_be_waived(nights: Tenant, scan: Scan) -> None:
    assert scan(nights, *CRITICAL).result.code == 0
    quiet = administrator(nights, logged=False)
    expected = quiet.service_principal(APP)["replyUrls"]
    quiet.set_property(APP, "replyUrls", [*expected, EVIL])
    assert scan(nights, *CRITICAL).result.code == 10
    assert [it["severity"] for it in drift_json()["findings"]] == ["critical"]
    waiver = {
        "rule": "unattributed-change",
        "application": APP,
        "reason": "the log is kept elsewhere",
        "owner": "iam@contoso.com",
        "expires": (datetime.now(UTC) + timedelta(days=90)).strftime("%Y-%m-%d"),
    }
    (nights.file.parent / "waivers.yaml").write_text(json.dumps([waiver]))
    nights.configure(waivers="waivers.yaml")
    quiet.set_property(APP, "replyUrls", expected)
    waived = scan(nights, *CRITICAL)
    assert waived.result.code == 11, waived.result.stderr
    (finding,) = drift_json()["findings"]
    assert finding["status"] == "waived"
    assert waived.report is not None
    (told,) = waived.report["waivers"]
    assert told["findings"] == [finding["fingerprint"]]


def test_of_one_application_only_that_one_is_compared(nights: Tenant, scan: Scan, auditor: Runner) -> None:
    assert scan(nights).report is not None
    result = auditor("drift", "--config", nights.file)
    assert result.code == 2
    assert "has no complete run before that one" in result.stderr
    assert scan(nights, "--application", APP).report is not None
    document = drift_json()
    assert (document["changes"], document["unknown"]) == ([], [])
    assert "--application" in document["notComparable"][0]


def test_a_change_in_a_night_that_could_not_be_read_is_told_in_the_next(nights: Tenant, scan: Scan) -> None:
    assert scan(nights).report is not None
    administrator(nights).add_owner(APP, "grace@contoso.com")
    nights.emulator.faults.add(Fault(match=lambda it: it.path.endswith("/owners"), status=403))
    assert scan(nights).report is not None
    blind = drift_json()
    assert blind["changes"] == []
    assert {(part["section"], part["reason"][:12]) for part in blind["unknown"]} >= {
        ("owners", "not read now")
    }
    nights.emulator.faults.clear()
    assert scan(nights).report is not None
    document = drift_json()
    assert said(document) == {("servicePrincipal.owners", "added", "ada@contoso.com", "attributed")}
    assert document["unknown"] == []
