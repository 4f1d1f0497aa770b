"""The directory's audit log as a snapshot holds it: entries, actors, and what their values name.

Microsoft Graph documentation, "directoryAudit resource type" and "modifiedProperty resource type": `oldValue`
and `newValue` are JSON inside of strings; credentials stand in them as `[KeyIdentifier=...,KeyType=...]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from auditor.drift.meaning import canonical, items, loosely, text
from auditor.model.change import Actor, ActorKind
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.snapshot import Snapshot

SECTION = "directoryAudits"

UPDATED_NAMES = "includedupdatedproperties"
"""The modified property that lists the names of the others; as `plain` gives it."""

_NO_PROPERTY = frozenset({UPDATED_NAMES, "actionclientname"})
_DESCRIPTION = re.compile(r"\[[^\[\]]*=[^\[\]]*\]")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified:
    """A modified property: its name with letters alone, and what its values hold."""

    name: str
    old: frozenset[str]
    new: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedTarget:
    """An object that an entry is about; `id` in lower case."""

    id: str
    modified: tuple[Modified, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry."""

    order: str
    """What tells it from others of the same time: its id."""
    at: datetime
    time: str
    """`at` as the log writes it."""
    activity: str
    """As the log writes it; with one kind of dash or another."""
    succeeded: bool
    correlation_id: str | None
    actor: Actor
    targets: tuple[LoggedTarget, ...]

    @property
    def doing(self) -> str:
        """The activity in lower case, with plain dashes."""
        return " ".join(_DASHES.sub("-", self.activity).lower().split())

    @property
    def named(self) -> frozenset[str]:
        """Ids of all objects that it is about or mentions, in lower case, and all that its values hold."""
        values = (each for target in self.targets for each in target.modified)
        held = frozenset().union(*(each.old | each.new for each in values))
        return held | {target.id for target in self.targets}


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What was read of the log, and of which stretch of time."""

    since: datetime
    until: datetime
    retention_days: int | None
    source: str
    """The request."""
    entries: tuple[LogEntry, ...]
    unread: Gap | None = None
    """Why it does not go further back, where an earlier collection could not read it."""

    @property
    def reach(self) -> datetime:
        """The earliest time of which it can tell."""
        if self.retention_days is None:
            return self.since
        return max(self.since, self.until - timedelta(days=self.retention_days))


def log_of(snapshot: Snapshot) -> Log | Gap | None:
    """The log that a snapshot holds; None when its collection did not ask for it."""
    record = snapshot.record(SECTION)
    if record is None or isinstance(record.value, Gap):
        return None if record is None else record.value  # type: ignore[return-value]
    value = record.value
    since, until = text(value, "from"), text(value, "to")
    if not isinstance(value, Mapping) or since is None or until is None:
        return None
    days = value.get("retentionDays")
    return Log(
        since=moment(since),
        until=moment(until),
        retention_days=days if isinstance(days, int) else None,
        source=str(record.requests[0]) if record.requests else SECTION,
        entries=tuple(_entry(entry) for entry in items(value.get("entries")) if isinstance(entry, Mapping)),
    )


def joined_logs(snapshots: Sequence[Snapshot]) -> Log | Gap | None:
    """The logs of several collections, the last one first, as one that goes back to the first hole.

    Entries from before the hole are kept; `unread` is why a collection did not close it.
    """
    first = log_of(snapshots[0])
    if not isinstance(first, Log):
        return first
    since, unread, entries, joined = first.reach, None, [*first.entries], 1
    for snapshot in snapshots[1:]:
        log = log_of(snapshot)
        if isinstance(log, Gap):
            unread = unread or log
        elif log is not None:
            entries.extend(log.entries)
            if log.until >= since > log.reach:
                since, joined = log.reach, joined + 1
    if joined == 1:
        since = first.since
    return replace(
        first,
        since=since,
        retention_days=first.retention_days if joined == 1 else None,
        entries=tuple(dict.fromkeys(entries)),
        unread=unread,
    )


def moment(time: str) -> datetime:
    """A time of the log; UTC where it names no zone, fractions to the microsecond."""
    at = datetime.fromisoformat(time)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def plain(name: str) -> str:
    """A property's name so that Graph's spelling and the log's are the same: `Reply Urls`, `replyUrl`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def held(value: Node) -> frozenset[str]:
    """All texts that a value holds, JSON inside of strings unfolded; letter case where it matters."""
    return frozenset(_meant(leaf) for leaf in _leaves(value))


def _meant(leaf: str) -> str:
    normal = loosely(leaf)
    return normal.lower() if isinstance(normal, str) and _GUID.fullmatch(normal) else str(normal)


def _leaves(value: Node) -> Iterator[str]:
    if isinstance(value, str):
        yield from _of_text(value)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int | float):
        yield canonical(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    else:
        for item in items(value):
            yield from _leaves(item)


def _of_text(value: str) -> Iterator[str]:
    if value[:1] in ("[", "{", '"') or value in ("true", "false", "null"):
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            pass
        else:
            yield from _leaves(parsed)
            return
    stripped = value.strip()
    if not stripped:
        return
    if _DESCRIPTION.fullmatch(stripped):
        yield from filter(None, re.split(r"[\[\],=]", stripped))
        return
    yield stripped.lower() if stripped in ("True", "False") else stripped
    words = stripped.split()
    if len(words) > 1:
        yield from words


def _entry(entry: Mapping[str, Node]) -> LogEntry:
    time = text(entry, "activityDateTime") or ""
    result = text(entry, "result")
    return LogEntry(
        order=text(entry, "id") or canonical(entry),
        at=moment(time),
        time=time,
        activity=text(entry, "activityDisplayName") or "",
        succeeded=result is None or result.lower() == "success",
        correlation_id=text(entry, "correlationId"),
        actor=_actor(entry.get("initiatedBy")),
        targets=tuple(
            LoggedTarget(
                id=(text(target, "id") or "").lower(),
                modified=tuple(
                    _modified(each)
                    for each in items(target.get("modifiedProperties"))
                    if isinstance(each, Mapping)
                ),
            )
            for target in items(entry.get("targetResources"))
            if isinstance(target, Mapping)
        ),
    )


def _modified(each: Mapping[str, Node]) -> Modified:
    old, new = held(each.get("oldValue")), held(each.get("newValue"))
    return Modified(name=plain(text(each, "displayName") or ""), old=old, new=new)


def _actor(by: Node) -> Actor:
    user = by.get("user") if isinstance(by, Mapping) else None
    app = by.get("app") if isinstance(by, Mapping) else None
    if isinstance(user, Mapping) and (text(user, "id") or text(user, "userPrincipalName")):
        return Actor(
            kind=ActorKind.USER,
            id=text(user, "id"),
            name=text(user, "userPrincipalName") or text(user, "displayName"),
            ip_address=text(user, "ipAddress") or None,
        )
    return Actor(
        kind=ActorKind.APPLICATION,
        id=text(app, "servicePrincipalId") or text(app, "appId"),
        name=text(app, "displayName"),
        ip_address=None,
    )


def is_property(modified: Modified) -> bool:
    """Whether it is a property at all, and no remark of the log."""
    return modified.name not in _NO_PROPERTY and not modified.name.startswith("targetid")
