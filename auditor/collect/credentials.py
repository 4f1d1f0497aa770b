"""Key and password credentials of a service principal or a registration.

Microsoft Graph documentation, "keyCredential resource type" and "passwordCredential resource type". Where a
list leaves `key` out, the certificate may be known from the federation metadata: `customKeyIdentifier` says
which one it is, being the SHA-1 of the certificate, or the SHA-256 of the thumbprint's letters (the recipe
for uploaded certificates in "Configure SAML-based single sign-on"). So nothing has to be believed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence

from auditor.collect.collector import Origin, normalise
from auditor.model.gap import Gap
from auditor.model.node import Node

KEY = ("customKeyIdentifier", "displayName", "endDateTime", "key", "keyId", "startDateTime", "type", "usage")

PASSWORD = ("customKeyIdentifier", "displayName", "endDateTime", "keyId", "startDateTime")

NULL_MEANS = {"customKeyIdentifier": "none is set", "displayName": "it has no name"}
"""Dates that are null are unknown, not unlimited."""

X509 = re.compile(rb"<(?:[\w.-]+:)?X509Certificate[^>]*>([A-Za-z0-9+/=\s]+)<", re.ASCII)


def credentials(found: Node, *, select: Sequence[str], origin: Origin) -> Node:
    """A list of credentials, each with the selected properties or gaps in their place."""
    if isinstance(found, Gap) or not isinstance(found, Sequence):
        return found
    return [
        normalise(item, select=select, null_means=NULL_MEANS, origin=origin)  # type: ignore[arg-type]
        if isinstance(item, Mapping)
        else origin.gap("a credential is no object")
        for item in found
    ]


def certificates_in(metadata: Node) -> Mapping[bytes, str]:
    """The certificates in a record of federationMetadata, base64 of the DER, by what may identify them.

    Nothing is verified: that is done by what identifies them.
    """
    document = metadata.get("document") if isinstance(metadata, Mapping) else None
    if not isinstance(document, str):
        return {}
    found: dict[bytes, str] = {}
    for match in X509.finditer(base64.b64decode(document)):
        try:
            der = base64.b64decode(match.group(1))
        except ValueError:
            continue
        if not der:
            continue
        sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
        uploaded = hashlib.sha256(sha1.hex().upper().encode()).digest()
        found[sha1] = found[uploaded] = base64.b64encode(der).decode()
    return found


def with_certificates(keys: Node, certificates: Mapping[bytes, str]) -> Node:
    """Key credentials whose `key` is missing, with the certificate that their identifier means."""
    if isinstance(keys, Gap) or not isinstance(keys, Sequence):
        return keys
    return [_with_certificate(key, certificates) for key in keys]


def _with_certificate(key: Node, certificates: Mapping[bytes, str]) -> Node:
    if not isinstance(key, Mapping) or not isinstance(key["key"], Gap):
        return key
    identifier = key["customKeyIdentifier"]
    try:
        meant = base64.b64decode(identifier) if isinstance(identifier, str) else b""
    except ValueError:
        return key
    return {**key, "key": certificates[meant]} if meant in certificates else key
