"""`unattributed-change`: a change that the directory's log, although it was read, explains by nobody.

In the form of a finding, so that it is reported, waived and told as one. It is an event, not a state: it
stands in the drift of the night that saw it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.drift.log import Log
from auditor.drift.properties import meaning_of
from auditor.model.change import AttributionStatus, Change, ChangeKind
from auditor.model.finding import (
    BaselineState,
    Cause,
    Evidence,
    Finding,
    Status,
    Subject,
    fingerprint,
)
from auditor.model.node import Json
from auditor.model.rule import Remediation
from auditor.model.snapshot import TENANT, Snapshot
from auditor.model.waiver import UNATTRIBUTED_CHANGE

_TITLE = "The directory's log says who made a change"
_REFERENCES = (
    "https://learn.microsoft.com/en-us/entra/identity/monitoring-health/concept-audit-logs",
    "https://learn.microsoft.com/en-us/entra/identity/monitoring-health/reference-reports-data-retention",
)
_CONTROLS = {"iso-27001-2022": ("A.8.15", "A.8.32"), "nist-sp-800-53-r5": ("AU-12", "CM-3", "CM-6")}
_VERBS = {ChangeKind.ADDED: "was added", ChangeKind.REMOVED: "was removed", ChangeKind.CHANGED: "changed"}
_REMEDY = Remediation(
    portal=(
        "Ask the owners whether the change was meant to be, and undo it if it was not. In Entra admin "
        "center, look at Monitoring & health > Audit logs for the object; keep the log longer than its "
        "retention by diagnostic settings."
    )
)


def unattributed_findings(
    changes: Sequence[Change], before: Snapshot, after: Snapshot, log: Log
) -> tuple[Finding, ...]:
    """One per unattributed change, in their order."""
    return tuple(
        _finding(change, before, after, log)
        for change in changes
        if change.attribution.status is AttributionStatus.UNATTRIBUTED
    )


def _finding(change: Change, before: Snapshot, after: Snapshot, log: Log) -> Finding:
    kind = meaning_of(change.property).kind
    subject = change.element or change.object.id
    reason = change.attribution.reason or ""
    observed: Json = {
        "property": change.property,
        "kind": change.kind.value,
        "before": change.before,
        "after": change.after,
    }
    about = f"{change.property} of {change.object.name}"
    if change.element is not None:
        about = f"{change.element} in {about}"
    return Finding(
        fingerprint=fingerprint(
            tenant_id=after.tenant.id,
            rule_id=UNATTRIBUTED_CHANGE,
            owner=change.application.app_id if change.application else TENANT,
            kind=kind,
            subject_id="\n".join((change.object.id.lower(), change.property, subject)),
        ),
        rule_id=UNATTRIBUTED_CHANGE,
        title=_TITLE,
        status=Status.FAIL,
        severity=change.severity,
        application=change.application,
        subject=Subject(kind=kind, id=subject, name=_name(change)),
        message=f"{about} {_VERBS[change.kind]}, and the directory's log does not say by whom: {reason}.",
        expected="an entry of the directory's log that made the change",
        observed=observed,
        evidence=tuple(_evidence(change, before, after, log, reason)),
        remediation=_REMEDY,
        references=_REFERENCES,
        controls=_CONTROLS,
        tutorial=None,
        first_seen_at=after.finished_at,
        baseline_state=BaselineState.NEW,
        baseline_cause=Cause.TENANT,
    )


def _name(change: Change) -> str:
    for value in (change.after, change.before):
        if isinstance(value, dict):
            for key in ("principalDisplayName", "userPrincipalName", "displayName", "subject"):
                found = value.get(key)
                if isinstance(found, str):
                    return found
    return change.element or change.object.name


def _evidence(change: Change, before: Snapshot, after: Snapshot, log: Log, reason: str) -> Iterator[Evidence]:
    """The value then and now, and what was asked of the log."""
    for snapshot, value in ((before, change.before), (after, change.after)):
        source, at = _source(snapshot, change)
        yield Evidence(
            source=source, path=change.property, value=value, present=value is not None, collected_at=at
        )
    yield Evidence(
        source=log.source,
        path="directoryAudits.entries",
        value=reason,
        present=False,
        collected_at=log.until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _source(snapshot: Snapshot, change: Change) -> tuple[str, str]:
    """The request that answered, and when."""
    subjects = [change.object.id, TENANT]
    if change.application is not None:
        subjects.insert(0, change.application.service_principal_id)
    for subject in subjects:
        record = snapshot.record(change.section, subject)
        if record is not None and record.requests:
            request = record.requests[0]
            return str(request), request.at
    return change.section, snapshot.finished_at
