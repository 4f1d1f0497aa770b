"""report.pdf: the print view of report.html on paper, by WeasyPrint (extra `pdf`; needs the system's Pango).

A book of a thousand pages helps nobody and takes minutes to set: above a size only what fails, is waived or
could not be told is in it, the most severe first, and a sentence says what was left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from markupsafe import escape

from auditor.bundled import bundled
from auditor.errors import UsageError
from auditor.model.finding import Status
from auditor.model.node import Json
from auditor.model.report import Report
from auditor.model.wire import from_json, to_json
from auditor.report import Format, html
from auditor.report.carried import findings, most_urgent_first
from auditor.report.presentation import STATUS_WORDS, verdict_sentence

WHOLE_LIMIT = 300
"""Findings; with more of them, what is as it should be is left out."""
FINDINGS_LIMIT = 100
"""Findings that are not as they should be; further ones are left out."""

TEXT_LIMIT = 400
"""Characters of one text; further ones are left out, and their number told."""

_SYSTEM = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_QUIET = (Status.PASS, Status.NOT_APPLICABLE)
_BREAK = 30
_TEXT = re.compile(r"(?<=>)[^<>]{30,}(?=<)")
_LONG = re.compile(r"[^\s&;]{31,}")
_RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_DRAWN = re.compile(r"(fill|stroke|stroke-\w+|font-size|font-weight)\s*:\s*[^;]+")


def check() -> None:
    """Raises UsageError unless PDFs can be made here."""
    try:
        import weasyprint  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"a PDF needs WeasyPrint: {error}",
            remedy="pip install 'saml-app-auditor[pdf]', or print report.html from a browser.",
        ) from error
    except OSError as error:
        raise UsageError(
            f"a PDF needs Pango from the system: {str(error).splitlines()[0]}",
            remedy=f"On Debian and Ubuntu: apt-get install {_SYSTEM}.",
        ) from error


def render(report: Report) -> bytes:
    """The whole file. The same report gives the same bytes on the same machine (fonts are the machine's).

    Raises UsageError when something that it needs is missing.
    """
    check()
    from weasyprint import CSS, HTML

    printed: bytes = HTML(string=page(report), url_fetcher=_refuse, media_type="print").write_pdf(
        stylesheets=[CSS(string=_asset("pdf/print.css"))]
    )
    return printed


def page(report: Report) -> str:
    """The page that is printed."""
    told = bounded(report)
    text = html.render(_with_short_texts(told)).decode()
    if told is not report:
        # The verdict is on all that was found, not on what is printed.
        text = text.replace(str(escape(verdict_sentence(told))), str(escape(verdict_sentence(report))), 1)
        note = f'<p class="left-out">{escape(left_out(report, told))}</p>'
        text = re.sub(r"<main\b[^>]*>", lambda main: main.group() + note, text, count=1)
    head, body = text.split("<main", 1)
    text = f"{head}<main" + _TEXT.sub(lambda node: _LONG.sub(_breakable, node.group()), body)
    drawing = f"<style>{_drawing()}</style>"
    return re.sub(r"<svg\b[^>]*>", lambda svg: svg.group() + drawing, text)


def _breakable(word: re.Match[str]) -> str:
    """The word with places where a line may end: WeasyPrint takes minutes to find them in a long one."""
    whole = word.group()
    return "\u200b".join(whole[start : start + _BREAK] for start in range(0, len(whole), _BREAK))


def _with_short_texts(report: Report) -> Report:
    """Nobody reads ten thousand letters on paper."""
    return from_json(_short(to_json(report)), Report)


def _short(value: Json) -> Json:
    if isinstance(value, str) and len(value) > TEXT_LIMIT:
        return f"{value[:TEXT_LIMIT]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        return {key: _short(each) for key, each in value.items()}
    return (
        [_short(each) for each in value]
        if isinstance(value, Sequence) and not isinstance(value, str)
        else value
    )


def bounded(report: Report) -> Report:
    """The report itself, or what of it is printed."""
    found = findings(report)
    if len(found) <= WHOLE_LIMIT:
        return report
    kept = [f for f in most_urgent_first(found) if f.status not in _QUIET][:FINDINGS_LIMIT]
    named = {finding.application.service_principal_id for finding in kept if finding.application}
    fingerprints = {finding.fingerprint for finding in kept}
    applications = tuple(a for a in report.applications if a.service_principal_id in named)
    drift = report.drift
    if drift is not None:
        drift = replace(
            drift,
            findings=tuple(finding for finding in drift.findings if finding.fingerprint in fingerprints),
            changes=drift.changes[:FINDINGS_LIMIT],
            access=drift.access[:FINDINGS_LIMIT],
        )
    return replace(
        report,
        findings=tuple(finding for finding in report.findings if finding.fingerprint in fingerprints),
        applications=applications,
        drift=drift,
    )


def left_out(report: Report, told: Report) -> str:
    """What is not in it, by status."""
    kept = {finding.fingerprint for finding in findings(told)}
    missing = Counter(f.status for f in findings(report) if f.fingerprint not in kept)
    counted = ", ".join(
        f"{missing[status]:,} {word}" for status, word in STATUS_WORDS.items() if missing[status]
    )
    return (
        f"This print has {len(kept):,} of {len(findings(report)):,} findings, the most severe first, and "
        f"{len(told.applications):,} of {len(report.applications):,} applications. Left out: {counted}. "
        "report.html and report.json have all of them."
    )


def _refuse(url: str, **_: object) -> dict[str, object]:
    """The page asks nobody for anything, and neither does its print."""
    raise ValueError(f"not fetched: {url}")


@cache
def _drawing() -> str:
    """The page's style of its drawings, which WeasyPrint looks for inside of them, with plain colours."""
    style = _asset("html/report.css")
    light = next(_RULE.finditer(style)).group(2)
    colours = dict(re.findall(r"(--[\w-]+)\s*:\s*([^;]+)", light))
    rules: list[str] = []
    for selector, body in _RULE.findall(style):
        drawn = [each.group() for each in _DRAWN.finditer(body)]
        if any(each.startswith(("fill", "stroke")) for each in drawn):
            plain = _VARIABLE.sub(lambda name: colours.get(name.group(1), "#000"), "; ".join(drawn))
            rules.append(f"{selector.strip()} {{ {plain} }}")
    rules.append(".timeline .label { stroke: none; }")  # its halo would be drawn over the letters
    return "\n".join(rules)


@cache
def _asset(name: str) -> str:
    return (bundled("reports") / name).read_text(encoding="utf-8")


FORMAT = Format(name="pdf", file_name="report.pdf", render=render, check=check)
