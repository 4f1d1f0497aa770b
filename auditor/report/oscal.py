"""report.oscal.json: OSCAL 1.1.3 assessment results, for tools of governance and compliance.

Each finding is an observation; each that says something about a rule (all but `not-applicable`) is an OSCAL
finding as well, whose target is the rule as an objective of the controls it speaks for. What fails is a risk:
open, or deviation-approved where it is waived. All identifiers are UUIDs of version 5: the same every time.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditor.model.finding import Finding, Status
from auditor.model.report import AuditedApplication, Report
from auditor.report import Format
from auditor.report.carried import about, findings, most_urgent_first, tenant_name, waiver_text
from auditor.report.text import value_text, visible

VERSION = "1.1.3"

_NIST = "nist-sp-800-53-r5"
_CATALOGUE = "https://doi.org/10.6028/NIST.SP.800-53r5"
_VOCABULARY = "urn:saml-app-auditor:oscal"
"""Namespace of the properties that are the program's own."""
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, _VOCABULARY)

_STATES: Mapping[Status, tuple[str, str]] = {
    Status.PASS: ("satisfied", "pass"),
    Status.FAIL: ("not-satisfied", "fail"),
    Status.WAIVED: ("not-satisfied", "fail"),
    Status.NOT_EVALUATED: ("not-satisfied", "other"),
}
_CONTROL = re.compile(r"([A-Z]{2})-([0-9]+)(?:\(([0-9]+)\))?")
_TEXT_LIMIT = 4_000


def render(report: Report) -> bytes:
    """The whole file. The same report gives the same bytes."""
    return (json.dumps(_document(report), ensure_ascii=False, indent=1) + "\n").encode()


def _document(report: Report) -> dict[str, Any]:
    run = report.run
    return {
        "assessment-results": {
            "uuid": _uuid("document", run.id),
            "metadata": {
                "title": _line(f"SAML audit of {tenant_name(report)}"),
                "last-modified": run.evaluated_at,
                "version": _line(run.id),
                "oscal-version": VERSION,
                "props": [_property("auditor-version", run.auditor_version)],
            },
            "import-ap": {"href": f"#{_uuid('plan', run.rules.digest)}"},
            **_objectives(report),
            "results": [_result(report)],
            "back-matter": {"resources": [_plan(report)]},
        }
    }


def _plan(report: Report) -> dict[str, Any]:
    """What stands for an assessment plan: the rules and profiles that judged."""
    return {
        "uuid": _uuid("plan", report.run.rules.digest),
        "title": "Rules and profiles of saml-app-auditor",
        "description": f"{report.run.rules.count} rules; SHA-256 over their files and those of the profiles: "
        f"{report.run.rules.digest}",
    }


def _objectives(report: Report) -> dict[str, Any]:
    """Each rule as an objective of each control of NIST SP 800-53 that it speaks for."""
    objectives = [
        {
            "control-id": control,
            "description": _text(rule.title),
            "parts": [
                {
                    "id": rule.id if number == 0 else f"{rule.id}_{control}",
                    "name": "objective",
                    "title": _line(rule.title),
                    "prose": _text(rule.rationale),
                    "props": [_property("rule", rule.id), _property("severity", rule.severity.value)],
                }
            ],
        }
        for rule in report.rules
        for number, control in enumerate(_controls(rule.controls))
    ]
    return {"local-definitions": {"objectives-and-methods": objectives}} if objectives else {}


def _controls(controls: Mapping[str, Sequence[str]]) -> list[str]:
    """Identifiers of NIST SP 800-53 as OSCAL's catalogue writes them: `ac-2.1` for AC-2(1)."""
    found: list[str] = []
    for control in controls.get(_NIST, ()):
        match = _CONTROL.fullmatch(control)
        if match:
            family, number, enhancement = match.groups()
            found.append(f"{family.lower()}-{number}" + (f".{enhancement}" if enhancement else ""))
    return found


def _result(report: Report) -> dict[str, Any]:
    found = most_urgent_first(findings(report))
    told = [finding for finding in found if finding.status in _STATES]
    risky = [finding for finding in found if finding.status in (Status.FAIL, Status.WAIVED)]
    lists = {
        "observations": [_observation(report, finding) for finding in found],
        "risks": [_risk(report, finding) for finding in risky],
        "findings": [_finding(report, finding) for finding in told],
    }
    components = [_tenant(report), *(_component(report, each) for each in report.applications)]
    return {
        "uuid": _uuid("result", report.run.id),
        "title": "SAML enterprise applications in Microsoft Entra ID",
        "description": "Each application against its integration tutorial and the rules for all of them.",
        "start": report.run.started_at,
        "end": report.run.finished_at,
        "props": [_property(name, str(value)) for name, value in _numbers(report).items()],
        "local-definitions": {"components": components},
        "reviewed-controls": _reviewed(found),
        **{key: value for key, value in lists.items() if value},
    }


def _numbers(report: Report) -> Mapping[str, int]:
    found = findings(report)
    return {status.value: sum(finding.status is status for finding in found) for status in Status}


def _reviewed(found: Sequence[Finding]) -> dict[str, Any]:
    ids = sorted({control for finding in found for control in _controls(finding.controls)})
    selection: dict[str, Any] = (
        {"include-controls": [{"control-id": id} for id in ids]} if ids else {"include-all": {}}
    )
    return {
        "description": "Controls of NIST SP 800-53 revision 5 that the rules speak for.",
        "links": [{"href": _CATALOGUE, "rel": "reference"}],
        "control-selections": [selection],
    }


def _tenant(report: Report) -> dict[str, Any]:
    tenant = report.run.tenant
    return {
        "uuid": _uuid("component", f"{tenant.id} tenant"),
        "type": "service",
        "title": _line(tenant_name(report)),
        "description": "The tenant of Microsoft Entra ID.",
        "props": [_property("tenant-id", tenant.id), _property("cloud", report.run.cloud)],
        "status": {"state": "operational"},
    }


def _component(report: Report, application: AuditedApplication) -> dict[str, Any]:
    id = application.service_principal_id
    return {
        "uuid": _uuid("component", f"{report.run.tenant.id} {id}"),
        "type": "software",
        "title": _line(application.display_name),
        "description": "A SAML enterprise application.",
        "props": [
            _property("service-principal-id", id),
            _property("app-id", application.app_id),
            *([_property("profile", application.profile)] if application.profile else []),
        ],
        "status": {"state": "operational" if application.enabled is not False else "disposition"},
    }


def _observation(report: Report, finding: Finding) -> dict[str, Any]:
    application = finding.application
    id = application.service_principal_id if application else "tenant"
    return {
        "uuid": _uuid("observation", _identity(report, finding)),
        "title": _line(finding.title),
        "description": _text(f"{about(finding)}: {finding.message}"),
        "props": list(_properties(finding)),
        "methods": ["EXAMINE"],
        "types": ["finding"],
        "subjects": [
            {
                "subject-uuid": _uuid("component", f"{report.run.tenant.id} {id}"),
                "type": "component",
                "title": _line(finding.subject.name),
                "props": [_property(finding.subject.kind.value, finding.subject.id)],
            }
        ],
        "relevant-evidence": [
            {
                "description": _text(
                    f"{each.path} from {each.source}: "
                    + (value_text(each.value) if each.present else "could not be read")
                )
            }
            for each in finding.evidence
        ],
        "collected": finding.evidence[0].collected_at or report.run.finished_at,
        "remarks": _text(
            f"Expected {value_text(finding.expected)}; observed {value_text(finding.observed)}."
        ),
    }


def _properties(finding: Finding) -> Iterator[dict[str, str]]:
    yield _property("status", finding.status.value)
    yield _property("severity", finding.severity.value)
    yield _property("rule", finding.rule_id)
    yield _property("fingerprint", finding.fingerprint)
    if finding.baseline_state:
        yield _property("baseline-state", finding.baseline_state.value)
    if finding.first_seen_at:
        yield _property("first-seen-at", finding.first_seen_at)
    if finding.waiver:
        yield _property("waiver", waiver_text(finding))
    for framework, controls in sorted(finding.controls.items()):
        for control in controls:
            yield _property("control", f"{framework} {control}")


def _risk(report: Report, finding: Finding) -> dict[str, Any]:
    waived = finding.status is Status.WAIVED
    risk: dict[str, Any] = {
        "uuid": _uuid("risk", _identity(report, finding)),
        "title": _line(finding.title),
        "description": _text(f"{about(finding)}: {finding.message}"),
        "statement": _text(waiver_text(finding) if waived and finding.waiver else finding.message),
        "props": [_property("severity", finding.severity.value)],
        "status": "deviation-approved" if waived else "open",
    }
    if finding.remediation is not None:
        risk["remediations"] = [
            {
                "uuid": _uuid("remediation", _identity(report, finding)),
                "lifecycle": "recommendation",
                "title": "What to do",
                "description": _text(finding.remediation.portal),
            }
        ]
    risk["related-observations"] = [{"observation-uuid": _uuid("observation", _identity(report, finding))}]
    return risk


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    state, reason = _STATES[finding.status]
    identity = _identity(report, finding)
    told: dict[str, Any] = {
        "uuid": _uuid("finding", identity),
        "title": _line(finding.title),
        "description": _text(f"{about(finding)}: {finding.message}"),
        "target": {
            "type": "objective-id",
            "target-id": finding.rule_id,
            "title": _line(finding.title),
            "status": {"state": state, "reason": reason},
        },
        "related-observations": [{"observation-uuid": _uuid("observation", identity)}],
    }
    if finding.status in (Status.FAIL, Status.WAIVED):
        told["related-risks"] = [{"risk-uuid": _uuid("risk", identity)}]
    return told


def _identity(report: Report, finding: Finding) -> str:
    return f"{report.run.id} {finding.fingerprint}"


def _uuid(kind: str, identity: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{kind} {identity}"))


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": _VOCABULARY, "value": _line(value)}


def _line(text: str) -> str:
    """OSCAL's `string`: neither empty nor with blanks around it or line ends in it."""
    return _text(" ".join(visible(text).split()))


def _text(text: str) -> str:
    shown = visible(text).strip() or "(none)"
    return shown if len(shown) <= _TEXT_LIMIT else f"{shown[: _TEXT_LIMIT - 1]}…"


FORMAT = Format(name="oscal", file_name="report.oscal.json", render=render)
