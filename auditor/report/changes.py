"""What changed since the last run, for the terminal: a few lines, the tenant's own changes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from auditor.model.change import AccessChange, AccessKind, Attribution, AttributionStatus, Drift
from auditor.model.finding import BaselineState, Cause, Finding, Status
from auditor.model.report import Comparison, EarlierFinding, Report
from auditor.model.rule import Severity
from auditor.report.drifted import what_changed
from auditor.report.text import visible

_SHOWN = 5
_WIDTH = 80

_NEW, _WORSE, _OTHER, _SOLVED = "new", "worse", "changed", "solved"
_WORDS = (_NEW, _WORSE, _OTHER, _SOLVED)
_CAUSES = {
    Cause.TENANT: "",
    Cause.TIME: " by the passing of time",
    Cause.RULES: " by other rules or another configuration, not in the tenant",
}


def changes(report: Report) -> Group | None:
    """What rich prints; None when there was nothing to compare with."""
    if report.comparison is None:
        return None
    lines = [*_lines(report, report.comparison), *_drift(report.drift)] or [
        f"Nothing changed since {report.comparison.evaluated_at}."
    ]
    heading = Text("Since the last run", style="bold underline")
    return Group(Text(), heading, *(Padding(Text(line), (0, 0, 0, 2)) for line in lines))


def _lines(report: Report, comparison: Comparison) -> Iterator[str]:
    found: dict[tuple[str | None, Cause | None], list[str]] = {}
    severities = {earlier.fingerprint: earlier.severity for earlier in comparison.earlier}
    for finding in report.findings:
        if finding.status is Status.FAIL:
            word = _word(finding, severities.get(finding.fingerprint))
            found.setdefault((word, finding.baseline_cause), []).append(_name(finding))
    for earlier in comparison.absent:
        found.setdefault((_SOLVED, earlier.cause), []).append(_name(earlier))
    for cause, why in _CAUSES.items():
        for word in _WORDS:
            names = found.get((word, cause), [])
            if names:
                yield f"{len(names)} {word}{why}: {_some(names)}."
    if comparison.unknown:
        count = len(comparison.unknown)
        failures = "failure" if count == 1 else "failures"
        yield f"{count} earlier {failures} could not be looked at again: neither solved nor new."


def _word(finding: Finding, was: Severity | None) -> str | None:
    """What became of a failure; worse: of a higher severity than it was."""
    if finding.baseline_state is BaselineState.UPDATED:
        return _WORSE if was is not None and finding.severity > was else _OTHER
    return _NEW if finding.baseline_state is BaselineState.NEW else None


def _drift(drift: Drift | None) -> Iterator[str]:
    """Who changed what, the most severe first; who gained and lost access; what nobody can tell."""
    if drift is None:
        return
    by_actor: dict[str, list[str]] = {}
    for change in sorted(drift.changes, key=lambda change: -change.severity.rank):  # stable
        by_actor.setdefault(_actor(change.attribution), []).append(what_changed(change))
    for actor, told in by_actor.items():
        yield f"{_count(len(told), 'change')} {actor}: {_some(told)}."
    for kind in AccessKind:
        moved = [each for each in drift.access if each.kind is kind and each.effective is not False]
        names = [f"{_person(each)} ({_short(each.application.display_name)})" for each in moved]
        if names:
            yield f"{len(names)} {kind} access: {_some(names)}."
    if drift.unknown:
        parts = sorted({part.property or part.section for part in drift.unknown})
        yield f"Not known whether changed: {_some(parts)}."


def _actor(attribution: Attribution) -> str:
    if attribution.actor is not None:
        actor = attribution.actor
        return f"by {_short(actor.name or actor.id or 'an unnamed application')}"
    if attribution.status is AttributionStatus.UNATTRIBUTED:
        return "by nobody known"
    return "by whom was not evaluated"


def _person(access: AccessChange) -> str:
    principal = access.principal
    guest = ", a guest" if principal.user_type == "Guest" else ""
    return f"{_short(principal.name or principal.id)}{guest}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _some(names: Sequence[str]) -> str:
    further = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{'; '.join(names[:_SHOWN])}{further}"


def _name(finding: Finding | EarlierFinding) -> str:
    about = finding.application.display_name if finding.application else finding.subject.name
    return f"{_short(about)}: {_short(finding.title)}"


def _short(text: str) -> str:
    plain = " ".join(visible(text).split())
    return plain if len(plain) <= _WIDTH else plain[: _WIDTH - 1] + "…"
