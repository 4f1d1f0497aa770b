"""report.md: for GitHub's step summary, an issue or a Teams message; headings, lists and code spans alone.

Teams shows no tables and no HTML, so there are none. Text from the tenant cannot become markup: punctuation
is escaped, and whatever a reader might turn into a link or a mention stands in a code span.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.report import Format
from auditor.report.carried import about, findings, most_urgent_first, tenant_name, waiver_text
from auditor.report.presentation import STATUS_WORDS, blind_spots, verdict_sentence
from auditor.report.text import REDACTED, act, brief, value_text, visible
from auditor.report.timeline import days_in_words

SIZE_LIMIT = 1024 * 1024 - 4096
"""Bytes: GitHub refuses a step summary above 1 MiB; a few are left to what else the step says."""

_TEXT_LIMIT = 500
_NAME_LIMIT = 120
_EXPIRIES = 20

_PUNCTUATION = re.compile(r"([\\`*_\[\]<>#|~&$])")
_BLOCK = re.compile(r"([0-9]{1,9}(?=[.)])|)(?=[-+=.)])")
"""What at the beginning of a list item begins a list or a heading; the backslash comes behind it."""
_ADDRESS = re.compile(r"\S*(?:@|://|www\.|[a-z]:[^\s.,;:])\S*?(?=[.,;:]*(?:\s|$))", re.IGNORECASE)
"""What GitHub or Teams might make a link or a mention of."""


def render(report: Report) -> bytes:
    """The whole file, at most 1 MiB. The same report gives the same bytes."""
    ordered = most_urgent_first(findings(report))
    written: list[str] = []
    size = 0
    for line in _lines(report, ordered):
        size += len(line.encode()) + 1
        if size > SIZE_LIMIT:
            written += ["", "**Cut here, at the size that GitHub shows.** report.json has everything."]
            break
        written.append(line)
    return ("\n".join(written) + "\n").encode()


def _lines(report: Report, ordered: Sequence[Finding]) -> Iterator[str]:
    yield f"# SAML audit of {_name(tenant_name(report))}"
    yield ""
    yield f"**{_text(verdict_sentence(report))}**"
    yield ""
    yield from _counts(report, ordered)
    yield from _section("Since the last run", _changes(report, ordered))
    yield from _section("Failures, the most severe first", _failures(ordered))
    yield from _section("Signing certificates that end next", _expiries(report))
    yield from _section("Could not be read", _gaps(report))
    for status in (Status.NOT_EVALUATED, Status.WAIVED):
        yield from _section(_heading(status), _each(ordered, status))
    for status in (Status.PASS, Status.NOT_APPLICABLE):
        yield from _section(_heading(status), _by_application(ordered, status))
    yield from _section("The run", _run(report))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    content = list(lines)
    if content:
        yield from ("", f"## {title}", "", *content)


def _heading(status: Status) -> str:
    word = STATUS_WORDS[status]
    return f"{word[:1].upper()}{word[1:]}"


def _counts(report: Report, ordered: Sequence[Finding]) -> Iterator[str]:
    count = Counter(finding.status for finding in ordered)
    yield f"- Applications: {len(report.applications):,}"
    for status, word in STATUS_WORDS.items():
        severities = [
            f"{number:,} {severity.value}"
            for severity in sorted(Severity, reverse=True)
            if status is Status.FAIL
            and (number := sum(f.status is status and f.severity is severity for f in ordered))
        ]
        yield f"- {word}: **{count[status]:,}**" + (f" ({', '.join(severities)})" if severities else "")


def _changes(report: Report, ordered: Sequence[Finding]) -> Iterator[str]:
    comparison = report.comparison
    if comparison is None:
        return
    for finding in ordered:
        if finding.status is Status.FAIL and finding.baseline_state in ("new", "updated"):
            cause = finding.baseline_cause
            why = f", by {cause.value}" if cause is not None and cause != "tenant" else ""
            state, name = finding.baseline_state.value, _name(about(finding))
            yield f"- **{state}**{why}: {name}: {_text(finding.title)}"
    for earlier in comparison.absent:
        name = earlier.application.display_name if earlier.application else earlier.subject.name
        yield f"- **solved**: {_name(name)}: {_text(earlier.title)}"
    if comparison.unknown:
        yield f"- **unknown**: {len(comparison.unknown):,} earlier failures could not be looked at again"
    yield f"- Compared with the run of {comparison.evaluated_at}; {comparison.unchanged:,} unchanged"


def _failures(ordered: Sequence[Finding]) -> Iterator[str]:
    for finding in ordered:
        if finding.status is Status.FAIL:
            yield f"- **{finding.severity.value}** {_name(about(finding))}: {_text(brief(finding.message))}"
            yield f"  - Rule {_code(finding.rule_id)}, {_since(finding)}expected {_value(finding.expected)}"
            if finding.remediation is not None:
                yield f"  - To do: {_text(act(finding.remediation.portal))}"


def _since(finding: Finding) -> str:
    return f"since {finding.first_seen_at[:10]}, " if finding.first_seen_at else ""


def _value(value: object) -> str:
    return _code(_short(value_text(value), _TEXT_LIMIT))  # type: ignore[arg-type]


def _expiries(report: Report) -> Iterator[str]:
    ending = sorted(
        (
            (certificate.not_after, application.display_name, certificate.thumbprint or "", certificate)
            for application in report.applications
            for certificate in application.certificates
            if certificate.status == "active" and certificate.not_after is not None
        ),
        key=lambda row: row[:3],
    )
    for not_after, name, thumbprint, certificate in ending[:_EXPIRIES]:
        left = days_in_words(certificate.days_left) if certificate.days_left is not None else "unknown"
        yield f"- {not_after[:10]} ({left}): {_name(name)}, {_code(thumbprint[:8])}"
    if len(ending) > _EXPIRIES:
        yield f"- and {len(ending) - _EXPIRIES:,} later ones"


def _gaps(report: Report) -> Iterator[str]:
    for spot in blind_spots(report.coverage.gaps):
        accepted = " (accepted)" if spot.accepted else ""
        sections = f"{', '.join(spot.sections)} ({spot.subjects:,})"
        yield f"- **{_text(spot.cure)}**{accepted}: {_text(sections)}. {_text(spot.detail)}"


def _each(ordered: Sequence[Finding], status: Status) -> Iterator[str]:
    for finding in ordered:
        if finding.status is status:
            accepted = "Waived: " if status is Status.WAIVED else ""
            waived = f" {accepted}{_text(waiver_text(finding))}" if finding.waiver else ""
            name, message = _name(about(finding)), _text(brief(finding.message))
            yield f"- {name}: {_code(finding.rule_id)} {message}{waived}"


def _by_application(ordered: Sequence[Finding], status: Status) -> Iterator[str]:
    """One line per application: nobody has to do anything about these."""
    rules: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for finding in ordered:
        if finding.status is status:
            application = finding.application
            rules[about(finding), application.app_id if application else ""].append(finding.rule_id)
    for (name, _), ids in rules.items():
        yield f"- {_name(name)} ({len(ids):,}): {', '.join(_code(rule) for rule in dict.fromkeys(ids))}"


def _run(report: Report) -> Iterator[str]:
    run = report.run
    yield f"- Tenant {_code(run.tenant.id)}, cloud {run.cloud}, read {run.started_at} to {run.finished_at}"
    yield f"- Judged for {run.evaluated_at} by {run.rules.count} rules, digest {_code(run.rules.digest[:16])}"
    if run.redacted:
        yield f"- {REDACTED}"
    yield f"- saml-app-auditor {_code(run.auditor_version)}, run {_code(run.id)}"


def _name(name: str) -> str:
    return _text(name, limit=_NAME_LIMIT) or "(no name)"


def _short(text: str, limit: int) -> str:
    plain = " ".join(visible(text).split())
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"


def _text(text: str, limit: int = _TEXT_LIMIT) -> str:
    """Text in one line that is no markup: addresses in code spans, everything else escaped."""
    plain = _short(text, limit)
    pieces: list[str] = []
    end = 0
    for match in _ADDRESS.finditer(plain):
        pieces += [_escaped(plain[end : match.start()]), _code(match.group())]
        end = match.end()
    return "".join([*pieces, _escaped(plain[end:])])


def _escaped(text: str) -> str:
    escaped = _PUNCTUATION.sub(r"\\\1", text)
    block = _BLOCK.match(escaped)
    return f"{block.group()}\\{escaped[block.end() :]}" if block else escaped


def _code(text: str) -> str:
    """A code span, with as many backticks as the text makes necessary (CommonMark 6.1)."""
    plain = " ".join(visible(text).split()) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    pad = " " if "`" in (plain[0], plain[-1]) else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


FORMAT = Format(name="markdown", file_name="report.md", render=render)
