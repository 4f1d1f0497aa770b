"""The report for the terminal: what is broken, what expires next, what could not be seen.

Reads well at 80 columns and without colour. Names come from whoever can create an application: everything is
put into `rich.text.Text` (no markup is parsed), in one line, with what cannot be seen made visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditor.model.finding import Finding, Status
from auditor.model.report import AuditedApplication, Certificate, Report, ReportedGap
from auditor.model.waiver import WaiverState
from auditor.report.presentation import waivers_by_urgency
from auditor.report.text import REDACTED, act, visible
from auditor.report.timeline import days_in_words

_FAILURES_SHOWN = 20
_ALIKE_SHOWN = 3
_EXPIRIES_SHOWN = 5
_GAPS_SHOWN = 20
_WAIVERS_SHOWN = 10
_NAME_WIDTH = 60
_MESSAGE_WIDTH = 400
_GAP_WIDTH = 200

_STYLE = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "dim",
}

_WAIVER_STYLE = {
    WaiverState.EXPIRED: "bold red",
    WaiverState.VOID: "bold red",
    WaiverState.EXPIRING: "yellow",
}


def summary(report: Report, *, files: Sequence[Path] = ()) -> RenderableType:
    """What rich prints; `files` are the reports that were written."""
    parts = [
        Text(verdict(report), style="bold"),
        *([Text(REDACTED)] if report.run.redacted else []),
        *_section("Failures, most severe first", _failures(report)),
        *_section("Expires next", _expiries(report)),
        *_section("Could not be seen", _gaps(report)),
        *_section("Waivers that need somebody", _waivers(report)),
        *_section("Reports", (_line(str(file)) for file in files)),
    ]
    return Group(*parts)


def verdict(report: Report) -> str:
    """One sentence on the tenant."""
    tenant = report.run.tenant
    name = _inline(tenant.display_name or tenant.domain or tenant.id)
    count = report.summary
    severe = [f"{n} {severity}" for severity, n in report.summary.by_severity.items() if n]
    applications = _plural(len(report.applications), "application")
    if count.fail:
        said = f"{_plural(count.fail, 'check')} failed ({', '.join(severe)}), {count.pass_} passed"
    elif count.pass_:
        said = f"all {_plural(count.pass_, 'check')} that could be judged passed"
    else:
        said = "nothing could be said"
    unseen = f"; {count.not_evaluated} could not be judged" if count.not_evaluated else ""
    waived = f"; {count.waived} waived" if count.waived else ""
    return f"{name}: {applications}, {said}{unseen}{waived}."


def _section(title: str, lines: Iterable[RenderableType]) -> Iterator[RenderableType]:
    content = list(lines)
    if content:
        yield Text()
        yield Text(title, style="bold underline")
        yield from content


def _failures(report: Report) -> Iterator[RenderableType]:
    """One entry per failure; one for all of a rule's where these would fill the screen."""
    failures = [finding for finding in report.findings if finding.status is Status.FAIL]
    failures.sort(key=lambda finding: -finding.severity.rank)  # stable: the report's order within a severity
    alike: dict[tuple[str, str], list[Finding]] = {}
    for finding in failures:
        alike.setdefault((finding.severity.value, finding.rule_id), []).append(finding)
    entries = [
        entry for group in alike.values() for entry in (group if len(group) <= _ALIKE_SHOWN else [group])
    ]
    for entry in entries[:_FAILURES_SHOWN]:
        yield _failure(entry) if isinstance(entry, Finding) else _failures_alike(entry)
    left = sum(1 if isinstance(entry, Finding) else len(entry) for entry in entries[_FAILURES_SHOWN:])
    if left:
        yield _line(f"... and {left} more in the report.", style="dim")


def _failure(finding: Finding) -> RenderableType:
    heading = Text.assemble((_short(_about(finding)), "bold"), ": ", _short(finding.message, _MESSAGE_WIDTH))
    return _entry(finding, heading)


def _failures_alike(findings: Sequence[Finding]) -> RenderableType:
    """`findings` fail the same rule."""
    names = list(dict.fromkeys(_short(_about(finding)) for finding in findings))
    rest = len(names) - _ALIKE_SHOWN
    named = ", ".join(names[:_ALIKE_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    said = f": {len(findings)} failures ({named})"
    return _entry(findings[0], Text.assemble((_inline(findings[0].title), "bold"), said))


def _about(finding: Finding) -> str:
    return finding.application.display_name if finding.application else finding.subject.name


def _entry(finding: Finding, heading: Text) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=len("informational"), no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    severity = finding.severity.value
    table.add_row(Text(severity, style=_STYLE[severity]), heading)
    remedy = _inline(finding.remediation.portal) if finding.remediation else ""
    table.add_row("", Text(f"{finding.rule_id}. {act(remedy)}".strip(), style="dim"))
    return Padding(table, (0, 0, 0, 2))


def _expiries(report: Report) -> Iterator[RenderableType]:
    ending = sorted(
        (
            (certificate.not_after, application.display_name, application, certificate)
            for application in report.applications
            for certificate in application.certificates
            if certificate.status == "active" and certificate.not_after is not None
        ),
        key=lambda row: (row[0], row[1], row[3].thumbprint or ""),
    )
    for _, _, application, certificate in ending[:_EXPIRIES_SHOWN]:
        yield _expiry(application, certificate)


def _expiry(application: AuditedApplication, certificate: Certificate) -> RenderableType:
    days = certificate.days_left
    when = "" if days is None else days_in_words(days)
    style = "" if days is None or days > 60 else "yellow" if days > 7 else "bold red"
    table = Table.grid(padding=(0, 1))
    table.add_column(width=10, no_wrap=True)
    table.add_column(width=20, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    name = Text(_short(application.display_name))
    table.add_row(Text((certificate.not_after or "")[:10]), Text(when, style=style), name)
    return Padding(table, (0, 0, 0, 2))


def _gaps(report: Report) -> Iterator[RenderableType]:
    """One line per section and cure, however many applications it concerns; accepted ones last."""
    kinds: dict[tuple[bool, str, str], list[ReportedGap]] = {}
    for gap in report.coverage.gaps:
        kinds.setdefault((gap.accepted, gap.section, _cure(gap)), []).append(gap)
    for (accepted, section, cure), gaps in sorted(kinds.items())[:_GAPS_SHOWN]:
        cured = bool(gaps[0].permission or gaps[0].licence)
        why = cure if cured else f"{cure}; {gaps[0].detail}"
        times = f" ({len(gaps)} times)" if len(gaps) > 1 else ""
        said = " (accepted)" if accepted else ""
        line = _short(f"{section}{times}: {why}", _GAP_WIDTH) + said
        yield _line(line, style="dim" if accepted else "")
    if len(kinds) > _GAPS_SHOWN:
        yield _line(f"... and {len(kinds) - _GAPS_SHOWN} more in the report.", style="dim")


def _cure(gap: ReportedGap) -> str:
    """What would let it be seen, else why it was not."""
    if gap.permission:
        return f"grant {gap.permission}"
    return f"needs the licence {gap.licence}" if gap.licence else gap.reason


def _waivers(report: Report) -> Iterator[RenderableType]:
    """One entry per waiver that is expired, void, unused, or will soon expire."""
    needy = [waiver for waiver in waivers_by_urgency(report) if waiver.remedy is not None]
    for waiver in needy[:_WAIVERS_SHOWN]:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=len("expiring"), no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        about = _short(f"{waiver.rule_id}, {waiver.application}")
        said = Text.assemble((about, "bold"), f": {_short(waiver.message, _GAP_WIDTH)}")
        table.add_row(Text(waiver.state.value, style=_WAIVER_STYLE.get(waiver.state, "")), said)
        table.add_row("", Text(_short(f"{waiver.owner}: {waiver.remedy}", _GAP_WIDTH), style="dim"))
        yield Padding(table, (0, 0, 0, 2))
    if len(needy) > _WAIVERS_SHOWN:
        yield _line(f"... and {len(needy) - _WAIVERS_SHOWN} more in the report.", style="dim")


def _line(text: str, style: str = "") -> RenderableType:
    return Padding(Text(_inline(text), style=style), (0, 0, 0, 2))


def _inline(text: str) -> str:
    return " ".join(visible(text).split())


def _short(text: str, width: int = _NAME_WIDTH) -> str:
    plain = _inline(text)
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
