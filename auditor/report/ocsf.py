"""report.ocsf.json: OCSF 1.8.0 Compliance Findings (class 2003), one event a line, for data lakes and SIEMs.

The finding's fingerprint is `finding_info.uid`. A finding that is solved since the last run gets an event
with the activity Close, so that whoever keeps findings by their uid can close it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from auditor.model.finding import BaselineState, Finding, Status
from auditor.model.report import EarlierFinding, Report, RuleEntry
from auditor.model.rule import Severity
from auditor.report import Format
from auditor.report.carried import about, findings, most_urgent_first, tenant_name, waiver_text
from auditor.report.text import value_text, visible

VERSION = "1.8.0"

_SEVERITIES: Mapping[Severity, tuple[int, str]] = {
    Severity.INFORMATIONAL: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_COMPLIANCE: Mapping[Status, tuple[int, str]] = {
    Status.PASS: (1, "Pass"),
    Status.NOT_EVALUATED: (2, "Warning"),  # "did not yield a result due to missing information"
    Status.FAIL: (3, "Fail"),
    Status.WAIVED: (3, "Fail"),
    Status.NOT_APPLICABLE: (99, "Not Applicable"),
}
_STATUSES: Mapping[Status, tuple[int, str]] = {
    Status.PASS: (4, "Resolved"),
    Status.NOT_EVALUATED: (0, "Unknown"),
    Status.FAIL: (1, "New"),
    Status.WAIVED: (3, "Suppressed"),
    Status.NOT_APPLICABLE: (99, "Not Applicable"),
}
_ACTIVITIES: Mapping[int, str] = {1: "Create", 2: "Update", 3: "Close"}


def render(report: Report) -> bytes:
    """The whole file. The same report gives the same bytes."""
    return b"".join(
        f"{json.dumps(event, ensure_ascii=False, sort_keys=True)}\n".encode() for event in _events(report)
    )


def _events(report: Report) -> Iterator[dict[str, Any]]:
    rules = {rule.id: rule for rule in report.rules}
    solved = (
        {earlier.fingerprint: earlier for earlier in report.comparison.absent} if report.comparison else {}
    )
    for finding in most_urgent_first(findings(report)):
        activity = 3 if finding.fingerprint in solved else _activity(finding)
        solved.pop(finding.fingerprint, None)
        yield _event(report, finding, rules.get(finding.rule_id), activity)
    for earlier in solved.values():
        yield _closed(report, earlier, rules.get(earlier.rule_id))


def _activity(finding: Finding) -> int:
    return 1 if finding.baseline_state in (None, BaselineState.NEW) else 2


def _common(
    report: Report, found: Finding | EarlierFinding, rule: RuleEntry | None, activity: int
) -> dict[str, Any]:
    """What an event of either kind says."""
    severity_id, severity = _SEVERITIES[found.severity]
    at = _milliseconds(report.run.evaluated_at)
    information: dict[str, Any] = {
        "uid": found.fingerprint,
        "title": visible(found.title),
        "analytic": {
            "type_id": 1,
            "type": "Rule",
            "uid": found.rule_id,
            "name": visible(found.title),
            "version": report.run.rules.digest,
        },
        "last_seen_time": at,
    }
    if rule is not None:
        information |= {"desc": visible(rule.rationale), "types": [rule.category]}
    if found.first_seen_at is not None:
        information["first_seen_time"] = _milliseconds(found.first_seen_at)
    event: dict[str, Any] = {
        "activity_id": activity,
        "activity_name": _ACTIVITIES[activity],
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200300 + activity,
        "type_name": f"Compliance Finding: {_ACTIVITIES[activity]}",
        "severity_id": severity_id,
        "severity": severity,
        "confidence_id": 3,
        "confidence": "High",
        "time": at,
        "timezone_offset": 0,
        "metadata": _metadata(report, found.fingerprint),
        "cloud": _cloud(report),
        "finding_info": information,
        "resources": _resources(report, found),
        "observables": [
            {"name": "resources.uid", "type_id": 10, "type": "Resource UID", "value": resource["uid"]}
            for resource in _resources(report, found)
        ],
    }
    own = found.remediation if isinstance(found, Finding) else None
    remediation = own or (rule.remediation if rule else None)
    if remediation is not None:
        references = {"references": list(rule.references)} if rule else {}
        event["remediation"] = {"desc": visible(remediation.portal)} | references
    return event


def _event(report: Report, finding: Finding, rule: RuleEntry | None, activity: int) -> dict[str, Any]:
    status_id, status = _STATUSES[finding.status]
    event = _common(report, finding, rule, activity)
    event["finding_info"]["data_sources"] = sorted({visible(each.source) for each in finding.evidence})
    event |= {
        "message": visible(f"{about(finding)}: {finding.message}"),
        "status_id": status_id,
        "status": status,
        "status_code": finding.status.value,
        "status_detail": visible(waiver_text(finding) or finding.message),
        "compliance": _compliance(finding),
        "unmapped": {
            "expected": visible(value_text(finding.expected)),
            "observed": visible(value_text(finding.observed)),
            "evidence": [
                {
                    "source": visible(each.source),
                    "path": visible(each.path),
                    "present": each.present,
                    "collectedAt": each.collected_at,
                }
                for each in finding.evidence
            ],
            "waiver": visible(waiver_text(finding)) or None,
            "baselineState": finding.baseline_state.value if finding.baseline_state else None,
            "baselineCause": finding.baseline_cause.value if finding.baseline_cause else None,
            "tutorial": f"{finding.tutorial.document}: {finding.tutorial.step}" if finding.tutorial else None,
        },
    }
    return event


def _closed(report: Report, earlier: EarlierFinding, rule: RuleEntry | None) -> dict[str, Any]:
    """A failure of the last run that is none any more: solved, or its subject is gone."""
    return _common(report, earlier, rule, 3) | {
        "message": visible(f"Solved: {earlier.title}"),
        "status_id": 4,
        "status": "Resolved",
        "status_code": BaselineState.ABSENT.value,
        "status_detail": "The failure of the last run is gone.",
        "compliance": {
            "control": visible(earlier.title),
            "standards": sorted(rule.controls) if rule else [],
            "status_id": 99,
            "status": "Solved",
        },
    }


def _compliance(finding: Finding) -> dict[str, Any]:
    status_id, status = _COMPLIANCE[finding.status]
    return {
        "control": visible(finding.title),
        "standards": sorted(finding.controls),
        "requirements": [control for _, control in _controls(finding)],
        "status_id": status_id,
        "status": status,
        "status_code": finding.status.value,
        "status_details": [visible(finding.message)],
        "checks": [
            {
                "uid": control,
                "name": visible(finding.title),
                "standards": [framework],
                "status_id": status_id,
                "status": status,
            }
            for framework, control in _controls(finding)
        ],
    }


def _controls(finding: Finding) -> Iterator[tuple[str, str]]:
    for framework, controls in sorted(finding.controls.items()):
        for control in controls:
            yield framework, control


def _metadata(report: Report, fingerprint: str) -> dict[str, Any]:
    return {
        "version": VERSION,
        "profiles": ["cloud"],
        "product": {
            "name": "SAML application auditor",
            "uid": "saml-app-auditor",
            "vendor_name": "saml-app-auditor",
            "version": report.run.auditor_version,
        },
        "uid": f"{report.run.id}-{fingerprint}",
        "correlation_uid": report.run.id,
        "tenant_uid": report.run.tenant.id,
        "log_name": "compliance",
        "original_time": report.run.evaluated_at,
    }


def _cloud(report: Report) -> dict[str, Any]:
    return {
        "provider": "Microsoft Entra ID",
        "cloud_partition": report.run.cloud,
        "account": {
            "uid": report.run.tenant.id,
            "name": visible(tenant_name(report)),
            "type_id": 6,
            "type": "Azure AD Account",
        },
    }


def _resources(report: Report, found: Finding | EarlierFinding) -> list[dict[str, Any]]:
    """The application, or the tenant, and what exactly it is about when that is something else."""
    application, subject = found.application, found.subject
    if application is not None:
        owner = {
            "uid": application.service_principal_id,
            "uid_alt": application.app_id,
            "name": visible(application.display_name),
            "type": "Service Principal",
        }
    else:
        tenant = report.run.tenant
        owner = {"uid": tenant.id, "name": visible(tenant_name(report)), "type": "Tenant"}
    resources: list[dict[str, Any]] = [owner | {"role_id": 1, "role": "Target"}]
    if subject.id != owner["uid"]:
        exactly = {"uid": visible(subject.id), "name": visible(subject.name), "type": subject.kind.value}
        resources.append(exactly | {"role_id": 3, "role": "Affected"})
    return resources


def _milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)


FORMAT = Format(name="ocsf", file_name="report.ocsf.json", render=render)
