"""People as one section, wherever they were read: as assigned, as members, as owners, as recipients.

A person is in many lists; what changed about one changed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.drift.meaning import items, text
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.snapshot import Snapshot

_PLACES = ("users", "testUser", "groupMembers", "owners", "applicationOwners", "notificationRecipients")
"""The fullest first: what it says of a person is believed first."""

_NOT_OF_A_PERSON = ("type", "licensed")


def people(snapshot: Snapshot) -> Mapping[str, Node]:
    """By object id in lower case: all that is said about each user; a gap only where nothing else is."""
    found: dict[str, dict[str, Node]] = {}
    unread: dict[str, Gap] = {}
    for place in _PLACES:
        for id, person in _persons(snapshot, place):
            if isinstance(person, Gap):
                unread.setdefault(id.lower(), person)
                continue
            known = found.setdefault(id.lower(), {})
            for name, value in person.items():
                if name not in known or (isinstance(known[name], Gap) and not isinstance(value, Gap)):
                    known[name] = value
    return {**{id: gap for id, gap in unread.items() if id not in found}, **found}


def _persons(snapshot: Snapshot, place: str) -> Iterator[tuple[str, Mapping[str, Node] | Gap]]:
    section = snapshot.sections.get(place)
    for subject, record in () if section is None else section.records.items():
        if isinstance(record.value, Gap):
            if place == "users":
                yield subject, record.value
        elif isinstance(record.value, Mapping):
            yield from _person(record.value, is_user=place in ("users", "testUser"))
        else:
            for item in items(record.value):
                yield from _person(item, is_user=False)


def _person(item: Node, *, is_user: bool) -> Iterator[tuple[str, Mapping[str, Node]]]:
    id = text(item, "id")
    if isinstance(item, Mapping) and id is not None and (is_user or text(item, "type") == "user"):
        yield id, {name: value for name, value in item.items() if name not in _NOT_OF_A_PERSON}
