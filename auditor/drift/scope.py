"""What two collections both looked at, and how they differ as collections.

Only what both looked for can have changed: an application that one of them was not asked about (narrowed by
`--application`, another configuration, not all applications wanted) is neither added nor removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.drift.meaning import items, text
from auditor.model.finding import ApplicationReference
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json
from auditor.model.snapshot import TENANT, MatchedBy, Snapshot, Target

_MATCHES = "matches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The applications of two snapshots, by object id."""

    both: Mapping[str, Target]
    """As the later snapshot calls them."""
    added: Mapping[str, Target]
    removed: Mapping[str, Target]
    not_looked_for: tuple[tuple[Target, str], ...]
    """Those that only one side was asked about, with the sentence that says so."""


def reference(target: Target) -> ApplicationReference:
    """The application as changes name it."""
    return ApplicationReference(
        service_principal_id=target.service_principal_id,
        app_id=target.app_id,
        display_name=target.display_name,
    )


def scope_of(before: Snapshot, after: Snapshot) -> Scope:
    """Which applications both looked for."""
    was, now = _by_id(before), _by_id(after)
    added, removed = {}, {}
    rest: list[tuple[Target, str]] = []
    for id, target in now.items():
        if id not in was:
            why = _why_not_looked_for(target, after, before, "then")
            added.update({id: target} if why is None else {})
            rest.extend([] if why is None else [(target, why)])
    for id, target in was.items():
        if id not in now:
            why = _why_not_looked_for(target, before, after, "now")
            removed.update({id: target} if why is None else {})
            rest.extend([] if why is None else [(target, why)])
    return Scope(
        both={id: target for id, target in now.items() if id in was},
        added=added,
        removed=removed,
        not_looked_for=tuple(rest),
    )


def incomparable(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Why two snapshots cannot be compared at all; nothing when they can."""
    found = []
    if before.tenant.id.lower() != after.tenant.id.lower():
        found.append(f"They are of two tenants: {before.tenant.id} and {after.tenant.id}.")
    if before.cloud != after.cloud:
        found.append(f"They are of two clouds: {before.cloud} and {after.cloud}.")
    return tuple(found)


def differently_collected(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """How the collections differ, one sentence each."""
    if before.auditor_version != after.auditor_version:
        yield (
            f"They were collected by two versions of the program, {before.auditor_version} and "
            f"{after.auditor_version}: what one of them did not ask for is unknown."
        )
    for snapshot, when in ((before, "then"), (after, "now")):
        if snapshot.entries is not None:
            yield f"Only a part of the configured applications was looked at {when} (--application)."
    if _all(before) != _all(after):
        when = "then" if _all(before) else "now"
        yield f"All applications of the tenant were looked at only {when} (--all-applications)."
    if _sought(before) != _sought(after):
        yield "The configuration names other applications now: those of one side alone are not compared."
    was, now = _refused(before), _refused(after)
    for permission in sorted(was - now):
        yield f"The permission {permission} was lacking then."
    for permission in sorted(now - was):
        yield f"The permission {permission} is lacking now."


def _by_id(snapshot: Snapshot) -> dict[str, Target]:
    return {target.service_principal_id.lower(): target for target in snapshot.targets}


def _why_not_looked_for(target: Target, finder: Snapshot, other: Snapshot, when: str) -> str | None:
    """Why `other` may not have looked for what `finder` found; None when it certainly did."""
    if other.entries is not None:
        return f"not looked at {when}: only a part of the applications was (--application)"
    if target.application is None:
        if not _all(other):
            return f"not looked at {when}: not all applications were (--all-applications)"
    elif _entry(finder, target.application) not in _sought(other):
        return f"not looked at {when}: the configuration did not name it"
    for subject in (target.profile, TENANT):
        record = None if subject is None else other.record(_MATCHES, subject)
        if record is not None and isinstance(record.value, Gap) and not _is_absence(record.value):
            return f"the search for applications could not be made {when}: {record.value.reason.value}"
    return None


def _is_absence(gap: Gap) -> bool:
    """Whether the search was made and found nothing: nothing was refused then."""
    return gap.reason is Reason.NOT_FOUND and gap.http_status is None


def _all(snapshot: Snapshot) -> bool:
    return any(target.matched_by is MatchedBy.ALL_APPLICATIONS for target in snapshot.targets)


def _sought(snapshot: Snapshot) -> set[str]:
    """The entries of the configuration, by what they look for."""
    configuration = snapshot.configuration
    entries = configuration.get("applications") if isinstance(configuration, Mapping) else None
    return {_entry(snapshot, index) for index in range(len(items(entries)))}


def _entry(snapshot: Snapshot, index: int) -> str:
    configuration = snapshot.configuration
    entries = items(configuration.get("applications") if isinstance(configuration, Mapping) else None)
    entry: Json = entries[index] if index < len(entries) else None  # type: ignore[assignment]
    match = entry.get("match") if isinstance(entry, Mapping) else None
    parts = [text(match, name) for name in ("appId", "objectId", "displayName")]
    return repr((text(entry, "profile"), [part and part.lower() for part in parts]))


def _refused(snapshot: Snapshot) -> set[str]:
    """The permissions whose lack kept something from being read."""
    return {
        record.value.permission
        for section in snapshot.sections.values()
        for record in section.records.values()
        if isinstance(record.value, Gap) and record.value.permission is not None
    }
