"""`servicePrincipal.clientCredentials`: what lets somebody sign in as the application itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, Source, attempt
from auditor.evaluate.evidence.signing_keys import VERIFY, KeyGroup, key_groups
from auditor.model.gap import Gap
from auditor.model.node import Node, Read

SERVICE_PRINCIPAL, APPLICATION = "servicePrincipal", "application"


def client_credentials(material: Material) -> Node:
    """Password, key and federated credentials of the service principal and its registration.

    The Verify key and the password that belong to a signing certificate are part of it and no credential of
    their own; keys for encryption are none. What could not be read is a gap in the list.
    """
    own, registration = material.own("servicePrincipals"), material.own("applications")
    federated = material.own("federatedIdentityCredentials")
    found = _of_owner(own, SERVICE_PRINCIPAL)
    if registration.value is not None:
        found += [registration.read(node) for node in _of_owner(registration, APPLICATION)]
        if federated.record is not None or not isinstance(registration.value, Gap):
            found += [federated.read(node) for node in _federated(federated)]
    # One credential is one too many whatever else could not be read; only `there is none` needs all requests.
    return found if found else Read([], (*registration.requests, *federated.requests))


def _of_owner(source: Source, where: str) -> list[Node]:
    owner = attempt(source.item)
    if isinstance(owner, Gap):
        return [owner]
    groups = attempt(lambda: key_groups(owner))
    if isinstance(groups, Gap):  # without the keys nobody can tell whose the passwords are
        return [groups]
    encryption = attempt(lambda: owner.optional_text("tokenEncryptionKeyId"))
    signing = [group for group in groups if group.signs]
    keys = [_key(group, where, encryption, signing) for group in groups if not group.signs]
    passwords = attempt(lambda: owner.items("passwordCredentials"))
    if isinstance(passwords, Gap):
        return [*keys, passwords]
    others = [item for item in passwords if not any(_belongs(item, group) for group in signing)]
    return [*keys, *sorted((_entry(item, "password", where) for item in others), key=_order)]


def _key(group: KeyGroup, where: str, encryption: str | Gap | None, signing: Iterable[KeyGroup]) -> Node:
    if group.usages != {VERIFY}:
        usages = " and ".join(sorted(usage or "none" for usage in group.usages))
        return group.main.item.source.gap(f"the key {group.name} has a usage that is not known: {usages}")
    nameless = next((one for one in signing if not one.certificate and not one.identifiers), None)
    if (
        nameless is not None
    ):  # nothing says which certificate Entra signs with, and this may be its other half
        return nameless.unknown()
    return encryption if isinstance(encryption, Gap) else _entry(group.main.item, "key", where)


def _belongs(password: Item, certificate: KeyGroup) -> bool:
    return (
        password.node("keyId") in certificate.key_ids
        or password.node("customKeyIdentifier") in certificate.identifiers
    )


def _federated(source: Source) -> list[Node]:
    items = attempt(source.items)
    if isinstance(items, Gap):
        return [items]
    entries = [
        {
            "id": item.node("id"),
            "kind": "federated",
            "where": APPLICATION,
            "name": item.node("name"),
            "endDateTime": None,
        }
        for item in items
    ]
    return [*sorted(entries, key=_order)]


def _entry(item: Item, kind: str, where: str) -> Mapping[str, Node]:
    key_id, name = item.node("keyId"), item.node("displayName")
    return {
        "id": key_id,
        "kind": kind,
        "where": where,
        "name": name or key_id,
        "endDateTime": item.node("endDateTime"),
    }


def _order(entry: Mapping[str, Node]) -> str:
    return str(entry["id"])
