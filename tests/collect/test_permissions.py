"""What the application itself may do: delegated and application permissions."""

from __future__ import annotations

import pytest

from auditor.collect import app_role_assignments, oauth2_permission_grants
from auditor.emulator.directory import GRAPH_APP_ID
from auditor.emulator.drafts import DelegatedDraft, PermissionDraft
from auditor.model.gap import Reason
from auditor.model.node import Node
from tests.collect.reading import ONE_A_PAGE, READER, Reading, Serving, application, at, company, gap, upn

GRANTS = oauth2_permission_grants.COLLECTOR
ROLES = app_role_assignments.COLLECTOR

BOTH = pytest.mark.parametrize("bulk", [False, True], ids=["named", "bulk"])


def graph_id(tenant: Reading) -> str:
    return str(tenant.emulator.tenant.by_app_id["servicePrincipals", GRAPH_APP_ID]["id"])


def grants(tenant: Reading, name: str = "App") -> Node:
    return tenant.value(GRANTS, tenant.id("servicePrincipal", name))


def roles(tenant: Reading, name: str = "App") -> Node:
    return tenant.value(ROLES, tenant.id("servicePrincipal", name))


@BOTH
def test_delegated_permissions_say_for_whom_and_on_what(reading: Serving, bulk: bool) -> None:
    given = [DelegatedDraft(scope="openid User.Read"), DelegatedDraft(scope="Mail.Read", user="Ada")]
    tenant = reading(company(application(delegated=given), application("Other")), bulk=bulk)
    found = grants(tenant)
    assert isinstance(found, list)
    assert {item["scope"]: (item["consentType"], item["principalId"]) for item in found} == {
        "openid User.Read": ("AllPrincipals", None),
        "Mail.Read": ("Principal", tenant.id("user", upn("Ada"))),
    }
    assert {item["resourceDisplayName"] for item in found} == {"Microsoft Graph"}
    assert grants(tenant, "Other") == []


def test_many_applications_are_one_question(reading: Serving) -> None:
    tenant = reading(
        company(
            application("One", delegated=[DelegatedDraft()]), application("Two", delegated=[DelegatedDraft()])
        ),
        bulk=True,
    )
    tenant.records(GRANTS)
    assert len(tenant.asked("/oauth2PermissionGrants")) == 1
    assert len(tenant.asked(graph_id(tenant))) == 1


def test_a_tenant_with_too_many_grants_is_asked_application_by_application(reading: Serving) -> None:
    given = [DelegatedDraft(scope="User.Read"), DelegatedDraft(scope="Mail.Read", user="Ada")]
    tenant = reading(company(application(delegated=given), options=ONE_A_PAGE), bulk=True)
    found = grants(tenant)
    assert isinstance(found, list)
    assert len(found) == 2


def test_grants_that_do_not_say_whose_they_are_are_not_left_out(reading: Serving) -> None:
    tenant = reading(company(application(delegated=[DelegatedDraft()])), bulk=True)
    tenant.answer("v1.0/oauth2PermissionGrants", {"id": "x", "scope": "Mail.Read"})
    assert at(grants(tenant), 0, "scope") == "User.Read"


@BOTH
def test_refused_grants_name_the_permission(reading: Serving, bulk: bool) -> None:
    refused = gap(grants(reading(company(), permissions=READER, bulk=bulk)))
    assert (refused.reason, refused.permission) == (Reason.PERMISSION, "Directory.Read.All")


def test_a_resource_that_cannot_be_read_leaves_a_gap_in_place_of_its_name(reading: Serving) -> None:
    tenant = reading(company(application(delegated=[DelegatedDraft()])))
    tenant.fault(graph_id(tenant), status=404)
    found = grants(tenant)
    assert at(found, 0, "scope") == "User.Read"
    assert gap(at(found, 0, "resourceDisplayName")).reason is Reason.NOT_FOUND


def test_a_grant_of_unknown_consent_is_a_gap(reading: Serving) -> None:
    tenant = reading(company())
    tenant.answer(
        "/oauth2PermissionGrants", {"id": "x", "consentType": None, "scope": None, "principalId": None}
    )
    found = grants(tenant)
    assert at(found, 0, "scope") is None
    assert gap(at(found, 0, "consentType")).reason is Reason.UNREADABLE
    assert gap(at(found, 0, "resourceId")).reason is Reason.UNREADABLE
    assert gap(at(found, 0, "resourceDisplayName")).reason is Reason.UNREADABLE


def test_application_permissions_have_their_names(reading: Serving) -> None:
    given = [PermissionDraft(role="Application.Read.All"), PermissionDraft(role="Mail.Read")]
    tenant = reading(company(application(permissions=given), options=ONE_A_PAGE))
    found = roles(tenant)
    assert isinstance(found, list)
    assert {item["permission"]: item["resourceDisplayName"] for item in found} == {
        "Application.Read.All": "Microsoft Graph",
        "Mail.Read": "Microsoft Graph",
    }


def test_a_resource_is_asked_once_however_many_applications_use_it(reading: Serving) -> None:
    given = [PermissionDraft(role="Mail.Read")]
    tenant = reading(company(application("One", permissions=given), application("Two", permissions=given)))
    assert at(roles(tenant, "One"), 0, "permission") == "Mail.Read"
    assert len(tenant.asked(graph_id(tenant))) == 1


def test_no_application_permission_is_an_empty_list(reading: Serving) -> None:
    assert roles(reading(company())) == []


def test_a_permission_whose_name_is_unknown_is_a_gap(reading: Serving) -> None:
    tenant = reading(company(application(permissions=[PermissionDraft(role="Mail.Read")])))
    tenant.fault(graph_id(tenant), body={"id": graph_id(tenant), "appRoles": []})
    assert gap(at(roles(tenant), 0, "permission")).reason is Reason.NOT_FOUND


@pytest.mark.parametrize(
    ("what", "reason", "permission"),
    [
        ({"status": 403}, Reason.PERMISSION, "Application.Read.All"),
        ({"status": 404}, Reason.NOT_FOUND, None),
        ({"empty": True}, Reason.UNREADABLE, None),
        ({"body": {"appRoles": None}}, Reason.UNREADABLE, None),
    ],
)
def test_a_resource_that_cannot_be_read_leaves_a_gap_in_place_of_the_permission(
    reading: Serving, what: dict[str, object], reason: Reason, permission: str | None
) -> None:
    tenant = reading(company(application(permissions=[PermissionDraft(role="Mail.Read")])))
    tenant.fault(graph_id(tenant), **what)
    found = roles(tenant)
    assert at(found, 0, "resourceDisplayName") == "Microsoft Graph"
    unknown = gap(at(found, 0, "permission"))
    assert (unknown.reason, unknown.permission) == (reason, permission)


def test_an_assignment_without_a_role_is_default_access(reading: Serving) -> None:
    tenant = reading(company())
    assignment = {
        "id": "x",
        "appRoleId": "00000000-0000-0000-0000-000000000000",
        "resourceId": graph_id(tenant),
        "resourceDisplayName": "Microsoft Graph",
    }
    tenant.answer("/appRoleAssignments", assignment, {"id": "y"})
    found = roles(tenant)
    assert at(found, 0, "permission") == "Default Access"
    assert gap(at(found, 1, "permission")).reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("role", "name"),
    [({"value": "A.B"}, "A.B"), ({"value": None, "displayName": "Old role"}, "Old role"), ({}, None)],
)
def test_an_old_role_goes_by_its_display_name(
    reading: Serving, role: dict[str, object], name: str | None
) -> None:
    tenant = reading(company())
    tenant.answer(
        "/appRoleAssignments",
        {"id": "x", "appRoleId": "r", "resourceId": "s", "resourceDisplayName": "S"},
    )
    tenant.fault("/servicePrincipals/s", status=200, body={"id": "s", "appRoles": [{"id": "r", **role}]})
    found = at(roles(tenant), 0, "permission")
    assert found == name if name else gap(found).reason is Reason.UNREADABLE
