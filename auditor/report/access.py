"""Who may use each application, from the snapshot; what could not be read stays unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.model.access import Access, Assigned
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.snapshot import Record, Snapshot

MOST_NAMED = 25
"""Assignments that a report names per application; the numbers count all."""

_KINDS = {"User": "user", "Group": "group", "ServicePrincipal": "servicePrincipal"}
_ORDER = ("group", "user")
_NOT_ASKED = "this collection did not read it"


class AccessReader:
    """Reads one snapshot; members of a group that many applications share are counted once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._groups: dict[str, _Members] = {}

    def access(self, service_principal_id: str) -> Access:
        """Who may use the application."""
        record = self._snapshot.record("appRoleAssignedTo", service_principal_id)
        request = record.requests[-1] if record is not None and record.requests else None
        listed = _NOT_ASKED if record is None else record.value
        assignments = [item for item in _sequence(listed) if isinstance(item, Mapping)]
        unseen = _unlisted(listed)
        kinds = [_kind(item) for item in assignments]
        people = self._people(assignments) if unseen is None else None
        shown = sorted(assignments, key=_order)[:MOST_NAMED]
        return Access(
            assignment_required=self._assignment_required(service_principal_id),
            users=None if unseen else kinds.count("user"),
            groups=None if unseen else kinds.count("group"),
            service_principals=None if unseen else kinds.count("servicePrincipal"),
            people=None if people is None else len(people),
            assigned=tuple(self._assigned(item) for item in shown),
            unseen=unseen,
            source="" if request is None else str(request),
            collected_at=None if request is None else request.at,
        )

    def _assignment_required(self, service_principal_id: str) -> bool | None:
        principal = _value(self._snapshot.record("servicePrincipals", service_principal_id))
        required = principal.get("appRoleAssignmentRequired") if isinstance(principal, Mapping) else None
        return required if isinstance(required, bool) else None

    def _people(self, assignments: Sequence[Mapping[str, Node]]) -> set[str] | None:
        """Object ids of everybody whom an assignment lets in; None when one of them is not known."""
        found: set[str] = set()
        for item in assignments:
            kind, principal = _kind(item), _text(item, "principalId")
            if principal is None or kind not in _KINDS.values():
                return None
            if kind == "user":
                found.add(principal)
            elif kind == "group":
                members = self._members(principal)
                if members.ids is None:
                    return None
                found |= members.ids
        return found

    def _assigned(self, item: Mapping[str, Node]) -> Assigned:
        kind, principal = _kind(item), _text(item, "principalId")
        name = _text(item, "principalDisplayName")
        if principal is None or kind not in ("user", "group"):
            return Assigned(kind=kind, id=principal, name=name)
        if kind == "group":
            members = self._members(principal)
            return Assigned(
                kind=kind,
                id=principal,
                name=name,
                members=None if members.ids is None else len(members.ids),
                guests=members.guests,
                disabled=members.disabled,
                unseen=members.unseen,
            )
        user = _value(self._snapshot.record("users", principal))
        known = user if isinstance(user, Mapping) else {}
        enabled = known.get("accountEnabled")
        gaps = [user, *(known.get(each) for each in ("userType", "accountEnabled", "userPrincipalName"))]
        return Assigned(
            kind=kind,
            id=principal,
            name=name,
            user_principal_name=_text(known, "userPrincipalName"),
            user_type=_text(known, "userType"),
            account_enabled=enabled if isinstance(enabled, bool) else None,
            unseen=next((why for gap in gaps if (why := _unseen(gap)) is not None), None),
        )

    def _members(self, group: str) -> _Members:
        if group not in self._groups:
            self._groups[group] = _Members(_value(self._snapshot.record("groupMembers", group)))
        return self._groups[group]


class _Members:
    """The users who are direct members of a group; what is not known of one of them is not known of all."""

    def __init__(self, listed: Node) -> None:
        members = [item for item in _sequence(listed) if isinstance(item, Mapping)]
        users = [item for item in members if item.get("type") == "user"]
        ids = [_text(user, "id") for user in users]
        self.unseen = _unlisted(listed)
        self.ids: set[str] | None = None
        self.guests: int | None = None
        self.disabled: int | None = None
        if self.unseen is not None:
            return
        untold = next((item.get("type") for item in members if _text(item, "type") is None), None)
        if None in ids or any(_text(item, "type") is None for item in members):
            self.unseen = _unseen(untold) or "the answer does not tell who a member is"
            return
        self.ids = {id for id in ids if id is not None}
        self.guests = _count(users, "userType", "Guest")
        self.disabled = _count(users, "accountEnabled", False)
        hidden = [user.get(name) for user in users for name in ("userType", "accountEnabled")]
        self.unseen = next((why for gap in hidden if (why := _unseen(gap))), None)


def _count(users: Sequence[Mapping[str, Node]], name: str, wanted: Node) -> int | None:
    values = [user.get(name) for user in users]
    return None if any(isinstance(value, Gap) for value in values) else values.count(wanted)


def _value(record: Record | None) -> Node:
    return _NOT_ASKED if record is None else record.value


def _sequence(value: Node) -> Sequence[Node]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _unlisted(value: Node) -> str | None:
    """Why the list, or an element of it, is not known; None when all of it is."""
    if value == _NOT_ASKED or isinstance(value, Gap):
        return _unseen(value)
    elements = _sequence(value)
    strange = next((each for each in elements if not isinstance(each, Mapping)), None)
    if (
        None not in elements
        and strange is None
        and isinstance(value, Sequence)
        and not isinstance(value, str)
    ):
        return None
    return _unseen(strange) or "the answer is not what Graph documents"


def _unseen(value: Node) -> str | None:
    """Why it is not known, with what cures it; None when it is."""
    if value == _NOT_ASKED:
        return _NOT_ASKED
    if not isinstance(value, Gap):
        return None
    cure = f"; grant {value.permission}" if value.permission else ""
    cure = f"; needs the licence {value.licence}" if value.licence else cure
    return f"{value.detail.rstrip('.')}{cure}"


def _text(item: Mapping[str, Node], name: str) -> str | None:
    value = item.get(name)
    return value if isinstance(value, str) and value else None


def _kind(item: Mapping[str, Node]) -> str:
    kind = _text(item, "principalType") or "unknown"
    return _KINDS.get(kind, kind)


def _order(item: Mapping[str, Node]) -> tuple[int, str, str]:
    kind = _kind(item)
    rank = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return rank, (_text(item, "principalDisplayName") or "").casefold(), _text(item, "principalId") or ""
