"""`policies`: which claims and signing policies are in force for the application, and what they say.

A policy is in force when it is assigned to the service principal, else when it is assigned to the
registration, else when it is the organization's default. A claims mapping policy puts the custom claims
policy (what the portal's claims page writes) out of force.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from auditor.evaluate.evidence.definitions import (
    DEFAULT_NAME_ID,
    Claims,
    DefinitionError,
    NotFollowed,
    as_flag,
    as_text,
    claims_mapping,
    custom_name_id,
    signing_algorithm,
)
from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.policy_assignment import Policies
from auditor.evaluate.evidence.reading import Item, Unread
from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from auditor.model.wire import encode_node

T = TypeVar("T")

_QUOTED = 600
"""So many characters of a definition are quoted in a gap."""


def policies(material: Material) -> dict[str, Node]:
    """The root `policies`. `signingAlgorithm` is null when no policy names one: SHA-256 is used then."""
    mapping = Policies.of(material, "claimsMappingPolicies")
    issuance = Policies.of(material, "tokenIssuancePolicies")
    custom = material.own("claimsPolicy")

    def claims(of_mapping: Callable[[Item], Node], of_custom: Callable[[Item], Node], default: Node) -> Node:
        def of_none() -> Node:
            policy = custom.optional_item()
            return default if policy is None else of_custom(policy)

        return mapping.outcome(of_mapping, of_none=of_none, otherwise=custom)

    return {
        "nameIdSource": claims(_mapped_name_id, _custom_name_id, DEFAULT_NAME_ID),
        "nameIdPolicy": claims(_claims_mapping_policy, _custom_claims_policy, None),
        "audienceOverride": claims(_mapped_audience, _custom_audience, None),
        "includeApplicationIdInIssuer": claims(_mapped_issuer, _custom_issuer, False),
        "signingAlgorithm": issuance.outcome(_signing_algorithm),
        "signingPolicy": issuance.outcome(_token_issuance_policy),
    }


def _mapped_name_id(policy: Item) -> str:
    return _followed(policy, _definition(policy), _claims(policy).name_id_source)


def _mapped_audience(policy: Item) -> str | None:
    return _claims(policy).audience_override


def _mapped_issuer(policy: Item) -> bool:
    return _claims(policy).application_id_in_issuer


def _claims(policy: Item) -> Claims:
    definition = _definition(policy)
    return _parsed(policy, definition, lambda: claims_mapping(definition))


def _custom_name_id(policy: Item) -> str:
    claims = encode_node(policy.get("claims"))
    written = json.dumps(claims, sort_keys=True)
    return _followed(policy, written, _parsed(policy, written, lambda: custom_name_id(claims)))


def _custom_audience(policy: Item) -> str | None:
    return _custom_value(policy, "audienceOverride", as_text)


def _custom_issuer(policy: Item) -> bool:
    return _custom_value(policy, "includeApplicationIdInIssuer", as_flag)


def _custom_value(policy: Item, name: str, read: Callable[[Json, str], T]) -> T:
    value = encode_node(policy.get(name))
    return _parsed(policy, json.dumps(value), lambda: read(value, name))


def _signing_algorithm(policy: Item) -> str | None:
    definition = _definition(policy)
    return _parsed(policy, definition, lambda: signing_algorithm(definition))


def _claims_mapping_policy(policy: Item) -> Node:
    return _reference(policy, "claimsMappingPolicy")


def _token_issuance_policy(policy: Item) -> Node:
    return _reference(policy, "tokenIssuancePolicy")


def _custom_claims_policy(policy: Item) -> Node:
    return {"id": policy.node("id"), "displayName": None, "kind": "customClaimsPolicy"}


def _reference(policy: Item, kind: str) -> Node:
    return {"id": policy.node("id"), "displayName": policy.node("displayName"), "kind": kind}


def _definition(policy: Item) -> str:
    """The JSON text of a policy: the first element of a list that in practice has one."""
    texts = policy.texts("definition")
    if not texts:
        raise Unread(policy.source.gap(f"the policy {policy.node('displayName')} has no definition"))
    return texts[0]


def _parsed(policy: Item, definition: str, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except DefinitionError as error:
        raise Unread(policy.source.gap(_quoted(policy, definition, str(error)))) from None


def _followed(policy: Item, definition: str, source: str | NotFollowed) -> str:
    if isinstance(source, NotFollowed):
        detail = _quoted(policy, definition, str(source))
        raise Unread(policy.source.gap(detail, Reason.NOT_OBSERVABLE))
    return source


def _quoted(policy: Item, definition: str, fault: str) -> str:
    name = policy.value.get("displayName") or policy.node("id")
    shown = definition if len(definition) <= _QUOTED else f"{definition[:_QUOTED]}…"
    return f"definition of the policy {name}: {fault}: {shown}"
