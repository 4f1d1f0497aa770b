"""report.sarif: SARIF 2.1.0 (OASIS, with Errata 01), as GitHub code scanning and others read it.

The physical location of a result is the line in the profile or the rule that states the expectation: GitHub
shows nothing without one. The logical locations are the application and the property. Only `fail` and
`waived` are of kind fail; everything else has the level none (section 3.27.10).
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from auditor.model.finding import BaselineState, Finding, Status
from auditor.model.report import Report, ReportedGap, RuleEntry, SourceLine
from auditor.model.rule import Severity
from auditor.report import Format
from auditor.report.carried import Expectations, about, findings, most_urgent_first, waiver_text
from auditor.report.text import value_text, visible

RESULTS_LIMIT = 25_000
"""Results of one run that GitHub accepts (docs.github.com, "SARIF support for code scanning")."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:saml-app-auditor:sarif")

_KINDS: Mapping[Status, str] = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.WAIVED: "fail",
    Status.NOT_EVALUATED: "open",
    Status.NOT_APPLICABLE: "notApplicable",
}
_LEVELS: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFORMATIONAL: "note",
}
_SECURITY_SEVERITY: Mapping[Severity, str] = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
    Severity.INFORMATIONAL: "0.0",
}
"""Within the ranges by which GitHub names them: above 9.0 critical, from 7.0 high, from 4.0 medium."""

_RANKS: Mapping[Severity, float] = {severity: severity.rank * 25.0 for severity in Severity}

_END_OF_LINK_TEXT = "]("


def render(report: Report) -> bytes:
    """The whole file, a result a line. The same report gives the same bytes."""
    ordered = most_urgent_first(findings(report))
    kept, left_out = ordered[:RESULTS_LIMIT], ordered[RESULTS_LIMIT:]
    rules = [*report.rules, *_rules_of_none(report, kept)]
    run: dict[str, Any] = {
        "tool": {"driver": _driver(report, rules)},
        "automationDetails": {
            "id": f"saml-app-auditor/{report.run.tenant.id}/",
            "guid": _guid("run", report.run.id),
            "correlationGuid": _guid("tenant", report.run.tenant.id),
        },
        "invocations": [_invocation(report, left_out)],
        "properties": {
            "runId": report.run.id,
            "tenantId": report.run.tenant.id,
            "cloud": report.run.cloud,
            "evaluatedAt": report.run.evaluated_at,
            "rulesDigest": report.run.rules.digest,
        },
    }
    if report.comparison is not None:
        run["baselineGuid"] = _guid("run", report.comparison.run_id)
    index = {rule.id: number for number, rule in enumerate(rules)}
    expectations = Expectations(report)
    results = ",\n".join(_line(_result(finding, index, expectations)) for finding in kept)
    begin = f'{{"version": "2.1.0", "$schema": "{_SCHEMA}", "runs": [\n{_line(run)[:-1]}, "results": [\n'
    return f"{begin}{results}\n]}}\n]}}\n".encode()


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _guid(kind: str, identity: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{kind} {identity}"))


def _rules_of_none(report: Report, kept: Sequence[Finding]) -> list[RuleEntry]:
    """Entries for findings whose rule is no file: those of the comparison with the last run."""
    known = {rule.id for rule in report.rules}
    made: dict[str, RuleEntry] = {}
    for finding in kept:
        if finding.rule_id not in known and finding.rule_id not in made:
            made[finding.rule_id] = RuleEntry(
                id=finding.rule_id,
                category="drift",
                title=finding.title,
                severity=finding.severity,
                enabled=True,
                rationale=finding.title,
                remediation=finding.remediation,
                references=finding.references,
                controls=finding.controls,
            )
    return [made[key] for key in sorted(made)]


def _driver(report: Report, rules: Sequence[RuleEntry]) -> dict[str, Any]:
    return {
        "name": "saml-app-auditor",
        "fullName": f"SAML application auditor {report.run.auditor_version}",
        "semanticVersion": report.run.auditor_version,
        "shortDescription": {"text": "Audits SAML enterprise applications in Microsoft Entra ID."},
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: RuleEntry) -> dict[str, Any]:
    controls = [
        f"{framework}/{control}" for framework, ids in sorted(rule.controls.items()) for control in ids
    ]
    links = [url for url in rule.references if url.startswith("https://")]
    described: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": _plain(rule.title)},
        "fullDescription": {"text": _plain(rule.rationale)},
        "help": _help(rule, links),
        "defaultConfiguration": {
            "enabled": rule.enabled,
            "level": _LEVELS[rule.severity],
            "rank": _RANKS[rule.severity],
        },
        "properties": {
            "category": rule.category,
            "severity": rule.severity.value,
            "security-severity": _SECURITY_SEVERITY[rule.severity],
            "precision": "very-high",
            "tags": ["security", "saml", rule.category, *controls][:20],
        },
    }
    if links:
        described["helpUri"] = links[0]
    return described


def _help(rule: RuleEntry, links: Sequence[str]) -> dict[str, str]:
    text, markdown = [rule.rationale], [rule.rationale]
    if rule.remediation is not None:
        text.append(f"Portal: {rule.remediation.portal}")
        markdown.append(f"**Portal**: {rule.remediation.portal}")
        for name, way in (("Microsoft Graph", rule.remediation.graph), ("Azure CLI", rule.remediation.cli)):
            if way:
                text.append(f"{name}: {way}")
                markdown.append(f"**{name}**:\n\n```\n{way}\n```")
    markdown += [f"- <{link}>" for link in links]
    text += links
    return {"text": _plain("\n\n".join(text)), "markdown": visible("\n\n".join(markdown))}


def _invocation(report: Report, left_out: Sequence[Finding]) -> dict[str, Any]:
    notifications = [_gap(gap) for gap in report.coverage.gaps[:RESULTS_LIMIT]]
    if left_out:
        count = Counter(finding.status for finding in left_out)
        by_status = ", ".join(f"{count[status]:,} {status.value}" for status in Status if count[status])
        notifications.insert(
            0,
            {
                "descriptor": {"id": "results-left-out"},
                "level": "warning",
                "message": {
                    "text": f"{len(left_out):,} further results were left out ({by_status}): a run holds "
                    f"{RESULTS_LIMIT:,}, the most severe first. report.json has all of them."
                },
                "properties": {"leftOut": {status.value: count[status] for status in Status}},
            },
        )
    return {
        "executionSuccessful": True,
        "startTimeUtc": report.run.started_at,
        "endTimeUtc": report.run.finished_at,
        "toolExecutionNotifications": notifications,
    }


def _gap(gap: ReportedGap) -> dict[str, Any]:
    """What could not be read, as a notification: why some results are open."""
    return {
        "descriptor": {"id": f"gap/{gap.reason}"},
        "level": "note" if gap.accepted else "warning",
        "message": {"text": _plain(f"{gap.section}: {gap.detail}")},
        "properties": {
            "section": gap.section,
            "subject": visible(gap.subject),
            "permission": gap.permission,
            "licence": gap.licence,
            "accepted": gap.accepted,
        },
    }


def _result(finding: Finding, index: Mapping[str, int], expectations: Expectations) -> dict[str, Any]:
    kind = _KINDS[finding.status]
    said: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": index[finding.rule_id],
        "kind": kind,
        "level": _LEVELS[finding.severity] if kind == "fail" else "none",
        "message": {"text": _plain(f"{about(finding)}: {finding.message}")},
        "locations": [_location(finding, expectations.line(finding))],
        "partialFingerprints": {
            "auditorFingerprint/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint}:1",
        },
        "rank": _RANKS[finding.severity],
        "properties": _properties(finding),
    }
    if finding.baseline_state not in (None, BaselineState.ABSENT):
        said["baselineState"] = finding.baseline_state.value
    if finding.status is Status.WAIVED:
        justification = visible(waiver_text(finding)) or _plain(finding.message)
        said["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    if finding.first_seen_at is not None:
        said["provenance"] = {"firstDetectionTimeUtc": finding.first_seen_at}
    return said


def _location(finding: Finding, line: SourceLine) -> dict[str, Any]:
    application = finding.application
    owner = application.service_principal_id if application else finding.subject.id
    path = finding.evidence[0].path or finding.subject.kind.value
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(line.file), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line.line},
        },
        "logicalLocations": [
            {"name": visible(about(finding)), "fullyQualifiedName": visible(owner), "kind": "object"},
            {"name": visible(path), "fullyQualifiedName": visible(f"{owner}/{path}"), "kind": "property"},
        ],
    }


def _properties(finding: Finding) -> dict[str, Any]:
    """What has no place of its own in SARIF."""
    return {
        "status": finding.status.value,
        "severity": finding.severity.value,
        "subject": visible(f"{finding.subject.kind.value} {finding.subject.id}"),
        "expected": visible(value_text(finding.expected)),
        "observed": visible(value_text(finding.observed)),
        "evidence": [visible(f"{each.path} from {each.source}") for each in finding.evidence],
        "collectedAt": finding.evidence[0].collected_at,
        "remediation": finding.remediation.portal if finding.remediation else None,
        "tutorialStep": f"{finding.tutorial.document}: {finding.tutorial.step}" if finding.tutorial else None,
        "baselineCause": finding.baseline_cause.value if finding.baseline_cause else None,
    }


def _plain(text: str) -> str:
    """A message's text, in which nothing is a link (section 3.11.6)."""
    return visible(text).replace(_END_OF_LINK_TEXT, f"\\{_END_OF_LINK_TEXT}")


FORMAT = Format(name="sarif", file_name="report.sarif", render=render)
