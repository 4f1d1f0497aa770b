"""`assignments`: who may use the application, and through which assignment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.people import Judge
from auditor.evaluate.evidence.reading import Item, Source, Unread, attempt, by_id, derive, known
from auditor.evaluate.evidence.settings import configuration_request
from auditor.model.gap import Gap
from auditor.model.node import Node, Read

ALL_USERS_RULES = frozenset(
    {
        frozenset({"user.objectid ne null"}),
        frozenset({"user.objectid ne null", 'user.usertype eq "member"'}),
    }
)
"""The documented all-users rules as sets of conditions: everybody, and everybody but guests.

Microsoft Entra documentation, "Manage rules for dynamic membership groups", "Create an All users rule".
"""


def assignments(material: Material) -> Node:
    """The root `assignments`.

    `people` are the user that is assigned, or the users who are direct members of the group: Entra gives
    members of nested groups no access.
    """
    return _Assignments(material).root()


@dataclass(frozen=True, slots=True)
class _Assignments:
    material: Material

    def root(self) -> Node:
        assigned = self.material.own("appRoleAssignedTo")
        return assigned.read(derive(lambda: [self._entry(item) for item in by_id(assigned.items())]))

    def _entry(self, item: Item) -> Mapping[str, Node]:
        names = ("id", "principalId", "principalType", "principalDisplayName", "appRoleId", "createdDateTime")
        people = attempt(lambda: self._people(item))
        return {
            **{name: item.node(name) for name in names},
            "group": derive(lambda: self._group(item)),
            "people": people,
        }

    def _people(self, item: Item) -> Node:
        kind, principal = item.text("principalType"), item.text("principalId")
        if kind == "User":
            user = self.material.about("users", principal)
            return [user.read(derive(lambda: self._person(user.item())))]
        if kind == "Group":
            members = self._members(principal)
            return members.read(derive(lambda: [self._member(user) for user in _users(members)]))
        if kind == "ServicePrincipal":
            return []
        raise Unread(item.source.gap(f"an assignment to a {kind}, which this program does not know"))

    def _person(self, user: Item) -> Node:
        return Judge(configured=self.material.configured, at=self.material.at).person(user)

    def _member(self, user: Item | Gap) -> Node:
        return user if isinstance(user, Gap) else self._person(user)

    def _members(self, group_id: str) -> Source:
        return self.material.about("groupMembers", group_id)

    def _group(self, item: Item) -> Node:
        if item.text("principalType") != "Group":
            return None
        group_id = item.text("principalId")
        group, members = self.material.about("groups", group_id), self._members(group_id)
        count = attempt(lambda: _member_count(members))
        return {
            "id": group_id,
            "displayName": group.read(derive(lambda: group.item().optional_text("displayName"))),
            "memberCount": members.read(count),
            "percentOfMembers": self._percent(count, members),
            "dynamicAllUsers": group.read(derive(lambda: _is_all_users(group.item()))),
            "allowed": derive(lambda: self._allowed(group_id, group)),
        }

    def _percent(self, count: int | Gap, members: Source) -> Node:
        everybody = self.material.tenant("enabledMemberCount")
        share = attempt(lambda: _percent(known(count), _number(everybody)))
        return share if isinstance(share, Gap) else Read(share, (*members.requests, *everybody.requests))

    def _allowed(self, group_id: str, group: Source) -> Node:
        allowed = {name.lower() for name in self.material.configured.allow.groups}
        configuration = configuration_request(self.material.snapshot)
        if not allowed or group_id.lower() in allowed:
            return Read(bool(allowed), (configuration,))
        name = group.item().optional_text("displayName") or ""
        return Read(name.lower() in allowed, (*group.requests, configuration))


def _users(members: Source) -> Sequence[Item | Gap]:
    """The members who are users, then a gap for each of whom that could not be told. Raises Unread.

    Nested groups convey no access, devices and service principals are nobody.
    """
    users = [attempt(partial(_user, node, members)) for node in members.nodes()]
    gaps = [user for user in users if isinstance(user, Gap)]
    return [*by_id(user for user in users if isinstance(user, Item)), *gaps]


def _user(member: Node, members: Source) -> Item | None:
    item = members.item_of(member)
    return item if item.text("type") == "user" else None


def _member_count(members: Source) -> int:
    return len([known(user) for user in _users(members)])


def _number(source: Source) -> int:
    value = source.value
    if isinstance(value, Gap):
        raise Unread(value)
    if isinstance(value, int):
        return value
    raise Unread(source.gap(f"{source.section} is not a number"))


def _percent(count: int, everybody: int) -> float:
    """`count` as percentage of `everybody`, rounded up to hundredths: what is over a limit stays over it."""
    if everybody <= 0:
        return 100 if count else 0
    hundredths = -(-10_000 * count // everybody)
    return hundredths / 100


def _is_all_users(group: Item) -> bool:
    if "DynamicMembership" not in group.texts("groupTypes"):
        return False
    return _conditions(group.optional_text("membershipRule") or "") in ALL_USERS_RULES


def _conditions(rule: str) -> frozenset[str]:
    """The conditions of a membership rule that are joined by `and`.

    Operators may be written with or without hyphen, in any case; parentheses around a condition are optional.
    """
    spaced = re.sub(r"[\s()]+", " ", rule.lower().replace("'", '"').replace("$null", "null"))
    bare = re.sub(r"(?:^| )[-–](?=[a-z])", " ", spaced)
    return frozenset(condition.strip() for condition in bare.strip().split(" and "))
