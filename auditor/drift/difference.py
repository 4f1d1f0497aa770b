"""What is different between two values, by their form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from auditor.drift.form import LOOKS, Form, Looks, Members, Properties, Through, Volatile, Whole
from auditor.drift.meaning import by_looks, canonical, is_list, items, text
from auditor.model.change import ChangeKind
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Read


@dataclass(frozen=True, slots=True)
class Absent:
    """A property that was never asked for."""


ABSENT = Absent()

Side: TypeAlias = Node | Absent


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a record: names of properties, and the elements of sets that the way leads through."""

    names: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Identities, the outermost first."""
    outermost: tuple[Node, Node] | None = None
    """The outermost element, before and after."""

    def below(self, name: str) -> Place:
        """A property of what is here."""
        return replace(self, names=(*self.names, name))

    def within(self, key: str, before: Node, after: Node) -> Place:
        """An element of the set that is here."""
        return replace(self, keys=(*self.keys, key), outermost=self.outermost or (before, after))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is another, or one element that came or went."""

    place: Place
    kind: ChangeKind
    before: Node
    after: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """What could not be compared. A side that is None was read."""

    place: Place
    before: Gap | Absent | None
    after: Gap | Absent | None


Outcome: TypeAlias = Difference | Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Compares values of two snapshots."""

    same_program: bool
    """Whether one version of the program collected both: then what one lacks deep inside is not set."""

    def differences(self, before: Side, after: Side, form: Form, place: Place = Place()) -> Iterator[Outcome]:
        """All differences below `place`; none for two values that mean the same."""
        if isinstance(before, Read):
            before = before.value
        if isinstance(after, Read):
            after = after.value
        if isinstance(form, Volatile):
            return
        if isinstance(before, Gap | Absent) or isinstance(after, Gap | Absent):
            if not _equally_unseen(before, after):
                yield Unseen(place=place, before=_unseen(before), after=_unseen(after))
            return
        match form:
            case Through():
                yield from self.differences(*form.view(before, after), form.form, place)
            case Whole():
                yield from _changed(form.normal(before), form.normal(after), before, after, place)
            case Properties():
                yield from self._by_property(before, after, form, place)
            case Members():
                yield from self._by_member(before, after, form, place)
            case Looks():
                yield from self.differences(before, after, looks(before, after), place)

    def _by_property(self, before: Node, after: Node, form: Properties, place: Place) -> Iterator[Outcome]:
        at_top = not place.names and not place.keys
        one_is_null = before is None or after is None
        as_a_whole = one_is_null and (at_top or form.whole_when_null)
        if not _is_object(before) or not _is_object(after) or as_a_whole:
            yield from _changed(canonical(before), canonical(after), before, after, place)
            return
        was, now = _properties(before), _properties(after)
        asked_for = form.optional or one_is_null or (self.same_program and not at_top)
        lacking: Side = None if asked_for else ABSENT
        for name in sorted(was.keys() | now.keys()):
            yield from self.differences(
                was.get(name, lacking),
                now.get(name, lacking),
                form.listed.get(name, LOOKS),
                place.below(name),
            )

    def _by_member(self, before: Node, after: Node, form: Members, place: Place) -> Iterator[Outcome]:
        if not _is_set(before) or not _is_set(after):
            yield from _changed(canonical(before), canonical(after), before, after, place)
            return
        was, then_unseen = _by_key(before, form)
        now, now_unseen = _by_key(after, form)
        if (then_unseen or now_unseen) and not _equally_unseen(then_unseen, now_unseen):
            yield Unseen(place=place, before=then_unseen, after=now_unseen)
        for key in sorted(was.keys() | now.keys()):
            one, other = was.get(key), now.get(key)
            here = place.within(key, one, other)
            if (key in was and key in now) or not form.presence:
                yield from self.differences(one, other, form.each, here)
            elif key in was and now_unseen is None:
                yield Difference(place=here, kind=ChangeKind.REMOVED, before=one, after=None)
            elif key in now and then_unseen is None:
                yield Difference(place=here, kind=ChangeKind.ADDED, before=None, after=other)


def looks(before: Node, after: Node) -> Form:
    """The form of values of which nobody said what they are."""
    if before is None and after is None:
        return Whole()
    if _is_object(before) and _is_object(after):
        return Properties()
    if _is_set(before) and _is_set(after):
        return Members(key=key_by_looks, each=LOOKS)
    return Whole()


def key_by_looks(element: Node) -> str:
    """Its id where it has one, else all of it."""
    id = text(element, "id")
    return id.lower() if id is not None else canonical(by_looks(element))


def _changed(was: Node, now: Node, before: Node, after: Node, place: Place) -> Iterator[Difference]:
    if canonical(was) == canonical(now):
        return
    kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED if after is None else ChangeKind.CHANGED
    yield Difference(place=place, kind=kind, before=before, after=after)


def _is_object(value: Node) -> bool:
    return value is None or isinstance(value, Mapping)


def _is_set(value: Node) -> bool:
    """Null is a set without elements."""
    return value is None or is_list(value)


def _properties(value: Node) -> Mapping[str, Node]:
    return value if isinstance(value, Mapping) else {}


def _by_key(value: Node, form: Members) -> tuple[dict[str, Node], Gap | None]:
    """The elements by identity, and why others may be there.

    Several of one identity that are not the same are numbered, in an order that is always the same.
    """
    alike: dict[str, dict[str, Node]] = {}
    unseen: Gap | None = None
    for element in items(value):
        if isinstance(element, Gap):
            unseen = element
        else:
            same = alike.setdefault(form.key(element), {})
            meaning = canonical(by_looks(element))
            same[meaning] = min(same.get(meaning, element), element, key=canonical)
    found: dict[str, Node] = {}
    for key, elements in alike.items():
        for number, (_, element) in enumerate(sorted(elements.items())):
            found[f"{key} ({number + 1})" if number else key] = element
    return found, unseen


def _unseen(side: Side) -> Gap | Absent | None:
    return side if isinstance(side, Gap | Absent) else None


SETTLED = (Reason.NOT_DECLARED, Reason.NOT_OBSERVABLE, Reason.UNAVAILABLE_IN_CLOUD, Reason.NOT_FOUND)
"""Why something was not read that will not be read the next time either."""


def _equally_unseen(before: Side, after: Side) -> bool:
    """Whether nothing is to be said: nobody declared it, the cloud lacks it, it is gone; each time."""
    if not isinstance(before, Gap) or not isinstance(after, Gap):
        return False
    return before.reason is after.reason and before.reason in SETTLED
