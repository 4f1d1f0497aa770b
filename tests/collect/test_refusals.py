"""Every collector of people, policies, permissions and activity, when Graph does not answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from auditor.collect import (
    app_role_assigned_to,
    app_role_assignments,
    application_owners,
    claims_mapping_policies,
    claims_policy,
    conditional_access_policies,
    enabled_member_count,
    federated_identity_credentials,
    group_members,
    groups,
    notification_recipients,
    oauth2_permission_grants,
    owners,
    sign_ins,
    synchronization_jobs,
    test_user,
    token_issuance_policies,
    users,
)
from auditor.collect.collector import Collector
from auditor.emulator import Question
from auditor.emulator.faults import Fault
from auditor.model.gap import Reason
from auditor.model.node import Node
from tests.collect.reading import Reading, Serving, application, company, gap, serve, upn

COLLECTORS = {
    module.COLLECTOR.section: module.COLLECTOR
    for module in (
        app_role_assigned_to,
        app_role_assignments,
        application_owners,
        claims_mapping_policies,
        claims_policy,
        conditional_access_policies,
        enabled_member_count,
        federated_identity_credentials,
        group_members,
        groups,
        notification_recipients,
        oauth2_permission_grants,
        owners,
        sign_ins,
        synchronization_jobs,
        test_user,
        token_issuance_policies,
        users,
    )
}

ABOUT_THE_TENANT = {
    "claimsMappingPolicies",
    "conditionalAccessPolicies",
    "enabledMemberCount",
    "tokenIssuancePolicies",
}

NULL_ON_404 = {"claimsPolicy", "testUser"}
"""Nothing is configured, nobody is there: the tables say that a 404 is an answer here."""

every_section = pytest.mark.parametrize("section", sorted(COLLECTORS))

FAILURES = {
    "403": ({"status": 403}, Reason.PERMISSION),
    "404": ({"status": 404}, Reason.NOT_FOUND),
    "429": ({"status": 429, "retry_after": "1000"}, Reason.THROTTLED),
    "no list": ({"status": 200, "empty": True}, Reason.UNREADABLE),
    "null": ({"status": 200, "body": {"value": None}}, Reason.UNREADABLE),
    "no objects": ({"status": 200, "body": {"value": [7]}}, Reason.UNREADABLE),
}


def read(tenant: Reading, collector: Collector) -> Mapping[str, Node]:
    """What the collector says about the application, its people and its addresses, by subject."""
    sp = tenant.id("servicePrincipal", "App")
    assignments = [
        {"principalType": "User", "principalId": tenant.id("user", upn("Ada"))},
        {"principalType": "Group", "principalId": tenant.id("group", "Sales")},
    ]
    records = tenant.records(
        collector,
        {
            "applications": {sp: {"id": tenant.id("application", "App")}},
            "servicePrincipals": {sp: {"notificationEmailAddresses": ["gone@contoso.com"]}},
            "organization": {"tenant": {"verifiedDomains": [{"name": "contoso.com"}]}},
            "appRoleAssignedTo": {sp: assignments},
        },
    )
    return {subject: record.value for subject, record in records.items()}


@pytest.fixture(scope="module")
def served() -> Iterator[Reading]:
    """One tenant for all these tests: serving one for each would take most of their time."""
    with serve(company(application(owners=["Ada"]))) as emulator:
        yield Reading(emulator=emulator, test_user="ada@contoso.com")


@pytest.fixture(params=[False, True], ids=["named", "bulk"])
def tenant(served: Reading, request: pytest.FixtureRequest) -> Iterator[Reading]:
    """The tenant without faults; its client holds all read permissions."""
    client = next(iter(served.emulator.tenant.clients.values()))
    held = client.permissions
    served.bulk = request.param
    yield served
    client.permissions = held
    served.emulator.faults.clear()


def hold(tenant: Reading, *permissions: str) -> None:
    """From now on the client holds these permissions alone."""
    next(iter(tenant.emulator.tenant.clients.values())).permissions = frozenset(permissions)


@every_section
@pytest.mark.parametrize("failure", sorted(FAILURES))
def test_what_was_not_answered_is_a_gap(tenant: Reading, section: str, failure: str) -> None:
    what, reason = FAILURES[failure]
    tenant.emulator.faults.add(Fault(match=_of_graph, **what))  # type: ignore[arg-type]
    found = read(tenant, COLLECTORS[section])
    assert found
    for value in found.values():
        if failure == "404" and section in NULL_ON_404:
            assert value is None
        elif isinstance(value, Mapping):  # an object that lacks what was asked for
            assert {(gap(part).section, gap(part).reason) for part in value.values()} == {(section, reason)}
        else:
            assert (gap(value).section, gap(value).reason) == (section, reason)


@every_section
def test_a_client_without_permissions_is_told_which_it_lacks(tenant: Reading, section: str) -> None:
    hold(tenant)
    collector = COLLECTORS[section]
    for value in read(tenant, collector).values():
        refused = gap(value)
        assert (refused.reason, refused.http_status) == (Reason.PERMISSION, 403)
        assert refused.permission is not None
        assert set(refused.permission.split(" and ")) <= set(collector.permissions)
        assert refused.source.startswith("GET /")


@every_section
def test_the_least_permissions_are_enough(tenant: Reading, section: str) -> None:
    collector = COLLECTORS[section]
    hold(tenant, *collector.permissions)
    found = read(tenant, collector)
    assert found
    assert "Gap(" not in repr(found)


@pytest.mark.parametrize("section", sorted(set(COLLECTORS) - ABOUT_THE_TENANT - {"testUser"}))
def test_without_applications_nothing_is_asked(reading: Serving, section: str) -> None:
    draft = company()
    draft.applications.clear()
    tenant = reading(draft)
    organization: Node = {"verifiedDomains": []}
    assert tenant.records(COLLECTORS[section], {"organization": {"tenant": organization}}) == {}
    assert tenant.asked() == []


def _of_graph(question: Question) -> bool:
    return question.path.startswith(("/v1.0/", "/beta/")) and not question.path.endswith("/$batch")
