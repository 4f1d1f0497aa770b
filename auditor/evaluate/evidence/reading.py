"""Reads records of the snapshot for derivation: typed values out, `Unread` where something is missing.

A derivation is a function that either gives a value or meets a gap. `derive` runs one and gives the node of
evidence: the value, or the gap that kept it from being known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Read, Request
from auditor.model.snapshot import TENANT, Record, Snapshot

T = TypeVar("T")


class Unread(Exception):
    """A derivation needs a value that nobody could read."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.detail)
        self.gap = gap


def derive(make: Callable[[], Node]) -> Node:
    """What `make` gives, or the gap that it met."""
    try:
        return make()
    except Unread as unread:
        return unread.gap


def attempt(make: Callable[[], T]) -> T | Gap:
    """Like `derive`, for values that are worked with further before they become evidence."""
    try:
        return make()
    except Unread as unread:
        return unread.gap


def known(value: T | Gap) -> T:
    """The value. Raises Unread when it is a gap."""
    if isinstance(value, Gap):
        raise Unread(value)
    return value


def bare(node: Node) -> Node:
    """The node without the requests around it."""
    while isinstance(node, Read):
        node = node.value
    return node


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A record of the snapshot to derive from; `record` is None when the collection has no such record."""

    section: str
    subject: str
    record: Record | None

    @classmethod
    def of(cls, snapshot: Snapshot, section: str, subject: str = TENANT) -> Source:
        """The record of a section about a subject."""
        return cls(section=section, subject=subject, record=snapshot.record(section, subject))

    @property
    def requests(self) -> tuple[Request, ...]:
        """What was asked for the record."""
        return () if self.record is None else self.record.requests

    @property
    def value(self) -> Node:
        """What the record holds; a gap when there is none, or when the object does not say whose it is."""
        if self.record is None:
            return self.gap(f"this collection did not read {self.section}", Reason.NOT_OBSERVABLE)
        value = bare(self.record.value)
        identity = value.get("id") if isinstance(value, Mapping) else None
        return identity if isinstance(identity, Gap) else value

    def gap(self, detail: str, reason: Reason = Reason.UNREADABLE, *, permission: str | None = None) -> Gap:
        """A gap about something in this record."""
        request = self.requests[-1] if self.requests else None
        return Gap(
            section=self.section,
            subject=self.subject,
            reason=reason,
            detail=detail,
            permission=permission,
            http_status=None if request is None else request.status,
            source="" if request is None else str(request),
            collected_at=None if request is None else request.at,
        )

    def requests_by_id(self, ids: Collection[str]) -> Mapping[str, Sequence[Request]]:
        """Those of the requests whose address is that of an object with one of these ids, or below it."""
        wanted, found = set(ids), defaultdict(list)
        for request in self.requests:
            for segment in wanted.intersection(request.url.partition("?")[0].split("/")):
                found[segment].append(request)
        return found

    def read(self, node: Node) -> Node:
        """`node` as something that this record's requests answered. A gap names its own request."""
        return node if isinstance(node, Gap) else Read(node, self.requests)

    def item(self) -> Item:
        """The record as an object. Raises Unread."""
        return self.item_of(self.value)

    def optional_item(self) -> Item | None:
        """The record as an object, None when it holds null. Raises Unread."""
        return None if self.value is None else self.item()

    def item_of(self, node: Node) -> Item:
        """An element of the record as an object. Raises Unread."""
        return _item(node, self.section, self, strict=True)

    def nodes(self) -> Sequence[Node]:
        """The record as a list, in which gaps may stand. Raises Unread."""
        return _list(self.value, self.section, self)

    def items(self) -> tuple[Item, ...]:
        """The record as a list of objects. Raises Unread, also when one of them is a gap."""
        return tuple(self.item_of(node) for node in self.nodes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An object of an answer. Every method raises Unread where the value is a gap or of another type.

    A property of a whole object that is absent could not be read: it was asked for by name. Inside a complex
    value nothing is asked for by name, and absent is null.
    """

    value: Mapping[str, Node]
    name: str
    source: Source
    strict: bool

    def node(self, name: str) -> Node:
        """The property as it stands, gaps included."""
        if name in self.value:
            return bare(self.value[name])
        return self._gap(name, "is not in the answer") if self.strict else None

    def get(self, name: str) -> Node:
        """The property, null included."""
        found = self.node(name)
        if isinstance(found, Gap):
            raise Unread(found)
        return found

    def optional_text(self, name: str) -> str | None:
        """A string, or None when it is null."""
        found = self.get(name)
        if found is None or isinstance(found, str):
            return found
        raise Unread(self._gap(name, "is not a text"))

    def text(self, name: str) -> str:
        """A string."""
        found = self.optional_text(name)
        if found is None:
            raise Unread(self._gap(name, "is null"))
        return found

    def optional_flag(self, name: str) -> bool | None:
        """A boolean, or None when it is null."""
        found = self.get(name)
        if found is None or isinstance(found, bool):
            return found
        raise Unread(self._gap(name, "is neither true nor false"))

    def number(self, name: str) -> int:
        """A whole number."""
        found = self.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        raise Unread(self._gap(name, "is not a whole number"))

    def moment(self, name: str) -> datetime:
        """A time, UTC. Graph writes seven digits of a second; six are kept."""
        written = self.text(name)
        try:
            found = datetime.fromisoformat(written)
        except ValueError:
            raise Unread(self._gap(name, f"is not a time: {written}")) from None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)

    def nodes(self, name: str) -> Sequence[Node]:
        """A list, in which gaps may stand; null is an empty one."""
        return _list(self.get(name), f"{self.name}.{name}", self.source)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; null is an empty one."""
        found = self.nodes(name)
        if any(isinstance(node, Gap) for node in found):
            raise Unread(next(node for node in found if isinstance(node, Gap)))
        if not all(isinstance(node, str) for node in found):
            raise Unread(self._gap(name, "holds something that is not a text"))
        return tuple(node for node in found if isinstance(node, str))

    def item(self, name: str) -> Item | None:
        """A complex value, or None when it is null."""
        found = self.get(name)
        return None if found is None else _item(found, f"{self.name}.{name}", self.source, strict=False)

    def items(self, name: str) -> tuple[Item, ...]:
        """A list of complex values; null is an empty one."""
        path = f"{self.name}.{name}"
        return tuple(_item(node, path, self.source, strict=False) for node in self.nodes(name))

    def _gap(self, name: str, fault: str) -> Gap:
        return self.source.gap(f"{self.name}.{name} {fault}")


def by_id(items: Iterable[Item]) -> list[Item]:
    """Objects that Graph documents as a set, in an order of their own."""
    return sorted(items, key=lambda item: str(item.node("id")))


def _item(node: Node, name: str, source: Source, *, strict: bool) -> Item:
    found = bare(node)
    if isinstance(found, Gap):
        raise Unread(found)
    if not isinstance(found, Mapping):
        raise Unread(source.gap(f"{name} is not an object"))
    return Item(value=found, name=name, source=source, strict=strict)


def _list(node: Node, name: str, source: Source) -> Sequence[Node]:
    found = bare(node)
    if isinstance(found, Gap):
        raise Unread(found)
    if found is None:
        return ()
    if isinstance(found, str | Mapping) or not isinstance(found, Sequence):
        raise Unread(source.gap(f"{name} is not a list"))
    return [bare(element) for element in found]
