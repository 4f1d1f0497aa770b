"""What does not depend on the application: the tenant, the profile's expectations, the configuration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.evaluate.evidence import profile_evidence, tenant_evidence
from auditor.model.configuration import Allow, ApplicationConfiguration, Judgement, Match
from auditor.model.gap import Reason
from auditor.model.profile import Expectation, ExpectationKind
from auditor.model.snapshot import MatchedBy, Snapshot, TenantIdentity
from tests.evaluate import snapshots
from tests.evaluate.evidence.reading import evidence, sections, the_gap, value
from tests.evaluate.snapshots import (
    OTHER,
    RELAY_STATE,
    expectation,
    gap,
    judgement,
    of_tenant,
    profile,
    snapshot,
    target,
    unread,
    user,
    without,
)
from tests.saml.federation import AT, ENTITY_ID, LOGIN_URL, TENANT


def test_the_tenant_is_described() -> None:
    tree = evidence()
    assert value(tree, "tenant.[id, cloud, displayName, domain, enabledMemberCount]") == [
        TENANT,
        "global",
        "Contoso",
        "contoso.com",
        10,
    ]
    assert value(tree, "tenant.verifiedDomains") == ["contoso.com", "contoso.onmicrosoft.com"]
    assert sections(tree, "tenant.verifiedDomains") == {"organization"}
    assert sections(tree, "tenant.enabledMemberCount") == {"enabledMemberCount"}


def test_what_is_expected_of_its_urls_follows_from_the_cloud_alone() -> None:
    tree = evidence(of_tenant("organization", gap("organization")))
    assert value(tree, "tenant.expected") == {
        "entityId": ENTITY_ID,
        "singleSignOnUrl": LOGIN_URL,
        "singleLogoutUrl": LOGIN_URL,
    }
    assert sections(tree, "tenant.expected") == set()
    assert the_gap(tree, "tenant.domain") == gap("organization")
    china = replace(snapshot(), cloud="china")
    assert "partner.microsoftonline.cn" in str(value(evidence(china), "tenant.expected.singleSignOnUrl"))


def test_a_tenant_that_is_known_by_name_only_has_no_expected_urls() -> None:
    named = replace(snapshot(), tenant=TenantIdentity(id="contoso.com", display_name=None, domain=None))
    assert "contoso.com" in the_gap(evidence(named), "tenant.expected.entityId").detail


def test_the_test_user_is_the_configured_one() -> None:
    name = "B.Simon@contoso.com"
    found = snapshot({("testUser", name.lower()): user("u-9", userPrincipalName=name, accountEnabled=False)})
    assert value(
        evidence(found, judgement=judgement(test_user=name)), "tenant.testUser.[id, accountEnabled]"
    ) == ["u-9", False]
    assert value(evidence(found), "tenant.testUser") is None
    nobody = snapshot({("testUser", name.lower()): None})
    assert value(evidence(nobody, judgement=judgement(test_user=name)), "tenant.testUser") is None
    assert the_gap(evidence(judgement=judgement(test_user=name)), "tenant.testUser").section == "testUser"


def test_the_configured_product_decides_what_is_expected() -> None:
    tree = evidence(profile=profile())
    assert value(tree, "profile.expected.relayState.[kind, value, document, step]") == [
        "exactly",
        RELAY_STATE,
        "t",
        "basic",
    ]
    assert value(tree, "profile.expected.[signOnUrl, provisioning]") == [None, None]


@pytest.mark.parametrize("product", [None, "GoToElsewhere"])
def test_without_a_product_one_of_several_is_expected(product: str | None) -> None:
    tree = evidence(profile=profile(), judgement=judgement(product=product))
    assert value(tree, "profile.expected.relayState.kind") == "oneOf"
    assert value(tree, "profile.expected.relayState.value.GoToMeeting") == RELAY_STATE


def test_other_expectations_of_the_profile_are_there_too() -> None:
    provisioning: Expectation = expectation(ExpectationKind.EXACTLY, "retired")
    tree = evidence(profile=profile(provisioning=provisioning))
    assert value(tree, "profile.expected.provisioning.[value, note]") == ["retired", None]


def test_without_a_profile_nothing_is_expected() -> None:
    assert value(evidence(), "profile") is None


def test_templates_and_matches_are_as_they_were_searched() -> None:
    tree = evidence(profile=profile())
    assert value(tree, "profile.templateIds") == ["t-1"]
    assert value(tree, "profile.servicePrincipals") == [
        {"id": "sp-1", "displayName": "GoToMeeting", "matchedBy": "template"}
    ]
    assert sections(tree, "profile.templateIds") == {"applicationTemplates"}
    assert sections(tree, "profile.servicePrincipals") == {"matches"}


def of_profile(found: Snapshot, *, index: int | None = 0, judged: Judgement | None = None) -> list[object]:
    """Ids of the service principals of the profile."""
    tree = profile_evidence(
        found, profile=profile(), application_index=index, judgement=judged or judgement(), at=AT
    )
    ids = value(tree, "profile.servicePrincipals[].id")
    assert isinstance(ids, list)
    return ids


def test_an_entry_of_the_configuration_has_the_service_principals_it_means() -> None:
    other = replace(target(), service_principal_id=OTHER, application=1, matched_by=MatchedBy.CONFIGURATION)
    found = replace(snapshot(), targets=(other, target()))
    entries = (
        ApplicationConfiguration(profile="gotomeeting"),
        ApplicationConfiguration(profile="gotomeeting", match=Match(object_id=OTHER)),
    )
    judged = Judgement(applications=entries)
    assert of_profile(found, index=0, judged=judged) == ["sp-1", OTHER]
    assert of_profile(found, index=1, judged=judged) == [OTHER]


def test_a_search_that_failed_leaves_it_open_unless_something_was_found() -> None:
    failed = unread(snapshot(), "matches", "gotomeeting")
    assert of_profile(failed) == ["sp-1"]
    assert sections(evidence(failed, profile=profile()), "profile.servicePrincipals") == set()
    nothing = replace(failed, targets=())
    tree = profile_evidence(nothing, profile=profile(), application_index=0, judgement=judgement(), at=AT)
    assert the_gap(tree, "profile.servicePrincipals") == gap("matches", "gotomeeting")
    assert of_profile(replace(snapshot(), targets=())) == []


def test_the_configuration_is_there_with_its_defaults() -> None:
    judged = judgement(
        product=None,
        guests="allowed",
        allow=Allow(reply_urls=("https://b", "https://a")),
        test_user="t@contoso.com",
    )
    tree = evidence(judgement=judged)
    assert value(tree, "config") == {
        "environment": "production",
        "product": None,
        "name_id": "user.userprincipalname",
        "guests": "allowed",
        "allow": {"reply_urls": ["https://a", "https://b"], "permissions": [], "groups": []},
        "test_user": "t@contoso.com",
        "thresholds": {
            "certificate_expiry_days": [60, 30, 7, 1],
            "broad_group_percent": 50,
            "sign_in_window_days": 30,
            "service_provider_confirmation_days": 180,
        },
    }


def test_an_application_without_an_entry_has_the_defaults() -> None:
    found = replace(snapshot(), targets=(replace(target(), application=None),))
    assert value(evidence(found), "config.[product, name_id, test_user]") == [
        None,
        "user.userprincipalname",
        None,
    ]


def test_the_tenant_has_evidence_of_its_own() -> None:
    tree = tenant_evidence(snapshot(), judgement=judgement(), at=AT)
    assert value(tree, "tenant.[displayName, enabledMemberCount, testUser]") == ["Contoso", 10, None]
    assert value(tree, "config.product") is None
    assert set(tree) == {"tenant", "config"}


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("servicePrincipals", "servicePrincipal.loginUrl"),
        ("servicePrincipals", "certificates.active"),
        ("applications", "application.id"),
        ("synchronizationJobs", "synchronization"),
        ("federationMetadata", "metadata.available"),
        ("appRoleAssignedTo", "assignments"),
        ("claimsMappingPolicies", "policies.nameIdSource"),
        ("claimsPolicy", "policies.audienceOverride"),
        ("tokenIssuancePolicies", "policies.signingAlgorithm"),
        ("signIns", "signIns.total"),
        ("conditionalAccessPolicies", "conditionalAccess.covering"),
        ("owners", "servicePrincipal.owners"),
        ("sharedIdentity", "servicePrincipal.sharedWith"),
        ("oauth2PermissionGrants", "servicePrincipal.delegatedScopes"),
        ("federatedIdentityCredentials", "servicePrincipal.clientCredentials"),
        ("notificationRecipients", "servicePrincipal.notificationRecipients[].recipient"),
        ("organization", "tenant.domain"),
        ("enabledMemberCount", "tenant.enabledMemberCount"),
        ("groups", "assignments[1].group.dynamicAllUsers"),
        ("applicationTemplates", "profile.templateIds"),
    ],
)
def test_a_section_that_an_older_collection_lacks_is_a_gap(section: str, path: str) -> None:
    tree = evidence(without(snapshot(), section), profile=profile())
    assert the_gap(tree, path).reason in (Reason.NOT_OBSERVABLE, Reason.UNREADABLE)


def test_an_object_that_does_not_say_whose_it_is_says_nothing() -> None:
    nobody = snapshots.service_principal(id=gap())
    tree = evidence(snapshots.own("servicePrincipals", nobody))
    for path in ("servicePrincipal.loginUrl", "servicePrincipal.owners", "certificates.active"):
        assert the_gap(tree, path) == gap()


def test_what_the_service_provider_was_told_is_not_declared() -> None:
    assert the_gap(evidence(), "serviceProvider.entityId").reason is Reason.NOT_DECLARED
