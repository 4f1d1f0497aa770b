"""Who may use an application: counted from what was read, and unknown where it was not."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.access import Access
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Request
from auditor.model.snapshot import Per, Record, Section, Snapshot
from auditor.report.access import MOST_NAMED, AccessReader
from tests.report.sample import sample_report

REFUSED = Gap(
    section="groupMembers",
    subject="g",
    reason=Reason.PERMISSION,
    detail="Graph answered 403.",
    permission="GroupMember.Read.All",
)


def assignment(kind: str, principal: str) -> dict[str, Node]:
    return {"principalType": kind, "principalId": principal, "principalDisplayName": principal.upper()}


def member(id: str, user_type: Node = "Member", *, enabled: Node = True, kind: Node = "user") -> Node:
    return {"id": id, "type": kind, "userType": user_type, "accountEnabled": enabled}


def access(
    assigned: Node,
    *,
    members: Mapping[str, Node] | None = None,
    users: Mapping[str, Node] | None = None,
    required: Node = True,
) -> Access:
    asked = Request(method="GET", url="/v1.0/x", at="2026-11-23T02:00:00Z", status=200)

    def section(name: str, per: Per, values: Mapping[str, Node]) -> Section:
        records = {id: Record(value=value, requests=(asked,)) for id, value in values.items()}
        return Section(name=name, per=per, mount=None, records=records)

    own = Per.SERVICE_PRINCIPAL
    snapshot = Snapshot(
        tenant=sample_report().run.tenant,
        cloud="global",
        started_at="2026-11-23T02:00:00Z",
        finished_at="2026-11-23T02:00:41Z",
        auditor_version="0.1.0",
        configuration={},
        targets=(),
        sections={
            "appRoleAssignedTo": section("appRoleAssignedTo", own, {"sp": assigned}),
            "servicePrincipals": section(
                "servicePrincipals", own, {"sp": {"appRoleAssignmentRequired": required}}
            ),
            "groupMembers": section("groupMembers", Per.OBJECT, members or {}),
            "users": section("users", Per.OBJECT, users or {}),
        },
    )
    return AccessReader(snapshot).access("sp")


def test_people_are_counted_once_whichever_way_they_get_in() -> None:
    found = access(
        [assignment("User", "u1"), assignment("Group", "g1"), assignment("Group", "g2")],
        members={
            "g1": [member("u1"), member("u2", "Guest"), member("nested", kind="group")],
            "g2": [member("u2", "Guest"), member("u3", enabled=False)],
        },
        users={"u1": {"userPrincipalName": "u1@x", "userType": "Member", "accountEnabled": True}},
    )
    assert (found.users, found.groups, found.service_principals, found.people) == (1, 2, 0, 3)
    assert [(each.name, each.members, each.guests, each.disabled) for each in found.assigned] == [
        ("G1", 2, 1, 0),
        ("G2", 2, 1, 1),
        ("U1", None, None, None),
    ]
    assert found.assigned[-1].user_principal_name == "u1@x"
    assert (found.source, found.collected_at) == ("GET /v1.0/x", "2026-11-23T02:00:00Z")


def test_what_could_not_be_read_is_no_number() -> None:
    found = access([assignment("Group", "g1"), assignment("User", "u1")], members={"g1": REFUSED})
    assert (found.groups, found.users, found.people) == (1, 1, None)
    group, user = found.assigned
    assert (group.members, group.unseen) == (None, "Graph answered 403; grant GroupMember.Read.All")
    assert (user.account_enabled, user.unseen) == (None, "this collection did not read it")

    unlisted = access(REFUSED, required=REFUSED)
    assert (unlisted.users, unlisted.groups, unlisted.people, unlisted.assigned) == (None, None, None, ())
    assert unlisted.unseen == "Graph answered 403; grant GroupMember.Read.All"
    assert unlisted.assignment_required is None
    answers: list[Node] = [{}, "x", [assignment("User", "u1"), REFUSED], [None]]
    for strange in answers:
        assert (access(strange).users, access(strange).unseen is None) == (None, False)
        of_group = access([assignment("Group", "g1")], members={"g1": strange})
        assert (of_group.people, of_group.assigned[0].members) == (None, None)


def test_a_member_of_whom_nothing_is_shown_is_counted_and_no_more() -> None:
    limited = access([assignment("Group", "g1")], members={"g1": [member("u1", REFUSED, enabled=REFUSED)]})
    (group,) = limited.assigned
    assert (group.members, group.guests, group.disabled) == (1, None, None)
    assert group.unseen is not None
    untold = access([assignment("Group", "g1")], members={"g1": [member("u1", kind=REFUSED)]})
    assert (untold.people, untold.assigned[0].members) == (None, None)


def test_the_list_is_bounded_and_the_numbers_are_not() -> None:
    found = access([assignment("User", f"u{n:03d}") for n in range(100)])
    assert (found.users, found.people, len(found.assigned)) == (100, 100, MOST_NAMED)


anything = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | st.just(REFUSED),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "principalType", "principalId", "userType"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(assigned=anything, members=anything)
def test_nothing_in_an_answer_makes_it_fail(assigned: Node, members: Node) -> None:
    found = access(assigned, members={"g": members, "": members})
    assert len(found.assigned) <= MOST_NAMED
