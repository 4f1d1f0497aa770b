"""Who is assigned, and what users and groups are like: appRoleAssignedTo, users, groups, groupMembers."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect import app_role_assigned_to, group_members, groups, users
from auditor.collect.people import USER
from auditor.emulator.drafts import GroupDraft
from auditor.model.gap import Reason
from auditor.model.node import Node
from auditor.model.snapshot import Section
from tests.collect.reading import (
    GUS,
    ONE_A_PAGE,
    READER,
    Serving,
    application,
    at,
    company,
    gap,
    upn,
)

ALL = [
    app_role_assigned_to.COLLECTOR,
    users.COLLECTOR,
    groups.COLLECTOR,
    group_members.COLLECTOR,
]


def test_every_page_of_assignments_is_read(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Ada", "Bob", "Gus", "Sales"]), options=ONE_A_PAGE))
    found = tenant.value(app_role_assigned_to.COLLECTOR, tenant.id("servicePrincipal", "App"))
    assert isinstance(found, list)
    assert [item["id"] for item in found] == sorted(item["id"] for item in found)
    assert {(item["principalType"], item["principalDisplayName"]) for item in found} == {
        ("User", "Ada"),
        ("User", "Bob"),
        ("User", "Gus"),
        ("Group", "Sales"),
    }
    assert at(found, 0).keys() == set(app_role_assigned_to.SELECT)  # type: ignore[union-attr]


def test_users_and_groups_are_asked_once_however_many_applications_they_are_assigned_to(
    reading: Serving,
) -> None:
    tenant = reading(
        company(
            application("One", assigned=["Ada", "Sales"]),
            application("Two", assigned=["Ada", "Sales", "Gus"]),
        )
    )
    sections = tenant.after(ALL)
    assert set(sections["users"].records) == {tenant.id("user", upn("Ada")), tenant.id("user", upn("Gus"))}
    assert set(sections["groups"].records) == {tenant.id("group", "Sales")}
    ada = tenant.id("user", upn("Ada"))
    assert len(tenant.asked(f"/users/{ada}")) == 1
    assert len(tenant.asked("/members")) == 1


def test_a_user_is_read_with_what_null_means(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Bob", "Gus"])))
    records = tenant.after(ALL)["users"].records
    bob = records[tenant.id("user", upn("Bob"))].value
    assert bob == {
        "id": tenant.id("user", upn("Bob")),
        "displayName": "Bob",
        "userPrincipalName": "bob@contoso.com",
        "mail": None,
        "accountEnabled": False,
        "userType": "Member",
        "externalUserState": None,
        "externalUserStateChangeDateTime": None,
        "createdDateTime": "2025-09-27T12:00:00Z",
    }
    gus = records[tenant.id("user", upn("Gus"))].value
    assert at(gus, "userType") == "Guest"
    assert at(gus, "externalUserState") == "PendingAcceptance"
    assert at(gus, "externalUserStateChangeDateTime") == "2026-07-24T12:00:00Z"


def test_a_deleted_user_is_a_gap(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Ada"])))
    ada = tenant.id("user", upn("Ada"))
    tenant.fault(f"/users/{ada}", status=404)
    deleted = gap(tenant.after(ALL)["users"].records[ada].value)
    assert (deleted.reason, deleted.http_status, deleted.permission) == (Reason.NOT_FOUND, 404, None)


def test_a_user_whose_type_is_null_is_of_unknown_type(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Ada"])))
    ada = tenant.id("user", upn("Ada"))
    shown = dict.fromkeys(USER) | {"id": ada, "userPrincipalName": "ada@contoso.com"}
    tenant.fault(f"/users/{ada}", body={**shown, "accountEnabled": True})
    found = tenant.after(ALL)["users"].records[ada].value
    assert at(found, "mail") is None
    assert gap(at(found, "userType")).reason is Reason.UNREADABLE
    assert gap(at(found, "userType")).permission is None


def test_without_permission_users_and_groups_are_gaps(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Ada", "Sales"])), permissions=READER)
    sections = tenant.after(ALL)
    group = tenant.id("group", "Sales")
    assert gap(sections["users"].records[tenant.id("user", upn("Ada"))].value).permission == "User.Read.All"
    assert gap(sections["groups"].records[group].value).permission == "GroupMember.Read.All"
    assert gap(sections["groupMembers"].records[group].value).permission == "GroupMember.Read.All"


def test_many_users_are_taken_from_the_list_and_the_rest_asked_for_singly(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Ada", "Bob"])))
    known = [tenant.id("user", upn(name)) for name in ("Ada", "Bob")]
    ids = [*known, "00000000-0000-0000-0000-00000000dead"]
    records = tenant.users(ids, pages=1)
    assert set(records) == set(ids)
    assert at(records[known[1]].value, "accountEnabled") is False
    assert gap(records[ids[-1]].value).reason is Reason.NOT_FOUND
    assert tenant.asked("/users") != []
    assert tenant.asked(*known) == []


def test_a_list_of_users_that_is_too_long_is_given_up(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Ada"]), options=ONE_A_PAGE))
    ada = tenant.id("user", upn("Ada"))
    records = tenant.users([ada], pages=2)
    assert at(records[ada].value, "displayName") == "Ada"
    assert tenant.asked(ada) != []


def test_a_group_is_read_with_what_null_means(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Everybody", "Sales"])))
    records = tenant.after(ALL)["groups"].records
    everybody = records[tenant.id("group", "Everybody")].value
    assert at(everybody, "groupTypes") == ["DynamicMembership"]
    assert at(everybody, "membershipRule") == "user.objectId -ne null"
    assert at(everybody, "membershipRuleProcessingState") == "On"
    assert at(records[tenant.id("group", "Sales")].value, "membershipRule") is None


def test_members_are_direct_ones_with_what_they_are_like(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Sales"]), options=ONE_A_PAGE))
    members = _members(tenant.after(ALL), tenant.id("group", "Sales"))
    assert {(member["type"], member["displayName"]) for member in members.values()} == {
        ("user", "Ada"),
        ("user", "Gus"),
        ("group", "Everybody"),
    }
    gus = members[tenant.id("user", GUS)]
    assert (gus["userType"], gus["accountEnabled"]) == ("Guest", True)
    assert members[tenant.id("group", "Everybody")]["userType"] is None


def test_members_who_may_not_be_seen_are_not_enabled(reading: Serving) -> None:
    tenant = reading(
        company(application(assigned=["Sales"])),
        permissions=["Application.Read.All", "GroupMember.Read.All"],
    )
    members = _members(tenant.after(ALL), tenant.id("group", "Sales"))
    ada = members[tenant.id("user", upn("Ada"))]
    assert ada["type"] == "user"
    for name in USER[1:]:
        hidden = gap(ada[name])
        assert (hidden.reason, hidden.permission) == (Reason.PERMISSION, "User.Read.All")
    assert members[tenant.id("group", "Everybody")]["displayName"] == "Everybody"


def test_no_members_are_an_empty_list(reading: Serving) -> None:
    nobody = GroupDraft(name="Nobody")
    tenant = reading(company(application(assigned=["Nobody"]), groups=[nobody]))
    assert tenant.after(ALL)["groupMembers"].records[tenant.id("group", "Nobody")].value == []


def test_an_empty_list_of_a_group_that_hides_its_members_says_nothing(reading: Serving) -> None:
    nobody = GroupDraft(name="Nobody")
    draft = company(application(assigned=["Nobody"]), groups=[nobody])
    tenant = reading(draft)
    group = tenant.id("group", "Nobody")
    tenant.emulator.tenant.objects[group]["visibility"] = "HiddenMembership"
    hidden = gap(tenant.after(ALL)["groupMembers"].records[group].value)
    assert (hidden.reason, hidden.permission) == (Reason.PERMISSION, "Member.Read.Hidden")
    seeing = reading(draft, permissions=["Directory.Read.All", "Member.Read.Hidden"])
    seeing.emulator.tenant.objects[group]["visibility"] = "HiddenMembership"
    assert seeing.after(ALL)["groupMembers"].records[group].value == []


def _members(sections: Mapping[str, Section], group: str) -> dict[str, dict[str, Node]]:
    found = sections["groupMembers"].records[group].value
    assert isinstance(found, list)
    return {str(member["id"]): member for member in found}
