"""A report as a scan of a small company gives it, for the tests of the formats.

Four applications, every status, every severity, gaps with and without a cure, accepted and not, and names
that a hostile user of the tenant chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from auditor.evaluate.waivers import Scanned, apply_waivers
from auditor.model.access import Access, Assigned
from auditor.model.configuration import AcceptedGap, RuleOverride, Thresholds
from auditor.model.finding import (
    ApplicationReference,
    Evidence,
    Finding,
    Status,
    Subject,
    TutorialStep,
    fingerprint,
)
from auditor.model.node import Json
from auditor.model.profile import Source, Step
from auditor.model.report import (
    SCHEMA_VERSION,
    AuditedApplication,
    Certificate,
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
from auditor.model.rule import Remediation, Severity, SubjectKind
from auditor.model.snapshot import TenantIdentity
from auditor.model.waiver import Waiver

TENANT_ID = "3f1c2a54-5a0d-4b0e-9d0e-7d1f6a0c9b11"
HOSTILE = "<script>alert(1)</script>[bold]\x1b[31m{{7*7}}\u202egpj.exe\u200b\ud800"
"""Markup, a terminal sequence, a template, a right-to-left override, a zero-width space, half a surrogate."""

ACS = "https://authentication.logmeininc.com/saml/acs"
DOCUMENT = "GoToMeeting tutorial, 2017"
META = "https://login.microsoftonline.com/" + TENANT_ID + "/federationmetadata/2007-06/federationmetadata.xml"


def sample_report() -> Report:
    """The whole report; every call gives an equal one."""
    findings, waivers = apply_waivers(
        _findings(),
        WAIVERS,
        at=datetime(2026, 11, 23, 2, 0, 41, tzinfo=UTC),
        scanned=Scanned(applications=APPLICATIONS),
    )
    return Report(
        schema_version=SCHEMA_VERSION,
        run=Run(
            id="0d1b5f0a9c7e4f52",
            started_at="2026-11-23T02:00:00Z",
            finished_at="2026-11-23T02:00:41Z",
            evaluated_at="2026-11-23T02:00:41Z",
            auditor_version="0.1.0",
            rules=RuleSet(count=len(RULES), digest="9f" * 32),
            tenant=TenantIdentity(id=TENANT_ID, display_name="Contoso", domain="contoso.com"),
            cloud="global",
        ),
        coverage=Coverage(
            evaluated=sum(f.status in (Status.PASS, Status.FAIL, Status.WAIVED) for f in findings),
            not_evaluated=sum(f.status is Status.NOT_EVALUATED for f in findings),
            gaps=GAPS,
        ),
        summary=_summary(findings),
        applications=APPLICATIONS,
        findings=findings,
        rules=RULES,
        profiles=(PROFILE,),
        configuration=UsedConfiguration(
            environment="production",
            rules={
                "owner-present": RuleOverride(enabled=True),
                "recently-used": RuleOverride(enabled=False, reason="used once a quarter"),
                "no-guests-assigned": RuleOverride(severity=Severity.LOW),
            },
            thresholds=Thresholds(),
            accepted_gaps=(
                AcceptedGap(
                    section="claimsPolicy",
                    reason="needs a write permission",
                    owner="iam@contoso.com",
                    expires="2027-06-30",
                ),
            ),
        ),
        waivers=waivers,
    )


def _certificate(
    thumbprint: str, *, days_left: int, status: str, not_after: str, **changes: object
) -> Certificate:
    facts: dict[str, object] = {
        "thumbprint": thumbprint,
        "sha256": thumbprint + "0" * 24,
        "subject": "CN=Microsoft Azure Federated SSO Certificate",
        "not_before": "2023-11-30T10:12:00Z",
        "not_after": not_after,
        "days_left": days_left,
        "status": status,
        "validity": "expired" if days_left < 0 else "valid",
        "in_metadata": True,
        "at_service_provider": None,
        "key_type": "RSA",
        "key_size": 2048,
        "signature_algorithm": "sha256WithRSAEncryption",
    }
    return Certificate(**{**facts, **changes})  # type: ignore[arg-type]


def _application(number: int, name: str, *certificates: Certificate, **changes: object) -> AuditedApplication:
    facts: dict[str, object] = {
        "service_principal_id": f"00000000-0000-4000-8000-00000000000{number}",
        "app_id": f"a0000000-0000-4000-8000-00000000000{number}",
        "display_name": name,
        "profile": "gotomeeting",
        "product": "GoToMeeting",
        "matched_by": "template",
        "sign_on_mode": "saml",
        "enabled": True,
        "rollover": "none",
        "rollover_sentence": f"No change is under way: {HOSTILE} is valid until 18 April 2028 10:12 UTC.",
        "certificates": certificates,
    }
    return AuditedApplication(**{**facts, **changes})  # type: ignore[arg-type]


def _access(service_principal: int, *assigned: Assigned, **changes: object) -> Access:
    def number(kind: str) -> int:
        return sum(each.kind == kind for each in assigned)

    facts: dict[str, object] = {
        "assignment_required": True,
        "users": number("user"),
        "groups": number("group"),
        "service_principals": number("servicePrincipal"),
        "people": number("user") + sum(each.members or 0 for each in assigned),
        "assigned": assigned,
        "unseen": None,
        "source": f"GET /v1.0/servicePrincipals/00000000-0000-4000-8000-00000000000{service_principal}"
        "/appRoleAssignedTo",
        "collected_at": "2026-11-23T02:00:12Z",
    }
    return Access(**{**facts, **changes})  # type: ignore[arg-type]


def _user(name: str, address: str, *, user_type: str = "Member", enabled: bool = True) -> Assigned:
    return Assigned(
        kind="user",
        id=f"u-{address}",
        name=name,
        user_principal_name=address,
        user_type=user_type,
        account_enabled=enabled,
    )


ACCESS = {
    "other": _access(1, _user(HOSTILE, f"{HOSTILE}@evil.example", user_type="Guest", enabled=False)),
    "meeting": _access(
        2,
        Assigned(kind="group", id="g-1", name="Sales", members=48, guests=2, disabled=1),
        Assigned(kind="group", id="g-2", name="Board", unseen="Graph answered 403; grant Member.Read.Hidden"),
        _user("Adele Vance", "adele@contoso.com"),
        _user("Alex Wilber", "alex@contoso.com", enabled=False),
        Assigned(kind="servicePrincipal", id="s-1", name="Nightly export"),
        people=None,
    ),
    "training": _access(
        3, users=None, groups=None, service_principals=None, people=None,
        unseen="Graph answered 403 Authorization_RequestDenied; grant Application.Read.All",
    ),
    "webinar": _access(
        4, *(_user(f"Person {n:02d}", f"person{n:02d}@contoso.com") for n in range(25)),
        users=212, people=212, assignment_required=False,
    ),
}  # fmt: skip

APPLICATIONS = (
    _application(
        1,
        HOSTILE,
        _certificate("C1" * 20, days_left=512, status="active", not_after="2028-04-18T10:12:00Z"),
        profile=None,
        product=None,
        matched_by="allApplications",
        sign_on_mode=None,
        enabled=None,
        access=ACCESS["other"],
    ),
    _application(
        2,
        "GoToMeeting",
        _certificate("A7" * 20, days_left=7, status="active", not_after="2026-11-30T10:12:00Z"),
        _certificate("B8" * 20, days_left=1090, status="inactive", not_after="2029-11-17T08:00:00Z"),
        access=ACCESS["meeting"],
    ),
    _application(
        3,
        "GoToTraining",
        _certificate("D4" * 20, days_left=-13, status="active", not_after="2026-11-10T23:59:59Z"),
        product="GoToTraining",
        enabled=False,
        access=ACCESS["training"],
    ),
    _application(
        4,
        "GoToWebinar",
        _certificate(
            "E5" * 20,
            days_left=45,
            status="active",
            not_after="2027-01-07T12:00:00Z",
            subject=None,
            sha256=None,
            in_metadata=None,
            key_type=None,
            key_size=None,
            signature_algorithm=None,
        ),
        product="GoToWebinar",
        matched_by="displayName",
        access=ACCESS["webinar"],
    ),
)
OTHER, MEETING, TRAINING, WEBINAR = APPLICATIONS

GAPS = (
    ReportedGap(
        section="claimsPolicy",
        subject=MEETING.service_principal_id,
        reason="permission",
        detail="GET /beta/servicePrincipals/{id}/claimsPolicy answered 403 Authorization_RequestDenied",
        permission="Policy.Read.All",
        licence=None,
        http_status=403,
        accepted=True,
    ),
    ReportedGap(
        section="federationMetadata",
        subject=WEBINAR.service_principal_id,
        reason="unreadable",
        detail="no answer within 30 seconds",
        permission=None,
        licence=None,
        http_status=None,
        accepted=False,
    ),
    ReportedGap(
        section="signIns",
        subject="tenant",
        reason="licence",
        detail="GET /v1.0/auditLogs/signIns answered 403: the tenant has no premium licence",
        permission=None,
        licence="Microsoft Entra ID P1",
        http_status=403,
        accepted=False,
    ),
)


_EXPECTS = {"reply-url-matches": "replyUrl", "relay-state-matches": "relayState"}
"""Rules that compare with a value of the profile."""

REMEDIATION = Remediation(
    portal="Enterprise apps > the application > Single sign-on > Basic SAML Configuration.",
    graph=f'PATCH /v1.0/applications/{{id}} {{"web": {{"redirectUris": ["{ACS}"]}}}}',
    cli=f"az ad app update --id <app id> --web-redirect-uris {ACS}",
)
REFERENCES = ("https://learn.microsoft.com/entra/identity/saas-apps/citrix-gotomeeting-tutorial",)
CONTROLS = {"nist-sp-800-53-r5": ("CM-6", "IA-8"), "iso-27001-2022": ("A.8.9",)}


def _rule(category: str, id: str, severity: Severity, title: str, *, enabled: bool = True) -> RuleEntry:
    return RuleEntry(
        id=id,
        category=category,
        title=title,
        severity=severity,
        enabled=enabled,
        rationale=f"{title}. Otherwise sign-on fails, or people get in who should not.",
        remediation=REMEDIATION,
        references=REFERENCES,
        controls=CONTROLS,
        source=SourceLine(file=f"rules/{category}/{id}.yaml", line=12),
        expects=_EXPECTS.get(id),
    )


RULES = tuple(
    sorted(
        (
            _rule("urls", "reply-url-matches", Severity.HIGH, "The reply URL is the tutorial's"),
            _rule("urls", "no-unexpected-reply-url", Severity.HIGH, "No reply URL beyond the tutorial's"),
            _rule("urls", "relay-state-matches", Severity.MEDIUM, "The relay state is the product's"),
            _rule("identity", "identifier-matches", Severity.HIGH, "The identifier is the tutorial's"),
            _rule(
                "identity", "gallery-application-present", Severity.HIGH, "The gallery application is there"
            ),
            _rule(
                "signing", "signing-certificate-not-expired", Severity.CRITICAL, "The certificate is valid"
            ),
            _rule(
                "signing",
                "signing-certificate-not-expiring",
                Severity.MEDIUM,
                "The certificate lasts a while",
            ),
            _rule("signing", "metadata-available", Severity.MEDIUM, "The federation metadata can be fetched"),
            _rule("claims", "name-id-is-user-name", Severity.HIGH, "The name ID is the configured attribute"),
            _rule("assignment", "no-guests-assigned", Severity.LOW, "No guest is assigned"),
            _rule("assignment", "owner-present", Severity.INFORMATIONAL, "An owner is there"),
            _rule("sign-in", "sign-ins-succeed", Severity.MEDIUM, "Entra issues responses"),
            _rule("sign-in", "recently-used", Severity.INFORMATIONAL, "It is in use", enabled=False),
            _rule("provisioning", "synchronization-healthy", Severity.HIGH, "Provisioning is healthy"),
        ),
        key=lambda rule: rule.id,
    )
)

PROFILE = ProfileEntry(
    id="gotomeeting",
    display_name="GoToMeeting",
    sources={
        "tutorial-2017": Source(
            title=DOCUMENT,
            url="https://learn.microsoft.com/azure/active-directory/saas-apps/citrix-gotomeeting-tutorial",
            date="2017-10-20",
        ),
        "tutorial-2025": Source(
            title="GoToMeeting tutorial, 2025",
            url="https://learn.microsoft.com/entra/identity/saas-apps/citrix-gotomeeting-tutorial",
            date="2025-03-25",
            note="asks for a blank sign-on URL",
        ),
    },
    steps=(
        Step(
            id="add",
            title="Add GoToMeeting from the gallery",
            document="tutorial-2017",
            rules=("gallery-application-present",),
        ),
        Step(
            id="basic",
            title="Identifier, reply URL and relay state",
            document="tutorial-2017",
            rules=(
                "identifier-matches",
                "reply-url-matches",
                "no-unexpected-reply-url",
                "relay-state-matches",
            ),
        ),
        Step(
            id="certificate",
            title="Download the federation metadata",
            document="tutorial-2017",
            rules=(
                "metadata-available",
                "signing-certificate-not-expired",
                "signing-certificate-not-expiring",
            ),
        ),
        Step(
            id="just-in-time",
            title="Accounts are created at the first sign-on",
            document="tutorial-2017",
            observable=False,
            check="compare the users in the GoTo admin center with the assigned ones",
        ),
        Step(id="test", title="Test single sign-on", document="tutorial-2025", rules=("sign-ins-succeed",)),
    ),
    expected={
        "relayState": SourceLine(file="rules/profiles/gotomeeting.yaml", line=58),
        "replyUrl": SourceLine(file="rules/profiles/gotomeeting.yaml", line=54),
    },
)


def _evidence(source: str, path: str, value: Json, *, present: bool = True) -> Evidence:
    return Evidence(
        source=source,
        path=path,
        value=value,
        present=present,
        collected_at="2026-11-23T02:00:12Z" if present else None,
    )


def _finding(
    application: AuditedApplication | None,
    rule_id: str,
    status: Status,
    message: str,
    *evidence: Evidence,
    subject: tuple[SubjectKind, str, str] | None = None,
    severity: Severity | None = None,
    expected: Json = None,
    observed: Json = None,
    step: str | None = None,
) -> Finding:
    rule = next(rule for rule in RULES if rule.id == rule_id)
    if subject is None:
        assert application is not None
        subject = (SubjectKind.APPLICATION, application.service_principal_id, application.display_name)
    kind, subject_id, name = subject
    return Finding(
        fingerprint=fingerprint(
            tenant_id=TENANT_ID,
            rule_id=rule_id,
            owner=application.app_id if application else subject_id,
            kind=kind,
            subject_id=subject_id,
        ),
        rule_id=rule_id,
        title=rule.title,
        status=status,
        severity=severity or rule.severity,
        application=_reference(application) if application else None,
        subject=Subject(kind=kind, id=subject_id, name=name),
        message=message,
        expected=expected,
        observed=observed,
        evidence=evidence
        or (_evidence("GET /v1.0/servicePrincipals", "servicePrincipal", {"id": subject_id}),),
        remediation=REMEDIATION,
        references=REFERENCES,
        controls=CONTROLS,
        tutorial=TutorialStep(document=DOCUMENT, step=step) if step else None,
    )


def _reference(application: AuditedApplication) -> ApplicationReference:
    return ApplicationReference(
        service_principal_id=application.service_principal_id,
        app_id=application.app_id,
        display_name=application.display_name,
    )


WAIVERS = (
    Waiver(
        rule="relay-state-matches",
        application=TRAINING.app_id,
        reason="until the migration",
        owner="iam@contoso.com",
        expires="2027-01-31",
    ),
    Waiver(
        rule="owner-present",
        application=OTHER.service_principal_id,
        reason=HOSTILE,
        owner="soc@contoso.com",
        expires="2026-11-22",
    ),
    Waiver(
        rule="no-unexpected-reply-url",
        application=MEETING.app_id,
        subject="https://old.example/acs",
        pinned=True,
        value=HOSTILE,
        reason="the vendor's old address",
        owner="soc@contoso.com",
        ticket="SEC-7",
        expires="2026-12-07",
    ),
    Waiver(
        rule="signing-certificate-not-expiring",
        application="gotomeeting",
        pinned=True,
        value=[30],
        reason="is rolled over by the vendor",
        owner="soc@contoso.com",
        expires="2026-12-07",
    ),
)
"""One in force, one expired, one that matches nothing and one that is void."""


def _findings() -> tuple[Finding, ...]:
    evil = "https://evil.example/acs?<img src=x onerror=alert(1)>"
    reply_urls = "servicePrincipal.replyUrls"
    asked = f"GET /v1.0/servicePrincipals/{MEETING.service_principal_id}"
    not_read = _evidence(META, "metadata", None, present=False)
    found = [
        _finding(
            None,
            "gallery-application-present",
            Status.PASS,
            "3 service principals match GoToMeeting.",
            subject=(SubjectKind.PROFILE, "gotomeeting", "GoToMeeting"),
            step="add",
        ),
        _finding(OTHER, "reply-url-matches", Status.NOT_APPLICABLE, "No profile matches this application."),
        _finding(OTHER, "signing-certificate-not-expired", Status.PASS, "The active certificate is valid."),
        _finding(
            OTHER,
            "no-guests-assigned",
            Status.FAIL,
            f"The guest {HOSTILE} is assigned.",
            _evidence("GET /v1.0/users", "people[0].userType", "Guest"),
            severity=Severity.LOW,
            subject=(SubjectKind.ASSIGNMENT, "assignment-1", HOSTILE),
            observed={"count": 12, "first": [f"guest-{n}" for n in range(10)]},
        ),
        _finding(OTHER, "owner-present", Status.FAIL, "Nobody owns it.", expected=1, observed=0),
        _finding(
            MEETING,
            "identifier-matches",
            Status.PASS,
            "The identifier is the expected one.",
            expected="https://authentication.logmeininc.com/saml/sp",
            observed=["https://authentication.logmeininc.com/saml/sp"],
            step="basic",
        ),
        _finding(
            MEETING,
            "reply-url-matches",
            Status.PASS,
            "The reply URL is the expected one.",
            _evidence(asked, reply_urls, [ACS, evil]),
            expected=ACS,
            observed=[ACS, evil],
            step="basic",
        ),
        _finding(
            MEETING,
            "no-unexpected-reply-url",
            Status.FAIL,
            f"{evil} is not in the tutorial.",
            _evidence(asked, reply_urls, [ACS, evil]),
            subject=(SubjectKind.REPLY_URL, evil, evil),
            expected=[ACS],
            observed=evil,
            step="basic",
        ),
        _finding(
            MEETING,
            "relay-state-matches",
            Status.FAIL,
            "The relay state is not set.",
            _evidence(asked, "servicePrincipal.samlSingleSignOnSettings", None),
            expected="https://global.gotomeeting.com",
            observed=None,
            step="basic",
        ),
        _finding(
            MEETING,
            "signing-certificate-not-expired",
            Status.PASS,
            "The active certificate is valid.",
            subject=(SubjectKind.CERTIFICATE, "A7" * 20, "A7" * 20),
        ),
        _finding(
            MEETING,
            "signing-certificate-not-expiring",
            Status.FAIL,
            "The active certificate expires in 7 days, on 2026-11-30T10:12:00Z.",
            severity=Severity.CRITICAL,
            expected=60,
            observed=7,
            subject=(SubjectKind.CERTIFICATE, "A7" * 20, "A7" * 20),
            step="certificate",
        ),
        _finding(
            MEETING,
            "name-id-is-user-name",
            Status.NOT_EVALUATED,
            "Could not be told: claimsPolicy could not be read (Policy.Read.All).",
            _evidence("GET /beta/servicePrincipals/{id}/claimsPolicy", "policies", None, present=False),
            expected="user.userprincipalname",
        ),
        _finding(MEETING, "synchronization-healthy", Status.NOT_APPLICABLE, "There is no provisioning job."),
        _finding(
            TRAINING,
            "reply-url-matches",
            Status.FAIL,
            "The expected reply URL is missing.",
            expected=ACS,
            observed=["http://localhost/acs"],
            step="basic",
        ),
        _finding(
            TRAINING,
            "signing-certificate-not-expired",
            Status.FAIL,
            "The active certificate expired on 2026-11-10T23:59:59Z.",
            expected="valid",
            observed="expired",
            subject=(SubjectKind.CERTIFICATE, "D4" * 20, "D4" * 20),
        ),
        _finding(
            TRAINING, "signing-certificate-not-expiring", Status.NOT_APPLICABLE, "It has expired already."
        ),
        _finding(TRAINING, "relay-state-matches", Status.FAIL, "The relay state is not set."),
        _finding(
            TRAINING,
            "sign-ins-succeed",
            Status.NOT_EVALUATED,
            "Could not be told: the tenant has no licence.",
            _evidence("GET /v1.0/auditLogs/signIns", "signIns", None, present=False),
            step="test",
        ),
        _finding(
            WEBINAR,
            "metadata-available",
            Status.NOT_EVALUATED,
            "Could not be told: no answer.",
            not_read,
            step="certificate",
        ),
        _finding(
            WEBINAR,
            "signing-certificate-not-expiring",
            Status.FAIL,
            "The active certificate expires in 45 days, on 2027-01-07T12:00:00Z.",
            observed=45,
            expected=60,
            subject=(SubjectKind.CERTIFICATE, "E5" * 20, "E5" * 20),
            step="certificate",
        ),
        _finding(
            WEBINAR,
            "reply-url-matches",
            Status.PASS,
            "The reply URL is the expected one.",
            expected=ACS,
            observed=[ACS],
            step="basic",
        ),
    ]
    return tuple(found)


def _summary(findings: Sequence[Finding]) -> Summary:
    def count(status: Status) -> int:
        return sum(finding.status is status for finding in findings)

    return Summary(
        pass_=count(Status.PASS),
        fail=count(Status.FAIL),
        not_evaluated=count(Status.NOT_EVALUATED),
        not_applicable=count(Status.NOT_APPLICABLE),
        waived=count(Status.WAIVED),
        by_severity={
            severity.value: sum(f.status is Status.FAIL and f.severity is severity for f in findings)
            for severity in reversed(Severity)
        },
    )
