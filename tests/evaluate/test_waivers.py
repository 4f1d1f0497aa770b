"""Waivers over findings: what they touch, what decides, and what is said of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.evaluate.waivers import Scanned, apply_waivers, reported_together, same_meaning
from auditor.model.finding import Finding, Status, Subject
from auditor.model.report import AuditedApplication
from auditor.model.rule import SubjectKind
from auditor.model.waiver import UNATTRIBUTED_CHANGE, ReportedWaiver, Waiver, WaiverState
from tests.drift.test_findings import application, finding

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
RULE = "reply-url-matches"
ACTIVE, EXPIRING, EXPIRED = WaiverState.ACTIVE, WaiverState.EXPIRING, WaiverState.EXPIRED
VOID, UNUSED = WaiverState.VOID, WaiverState.UNUSED


def waiver(application: str = "app-1", **said: Any) -> Waiver:
    plain = {"rule": RULE, "reason": "known", "owner": "iam@contoso.com", "expires": "2027-06-30"}
    return Waiver(application=application, **{**plain, **said})


def applied(
    *findings: Finding,
    waivers: Sequence[Waiver],
    applications: Sequence[AuditedApplication] = (application(),),
    narrowed: bool = False,
    at: datetime = AT,
) -> tuple[tuple[Finding, ...], tuple[ReportedWaiver, ...]]:
    scanned = Scanned(applications=applications, narrowed=narrowed, rules={RULE, "other"})
    return apply_waivers(findings, waivers, at=at, scanned=scanned)


def outcome(*findings: Finding, **options: Any) -> tuple[list[Status], list[WaiverState]]:
    found, reported = applied(*findings, **options)
    return [each.status for each in found], [each.state for each in reported]


def element(subject: str, **said: Any) -> Finding:
    return finding(kind=SubjectKind.REPLY_URL, subject=subject, **said)


def test_a_waived_failure_keeps_its_severity_and_says_who_answers_for_it() -> None:
    (found,), (reported,) = applied(finding(), waivers=[waiver(ticket="SEC-7")])
    assert (found.status, found.severity) == (Status.WAIVED, finding().severity)
    assert found.waiver is not None
    assert (found.waiver.state, found.waiver.owner, found.waiver.ticket) == (
        ACTIVE, "iam@contoso.com", "SEC-7",
    )  # fmt: skip
    assert found.waiver.message == "Waived until 2027-06-30 by iam@contoso.com: known"
    assert replace(found, status=Status.FAIL, waiver=None) == finding()
    assert (reported.state, reported.findings, reported.remedy) == (ACTIVE, (found.fingerprint,), None)
    assert reported.id == found.waiver.id


@pytest.mark.parametrize("status", [Status.PASS, Status.NOT_EVALUATED, Status.NOT_APPLICABLE])
def test_only_failures_are_waived(status: Status) -> None:
    (found,), _ = applied(finding(status=status), waivers=[waiver()])
    assert found == finding(status=status)


@pytest.mark.parametrize(
    ("hour", "zone", "status"),
    [
        ("2026-12-31T00:00", 0, Status.WAIVED),
        ("2026-12-31T23:59", 0, Status.WAIVED),
        ("2027-01-01T00:00", 0, Status.FAIL),
        ("2027-01-01T08:59", 9, Status.WAIVED),  # in UTC the last day still
        ("2026-12-31T20:00", -5, Status.FAIL),
    ],
)
def test_the_last_day_counts_whole_in_utc(hour: str, zone: int, status: Status) -> None:
    at = datetime.fromisoformat(hour).replace(tzinfo=timezone(timedelta(hours=zone)))
    (found,), _ = applied(finding(), waivers=[waiver(expires="2026-12-31")], at=at)
    assert found.status is status


@pytest.mark.parametrize(
    ("expires", "state", "left"),
    [
        ("2026-12-08", ACTIVE, 15),
        ("2026-12-07", EXPIRING, 14),
        ("2026-11-23", EXPIRING, 0),
        ("2026-11-22", EXPIRED, -1),
    ],
)
def test_it_warns_for_fourteen_days(expires: str, state: WaiverState, left: int) -> None:
    _, (reported,) = applied(finding(), waivers=[waiver(expires=expires)])
    assert (reported.state, reported.days_left) == (state, left)
    assert (reported.remedy is None) is (state is ACTIVE)


def test_an_expired_one_says_so_in_the_failure_that_is_back() -> None:
    (found,), (reported,) = applied(finding(), waivers=[waiver(expires="2026-11-01")])
    assert found.status is Status.FAIL
    assert found.waiver is not None
    assert (found.waiver.state, found.waiver.message) == (
        EXPIRED, "No longer waived: the waiver expired on 2026-11-01.",
    )  # fmt: skip
    assert (reported.state, reported.findings) == (EXPIRED, (found.fingerprint,))
    assert reported.message == "Expired on 2026-11-01: 1 failure no longer waived."


def test_a_renewed_one_beside_the_expired_one_is_enough() -> None:
    both = [waiver(expires="2026-11-01"), waiver()]
    (found,), (old, new) = applied(finding(), waivers=both)
    assert found.status is Status.WAIVED
    assert (old.state, old.findings, old.remedy) == (EXPIRED, (), "Remove it.")
    assert new.state is ACTIVE


@pytest.mark.parametrize(
    ("pinned", "observed"),
    [
        (["a", "b"], ("b", "a", "a")),
        ({"count": 12, "first": [1, 2]}, {"first": [2, 1], "count": 12.0}),
        (None, None),
        ([], ()),
    ],
)
def test_a_value_is_compared_by_its_meaning(pinned: Any, observed: Any) -> None:
    statuses, _ = outcome(finding(observed=observed), waivers=[waiver(pinned=True, value=pinned)])
    assert statuses == [Status.WAIVED]


@pytest.mark.parametrize(
    ("pinned", "observed"), [(1, True), ("1", 1), ("A", "a"), (None, []), (["a"], ["a", "b"]), ("", None)]
)
def test_another_value_makes_it_void_and_the_failure_says_so(pinned: Any, observed: Any) -> None:
    (found,), (reported,) = applied(finding(observed=observed), waivers=[waiver(pinned=True, value=pinned)])
    assert found.status is Status.FAIL
    assert found.waiver is not None
    assert found.waiver.state is VOID
    assert found.waiver.message.startswith("Not waived: the waiver is pinned to ")
    assert (reported.state, reported.findings) == (VOID, (found.fingerprint,))
    assert reported.message.startswith("Void: pinned to ")


def test_a_pinned_one_is_not_void_while_something_has_the_value() -> None:
    pinned = waiver(pinned=True, value="old")
    (first, second), (reported,) = applied(
        element("u1", observed="old"), element("u2", observed="new"), waivers=[pinned]
    )
    assert (first.status, second.status, second.waiver) == (Status.WAIVED, Status.FAIL, None)
    assert reported.state is ACTIVE


def test_the_most_specific_one_decides_and_the_other_is_reported() -> None:
    wide, narrow = waiver(), waiver(subject="u1")
    (one, other), reported = applied(element("u1"), element("u2"), waivers=[wide, narrow])
    assert one.waiver is not None
    assert other.waiver is not None
    assert (one.waiver.id, other.waiver.id) == (narrow.id, wide.id)
    assert {each.state for each in reported} == {ACTIVE}
    (one,), reported = applied(element("u1"), waivers=[wide, narrow])
    by_id = {each.id: each for each in reported}
    assert (by_id[wide.id].state, by_id[narrow.id].state) == (UNUSED, ACTIVE)
    assert by_id[wide.id].message.startswith("Another waiver, more specific")


@pytest.mark.parametrize("name", ["app-1", "APP-1", "sp of app-1", "gotomeeting", "GoToMeeting"])
def test_an_application_has_four_names(name: str) -> None:
    named = replace(finding(), application=replace(_reference(), display_name="GoToMeeting"))
    audited = replace(application(), display_name="GoToMeeting", profile="gotomeeting")
    found, _ = applied(named, waivers=[waiver(name)], applications=[audited])
    assert found[0].status is Status.WAIVED


def test_a_name_that_several_bear_waives_none() -> None:
    twins = [replace(application(app), display_name="Mine") for app in ("app-1", "app-2")]
    findings = [
        replace(finding(app=app), application=replace(_reference(app), display_name="Mine"))
        for app in ("app-1", "app-2")
    ]
    found, (reported,) = applied(*findings, waivers=[waiver("Mine")], applications=twins)
    assert {each.status for each in found} == {Status.FAIL}
    assert (reported.state, reported.remedy) == (UNUSED, "Name the application by its appId.")


def test_a_name_chosen_to_look_like_an_id_waives_nothing_of_its_bearer() -> None:
    mimic = replace(finding(app="app-2"), application=replace(_reference("app-2"), display_name="app-1"))
    found, _ = applied(
        finding(), mimic, waivers=[waiver("app-1")], applications=[application(), application("app-2")]
    )
    assert [each.status for each in found] == [Status.WAIVED, Status.FAIL]


def test_findings_about_the_tenant_and_about_a_profile() -> None:
    tenant = finding(app=None, kind=SubjectKind.TENANT, subject="3f1c2a54")
    profile = replace(
        finding(app=None, rule="other"),
        subject=Subject(kind=SubjectKind.PROFILE, id="gotomeeting/app-9", name="GoToMeeting"),
    )
    waivers = [waiver("tenant"), waiver("gotomeeting", rule="other")]
    statuses, states = outcome(tenant, profile, waivers=waivers, applications=())
    assert (statuses, states) == ([Status.WAIVED] * 2, [ACTIVE] * 2)


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        ({}, Status.PASS, "the rule finds nothing wrong there"),
        ({"application": "nobody"}, Status.FAIL, "no application that was looked at is called nobody"),
        ({"subject": "sp-2"}, Status.FAIL, "nothing wrong with sp-2, but with sp-1"),
        ({"rule": "switched-off"}, Status.FAIL, "the rule is switched off"),
    ],
)
def test_one_that_matches_nothing_says_why(said: dict[str, Any], status: Status, why: str) -> None:
    _, (reported,) = applied(finding(status=status), waivers=[replace(waiver(), **said)])
    assert reported.state is UNUSED
    assert why in reported.message
    assert reported.remedy


def test_what_could_not_be_judged_or_was_not_looked_for_leaves_a_waiver_in_force() -> None:
    unjudged = finding(status=Status.NOT_EVALUATED)
    search = finding(status=Status.NOT_EVALUATED, app=None, kind=SubjectKind.PROFILE, subject="gotomeeting")
    for each, options in (
        (unjudged, {}),
        (search, {"applications": ()}),
        (finding(app="app-2"), {"narrowed": True, "applications": [application("app-2")]}),
    ):
        (found,), (reported,) = applied(each, waivers=[waiver()], **options)
        assert (found, reported.state, reported.findings) == (each, ACTIVE, ())


def test_events_leave_a_waiver_in_force_on_quiet_nights_and_are_reported_with_the_rest() -> None:
    event = waiver(rule=UNATTRIBUTED_CHANGE, pinned=True, value="x")
    _, quiet = applied(finding(), waivers=[waiver(), event])
    assert [each.state for each in quiet] == [ACTIVE, ACTIVE]
    change = finding(rule=UNATTRIBUTED_CHANGE, observed="x")
    other = finding(rule=UNATTRIBUTED_CHANGE, observed="y")
    (first, second), loud = applied(change, other, waivers=[event])
    assert (first.status, second.status, second.waiver) == (Status.WAIVED, Status.FAIL, None)
    together = reported_together(quiet, loud)
    assert [(each.rule_id, len(each.findings)) for each in together] == [(RULE, 1), (UNATTRIBUTED_CHANGE, 1)]


@pytest.mark.parametrize(
    ("wanted", "subject", "same"),
    [
        ("A7A7", "a7a7", True),
        ("https://x/A", "https://x/a", False),
        ("3F1C2A54-5A0D", "3f1c2a54-5a0d", True),
    ],
)
def test_letter_case_of_ids_says_nothing_and_that_of_addresses_does(
    wanted: str, subject: str, same: bool
) -> None:
    (found,), _ = applied(element(subject), waivers=[waiver(subject=wanted)])
    assert (found.status is Status.WAIVED) is same


def _reference(app: str = "app-1") -> Any:
    return finding(app=app).application


_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("kl"), inner, max_size=2),
    max_leaves=5,
)
_findings = st.lists(
    st.builds(
        element,
        st.sampled_from(["u1", "u2"]),
        rule=st.sampled_from([RULE, "other"]),
        status=st.sampled_from([each for each in Status if each is not Status.WAIVED]),
        app=st.sampled_from(["app-1", "app-2", None]),
        observed=_values,
    ),
    max_size=6,
)
_waivers = st.lists(
    st.builds(
        waiver,
        st.sampled_from(["app-1", "sp of app-2", "tenant", "gotomeeting", "nobody"]),
        rule=st.sampled_from([RULE, "other", UNATTRIBUTED_CHANGE]),
        subject=st.sampled_from(["u1", None]),
        pinned=st.booleans(),
        value=_values,
        expires=st.dates(date(2026, 11, 20), date(2026, 12, 10)).map(date.isoformat),
        owner=st.sampled_from(["x", "y"]),
    ),
    max_size=5,
)
_both = [application("app-1"), application("app-2")]


@given(_findings, _waivers)
def test_nothing_but_a_failure_becomes_waived_and_nothing_else_of_it_changes(
    findings: list[Finding], waivers: list[Waiver]
) -> None:
    found, reported = applied(*findings, waivers=waivers, applications=_both)
    assert len(found) == len(findings)
    in_force = {each.id for each in reported if each.state in (ACTIVE, EXPIRING)}
    for before, after in zip(findings, found, strict=True):
        assert replace(after, status=before.status, waiver=None) == before
        if after.status is Status.WAIVED:
            assert before.status is Status.FAIL
            assert after.waiver is not None
            assert after.waiver.id in in_force
        else:
            assert after.status is before.status
            assert after.waiver is None or after.waiver.state in (EXPIRED, VOID)
    assert {each.id for each in reported} == {each.id for each in waivers}


@given(_findings, _waivers, st.randoms())
def test_the_order_makes_no_difference(findings: list[Finding], waivers: list[Waiver], random: Any) -> None:
    once = applied(*findings, waivers=waivers, applications=_both)
    random.shuffle(waivers)
    assert applied(*findings, waivers=waivers, applications=_both) == once


@given(_findings, _waivers)
def test_one_waiver_more_never_brings_a_failure_back(findings: list[Finding], waivers: list[Waiver]) -> None:
    fewer, _ = applied(*findings, waivers=waivers[1:], applications=_both)
    more, _ = applied(*findings, waivers=waivers, applications=_both)
    for before, after in zip(fewer, more, strict=True):
        assert before.status is not Status.WAIVED or after.status is Status.WAIVED


@given(_values, _values, st.randoms())
def test_meaning_is_symmetric_and_blind_to_order(left: Any, right: Any, random: Any) -> None:
    assert same_meaning(left, left)
    assert same_meaning(left, right) is same_meaning(right, left)
    if isinstance(left, list):
        shuffled = [*left, *left]
        random.shuffle(shuffled)
        assert same_meaning(left, shuffled)
