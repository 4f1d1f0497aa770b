"""certificates.ics: the end of every signing certificate in a calendar, with reminders (RFC 5545).

Reminders come as many days before as `certificate_expiry_days` of the configuration says. An event keeps its
UID as long as the certificate is the application's: a calendar that reads the file again doubles nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from auditor.model.report import AuditedApplication, Certificate, Report
from auditor.report import Format
from auditor.report.carried import not_evaluated, tenant_name
from auditor.report.text import visible

if TYPE_CHECKING:
    from icalendar import Alarm, Calendar, Event

_NAME_LIMIT = 120
_TEXT_LIMIT = 1_000


def render(report: Report) -> bytes:
    """The whole file. The same report gives the same bytes."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//saml-app-auditor//certificates//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", _short(f"SAML certificates of {tenant_name(report)}", _NAME_LIMIT))
    for event in _events(report):
        calendar.add_component(event)
    return _written(calendar)


def _written(calendar: Calendar) -> bytes:
    written: bytes = calendar.to_ical()
    return written


def _events(report: Report) -> Iterator[Event]:
    unseen = not_evaluated(report)
    for application in report.applications:
        known = {_identity(each): each for each in application.certificates if each.not_after is not None}
        for certificate in sorted(known.values(), key=_by_end):
            count = unseen.get(application.service_principal_id, 0)
            yield _deadline(report, application, certificate, not_evaluated=count)
    if unseen:
        yield _unseen(report)


def _identity(certificate: Certificate) -> str:
    return certificate.thumbprint or certificate.sha256 or f"ends {certificate.not_after}"


def _by_end(certificate: Certificate) -> tuple[str, str]:
    return certificate.not_after or "", certificate.thumbprint or ""


def _deadline(
    report: Report, application: AuditedApplication, certificate: Certificate, *, not_evaluated: int
) -> Event:
    """The end of one certificate; only the one that signs reminds."""
    signs = certificate.status == "active"
    name = _short(application.display_name, _NAME_LIMIT)
    which = (
        f"{certificate.status or 'unknown'} signing certificate {(certificate.thumbprint or '')[:8]}".strip()
    )
    event = _event(
        report,
        f"{application.service_principal_id} {_identity(certificate)}",
        summary=f"{name}: {which} ends",
        lines=[
            f"Application: {name} ({application.app_id})",
            f"Certificate: {certificate.thumbprint or 'unknown'}",
            f"Subject: {_short(certificate.subject or 'unknown', _NAME_LIMIT)}",
            f"At the service provider: {_known(certificate.at_service_provider)}",
            _short(application.rollover_sentence or "", _TEXT_LIMIT),
            f"Checks of this application that could not be evaluated: {not_evaluated}",
        ],
    )
    end = datetime.fromisoformat(certificate.not_after or "").astimezone(UTC)
    event.add("dtstart", end)
    event.add("categories", [certificate.status or "unknown"])
    event.add("priority", 1 if signs else 9)
    event.add("x-auditor-not-evaluated", str(not_evaluated))
    if signs:
        for days in report.configuration.thresholds.certificate_expiry_days:
            event.add_component(_reminder(days, f"{name}: the signing certificate ends in {_days(days)}"))
    return event


def _unseen(report: Report) -> Event:
    """On the day of the run: how much of which application could not be evaluated."""
    counts = not_evaluated(report)
    named = {
        application.service_principal_id: _short(application.display_name, _NAME_LIMIT)
        for application in report.applications
    }
    lines = [f"{name}: {counts[key]}" for key, name in named.items() if key in counts]
    others = sum(count for key, count in counts.items() if key not in named)
    total = sum(counts.values())
    event = _event(
        report,
        "not evaluated",
        summary=f"SAML audit of {_short(tenant_name(report), _NAME_LIMIT)}: {total} checks not evaluated",
        lines=[
            "Checks that could not be evaluated, by application:",
            *lines,
            *([f"The tenant and its profiles: {others}"] if others else []),
        ],
    )
    event.add("dtstart", datetime.fromisoformat(report.run.evaluated_at).date())
    event.add("x-auditor-not-evaluated", str(total))
    return event


def _event(report: Report, identity: str, *, summary: str, lines: Sequence[str]) -> Event:
    from icalendar import Event

    event = Event()
    digest = hashlib.sha256(f"{report.run.tenant.id} {identity}".encode(errors="backslashreplace"))
    event.add("uid", f"{digest.hexdigest()[:32]}@saml-app-auditor.invalid")
    event.add("dtstamp", datetime.fromisoformat(report.run.evaluated_at))
    event.add("summary", summary)
    event.add("description", "\n".join(line for line in lines if line))
    event.add("transp", "TRANSPARENT")  # nobody is busy because a certificate ends
    return event


def _reminder(days: int, text: str) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", text)
    alarm.add("trigger", timedelta(days=-days))
    return alarm


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _known(fact: bool | None) -> str:
    return "unknown" if fact is None else "yes" if fact else "no"


def _short(text: str, limit: int) -> str:
    """One line: what begins another in a calendar file is spelt out."""
    plain = " ".join(visible(text).split())
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"


FORMAT = Format(name="ics", file_name="certificates.ics", render=render)
