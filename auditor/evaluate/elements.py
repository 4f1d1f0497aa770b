"""The elements of `for_each`: what they are called, and which of them could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.evaluate.clauses import Look
from auditor.evaluate.paths import ITEM, Path, Reading
from auditor.evaluate.templates import UNREAD, Template, in_words
from auditor.evaluate.trace import Trace, Undecided
from auditor.model.finding import Subject
from auditor.model.gap import Gap
from auditor.model.node import Json, Node, Read
from auditor.model.rule import ForEach


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element, the subject of a finding."""

    subject: Subject
    node: Node
    """The element with the requests by which the list was reached."""
    look: Look
    gap: Gap | None
    """Why it could not be read, or not be told whether it belongs to the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """All elements, with how the list was read; its gaps are those of the list as a whole."""

    look: Look
    elements: tuple[Element, ...]
    none: str
    """The sentence for when there are none."""


class ElementsOf:
    """A compiled `for_each`."""

    def __init__(self, for_each: ForEach) -> None:
        self._kind = for_each.kind
        self._path = Path(for_each.path)
        self.place = self._path.place
        """Where in the evidence the list stands."""
        self._id = Path(for_each.id, item=True)
        self._name = Path(for_each.name, item=True)
        self._none = Template(for_each.none)

    def find(self, evidence: Mapping[str, Node]) -> Elements:
        """The elements in this evidence."""
        found = self._path.elements(evidence)
        elements = tuple(self._element(Read(item, found.requests), evidence) for item in found.items)
        ids: list[Json] = [element.subject.id for element in elements]
        reading = Reading(
            value=ids, gaps=found.gaps, requests=tuple(dict.fromkeys((*found.requests, *found.dropped)))
        )
        return Elements(
            look=Look(path=self._path.expression, reading=reading),
            elements=elements,
            none="" if elements else self._none.fill(evidence),
        )

    def _element(self, item: Read, evidence: Mapping[str, Node]) -> Element:
        own = Trace()
        node = own.open(item)
        gap: Gap | None = None
        if isinstance(node, Gap):
            gap = node.cause if isinstance(node, Undecided) else node
            node = node.element if isinstance(node, Undecided) else None
        unknown = UNREAD if gap is None else gap.subject or UNREAD
        inside = {**evidence, ITEM: node}
        named = self._id.read(inside)
        identity = unknown if named.gaps or named.value is None else in_words(named.value)
        called = self._name.read(inside)
        name = identity if called.gaps or called.value is None else in_words(called.value)
        reading = Reading(value=identity, gaps=() if gap is None else (gap,), requests=own.touched())
        return Element(
            subject=Subject(kind=self._kind, id=identity, name=name),
            node=item,
            look=Look(path=self._path.expression, reading=reading),
            gap=gap,
        )
