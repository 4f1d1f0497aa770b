"""report.html: one file that asks nobody for anything, readable with and without JavaScript.

The templates lie in `reports/html/`. Names and values come from the tenant and are hostile: autoescape is on
for everything, an address of theirs is never a link, and the Content-Security-Policy lets only the page's own
style and script run, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from auditor.bundled import bundled
from auditor.model.finding import Finding, Status
from auditor.model.node import Json
from auditor.model.report import Report
from auditor.model.rule import Remediation, Severity
from auditor.report import Format, presentation
from auditor.report.difference import lines
from auditor.report.text import act, brief, split_unseen, value_text, visible
from auditor.report.timeline import days_in_words, timeline

COMPACT_ABOVE = 300
"""Applications: above, checklist steps without a problem are folded into one line, to keep the file small."""

_PORTALS: Mapping[str, str] = {
    "global": "https://entra.microsoft.com",
    "usgov": "https://entra.microsoft.us",
    "usgov-dod": "https://entra.microsoft.us",
    "china": "https://entra.microsoftonline.cn",
}
"""The Entra admin centre of each cloud (Microsoft Entra documentation, "Entra admin center")."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BLADES = {"Overview", "SignOn", "UsersAndGroups", "Owners", "Permissions", "Properties", "Provisioning"}


def render(report: Report) -> bytes:
    """The whole page, UTF-8. The same report gives the same bytes."""
    environment = _environment()
    page = environment.get_template("report.html.j2").render(
        report=report,
        problems=presentation.problems(report),
        blind_spots=presentation.blind_spots(report.coverage.gaps),
        applications=presentation.application_views(report),
        controls=presentation.controls(report),
        waivers=presentation.waivers_by_urgency(report),
        timeline=timeline(
            report.applications,
            first_threshold_days=max(report.configuration.thresholds.certificate_expiry_days, default=60),
        ),
        verdict=presentation.verdict_sentence(report),
        verdict_kind=presentation.verdict_kind(report),
        guidance=_guidance(report),
        unattached=_unattached(report),
        compact=len(report.applications) > COMPACT_ABOVE,
        portal=_PORTALS.get(report.run.cloud),
        style=Markup(_asset("report.css")),
        script=Markup(_asset("report.js")),
        style_hash=_hash("report.css"),
        script_hash=_hash("report.js"),
    )
    return page.encode(errors="backslashreplace")


FORMAT = Format(name="html", file_name="report.html", render=render)


def _guidance(report: Report) -> Mapping[str, Finding]:
    """One finding per rule that has something to set right: remediation and references are the rule's."""
    found: dict[str, Finding] = {}
    for finding in report.findings:
        if finding.status in (Status.FAIL, Status.WAIVED, Status.NOT_EVALUATED):
            found.setdefault(finding.rule_id, finding)
    return dict(sorted(found.items()))


def _unattached(report: Report) -> list[Finding]:
    """What was found about the tenant, and about profiles that no audited application has."""
    shown = {application.profile for application in report.applications}
    return [
        finding
        for finding in report.findings
        if finding.application is None
        and finding.subject.id not in shown
        and finding.status in (Status.FAIL, Status.NOT_EVALUATED, Status.WAIVED)
    ]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(bundled("reports") / "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        shown=_shown,
        visible=visible,
        value=_value,
        days=days_in_words,
        anchor=_anchor,
        commands=_commands,
        when=_when,
        brief=brief,
        act=act,
        https_link=_https_link,
    )
    environment.globals.update(
        differing=_differing,
        blade=_blade,
        status_words=presentation.STATUS_WORDS,
        severities=sorted(Severity, reverse=True),
        Status=Status,
    )
    return environment


@cache
def _asset(name: str) -> str:
    return (bundled("reports") / "html" / name).read_text(encoding="utf-8")


@cache
def _hash(name: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()


def _shown(text: object) -> Markup:
    """Text from the tenant: escaped, and what cannot be seen made visible."""
    return Markup().join(
        Markup("<span class=unseen>{}</span>").format(piece) if unseen else escape(piece)
        for piece, unseen in split_unseen(str(text))
    )


def _value(value: Json) -> Markup:
    """A value of evidence: null, empty text and the empty list told apart from text that spells them."""
    if isinstance(value, str) and value:
        return _shown(value)
    words = {"null": "null (not set)", '""': "empty text", "[]": "empty list", "{}": "empty object"}
    text = value_text(value)
    return Markup("<i>{}</i>").format(words[text]) if text in words else _shown(text)


def _differing(value: Json, against: Json) -> Markup:
    """A value with the parts marked that differ from the other one; one line per element of a list."""
    if value is None or value in ("", [], {}):
        return _value(value)
    return Markup("<br>").join(
        Markup().join(
            Markup("<mark>{}</mark>").format(_shown(piece.text)) if piece.differs else _shown(piece.text)
            for piece in line.pieces
        )
        for line in lines(value, against=against)
    )


def _anchor(text: str) -> str:
    """An id that is safe in the page and in its address."""
    return quote(text, safe="").replace("%", "_")


def _blade(portal: str | None, object_id: str, app_id: str, blade: str) -> str | None:
    """The page of the Entra admin centre on an enterprise application; None for ids that are no GUIDs."""
    if portal is None or blade not in _BLADES or not (_GUID.fullmatch(object_id) and _GUID.fullmatch(app_id)):
        return None
    return (
        f"{portal}/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/{blade}/objectId/{object_id}/appId/{app_id}"
    )


def _https_link(url: str) -> str | None:
    """References of our own rules may be links when they are https."""
    return url if url.startswith("https://") else None


def _commands(remediation: Remediation) -> list[tuple[str, str]]:
    named = (("Microsoft Graph", remediation.graph), ("Azure CLI", remediation.cli))
    return [(name, text) for name, text in named if text]


def _when(time: str | None) -> str:
    """`2026-11-23 07:30 UTC` from ISO 8601."""
    return "unknown" if time is None else f"{time[:10]} {time[11:16]} UTC" if len(time) > 15 else time
