"""How Graph shows a user: asked for alone, as an owner, as a member of a group.

Microsoft Graph documentation, "user resource type". An application that may not read users gets members
of a relation nevertheless, with `@odata.type` and `id` alone and null for everything else ("Limited
information returned for inaccessible member objects"): such a null says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from auditor.collect.collector import Origin, normalise
from auditor.model.node import Json, Node

PERMISSION = "User.Read.All"
"""The least that shows whether an account is enabled, and of which type it is."""

USER = (
    "id",
    "displayName",
    "userPrincipalName",
    "mail",
    "accountEnabled",
    "userType",
    "externalUserState",
    "externalUserStateChangeDateTime",
    "createdDateTime",
)
"""What is asked of every user; all but the names need `$select`."""

NULL_MEANS = {
    "mail": "the user has no mail address",
    "externalUserState": "the user was not invited",
    "externalUserStateChangeDateTime": "the user was not invited",
    "createdDateTime": "created before June 2018, or synchronized from on premises before then",
}
"""Of a user who is visible at all; every other null hides a value."""

NULL_MEANS_ELSEWHERE = {"displayName": "not shown; nothing is judged by the name of what is no user"}
"""Of a group, a device, a contact or a service principal among members and owners."""


def user(value: Mapping[str, Json], *, origin: Origin, select: Iterable[str] = USER) -> dict[str, Node]:
    """The selected properties of a user.

    Name and state of the account are required properties: where one of them is missing, this application
    is not shown the user, and no null means anything. `origin.permission` cures that, and nothing else.
    """
    shown = value.get("userPrincipalName") is not None and value.get("accountEnabled") is not None
    return normalise(
        value,
        select=select,
        null_means=NULL_MEANS if shown else {},
        origin=replace(origin, permission=None) if shown else origin,
    )


def directory_object(
    value: Mapping[str, Json], *, origin: Origin, select: Iterable[str] = USER
) -> dict[str, Node]:
    """A member or an owner, with `type`: user, group, servicePrincipal, device, orgContact.

    What only users have is null for the others.
    """
    kind = _type(value)
    if kind is None:
        unknown = origin.gap(f"@odata.type is not in the answer to {origin.request}")
        return {**user(value, origin=origin, select=select), "type": unknown}
    if kind == "user":
        return {**user(value, origin=origin, select=select), "type": kind}
    shared = [name for name in select if name in ("id", "displayName")]
    known = normalise(value, select=shared, null_means=NULL_MEANS_ELSEWHERE, origin=origin)
    return {**dict.fromkeys(select), **known, "type": kind}


def _type(value: Mapping[str, Json]) -> str | None:
    kind = value.get("@odata.type")
    return kind.rpartition(".")[2] if isinstance(kind, str) and kind else None
