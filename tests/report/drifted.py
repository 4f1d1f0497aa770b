"""What changed between two nights, for the tests of the formats: every kind of change and attribution."""

from __future__ import annotations

import hashlib

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
from auditor.model.finding import ApplicationReference, Evidence, Finding, Status, Subject
from auditor.model.node import Json
from auditor.model.rule import Remediation, Severity, SubjectKind
from tests.report.sample import HOSTILE

APPLICATION = ApplicationReference(
    service_principal_id="7dfd708c-1601-5b9b-9e3c-27a52826370f",
    app_id="68c3af5d-f151-51ba-93e7-7a89a8fc042d",
    display_name=HOSTILE,
)
ADA = Actor(
    kind=ActorKind.USER,
    id="dd9d9c12-dd3b-521d-a680-3c892d6caa8f",
    name="ada@contoso.com",
    ip_address="203.0.113.7",
)
PIPELINE = Actor(
    kind=ActorKind.APPLICATION,
    id="4f6b2f0e-6a4e-5a43-9b0e-0f3f4c1a2b3c",
    name=HOSTILE,
    ip_address=None,
)


def _candidate(actor: Actor, confidence: Confidence) -> Candidate:
    return Candidate(
        actor=actor,
        at="2026-11-23T09:12:44Z",
        activity="Update service principal",
        correlation_id="0c1d7f3a-55f2-4a0e-9a53-5d3c2b1a0f9e",
        confidence=confidence,
    )


def _named(best: Candidate, *others: Candidate) -> Attribution:
    ambiguous = bool(others)
    return Attribution(
        status=AttributionStatus.AMBIGUOUS if ambiguous else AttributionStatus.ATTRIBUTED,
        reason="2 entries fit" if ambiguous else None,
        actor=best.actor,
        at=best.at,
        activity=best.activity,
        correlation_id=best.correlation_id,
        confidence=best.confidence,
        candidates=(best, *others),
    )


ATTRIBUTED = _named(_candidate(ADA, Confidence.HIGH))
AMBIGUOUS = _named(_candidate(ADA, Confidence.LOW), _candidate(PIPELINE, Confidence.LOW))
UNATTRIBUTED = Attribution(status=AttributionStatus.UNATTRIBUTED, reason="no matching entry")
UNREAD = Attribution(
    status=AttributionStatus.NOT_EVALUATED,
    reason="attribution not evaluated: the directory's log could not be read (needs AuditLog.Read.All)",
)


def _change(
    property: str,
    before: Json,
    after: Json,
    attribution: Attribution,
    *,
    severity: Severity,
    element: str | None = None,
    application: ApplicationReference | None = APPLICATION,
    rules: tuple[str, ...] = (),
) -> Change:
    kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED if after is None else ChangeKind.CHANGED
    return Change(
        id=hashlib.sha256(f"{property} {element}".encode()).hexdigest()[:32],
        application=application,
        affects=() if application is None else (application,),
        object=ChangedObject(
            kind="servicePrincipal", id=APPLICATION.service_principal_id, name=APPLICATION.display_name
        ),
        section="servicePrincipals" if application else "conditionalAccessPolicies",
        property=property,
        element=element,
        kind=kind,
        before=before,
        after=after,
        rule_ids=rules,
        severity=severity,
        attribution=attribution,
    )


def sample_drift() -> Drift:
    """What changed; every call gives an equal one."""
    url = "https://evil.example.net/saml/acs"
    thumbprint = "9F" * 20
    certificate = {
        "thumbprint": thumbprint,
        "endDateTime": "2029-11-23T00:00:00Z",
        "usage": ["Sign", "Verify"],
    }
    return Drift(
        from_=ComparedRun(run_id="0d1b5f0a9c7e4f52", collected_at="2026-11-22T02:00:41Z", approved=False),
        to=ComparedRun(run_id="77aa5f0a9c7e4f53", collected_at="2026-11-23T02:00:41Z", approved=False),
        comparable=True,
        not_comparable=("The permission Synchronization.Read.All is lacking now.",),
        changes=(
            _change(
                "conditionalAccessPolicy.state",
                "enabled",
                "disabled",
                UNREAD,
                severity=Severity.HIGH,
                application=None,
            ),
            _change(
                "keyCredentials", None, certificate, AMBIGUOUS, severity=Severity.HIGH, element=thumbprint
            ),
            _change(
                "servicePrincipal.displayName",
                "GoToMeeting",
                HOSTILE,
                ATTRIBUTED,
                severity=Severity.INFORMATIONAL,
            ),
            _change(
                "servicePrincipal.replyUrls",
                None,
                url,
                UNATTRIBUTED,
                severity=Severity.CRITICAL,
                element=url,
                rules=("no-unexpected-reply-url", "reply-url-uses-https"),
            ),
        ),
        access=(
            AccessChange(
                application=APPLICATION,
                principal=Principal(
                    kind="user",
                    id=str(ADA.id),
                    name="ada@contoso.com",
                    user_type="Guest",
                    account_enabled=True,
                ),
                kind=AccessKind.GAINED,
                via=Via(kind=ViaKind.GROUP, id="060f9abe-d10b-50e3-94b9-2c304d87f4c1", name=HOSTILE),
                effective=True,
                attribution=ATTRIBUTED,
            ),
            AccessChange(
                application=APPLICATION,
                principal=Principal(
                    kind="servicePrincipal", id="b1", name=None, user_type=None, account_enabled=None
                ),
                kind=AccessKind.LOST,
                via=Via(kind=ViaKind.DIRECT),
                effective=None,
                attribution=UNATTRIBUTED,
            ),
        ),
        unknown=(
            UnknownPart(
                section="synchronizationJobs",
                property=None,
                application=APPLICATION,
                reason="not read now: permission (needs Synchronization.Read.All)",
            ),
        ),
        findings=(_finding(url),),
    )


def _finding(url: str) -> Finding:
    return Finding(
        fingerprint="ab" * 16,
        rule_id="unattributed-change",
        title="Every change is in the directory's log",
        status=Status.FAIL,
        severity=Severity.CRITICAL,
        application=APPLICATION,
        subject=Subject(kind=SubjectKind.REPLY_URL, id=url, name=url),
        message="servicePrincipal.replyUrls: a value was added, and no entry of the log says by whom.",
        expected="an entry of the directory's log",
        observed={"property": "servicePrincipal.replyUrls", "before": None, "after": url},
        evidence=(
            Evidence(
                source="GET /v1.0/auditLogs/directoryAudits",
                path="directoryAudits.entries",
                value="no matching entry",
                present=True,
                collected_at="2026-11-23T02:00:41Z",
            ),
        ),
        remediation=Remediation(portal="Ask the owners of the application who added it."),
        references=(),
        controls={},
        tutorial=None,
    )
