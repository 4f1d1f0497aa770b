"""certificates.ics: read by calendar libraries; who forgets a certificate is reminded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from icalendar import Calendar

from auditor.model.report import Report
from auditor.report.ics import render
from tests.report.official import officially
from tests.report.sample import MEETING, sample_report
from tests.report.several import REPORTS

__all__ = ["officially"]


def events(report: Report) -> list[Any]:
    calendar = Calendar.from_ical(render(report))
    assert not any(component.errors for component in calendar.walk())
    return [component for component in calendar.walk() if component.name == "VEVENT"]


def deadlines(report: Report) -> dict[str, Any]:
    return {str(event["summary"]): event for event in events(report) if "categories" in event}


def test_every_certificate_has_its_deadline() -> None:
    found = deadlines(sample_report())
    assert len(found) == sum(len(application.certificates) for application in sample_report().applications)
    event = found["GoToMeeting: active signing certificate A7A7A7A7 ends"]
    assert event["dtstart"].dt == datetime(2026, 11, 30, 10, 12, tzinfo=UTC)


def test_the_one_that_signs_reminds_as_the_configuration_says() -> None:
    found = deadlines(sample_report())
    signs = found["GoToMeeting: active signing certificate A7A7A7A7 ends"]
    assert [alarm["trigger"].dt for alarm in signs.walk("VALARM")] == [
        timedelta(days=-days) for days in (60, 30, 7, 1)
    ]
    assert found["GoToMeeting: inactive signing certificate B8B8B8B8 ends"].walk("VALARM") == []


def test_the_thresholds_are_those_of_the_configuration() -> None:
    report = sample_report()
    thresholds = replace(report.configuration.thresholds, certificate_expiry_days=(14,))
    report = replace(report, configuration=replace(report.configuration, thresholds=thresholds))
    alarms = [alarm for event in events(report) for alarm in event.walk("VALARM")]
    assert {alarm["trigger"].dt for alarm in alarms} == {timedelta(days=-14)}


def test_every_deadline_says_how_much_of_its_application_was_not_evaluated() -> None:
    found = deadlines(sample_report())
    event = found["GoToMeeting: active signing certificate A7A7A7A7 ends"]
    assert event["x-auditor-not-evaluated"] == "1"
    assert "could not be evaluated: 1" in event["description"]


def test_the_day_of_the_run_names_what_was_not_evaluated_by_application() -> None:
    (event,) = (event for event in events(sample_report()) if "categories" not in event)
    assert event["dtstart"].dt == date(2026, 11, 23)
    assert event["summary"] == "SAML audit of Contoso: 3 checks not evaluated"
    for line in ("GoToMeeting: 1", "GoToTraining: 1", "GoToWebinar: 1"):
        assert line in event["description"].split("\n")


def test_a_certificate_keeps_its_identity_whatever_else_changes() -> None:
    report = sample_report()
    renamed = tuple(replace(a, display_name="Renamed", rollover_sentence=None) for a in report.applications)
    run = replace(report.run, evaluated_at="2026-11-24T02:00:00Z")
    later = replace(report, applications=renamed, run=run)
    assert [event["uid"] for event in events(later)] == [event["uid"] for event in events(report)]
    assert len({event["uid"] for event in events(report)}) == len(events(report))


def test_certificates_of_one_application_are_told_apart_without_a_thumbprint() -> None:
    report = sample_report()
    nameless = tuple(replace(c, thumbprint=None, sha256=None) for c in MEETING.certificates)
    twice = replace(MEETING, certificates=(*nameless, *nameless))
    found = [event for event in events(replace(report, applications=(twice,))) if "categories" in event]
    assert len({event["uid"] for event in found}) == len(found) == 2


@pytest.mark.parametrize("report", REPORTS)
def test_another_library_reads_it(report: str) -> None:
    for calendar in vobject.readComponents(render(REPORTS[report]).decode()):
        assert calendar.validate(raiseException=True)


@pytest.mark.parametrize("report", REPORTS)
def test_it_meets_rfc_5545(report: str, officially: Callable[[str, bytes], list[str]]) -> None:
    assert officially("ics", render(REPORTS[report])) == []
