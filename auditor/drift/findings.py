"""What became of the findings since the last complete run: SARIF's baseline states, and what caused them.

Whether the tenant changed, or only the rules or the time, is not guessed: the last snapshot is judged again
under the rules of now (and then at the time of now), and what it gives then is no change of the tenant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias

from auditor.model.finding import BaselineState, Cause, Finding, Status
from auditor.model.report import AuditedApplication, Comparison, EarlierFinding, Report
from auditor.model.rule import SubjectKind
from auditor.model.snapshot import MatchedBy
from auditor.model.wire import to_json

_MOVING_SOURCES = ("/auditLogs/signIns", "/synchronization/jobs")
"""Requests whose answers count what happens: their values differ every night and say nothing by that."""

_WHOLE = (SubjectKind.APPLICATION, SubjectKind.PROFILE, SubjectKind.TENANT)

Known: TypeAlias = Finding | EarlierFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The findings of one evaluation, and of what."""

    findings: Sequence[Finding]
    applications: Sequence[AuditedApplication]
    narrowed: bool = False
    """Whether only some applications of the configuration were looked for (`--application`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The last snapshot, judged again: what differs from then and not from now has this cause."""

    cause: Cause
    judged: Judged


def compare_findings(
    after: Report, before: Report | None, *, narrowed: bool = False, again: Sequence[Again] = ()
) -> Report:
    """The report with `first_seen_at` and `baseline_state` of its findings, and the comparison.

    `before` is the last complete run's, `narrowed` tells of `after` what `Judged` says, `again` is in the
    order rules, time.
    """
    at = after.run.evaluated_at
    if before is None:
        return replace(after, findings=tuple(_first(finding, at) for finding in after.findings))
    now = Judged(findings=after.findings, applications=after.applications, narrowed=narrowed)
    return _Comparing(before, now, again).report(after)


def is_failure(finding: Known) -> bool:
    """Whether something is wrong; a waiver accepts that and does not undo it."""
    return finding.status in (Status.FAIL, Status.WAIVED)


def _came_up(finding: Finding, known: Known) -> bool:
    """Whether it is a failure now and was none; also one that was waived and no longer is."""
    no_longer_waived = finding.status is Status.FAIL and known.status is Status.WAIVED
    return no_longer_waived or (is_failure(finding) and not is_failure(known))


class _Fate(Enum):
    THERE = auto()
    SOLVED = auto()
    UNKNOWN = auto()


class _Comparing:
    def __init__(self, before: Report, now: Judged, again: Sequence[Again]) -> None:
        carried = before.comparison.unknown if before.comparison else ()
        judged = [finding for finding in before.findings if finding.status is not Status.NOT_EVALUATED]
        known: list[Known] = [*carried, *judged]
        self._earlier = {finding.fingerprint: finding for finding in known}
        self._before = before
        self._listed = {finding.fingerprint for finding in before.findings}
        self._by_all = {
            application.app_id
            for application in before.applications
            if application.matched_by == MatchedBy.ALL_APPLICATIONS
        }
        self._now = _Index(now, self)
        self._again = [(each.cause, _Index(each.judged, self)) for each in again]

    def listed(self, finding: Finding) -> bool:
        """Whether the earlier run named the very element that a finding is about."""
        return finding.subject.kind not in _WHOLE and finding.fingerprint in self._listed

    def was_found_by_all(self, app_id: str) -> bool:
        """Whether the application was audited only because all were."""
        return app_id in self._by_all

    def report(self, after: Report) -> Report:
        at = after.run.evaluated_at
        findings = tuple(self._stated(finding, at) for finding in after.findings)
        states = [finding.baseline_state for finding in findings if finding.status is Status.FAIL]
        absent, unknown = self._gone()
        absent = tuple(known for known in absent if not _gave_way(known, findings))
        comparison = Comparison(
            run_id=self._before.run.id,
            evaluated_at=self._before.run.evaluated_at,
            rules_changed=any(cause is Cause.RULES for cause, _ in self._again),
            new=states.count(BaselineState.NEW),
            unchanged=states.count(BaselineState.UNCHANGED),
            updated=states.count(BaselineState.UPDATED),
            absent=absent,
            unknown=unknown,
            earlier=tuple(sorted(self._as_they_were(findings), key=_order)),
        )
        return replace(after, findings=findings, comparison=comparison)

    def _as_they_were(self, findings: Sequence[Finding]) -> Iterator[EarlierFinding]:
        for finding in findings:
            if finding.baseline_state is BaselineState.UPDATED and is_failure(finding):
                yield _earlier(self._earlier[finding.fingerprint], finding.baseline_cause)

    def _stated(self, finding: Finding, at: str) -> Finding:
        if finding.status is Status.NOT_EVALUATED:
            return finding
        known = self._earlier.get(finding.fingerprint)
        if known is None or _came_up(finding, known):
            return replace(
                finding,
                first_seen_at=at,
                baseline_state=BaselineState.NEW,
                baseline_cause=self._cause(finding, _appearance),
            )
        seen = known.first_seen_at or at
        meaning = _meaning if is_failure(finding) else _appearance
        if meaning(finding, finding) != meaning(known, finding):
            cause = self._cause(finding, meaning)
            if cause is not Cause.TIME or _appearance(known, finding) != _appearance(finding, finding):
                return replace(
                    finding,
                    first_seen_at=seen if is_failure(known) == is_failure(finding) else at,
                    baseline_state=BaselineState.UPDATED,
                    baseline_cause=cause,
                )
        return replace(finding, first_seen_at=seen, baseline_state=BaselineState.UNCHANGED)

    def _cause(self, finding: Finding, meaning: _Meaning) -> Cause:
        for cause, index in self._again:
            found = index.by_fingerprint.get(finding.fingerprint)
            if found is not None and meaning(found, finding) == meaning(finding, finding):
                return cause
        return Cause.TENANT

    def _gone(self) -> tuple[tuple[EarlierFinding, ...], tuple[EarlierFinding, ...]]:
        absent: list[EarlierFinding] = []
        unknown: list[EarlierFinding] = []
        for known in filter(is_failure, self._earlier.values()):
            match self._now.fate(known):
                case _Fate.SOLVED:
                    absent.append(_earlier(known, self._cause_of_absence(known)))
                case _Fate.UNKNOWN:
                    unknown.append(_earlier(known, None))
                case _Fate.THERE:
                    pass
        return tuple(sorted(absent, key=_order)), tuple(sorted(unknown, key=_order))

    def _cause_of_absence(self, known: Known) -> Cause:
        for cause, index in self._again:
            if index.fate(known) is _Fate.SOLVED:
                return cause
        return Cause.TENANT


class _Index:
    """One evaluation, to ask what it says about a failure of before."""

    def __init__(self, judged: Judged, comparing: _Comparing) -> None:
        self.by_fingerprint: Mapping[str, Finding] = {f.fingerprint: f for f in judged.findings}
        self._comparing = comparing
        self._narrowed = judged.narrowed
        self._applications = {application.app_id for application in judged.applications}
        self._all = any(a.matched_by == MatchedBy.ALL_APPLICATIONS for a in judged.applications)
        self._unseen: dict[tuple[str, str | None], list[Finding]] = {}
        for finding in judged.findings:
            if finding.status is Status.NOT_EVALUATED:
                self._unseen.setdefault((finding.rule_id, _app_id(finding)), []).append(finding)

    def fate(self, known: Known) -> _Fate:
        """What became of it. Solved only when what it was about was judged, or is certainly gone."""
        found = self.by_fingerprint.get(known.fingerprint)
        if found is not None:
            if found.status is Status.NOT_EVALUATED:
                return _Fate.UNKNOWN
            return _Fate.THERE if is_failure(found) else _Fate.SOLVED
        app_id = _app_id(known)
        if app_id is not None and app_id not in self._applications:
            return self._of_missing_application(known, app_id)
        if self._narrowed and known.subject.kind is SubjectKind.PROFILE:
            return _Fate.UNKNOWN
        unseen = self._unseen.get((known.rule_id, app_id), [])
        # An unread element that the earlier run listed too is another one than this.
        may_hide_it = [f for f in unseen if not self._comparing.listed(f)]
        return _Fate.UNKNOWN if may_hide_it else _Fate.SOLVED

    def _of_missing_application(self, known: Known, app_id: str) -> _Fate:
        search_failed = self._unseen.get((known.rule_id, None))
        not_looked_for = self._comparing.was_found_by_all(app_id) and not self._all
        return _Fate.UNKNOWN if self._narrowed or search_failed or not_looked_for else _Fate.SOLVED


class _Meaning:
    """What of a finding makes it another one; `of` says whose sources tell what moves by itself."""

    def __init__(self, *, observed: bool) -> None:
        self._observed = observed

    def __call__(self, finding: Known, of: Finding) -> object:
        if not self._observed:
            return finding.status, finding.severity
        moving = any(source in entry.source for entry in of.evidence for source in _MOVING_SOURCES)
        observed = "" if moving else _text(finding.observed)
        return finding.status, finding.severity, _text(finding.expected), observed


_appearance = _Meaning(observed=False)
_meaning = _Meaning(observed=True)


def _text(value: object) -> str:
    return json.dumps(to_json(value), sort_keys=True)


def _first(finding: Finding, at: str) -> Finding:
    if finding.status is Status.NOT_EVALUATED:
        return finding
    return replace(finding, first_seen_at=at, baseline_state=BaselineState.NEW)


def _app_id(known: Known) -> str | None:
    return None if known.application is None else known.application.app_id


def _gave_way(gone: EarlierFinding, findings: Sequence[Finding]) -> bool:
    """Whether time made another failure of this one: a certificate that expired no longer expires soon.

    Nothing was solved by that, and nobody wants to read so on the morning of the outage.
    """
    return (
        gone.cause is Cause.TIME
        and gone.subject.kind not in _WHOLE
        and any(
            is_failure(finding)
            and (finding.baseline_state, finding.baseline_cause) == (BaselineState.NEW, Cause.TIME)
            and (finding.subject.kind, finding.subject.id) == (gone.subject.kind, gone.subject.id)
            and _app_id(finding) == _app_id(gone)
            for finding in findings
        )
    )


def _earlier(known: Known, cause: Cause | None) -> EarlierFinding:
    return EarlierFinding(
        fingerprint=known.fingerprint,
        rule_id=known.rule_id,
        title=known.title,
        status=known.status,
        severity=known.severity,
        application=known.application,
        subject=known.subject,
        expected=known.expected,
        observed=known.observed,
        first_seen_at=known.first_seen_at,
        cause=cause,
    )


def _order(finding: EarlierFinding) -> tuple[str, ...]:
    application = finding.application
    name = ("", "") if application is None else (application.display_name.casefold(), application.app_id)
    return (*name, finding.rule_id, finding.subject.id, finding.fingerprint)
