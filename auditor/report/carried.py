"""What every format that carries findings carries: all of them, in one order, and where each is stated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from auditor.model.finding import Finding, Status
from auditor.model.report import ProfileEntry, Report, RuleEntry, SourceLine
from auditor.report.presentation import STATUS_WORDS

_URGENCY = {status: rank for rank, status in enumerate(STATUS_WORDS)}


def findings(report: Report) -> tuple[Finding, ...]:
    """All findings, in the report's order: what rules found, then what the last night's changes gave."""
    return report.findings + (report.drift.findings if report.drift else ())


def most_urgent_first(found: Iterable[Finding]) -> list[Finding]:
    """What fails before what could not be told, what is accepted, what is right and what does not apply."""
    return sorted(
        found,
        key=lambda finding: (
            _URGENCY[finding.status],
            -finding.severity.rank,
            about(finding).casefold(),
            finding.application.app_id if finding.application else "",
            finding.rule_id,
            finding.fingerprint,
        ),
    )


def about(finding: Finding) -> str:
    """The name of the application, or of what a finding without one is about."""
    return finding.application.display_name if finding.application else finding.subject.name


def tenant_name(report: Report) -> str:
    """The name that people know the tenant by."""
    tenant = report.run.tenant
    return tenant.display_name or tenant.domain or tenant.id


def not_evaluated(report: Report) -> Mapping[str, int]:
    """Object id of the application, or "" for what is about none, to its number of checks not evaluated."""
    return Counter(
        finding.application.service_principal_id if finding.application else ""
        for finding in findings(report)
        if finding.status is Status.NOT_EVALUATED
    )


def waiver_text(finding: Finding) -> str:
    """Who accepted it, why and until when; of what fails, why its waiver does not hold. Empty without one."""
    waiver = finding.waiver
    if waiver is None:
        return ""
    if finding.status is not Status.WAIVED:
        return waiver.message
    ticket = f", ticket {waiver.ticket}" if waiver.ticket else ""
    return f"{waiver.reason}, by {waiver.owner}{ticket}, until {waiver.expires}"


_OF_CHANGES = SourceLine(file="auditor/drift/unattributed.py", line=1)
"""Whose first line says what is expected of a change."""


class Expectations:
    """Where each finding's expectation is written: in the profile of its application, or in its rule."""

    def __init__(self, report: Report) -> None:
        self._rules = {rule.id: rule for rule in report.rules}
        profiles = {profile.id: profile for profile in report.profiles}
        self._profiles = {
            application.service_principal_id: profiles.get(application.profile or "")
            for application in report.applications
        }

    def line(self, finding: Finding) -> SourceLine:
        """The line that says what had to be."""
        rule = self._rules.get(finding.rule_id)
        profile = self._profile(finding)
        if rule is not None and rule.expects and profile is not None and rule.expects in profile.expected:
            return profile.expected[rule.expects]
        return self._of_rule(rule)

    def _profile(self, finding: Finding) -> ProfileEntry | None:
        application = finding.application
        return self._profiles.get(application.service_principal_id) if application else None

    def _of_rule(self, rule: RuleEntry | None) -> SourceLine:
        if rule is None:  # a change that nobody explains, which no rule of the catalogue forbids
            return _OF_CHANGES
        return rule.source or SourceLine(file=f"rules/{rule.category}/{rule.id}.yaml", line=1)
