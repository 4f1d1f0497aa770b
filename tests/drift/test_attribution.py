"""Who did it: which entries of the directory's log count for a change, and which only look so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from auditor.drift import attribute, compare
from auditor.model.change import Attribution, AttributionStatus, Confidence, Drift
from auditor.model.finding import BaselineState, Status
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.rule import Severity, SubjectKind
from auditor.model.snapshot import TENANT, Per, Snapshot
from tests.drift.tenant import (
    ACS,
    ADA,
    APP,
    APP_ID,
    BOB,
    EVE,
    GROUP,
    POLICY,
    ROLE,
    SP,
    Value,
    assignment,
    edited,
    gap,
    key,
    later,
    member,
    only,
    put,
    snapshot,
)

EVIL = "https://evil.example.net/saml/acs"
OTHER = "55555555-0000-4000-8000-000000000005"
NOON = "2026-11-22T12:00:00.1234567Z"

ATTRIBUTED, AMBIGUOUS = AttributionStatus.ATTRIBUTED, AttributionStatus.AMBIGUOUS
UNATTRIBUTED, NOT_EVALUATED = AttributionStatus.UNATTRIBUTED, AttributionStatus.NOT_EVALUATED

Entry = Mapping[str, Any]


def modified(name: str, old: Any, new: Any) -> dict[str, Any]:
    return {
        "displayName": name,
        "oldValue": None if old is None else json.dumps(old),
        "newValue": None if new is None else json.dumps(new),
    }


def of(
    id: str, *properties: dict[str, Any], type: str = "ServicePrincipal", name: str = "GoToMeeting"
) -> Entry:
    return {"id": id, "type": type, "displayName": name, "modifiedProperties": list(properties)}


def entry(
    *targets: Entry,
    by: str = "ada",
    at: str = NOON,
    activity: str = "Update service principal",
    result: str = "success",
) -> Entry:
    user = {"id": f"id-of-{by}", "userPrincipalName": f"{by}@contoso.com", "ipAddress": "203.0.113.7"}
    return {
        "id": f"{by} {at} {activity}",
        "activityDateTime": at,
        "activityDisplayName": activity,
        "category": "ApplicationManagement",
        "result": result,
        "correlationId": f"correlation of {by}",
        "initiatedBy": {"user": user, "app": None},
        "targetResources": list(targets),
    }


def address(*urls: str) -> list[dict[str, Any]]:
    """As the log writes reply URLs."""
    return [{"AddressType": 0, "Address": url, "ReplyAddressClientType": 1} for url in urls]


def added_url(*, before: tuple[str, ...] = (ACS,), url: str = EVIL, id: str = SP) -> Entry:
    return of(id, modified("AppAddress", address(*before), address(*before, url)))


def night(
    changed: Snapshot, *entries: Entry, since: str = "2026-11-22T01:00:00Z", days: int | None = 30
) -> Snapshot:
    """The second night, with its log."""
    value: Node = {
        "from": since,
        "to": "2026-11-23T02:00:40Z",
        "retentionDays": days,
        "entries": list(entries),
    }
    return put("directoryAudits", TENANT, value, Per.TENANT)(later(changed))


def drift(changed: Snapshot, *entries: Entry, **options: Any) -> Drift:
    before, after = snapshot(), night(changed, *entries, **options)
    return attribute(compare(before, after), before, after)


def url_added(*entries: Entry, **options: Any) -> Attribution:
    return only(drift(WITH_URL, *entries, **options)).attribution


def _with_url(value: Value) -> None:
    value["replyUrls"].append(EVIL)


WITH_URL = edited(snapshot(), "servicePrincipals", _with_url)


def test_an_entry_that_names_object_property_and_value_says_who() -> None:
    found = url_added(entry(added_url()))
    assert (found.status, found.reason, found.confidence) == (ATTRIBUTED, None, Confidence.HIGH)
    assert found.actor is not None
    assert (found.actor.kind, found.actor.id) == ("user", "id-of-ada")
    assert (found.actor.name, found.actor.ip_address) == ("ada@contoso.com", "203.0.113.7")
    assert (found.at, found.activity) == (NOON, "Update service principal")
    assert found.correlation_id == "correlation of ada"
    assert [candidate.actor.name for candidate in found.candidates] == ["ada@contoso.com"]


def test_an_application_may_have_done_it() -> None:
    by = {"user": None, "app": {"servicePrincipalId": "sp9", "appId": "a9", "displayName": "Pipeline"}}
    found = url_added({**entry(added_url()), "initiatedBy": by})
    assert found.actor is not None
    assert (found.actor.kind, found.actor.id, found.actor.name) == ("application", "sp9", "Pipeline")


def test_an_entry_that_names_nobody_attributes_nothing() -> None:
    nobody = {**entry(added_url()), "initiatedBy": {"user": None, "app": None}}
    found = url_added(nobody)
    assert (found.status, found.actor) == (UNATTRIBUTED, None)
    assert found.reason == f"the entry of {NOON} (Update service principal) does not say who"
    beside = url_added(nobody, entry(added_url()))
    assert (beside.status, beside.actor and beside.actor.name) == (AMBIGUOUS, "ada@contoso.com")


MISLEADING: dict[str, Entry] = {
    "another property of the object": entry(of(SP, modified("DisplayName", "a", "b")), by="mallory"),
    "another object of the same name": entry(added_url(id=OTHER), by="mallory"),
    "a result of failure": entry(added_url(), by="mallory", result="failure"),
    "before the window": entry(added_url(), by="mallory", at="2026-11-22T00:59:59Z"),
    "after the window": entry(added_url(), by="mallory", at="2026-11-23T02:00:42Z"),
    "another value": entry(added_url(url="https://other.example.net/acs"), by="mallory"),
    "a longer URL": entry(added_url(url=EVIL + "2"), by="mallory"),
    "the value was there already": entry(added_url(before=(ACS, EVIL), url="https://b"), by="mallory"),
    "an owner": entry(of(EVE, type="User"), of(SP), by="mallory", activity="Add owner to service principal"),
    "credentials": entry(of(SP), by="mallory", activity="Add service principal credentials"),
    "another property is listed": entry(
        of(SP, modified("Included Updated Properties", None, "DisplayName, Homepage")), by="mallory"
    ),
}


@pytest.mark.parametrize("name", MISLEADING)
def test_a_misleading_entry_does_not_count(name: str) -> None:
    alone = url_added(MISLEADING[name])
    assert (alone.status, alone.actor, alone.candidates) == (UNATTRIBUTED, None, ())
    beside = url_added(MISLEADING[name], entry(added_url()))
    assert (beside.status, beside.actor and beside.actor.name) == (ATTRIBUTED, "ada@contoso.com")
    assert len(beside.candidates) == 1


def test_what_was_undone_later_does_not_count() -> None:
    undone = of(SP, modified("AppAddress", address(ACS, EVIL), address(ACS)))
    first = entry(added_url(), by="mallory", at="2026-11-22T10:00:00Z")
    second = entry(undone, by="bob", at="2026-11-22T11:00:00Z")
    assert url_added(first, second).status is UNATTRIBUTED
    again = url_added(second, entry(added_url()), first)
    assert (again.actor and again.actor.name, len(again.candidates)) == ("ada@contoso.com", 1)


def test_of_several_writers_the_last_one_made_it_what_it_is() -> None:
    changed = edited(
        snapshot(), "servicePrincipals", lambda value: {**value, "loginUrl": "https://c.example"}
    )
    first = entry(
        of(SP, modified("LoginUrl", None, "https://b.example")), by="bob", at="2026-11-22T10:00:00Z"
    )
    last = entry(of(SP, modified("LoginUrl", "https://b.example", "https://c.example")))
    found = only(drift(changed, first, last)).attribution
    assert (found.actor and found.actor.name, found.confidence) == ("ada@contoso.com", Confidence.HIGH)
    assert only(drift(changed, first)).attribution.status is UNATTRIBUTED


def test_entries_of_two_actors_that_fit_alike_are_ambiguous() -> None:
    found = url_added(
        entry(of(SP), by="bob", at="2026-11-22T10:00:00Z"), entry(of(SP), by="eve", at="2026-11-22T11:00:00Z")
    )
    assert (found.status, found.confidence) == (AMBIGUOUS, Confidence.LOW)
    assert [each.actor.name for each in found.candidates] == ["eve@contoso.com", "bob@contoso.com"]
    assert found.actor == found.candidates[0].actor
    assert found.reason


def test_two_entries_of_one_actor_are_not_ambiguous() -> None:
    found = url_added(entry(of(SP), at="2026-11-22T10:00:00Z"), entry(of(SP), at="2026-11-22T11:00:00Z"))
    assert (found.status, found.at) == (ATTRIBUTED, "2026-11-22T11:00:00Z")


def test_the_surer_entry_is_named_and_the_other_listed() -> None:
    found = url_added(entry(of(SP), by="bob", at="2026-11-22T23:00:00Z"), entry(added_url()))
    assert (found.status, found.actor and found.actor.name) == (ATTRIBUTED, "ada@contoso.com")
    assert [each.confidence for each in found.candidates] == [Confidence.HIGH, Confidence.LOW]


def test_a_listed_name_without_values_is_less_sure() -> None:
    found = url_added(entry(of(SP, modified("Included Updated Properties", None, "AppAddress, DisplayName"))))
    assert found.confidence is Confidence.MEDIUM


def test_what_was_logged_in_the_hour_before_the_first_snapshot_counts_less() -> None:
    found = url_added(entry(added_url(), by="bob", at="2026-11-22T01:30:00Z"))
    assert (found.status, found.confidence) == (ATTRIBUTED, Confidence.MEDIUM)
    assert found.reason is not None
    both = url_added(entry(added_url(), by="bob", at="2026-11-22T01:30:00Z"), entry(added_url()))
    assert both.actor is not None
    assert both.actor.name == "ada@contoso.com"


def test_an_entry_of_the_registration_explains_its_service_principal() -> None:
    found = url_added(entry(added_url(id=APP), activity="Update application"))
    assert (found.status, found.confidence) == (ATTRIBUTED, Confidence.MEDIUM)


def test_an_entry_about_the_application_explains_no_person_of_it() -> None:
    disabled = edited(snapshot(), "users", lambda value: {**value, "accountEnabled": False})
    (person,) = snapshot().sections["users"].records
    by_values = modified("AccountEnabled", [True], [False])
    other = entry(of(SP, by_values), by="mallory")
    assert only(drift(disabled, other)).attribution.status is UNATTRIBUTED
    found = only(drift(disabled, other, entry(of(person, by_values, type="User")))).attribution
    assert (found.actor and found.actor.name, len(found.candidates)) == ("ada@contoso.com", 1)


def test_an_undoing_by_the_registration_takes_back_what_the_service_principal_says() -> None:
    undone = of(APP, modified("AppAddress", address(ACS, EVIL), address(ACS)))
    first = entry(added_url(), by="mallory", at="2026-11-22T10:00:00Z")
    of_registration = entry(added_url(id=APP), by="mallory", at="2026-11-22T10:00:01Z")
    last = entry(undone, by="bob", at="2026-11-22T11:00:00Z", activity="Update application")
    assert url_added(first, of_registration, last).status is UNATTRIBUTED


def relation(id: str, **names: str) -> Entry:
    """The other end of a relation, as the log names it."""
    return of(
        id, *(modified(name.replace("_", "."), None, value) for name, value in names.items()), type="User"
    )


def _certificate(value: Value) -> None:
    value["keyCredentials"] += [key("B"), key("B", "Sign")]


KEY_DESCRIPTION = [
    f"[KeyIdentifier={key('B')['keyId']},KeyType=AsymmetricX509Cert,KeyUsage=Verify,DisplayName=CN=x]"
]

EXPLAINED: dict[str, tuple[Snapshot, Entry, Entry]] = {
    "owner": (
        edited(snapshot(), "owners", lambda value: [*value, member(EVE, "eve")]),
        entry(relation(EVE, ServicePrincipal_ObjectID=SP), activity="Add owner to service principal"),
        entry(
            relation(BOB, ServicePrincipal_ObjectID=SP),
            activity="Add owner to service principal",
            by="mallory",
        ),
    ),
    "owner of the registration": (
        edited(snapshot(), "applicationOwners", lambda _: []),
        entry(of(ADA, type="User"), of(APP, type="Application"), activity="Remove owner from application"),
        entry(of(ADA, type="User"), of(SP), activity="Remove owner from service principal", by="mallory"),
    ),
    "member": (
        edited(snapshot(), "groupMembers", lambda value: [*value, member(EVE, "eve")]),
        entry(relation(EVE, Group_ObjectID=GROUP), activity="Add member to group"),
        entry(relation(EVE, Group_ObjectID=OTHER), activity="Add member to group", by="mallory"),
    ),
    "member who left": (
        edited(snapshot(), "groupMembers", lambda value: value[1:]),
        entry(of(ADA, type="User"), of(GROUP, type="Group"), activity="Remove member from group"),
        entry(
            of(ADA, type="User"),
            of(GROUP, type="Group"),
            activity="Add member to group",
            by="mallory",
            at="2026-11-22T03:00:00Z",
        ),
    ),
    "assignment": (
        edited(snapshot(), "appRoleAssignedTo", lambda value: [*value, assignment(ADA, "User", "Ada")]),
        entry(
            of(SP, modified("User.ObjectID", None, ADA)),
            of(ADA, type="User"),
            activity="Add app role assignment grant to user",
        ),
        entry(
            of(SP, modified("User.ObjectID", None, BOB)),
            of(BOB, type="User"),
            activity="Add app role assignment grant to user",
            by="mallory",
        ),
    ),
    "certificate": (
        edited(snapshot(), "servicePrincipals", _certificate),
        entry(
            of(SP, modified("KeyDescription", [], KEY_DESCRIPTION)),
            activity="Add service principal credentials",
        ),
        entry(
            of(SP, modified("KeyDescription", [], ["[KeyIdentifier=other,KeyType=x]"])),
            activity="Add service principal credentials",
            by="mallory",
        ),
    ),
    "identifier": (
        edited(snapshot(), "applications", lambda value: value["identifierUris"].append("https://b.example")),
        entry(
            of(
                APP,
                modified(
                    "AppIdentifierUri", ["https://a.example"], ["https://a.example", "https://b.example"]
                ),
            ),
            activity="Update application",
        ),
        entry(
            of(APP, modified("AppIdentifierUri", [], ["https://c.example"])),
            activity="Update application",
            by="mallory",
        ),
    ),
    "definition": (
        edited(
            snapshot(),
            "claimsMappingPolicies",
            lambda value: [{**value[0], "definition": ['{"a": {"b": "new"}}']}],
        ),
        entry(
            of(POLICY, modified("PolicyDetail", ['{"a":{"b":"old"}}'], ['{"a":{"b":"new"}}'])),
            activity="Update policy",
        ),
        entry(
            of(OTHER, modified("PolicyDetail", ['{"a":{"b":"old"}}'], ['{"a":{"b":"new"}}'])),
            activity="Update policy",
            by="mallory",
        ),
    ),
    "assignment of a policy": (
        edited(snapshot(), "claimsMappingPolicies", lambda value: [{**value[0], "appliesTo": []}]),
        entry(of(SP), of(POLICY, type="Policy"), activity="Remove policy from service principal"),
        entry(
            of(SP), of(OTHER, type="Policy"), activity="Remove policy from service principal", by="mallory"
        ),
    ),
    "new policy": (
        edited(
            snapshot(),
            "claimsMappingPolicies",
            lambda value: [*value, {"id": OTHER, "displayName": "x", "definition": [], "appliesTo": []}],
        ),
        entry(of(OTHER, type="Policy"), activity="Add policy"),
        entry(of(POLICY, type="Policy"), activity="Add policy", by="mallory"),
    ),
    "conditional access": (
        edited(snapshot(), "conditionalAccessPolicies", lambda value: [{**value[0], "state": "disabled"}]),
        entry(
            of(
                "09e1d130-6177-5630-8e8a-61e5c9379a49",
                modified(
                    "ConditionalAccessPolicy", {"state": "enabled", "x": 1}, {"state": "disabled", "x": 1}
                ),
            ),
            activity="Update conditional access policy",
        ),
        entry(
            of(
                "09e1d130-6177-5630-8e8a-61e5c9379a49",
                modified(
                    "ConditionalAccessPolicy", {"state": "enabled", "x": 1}, {"state": "enabled", "x": 2}
                ),
            ),
            activity="Update conditional access policy",
            by="mallory",
        ),
    ),
    "account": (
        edited(snapshot(), "users", lambda value: {**value, "accountEnabled": False}),
        entry(of(EVE, modified("AccountEnabled", [True], [False]), type="User"), activity="Disable account"),
        entry(
            of(EVE, modified("AccountEnabled", [False], [True]), type="User"),
            activity="Enable account",
            by="mallory",
            at="2026-11-22T03:00:00Z",
        ),
    ),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_each_kind_of_change_is_explained_by_its_entry_and_by_no_other(name: str) -> None:
    changed, right, wrong = EXPLAINED[name]
    found = only(drift(changed, wrong, right)).attribution
    assert (found.status, found.confidence) == (ATTRIBUTED, Confidence.HIGH)
    assert found.actor is not None
    assert found.actor.name == "ada@contoso.com"
    assert [each.actor.name for each in found.candidates] == ["ada@contoso.com"]
    assert only(drift(changed, wrong)).attribution.status is UNATTRIBUTED


def test_whoever_deletes_a_user_ends_what_the_user_was_part_of() -> None:
    changed = edited(snapshot(), "groupMembers", lambda value: value[1:])
    gone = only(drift(changed)).element
    assert gone is not None
    found = only(drift(changed, entry(of(gone, type="User"), activity="Delete user"))).attribution
    assert (found.status, found.confidence) == (ATTRIBUTED, Confidence.MEDIUM)
    other = entry(of(OTHER, type="User"), activity="Delete user", by="mallory")
    assert only(drift(changed, other)).attribution.status is UNATTRIBUTED
    came = edited(snapshot(), "groupMembers", lambda value: [*value, member(EVE, "eve")])
    deleted = entry(of(EVE, type="User"), activity="Delete user")
    assert only(drift(came, deleted)).attribution.status is UNATTRIBUTED


def test_another_role_of_the_same_principal_is_another_assignment() -> None:
    changed = edited(snapshot(), "appRoleAssignedTo", lambda value: [*value, assignment(ADA, "User", "Ada")])

    def assigned(role: str, by: str) -> Entry:
        return entry(
            of(SP, modified("AppRole.Id", None, role), modified("User.ObjectID", None, ADA)),
            of(ADA, type="User"),
            activity="Add app role assignment grant to user",
            by=by,
        )

    assert only(drift(changed, assigned(OTHER, "mallory"))).attribution.status is UNATTRIBUTED
    found = only(drift(changed, assigned(OTHER, "mallory"), assigned(ROLE, "ada"))).attribution
    assert [each.actor.name for each in found.candidates] == ["ada@contoso.com"]


def test_credentials_that_were_removed_explain_none_that_came() -> None:
    changed = edited(snapshot(), "servicePrincipals", _certificate)
    (added,) = (each for each in drift(changed).changes if each.property == "keyCredentials")
    activity = {"added": "Add", "removed": "Remove"}
    other = {"added": "Remove", "removed": "Add"}
    for word, status in ((activity[added.kind], ATTRIBUTED), (other[added.kind], UNATTRIBUTED)):
        logged = entry(of(SP), activity=f"{word} service principal credentials")
        (found,) = (each for each in drift(changed, logged).changes if each.property == "keyCredentials")
        assert found.attribution.status is status


def test_a_dash_of_any_kind_divides_an_activity() -> None:
    def secret(value: Value) -> None:
        value["passwordCredentials"] = [{"keyId": "s1", "displayName": "ci"}]

    changed = edited(snapshot(), "applications", secret)
    for dash in "-\u2013":
        activity = f"Update application {dash} Certificates and secrets management "
        description = ["[KeyIdentifier=s1,KeyType=Password,KeyUsage=Verify,DisplayName=ci]"]
        found = drift(changed, entry(of(APP, modified("KeyDescription", [], description)), activity=activity))
        assert only(found).attribution.confidence is Confidence.HIGH


def test_who_gave_access_is_said_with_the_access() -> None:
    changed, right, _ = EXPLAINED["member"]
    (gained,) = drift(changed, right).access
    assert gained.attribution.actor is not None
    assert gained.attribution.actor.name == "ada@contoso.com"
    changed, right, _ = EXPLAINED["assignment"]
    assert [each.attribution.status for each in drift(changed, right).access] == [ATTRIBUTED]


# What the log cannot say


def test_without_an_entry_it_is_a_finding_with_the_severity_of_the_property() -> None:
    found = drift(WITH_URL)
    change = only(found)
    assert change.attribution.reason == "no matching entry from 2026-11-22T01:00:00Z to 2026-11-23T02:00:40Z"
    (finding,) = found.findings
    assert (finding.rule_id, finding.status, finding.severity) == (
        "unattributed-change",
        Status.FAIL,
        Severity.HIGH,
    )
    assert finding.application is not None
    assert finding.application.app_id == APP_ID
    assert (finding.subject.kind, finding.subject.id) == (SubjectKind.REPLY_URL, EVIL)
    assert finding.baseline_state is BaselineState.NEW
    assert len(finding.evidence) == 3
    assert "servicePrincipal.replyUrls" in finding.message
    assert drift(WITH_URL).findings == found.findings


def test_fingerprints_tell_changes_apart() -> None:
    def more(value: Value) -> None:
        value["replyUrls"] += [EVIL, EVIL + "2"]
        value["loginUrl"] = "https://b.example"
        value["logoutUrl"] = None

    changed = edited(snapshot(), "servicePrincipals", more)
    changed = edited(changed, "applications", lambda value: value["web"]["redirectUris"].append(EVIL))
    found = drift(changed)
    assert len({finding.fingerprint for finding in found.findings}) == len(found.changes) == 5


def test_what_is_older_than_the_log_is_said_to_be() -> None:
    assert "older than the log read" in str(url_added(since="2026-11-22T23:00:00Z", days=30).reason)
    before = replace(snapshot(), started_at="2026-11-01T02:00:00Z", finished_at="2026-11-01T02:00:41Z")
    after = night(WITH_URL, days=7)
    found = attribute(compare(before, after), before, after)
    assert "7 days ago is older than the retention" in str(only(found).attribution.reason)


def test_a_log_that_could_not_be_read_gives_no_finding() -> None:
    unread: Gap = gap("directoryAudits", permission="AuditLog.Read.All")
    after = put("directoryAudits", TENANT, unread, Per.TENANT)(later(WITH_URL))
    found = attribute(compare(snapshot(), after), snapshot(), after)
    attribution = only(found).attribution
    assert (attribution.status, found.findings) == (NOT_EVALUATED, ())
    assert attribution.reason == (
        "attribution not evaluated: the directory's log could not be read: "
        "permission (needs AuditLog.Read.All)"
    )


def test_a_collection_without_a_log_gives_no_finding() -> None:
    found = attribute(compare(snapshot(), later(WITH_URL)), snapshot(), later(WITH_URL))
    assert (only(found).attribution.status, found.findings) == (NOT_EVALUATED, ())


def test_what_the_log_does_not_record_is_no_finding() -> None:
    def quarantine(value: Value) -> None:
        value[0]["status"]["code"] = "Quarantine"

    found = drift(edited(snapshot(), "synchronizationJobs", quarantine))
    assert (only(found).attribution.status, found.findings) == (NOT_EVALUATED, ())
