"""Who gained and who lost access, and through which assignment.

Access is what an assignment gives: to the user or service principal itself, or to the direct members of
the group; Entra gives members of nested groups none (Microsoft Entra documentation, "Assign users and groups
to an application"). Somebody who loses one of two assignments keeps access: both are told, and told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from auditor.drift.meaning import items, text
from auditor.drift.people import people
from auditor.drift.scope import Scope, reference
from auditor.drift.telling import NOBODY_ASKED, order_of_application
from auditor.model.change import AccessChange, AccessKind, Principal, Via, ViaKind
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.snapshot import Snapshot, Target

_CAN_SIGN_IN = ("user", "servicePrincipal")
"""A device or a contact in a group cannot, and a group in a group hands nothing on."""

Way: TypeAlias = tuple[str, str | None]
"""A principal, and the group that it has access through; None: it is assigned itself. Lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Access:
    """Who has access to one application in one snapshot."""

    ways: Mapping[Way, Principal]
    groups: Mapping[str, str]
    """Names of the groups that are assigned, by id."""
    unread: frozenset[str]
    """Those of them whose members could not be read."""


def access_changes(before: Snapshot, after: Snapshot, scope: Scope) -> tuple[AccessChange, ...]:
    """All of them, of the applications that both snapshots looked at."""
    then, now = _Reading(before), _Reading(after)
    found = [
        change
        for target in scope.both.values()
        for change in _of_application(target, then.access(target), now.access(target))
    ]
    return tuple(sorted(found, key=_order))


def _of_application(target: Target, was: _Access | None, now: _Access | None) -> Iterator[AccessChange]:
    if was is None or now is None:
        return  # the comparison of the section says why
    unread = was.unread | now.unread
    was, now = _with_unread_groups(was, now), _with_unread_groups(now, was)
    for way in was.ways.keys() ^ now.ways.keys():
        principal, group = way
        if group in unread:
            continue
        gained = way in now.ways
        side, other = (now, was) if gained else (was, now)
        elsewhere = any(each == principal for each, _ in other.ways)
        via = (
            Via(kind=ViaKind.DIRECT)
            if group is None
            else Via(kind=ViaKind.GROUP, id=group, name=side.groups[group])
        )
        yield AccessChange(
            application=reference(target),
            principal=side.ways[way],
            kind=AccessKind.GAINED if gained else AccessKind.LOST,
            via=via,
            effective=False if elsewhere else None if other.unread else True,
            attribution=NOBODY_ASKED,
        )


def _with_unread_groups(side: _Access, other: _Access) -> _Access:
    """With the group itself, where its members are not known and the other side does not have it at all."""
    alone: dict[Way, Principal] = {
        (group, None): Principal(
            kind="group", id=group, name=side.groups[group], user_type=None, account_enabled=None
        )
        for group in side.unread - other.groups.keys()
    }
    return _Access(ways={**side.ways, **alone}, groups=side.groups, unread=side.unread)


class _Reading:
    """Reads from one snapshot who has access."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._people = people(snapshot)

    def access(self, target: Target) -> _Access | None:
        """Who has access; None when the assignments could not be read whole."""
        record = self._snapshot.record("appRoleAssignedTo", target.service_principal_id)
        if record is None or isinstance(record.value, Gap):
            return None
        ways: dict[Way, Principal] = {}
        groups: dict[str, str] = {}
        unread: set[str] = set()
        for item in items(record.value):
            id, kind = text(item, "principalId"), text(item, "principalType")
            if id is None or kind is None:
                return None
            name = text(item, "principalDisplayName")
            if kind != "Group":
                ways[id.lower(), None] = self._principal(id, kind[:1].lower() + kind[1:], name)
                continue
            groups[id.lower()] = self._group_name(id) or name or id
            members = self._members(id)
            if members is None:
                unread.add(id.lower())
            else:
                ways.update({(member, id.lower()): principal for member, principal in members.items()})
        return _Access(ways=ways, groups=groups, unread=frozenset(unread))

    def _members(self, group: str) -> dict[str, Principal] | None:
        record = self._snapshot.record("groupMembers", group)
        if record is None or isinstance(record.value, Gap):
            return None
        found: dict[str, Principal] = {}
        for item in items(record.value):
            id, kind = text(item, "id"), text(item, "type")
            if id is None or kind is None:
                return None
            if kind in _CAN_SIGN_IN:
                found[id.lower()] = self._principal(id, kind, text(item, "displayName"))
        return found

    def _group_name(self, id: str) -> str | None:
        record = self._snapshot.record("groups", id)
        return None if record is None else text(record.value, "displayName")

    def _principal(self, id: str, kind: str, name: str | None) -> Principal:
        known = self._people.get(id.lower())
        enabled: Node = known.get("accountEnabled") if isinstance(known, Mapping) else None
        return Principal(
            kind=kind,
            id=id,
            name=text(known, "userPrincipalName") or text(known, "displayName") or name,
            user_type=text(known, "userType"),
            account_enabled=enabled if isinstance(enabled, bool) else None,
        )


def _order(change: AccessChange) -> tuple[str, ...]:
    principal, via = change.principal, change.via
    name = (principal.name or principal.id).casefold()
    return (*order_of_application(change.application), name, principal.id, change.kind, via.id or "")
