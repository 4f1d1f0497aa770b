"""Claims and signing policies: which one is in force, what it says, and what the answer depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evaluate.paths import Path
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node
from auditor.model.snapshot import TENANT, Snapshot
from tests.evaluate import snapshots
from tests.evaluate.evidence.reading import evidence, sections, the_gap, value
from tests.evaluate.snapshots import REGISTRATION, SERVICE_PRINCIPAL, gap, of_tenant, own, policy

NAME_ID = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def mapping(*policies: Node) -> dict[tuple[str, str], Node]:
    return of_tenant("claimsMappingPolicies", list(policies))


def issuance(*policies: Node) -> dict[tuple[str, str], Node]:
    return of_tenant("tokenIssuancePolicies", list(policies))


def custom(**properties: Node) -> dict[tuple[str, str], Node]:
    """A custom claims policy."""
    empty: dict[str, Node] = {
        "id": "custom",
        "includeApplicationIdInIssuer": False,
        "audienceOverride": None,
        "claims": [],
    }
    return own("claimsPolicy", {**empty, **properties})


def claims(*schema: Json, **options: Json) -> Json:
    """A definition of a claims mapping policy."""
    return {"ClaimsMappingPolicy": {"Version": 1, "ClaimsSchema": list(schema), **options}}


def name_id(property: str = "mail", source: str = "user") -> Json:
    """The entry of a claims schema that gives the name ID."""
    return {"Source": source, "ID": property, "SamlClaimType": NAME_ID}


def signing(algorithm: str) -> Json:
    """A definition of a token issuance policy."""
    return {"TokenIssuancePolicy": {"Version": 1, "SigningAlgorithm": algorithm}}


def typed_name_id(**configuration: Json) -> Json:
    """The claim of a custom claims policy that gives the name ID."""
    return {"@odata.type": "#microsoft.graph.samlNameIdClaim", "configurations": [configuration]}


def attribute(property: str = "mail", source: str = "user") -> Json:
    return {"@odata.type": "#microsoft.graph.sourcedAttribute", "id": property, "source": source}


MAIL = claims(name_id())


def test_without_policies_the_defaults_hold() -> None:
    tree = evidence()
    assert value(tree, "policies") == {
        "nameIdSource": "user.userprincipalname",
        "nameIdPolicy": None,
        "audienceOverride": None,
        "includeApplicationIdInIssuer": False,
        "signingAlgorithm": None,
        "signingPolicy": None,
    }


@pytest.mark.parametrize(
    ("target", "kind", "source"),
    [
        (SERVICE_PRINCIPAL, "servicePrincipal", "user.mail"),
        (REGISTRATION, "application", "user.mail"),
        ("somebody", "servicePrincipal", "user.userprincipalname"),
        ("somebody", "application", "user.userprincipalname"),
    ],
)
def test_a_policy_counts_for_what_it_is_assigned_to(target: str, kind: str, source: str) -> None:
    tree = evidence(mapping(policy("p", MAIL, target, kind=kind)))
    assert value(tree, "policies.nameIdSource") == source


def test_an_assigned_policy_wins_over_the_default_of_the_organization() -> None:
    default = policy("a", claims(name_id("employeeid")), isOrganizationDefault=True)
    assert value(evidence(mapping(default)), "policies.nameIdSource") == "user.employeeid"
    tree = evidence(mapping(default, policy("p", MAIL, SERVICE_PRINCIPAL)))
    assert value(tree, "policies.nameIdSource") == "user.mail"
    assert value(tree, "policies.nameIdPolicy") == {
        "id": "p",
        "displayName": "the p",
        "kind": "claimsMappingPolicy",
    }


def test_a_policy_of_the_service_principal_wins_over_one_of_the_registration() -> None:
    of_registration = policy("a", claims(name_id("employeeid")), REGISTRATION, kind="application")
    tree = evidence(mapping(of_registration, policy("p", MAIL, SERVICE_PRINCIPAL)))
    assert value(tree, "policies.nameIdSource") == "user.mail"


def test_a_mapping_policy_puts_the_custom_policy_out_of_force() -> None:
    tree = evidence(
        {
            **mapping(policy("p", claims(), SERVICE_PRINCIPAL)),
            **custom(
                claims=[typed_name_id(attribute=attribute())],
                includeApplicationIdInIssuer=True,
                audienceOverride="https://a",
            ),
        }
    )
    assert value(tree, "policies.[nameIdSource, includeApplicationIdInIssuer, audienceOverride]") == [
        "user.userprincipalname",
        False,
        None,
    ]
    assert "claimsPolicy" not in sections(tree, "policies.nameIdSource")


def test_a_custom_policy_is_read() -> None:
    tree = evidence(
        custom(
            claims=[typed_name_id(attribute=attribute(" Mail "))],
            includeApplicationIdInIssuer=True,
            audienceOverride="https://a",
        )
    )
    assert value(tree, "policies.[nameIdSource, includeApplicationIdInIssuer, audienceOverride]") == [
        "user.mail",
        True,
        "https://a",
    ]
    assert value(tree, "policies.nameIdPolicy.kind") == "customClaimsPolicy"


@pytest.mark.parametrize(
    "definition",
    [
        '{"claimsmappingpolicy":{"claimsschema":[{"source":"USER","id":"Mail","samlclaimtype":"%s"}]}}',
        '{"ClaimsMappingPolicy":{"ClaimsSchema":[{"Source":"user","ID":"mail","SamlClaimType":"%s"}]}}',
    ],
)
def test_keys_are_read_in_any_case(definition: str) -> None:
    tree = evidence(mapping(policy("p", definition % NAME_ID.upper(), SERVICE_PRINCIPAL)))
    assert value(tree, "policies.nameIdSource") == "user.mail"


@pytest.mark.parametrize("written", [True, "true", "True", " TRUE "])
@pytest.mark.parametrize("key", ["issuerWithApplicationId", "IncludeApplicationIdInIssuer"])
def test_booleans_may_be_texts(key: str, written: Json) -> None:
    definition = claims(**{key: written, "AudienceOverride": "https://a"})
    tree = evidence(mapping(policy("p", definition, SERVICE_PRINCIPAL)))
    assert value(tree, "policies.[includeApplicationIdInIssuer, audienceOverride]") == [True, "https://a"]


def test_an_extension_attribute_is_a_source_of_its_own() -> None:
    entry: Json = {"Source": "User", "ExtensionID": "extension_a_Login", "SamlClaimType": NAME_ID}
    tree = evidence(mapping(policy("p", claims(entry), SERVICE_PRINCIPAL)))
    assert value(tree, "policies.nameIdSource") == "user.extension_a_login"


@pytest.mark.parametrize(
    "entries",
    [
        [{"Source": "transformation", "ID": "joined", "TransformationId": "t", "SamlClaimType": NAME_ID}],
        [{"Value": "everybody", "SamlClaimType": NAME_ID}],
        [{"SamlClaimType": NAME_ID}],
        [name_id(), name_id("employeeid")],
    ],
)
def test_what_a_mapping_policy_computes_cannot_be_followed_and_is_quoted(entries: list[Json]) -> None:
    definition = claims(*entries)
    tree = evidence(mapping(policy("p", definition, SERVICE_PRINCIPAL)))
    found = the_gap(tree, "policies.nameIdSource")
    assert found.reason is Reason.NOT_OBSERVABLE
    assert json.dumps(definition) in found.detail
    assert value(tree, "policies.[audienceOverride, nameIdPolicy.id]") == [None, "p"]


@pytest.mark.parametrize(
    "configuration",
    [
        {
            "attribute": attribute(),
            "transformations": [{"@odata.type": "#microsoft.graph.joinTransformation"}],
        },
        {"attribute": attribute(), "condition": {"userType": "allGuests"}},
        {"attribute": attribute(), "condition": {"memberOf": ["g"]}},
        {"attribute": {"@odata.type": "#microsoft.graph.valueBasedAttribute", "value": "x"}},
        {"attribute": attribute(source="company")},
        {},
    ],
)
def test_what_a_custom_policy_computes_cannot_be_followed(configuration: dict[str, Json]) -> None:
    tree = evidence(custom(claims=[typed_name_id(**configuration)]))
    assert the_gap(tree, "policies.nameIdSource").reason is Reason.NOT_OBSERVABLE
    assert value(tree, "policies.includeApplicationIdInIssuer") is False


def test_a_condition_that_everybody_meets_is_none() -> None:
    condition: Json = {"memberOf": [], "userType": "any"}
    tree = evidence(custom(claims=[typed_name_id(attribute=attribute(), condition=condition)]))
    assert value(tree, "policies.nameIdSource") == "user.mail"


@pytest.mark.parametrize(
    "definition",
    [
        "{",
        "[]",
        '"text"',
        "{}",
        '{"ClaimsMappingPolicy": 1}',
        '{"ClaimsMappingPolicy": {"ClaimsSchema": 1}}',
        "[" * 9999,
    ],
)
def test_a_broken_definition_is_unreadable_and_quoted(definition: str) -> None:
    tree = evidence(mapping(policy("p", definition, SERVICE_PRINCIPAL)))
    found = the_gap(tree, "policies.nameIdSource")
    assert found.reason is Reason.UNREADABLE
    assert definition[:600] in found.detail
    assert len(found.detail) < 800
    assert the_gap(tree, "policies.includeApplicationIdInIssuer").reason is Reason.UNREADABLE


@pytest.mark.parametrize("definition", [[], None, ["a", 1], gap()])
def test_a_missing_definition_is_a_gap(definition: Node) -> None:
    broken = policy("p", "{}", SERVICE_PRINCIPAL)
    assert isinstance(broken, dict)
    tree = evidence(mapping({**broken, "definition": definition}))
    assert isinstance(the_gap(tree, "policies.nameIdSource"), Gap)
    assert value(tree, "policies.nameIdPolicy.id") == "p"


@pytest.mark.parametrize("written", ["maybe", 1, {}])
def test_a_value_of_another_type_is_unreadable(written: Json) -> None:
    tree = evidence(mapping(policy("p", claims(issuerWithApplicationId=written), SERVICE_PRINCIPAL)))
    assert the_gap(tree, "policies.includeApplicationIdInIssuer").reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("algorithm", "short"), [(SHA1, "sha1"), (SHA256, "sha256"), (SHA256.upper(), "sha256"), ("", None)]
)
def test_the_signing_algorithm_is_read(algorithm: str, short: str | None) -> None:
    tree = evidence(issuance(policy("p", signing(algorithm), SERVICE_PRINCIPAL)))
    assert value(tree, "policies.signingAlgorithm") == short
    assert value(tree, "policies.signingPolicy.[id, kind]") == ["p", "tokenIssuancePolicy"]


def test_an_unknown_signing_algorithm_is_unreadable() -> None:
    tree = evidence(issuance(policy("p", signing("http://example.org/rot13"), SERVICE_PRINCIPAL)))
    assert "rot13" in the_gap(tree, "policies.signingAlgorithm").detail


def test_a_policy_that_is_assigned_counts_whatever_is_unread_of_others() -> None:
    unread = policy("a", signing(SHA256), appliesTo=gap())
    tree = evidence(issuance(unread, policy("p", signing(SHA1), SERVICE_PRINCIPAL)))
    assert value(tree, "policies.signingAlgorithm") == "sha1"


def test_an_unread_assignment_of_the_default_changes_nothing() -> None:
    default = policy("a", signing(SHA1), isOrganizationDefault=True, appliesTo=gap())
    assert value(evidence(issuance(default)), "policies.signingAlgorithm") == "sha1"


def test_an_unread_assignment_of_a_policy_that_says_the_same_changes_nothing() -> None:
    tree = evidence(mapping(policy("a", claims(name_id("userprincipalname")), appliesTo=gap())))
    assert value(tree, "policies.nameIdSource") == "user.userprincipalname"
    assert the_gap(tree, "policies.nameIdPolicy") == gap()


def test_an_unread_assignment_of_a_policy_that_says_otherwise_is_a_gap() -> None:
    tree = evidence(mapping(policy("a", MAIL, appliesTo=gap())))
    assert the_gap(tree, "policies.nameIdSource") == gap()
    assert value(tree, "policies.audienceOverride") is None


def test_policies_that_disagree_are_named() -> None:
    both = (policy("a", signing(SHA1), SERVICE_PRINCIPAL), policy("b", signing(SHA256), SERVICE_PRINCIPAL))
    tree = evidence(issuance(*both))
    assert "the a and the b" in the_gap(tree, "policies.signingAlgorithm").detail


def test_an_unread_custom_policy_matters_only_without_a_mapping_policy() -> None:
    refused = own("claimsPolicy", gap("claimsPolicy"))
    assert the_gap(evidence(refused), "policies.nameIdSource") == gap("claimsPolicy")
    tree = evidence({**refused, **mapping(policy("p", MAIL, SERVICE_PRINCIPAL))})
    assert value(tree, "policies.nameIdSource") == "user.mail"


def test_a_registration_that_could_not_be_read_may_be_the_one_that_is_named() -> None:
    refused = own("applications", gap("applications"))
    tree = evidence({**refused, **mapping(policy("p", MAIL, "x", kind="application"))})
    assert the_gap(tree, "policies.nameIdSource") == gap("applications")
    tree = evidence({**refused, **mapping(policy("p", MAIL, "x"))})
    assert value(tree, "policies.nameIdSource") == "user.userprincipalname"
    tree = evidence({**own("applications", None), **mapping(policy("p", MAIL, "x", kind="application"))})
    assert value(tree, "policies.nameIdSource") == "user.userprincipalname"


def test_unread_policies_are_their_gap() -> None:
    tree = evidence(mapping())
    assert value(tree, "policies.nameIdSource") == "user.userprincipalname"
    refused = gap("claimsMappingPolicies")
    tree = evidence(of_tenant("claimsMappingPolicies", refused))
    assert the_gap(tree, "policies.nameIdSource") == refused
    assert value(tree, "policies.signingAlgorithm") is None


def test_the_assignments_of_many_policies_are_named_as_one() -> None:
    several = [policy(f"p{index}", MAIL, "somebody") for index in range(20)]
    assert len(sections(evidence(mapping(*several)), "policies.nameIdSource")) == 22
    many = [*several, policy("one more", MAIL, "somebody")]
    assert sections(evidence(mapping(*many)), "policies.nameIdSource") == {
        "claimsMappingPolicies",
        "claimsMappingPolicies/*/appliesTo",
        "claimsPolicy",
    }


ALGORITHMS = st.sampled_from([SHA1, SHA256, ""])
TARGETS = st.sampled_from(
    [
        (SERVICE_PRINCIPAL, "servicePrincipal"),
        (REGISTRATION, "application"),
        ("x", "application"),
        ("x", "servicePrincipal"),
        None,
    ]
)


@st.composite
def issuance_policies(draw: st.DrawFn) -> list[Node]:
    """Up to four policies, assigned in every way, some of them the default."""
    found: list[Node] = []
    for index in range(draw(st.integers(0, 4))):
        target = draw(TARGETS)
        made = policy(f"p{index}", signing(draw(ALGORITHMS)), isOrganizationDefault=draw(st.booleans()))
        assert isinstance(made, dict)
        assigned: Node = [] if target is None else [{"id": target[0], "type": target[1]}]
        found.append({**made, "appliesTo": assigned})
    return found


def _with_unread_assignment(found: Snapshot, index: int) -> Snapshot:
    record = found.sections["tokenIssuancePolicies"].records[TENANT]
    value = record.value
    assert isinstance(value, list)
    changed = [{**item, "appliesTo": gap()} if i == index else item for i, item in enumerate(value)]
    return snapshots.with_record(
        found, "tokenIssuancePolicies", TENANT, type(record)(value=changed, requests=record.requests)
    )


@settings(max_examples=300, deadline=None)
@given(issuance_policies())
def test_the_answer_names_exactly_the_requests_it_would_not_stand_without(policies: list[Node]) -> None:
    whole = snapshots.snapshot(issuance(*policies))
    path = "policies.signingAlgorithm"
    tree = evidence(whole)
    if _is_gap(tree, path):
        return
    answer, named = value(tree, path), sections(tree, path)
    for index in range(len(policies)):
        less = evidence(_with_unread_assignment(whole, index))
        named_there = f"tokenIssuancePolicies/p{index}/appliesTo" in named
        assert named_there == _is_gap(less, path)
        if not _is_gap(less, path):
            assert value(less, path) == answer
    refused = evidence(snapshots.unread(whole, "applications", SERVICE_PRINCIPAL))
    assert ("applications" in named) == _is_gap(refused, path)


def _is_gap(tree: Mapping[str, Node], path: str) -> bool:
    return bool(Path(path).read(tree).gaps)
