"""What a night could not read is compared with what was seen before it."""

from __future__ import annotations

from dataclasses import replace

from auditor.drift import attribute, compare
from auditor.drift.last_seen import LastSeen
from auditor.model.change import AttributionStatus, Drift
from auditor.model.gap import Reason
from auditor.model.snapshot import TENANT, Per, Snapshot
from tests.drift.tenant import EVE, SP, edited, gap, member, only, put, snapshot, target
from tests.drift.test_attribution import entry, relation

FIRST = replace(snapshot(), started_at="2026-11-20T02:00:00Z", finished_at="2026-11-20T02:00:41Z")
BLIND = replace(
    edited(snapshot(), "owners", lambda _: gap("owners")),
    started_at="2026-11-21T02:00:00Z",
    finished_at="2026-11-21T02:00:41Z",
)
LAST = edited(snapshot(), "owners", lambda value: [*value, member(EVE, "eve")])


def logged(night: Snapshot, *entries: object, since: str) -> Snapshot:
    value = {"from": since, "to": night.finished_at, "retentionDays": 30, "entries": list(entries)}
    return put("directoryAudits", TENANT, value, Per.TENANT)(night)  # type: ignore[arg-type]


def drift(before: LastSeen, after: Snapshot) -> Drift:
    return attribute(compare(before, after), before, after)


def test_a_change_that_fell_into_a_night_that_could_not_be_read_is_told_when_it_is_seen() -> None:
    assert compare(FIRST, BLIND).changes == compare(BLIND, LAST).changes == ()
    seen = LastSeen(snapshot=BLIND)
    assert seen.missing
    seen = seen.completed(FIRST)
    assert not seen.missing
    found = compare(seen, LAST)
    assert only(found).property == "servicePrincipal.owners"
    assert found.unknown == ()
    assert found.from_.collected_at == BLIND.finished_at
    assert (
        "Not seen then, and compared with what was seen at 2026-11-20T02:00:00Z: owners."
        in found.not_comparable
    )


def test_who_did_it_is_looked_up_in_the_logs_of_all_nights_since() -> None:
    added = entry(
        relation(EVE, ServicePrincipal_ObjectID=SP),
        activity="Add owner to service principal",
        at="2026-11-20T12:00:00Z",
    )
    blind = logged(BLIND, added, since="2026-11-20T01:00:00Z")
    last = logged(LAST, since="2026-11-21T01:00:00Z")
    found = only(drift(LastSeen(snapshot=blind).completed(FIRST), last)).attribution
    assert (found.status, found.at) == (AttributionStatus.ATTRIBUTED, "2026-11-20T12:00:00Z")
    unread = put("directoryAudits", TENANT, gap("directoryAudits"), Per.TENANT)(BLIND)
    found = only(drift(LastSeen(snapshot=unread).completed(FIRST), last)).attribution
    assert found.status is AttributionStatus.NOT_EVALUATED
    assert "could not be read: permission" in str(found.reason)


def test_the_logs_of_consecutive_nights_are_one_however_old() -> None:
    nights = [
        replace(
            snapshot(), started_at=f"2026-11-{day:02}T02:00:00Z", finished_at=f"2026-11-{day:02}T02:00:41Z"
        )
        for day in range(10, 20)
    ]
    read = [logged(night, since=f"2026-11-{day:02}T01:00:00Z") for day, night in enumerate(nights, start=9)]
    first = replace(snapshot(), started_at="2026-11-09T02:00:00Z", finished_at="2026-11-09T02:00:41Z")
    last = replace(LAST, **{name: getattr(read[-1], name) for name in ("started_at", "finished_at")})
    last = put("directoryAudits", TENANT, read[-1].record("directoryAudits").value, Per.TENANT)(last)  # type: ignore[union-attr]

    def reason(*between: Snapshot) -> str:
        found = only(drift(LastSeen(snapshot=first, between=between), last)).attribution
        return f"{found.status}: {found.reason}"

    assert (
        reason(*read[:-1])
        == "unattributed: no matching entry from 2026-11-09T01:00:00Z to 2026-11-19T02:00:41Z"
    )
    assert "before 2026-11-18T01:00:00Z is older than the log read" in reason()
    blind = put("directoryAudits", TENANT, gap("directoryAudits"), Per.TENANT)(nights[4])
    assert reason(*read[:4], blind, *read[5:-1]).startswith("not-evaluated: ")


def test_a_property_is_completed_like_a_record() -> None:
    blind = edited(
        snapshot(), "servicePrincipals", lambda value: {**value, "replyUrls": gap("servicePrincipals")}
    )
    found = compare(LastSeen(snapshot=blind).completed(FIRST), snapshot())
    assert (found.changes, found.unknown) == ((), ())


def test_applications_that_a_narrowed_scan_left_out_are_compared_with_the_last_whole_one() -> None:
    two = put("owners", "sp-2", [], Per.SERVICE_PRINCIPAL)(
        replace(FIRST, targets=(target(), target("sp-2", "GoToWebinar")))
    )
    narrowed = replace(snapshot(), entries=(0,))
    seen = LastSeen(snapshot=narrowed).completed(two)
    assert not seen.missing
    changed = edited(
        replace(two, started_at="2026-11-23T02:00:00Z"), "owners", lambda _: [member(EVE, "eve")], "sp-2"
    )
    change = only(compare(seen, changed))
    assert change.application is not None
    assert change.application.display_name == "GoToWebinar"


def test_what_nobody_can_read_is_not_waited_for() -> None:
    never = edited(snapshot(), "owners", lambda _: gap("owners", reason=Reason.UNAVAILABLE_IN_CLOUD))
    assert not LastSeen(snapshot=never).missing
    other = replace(FIRST, tenant=replace(FIRST.tenant, id="another"))
    assert LastSeen(snapshot=BLIND).completed(other).missing
