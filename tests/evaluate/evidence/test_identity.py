"""Identifiers, the default reply URL, whether SAML is expected, and other applications in the same place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from auditor.model.node import Node
from tests.evaluate.evidence.reading import evidence, sections, the_gap, value
from tests.evaluate.snapshots import (
    APP_ID,
    IDENTIFIER,
    OTHER,
    RELAY_STATE,
    REPLY_URL,
    gap,
    own,
    profile,
    registration,
    service_principal,
)


def test_the_application_id_in_any_form_is_no_identifier() -> None:
    names = [APP_ID, APP_ID.upper(), f"api://{APP_ID}", f"spn:{APP_ID}", IDENTIFIER]
    tree = evidence(own("servicePrincipals", service_principal(servicePrincipalNames=names)))
    assert value(tree, "servicePrincipal.identifiers") == [IDENTIFIER]


def test_a_fragment_is_left_out_and_letters_stay_as_they_are() -> None:
    names = [f"{IDENTIFIER}#2", IDENTIFIER.upper(), f"api://{APP_ID}"]
    tree = evidence(own("applications", registration(identifierUris=names)))
    assert value(tree, "application.identifiers") == [IDENTIFIER.upper(), IDENTIFIER]


def test_unread_names_leave_the_identifiers_unread() -> None:
    tree = evidence(own("servicePrincipals", service_principal(servicePrincipalNames=gap())))
    assert the_gap(tree, "servicePrincipal.identifiers") == gap()


def test_a_registration_in_another_tenant_has_nothing_below_it() -> None:
    tree = evidence(own("applications", None))
    assert value(tree, "application") is None
    assert value(tree, "application.identifiers") is None


@pytest.mark.parametrize(
    ("web", "default"),
    [
        ({"redirectUris": [REPLY_URL], "redirectUriSettings": [{"uri": REPLY_URL, "index": 1}]}, None),
        ({"redirectUris": ["https://a", "https://b"], "redirectUriSettings": []}, None),
        ({"redirectUris": ["https://a", "https://b"], "redirectUriSettings": None}, None),
        ({"redirectUris": ["https://a", "https://b"]}, None),
        (
            {
                "redirectUris": ["https://a", "https://b"],
                "redirectUriSettings": [{"uri": "https://a", "index": 2}, {"uri": "https://b", "index": 1}],
            },
            "https://b",
        ),
        (
            {
                "redirectUris": ["https://a", "https://b"],
                "redirectUriSettings": [
                    {"uri": "https://a", "index": None},
                    {"uri": "https://b", "index": 0},
                ],
            },
            "https://b",
        ),
        (None, None),
    ],
)
def test_the_default_reply_url_has_the_lowest_index_among_several(web: Node, default: str | None) -> None:
    tree = evidence(own("applications", registration(web=web)))
    assert value(tree, "application.defaultReplyUrl") == default


def test_an_unread_order_matters_only_among_several() -> None:
    several: Node = {"redirectUris": ["https://a", "https://b"], "redirectUriSettings": gap()}
    single: Node = {"redirectUris": ["https://a"], "redirectUriSettings": gap()}
    assert (
        the_gap(evidence(own("applications", registration(web=several))), "application.defaultReplyUrl")
        == gap()
    )
    assert (
        value(evidence(own("applications", registration(web=single))), "application.defaultReplyUrl") is None
    )


NOTHING: Mapping[str, Node] = {
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "keyCredentials": [],
}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, False),
        ({"preferredSingleSignOnMode": "oidc"}, False),
        ({"preferredSingleSignOnMode": "saml"}, True),
        ({"preferredTokenSigningKeyThumbprint": "00"}, True),
        ({"keyCredentials": [{"usage": "Sign", "keyId": "k"}]}, True),
        ({"keyCredentials": [{"usage": "Verify", "keyId": "k"}]}, False),
        ({"preferredSingleSignOnMode": "saml", "keyCredentials": gap()}, True),
    ],
)
def test_saml_signing_is_expected_of_what_is_set_up_for_it(
    properties: dict[str, Node], expected: bool
) -> None:
    tree = evidence(own("servicePrincipals", service_principal(**{**NOTHING, **properties})))
    assert value(tree, "servicePrincipal.samlSigningExpected") is expected


def test_saml_signing_is_expected_where_the_profile_asks_for_saml() -> None:
    tree = evidence(own("servicePrincipals", service_principal(**NOTHING)), profile=profile())
    assert value(tree, "servicePrincipal.samlSigningExpected") is True


def test_unread_keys_of_an_application_without_mode_leave_it_open() -> None:
    hidden = own("servicePrincipals", service_principal(**{**NOTHING, "keyCredentials": gap()}))
    assert the_gap(evidence(hidden), "servicePrincipal.samlSigningExpected") == gap()


def candidate(**properties: Node) -> dict[str, Node]:
    """Another application with nothing in common."""
    return {
        "id": OTHER,
        "appId": "app-id-2",
        "displayName": "another",
        "servicePrincipalNames": ["app-id-2"],
        "replyUrls": [],
        "samlSingleSignOnSettings": {"relayState": RELAY_STATE},
        **properties,
    }


@pytest.mark.parametrize(
    ("properties", "shared"),
    [
        ({}, []),
        ({"servicePrincipalNames": [f"{IDENTIFIER}#2"]}, [[IDENTIFIER, None]]),
        ({"servicePrincipalNames": [IDENTIFIER.upper()]}, []),
        ({"replyUrls": [REPLY_URL]}, [[None, REPLY_URL]]),
        ({"replyUrls": [REPLY_URL], "servicePrincipalNames": [IDENTIFIER]}, [[IDENTIFIER, REPLY_URL]]),
        ({"replyUrls": [REPLY_URL], "samlSingleSignOnSettings": {"relayState": "https://other"}}, []),
        ({"replyUrls": [REPLY_URL], "samlSingleSignOnSettings": None}, []),
        ({"replyUrls": [REPLY_URL], "id": "sp-1"}, []),
        ({"samlSingleSignOnSettings": gap()}, []),
        ({"replyUrls": gap(), "samlSingleSignOnSettings": None}, []),
    ],
)
def test_who_has_the_same_identifier_or_reply_url_and_relay_state(
    properties: dict[str, Node], shared: list[object]
) -> None:
    tree = evidence(own("sharedIdentity", [candidate(**properties)]))
    assert value(tree, "servicePrincipal.sharedWith[].[identifier, replyUrl]") == shared


@pytest.mark.parametrize("settings", [None, {"relayState": None}, {"relayState": ""}, {}])
def test_no_relay_state_on_both_sides_is_the_same_one(settings: Node) -> None:
    this = own("servicePrincipals", service_principal(samlSingleSignOnSettings=None))
    other = own("sharedIdentity", [candidate(replyUrls=[REPLY_URL], samlSingleSignOnSettings=settings)])
    assert value(evidence({**this, **other}), "servicePrincipal.sharedWith[].id") == [OTHER]


@pytest.mark.parametrize(
    "properties",
    [
        {"replyUrls": [REPLY_URL], "samlSingleSignOnSettings": gap()},
        {"replyUrls": gap()},
        {"servicePrincipalNames": gap()},
    ],
)
def test_what_could_not_be_read_of_another_application_is_a_gap_among_them(
    properties: dict[str, Node],
) -> None:
    tree = evidence(own("sharedIdentity", [candidate(**properties)]))
    assert the_gap(tree, "servicePrincipal.sharedWith") == gap()


def test_one_thing_in_common_is_enough_when_the_other_is_unread() -> None:
    tree = evidence(own("sharedIdentity", [candidate(replyUrls=[REPLY_URL], servicePrincipalNames=gap())]))
    assert value(tree, "servicePrincipal.sharedWith[].[id, replyUrl]") == [[OTHER, REPLY_URL]]


def test_the_others_follow_from_the_search_for_them() -> None:
    assert sections(evidence(), "servicePrincipal.sharedWith") == {"servicePrincipals", "sharedIdentity"}
