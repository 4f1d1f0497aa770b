"""Which applications have to do with an object that is none: through assignments, owners, policies, mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from auditor.drift.meaning import items, text
from auditor.model.node import Node
from auditor.model.snapshot import Snapshot


def concerned(snapshots: Iterable[Snapshot]) -> Mapping[str, frozenset[str]]:
    """Object id, appId or mail address, in lower case, to service principals' object ids in lower case."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for snapshot in snapshots:
        _note(found, snapshot)
    return {object: frozenset(ids) for object, ids in found.items()}


def _note(found: defaultdict[str, set[str]], snapshot: Snapshot) -> None:
    for target in snapshot.targets:
        id = target.service_principal_id.lower()
        found[id].add(id)
        found[target.app_id.lower()].add(id)
        registration = text(_value(snapshot, "applications", target.service_principal_id), "id")
        if registration is not None:
            found[registration.lower()].add(id)
        for object in _of_application(snapshot, target.service_principal_id):
            found[object.lower()].add(id)
    for kind in ("claimsMappingPolicies", "tokenIssuancePolicies"):
        for policy in items(_value(snapshot, kind)):
            assigned = policy.get("appliesTo") if isinstance(policy, Mapping) else None
            ids = [text(item, "id") for item in items(assigned)]
            _join(found, text(policy, "id"), ids)
    for policy in items(_value(snapshot, "conditionalAccessPolicies")):
        _join(found, text(policy, "id"), _named_by(policy))


def _join(found: defaultdict[str, set[str]], policy: str | None, ids: Iterable[str | None]) -> None:
    """A policy has to do with those applications among `ids` that are known already."""
    if policy is not None:
        for id in ids:
            found[policy.lower()] |= found.get((id or "").lower(), set())


def _of_application(snapshot: Snapshot, id: str) -> Iterator[str]:
    """Objects that an application's own records name, and the members of the groups among them."""
    for section in ("owners", "applicationOwners"):
        yield from filter(None, (text(item, "id") for item in items(_value(snapshot, section, id))))
    for item in items(_value(snapshot, "appRoleAssignedTo", id)):
        principal = text(item, "principalId")
        if principal is not None:
            yield principal
            members = items(_value(snapshot, "groupMembers", principal))
            yield from filter(None, (text(member, "id") for member in members))
    principal_record = _value(snapshot, "servicePrincipals", id)
    if isinstance(principal_record, Mapping):
        addresses = items(principal_record.get("notificationEmailAddresses"))
        for address in (each.lower() for each in addresses if isinstance(each, str)):
            yield address
            recipient = text(_value(snapshot, "notificationRecipients", address), "id")
            if recipient is not None:
                yield recipient


def _named_by(policy: Node) -> Iterator[str]:
    conditions = policy.get("conditions") if isinstance(policy, Mapping) else None
    applications = conditions.get("applications") if isinstance(conditions, Mapping) else None
    if isinstance(applications, Mapping):
        for name in ("includeApplications", "excludeApplications"):
            yield from (each for each in items(applications.get(name)) if isinstance(each, str))


def _value(snapshot: Snapshot, section: str, subject: str = "tenant") -> Node:
    record = snapshot.record(section, subject)
    return None if record is None else record.value
