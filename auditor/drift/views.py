"""What stands in a snapshot in another form than its meaning: certificates, metadata, copies of people.

Each view sees both sides of a comparison and gives both.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import cast

from auditor.drift.meaning import canonical, items, text
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.saml.certificate import (
    Certificate,
    CertificateError,
    from_base64,
    identifies,
    thumbprint_of_identifier,
)
from auditor.saml.door import DocumentRefused, open_document
from auditor.saml.metadata import read_entity


def without_copied_passwords(before: Node, after: Node) -> tuple[Node, Node]:
    """Service principals without the password credentials that stand for signing certificates.

    Entra lists a signing certificate twice as a key and once as a password, with the keyId of one of the
    keys. Microsoft Graph documentation, "Configure SAML-based single sign-on".
    """
    return _without_copied_passwords(before), _without_copied_passwords(after)


def _without_copied_passwords(record: Node) -> Node:
    if not isinstance(record, Mapping) or "passwordCredentials" not in record:
        return record
    passwords, keys = record["passwordCredentials"], record.get("keyCredentials")
    if isinstance(passwords, Gap) or isinstance(keys, Gap) or passwords is None:
        return record
    of_keys = {text(key, "keyId") for key in items(keys)}
    own = [each for each in items(passwords) if text(each, "keyId") not in of_keys or not of_keys]
    return {**record, "passwordCredentials": own}


def certificates(before: Node, after: Node) -> tuple[Node, Node]:
    """Key credentials as certificates, each once, by thumbprint where anything on either side tells it."""
    known = _Known([*items(before), *items(after)])
    return known.certificates(before), known.certificates(after)


class _Known:
    """What tells which certificate a key credential stands for."""

    def __init__(self, keys: Iterable[Node]) -> None:
        self._keys = list(keys)
        self._certificates: dict[str, Certificate] = {}
        self._by_name: dict[str, str] = {}
        for key in self._keys:
            certificate = _certificate(text(key, "key"))
            if certificate is not None:
                self._certificates[certificate.thumbprint] = certificate
                self._by_name.update(dict.fromkeys(_names(key), certificate.thumbprint))

    def certificates(self, keys: Node) -> Node:
        """The certificates that a list of key credentials is about; gaps in it stay."""
        if keys is None or isinstance(keys, Gap):
            return keys
        groups: dict[str, list[Node]] = {}
        rest: list[Node] = []
        for key in items(keys):
            if isinstance(key, Mapping):
                groups.setdefault(self._identity(key), []).append(key)
            else:
                rest.append(key)
        return [*(self._told(id, group) for id, group in sorted(groups.items())), *rest]

    def _identity(self, key: Node) -> str:
        certificate = _certificate(text(key, "key"))
        if certificate is not None:
            return certificate.thumbprint
        for name in _names(key):
            if name in self._by_name:
                return self._by_name[name]
        identifier = text(key, "customKeyIdentifier")
        if identifier is not None:
            for certificate in self._certificates.values():
                if identifies(identifier, certificate):
                    return certificate.thumbprint
            return thumbprint_of_identifier(identifier) or identifier
        return (text(key, "keyId") or canonical(key)).lower()

    def _told(self, id: str, group: list[Node]) -> Node:
        main = min(group, key=lambda key: (text(key, "usage") != "Sign", text(key, "keyId") or ""))
        values = cast(Mapping[str, Node], main)
        certificate = self._certificates.get(id)
        return {
            "thumbprint": id,
            "subject": None if certificate is None else certificate.subject,
            "displayName": values.get("displayName"),
            "startDateTime": values.get("startDateTime"),
            "endDateTime": values.get("endDateTime"),
            "type": values.get("type"),
            "usage": sorted({usage for key in group if (usage := text(key, "usage"))}),
            "keyIds": sorted({key_id for key in group if (key_id := text(key, "keyId"))}),
        }


def _names(key: Node) -> list[str]:
    """What else than its bytes names the certificate of a key credential."""
    return [name for name in (text(key, "customKeyIdentifier"), text(key, "keyId")) if name]


def _certificate(key: str | None) -> Certificate | None:
    try:
        return None if key is None else from_base64(key)
    except CertificateError:
        return None


def metadata(before: Node, after: Node) -> tuple[Node, Node]:
    """Federation metadata by what it says; its id, its signature and its layout say nothing."""
    return _metadata(before), _metadata(after)


def _metadata(record: Node) -> Node:
    document = text(record, "document")
    if document is None:
        return record
    return _document(base64.b64decode(document))


def _document(data: bytes) -> Node:
    try:
        entity = read_entity(open_document(data).root)
    except DocumentRefused:
        return {"document": {"sha256": hashlib.sha256(data).hexdigest()}}
    return {
        "document": {
            "entityId": entity.entity_id,
            "singleSignOnUrls": list(entity.single_sign_on_urls),
            "singleLogoutUrls": list(entity.single_logout_urls),
            "certificates": [_listed(certificate) for certificate in entity.certificates],
        }
    }


def _listed(certificate: Certificate) -> Node:
    return {
        "thumbprint": certificate.thumbprint,
        "subject": certificate.subject,
        "notAfter": certificate.not_after,
    }


def declaration(before: Node, after: Node) -> tuple[Node, Node]:
    """What a service provider was told, its files by what they hold."""
    return _declaration(before), _declaration(after)


def _declaration(record: Node) -> Node:
    if not isinstance(record, Mapping):
        return record
    told = dict(record)
    if "metadataFile" in told:
        told["metadataFile"] = _metadata(told["metadataFile"])
    if items(told.get("certificates")):
        told["certificates"] = [
            item
            if (certificate := _certificate(item if isinstance(item, str) else None)) is None
            else _listed(certificate)
            for item in items(told["certificates"])
        ]
    return told


def what_both_say(before: Node, after: Node) -> tuple[Node, Node]:
    """Two objects without the properties that only one of them has: they were read in different places."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return before, after
    both = before.keys() & after.keys()
    return (
        {name: value for name, value in before.items() if name in both},
        {name: value for name, value in after.items() if name in both},
    )


def scopes(before: Node, after: Node) -> tuple[Node, Node]:
    """Delegated permissions as a set: Graph writes them in one text, separated by spaces."""
    return _scopes(before), _scopes(after)


def _scopes(scope: Node) -> Node:
    return list(scope.split()) if isinstance(scope, str) else scope


def identity_alone(before: Node, after: Node) -> tuple[Node, Node]:
    """The id of an object, or null where there is none."""
    return text(before, "id"), text(after, "id")
