"""A value is a gap exactly when a request it names failed, and the order of lists makes no difference."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evaluate.evidence.sections import SECTIONS
from auditor.model.configuration import Allow, Judgement
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node, Read, Request
from auditor.model.profile import ExpectationKind, Profile
from auditor.model.snapshot import Record, Snapshot, read_snapshot
from auditor.model.wire import encode_node
from tests.evaluate import snapshots
from tests.evaluate.evidence.reading import evidence
from tests.evaluate.snapshots import GROUP, IDENTIFIER, OTHER, RELAY_STATE, REPLY_URL, SERVICE_PRINCIPAL, USER
from tests.saml.federation import ENTITY_ID, active, inactive

TEST_USER = "b.simon@contoso.com"
OTHER_APPLICATION: Node = {
    "id": OTHER,
    "appId": "app-id-2",
    "displayName": "old",
    "servicePrincipalNames": [IDENTIFIER, "app-id-2"],
    "replyUrls": ["https://old", REPLY_URL],
    "samlSingleSignOnSettings": {"relayState": RELAY_STATE},
}
LOGIN = "https://login.microsoftonline.com/contoso.com"
METADATA_URL = f"{LOGIN}/federationmetadata/2007-06/federationmetadata.xml?appid={snapshots.APP_ID}"
DECLARED: Node = {  # all ways at once, so that every value follows from all that may decide it
    "configuredBy": "metadata-url",
    "checkedOn": "2026-11-01",
    "checkedBy": "Ada",
    "metadataUrl": METADATA_URL,
    "signInPageUrl": f"{LOGIN}/saml2",
    "signInBinding": None,
    "signOutPageUrl": f"{LOGIN}/saml2",
    "signOutBinding": None,
    "entityId": ENTITY_ID,
    "metadataFile": snapshots.metadata(),
}
CAPTURED: Node = {
    "capturedOn": "2026-11-20",
    "problem": None,
    "signer": active().certificate.thumbprint,
    "issuer": ENTITY_ID,
    "audiences": [IDENTIFIER],
    "recipients": [REPLY_URL],
    "issuedAt": "2026-11-20T10:00:00Z",
    "nameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "nameIdSources": ["user.mail"],
}
CLAIMS = (
    '{"ClaimsMappingPolicy": {"ClaimsSchema": [{"Source": "user", "ID": "mail", "SamlClaimType": "%s"}]}}'
)
NAME_ID = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
SIGNING = '{"TokenIssuancePolicy": {"SigningAlgorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"}}'


def rich() -> dict[tuple[str, str], Node]:
    """Something of everything: every part of the evidence has a value that follows from its own request."""
    password: Node = {
        "keyId": "p-1",
        "displayName": "script",
        "customKeyIdentifier": None,
        "endDateTime": None,
    }
    assigned: Node = [
        snapshots.assignment("a-1", "User", USER),
        snapshots.assignment("a-2", "Group", GROUP),
        snapshots.assignment("a-3", "User", "user-9"),
    ]
    second = snapshots.key_entries(inactive(), name="2", key=False)
    own: dict[str, Node] = {
        "servicePrincipals": snapshots.service_principal(
            keyCredentials=[*snapshots.key_entries(active(), key=False), *second],
            notificationEmailAddresses=["a@elsewhere.org", "iam@contoso.com"],
            servicePrincipalNames=[IDENTIFIER, "https://b", "https://a"],
            replyUrls=[REPLY_URL, "https://b", "https://a"],
        ),
        "applications": snapshots.registration(
            passwordCredentials=[password], identifierUris=[IDENTIFIER, "https://a"]
        ),
        "federationMetadata": snapshots.metadata(active(), inactive()),
        "sharedIdentity": [OTHER_APPLICATION],
        "owners": [snapshots.member("o-1"), snapshots.member("o-2")],
        "applicationOwners": [snapshots.member("o-3")],
        "federatedIdentityCredentials": [{"id": "f-1", "name": "ci"}],
        "appRoleAssignedTo": assigned,
        "synchronizationJobs": [{"id": "j-1"}, {"id": "j-2"}],
        "claimsPolicy": {
            "id": "c",
            "claims": [],
            "includeApplicationIdInIssuer": True,
            "audienceOverride": "https://x",
        },
        "oauth2PermissionGrants": [
            {
                "id": "g-1",
                "consentType": "Principal",
                "resourceId": "r-1",
                "resourceDisplayName": "Graph",
                "scope": "a b",
            },
            {
                "id": "g-2",
                "consentType": "AllPrincipals",
                "resourceId": "r-1",
                "resourceDisplayName": "Graph",
                "scope": "b",
            },
        ],
        "appRoleAssignments": [
            {
                "id": "r-2",
                "appRoleId": "a-1",
                "resourceId": "graph",
                "resourceDisplayName": "Microsoft Graph",
                "permission": "User.Read.All",
            }
        ],
        "serviceProvider": DECLARED,
        "capturedResponse": CAPTURED,
    }
    covering: Node = {
        "id": "ca-1",
        "displayName": "MFA",
        "state": "enabled",
        "conditions": {"applications": {"includeApplications": ["All"]}, "users": {"includeUsers": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]},
    }
    tenant: dict[str, Node] = {
        "claimsMappingPolicies": [snapshots.policy("m-1", CLAIMS % NAME_ID, "x", "y", kind="application")],
        "tokenIssuancePolicies": [
            snapshots.policy("i-1", SIGNING, "x", "app-1", kind="application"),
            snapshots.policy("i-2", SIGNING, "z"),
        ],
        "conditionalAccessPolicies": [covering],
    }
    return {
        **snapshots.healthy(),
        **{(section, SERVICE_PRINCIPAL): value for section, value in own.items()},
        **{(section, "tenant"): value for section, value in tenant.items()},
        ("users", "user-9"): snapshots.user("user-9", mail="z@contoso.com"),
        ("groupMembers", GROUP): [snapshots.member("user-2"), snapshots.member("user-3")],
        ("testUser", TEST_USER): snapshots.user("t", userPrincipalName=TEST_USER),
    }


JUDGEMENT: Judgement = snapshots.judgement(test_user=TEST_USER, allow=Allow(groups=("Marketing",)))
PROFILE: Profile = snapshots.profile(provisioning=snapshots.expectation(ExpectationKind.EXACTLY, "retired"))
WHOLE = snapshots.snapshot(rich())


def whole_evidence(found: Snapshot) -> dict[str, Node]:
    return evidence(found, judgement=JUDGEMENT, profile=PROFILE)


Place = tuple[str | int, ...]


def leaves(
    node: Node, place: Place = (), asked: frozenset[Request] = frozenset()
) -> Iterator[tuple[Place, Node, frozenset[Request]]]:
    """Every value with its place and the requests around it; of an empty list or object the value itself."""
    if isinstance(node, Read):
        yield from leaves(node.value, place, asked | set(node.requests))
    elif isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from leaves(value, (*place, key), asked)
    elif isinstance(node, Sequence) and not isinstance(node, str) and node:
        for index, value in enumerate(node):
            yield from leaves(value, (*place, index), asked)
    else:
        yield place, node, asked


def at(node: Node, place: Place) -> Node:
    """What stands at a place, or the gap above it."""
    for key in place:
        while isinstance(node, Read):
            node = node.value
        if isinstance(node, Gap):
            return node
        below: dict[str | int, Node] = {}
        if isinstance(node, Mapping):
            below.update(node)
        elif isinstance(node, list):
            below.update(enumerate(node))
        if key not in below:
            return Gap(section="", subject="", reason=Reason.UNREADABLE, detail="absent")
        node = below[key]
    while isinstance(node, Read):
        node = node.value
    return node


RECORDS = sorted(
    (name, subject)
    for name, section in WHOLE.sections.items()
    for subject in section.records
    if name != "matches"  # a search: what one of its requests found stays found when another one fails
)


AS_A_LIST = {("certificates", "all")}
"""Names the metadata as a whole, because more may be listed there; what Graph lists stays without it."""


@pytest.mark.parametrize(("section", "subject"), RECORDS)
def test_exactly_the_values_that_name_a_request_are_gaps_when_it_fails(section: str, subject: str) -> None:
    failed = whole_evidence(snapshots.unread(WHOLE, section, subject))
    request = snapshots.request(section, subject)
    for place, value, asked in leaves(whole_evidence(WHOLE)):
        found = at(failed, place)
        if isinstance(value, Gap) or (request in asked and place[:2] not in AS_A_LIST):
            assert isinstance(found, Gap), place
        elif request not in asked:
            assert found == value, place


@pytest.mark.parametrize(("section", "subject"), RECORDS)
def test_every_record_is_used(section: str, subject: str) -> None:
    request = snapshots.request(section, subject)
    assert any(request in asked for _, _, asked in leaves(whole_evidence(WHOLE)))


def test_a_snapshot_that_was_written_and_read_gives_the_same_evidence() -> None:
    assert whole_evidence(read_snapshot(WHOLE.to_gzip())) == whole_evidence(WHOLE)


AS_READ = (
    "keyCredentials",
    "passwordCredentials",
    "servicePrincipalNames",
    "replyUrls",
    "identifierUris",
    "owners",
)
"""Lists that stand in the evidence as they were collected; collectors put them in order."""

DERIVED = (
    "certificates",
    "metadata",
    "assignments",
    "policies",
    "serviceProvider",
    "response",
    "signIns",
    "conditionalAccess",
    "tenant",
    "profile",
)
BELOW = (
    "identifiers",
    "applicationPermissions",
    "clientCredentials",
    "delegatedScopes",
    "notificationRecipients",
    "sharedWith",
    "samlSigningExpected",
)


def derived(found: Snapshot) -> Json:
    """Everything that is not as it was read."""
    tree = whole_evidence(found)
    below = {name: at(tree, ("servicePrincipal", name)) for name in BELOW}
    registered = {name: at(tree, ("application", name)) for name in ("identifiers", "defaultReplyUrl")}
    return encode_node({**{root: tree[root] for root in DERIVED}, "below": below, "registered": registered})


def shuffled(node: Node, dice: random.Random) -> Node:
    """The node with every list in it in another order."""
    if isinstance(node, Mapping):
        return {key: shuffled(value, dice) for key, value in node.items()}
    if isinstance(node, list):
        items = [shuffled(item, dice) for item in node]
        return dice.sample(items, len(items))
    return node


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_lists_makes_no_difference(dice: random.Random) -> None:
    other = WHOLE
    for name, section in WHOLE.sections.items():
        for subject, record in section.records.items():
            mixed = Record(value=shuffled(record.value, dice), requests=record.requests)
            other = snapshots.with_record(other, name, subject, mixed)
    assert derived(other) == derived(WHOLE)


def test_the_table_of_sections_says_what_evidence_names() -> None:
    found = [(_keys(place), asked) for place, _, asked in leaves(whole_evidence(WHOLE))]
    for keys in {keys for keys, _ in found}:
        named = {
            request.url.split("/")[2]
            for below, asked in found
            for request in asked
            if below[: len(keys)] == keys and request.method == "GET"
        }
        assert named == _by_table(keys), keys


def _keys(place: Place) -> tuple[str, ...]:
    return tuple(key for key in place if isinstance(key, str))


def _by_table(keys: tuple[str, ...]) -> set[str]:
    """The sections of the place, of those above it and of those below it."""
    found = ((place.split("."), sections) for place, sections in SECTIONS.items())
    return {
        name
        for place, sections in found
        for name in sections
        if all(ours == theirs for ours, theirs in zip(keys, place, strict=False))
    }
