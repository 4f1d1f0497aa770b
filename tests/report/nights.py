"""The sample as the run of a later night: compared with the night before, with the trend of the runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from auditor.model.change import (
    AccessChange,
    AccessKind,
    Actor,
    ActorKind,
    Attribution,
    AttributionStatus,
    Candidate,
    Change,
    ChangedObject,
    ChangeKind,
    ComparedRun,
    Confidence,
    Drift,
    Principal,
    UnknownPart,
    Via,
    ViaKind,
)
from auditor.model.finding import ApplicationReference, BaselineState, Cause, Finding, Status
from auditor.model.node import Json
from auditor.model.report import (
    AuditedApplication,
    Comparison,
    EarlierFinding,
    Report,
    Summary,
    TrendPoint,
)
from auditor.model.rule import Severity
from tests.report.sample import HOSTILE, MEETING, OTHER, TRAINING, WEBINAR, sample_report

LAST_NIGHT = "2026-11-22T02:00:41Z"

_STATES: Mapping[tuple[str, str], tuple[BaselineState, Cause]] = {
    (MEETING.app_id, "no-unexpected-reply-url"): (BaselineState.NEW, Cause.TENANT),
    (OTHER.app_id, "no-guests-assigned"): (BaselineState.NEW, Cause.TENANT),
    (WEBINAR.app_id, "signing-certificate-not-expiring"): (BaselineState.NEW, Cause.TIME),
    (MEETING.app_id, "signing-certificate-not-expiring"): (BaselineState.UPDATED, Cause.TIME),
    (TRAINING.app_id, "reply-url-matches"): (BaselineState.UPDATED, Cause.TENANT),
}


def second_night() -> Report:
    """Something new by somebody, something worse, something solved, something that could not be looked at."""
    sample = sample_report()
    findings = tuple(_stated(finding) for finding in sample.findings)
    fails = [finding for finding in findings if finding.status in (Status.FAIL, Status.WAIVED)]
    states = [finding.baseline_state for finding in fails]
    relay = next(f for f in findings if f.rule_id == "relay-state-matches" and f.status is Status.WAIVED)
    name_id = next(f for f in findings if f.rule_id == "name-id-is-user-name")
    comparison = Comparison(
        run_id="7e11fa2b90c1d3e4",
        evaluated_at=LAST_NIGHT,
        rules_changed=False,
        new=states.count(BaselineState.NEW),
        unchanged=states.count(BaselineState.UNCHANGED),
        updated=states.count(BaselineState.UPDATED),
        absent=(replace(_earlier(relay, cause=Cause.TENANT), fingerprint="ab" * 16, rule_id="owner-present",
                        title="An owner is there"),),
        unknown=(_earlier(name_id, cause=None),),
        earlier=tuple(
            replace(_earlier(finding, cause=finding.baseline_cause), severity=Severity.MEDIUM, observed=8)
            for finding in fails
            if finding.baseline_state is BaselineState.UPDATED
        ),
    )  # fmt: skip
    return replace(
        sample,
        findings=findings,
        comparison=comparison,
        drift=drift(),
        trend=trend(sample),
    )


def drift() -> Drift:
    """One change of each kind, by each kind of actor, attributed in each way."""
    evil = next(
        finding.subject.id
        for finding in sample_report().findings
        if finding.rule_id == "no-unexpected-reply-url" and finding.status is Status.FAIL
    )
    return Drift(
        from_=ComparedRun(run_id="7e11fa2b90c1d3e4", collected_at=LAST_NIGHT),
        to=ComparedRun(run_id=None, collected_at="2026-11-23T02:00:41Z"),
        comparable=True,
        not_comparable=("The audit log was read from 2026-11-22T01:00:00Z on.",),
        changes=(
            _change(MEETING, "servicePrincipal.replyUrls", by_alice(), after=evil, element=evil,
                    rules=("no-unexpected-reply-url",)),
            _change(TRAINING, "servicePrincipal.replyUrls", by_one_of_two(), before="https://a.example/acs",
                    after="https://b.example/acs", rules=("reply-url-matches",)),
            _change(OTHER, "owners", UNATTRIBUTED, before="Adele Vance"),
            _change(None, "conditionalAccessPolicies", by_application(), before={"state": "enabled"},
                    after={"state": "disabled"}),
        ),
        access=(
            AccessChange(
                application=reference(OTHER),
                principal=Principal(kind="user", id="u-9", name=HOSTILE, user_type="Guest",
                                    account_enabled=True),
                kind=AccessKind.GAINED,
                via=Via(kind=ViaKind.GROUP, id="g-1", name="Partners"),
                effective=True,
                attribution=by_alice(),
            ),
            AccessChange(
                application=reference(MEETING),
                principal=Principal(kind="user", id="u-7", name="Lee Gu", user_type="Member",
                                    account_enabled=None),
                kind=AccessKind.LOST,
                via=Via(kind=ViaKind.DIRECT),
                effective=None,
                attribution=LOG_UNREADABLE,
            ),
        ),
        unknown=(
            UnknownPart(section="signIns", property=None, application=None, reason="not read now: licence"),
        ),
        findings=(unexplained(),),
    )  # fmt: skip


UNATTRIBUTED = Attribution(
    status=AttributionStatus.UNATTRIBUTED, reason="No entry from 2026-11-22T01:00:00Z on concerns it."
)
LOG_UNREADABLE = Attribution(
    status=AttributionStatus.NOT_EVALUATED,
    reason="The audit log could not be read; grant AuditLog.Read.All.",
)


def by_alice() -> Attribution:
    """A user, for certain."""
    actor = Actor(kind=ActorKind.USER, id="u-1", name="alice@contoso.com", ip_address="203.0.113.7")
    return Attribution(
        status=AttributionStatus.ATTRIBUTED,
        reason=None,
        actor=actor,
        at="2026-11-22T21:14:09Z",
        activity="Update service principal",
        correlation_id="1b1c8e0a-0000-4000-8000-000000000001",
        confidence=Confidence.HIGH,
        candidates=(_candidate(actor, "2026-11-22T21:14:09Z"),),
    )


def by_application() -> Attribution:
    """An application without a name, perhaps."""
    actor = Actor(kind=ActorKind.APPLICATION, id="s-77", name=None, ip_address=None)
    return replace(by_alice(), actor=actor, confidence=Confidence.LOW)


def by_one_of_two() -> Attribution:
    """Either of two users."""
    alice = by_alice().candidates[0]
    bob = replace(alice, actor=replace(alice.actor, id="u-2", name="bob@contoso.com"))
    return replace(
        by_alice(),
        status=AttributionStatus.AMBIGUOUS,
        reason="Two entries fit equally well.",
        confidence=Confidence.MEDIUM,
        candidates=(alice, bob),
    )


def unexplained() -> Finding:
    """The finding about a change that nobody explains."""
    model = next(f for f in sample_report().findings if f.rule_id == "owner-present")
    return replace(
        model,
        fingerprint="d7" * 16,
        rule_id="unattributed-change",
        title="Every change is explained by the audit log",
        severity=Severity.MEDIUM,
        message="owners lost Adele Vance, and the audit log names nobody who did it.",
        expected=None,
        observed="Adele Vance",
        first_seen_at="2026-11-23T02:00:41Z",
        baseline_state=BaselineState.NEW,
    )


def reference(application: AuditedApplication) -> ApplicationReference:
    """The application as findings and changes name it."""
    return ApplicationReference(
        service_principal_id=application.service_principal_id,
        app_id=application.app_id,
        display_name=application.display_name,
    )


def _candidate(actor: Actor, at: str) -> Candidate:
    return Candidate(
        actor=actor,
        at=at,
        activity="Update service principal",
        correlation_id="1b1c8e0a-0000-4000-8000-000000000001",
        confidence=Confidence.HIGH,
    )


def _change(
    application: AuditedApplication | None,
    name: str,
    attribution: Attribution,
    *,
    before: Json = None,
    after: Json = None,
    element: str | None = None,
    rules: tuple[str, ...] = (),
) -> Change:
    kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED if after is None else ChangeKind.CHANGED
    about = reference(application) if application else None
    return Change(
        id=f"{len(name):032x}",
        application=about,
        affects=(about,) if about else (),
        object=ChangedObject(
            kind="servicePrincipal" if about else "conditionalAccessPolicy",
            id=about.service_principal_id if about else "policy-1",
            name=about.display_name if about else "Require MFA",
        ),
        section="servicePrincipals",
        property=name,
        element=element,
        kind=kind,
        before=before,
        after=after,
        rule_ids=rules,
        severity=Severity.HIGH,
        attribution=attribution,
    )


def trend(report: Report, runs: int = 30) -> tuple[TrendPoint, ...]:
    """Nights that got better and then worse again, and a change of rules; `report` is the last of them."""
    last = datetime.fromisoformat(report.run.evaluated_at)
    points = [
        TrendPoint(
            run_id=f"{night:016x}",
            evaluated_at=(last - timedelta(days=runs - 1 - night)).astimezone(UTC).strftime(_TIME),
            rules_digest="7c" * 32 if night < 6 else report.run.rules.digest,
            summary=_summary(report.summary, shift=max(0, 14 - night) + (3 if night == 19 else 0)),
        )
        for night in range(runs - 1)
    ]
    now = TrendPoint(
        run_id=report.run.id,
        evaluated_at=report.run.evaluated_at,
        rules_digest=report.run.rules.digest,
        summary=report.summary,
    )
    return (*points, now)


_TIME = "%Y-%m-%dT%H:%M:%SZ"


def _summary(now: Summary, *, shift: int) -> Summary:
    severities = {**now.by_severity, "high": now.by_severity["high"] + shift}
    return replace(now, fail=now.fail + shift, pass_=max(0, now.pass_ - shift), by_severity=severities)


def _stated(finding: Finding) -> Finding:
    if finding.status is Status.NOT_EVALUATED:
        return finding
    app = finding.application.app_id if finding.application else ""
    state, cause = _STATES.get((app, finding.rule_id), (BaselineState.UNCHANGED, None))
    since = "2026-11-23T02:00:41Z" if state is BaselineState.NEW else "2026-11-01T02:00:41Z"
    return replace(finding, first_seen_at=since, baseline_state=state, baseline_cause=cause)


def _earlier(finding: Finding, *, cause: Cause | None) -> EarlierFinding:
    return EarlierFinding(
        fingerprint=finding.fingerprint,
        rule_id=finding.rule_id,
        title=finding.title,
        status=Status.FAIL,
        severity=finding.severity,
        application=finding.application,
        subject=finding.subject,
        expected=finding.expected,
        observed=finding.observed,
        first_seen_at="2026-11-01T02:00:41Z",
        cause=cause,
    )
