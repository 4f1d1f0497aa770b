"""Owners of service principals and registrations."""

from __future__ import annotations

import pytest

from auditor.collect import application_owners, owners
from auditor.collect.collector import Collector
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node
from tests.collect.reading import ONE_A_PAGE, READER, Reading, Serving, application, at, company, gap, upn

BOTH = pytest.mark.parametrize("collector", [owners.COLLECTOR, application_owners.COLLECTOR])


def registrations(tenant: Reading) -> dict[str, dict[str, Node]]:
    """The section that says which registration belongs to which service principal."""
    sp = tenant.id("servicePrincipal", "App")
    return {"applications": {sp: {"id": tenant.id("application", "App")}}}


def read(tenant: Reading, collector: Collector) -> Node:
    return tenant.value(collector, tenant.id("servicePrincipal", "App"), registrations(tenant))


@BOTH
def test_says_who_owns_and_what_they_are_like(reading: Serving, collector: Collector) -> None:
    people = ["Ada", "Bob", "Gus"]
    tenant = reading(company(application(owners=people, registration_owners=people), options=ONE_A_PAGE))
    found = read(tenant, collector)
    assert isinstance(found, list)
    assert [item["id"] for item in found] == sorted(tenant.id("user", upn(name)) for name in people)
    assert {item["displayName"]: item for item in found}["Gus"] == {
        "id": tenant.id("user", upn("Gus")),
        "type": "user",
        "displayName": "Gus",
        "userPrincipalName": upn("Gus"),
        "accountEnabled": True,
        "userType": "Guest",
    }
    assert {item["displayName"]: item["accountEnabled"] for item in found} == {
        "Ada": True,
        "Bob": False,
        "Gus": True,
    }


@BOTH
def test_nobody_is_an_empty_list(reading: Serving, collector: Collector) -> None:
    assert read(reading(company()), collector) == []


@BOTH
def test_an_owner_who_may_not_be_seen_is_neither_enabled_nor_disabled(
    reading: Serving, collector: Collector
) -> None:
    tenant = reading(company(application(owners=["Bob"], registration_owners=["Bob"])), permissions=READER)
    found = read(tenant, collector)
    assert at(found, 0, "id") == tenant.id("user", upn("Bob"))
    assert at(found, 0, "type") == "user"
    for name in ("displayName", "userPrincipalName", "accountEnabled", "userType"):
        hidden = gap(at(found, 0, name))
        assert (hidden.reason, hidden.permission) == (Reason.PERMISSION, "User.Read.All")


@BOTH
def test_an_application_among_the_owners_is_no_user(reading: Serving, collector: Collector) -> None:
    tenant = reading(company())
    tenant.answer(
        "/owners", {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "s", "displayName": "Tool"}
    )
    assert read(tenant, collector) == [
        {
            "id": "s",
            "type": "servicePrincipal",
            "displayName": "Tool",
            "userPrincipalName": None,
            "accountEnabled": None,
            "userType": None,
        }
    ]


@BOTH
def test_an_owner_of_unknown_type_is_a_gap(reading: Serving, collector: Collector) -> None:
    tenant = reading(company())
    tenant.answer("/owners", {"id": "x"})
    found = read(tenant, collector)
    assert at(found, 0, "id") == "x"
    assert gap(at(found, 0, "type")).reason is Reason.UNREADABLE
    assert gap(at(found, 0, "userType")).reason is Reason.UNREADABLE


@BOTH
def test_a_refused_list_names_the_permission_that_lists(reading: Serving, collector: Collector) -> None:
    refused = gap(read(reading(company(), permissions=["User.Read.All"]), collector))
    assert (refused.reason, refused.permission) == (Reason.PERMISSION, "Application.Read.All")
    assert (refused.section, refused.http_status) == (collector.section, 403)


def test_a_registration_in_another_tenant_has_no_record(reading: Serving) -> None:
    tenant = reading(company())
    sections: dict[str, dict[str, Node]] = {"applications": {tenant.id("servicePrincipal", "App"): None}}
    assert tenant.records(application_owners.COLLECTOR, sections) == {}
    assert tenant.asked("/owners") == []


def test_a_registration_that_could_not_be_read_leaves_its_gap(reading: Serving) -> None:
    tenant = reading(company())
    sp = tenant.id("servicePrincipal", "App")
    unread = Gap(section="applications", subject=sp, reason=Reason.THROTTLED, detail="429")
    for value in (unread, {"id": unread}):
        found = gap(tenant.value(application_owners.COLLECTOR, sp, {"applications": {sp: value}}))
        assert (found.section, found.reason) == ("applicationOwners", Reason.THROTTLED)
