"""Who may use the application: people, groups, and what follows from their properties."""

from __future__ import annotations

import pytest

from auditor.model.configuration import Allow
from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from tests.evaluate.evidence.reading import evidence, sections, the_gap, value
from tests.evaluate.snapshots import (
    GROUP,
    USER,
    assignment,
    gap,
    judgement,
    member,
    of_tenant,
    own,
    snapshot,
    unread,
    user,
)

PERSON = "assignments[0].people[0]"
GROUP_PATH = "assignments[1].group"


def as_user(**properties: Node) -> dict[tuple[str, str], Node]:
    """The assigned user with these properties."""
    return {("users", USER): user(**properties)}


def as_group(**properties: Node) -> dict[tuple[str, str], Node]:
    """The assigned group with these properties."""
    found: dict[str, Node] = {"id": GROUP, "displayName": "Sales", "groupTypes": [], "membershipRule": None}
    return {("groups", GROUP): {**found, **properties}}


def members(*found: Node) -> dict[tuple[str, str], Node]:
    """The assigned group with these members."""
    return {("groupMembers", GROUP): list(found)}


def test_people_are_the_user_or_the_users_who_are_direct_members() -> None:
    others = (member("d", type="device"), member("g", type="group"), member("s", type="servicePrincipal"))
    tree = evidence(members(member("user-3"), *others, member("user-2")))
    assert value(tree, "assignments[].[id, people[].id]") == [["a-1", [USER]], ["a-2", ["user-2", "user-3"]]]
    assert value(tree, f"{GROUP_PATH}.[id, displayName, memberCount]") == [GROUP, "Sales", 2]
    assert value(tree, "assignments[0].group") is None


def test_each_part_follows_from_its_own_requests() -> None:
    tree = evidence()
    assert sections(tree, "assignments[].principalId") == {"appRoleAssignedTo"}
    assert sections(tree, f"{PERSON}.mail") == {"appRoleAssignedTo", "users"}
    assert sections(tree, "assignments[1].people[].mail") == {"appRoleAssignedTo", "groupMembers"}
    assert sections(tree, f"{GROUP_PATH}.dynamicAllUsers") == {"appRoleAssignedTo", "groups"}
    assert sections(tree, f"{GROUP_PATH}.memberCount") == {"appRoleAssignedTo", "groupMembers"}
    share = {"appRoleAssignedTo", "groupMembers", "enabledMemberCount"}
    assert sections(tree, f"{GROUP_PATH}.percentOfMembers") == share
    assert sections(tree, f"{GROUP_PATH}.allowed") == {"appRoleAssignedTo"}


def test_a_service_principal_that_is_assigned_is_nobody() -> None:
    tree = evidence(own("appRoleAssignedTo", [assignment("a-1", "ServicePrincipal", "sp-9")]))
    assert value(tree, "assignments[].[group, people]") == [[None, []]]


def test_an_assignment_of_an_unknown_kind_is_open() -> None:
    tree = evidence(own("appRoleAssignedTo", [assignment("a-1", "Planet", "p")]))
    assert "Planet" in the_gap(tree, "assignments[0].people").detail
    assert value(tree, "assignments[0].group") is None


@pytest.mark.parametrize(
    ("section", "subject", "path"),
    [
        ("users", USER, "assignments[0].people"),
        ("groupMembers", GROUP, "assignments[1].people"),
        ("groupMembers", GROUP, f"{GROUP_PATH}.memberCount"),
        ("groupMembers", GROUP, f"{GROUP_PATH}.percentOfMembers"),
        ("enabledMemberCount", "tenant", f"{GROUP_PATH}.percentOfMembers"),
        ("groups", GROUP, f"{GROUP_PATH}.dynamicAllUsers"),
    ],
)
def test_what_could_not_be_read_is_a_gap_and_nothing_more(section: str, subject: str, path: str) -> None:
    tree = evidence(unread(snapshot(), section, subject))
    assert the_gap(tree, path) == gap(section, subject)
    assert value(tree, "assignments[].principalId") == [USER, GROUP]


def test_a_member_of_whom_the_kind_is_not_known_is_a_gap_among_the_others() -> None:
    tree = evidence(members(member("user-2"), member("user-3", type=gap())))
    assert the_gap(tree, "assignments[1].people[].id") == gap()
    assert the_gap(tree, f"{GROUP_PATH}.memberCount") == gap()
    assert value(tree, "assignments[1].people[0].id") == "user-2"


@pytest.mark.parametrize(
    ("properties", "days"),
    [
        ({}, None),
        ({"externalUserState": "Accepted"}, None),
        (
            {
                "externalUserState": "PendingAcceptance",
                "externalUserStateChangeDateTime": "2026-08-24T02:00:01Z",
            },
            90,
        ),
        (
            {
                "externalUserState": "PendingAcceptance",
                "externalUserStateChangeDateTime": "2026-08-24T02:00:00Z",
            },
            91,
        ),
        ({"externalUserState": "PendingAcceptance", "createdDateTime": "2026-11-21T02:00:00.1234567Z"}, 1),
        ({"externalUserState": "PendingAcceptance", "createdDateTime": "2027-01-01T00:00:00Z"}, 0),
    ],
)
def test_days_that_an_invitation_waits(properties: dict[str, Node], days: int | None) -> None:
    assert value(evidence(as_user(**properties)), f"{PERSON}.invitationPendingDays") == days


@pytest.mark.parametrize("created", [None, "yesterday", gap()])
def test_an_invitation_without_a_date_waits_for_an_unknown_time(created: Node) -> None:
    tree = evidence(as_user(externalUserState="PendingAcceptance", createdDateTime=created))
    assert the_gap(tree, f"{PERSON}.invitationPendingDays").reason in (Reason.UNREADABLE, Reason.PERMISSION)


@pytest.mark.parametrize(
    ("properties", "name_id", "same"),
    [
        ({}, "user.userprincipalname", True),
        ({"mail": "USER-1@Contoso.com"}, "user.userprincipalname", True),
        ({"mail": "ada@contoso.com"}, "user.userprincipalname", False),
        ({"mail": None}, "user.userprincipalname", True),
        ({"mail": "ada@contoso.com"}, "user.mail", True),
        ({"mail": None}, "user.mail", False),
        ({"mail": "ada@contoso.com", "userPrincipalName": gap()}, "user.mail", True),
        ({"mail": None, "userPrincipalName": gap()}, "user.userprincipalname", True),
    ],
)
def test_whether_the_name_id_is_the_mail_address(
    properties: dict[str, Node], name_id: str, same: bool
) -> None:
    tree = evidence(as_user(**properties), judgement=judgement(name_id=name_id))
    assert value(tree, f"{PERSON}.userNameIsMail") is same


def test_an_unread_name_leaves_open_whether_it_is_the_mail_address() -> None:
    assert the_gap(evidence(as_user(userPrincipalName=gap())), f"{PERSON}.userNameIsMail") == gap()
    assert the_gap(evidence(as_user(mail=gap())), f"{PERSON}.userNameIsMail") == gap()


@pytest.mark.parametrize(
    ("configured", "found"),
    [(None, False), ("USER-1@contoso.com", True), ("user-2@contoso.com", False)],
)
def test_who_is_the_test_user(configured: str | None, found: bool) -> None:
    tree = evidence(judgement=judgement(test_user=configured))
    assert value(tree, f"{PERSON}.isTestUser") is found


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"displayName": "Britta Simon"}, True),
        ({"displayName": "brittasimon"}, True),
        ({"displayName": " B.Simon "}, True),
        ({"userPrincipalName": "BrittaSimon@contoso.com"}, True),
        ({"userPrincipalName": "b.simon@contoso.com", "displayName": gap()}, True),
        ({"userPrincipalName": "britta.simon@contoso.com", "displayName": None}, True),
        ({"displayName": "Britta Simonsen", "userPrincipalName": "bsimon@contoso.com"}, False),
        ({"userPrincipalName": "b.simon_example.org#EXT#@contoso.com"}, False),
    ],
)
def test_who_has_a_name_of_the_tutorial(properties: dict[str, Node], found: bool) -> None:
    assert value(evidence(as_user(**properties)), f"{PERSON}.hasTutorialName") is found


def test_half_a_name_leaves_it_open() -> None:
    assert the_gap(evidence(as_user(displayName=gap())), f"{PERSON}.hasTutorialName") == gap()


@pytest.mark.parametrize(
    ("count", "everybody", "percent"),
    [(1, 10, 10), (5, 10, 50), (1, 3, 33.34), (2, 3, 66.67), (1001, 2001, 50.03), (0, 0, 0), (1, 0, 100)],
)
def test_the_share_of_members_never_looks_smaller_than_it_is(
    count: int, everybody: int, percent: float
) -> None:
    found = [member(f"user-{number}") for number in range(count)]
    tree = evidence({**members(*found), **of_tenant("enabledMemberCount", everybody)})
    assert value(tree, f"{GROUP_PATH}.percentOfMembers") == percent


DYNAMIC: Json = ["DynamicMembership"]


@pytest.mark.parametrize(
    "rule",
    [
        "user.objectId -ne null",
        "(user.objectId -ne null)",
        " ( USER.OBJECTID  -NE\tNULL ) ",
        "user.objectId ne null",
        "user.objectId –ne null",
        "user.objectId -ne $null",
        '(user.objectId -ne null) -and (user.userType -eq "Member")',
        '(user.objectId -ne null) and (user.userType -eq "Member")',
        "(user.userType -eq 'member') -and (user.objectId -ne null)",
        '(user.objectId -ne null)-and(user.userType -eq "Member")',
    ],
)
def test_the_documented_rules_for_all_users_are_known_however_they_are_written(rule: str) -> None:
    tree = evidence(as_group(groupTypes=DYNAMIC, membershipRule=rule))
    assert value(tree, f"{GROUP_PATH}.dynamicAllUsers") is True


@pytest.mark.parametrize(
    "rule",
    [
        'user.department -eq "Sales"',
        '(user.objectId -ne null) -and (user.userType -eq "Guest")',
        '(user.objectId -ne null) -and (user.department -eq "Sales")',
        "not (user.objectId -ne null)",
        "device.objectId -ne null",
        "user.objectId -eq null",
        "",
        None,
    ],
)
def test_other_rules_are_not_for_all_users(rule: str | None) -> None:
    tree = evidence(as_group(groupTypes=DYNAMIC, membershipRule=rule))
    assert value(tree, f"{GROUP_PATH}.dynamicAllUsers") is False


def test_a_rule_counts_only_while_the_group_is_dynamic() -> None:
    tree = evidence(as_group(membershipRule="user.objectId -ne null"))
    assert value(tree, f"{GROUP_PATH}.dynamicAllUsers") is False


@pytest.mark.parametrize(
    ("allowed", "result", "followed"),
    [
        ((), False, {"appRoleAssignedTo"}),
        (("GROUP-1",), True, {"appRoleAssignedTo"}),
        (("sales",), True, {"appRoleAssignedTo", "groups"}),
        (("Marketing",), False, {"appRoleAssignedTo", "groups"}),
    ],
)
def test_a_group_is_allowed_by_id_or_name(allowed: tuple[str, ...], result: bool, followed: set[str]) -> None:
    tree = evidence(judgement=judgement(allow=Allow(groups=allowed)))
    assert value(tree, f"{GROUP_PATH}.allowed") is result
    assert sections(tree, f"{GROUP_PATH}.allowed") == followed
