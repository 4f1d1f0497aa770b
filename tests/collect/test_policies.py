"""Policies: claims mapping, token issuance, custom claims, Conditional Access."""

from __future__ import annotations

import pytest

from auditor.collect import (
    claims_mapping_policies,
    claims_policy,
    conditional_access_policies,
    token_issuance_policies,
)
from auditor.collect.collector import Collector
from auditor.emulator.drafts import (
    ClaimsPolicyDraft,
    ConditionalAccessDraft,
    OptionsDraft,
    PoliciesDraft,
    PolicyDraft,
)
from auditor.model.gap import Reason
from tests.collect.reading import (
    ONE_A_PAGE,
    READER,
    Reading,
    Serving,
    application,
    at,
    company,
    gap,
    in_cloud,
)

MAPPING = claims_mapping_policies.COLLECTOR
ISSUANCE = token_issuance_policies.COLLECTOR

ODD = '{ "ClaimsMappingPolicy" : {"Version":"1", "IncludeBasicClaimSet":"true"}}'


def tenant_with_policies(reading: Serving, **options: object) -> Reading:
    policies = [
        PolicyDraft(name="Assigned", definition=ODD),
        PolicyDraft(name="Default", definition="{}", organization_default=True),
    ]
    return reading(
        company(
            application("One", claims_mapping_policy="Assigned", token_issuance_policy="Assigned"),
            application("Two", claims_mapping_policy="Assigned"),
            policies=PoliciesDraft(claims_mapping=policies, token_issuance=policies),
            options=ONE_A_PAGE,
        ),
        **options,
    )


def test_a_claims_mapping_policy_names_the_service_principals_it_is_assigned_to(reading: Serving) -> None:
    tenant = tenant_with_policies(reading)
    found = tenant.value(MAPPING)
    assert isinstance(found, list)
    assert {policy["displayName"]: policy for policy in found} == {
        "Assigned": {
            "id": tenant.id("claimsMappingPolicy", "Assigned"),
            "displayName": "Assigned",
            "isOrganizationDefault": False,
            "definition": [ODD],
            "appliesTo": sorted(
                (
                    {"id": tenant.id("servicePrincipal", name), "type": "servicePrincipal"}
                    for name in ("One", "Two")
                ),
                key=lambda item: item["id"],
            ),
        },
        "Default": {
            "id": tenant.id("claimsMappingPolicy", "Default"),
            "displayName": "Default",
            "isOrganizationDefault": True,
            "definition": ["{}"],
            "appliesTo": [],
        },
    }


def test_a_token_issuance_policy_names_the_registrations_it_is_assigned_to(reading: Serving) -> None:
    tenant = tenant_with_policies(reading)
    found = tenant.value(ISSUANCE)
    assert isinstance(found, list)
    applied = {policy["displayName"]: policy["appliesTo"] for policy in found}
    assert applied["Assigned"] == [{"id": tenant.id("application", "One"), "type": "application"}]


def test_assignments_are_known_without_a_permission_to_see_the_applications(reading: Serving) -> None:
    tenant = tenant_with_policies(reading, permissions=["Policy.Read.All"])
    found = tenant.value(ISSUANCE)
    assert isinstance(found, list)
    applied = {policy["displayName"]: policy["appliesTo"] for policy in found}
    assert applied["Assigned"] == [{"id": tenant.id("application", "One"), "type": "application"}]


@pytest.mark.parametrize("collector", [MAPPING, ISSUANCE])
def test_a_policy_whose_assignments_are_refused_keeps_its_definition(
    reading: Serving, collector: Collector
) -> None:
    tenant = tenant_with_policies(reading)
    tenant.fault("/appliesTo", status=404)
    found = tenant.value(collector)
    assert {at(found, index, "displayName") for index in (0, 1)} == {"Assigned", "Default"}
    assert gap(at(found, 0, "appliesTo")).reason is Reason.NOT_FOUND


@pytest.mark.parametrize("collector", [MAPPING, ISSUANCE])
def test_no_policies_are_an_empty_list(reading: Serving, collector: Collector) -> None:
    assert reading(company()).value(collector) == []


@pytest.mark.parametrize("collector", [MAPPING, ISSUANCE])
def test_a_null_default_is_no_default_and_a_null_definition_is_hidden(
    reading: Serving, collector: Collector
) -> None:
    tenant = reading(company())
    policy = {"id": "p", "displayName": "P", "isOrganizationDefault": None, "definition": None}
    tenant.answer("Policies", policy)
    tenant.answer("/appliesTo")
    found = tenant.value(collector)
    assert at(found, 0, "isOrganizationDefault") is None
    assert gap(at(found, 0, "definition")).reason is Reason.UNREADABLE


def test_a_custom_claims_policy_is_read_from_beta(reading: Serving) -> None:
    edited = ClaimsPolicyDraft(name_id="user.mail", audience_override="https://a.example")
    tenant = reading(company(application("Edited", claims_policy=edited), application("Untouched")))
    records = tenant.records(claims_policy.COLLECTOR)
    policy = records[tenant.id("servicePrincipal", "Edited")].value
    assert at(policy, "audienceOverride") == "https://a.example"
    assert at(policy, "claims", 0, "@odata.type") == "#microsoft.graph.samlNameIdClaim"
    assert records[tenant.id("servicePrincipal", "Untouched")].value is None
    assert all(url.startswith("/beta/") for url in tenant.asked("/claimsPolicy"))


@pytest.mark.parametrize(
    ("permissions", "named"),
    [
        (READER, "Policy.Read.All"),
        ((*READER, "Policy.Read.All"), "Policy.ReadWrite.ApplicationConfiguration"),
    ],
)
def test_the_permission_that_writes_is_named_only_when_the_one_that_reads_was_not_enough(
    reading: Serving, permissions: tuple[str, ...], named: str
) -> None:
    documented = OptionsDraft(claims_policy_readable=False)
    tenant = reading(company(options=documented), permissions=permissions)
    refused = gap(tenant.value(claims_policy.COLLECTOR, tenant.id("servicePrincipal", "App")))
    assert (refused.reason, refused.permission) == (Reason.PERMISSION, named)


def test_other_clouds_have_no_custom_claims_policies_and_are_not_asked(reading: Serving) -> None:
    tenant = reading(company(organization=in_cloud("usgov")))
    missing = gap(tenant.value(claims_policy.COLLECTOR, tenant.id("servicePrincipal", "App")))
    assert missing.reason is Reason.UNAVAILABLE_IN_CLOUD
    assert tenant.asked() == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"value": []}, None),
        ({"value": [{"id": "1"}, {"id": "2"}]}, Reason.UNREADABLE),
        ({"value": ["odd"]}, Reason.UNREADABLE),
    ],
)
def test_a_list_of_policies_is_read_like_a_policy(
    reading: Serving, body: dict[str, object], reason: Reason | None
) -> None:
    tenant = reading(company())
    tenant.fault("/claimsPolicy", status=200, body=body)
    found = tenant.value(claims_policy.COLLECTOR, tenant.id("servicePrincipal", "App"))
    assert found is None if reason is None else gap(found).reason is reason


def test_a_listed_policy_is_the_policy_and_null_means_not_set(reading: Serving) -> None:
    tenant = reading(company())
    policy: dict[str, object] = {
        "@odata.type": "#microsoft.graph.customClaimsPolicy",
        "id": "1",
        "includeBasicClaimSet": None,
        "includeApplicationIdInIssuer": None,
        "audienceOverride": None,
        "claims": [],
    }
    tenant.answer("/claimsPolicy", policy)
    found = tenant.value(claims_policy.COLLECTOR, tenant.id("servicePrincipal", "App"))
    assert found == {name: value for name, value in policy.items() if name != "@odata.type"}


def test_an_empty_object_is_no_policy_without_claims(reading: Serving) -> None:
    tenant = reading(company())
    tenant.fault("/claimsPolicy", status=200, empty=True)
    found = tenant.value(claims_policy.COLLECTOR, tenant.id("servicePrincipal", "App"))
    assert gap(found).reason is Reason.UNREADABLE


def test_conditional_access_policies_come_whole_and_in_order(reading: Serving) -> None:
    rules = [
        ConditionalAccessDraft(name="MFA", exclude_applications=["Two", "One"], exclude_users=["Gus", "Ada"]),
        ConditionalAccessDraft(name="Test", state="enabledForReportingButNotEnforced"),
        ConditionalAccessDraft(name="Old", state="disabled"),
    ]
    tenant = reading(
        company(application("One"), application("Two"), conditional_access=rules, options=ONE_A_PAGE)
    )
    found = tenant.value(conditional_access_policies.COLLECTOR)
    assert isinstance(found, list)
    policies = {policy["displayName"]: policy for policy in found}
    assert {name: policy["state"] for name, policy in policies.items()} == {
        "MFA": "enabled",
        "Test": "enabledForReportingButNotEnforced",
        "Old": "disabled",
    }
    applications = at(policies["MFA"], "conditions", "applications")
    assert at(applications, "includeApplications") == ["All"]
    excluded = at(applications, "excludeApplications")
    assert isinstance(excluded, list)
    assert excluded == sorted(tenant.id("app", name) for name in ("One", "Two"))
    assert at(policies["MFA"], "grantControls", "builtInControls") == ["mfa"]


def test_the_order_of_the_lists_inside_makes_no_difference(reading: Serving) -> None:
    def policy(*applications: str) -> dict[str, object]:
        conditions = {"applications": {"includeApplications": list(applications)}}
        return {
            "id": "p",
            "displayName": "P",
            "state": "odd",
            "conditions": conditions,
            "grantControls": None,
        }

    found = []
    for applications in (("b", "a"), ("a", "b")):
        tenant = reading(company())
        tenant.answer("/policies", policy(*applications))
        found.append(tenant.value(conditional_access_policies.COLLECTOR))
    assert found[0] == found[1]
    assert at(found[0], 0, "grantControls") is None
    assert at(found[0], 0, "state") == "odd"


def test_hidden_conditions_are_a_gap(reading: Serving) -> None:
    tenant = reading(company())
    tenant.answer("/policies", {"id": "p", "displayName": "P", "state": "enabled", "conditions": None})
    found = tenant.value(conditional_access_policies.COLLECTOR)
    assert gap(at(found, 0, "conditions")).reason is Reason.UNREADABLE
    assert gap(at(found, 0, "grantControls")).reason is Reason.UNREADABLE
