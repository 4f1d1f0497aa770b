"""Who changed what: `GET /auditLogs/directoryAudits`, reduced before it is kept.

Documentation: "List directoryAudits" (directoryaudit-list), AuditLog.Read.All and Directory.Read.All, global
and US Government clouds, five requests in ten seconds; no licence, which only decides how long entries are
kept: 7 days, with Microsoft Entra ID P1 or P2 30 ("Microsoft Entra data retention"). Entries appear minutes
to hours after the fact, so that the window begins an hour before the last snapshot, and this section is read
last of all. It is read only where nights are compared: nothing else rests on it.

The value: {from, to, retentionDays, entries}. `from` to `to` is the stretch that was asked about,
`retentionDays` 7, 30, or null when the licence is not known. An entry is kept when it is about an object of
this snapshot or of the last one, named as a target or in a modified property (a permission is granted on the
resource, and names the client there): {id, activityDateTime, activityDisplayName, category, result,
correlationId, initiatedBy: {user: {id, userPrincipalName, displayName, ipAddress} | null,
app: {servicePrincipalId, appId, displayName} | null}, targetResources: [{id, type, displayName,
modifiedProperties: [{displayName, oldValue, newValue}]}]}. Values are JSON inside of strings, as Graph sends
them. Of people, properties that no snapshot holds (telephone numbers, sign-in methods) are forgotten here,
and so is an entry that is about nothing else.

Null: `initiatedBy` and its halves, names, correlationId, `oldValue` and `newValue` may be. An entry without
time or targets is unreadable, and then so is the whole: it could be about anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from auditor.collect.collector import Collector, Context, Origin, refused_record, unavailable
from auditor.graph.answer import Refusal
from auditor.graph.question import timestamp
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node
from auditor.model.snapshot import TENANT, Per, Record, Section, Snapshot

OVERLAP = timedelta(hours=1)
"""So much before the last snapshot began: what was logged late, and what happened while it was read."""

FIRST = timedelta(hours=24)
"""What is asked about when there is no last snapshot."""

PAGE = 999
PAGES = 60
"""At half a request a second two minutes."""

RETENTION, RETENTION_WITHOUT_LICENCE = 30, 7
"""Days."""

LISTED = {
    "owners": "id",
    "applicationOwners": "id",
    "appRoleAssignedTo": "principalId",
    "groupMembers": "id",
    "claimsMappingPolicies": "id",
    "tokenIssuancePolicies": "id",
    "conditionalAccessPolicies": "id",
}
"""Sections whose records are lists of objects, or of relations to them, and where the object's id stands."""

SINGLE = ("applications", "notificationRecipients", "organization", "testUser")
"""Sections whose records are objects."""

BY_SUBJECT = ("servicePrincipals", "users", "groups")
"""Sections whose subjects are objects."""

OF_PEOPLE = frozenset(
    {
        "AccountEnabled",
        "DisplayName",
        "Mail",
        "ProxyAddresses",
        "OtherMail",
        "UserPrincipalName",
        "UserState",
        "UserStateChangedOn",
        "UserType",
        "AssignedLicense",
    }
)
"""Properties of a user that a snapshot holds something of, as the log spells them."""

NOTHING_CHANGED = frozenset({"Included Updated Properties", "Action Client Name"})
"""Entries of `modifiedProperties` that are no properties."""

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


async def run(context: Context) -> Mapping[str, Record]:
    """One record: the entries since the last snapshot."""
    return await read_log(context, pages=PAGES)


async def read_log(context: Context, *, pages: int) -> dict[str, Record]:
    """The same, with a budget of so many pages."""
    if context.cloud.name == "china":
        return {TENANT: unavailable(COLLECTOR, TENANT, context.cloud)}
    since = timestamp(window_start(context.last, context.at))
    answer = await context.graph.list(
        context.graph.sdk.audit_logs.directory_audits,
        filter=f"activityDateTime ge {since}",
        top=PAGE,
        max_pages=pages,
    )
    if isinstance(answer, Refusal):
        return {TENANT: refused_record(COLLECTOR, TENANT, answer)}
    known = mentioned(context.sections)
    if context.last is not None:
        known |= mentioned(context.last.sections)
    origin = Origin(section=COLLECTOR.section, subject=TENANT, request=answer.request)
    entries = _entries(answer.objects, known, since, origin)
    value: Node = (
        entries
        if isinstance(entries, Gap)
        else {
            "from": since,
            "to": answer.request.at,
            "retentionDays": _retention(context),
            "entries": entries,
        }
    )
    return {TENANT: Record(value=value, requests=(answer.request,))}


def window_start(last: Snapshot | None, at: datetime) -> datetime:
    """Where the window begins; `at` is when this collection began.

    A last snapshot from the future (a clock was set back) says nothing about when it was: then it is as
    without one.
    """
    began = None if last is None else datetime.fromisoformat(last.started_at)
    return at - FIRST if began is None or began > at else began - OVERLAP


def mentioned(sections: Mapping[str, Section]) -> set[str]:
    """Ids of the directory objects that a snapshot is about, in lower case."""
    found: set[str] = set()
    for name, section in sections.items():
        if name in BY_SUBJECT:
            found.update(subject.lower() for subject in section.records)
        for record in section.records.values():
            value = record.value
            if name in SINGLE and isinstance(value, Mapping):
                found.add(str(value.get("id")).lower())
            if name in LISTED and isinstance(value, Sequence):
                found.update(
                    str(item.get(LISTED[name])).lower() for item in value if isinstance(item, Mapping)
                )
    return found


def _retention(context: Context) -> int | None:
    """Days that the log goes back, as the sign-in log betrays: it needs the licence that decides this."""
    section = context.sections.get("signIns")
    values = [record.value for record in section.records.values()] if section else []
    if any(isinstance(value, Gap) and value.reason is Reason.LICENCE for value in values):
        return RETENTION_WITHOUT_LICENCE
    return RETENTION if any(isinstance(value, Mapping) for value in values) else None


def _entries(
    objects: Iterable[Mapping[str, Json]], known: Collection[str], since: str, origin: Origin
) -> list[Node] | Gap:
    """What is kept, oldest first."""
    begin = datetime.fromisoformat(since)
    kept: list[tuple[datetime, str, Node]] = []
    for entry in objects:
        at = _time(entry.get("activityDateTime"))
        targets = entry.get("targetResources")
        if at is None:
            return origin.gap("activityDateTime is not in an entry of the log, or no time")
        if "targetResources" not in entry or isinstance(targets, str | int):
            return origin.gap("targetResources is not in an entry of the log, or no list")
        listed = [target for target in targets or () if isinstance(target, Mapping)]  # type: ignore[union-attr]
        if at < begin or not _concerns(listed, known):
            continue
        reduced = [_target(target) for target in listed]
        if _deletes(entry) or not _is_only_about_what_nobody_keeps(listed, reduced):
            kept.append((at, str(entry.get("id")), _entry(entry, reduced)))
    return [entry for *_, entry in sorted(kept, key=lambda each: each[:2])]


def _time(value: Json) -> datetime | None:
    """With fractions to seven digits, and Z or an offset."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _concerns(targets: Iterable[Mapping[str, Json]], known: Collection[str]) -> bool:
    for target in targets:
        if str(target.get("id")).lower() in known:
            return True
        for changed in _modified(target):
            values = f"{changed.get('oldValue')} {changed.get('newValue')}"
            if any(id.lower() in known for id in _GUID.findall(values)):
                return True
    return False


def _entry(entry: Mapping[str, Json], targets: Sequence[Node]) -> dict[str, Node]:
    plain = ("id", "activityDateTime", "activityDisplayName", "category", "result", "correlationId")
    initiated = entry.get("initiatedBy")
    by = initiated if isinstance(initiated, Mapping) else {}
    return {
        **{name: entry.get(name) for name in plain},
        "initiatedBy": {
            "user": _part(by.get("user"), ("id", "userPrincipalName", "displayName", "ipAddress")),
            "app": _part(by.get("app"), ("servicePrincipalId", "appId", "displayName")),
        },
        "targetResources": targets,
    }


def _part(value: Json, names: Sequence[str]) -> Node:
    return {name: value.get(name) for name in names} if isinstance(value, Mapping) else None


def _target(target: Mapping[str, Json]) -> dict[str, Node]:
    """Reduced. The example of the documentation spells `type` with a capital letter."""
    kind = target.get("type", target.get("Type"))
    changed = [
        {name: _text(modified.get(name)) for name in ("displayName", "oldValue", "newValue")}
        for modified in _modified(target)
        if kind != "User" or _is_kept_of_people(str(modified.get("displayName")))
    ]
    return {
        "id": target.get("id"),
        "type": kind,
        "displayName": target.get("displayName"),
        "modifiedProperties": changed,
    }


def _text(value: Json) -> Node:
    """A value as text: JSON that is not inside of a string comes into one."""
    return value if value is None or isinstance(value, str) else json.dumps(value, sort_keys=True)


def _modified(target: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    modified = target.get("modifiedProperties")
    listed = modified if isinstance(modified, list) else []
    return [each for each in listed if isinstance(each, Mapping)]


def _is_kept_of_people(name: str) -> bool:
    """What a dot divides names the other end of a relation: `Group.ObjectID`, `AppRole.Id`."""
    return name in OF_PEOPLE or name in NOTHING_CHANGED or "." in name


def _deletes(entry: Mapping[str, Json]) -> bool:
    """Whether it deletes: with a user go memberships and assignments, without entries of their own."""
    return str(entry.get("activityDisplayName")).lower().startswith(("delete ", "hard delete "))


def _is_only_about_what_nobody_keeps(
    targets: Sequence[Mapping[str, Json]], reduced: Sequence[Mapping[str, Node]]
) -> bool:
    """Whether it changed a user in nothing that a snapshot could show."""
    if any(target["type"] != "User" for target in reduced):
        return False
    names = [str(changed.get("displayName")) for target in targets for changed in _modified(target)]
    changed = [name for name in names if name not in NOTHING_CHANGED and not name.startswith("TargetId.")]
    return bool(changed) and not any(_is_kept_of_people(name) for name in changed)


COLLECTOR = Collector(
    section="directoryAudits",
    per=Per.TENANT,
    mount=None,
    title="Directory audit log",
    permissions=("AuditLog.Read.All", "Directory.Read.All"),
    for_drift=True,
    run=run,
)
