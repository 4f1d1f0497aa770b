"""What changed since the last run, for the terminal: a few lines, the tenant's own changes first."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from auditor.model.finding import BaselineState, Cause, Finding, Status
from auditor.model.report import Comparison, EarlierFinding, Report
from auditor.report.text import visible

_SHOWN = 5
_WIDTH = 80

_STATES = {BaselineState.NEW: "new", BaselineState.UPDATED: "changed", BaselineState.ABSENT: "solved"}
_CAUSES = {
    Cause.TENANT: "",
    Cause.TIME: " by the passing of time",
    Cause.RULES: " by other rules or another configuration, not in the tenant",
}


def changes(report: Report) -> Group | None:
    """What rich prints; None when there was nothing to compare with."""
    if report.comparison is None:
        return None
    lines = list(_lines(report, report.comparison)) or [
        f"Nothing changed since {report.comparison.evaluated_at}."
    ]
    heading = Text("Since the last run", style="bold underline")
    return Group(Text(), heading, *(Padding(Text(line), (0, 0, 0, 2)) for line in lines))


def _lines(report: Report, comparison: Comparison) -> Iterator[str]:
    found: dict[tuple[BaselineState | None, Cause | None], list[str]] = {}
    for finding in report.findings:
        if finding.status is Status.FAIL:
            found.setdefault((finding.baseline_state, finding.baseline_cause), []).append(_name(finding))
    for earlier in comparison.absent:
        found.setdefault((BaselineState.ABSENT, earlier.cause), []).append(_name(earlier))
    for cause, why in _CAUSES.items():
        for state, word in _STATES.items():
            names = found.get((state, cause), [])
            if names:
                further = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
                yield f"{len(names)} {word}{why}: {'; '.join(names[:_SHOWN])}{further}."
    if comparison.unknown:
        count = len(comparison.unknown)
        failures = "failure" if count == 1 else "failures"
        yield f"{count} earlier {failures} could not be looked at again: neither solved nor new."


def _name(finding: Finding | EarlierFinding) -> str:
    about = finding.application.display_name if finding.application else finding.subject.name
    return f"{_short(about)}: {_short(finding.title)}"


def _short(text: str) -> str:
    plain = " ".join(visible(text).split())
    return plain if len(plain) <= _WIDTH else plain[: _WIDTH - 1] + "…"
