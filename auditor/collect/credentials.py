"""Key and password credentials of a service principal or a registration.

Microsoft Graph documentation, "keyCredential resource type" and "passwordCredential resource type".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.collect.collector import Origin, normalise
from auditor.model.gap import Gap
from auditor.model.node import Node

KEY = ("customKeyIdentifier", "displayName", "endDateTime", "key", "keyId", "startDateTime", "type", "usage")

PASSWORD = ("customKeyIdentifier", "displayName", "endDateTime", "keyId", "startDateTime")

NULL_MEANS = {"customKeyIdentifier": "none is set", "displayName": "it has no name"}
"""Dates that are null are unknown, not unlimited."""


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
