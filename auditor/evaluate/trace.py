"""What an expression touches on its way through evidence: requests, gaps, and elements in doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node, Read, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided(Gap):
    """Stands in a filtered list for an element of which could not be told whether it belongs there."""

    cause: Gap = field(compare=False)
    element: Node = field(compare=False)


def undecided(cause: Gap, element: Node) -> Undecided:
    """The gap that stands for `element`."""
    known = {name.name: getattr(cause, name.name) for name in fields(Gap)}
    return Undecided(**known, cause=cause.cause if isinstance(cause, Undecided) else cause, element=element)


class Trace:
    """What was touched while an expression was read."""

    __slots__ = ("dropped", "gaps", "requests")

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.dropped: list[Request] = []
        """Those by which a filter left elements out: the list depends on them, the elements kept do not."""
        self.gaps: list[Gap] = []

    def open(self, node: Node) -> Node:
        """The node without `Read` around it."""
        while isinstance(node, Read):
            self.requests.extend(node.requests)
            node = node.value
        return node

    def plain(self, node: Node) -> Json:
        """The node as JSON, all of it touched; null where a gap stands, and the gap is noted."""
        node = self.open(node)
        if node is None or isinstance(node, str | int | float):
            return node
        if isinstance(node, Gap):
            self.gaps.append(node.cause if isinstance(node, Undecided) else node)
            return None
        if isinstance(node, dict | Mapping):  # asked for a dict first, because that is several times faster
            return {key: self.plain(value) for key, value in node.items()}
        assert not isinstance(node, Read)  # mypy does not follow the loop in `open`
        return [self.plain(item) for item in node]

    def touched(self) -> tuple[Request, ...]:
        """Each request once, in the order touched."""
        if len(self.requests) < 2 and not self.dropped:
            return tuple(self.requests)
        return tuple(dict.fromkeys((*self.requests, *self.dropped)))


def same(left: Json, right: Json) -> bool:
    """Equal as JSON: true is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def type_of(value: object) -> str:
    """The type in words, for a sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "a text"
    if isinstance(value, int | float):
        return "a number"
    return "an object" if isinstance(value, Mapping) else "a list"


def unreadable(detail: str) -> Gap:
    """A gap found in what was read; whoever reads the path adds the section and the subject."""
    return Gap(section="", subject="", reason=Reason.UNREADABLE, detail=detail)


def mismatch(node: Node, wanted: str) -> Gap:
    """The gap for a value of another type than the documented one: what it means is not known."""
    return unreadable(f"{type_of(node)} stands where {wanted} belongs")


def ordered(compare: Callable[[Any, Any], bool], left: Json, right: Json) -> bool | Gap:
    """Compares two numbers or two texts; anything else cannot be told."""
    for kinds in ((int, float), (str,)):
        if all(isinstance(side, kinds) and not isinstance(side, bool) for side in (left, right)):
            return compare(left, right)
    return unreadable(f"{type_of(left)} cannot be compared with {type_of(right)}")


def unknown_in(items: Sequence[Node], trace: Trace) -> Gap | None:
    """The gap when nothing but gaps stands in a list that is not empty: perhaps it has no elements at all.

    The first element that is there for certain is enough to know, and how that is known is noted.
    """
    cause: Gap | None = None
    for item in items:
        opened = Trace().open(item)
        if not isinstance(opened, Gap):
            trace.open(item)
            return None
        cause = cause or opened
    return cause


def is_false(node: Node, trace: Trace) -> bool | Gap:
    """What JMESPath counts as false: null, false and what is empty. `node` is not a `Read`."""
    if isinstance(node, Gap):
        return node
    if isinstance(node, list | tuple):
        return unknown_in(node, trace) or not node
    if isinstance(node, str | Mapping):
        return not node
    return node is None or node is False
