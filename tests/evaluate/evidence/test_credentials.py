"""Credentials beyond single sign-on, delegated scopes, and who is told of expiring certificates."""

from __future__ import annotations

import pytest

from auditor.model.node import Json, Node
from tests.evaluate.evidence.reading import evidence, sections, the_gap, value
from tests.evaluate.snapshots import (
    gap,
    key_entries,
    of_tenant,
    own,
    password_entry,
    registration,
    service_principal,
    snapshot,
    unread,
)
from tests.saml.federation import active, inactive

CREDENTIALS = "servicePrincipal.clientCredentials"

PASSWORD: Json = {
    "keyId": "p-1",
    "displayName": "script",
    "customKeyIdentifier": None,
    "endDateTime": "2027-01-01T00:00:00Z",
}


def of_service_principal(**properties: Node) -> dict[tuple[str, str], Node]:
    return own("servicePrincipals", service_principal(**properties))


def of_registration(**properties: Node) -> dict[tuple[str, str], Node]:
    return own("applications", registration(**properties))


def test_what_belongs_to_a_signing_certificate_is_no_credential() -> None:
    tree = evidence()
    assert value(tree, CREDENTIALS) == []
    assert sections(tree, CREDENTIALS) == {
        "servicePrincipals",
        "applications",
        "federatedIdentityCredentials",
    }


@pytest.mark.parametrize("property", ["keyId", "customKeyIdentifier"])
def test_a_password_belongs_to_the_certificate_by_either_identifier(property: str) -> None:
    entry = password_entry(active())
    assert isinstance(entry, dict)
    changed = {**entry, property: "something else"}
    assert value(evidence(of_service_principal(passwordCredentials=[changed])), CREDENTIALS) == []


def test_a_key_may_be_the_other_half_of_a_certificate_that_nothing_names() -> None:
    hidden = gap("servicePrincipals")
    sign, verify = ({**entry, "customKeyIdentifier": None} for entry in key_entries(active()))  # type: ignore[dict-item]
    keys: list[Node] = [{**sign, "key": hidden}, verify]
    tree = evidence(of_service_principal(keyCredentials=keys, passwordCredentials=[]))
    assert the_gap(tree, f"{CREDENTIALS}[0]") == hidden
    alone = evidence(of_service_principal(keyCredentials=[verify], passwordCredentials=[]))
    assert value(alone, f"{CREDENTIALS}[].kind") == ["key"]


def test_passwords_of_both_objects_are_credentials() -> None:
    password: Node = [PASSWORD]
    tree = evidence(
        {
            **of_service_principal(passwordCredentials=password),
            **of_registration(passwordCredentials=password),
        }
    )
    assert value(tree, f"{CREDENTIALS}[].[id, kind, where, name, endDateTime]") == [
        ["p-1", "password", "servicePrincipal", "script", "2027-01-01T00:00:00Z"],
        ["p-1", "password", "application", "script", "2027-01-01T00:00:00Z"],
    ]


def test_a_verify_key_without_a_sign_twin_is_a_credential() -> None:
    keys = [*key_entries(active()), key_entries(inactive(), name="2")[1]]
    tree = evidence(of_service_principal(keyCredentials=keys))
    assert value(tree, f"{CREDENTIALS}[].[id, kind]") == [["verify-2", "key"]]


@pytest.mark.parametrize(
    "entry", [{"usage": "Encrypt"}, {"usage": "Verify", "keyId": "ENCRYPTION"}], ids=["by usage", "by id"]
)
def test_a_key_for_encryption_is_no_credential(entry: dict[str, Json]) -> None:
    key = key_entries(inactive(), name="2")[1]
    assert isinstance(key, dict)
    keys: list[Node] = [*key_entries(active()), {**key, **entry}]
    tree = evidence(of_service_principal(keyCredentials=keys, tokenEncryptionKeyId="encryption"))
    assert value(tree, CREDENTIALS) == []


def test_a_key_that_may_be_for_encryption_is_a_gap() -> None:
    keys = [*key_entries(active()), key_entries(inactive(), name="2")[1]]
    tree = evidence(of_service_principal(keyCredentials=keys, tokenEncryptionKeyId=gap()))
    assert the_gap(tree, CREDENTIALS) == gap()
    assert value(tree, "certificates.active[].status") == ["active"]


@pytest.mark.parametrize("usage", [None, "Seal"])
def test_a_key_of_unknown_usage_is_a_gap(usage: str | None) -> None:
    key = key_entries(inactive(), name="2")[1]
    assert isinstance(key, dict)
    tree = evidence(of_service_principal(keyCredentials=[*key_entries(active()), {**key, "usage": usage}]))
    assert "usage" in the_gap(tree, CREDENTIALS).detail


def test_federated_credentials_are_credentials() -> None:
    federated: Node = [
        {"id": "f-1", "name": "github", "issuer": "https://token.actions.githubusercontent.com"}
    ]
    tree = evidence(own("federatedIdentityCredentials", federated))
    assert value(tree, f"{CREDENTIALS}[].[id, kind, where, name]") == [
        ["f-1", "federated", "application", "github"]
    ]


def test_a_registration_in_another_tenant_has_none_here() -> None:
    assert value(evidence(own("applications", None)), CREDENTIALS) == []


@pytest.mark.parametrize("section", ["applications", "federatedIdentityCredentials"])
def test_what_could_not_be_read_stands_beside_what_could(section: str) -> None:
    whole = snapshot(of_service_principal(passwordCredentials=[PASSWORD]))
    tree = evidence(unread(whole, section, "sp-1"))
    assert the_gap(tree, CREDENTIALS).section == section
    assert value(tree, f"{CREDENTIALS}[0].id") == "p-1"


def test_without_the_keys_nobody_knows_whose_the_passwords_are() -> None:
    tree = evidence(of_service_principal(keyCredentials=gap()))
    assert the_gap(tree, CREDENTIALS) == gap()


def test_one_credential_is_one_whatever_the_other_requests_say() -> None:
    tree = evidence(of_service_principal(passwordCredentials=[PASSWORD]))
    assert sections(tree, f"{CREDENTIALS}[0].id") == {"servicePrincipals"}


GRANTS: list[Node] = [
    {
        "id": "g-2",
        "consentType": "Principal",
        "resourceId": "r-1",
        "resourceDisplayName": "Graph",
        "scope": "openid Mail.Read",
    },
    {
        "id": "g-1",
        "consentType": "AllPrincipals",
        "resourceId": "r-1",
        "resourceDisplayName": "Graph",
        "scope": " openid ",
    },
    {
        "id": "g-3",
        "consentType": "Principal",
        "resourceId": "r-2",
        "resourceDisplayName": gap(),
        "scope": "x",
    },
    {
        "id": "g-4",
        "consentType": "Principal",
        "resourceId": "r-2",
        "resourceDisplayName": gap(),
        "scope": None,
    },
]


def test_each_scope_of_a_resource_is_listed_once() -> None:
    tree = evidence(own("oauth2PermissionGrants", GRANTS))
    assert value(tree, "servicePrincipal.delegatedScopes[].[id, scope, consentType]") == [
        ["r-1/Mail.Read", "Mail.Read", "Principal"],
        ["r-1/openid", "openid", "AllPrincipals"],
        ["r-2/x", "x", "Principal"],
    ]
    assert value(tree, "servicePrincipal.delegatedScopes[0].resource") == "Graph"
    assert the_gap(tree, "servicePrincipal.delegatedScopes[2].resource") == gap()


def test_the_name_of_a_resource_follows_from_its_own_request() -> None:
    tree = evidence(own("oauth2PermissionGrants", GRANTS[:1]))
    path = "servicePrincipal.delegatedScopes[0]"
    assert sections(tree, f"{path}.scope") == {"servicePrincipals", "oauth2PermissionGrants"}
    assert len(sections(tree, f"{path}.scope")) == 2


PERMISSIONS: list[Node] = [
    {"id": id, "appRoleId": role, "resourceId": "r-1", "resourceDisplayName": "Graph", "permission": name}
    for id, role, name in (
        ("p-1", "a-1", "Mail.Read"),
        ("p-2", "00000000-0000-0000-0000-000000000000", "Default Access"),
        ("p-3", "a-3", gap()),
    )
]


def test_application_permissions_are_those_that_bear_a_role() -> None:
    tree = evidence(own("appRoleAssignments", PERMISSIONS))
    path = "servicePrincipal.applicationPermissions"
    assert value(tree, f"{path}[].[id, resource]") == [["p-1", "Graph"], ["p-3", "Graph"]]
    assert value(tree, f"{path}[0].permission") == "Mail.Read"
    assert the_gap(tree, f"{path}[1].permission") == gap()


def test_unread_permissions_are_their_gap() -> None:
    refused = gap("appRoleAssignments")
    tree = evidence(own("appRoleAssignments", refused))
    assert the_gap(tree, "servicePrincipal.applicationPermissions") == refused


def test_unread_grants_are_their_gap() -> None:
    refused = gap("oauth2PermissionGrants")
    tree = evidence(own("oauth2PermissionGrants", refused))
    assert the_gap(tree, "servicePrincipal.delegatedScopes") == refused


RECIPIENTS = "servicePrincipal.notificationRecipients"


def test_each_address_has_its_recipient() -> None:
    tree = evidence()
    assert value(tree, f"{RECIPIENTS}[].[address, inVerifiedDomain, recipient.type]") == [
        ["iam@contoso.com", True, "user"]
    ]
    assert sections(tree, f"{RECIPIENTS}[0].address") == {"servicePrincipals"}
    assert sections(tree, f"{RECIPIENTS}[0].inVerifiedDomain") == {"servicePrincipals", "organization"}
    assert sections(tree, f"{RECIPIENTS}[0].recipient") == {
        "servicePrincipals",
        "organization",
        "notificationRecipients",
    }


def test_addresses_are_looked_up_without_regard_to_case_and_listed_once() -> None:
    addresses = ["IAM@Contoso.com", "iam@contoso.com"]
    tree = evidence(of_service_principal(notificationEmailAddresses=addresses))
    assert value(tree, f"{RECIPIENTS}[].[inVerifiedDomain, recipient.id]") == [[True, "u"]]


def test_an_address_elsewhere_has_no_recipient_here() -> None:
    addresses = ["a@example.org", "a@sub.contoso.com"]
    tree = evidence(of_service_principal(notificationEmailAddresses=addresses))
    assert value(tree, f"{RECIPIENTS}[].[inVerifiedDomain, recipient]") == [[False, None], [False, None]]


def test_an_address_that_nobody_looked_up_is_a_gap() -> None:
    tree = evidence(of_service_principal(notificationEmailAddresses=["new@contoso.com"]))
    assert value(tree, f"{RECIPIENTS}[].inVerifiedDomain") == [True]
    assert the_gap(tree, f"{RECIPIENTS}[].recipient").subject == "new@contoso.com"


def test_without_the_domains_nothing_is_known_but_the_addresses() -> None:
    refused = gap("organization")
    tree = evidence(of_tenant("organization", refused))
    assert value(tree, f"{RECIPIENTS}[].address") == ["iam@contoso.com"]
    assert the_gap(tree, f"{RECIPIENTS}[].inVerifiedDomain") == refused
    assert the_gap(tree, f"{RECIPIENTS}[].recipient") == refused


def test_nobody_behind_an_address_is_null() -> None:
    tree = evidence({("notificationRecipients", "iam@contoso.com"): None})
    assert value(tree, f"{RECIPIENTS}[].recipient") == [None]
