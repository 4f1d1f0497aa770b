"""What there is to tell of a run, by which key, and to whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from auditor.alert.events import events_of
from auditor.alert.routing import Routing
from auditor.model.configuration import ChannelKind, Destination, EventKind, Route, Thresholds
from auditor.model.event import Event
from auditor.model.finding import BaselineState, Status
from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.model.waiver import ReportedWaiver, WaiverState
from tests.report.nights import second_night as sample
from tests.report.sample import HOSTILE, MEETING, OTHER, WEBINAR, _reference

_WEBINAR, _OTHER = _reference(WEBINAR), _reference(OTHER)

ACTIVE = "A7" * 20
"""GoToMeeting's certificate, seven days before its end."""


def second_night() -> Report:
    """The sample; its changes have ids of their own, as those of a comparison have."""
    report = sample()
    assert report.drift is not None
    changes = tuple(replace(each, id=f"{number:032x}") for number, each in enumerate(report.drift.changes))
    return replace(report, drift=replace(report.drift, changes=changes))


def told(report: Report, before: Report | None = None) -> tuple[Event, ...]:
    return events_of(report, before, report_url=None)


def of(events: tuple[Event, ...], kind: EventKind) -> list[Event]:
    return [event for event in events if event.event is kind]


def at(report: Report, day: str, **certificate: object) -> Report:
    """The report of another day, in which GoToMeeting's active certificate says something else."""

    def aged(application: object) -> object:
        certificates = tuple(
            replace(each, **certificate) if each.thumbprint == ACTIVE else each
            for each in application.certificates  # type: ignore[attr-defined]
        )
        return replace(application, certificates=certificates)  # type: ignore[type-var]

    run = replace(report.run, id=f"run-{day}-{certificate}", evaluated_at=f"{day}T02:00:00Z")
    applications = tuple(aged(application) for application in report.applications)
    return replace(report, run=run, applications=applications)  # type: ignore[arg-type]


def certificates(report: Report) -> dict[str, Event]:
    events = of(told(report), EventKind.CERTIFICATE)
    return {e.id: e for e in events if e.certificate is not None and e.certificate.thumbprint == ACTIVE}


def test_new_worse_and_solved() -> None:
    report = second_night()
    assert report.comparison is not None
    events = told(report)
    new = {e.finding.fingerprint for e in of(events, EventKind.NEW) if e.finding}
    assert report.drift is not None
    by_nobody = {f.fingerprint for f in report.drift.findings if f.status is Status.FAIL}
    assert by_nobody
    expected = [f for f in report.findings if f.status is Status.FAIL]
    assert new == by_nobody | {f.fingerprint for f in expected if f.baseline_state is BaselineState.NEW}
    earlier = {f.fingerprint: f.severity for f in report.comparison.earlier}
    climbed = {f.fingerprint for f in expected if f.severity > earlier.get(f.fingerprint, f.severity)}
    assert climbed
    assert {e.finding.fingerprint for e in of(events, EventKind.WORSE) if e.finding} == climbed
    assert all("now, medium before" in e.text for e in of(events, EventKind.WORSE))
    (solved,) = of(events, EventKind.SOLVED)
    assert solved.finding == report.comparison.absent[0]
    unknown = {f.fingerprint for f in report.comparison.unknown}
    assert not unknown & {e.finding.fingerprint for e in events if e.finding}


def test_each_change_with_who_made_it() -> None:
    report = second_night()
    assert report.drift is not None
    drift = of(told(report), EventKind.DRIFT)
    assert [event.change for event in drift] == list(report.drift.changes)
    assert [event.severity for event in drift] == [change.severity for change in report.drift.changes]
    assert "was added, by alice@contoso.com at 2026-11-22T21:14:09Z" in drift[0].text
    words = {
        "attributed": ", by ",
        "ambiguous": ", perhaps by ",
        "unattributed": "by nobody that the directory's log names",
        "not-evaluated": "and by whom could not be read",
    }
    for event in drift:
        assert event.change is not None
        assert words[event.change.attribution.status] in event.text


def test_keys_are_of_what_is_meant() -> None:
    report = second_night()
    events = told(report)
    assert len({event.id for event in events}) == len(events)
    assert [event.id for event in told(report)] == [event.id for event in events]
    shuffled = replace(report, findings=report.findings[::-1])
    assert {event.id for event in told(shuffled)} == {event.id for event in events}
    other = replace(report, run=replace(report.run, tenant=replace(report.run.tenant, id="other")))
    assert not {event.id for event in told(other)} & {event.id for event in events}


def test_each_threshold_of_a_certificate_once_and_daily_after_its_end() -> None:
    report = second_night()
    days = {60: 60, 59: 60, 31: 60, 30: 30, 8: 30, 7: 7, 2: 7, 1: 1, 0: 1}
    keys: dict[str, int | None] = {}
    for left, threshold in days.items():
        ((key, event),) = certificates(at(report, f"2026-10-{31 - left % 30:02}", days_left=left)).items()
        assert event.certificate is not None
        assert (event.certificate.threshold, event.certificate.days_left) == (threshold, left)
        assert keys.setdefault(key, threshold) == threshold
    assert sorted(keys.values(), key=str) == [1, 30, 60, 7]
    assert certificates(at(report, "2026-10-01", days_left=61)) == {}
    assert certificates(at(report, "2026-10-01", days_left=None)) == {}
    assert certificates(at(report, "2026-10-01", days_left=3, status="inactive")) == {}

    gone = {"days_left": -1, "validity": "expired"}
    first, second = (certificates(at(report, day, **gone)) for day in ("2026-12-01", "2026-12-02"))
    again = certificates(at(report, "2026-12-02", **{**gone, "days_left": -2}))
    assert len(first) == len(second) == 1
    assert set(first) != set(second)
    assert set(second) == set(again)
    (event,) = first.values()
    assert "expired on" in event.text


def test_thresholds_are_those_of_the_configuration() -> None:
    report = at(second_night(), "2026-11-01", days_left=80)
    thresholds = Thresholds(certificate_expiry_days=(90, 14))
    report = replace(report, configuration=replace(report.configuration, thresholds=thresholds))
    (event,) = certificates(report).values()
    assert event.certificate is not None
    assert event.certificate.threshold == 90


@pytest.mark.parametrize("silenced", ["waived", "off"])
def test_a_certificate_that_is_waived_or_not_judged_is_not_told(silenced: str) -> None:
    report = second_night()
    assert certificates(report)
    rule = "signing-certificate-not-expiring"
    if silenced == "waived":
        findings = tuple(
            replace(f, status=Status.WAIVED) if f.rule_id == rule and f.subject.id == ACTIVE else f
            for f in report.findings
        )
        report = replace(report, findings=findings)
    else:
        off = tuple(replace(each, enabled=False) if each.id == rule else each for each in report.rules)
        report = replace(report, rules=off)
    assert certificates(report) == {}


def test_a_waiver_that_expired_is_told_once_with_what_it_no_longer_accepts() -> None:
    report = second_night()
    finding = next(f for f in report.findings if f.status is Status.FAIL and f.application == _WEBINAR)
    waiver = ReportedWaiver(
        id="w" * 32, rule_id=finding.rule_id, application=WEBINAR.app_id, subject=None, pinned=False,
        value=None, reason="known", owner="ada", ticket=None, expires="2026-11-22", tenant=None,
        state=WaiverState.EXPIRED, days_left=-1, findings=(finding.fingerprint,),
        message="It expired on 2026-11-22.", remedy=None,
    )  # fmt: skip
    events = of(told(replace(report, waivers=(waiver,))), EventKind.WAIVER)
    (event,) = (e for e in events if e.waiver == waiver)
    assert (event.severity, event.applications) == (finding.severity, (_WEBINAR,))
    later = at(report, "2026-12-24")
    assert of(told(replace(later, waivers=(waiver,))), EventKind.WAIVER)[0].id == event.id
    active = replace(waiver, state=WaiverState.ACTIVE)
    assert of(told(replace(report, waivers=(active,))), EventKind.WAIVER) == []


def test_a_gap_that_was_there_is_not_told_again() -> None:
    report = second_night()
    open_gaps = [gap for gap in report.coverage.gaps if not gap.accepted]
    assert open_gaps
    (event,) = of(told(report), EventKind.INCOMPLETE)
    for gap in open_gaps:
        assert gap.section in event.text
    assert of(told(report, report), EventKind.INCOMPLETE) == []
    fewer = replace(report, coverage=replace(report.coverage, gaps=tuple(open_gaps[1:])))
    (again,) = of(told(report, fewer), EventKind.INCOMPLETE)
    assert again.gaps == tuple(open_gaps)


def test_the_body_says_what_it_is_about_and_nothing_else() -> None:
    shared = {"id", "event", "runId", "tenant", "at", "severity", "text", "reportUrl"}
    abouts = {
        "drift": "change",
        "incomplete": "gaps",
        "waiver": "waiver",
        "new": "finding",
        "worse": "finding",
        "solved": "finding",
        "certificate": "certificate",
    }
    for event in told(second_night()):
        body: Mapping[str, object] = json.loads(event.body())
        about = abouts[event.event.value]
        assert set(body) == shared | {about}
        assert "\n" not in event.body()
        assert "\u202e" not in event.text
        assert len(event.text) <= 400


def route(**what: object) -> Route:
    to = Destination(kind=ChannelKind.FILE, written=str(what))
    return Route(**{"to": to, "on": tuple(EventKind), **what})  # type: ignore[arg-type]


def test_routes() -> None:
    report = second_night()
    new = [e for e in told(report) if e.event is EventKind.NEW]
    (incomplete,) = of(told(report), EventKind.INCOMPLETE)
    of_other = [e for e in new if e.applications == (_OTHER,)]
    of_webinar = [e for e in new if e.applications == (_WEBINAR,)]
    assert of_other
    assert of_webinar

    def reach(one: Route, **tags: object) -> set[str]:
        routing = Routing([one], applications=report.applications, tags=tags)  # type: ignore[arg-type]
        return {event.id for event in (*new, incomplete) if routing.channels(event)}

    everything = {event.id for event in (*new, incomplete)}
    assert reach(route()) == everything
    assert reach(route(on=(EventKind.INCOMPLETE,))) == {incomplete.id}
    critical = {event.id for event in new if event.severity is Severity.CRITICAL}
    assert reach(route(min_severity=Severity.CRITICAL)) == critical | {incomplete.id}
    whole = {event.id for event in new if not event.applications} | {incomplete.id}
    webinar = {event.id for event in of_webinar}
    for named in (WEBINAR.display_name.upper(), WEBINAR.app_id, WEBINAR.service_principal_id):
        assert reach(route(applications=(named,))) == webinar | whole
    assert reach(route(applications=(HOSTILE,))) == {event.id for event in of_other} | whole
    tags = {each.service_principal_id: () for each in (MEETING, OTHER)}
    assert reach(route(tags=("hr",)), **{**tags, WEBINAR.service_principal_id: ["hr"]}) >= webinar | whole
    assert not reach(route(tags=("hr",)), **{**tags, WEBINAR.service_principal_id: ["it"]}) & webinar
    assert reach(route(tags=("hr",)), **tags) >= webinar  # whose tags nobody knows


def test_an_event_reaches_a_destination_once() -> None:
    event = told(second_night())[0]
    one = route()
    assert Routing([one, replace(one, on=(event.event,))]).channels(event) == (one.to.id,)
