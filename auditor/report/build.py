"""The report of a run, put together from what was read and how it was judged."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from auditor import __version__
from auditor.errors import Mark
from auditor.model.configuration import AcceptedGap, Judgement
from auditor.model.finding import Finding, Status
from auditor.model.gap import Gap
from auditor.model.profile import Profile
from auditor.model.report import (
    SCHEMA_VERSION,
    AuditedApplication,
    Coverage,
    ProfileEntry,
    Report,
    ReportedGap,
    RuleEntry,
    RuleSet,
    Run,
    SourceLine,
    Summary,
    UsedConfiguration,
)
from auditor.model.rule import Either, Rule, Severity
from auditor.model.snapshot import Snapshot
from auditor.report.access import AccessReader

if TYPE_CHECKING:  # types alone; a format that only writes need not load the engine
    from auditor.evaluate import Evaluation, RulePack

_EXPECTED_VALUE = re.compile(r"\bprofile\.expected\.([A-Za-z]+)")


def build_report(
    snapshot: Snapshot, evaluation: Evaluation, *, pack: RulePack, judgement: Judgement, at: datetime
) -> Report:
    """The report; `at` is the time (UTC) that `evaluation` judged for."""
    findings = tuple(verdict.finding for verdict in evaluation.verdicts)
    accepted = accepted_sections(judgement.accepted_gaps, at)
    rules = [_rule(rule, judgement, pack) for rule in pack.rules]
    count = Counter(finding.status for finding in findings)
    return Report(
        schema_version=SCHEMA_VERSION,
        run=Run(
            id=run_id(snapshot, at),
            started_at=snapshot.started_at,
            finished_at=snapshot.finished_at,
            evaluated_at=_timestamp(at),
            auditor_version=__version__,
            rules=RuleSet(count=sum(rule.enabled for rule in rules), digest=pack.digest),
            tenant=snapshot.tenant,
            cloud=snapshot.cloud,
            redacted=snapshot.redaction is not None,
        ),
        coverage=Coverage(
            evaluated=count[Status.PASS] + count[Status.FAIL] + count[Status.WAIVED],
            not_evaluated=count[Status.NOT_EVALUATED],
            gaps=_gaps(evaluation.gaps, accepted),
        ),
        summary=_summary(count, findings),
        applications=_with_access(evaluation.applications, snapshot),
        findings=findings,
        rules=tuple(sorted(rules, key=lambda rule: rule.id)),
        profiles=tuple(_profile(profile, pack) for profile in sorted(pack.profiles, key=lambda p: p.id)),
        configuration=UsedConfiguration(
            environment=judgement.environment,
            rules=dict(sorted(judgement.rules.items())),
            thresholds=judgement.thresholds,
            accepted_gaps=judgement.accepted_gaps,
        ),
        waivers=evaluation.waivers,
    )


def accepted_sections(gaps: Iterable[AcceptedGap], at: datetime) -> frozenset[str]:
    """Sections whose gaps are known blind spots at that time; the last day counts whole."""
    today = at.astimezone(UTC).date()
    return frozenset(gap.section for gap in gaps if today <= date.fromisoformat(gap.expires))


def run_id(snapshot: Snapshot, at: datetime) -> str:
    """The same for the same snapshot judged for the same time: 32 hex digits of a SHA-256 over both."""
    return hashlib.sha256(f"{snapshot.digest}\n{_timestamp(at)}".encode()).hexdigest()[:32]


def _with_access(
    applications: Iterable[AuditedApplication], snapshot: Snapshot
) -> tuple[AuditedApplication, ...]:
    reader = AccessReader(snapshot)
    return tuple(
        replace(application, access=reader.access(application.service_principal_id))
        for application in applications
    )


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _summary(count: Mapping[Status, int], findings: Iterable[Finding]) -> Summary:
    severities = Counter(finding.severity for finding in findings if finding.status is Status.FAIL)
    return Summary(
        pass_=count[Status.PASS],
        fail=count[Status.FAIL],
        not_evaluated=count[Status.NOT_EVALUATED],
        not_applicable=count[Status.NOT_APPLICABLE],
        waived=count[Status.WAIVED],
        by_severity={severity.value: severities[severity] for severity in reversed(Severity)},
    )


def _gaps(gaps: Iterable[Gap], accepted: frozenset[str]) -> tuple[ReportedGap, ...]:
    reported = {
        ReportedGap(
            section=gap.section,
            subject=gap.subject,
            reason=gap.reason.value,
            detail=gap.detail,
            permission=gap.permission,
            licence=gap.licence,
            http_status=gap.http_status,
            accepted=gap.section in accepted,
        )
        for gap in gaps
    }
    return tuple(
        sorted(reported, key=lambda gap: (gap.section, gap.subject, gap.reason, gap.detail, repr(gap)))
    )


def _rule(rule: Rule, judgement: Judgement, pack: RulePack) -> RuleEntry:
    """The rule as it judged: with what the configuration says about it."""
    override = judgement.rules.get(rule.id)
    return RuleEntry(
        id=rule.id,
        category=rule.category,
        title=rule.title,
        severity=(override and override.severity) or rule.severity,
        enabled=rule.enabled if override is None or override.enabled is None else override.enabled,
        rationale=rule.rationale,
        remediation=rule.remediation,
        references=rule.references,
        controls=dict(sorted(rule.controls.items())),
        source=_written(pack, rule.category, rule.expect[0].mark),
        expects=next(_expected_values(rule), None),
    )


def _expected_values(rule: Rule) -> Iterator[str]:
    """The keys of the profile's expected values that the rule compares with."""
    for clause in rule.expect:
        for assertion in clause.assertions if isinstance(clause, Either) else (clause,):
            for path in (assertion.operand_path, assertion.path):
                yield from _EXPECTED_VALUE.findall(path or "")


def _profile(profile: Profile, pack: RulePack) -> ProfileEntry:
    return ProfileEntry(
        id=profile.id,
        display_name=profile.display_name,
        sources=profile.sources,
        steps=profile.steps,
        expected={
            key: _written(pack, "profiles", mark) for key, mark in sorted(profile.expected_marks.items())
        },
    )


def _written(pack: RulePack, category: str, mark: Mark) -> SourceLine:
    parts = [part for part in (pack.folder, category, mark.file.name) if part]
    return SourceLine(file="/".join(parts), line=mark.line)
