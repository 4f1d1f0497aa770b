"""Findings as rows of a table, for the formats that spreadsheets open."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from auditor.model.finding import Finding
from auditor.report.carried import about, waiver_text
from auditor.report.text import value_text, visible

CELL_LIMIT = 32_000
"""Characters; Excel cuts a cell at 32,767."""

COLUMNS: Mapping[str, Callable[[Finding], str]] = {
    "status": lambda finding: finding.status.value,
    "severity": lambda finding: finding.severity.value,
    "application": about,
    "title": lambda finding: finding.title,
    "message": lambda finding: finding.message,
    "expected": lambda finding: value_text(finding.expected),
    "observed": lambda finding: value_text(finding.observed),
    "remediation": lambda finding: finding.remediation.portal if finding.remediation else "",
    "firstSeenAt": lambda finding: finding.first_seen_at or "",
    "baselineState": lambda finding: finding.baseline_state.value if finding.baseline_state else "",
    "baselineCause": lambda finding: finding.baseline_cause.value if finding.baseline_cause else "",
    "waiver": waiver_text,
    "ruleId": lambda finding: finding.rule_id,
    "subjectKind": lambda finding: finding.subject.kind.value,
    "subjectName": lambda finding: finding.subject.name,
    "subjectId": lambda finding: finding.subject.id,
    "appId": lambda finding: finding.application.app_id if finding.application else "",
    "servicePrincipalId": lambda f: f.application.service_principal_id if f.application else "",
    "tutorial": lambda f: f"{f.tutorial.document}: {f.tutorial.step}" if f.tutorial else "",
    "controls": lambda finding: "; ".join(
        f"{framework} {', '.join(controls)}" for framework, controls in sorted(finding.controls.items())
    ),
    "evidence": lambda finding: "; ".join(
        f"{each.path} from {each.source}, {each.collected_at or 'not read'}" for each in finding.evidence
    ),
    "references": lambda finding: " ".join(finding.references),
    "fingerprint": lambda finding: finding.fingerprint,
}
"""Names as report.json spells them, and what stands there for a finding."""


def cells(finding: Finding) -> list[str]:
    """The finding's row: what cannot be seen is spelt out, and nothing is too long for a spreadsheet."""
    return [cell(column(finding)) for column in COLUMNS.values()]


def cell(text: str) -> str:
    """A text fit for one cell."""
    shown = visible(text)
    if len(shown) <= CELL_LIMIT:
        return shown
    return f"{shown[:CELL_LIMIT]}… ({len(text):,} characters; report.json has all)"
