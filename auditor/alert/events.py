"""What there is to tell of a run. Pure: reports in, events out.

A key is made of what an event means. What happens between two runs (new, worse, solved, drift, incomplete) is
of the run that first saw it: the same run never tells it again, and a failure that was solved and comes back
is new again. What lasts (a certificate that nears its end, a waiver that expired, scans that fail) has a key
of its own stage, so that every run may find it and the store still tells it once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime

from auditor.alert import sentences
from auditor.model.configuration import EventKind
from auditor.model.event import CertificateEnd, Event
from auditor.model.finding import ApplicationReference, BaselineState, Evidence, Finding, Status, Subject
from auditor.model.report import AuditedApplication, Certificate, EarlierFinding, Report
from auditor.model.rule import Severity, SubjectKind
from auditor.model.snapshot import TenantIdentity
from auditor.model.waiver import WaiverState

_EXPIRED = "signing-certificate-not-expired"
_EXPIRING = "signing-certificate-not-expiring"
"""The rules whose waivers silence a certificate."""


def events_of(report: Report, before: Report | None, *, report_url: str | None) -> tuple[Event, ...]:
    """What the run of `report` has to tell; `before` is the last complete run's, None in the first."""
    return tuple(_Telling(report, before, report_url).events())


def failed(
    tenant: TenantIdentity, *, message: str, last_run: str | None, at: datetime, report_url: str | None
) -> Event:
    """A scan that came to no report; told once a day, and again when one succeeded in between."""
    return Event(
        id=_key(tenant.id, EventKind.FAILED, last_run, at.date().isoformat()),
        event=EventKind.FAILED,
        run_id=None,
        tenant=tenant,
        at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        severity=Severity.CRITICAL,
        text=sentences.failed(tenant, message),
        report_url=report_url,
    )


class _Telling:
    def __init__(self, report: Report, before: Report | None, report_url: str | None) -> None:
        self._report = report
        self._before = before
        self._report_url = report_url
        earlier = report.comparison.earlier if report.comparison else ()
        self._earlier = {finding.fingerprint: finding for finding in earlier}

    def events(self) -> Iterator[Event]:
        yield from self._incomplete()
        for finding in self._report.findings:
            yield from self._of_finding(finding)
        if self._report.comparison is not None:
            for gone in self._report.comparison.absent:
                yield from self._solved(gone)
        if self._report.drift is not None:
            for finding in self._report.drift.findings:
                if finding.status is Status.FAIL:
                    yield self._about_finding(EventKind.NEW, finding, sentences.new(finding))
            for change in self._report.drift.changes:
                yield self._event(
                    EventKind.DRIFT,
                    change.id,
                    self._report.run.id,
                    severity=change.severity,
                    text=sentences.drift(change),
                    change=change,
                    applications=change.affects,
                )
        yield from self._waivers()
        for application in self._report.applications:
            for certificate in application.certificates:
                yield from self._of_certificate(application, certificate)

    def _event(self, kind: EventKind, *key: object, severity: Severity, text: str, **about: object) -> Event:
        run = self._report.run
        return Event(
            id=_key(run.tenant.id, kind, *key),
            event=kind,
            run_id=run.id,
            tenant=run.tenant,
            at=run.evaluated_at,
            severity=severity,
            text=text,
            report_url=self._report_url,
            **about,  # type: ignore[arg-type]
        )

    def _of_finding(self, finding: Finding) -> Iterator[Event]:
        if finding.status is not Status.FAIL:
            return
        known = self._earlier.get(finding.fingerprint)
        if finding.baseline_state is BaselineState.NEW:
            yield self._about_finding(EventKind.NEW, finding, sentences.new(finding))
        elif known is not None and finding.severity > known.severity:
            text = sentences.worse(finding, known.severity)
            yield self._about_finding(EventKind.WORSE, finding, text)

    def _about_finding(self, kind: EventKind, finding: Finding | EarlierFinding, text: str) -> Event:
        return self._event(
            kind,
            finding.fingerprint,
            self._report.run.id,
            severity=finding.severity,
            text=text,
            finding=finding,
            applications=() if finding.application is None else (finding.application,),
        )

    def _waivers(self) -> Iterator[Event]:
        found = {finding.fingerprint: finding for finding in self._report.findings}
        for waiver in self._report.waivers:
            if waiver.state is WaiverState.EXPIRED:
                failing = [found[each] for each in waiver.findings if each in found]
                severities = (finding.severity for finding in failing)
                yield self._event(
                    EventKind.WAIVER,
                    waiver.id,
                    severity=max(severities, default=Severity.INFORMATIONAL),
                    text=sentences.waiver(waiver),
                    waiver=waiver,
                    applications=tuple(f.application for f in failing if f.application is not None),
                )

    def _solved(self, gone: EarlierFinding) -> Iterator[Event]:
        if gone.status is Status.FAIL:
            yield self._about_finding(EventKind.SOLVED, gone, sentences.solved(gone))

    def _of_certificate(self, application: AuditedApplication, certificate: Certificate) -> Iterator[Event]:
        days, thumbprint = certificate.days_left, certificate.thumbprint
        if certificate.status != "active" or days is None or thumbprint is None:
            return
        expired = certificate.validity == "expired"
        thresholds = self._report.configuration.thresholds.certificate_expiry_days
        threshold = None if expired else min((t for t in thresholds if days <= t), default=None)
        rule = _EXPIRED if expired else _EXPIRING
        if (threshold is None and not expired) or self._is_accepted(rule, application, thumbprint):
            return
        stage = self._report.run.evaluated_at[:10] if expired else threshold
        end = CertificateEnd(
            application=ApplicationReference(
                service_principal_id=application.service_principal_id,
                app_id=application.app_id,
                display_name=application.display_name,
            ),
            thumbprint=thumbprint,
            subject=certificate.subject,
            not_after=certificate.not_after,
            days_left=days,
            threshold=threshold,
        )
        yield self._event(
            EventKind.CERTIFICATE,
            application.app_id,
            thumbprint,
            stage,
            severity=self._severity_of(rule, end),
            text=sentences.certificate(end),
            certificate=end,
            applications=(end.application,),
        )

    def _is_accepted(self, rule_id: str, application: AuditedApplication, thumbprint: str) -> bool:
        """Whether the rule is off, or a waiver covers what it says about this certificate."""
        if any(rule.id == rule_id and not rule.enabled for rule in self._report.rules):
            return True
        found = self._finding_about(rule_id, application.app_id, thumbprint)
        return found is not None and found.status is Status.WAIVED

    def _severity_of(self, rule_id: str, end: CertificateEnd) -> Severity:
        """The finding's; where no rule gave one: critical from the third threshold on, as the rule does."""
        found = self._finding_about(rule_id, end.application.app_id, end.thumbprint)
        if found is not None:
            return found.severity
        thresholds = self._report.configuration.thresholds.certificate_expiry_days
        crossed = 3 if end.threshold is None else sum(end.days_left <= each for each in thresholds)
        return {1: Severity.MEDIUM, 2: Severity.HIGH}.get(crossed, Severity.CRITICAL)

    def _finding_about(self, rule_id: str, app_id: str, thumbprint: str) -> Finding | None:
        for finding in self._report.findings:
            same_application = finding.application is not None and finding.application.app_id == app_id
            same_subject = (
                finding.subject.kind is SubjectKind.CERTIFICATE and finding.subject.id == thumbprint
            )
            if finding.rule_id == rule_id and same_application and same_subject:
                return finding
        return None

    def _incomplete(self) -> Iterator[Event]:
        """When something cannot be read that the last run read, or that nobody was told of."""
        gaps = tuple(gap for gap in self._report.coverage.gaps if not gap.accepted)
        before = self._before.coverage.gaps if self._before else ()
        known = {(gap.section, gap.reason, gap.permission) for gap in before if not gap.accepted}
        if all((gap.section, gap.reason, gap.permission) in known for gap in gaps):
            return
        unseen = [f.severity for f in self._report.findings if f.status is Status.NOT_EVALUATED]
        yield self._event(
            EventKind.INCOMPLETE,
            self._report.run.id,
            severity=max(unseen, default=Severity.MEDIUM),
            text=sentences.incomplete(gaps),
            gaps=gaps,
        )


def _key(tenant: str, kind: EventKind, *parts: object) -> str:
    """SHA-256 over what an event means, the first 32 hex digits."""
    meaning = json.dumps([tenant.lower(), kind.value, *parts])
    return hashlib.sha256(meaning.encode()).hexdigest()[:32]


def sample(tenant: str, *, at: datetime) -> Event:
    """What `auditor alert test` sends: in the form of a new finding, and plainly none."""
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    application = ApplicationReference(
        service_principal_id="00000000-0000-0000-0000-000000000000",
        app_id="00000000-0000-0000-0000-000000000000",
        display_name="Sample application",
    )
    finding = Finding(
        fingerprint=hashlib.sha256(b"sample").hexdigest()[:32],
        rule_id="sample",
        title="This is a test",
        status=Status.FAIL,
        severity=Severity.INFORMATIONAL,
        application=application,
        subject=Subject(kind=SubjectKind.APPLICATION, id=application.app_id, name=application.display_name),
        message="`auditor alert test` sent this; nothing is wrong.",
        expected=None,
        observed=None,
        evidence=(Evidence(source="not asked", path="sample", value=None, present=False, collected_at=None),),
        remediation=None,
        references=(),
        controls={},
        tutorial=None,
    )
    return Event(
        id=_key(tenant, EventKind.NEW, "sample", moment),
        event=EventKind.NEW,
        run_id=None,
        tenant=TenantIdentity(id=tenant, display_name=None, domain=None),
        at=moment,
        severity=finding.severity,
        text=sentences.line(f"Test: {application.display_name}: {finding.message}"),
        report_url=None,
        finding=finding,
    )
