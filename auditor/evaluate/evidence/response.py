"""`response`: the captured response of a test sign-on; null when the configuration names none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from auditor.evaluate.evidence.identity import service_principal_identifiers
from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, Source, Unread, bare, derive
from auditor.evaluate.evidence.signing_keys import key_groups, preferred_thumbprint
from auditor.model.cloud import CLOUDS
from auditor.model.gap import Gap
from auditor.model.node import Node, Read
from auditor.model.profile import ExpectationKind

_SECTION = "capturedResponse"


def response(material: Material, policies: Node) -> Node:
    """The root `response`. `policies` is that root: where it does not know the name ID, a response may."""
    source = material.own(_SECTION)
    if source.record is None:
        return None
    return source.read(derive(lambda: _root(material, source, policies)))


def _root(material: Material, source: Source, policies: Node) -> Node:
    captured = source.optional_item()
    if captured is None:
        return None
    keys = material.own("servicePrincipals")

    def read(node: Node) -> Node:
        return node if isinstance(node, Gap) else Read(node, keys.requests)

    return {
        "capturedOn": captured.node("capturedOn"),
        "ageDays": derive(lambda: _age(material, captured)),
        "signer": _optional(captured, "signer"),
        "signerStatus": read(derive(lambda: _signer_status(material, captured))),
        "personalData": _optional(captured, "personalData"),
        "nameId": read(derive(lambda: _believed(material, captured, "nameId"))),
        "nameIdFormat": _optional(captured, "nameIdFormat"),
        "attributes": read(derive(lambda: _believed(material, captured, "attributes"))),
        "problem": read(derive(lambda: _problem(material, captured))),
        "confirmsNameId": read(derive(lambda: _confirms(material, captured, policies))),
        "contradictsNameId": read(derive(lambda: _contradicts(material, captured))),
    }


def _optional(captured: Item, name: str) -> Node:
    """A fact that only a response that could be read has."""
    return captured.node(name) if name in captured.value else None


def _age(material: Material, captured: Item) -> int:
    """Whole days since the sign-on: since it was signed if that can be read, else since it is said to be."""
    issued = _optional(captured, "issuedAt")
    if isinstance(issued, str):
        return (material.at - datetime.fromisoformat(issued)).days
    return (material.at.date() - date.fromisoformat(captured.text("capturedOn"))).days


def _thumbprints(material: Material) -> tuple[frozenset[str], str | None]:
    """Of the certificates that Entra may sign with, and of the active one. Raises Unread."""
    owner = material.service_principal()
    active = preferred_thumbprint(owner)
    groups = [group for group in key_groups(owner) if group.signs]
    unknown = next((group for group in groups if group.thumbprint(active) is None), None)
    if unknown is not None:
        raise Unread(unknown.unknown())
    found = frozenset(thumbprint for group in groups if (thumbprint := group.thumbprint(active)))
    return found, next(iter(active), None)


def _signer_status(material: Material, captured: Item) -> str:
    """active, inactive, or absent from what Entra lists."""
    thumbprints, active = _thumbprints(material)
    signer = _optional(captured, "signer")
    if signer == active and signer in thumbprints:
        return "active"
    return "inactive" if signer in thumbprints else "absent"


def _problem(material: Material, captured: Item) -> str | None:
    """Why a careful service provider would refuse it; None when it would not. Raises Unread."""
    problem = captured.optional_text("problem")
    if problem is not None:
        return problem
    if _signer_status(material, captured) == "absent":
        return f"it is signed by {captured.text('signer')}, which Entra does not list for this application"
    issuers = {CLOUDS[material.snapshot.cloud].entity_id(material.snapshot.tenant.id)}
    for what, found, wanted in (
        ("issuer", [captured.optional_text("issuer")], issuers),
        ("audience", captured.texts("audiences"), _expected(material, "identifier")),
        ("recipient", captured.texts("recipients"), _expected(material, "replyUrl")),
    ):
        if not set(found) & wanted:
            named = ", ".join(str(one) for one in found) or "nobody"
            return f"its {what} is {named}, not {' or '.join(sorted(wanted)) or 'anything that is known'}"
    return None


def _expected(material: Material, name: str) -> set[str]:
    """The profile's value, else what the application has. Raises Unread."""
    expectation = None if material.profile is None else material.profile.expected.get(name)
    if expectation is not None and expectation.kind is ExpectationKind.EXACTLY:
        return {str(expectation.value)}
    if name == "replyUrl":
        return set(material.service_principal().texts("replyUrls"))
    found = bare(service_principal_identifiers(material))
    if isinstance(found, Gap):
        raise Unread(found)
    return {str(one) for one in found} if isinstance(found, list | tuple) else set()


def _believed(material: Material, captured: Item, name: str) -> Node:
    """What an authentic response says of a person, as far as it was kept; else null. Raises Unread."""
    return captured.node(name) if _problem(material, captured) is None else None


def _shown(material: Material, captured: Item) -> tuple[str, ...]:
    """The sources that the name ID of an authentic response may come from. Raises Unread."""
    return captured.texts("nameIdSources") if _problem(material, captured) is None else ()


def _confirms(material: Material, captured: Item, policies: Node) -> bool:
    """Whether it shows the configured source where no policy tells the source."""
    shown = _shown(material, captured)
    root = bare(policies)
    source = bare(root["nameIdSource"]) if isinstance(root, Mapping) and "nameIdSource" in root else root
    return isinstance(source, Gap) and material.configured.name_id in shown


def _contradicts(material: Material, captured: Item) -> bool:
    """Whether it shows another source."""
    shown = _shown(material, captured)
    return bool(shown) and material.configured.name_id not in shown
