"""What an event says, in one line: what is wrong and where, never a number alone.

Names and values are the tenant's: whoever can create an application chooses them. What cannot be seen in them
is made visible here; each channel escapes what means something to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from auditor.model.change import Actor, Attribution, AttributionStatus, Change, ChangeKind
from auditor.model.event import CertificateEnd
from auditor.model.finding import Cause, Finding
from auditor.model.report import EarlierFinding, ReportedGap
from auditor.model.rule import Severity
from auditor.model.snapshot import TenantIdentity
from auditor.model.waiver import ReportedWaiver
from auditor.report.text import value_text, visible

_LONGEST = 400
_NAME = 80
_GAPS = 6

_CAUSES = {
    Cause.RULES: " (by other rules or another configuration, not in the tenant)",
    Cause.TIME: " (by the passing of time)",
}


def new(finding: Finding) -> str:
    """A failure that was not there."""
    return line(f"New: {_about(finding)}: {finding.message}{_cause(finding.baseline_cause)}")


def worse(finding: Finding, before: Severity) -> str:
    """A failure of a severity that it did not have."""
    raised = f"{finding.severity.value} now, {before.value} before"
    return line(f"Worse: {_about(finding)}: {finding.message} ({raised}){_cause(finding.baseline_cause)}")


def solved(finding: EarlierFinding) -> str:
    """A failure that is gone."""
    subject = name(finding.subject.name)
    return line(f"Solved: {_about(finding)}: {finding.title} ({subject}){_cause(finding.cause)}")


def drift(change: Change) -> str:
    """What changed in the tenant, and who did it."""
    affected = ", ".join(name(each.display_name) for each in change.affects[:3])
    about = affected or name(change.object.name)
    before, after = (name(value_text(value)) for value in (change.before, change.after))
    said = {
        ChangeKind.ADDED: f"{after} was added",
        ChangeKind.REMOVED: f"{before} was removed",
        ChangeKind.CHANGED: f"{before} became {after}",
    }[change.kind]
    return line(f"Drift: {about}: {change.property}: {said}, {_by(change.attribution)}")


def certificate(end: CertificateEnd) -> str:
    """An active signing certificate that nears its end."""
    about = f"{name(end.application.display_name)}: the active signing certificate {end.thumbprint}"
    if end.threshold is None:
        return line(f"Certificate: {about} expired on {end.not_after}")
    days = "1 day" if end.days_left == 1 else f"{end.days_left} days"
    return line(f"Certificate: {about} expires in {days}, on {end.not_after}")


def waiver(waiver: ReportedWaiver) -> str:
    """One that expired."""
    return line(f"Waiver: {waiver.rule_id} of {name(waiver.application)}: {waiver.message}")


def incomplete(gaps: Sequence[ReportedGap]) -> str:
    """What could not be read, and what would cure it; once per section."""
    said: dict[str, None] = {}
    for gap in gaps:
        cure = gap.permission or gap.licence
        said[f"{gap.section} ({gap.reason}{f', needs {cure}' if cure else ''})"] = None
    shown = list(said)[:_GAPS]
    further = f" and {len(said) - _GAPS} more" if len(said) > _GAPS else ""
    return line(f"Incomplete: could not be read: {', '.join(shown)}{further}")


def failed(tenant: TenantIdentity, message: str) -> str:
    """A scan without a report."""
    return line(f"Failed: the scan of {name(tenant.domain or tenant.id)} came to no report: {message}")


def line(text: str) -> str:
    """One line, of bounded length, everything in it visible."""
    plain = visible(" ".join(text.split()))
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"


def name(text: str) -> str:
    """A name, short enough not to push what matters out of sight."""
    return text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"


def _by(attribution: Attribution) -> str:
    match attribution.status, attribution.actor:
        case AttributionStatus.ATTRIBUTED | AttributionStatus.AMBIGUOUS, Actor() as actor:
            at = f" at {attribution.at}" if attribution.at else ""
            perhaps = "perhaps " if attribution.status is AttributionStatus.AMBIGUOUS else ""
            return f"{perhaps}by {name(actor.name or actor.id or 'somebody')}{at}"
        case AttributionStatus.NOT_EVALUATED, _:
            return "and by whom could not be read"
    return "by nobody that the directory's log names"


def _about(finding: Finding | EarlierFinding) -> str:
    return name(finding.application.display_name if finding.application else finding.subject.name)


def _cause(cause: Cause | None) -> str:
    return "" if cause is None else _CAUSES.get(cause, "")
