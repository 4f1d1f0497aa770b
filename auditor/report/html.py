"""report.html: one file that asks nobody for anything, readable with and without JavaScript.

For many applications also an index and a page for each. The templates lie in `reports/html/`. Names and
values come from the tenant and are hostile: autoescape is on for everything, an address of theirs is never
a link, and the Content-Security-Policy lets only the page's own style and script run, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditor.bundled import bundled
from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.report import Format, page_text, presentation
from auditor.report.assurance import controls, framework_name, rule_verdicts
from auditor.report.places import FOLDER, INDEX, Places, anchor, page_name, profile_owners
from auditor.report.since import Turn, actor_name, since, who
from auditor.report.text import REDACTED, act, brief, visible
from auditor.report.timeline import days_in_words, timeline
from auditor.report.trend import trend

COMPACT_ABOVE = 300
"""Applications: above, checklist steps without a problem are folded into one line, to keep the file small."""

SPLIT_ABOVE = 10_000_000
"""Bytes of report.html; above, the program suggests `--split`."""

_PORTALS: Mapping[str, str] = {
    "global": "https://entra.microsoft.com",
    "usgov": "https://entra.microsoft.us",
    "usgov-dod": "https://entra.microsoft.us",
    "china": "https://entra.microsoftonline.cn",
}
"""The Entra admin centre of each cloud (Microsoft Entra documentation, "Entra admin center")."""

_TO_BE_SET_RIGHT = (Status.FAIL, Status.WAIVED, Status.NOT_EVALUATED)


def render(report: Report) -> bytes:
    """The whole page, UTF-8. The same report gives the same bytes."""
    return _page("report.html.j2", _whole(report), Places())


def render_split(report: Report) -> Iterator[tuple[str, bytes]]:
    """A page for each application, then the index: file names relative to the index, and contents."""
    context = _whole(report)
    of_profile = profile_owners(report)
    for view in context["applications"]:
        id = view.application.service_principal_id
        findings = [
            *(finding for step in view.steps for finding in step.findings),
            *view.beyond,
        ]
        places = Places(split=True, here=id, of_profile={**of_profile, (view.application.profile or ""): id})
        guidance = _guidance(findings)
        rules = rule_verdicts(finding for finding in findings if finding.rule_id in guidance)
        one = {**context, "view": view, "guidance": guidance, "rules": rules, "compact": False}
        yield f"{FOLDER}/{page_name(id)}", _page("application.html.j2", one, places)
    yield INDEX, _page("report.html.j2", context, Places(split=True, of_profile=of_profile))


FORMAT = Format(name="html", file_name=INDEX, render=render, render_split=render_split)


def _whole(report: Report) -> dict[str, Any]:
    """What the templates ask for."""
    applications = presentation.application_views(report)
    return {
        "report": report,
        "problems": presentation.problems(report),
        "blind_spots": presentation.blind_spots(report.coverage.gaps),
        "applications": applications,
        "states": Counter(view.state for view in applications),
        "controls": controls(report),
        "rules": rule_verdicts(presentation.all_findings(report)),
        "waivers": presentation.waivers_by_urgency(report),
        "since": since(report),
        "trend": trend(report.trend),
        "timeline": timeline(
            report.applications,
            first_threshold_days=max(report.configuration.thresholds.certificate_expiry_days, default=60),
        ),
        "verdict": presentation.verdict_sentence(report),
        "verdict_kind": presentation.verdict_kind(report),
        "nothing_judged": presentation.nothing_judged(report),
        "guidance": _guidance(presentation.all_findings(report)),
        "unattached": _unattached(report),
        "names": {each.service_principal_id: each.display_name for each in report.applications},
        "by_fingerprint": {f.fingerprint: f for f in presentation.all_findings(report)},
        "compact": len(report.applications) > COMPACT_ABOVE,
        "redacted": REDACTED,
        "portal": _PORTALS.get(report.run.cloud),
    }


def _page(template: str, context: Mapping[str, Any], places: Places) -> bytes:
    page = (
        _environment()
        .get_template(template)
        .render(
            context,
            places=places,
            style=Markup(_asset("report.css")),
            script=Markup(_asset("report.js")),
            style_hash=_hash("report.css"),
            script_hash=_hash("report.js"),
        )
    )
    return page.encode(errors="backslashreplace")


def _guidance(findings: Iterable[Finding]) -> Mapping[str, Finding]:
    """One finding per rule that has something to set right: remediation and references are the rule's."""
    found: dict[str, Finding] = {}
    for finding in findings:
        if finding.status in _TO_BE_SET_RIGHT and finding.remediation is not None:
            found.setdefault(finding.rule_id, finding)
    return dict(sorted(found.items()))


def _unattached(report: Report) -> list[Finding]:
    """What was found about the tenant, and about profiles that no audited application has."""
    shown = {application.profile for application in report.applications}
    return [
        finding
        for finding in presentation.all_findings(report)
        if finding.application is None
        and finding.subject.id not in shown
        and finding.status in _TO_BE_SET_RIGHT
    ]


class _Unindented(FileSystemLoader):
    """Indentation is for who edits a template; thousands of applications need not repeat it."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_current = super().get_source(environment, template)
        return re.sub(r"(?m)^[ \t]+", "", source), name, is_current


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_Unindented(bundled("reports") / "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        shown=page_text.shown,
        short=page_text.short,
        visible=visible,
        value=page_text.value,
        short_value=page_text.short_value,
        changed_value=page_text.changed_value,
        days=days_in_words,
        anchor=anchor,
        commands=page_text.commands,
        when=page_text.when,
        number=page_text.number,
        plural=page_text.plural,
        days_left=page_text.days_left,
        brief=brief,
        act=act,
        https_link=page_text.https_link,
        framework=framework_name,
        who=who,
        actor=actor_name,
    )
    environment.globals.update(
        differing=page_text.differing,
        blade=page_text.blade,
        status_words=presentation.STATUS_WORDS,
        state_words=presentation.STATE_WORDS,
        severities=sorted(Severity, reverse=True),
        Status=Status,
        State=presentation.State,
        Turn=Turn,
    )
    return environment


@cache
def _asset(name: str) -> str:
    return (bundled("reports") / "html" / name).read_text(encoding="utf-8")


@cache
def _hash(name: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()
