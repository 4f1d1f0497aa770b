"""The directory audit log, reduced to what says who changed what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest

from auditor.collect.app_role_assigned_to import COLLECTOR as ASSIGNMENTS
from auditor.collect.collector import Collector
from auditor.collect.directory_audits import COLLECTOR
from auditor.collect.sign_ins import COLLECTOR as SIGN_INS
from auditor.emulator.drafts import AuditDraft, OptionsDraft, OrganizationDraft
from auditor.graph.question import timestamp
from auditor.model.gap import Reason
from auditor.model.node import Node
from auditor.model.snapshot import TENANT, Per, Record, Section, Snapshot, TenantIdentity
from auditor.model.wire import encode_node
from tests.collect.reading import (
    NOW,
    READER,
    Reading,
    Sections,
    Serving,
    application,
    at,
    company,
    gap,
    in_cloud,
)

SP = "11111111-0000-4000-8000-000000000001"
OTHER = "22222222-0000-4000-8000-000000000002"


def snapshot(hours: float, *sections: Section) -> Snapshot:
    """One that was begun so many hours ago."""
    return Snapshot(
        tenant=TenantIdentity(id="t", display_name=None, domain=None),
        cloud="global",
        started_at=timestamp(NOW - timedelta(hours=hours)),
        finished_at=timestamp(NOW),
        auditor_version="0",
        configuration={},
        targets=(),
        sections={section.name: section for section in sections},
    )


def listed(name: str, *ids: str) -> Section:
    value: Node = [{"id": id} for id in ids]
    return Section(name=name, per=Per.TENANT, mount=None, records={TENANT: Record(value=value)})


def read(tenant: Reading, *first: Collector) -> Node:
    return (
        tenant.after([*first, ASSIGNMENTS, COLLECTOR], {"servicePrincipals": {SP: {}}})[COLLECTOR.section]
        .records[TENANT]
        .value
    )


def entry(**changes: object) -> Mapping[str, object]:
    return {
        "id": "e",
        "activityDateTime": timestamp(NOW),
        "activityDisplayName": "Update service principal",
        "category": "ApplicationManagement",
        "result": "success",
        "correlationId": "c",
        "initiatedBy": {"user": None, "app": None},
        "targetResources": [target()],
        **changes,
    }


def target(id: str = SP, type: str = "ServicePrincipal", **properties: object) -> Mapping[str, object]:
    modified = [
        {"displayName": name, "oldValue": None, "newValue": value} for name, value in properties.items()
    ]
    return {"id": id, "type": type, "displayName": "x", "modifiedProperties": modified}


def entries(found: Node) -> list[Node]:
    listed = at(found, "entries")
    assert isinstance(listed, list)
    return listed


def kept(reading: Serving, *sent: Mapping[str, object], last: Snapshot | None = None) -> list[str]:
    """Ids of the entries that are kept."""
    tenant = reading(company(), last=last)
    tenant.answer("/directoryAudits", *sent)
    return [str(at(each, "id")) for each in entries(read(tenant))]


def test_an_entry_is_reduced_to_actor_time_object_and_properties(reading: Serving) -> None:
    tenant = reading(
        company(
            audit=[
                AuditDraft(
                    activity="Update service principal",
                    application="App",
                    by="Ada",
                    days=-0.5,
                    changes={"AppAddress": ["a", "b"]},
                )
            ]
        )
    )
    sp = tenant.id("servicePrincipal", "App")
    found = (
        tenant.after([COLLECTOR], {"servicePrincipals": {sp: {}}})[COLLECTOR.section].records[TENANT].value
    )
    (only,) = entries(found)
    assert isinstance(only, dict)
    assert at(found, "from") == "2026-10-31T12:00:00Z"
    assert at(found, "to") == "2026-11-01T12:00:00Z"
    assert {**only, "id": None, "correlationId": None} == {
        "id": None,
        "correlationId": None,
        "activityDateTime": "2026-11-01T00:00:00.2537162Z",
        "activityDisplayName": "Update service principal",
        "category": "ApplicationManagement",
        "result": "success",
        "initiatedBy": {
            "app": None,
            "user": {
                "id": tenant.id("user", "ada@contoso.com"),
                "userPrincipalName": "ada@contoso.com",
                "displayName": None,
                "ipAddress": "203.0.113.25",
            },
        },
        "targetResources": [
            {
                "id": sp,
                "type": "ServicePrincipal",
                "displayName": "App",
                "modifiedProperties": [{"displayName": "AppAddress", "oldValue": '"a"', "newValue": '"b"'}],
            }
        ],
    }


def test_the_window_begins_an_hour_before_the_last_snapshot(reading: Serving) -> None:
    tenant = reading(company(), last=snapshot(30))
    assert at(read(tenant), "from") == "2026-10-31T05:00:00Z"
    (url,) = tenant.asked("/directoryAudits")
    assert "activityDateTime ge 2026-10-31T05:00:00Z" in url


def test_entries_before_the_window_do_not_count_although_they_were_sent(reading: Serving) -> None:
    early = entry(id="early", activityDateTime="2026-10-31T10:59:59.9999999Z")
    late = entry(id="late", activityDateTime="2026-10-31T12:00:00.0000001+00:00")
    assert kept(reading, late, early) == ["late"]


def test_only_what_is_about_known_objects_is_kept(reading: Serving) -> None:
    about_last = entry(id="last", targetResources=[target(OTHER)])
    client = {"ServicePrincipal.ObjectID": f'"{SP.upper()}"'}
    sent = [
        entry(id="known"),
        entry(id="unknown", targetResources=[target("33333333-0000-4000-8000-000000000003")]),
        entry(id="client", targetResources=[target("graph", **client)]),
        entry(id="nothing", targetResources=None),
        about_last,
    ]
    assert kept(reading, *sent) == ["client", "known"]
    last = snapshot(1, listed("claimsMappingPolicies", OTHER))
    assert kept(reading, about_last, last=last) == ["last"]


def test_who_is_assigned_is_known(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Ada"])))
    ada = tenant.id("user", "ada@contoso.com")
    tenant.answer("/directoryAudits", entry(targetResources=[target(ada, "User")]))
    assert at(read(tenant), "entries", 0, "id") == "e"


def test_of_people_only_what_a_snapshot_shows_is_kept(reading: Serving) -> None:
    tenant = reading(company(application(assigned=["Ada"])))
    ada = tenant.id("user", "ada@contoso.com")
    private = {
        "StrongAuthenticationMethod": "[6]",
        "Included Updated Properties": '"x"',
        "TargetId.UserType": "M",
    }
    tenant.answer(
        "/directoryAudits",
        entry(id="telephone", targetResources=[target(ada, "User", **private)]),
        entry(id="both", targetResources=[target(ada, "User", AccountEnabled="[false]", **private)]),
        entry(id="membership", targetResources=[target(ada, "User", **{"Group.ObjectID": '"g"'})]),
        entry(
            id="deleted",
            activityDisplayName="Delete user",
            targetResources=[target(ada, "User", **{"Is Hard Deleted": '"False"'})],
        ),
        entry(id="disabled", targetResources=[{**target(ada), "type": None, "Type": "User"}]),
    )
    found = read(tenant)
    names = {
        str(at(each, "id")): str(at(each, "targetResources", 0, "modifiedProperties"))
        for each in entries(found)
    }
    assert "StrongAuthenticationMethod" not in json.dumps(encode_node(found))
    assert set(names) == {"both", "deleted", "membership", "disabled"}
    assert "AccountEnabled" in names["both"]


def test_a_type_spelled_as_in_the_example_of_the_documentation(reading: Serving) -> None:
    tenant = reading(company())
    tenant.answer("/directoryAudits", entry(targetResources=[{"id": SP, "Type": "ServicePrincipal"}]))
    found = read(tenant)
    assert at(found, "entries", 0, "targetResources", 0, "type") == "ServicePrincipal"


def test_values_that_are_no_text_come_into_one(reading: Serving) -> None:
    tenant = reading(company())
    tenant.answer("/directoryAudits", entry(targetResources=[target(AppAddress=[{"Address": "a"}])]))
    value = at(read(tenant), "entries", 0, "targetResources", 0, "modifiedProperties", 0)
    assert value == {"displayName": "AppAddress", "oldValue": None, "newValue": '[{"Address": "a"}]'}


@pytest.mark.parametrize(
    "strange", [{"activityDateTime": None}, {"activityDateTime": "soon"}, {"targetResources": "x"}]
)
def test_an_entry_that_could_be_about_anything_makes_the_log_unreadable(
    reading: Serving, strange: Mapping[str, object]
) -> None:
    tenant = reading(company())
    tenant.answer("/directoryAudits", entry(), entry(id="f", **strange))
    assert gap(read(tenant)).reason is Reason.UNREADABLE


def test_every_page_counts_and_the_oldest_comes_first(reading: Serving) -> None:
    audit = [
        AuditDraft(activity=f"Activity {number}", application="App", by="Ada", days=-number / 10)
        for number in range(3)
    ]
    tenant = reading(company(audit=audit, options=OptionsDraft(log_page_size=2, log_empty_pages=True)))
    sp = tenant.id("servicePrincipal", "App")
    record = tenant.after([COLLECTOR], {"servicePrincipals": {sp: {}}})[COLLECTOR.section].records[TENANT]
    assert record.requests[0].pages == 3
    found = [at(each, "activityDisplayName") for each in entries(record.value)]
    assert found == ["Activity 2", "Activity 1", "Activity 0"]


def test_a_log_that_is_too_long_is_no_answer(reading: Serving) -> None:
    audit = [AuditDraft(activity="A", application="App", by="Ada", days=-0.1)] * 3
    tenant = reading(company(audit=audit, options=OptionsDraft(log_page_size=1)))
    found = gap(tenant.audits(pages=2)[TENANT].value)
    assert found.reason is Reason.TRUNCATED
    assert len(tenant.asked("/directoryAudits")) == 2


def test_a_refusal_names_both_documented_permissions(reading: Serving) -> None:
    for held in (READER, (*READER, "AuditLog.Read.All")):
        refused = gap(read(reading(company(), permissions=held)))
        assert (refused.reason, refused.permission) == (
            Reason.PERMISSION,
            "AuditLog.Read.All and Directory.Read.All",
        )


def test_throttling_without_end_is_a_gap(reading: Serving) -> None:
    tenant = reading(company())
    tenant.fault("/directoryAudits", status=429, retry_after=9)
    assert gap(read(tenant)).reason is Reason.THROTTLED


def test_china_has_no_such_log(reading: Serving) -> None:
    tenant = reading(company(organization=in_cloud("china")))
    assert gap(tenant.value(COLLECTOR)).reason is Reason.UNAVAILABLE_IN_CLOUD
    assert tenant.asked("/directoryAudits") == []


@pytest.mark.parametrize(("licence", "days"), [("free", 7), ("P1", 30)])
def test_the_sign_in_log_betrays_how_far_the_log_goes_back(reading: Serving, licence: str, days: int) -> None:
    tenant = reading(company(organization=OrganizationDraft(licence=licence)))
    assert at(read(tenant, SIGN_INS), "retentionDays") == days
    assert at(read(tenant), "retentionDays") is None


def test_whatever_an_administrator_does_about_an_application_is_kept(reading: Serving) -> None:
    """A permission that is granted on Microsoft Graph, too: the application is named in a property alone."""
    tenant = reading(company(application(assigned=["Ada", "Sales"], owners=["Ada"])))
    last = snapshot(1, *tenant.after([ASSIGNMENTS]).values())
    admin = tenant.emulator.administrator("Terraform")
    written = [
        *admin.set_reply_urls("App", ["https://a"]),
        *admin.set_identifiers("App", ["https://b"]),
        *admin.assign("App", "Bob"),
        *admin.unassign("App", "Ada"),
        *admin.remove_member("Sales", "Ada"),
        *admin.add_owner("App", "Bob"),
        *admin.disable_user("Ada"),
    ]
    tenant.last = last
    sp = tenant.id("servicePrincipal", "App")
    registration: Node = {"id": tenant.id("application", "App")}
    seen: Sections = {"servicePrincipals": {sp: {}}, "applications": {sp: registration}}
    found = tenant.after([ASSIGNMENTS, COLLECTOR], seen)[COLLECTOR.section].records[TENANT].value
    assert {at(each, "id") for each in entries(found)} == {each["id"] for each in written}
    by = at(found, "entries", 0, "initiatedBy")
    assert by == {
        "user": None,
        "app": {"servicePrincipalId": None, "appId": None, "displayName": "Terraform"},
    }
