"""JMESPath over evidence in which something may be missing.

The syntax is the library's; what it means here differs from stock JMESPath in one respect only. There,
a key that is absent is null and projections drop nulls, so an expression says `nothing wrong` about what
it never saw. Here

- a `Gap` is a node of its own: whoever touches it gets it as the result, also inside a filter, a
  projection, a function or a comparison; `&&` and `||` do not touch the side they need not look at;
- a key that is absent from an answer is a gap, while a member of null is null;
- null stays null, also in projections, and a function that takes no null gives null for it;
- an element whose filter could not be decided stays in the list, as a gap;
- `Read` is looked through, and its requests are noted: they are the evidence of the result.

An expression is compiled once, to closures (`auditor.evaluate.compilation`), and read any number of times.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import jmespath
from jmespath.exceptions import JMESPathError, LexerError, ParseError

from auditor.evaluate import functions
from auditor.evaluate.compilation import Ast, compiled
from auditor.evaluate.trace import Trace, mismatch, unknown_in
from auditor.model.gap import Gap
from auditor.model.node import Json, Node, Read, Request
from auditor.schema_problems import did_you_mean

ROOTS = (
    "application",
    "servicePrincipal",
    "certificates",
    "assignments",
    "policies",
    "synchronization",
    "metadata",
    "serviceProvider",
    "response",
    "signIns",
    "conditionalAccess",
    "tenant",
    "profile",
    "config",
)
"""What evidence consists of."""

ITEM = "item"
"""The element, within `for_each`."""


class PathError(ValueError):
    """An expression that does not parse, or names a root or a function that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an expression gave. With gaps, the value is for show only: null stands where they are."""

    value: Json
    gaps: tuple[Gap, ...]
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """The elements of a list for `for_each`; a gap among them is an element that could not be read."""

    items: tuple[Node, ...]
    requests: tuple[Request, ...]
    """By which the list was reached."""
    dropped: tuple[Request, ...]
    """By which filters knew which elements to leave out."""
    gaps: tuple[Gap, ...]
    """Why the list as a whole could not be read; else empty."""


class Path:
    """A compiled expression; with `item` it may name the element of `for_each`.

    Raises PathError when it does not parse or names what does not exist.
    """

    def __init__(self, expression: str, *, item: bool = False) -> None:
        self.expression = expression
        try:
            tree = _parsed(expression)
            self.roots = _checked(tree, (*ROOTS, ITEM) if item else ROOTS)
            """The roots it names."""
            self._read = compiled(tree)
        except RecursionError as error:
            raise PathError(f"{expression[:40]!r}... is nested too deeply") from error
        self.place = _leading(expression, self.roots)
        """Where in the evidence a gap stands that was found on the way."""

    def __repr__(self) -> str:
        return f"Path({self.expression!r})"

    def read(self, evidence: Mapping[str, Node]) -> Reading:
        """The value, with all that lies within it touched."""
        trace = Trace()
        return self._reading(trace.plain(self._read(evidence, trace)), trace)

    def glance(self, evidence: Mapping[str, Node]) -> Reading:
        """Enough to tell null, empty and filled apart; what lies within the value is not touched.

        For show, of an object the single values are given that took no further request to read.
        """
        trace = Trace()
        node = trace.open(self._read(evidence, trace))
        if not isinstance(node, list | tuple):
            return self._reading(_outline(node) if not isinstance(node, Gap) else trace.plain(node), trace)
        unknown = unknown_in(node, trace)
        if unknown is not None:
            return self._reading(trace.plain(unknown), trace)
        return self._reading([_outline(trace.open(item)) for item in node], trace)

    def elements(self, evidence: Mapping[str, Node]) -> Elements:
        """The elements of the list; null has none."""
        trace = Trace()
        node = trace.open(self._read(evidence, trace))
        items = tuple(node) if isinstance(node, list | tuple) else ()
        if node is not None and not isinstance(node, list | tuple):
            trace.plain(node if isinstance(node, Gap) else mismatch(node, "a list"))
        return Elements(
            items=items,
            requests=_unique(trace.requests),
            dropped=_unique(trace.dropped),
            gaps=self._gaps(trace),
        )

    def _reading(self, value: Json, trace: Trace) -> Reading:
        return Reading(value=value, gaps=self._gaps(trace), requests=trace.touched())

    def _gaps(self, trace: Trace) -> tuple[Gap, ...]:
        """Each gap once; one that was found on the way (an absent key, a wrong type) with its place."""
        if not trace.gaps:
            return ()
        placed = (gap if gap.section else replace(gap, section=self.place) for gap in trace.gaps)
        return tuple(dict.fromkeys(placed))


def _leading(expression: str, roots: Collection[str]) -> str:
    """The first root with the keys behind it: `servicePrincipal.owners`."""
    found = re.search(rf"\b({'|'.join(sorted(roots))})\b(\.\w+)*", expression) if roots else None
    return found[0] if found else ""


def _unique(requests: Sequence[Request]) -> tuple[Request, ...]:
    return tuple(dict.fromkeys(requests))


def _outline(node: Node) -> Json:
    if isinstance(node, Mapping):
        single = {key: value for key, value in node.items() if isinstance(value, str | int | float)}
        return cast(Json, single) or {"keys": len(node)} if node else {}
    return None if isinstance(node, Gap | Read | list | tuple) else cast(Json, node)


def _parsed(expression: str) -> Ast:
    with warnings.catch_warnings():
        # The library accepts a bare word between backticks, as its first specification did, and warns.
        warnings.simplefilter("error", PendingDeprecationWarning)
        try:
            return cast(Ast, jmespath.compile(expression).parsed)
        except PendingDeprecationWarning as error:
            raise PathError(f"write a text in single quotes in {expression!r}, not in backticks") from error
        except LexerError as error:
            raise PathError(f"{expression!r}: {error.message}") from error
        except ParseError as error:
            where = f"at column {error.lex_position + 1}, "
            raise PathError(f"{expression!r} is no JMESPath expression: {where}{_token(error)}") from error
        except JMESPathError as error:
            raise PathError(f"{expression!r} is no JMESPath expression: {error}") from error


def _token(error: ParseError) -> str:
    return f"{error.token_value!r} does not belong there" if error.token_value else "it is incomplete"


def _checked(tree: Ast, roots: Sequence[str]) -> frozenset[str]:
    """The roots the expression names, every one known, with all functions known. Raises PathError."""
    for name, count in _calls(tree):
        if name not in functions.NAMES:
            raise PathError(f"unknown function {name}(){did_you_mean(name, functions.NAMES)}")
        problem = functions.arity_problem(name, count)
        if problem:
            raise PathError(problem)
    if _stray_reference(tree):
        raise PathError("& belongs before an argument of map, sort_by, min_by or max_by")
    named = frozenset(_roots(tree))
    if _negated_too_early(tree):
        raise PathError("! binds tighter than the dot; write !(a.b) instead of !a.b")
    if "@" in named:
        raise PathError("@ here is the whole evidence; name one of its roots")
    for name in sorted(named):
        if name not in roots:
            where = " outside for_each" if name == ITEM else ""
            raise PathError(f"unknown root {name!r}{where}{did_you_mean(name, roots)}")
    return named


def _calls(tree: Ast) -> Iterator[tuple[str, int]]:
    if tree["type"] == "function_expression":
        yield tree["value"], len(tree["children"])
    for child in _children(tree):
        yield from _calls(child)


def _stray_reference(tree: Ast) -> bool:
    """Whether `&expression` stands elsewhere than in the arguments of a function."""
    if tree["type"] == "expref":
        return True
    inner = (
        child["children"][0] if tree["type"] == "function_expression" and child["type"] == "expref" else child
        for child in _children(tree)
    )
    return any(_stray_reference(child) for child in inner)


def _negated_too_early(tree: Ast) -> bool:
    """Whether `!a.b` stands there, which the library reads as `(!a).b`."""
    children = _children(tree)
    is_chain = tree["type"] in ("subexpression", "index_expression")
    return (is_chain and children[0]["type"] == "not_expression") or any(map(_negated_too_early, children))


def _children(tree: Ast) -> list[Ast]:
    return [] if tree["type"] == "slice" else tree["children"]


_CHAINS = ("subexpression", "index_expression", "pipe", "projection", "value_projection", "filter_projection")


def _roots(tree: Ast) -> Iterator[str]:
    """The names looked up in the evidence itself; what stands behind a dot or in a filter is a key below."""
    kind = tree["type"]
    if kind == "field":
        yield tree["value"]
    elif kind in ("current", "identity"):
        yield "@"
    elif kind in _CHAINS:
        yield from _roots(tree["children"][0])
    elif kind != "expref":
        for child in _children(tree):
            yield from _roots(child)
