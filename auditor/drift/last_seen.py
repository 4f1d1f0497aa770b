"""The state of a tenant as it was last seen: the last snapshot, completed by earlier ones.

What could not be read last night is unknown until it is seen again. Then it is compared with what was seen
before, or a change that fell into such a night would never be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from auditor.drift.difference import SETTLED
from auditor.drift.form import Volatile
from auditor.drift.table import form_of
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.snapshot import Record, Section, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSeen:
    """A snapshot, of which some parts are older than the rest."""

    snapshot: Snapshot
    since: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By section and subject in lower case: when the earlier collection began that saw it."""
    between: tuple[Snapshot, ...] = ()
    """The collections since the oldest of them, the last one first: they hold the log of that time."""

    @property
    def missing(self) -> bool:
        """Whether an earlier snapshot may still add something."""
        return self.snapshot.entries is not None or any(True for _ in _unseen(self.snapshot))

    def completed(self, earlier: Snapshot) -> LastSeen:
        """With what an earlier snapshot of the same tenant saw of what is missing."""
        if earlier.tenant.id.lower() != self.snapshot.tenant.id.lower():
            return self
        since = dict(self.since)
        sections = dict(self.snapshot.sections)
        for section, subject in list(_unseen(self.snapshot)):
            found = earlier.record(section.name, subject)
            if found is None:
                continue
            record = section.records[subject]
            value = _filled(record.value, found.value)
            if value is not record.value:
                held = sections[section.name]
                records = {**held.records, subject: replace(record, value=value)}
                sections[section.name] = replace(held, records=records)
                since.setdefault((section.name, subject.lower()), earlier.started_at)
        snapshot = replace(self.snapshot, sections=sections)
        if snapshot.entries is not None and snapshot.configuration == earlier.configuration:
            snapshot = _widened(snapshot, earlier, since)
        return LastSeen(snapshot=snapshot, since=since, between=(*self.between, earlier))

    def sentences(self) -> Iterable[str]:
        """What is older than the rest, one sentence for each time."""
        by_time: dict[str, set[str]] = {}
        for (section, _), time in self.since.items():
            by_time.setdefault(time, set()).add(section)
        for time, names in sorted(by_time.items()):
            yield f"Not seen then, and compared with what was seen at {time}: {', '.join(sorted(names))}."


def last_seen(snapshot: Snapshot, earlier: Iterable[Snapshot]) -> LastSeen:
    """A snapshot, completed by earlier ones, the last one first."""
    seen = LastSeen(snapshot=snapshot)
    for each in earlier:
        seen = seen.completed(each)
    return seen


def _unseen(snapshot: Snapshot) -> Iterable[tuple[Section, str]]:
    """Records in which something that matters could not be read."""
    for section in snapshot.sections.values():
        if isinstance(form_of(section).form, Volatile):
            continue
        for subject, record in section.records.items():
            inside = record.value.values() if isinstance(record.value, Mapping) else (record.value,)
            if any(isinstance(value, Gap) and value.reason not in SETTLED for value in inside):
                yield section, subject


def _filled(value: Node, earlier: Node) -> Node:
    """The value with what was seen earlier in the place of its gaps; itself where nothing was."""
    if isinstance(earlier, Gap):
        return value
    if isinstance(value, Gap):
        return earlier if value.reason not in SETTLED else value
    if not isinstance(value, Mapping) or not isinstance(earlier, Mapping):
        return value
    seen = {
        name: earlier[name]
        for name, item in value.items()
        if isinstance(item, Gap) and name in earlier and not isinstance(earlier[name], Gap)
    }
    return {**value, **seen} if seen else value


def _widened(snapshot: Snapshot, earlier: Snapshot, since: dict[tuple[str, str], str]) -> Snapshot:
    """With the applications that a narrowed collection left out, as an earlier one saw them."""
    known = {target.service_principal_id.lower() for target in snapshot.targets}
    added = [target for target in earlier.targets if target.service_principal_id.lower() not in known]
    sections = dict(snapshot.sections)
    for name, section in earlier.sections.items():
        held = sections.get(name, replace(section, records={}))
        more: dict[str, Record] = {
            subject: record for subject, record in section.records.items() if subject not in held.records
        }
        since.update(dict.fromkeys(((name, subject.lower()) for subject in more), earlier.started_at))
        sections[name] = replace(held, records={**held.records, **more})
    return replace(
        snapshot,
        targets=(*snapshot.targets, *added),
        entries=earlier.entries,
        sections=sections,
    )
