"""Definitions of policies: JSON text inside a list of strings, written by hand or by tools.

Microsoft Graph documentation, "claimsMappingPolicy", "tokenIssuancePolicy" and "customClaimsPolicy (beta)";
Microsoft Entra documentation, "Claims customization using a policy". Keys come in any case, booleans often as
strings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from auditor.model.node import Json

NAME_ID_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
DEFAULT_NAME_ID = "user.userprincipalname"

_ISSUER_KEYS = ("issuerwithapplicationid", "includeapplicationidinissuer", "includeappidinissuer")


class DefinitionError(ValueError):
    """The definition is not what its kind of policy is documented to be."""


class NotFollowed(ValueError):
    """The definition is readable, and says something whose outcome cannot be told from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a claims mapping policy says, as far as it matters here."""

    name_id_source: str | NotFollowed
    """`user.mail`, or why that cannot be told."""
    audience_override: str | None
    application_id_in_issuer: bool
    """Whether the issuer carries the application's id."""


@lru_cache(maxsize=4096)
def claims_mapping(definition: str) -> Claims:
    """What the definition of a claims mapping policy says. Raises DefinitionError."""
    body = _body(definition, "claimsmappingpolicy")
    schema = body.get("claimsschema") or []
    if not isinstance(schema, list) or not all(isinstance(entry, Mapping) for entry in schema):
        raise DefinitionError("ClaimsSchema is not a list of objects")
    issuer = next((body[key] for key in _ISSUER_KEYS if key in body), None)
    return Claims(
        name_id_source=_mapped_source([entry for entry in schema if _is_name_id(entry)]),
        audience_override=as_text(body.get("audienceoverride"), "AudienceOverride"),
        application_id_in_issuer=as_flag(issuer, "IssuerWithApplicationId"),
    )


@lru_cache(maxsize=4096)
def signing_algorithm(definition: str) -> str | None:
    """`sha256` or `sha1`; None when the definition of a token issuance policy names none.

    Raises DefinitionError.
    """
    named = as_text(_body(definition, "tokenissuancepolicy").get("signingalgorithm"), "SigningAlgorithm")
    if not named:
        return None
    for algorithm in ("sha256", "sha1"):
        if named.lower().endswith(f"#rsa-{algorithm}") or named.lower() == algorithm:
            return algorithm
    raise DefinitionError(f"the signing algorithm {named} is not known")


def custom_name_id(claims: Json) -> str | NotFollowed:
    """Where the name ID comes from by the `claims` of a custom claims policy. Raises DefinitionError."""
    found = claims or []
    if not isinstance(found, list) or not all(isinstance(claim, Mapping) for claim in found):
        raise DefinitionError("claims is not a list of objects")
    return _custom_source([claim for claim in found if _is_saml_name_id(claim)])


def as_text(value: Json, name: str) -> str | None:
    """A text of a definition; an empty one is none. Raises DefinitionError."""
    if value is None or isinstance(value, str):
        return value or None
    raise DefinitionError(f"{name} is not a text")


def as_flag(value: Json, name: str) -> bool:
    """A boolean of a definition, also one that is written as text; null is false. Raises DefinitionError."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false", ""):
        return value.strip().lower() == "true"
    raise DefinitionError(f"{name} is neither true nor false")


def _body(definition: str, kind: str) -> Mapping[str, Json]:
    try:
        document = _lower(json.loads(definition))
    except (ValueError, RecursionError) as error:
        raise DefinitionError("it is not JSON") from error
    body = document.get(kind) if isinstance(document, Mapping) else None
    if not isinstance(body, Mapping):
        raise DefinitionError(f"it holds no {kind}")
    return body


def _lower(value: Json) -> Json:
    """The value with all keys in lower case."""
    if isinstance(value, Mapping):
        return {key.lower(): _lower(item) for key, item in value.items()}
    return [_lower(item) for item in value] if isinstance(value, list) else value


def _is_name_id(entry: Json) -> bool:
    claim = entry.get("samlclaimtype") if isinstance(entry, Mapping) else None
    return isinstance(claim, str) and claim.strip().lower() == NAME_ID_CLAIM


def _mapped_source(entries: list[Json]) -> str | NotFollowed:
    if not entries:
        return DEFAULT_NAME_ID
    entry = entries[0]
    if len(entries) > 1 or not isinstance(entry, Mapping):
        return NotFollowed("several entries give the name ID")
    if entry.get("value") is not None:
        return NotFollowed("the name ID is a fixed value")
    return _property(entry.get("source"), entry.get("id") or entry.get("extensionid"))


def _is_saml_name_id(claim: Json) -> bool:
    kind = claim.get("@odata.type") if isinstance(claim, Mapping) else None
    return isinstance(kind, str) and kind.rpartition(".")[2].lower() == "samlnameidclaim"


def _custom_source(claims: list[Json]) -> str | NotFollowed:
    if not claims:
        return DEFAULT_NAME_ID
    claim = claims[0]
    if len(claims) > 1 or not isinstance(claim, Mapping):
        return NotFollowed("several claims give the name ID")
    configurations = claim.get("configurations") or []
    only = configurations[0] if isinstance(configurations, list) and len(configurations) == 1 else None
    if not isinstance(only, Mapping) or _is_conditional(only.get("condition")):
        return NotFollowed("the name ID has no single source for everybody")
    if only.get("transformations"):
        return NotFollowed("the name ID is transformed")
    attribute = only.get("attribute")
    if not isinstance(attribute, Mapping) or "source" not in attribute:
        return NotFollowed("the name ID is not taken from a property")
    return _property(attribute.get("source"), attribute.get("id"))


def _is_conditional(condition: Json) -> bool:
    if not isinstance(condition, Mapping):
        return condition is not None
    return bool(condition.get("memberOf")) or condition.get("userType") not in (None, "any")


def _property(source: Json, name: Json) -> str | NotFollowed:
    if not isinstance(source, str) or not isinstance(name, str) or not name.strip():
        return NotFollowed("the name ID is not taken from a property")
    if source.strip().lower() != "user":
        return NotFollowed(f"the name ID is taken from {source.strip().lower()}")
    return f"user.{name.strip().lower()}"
