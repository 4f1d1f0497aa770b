"""A JMESPath syntax tree as closures over evidence; what they mean is told in `auditor.evaluate.paths`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from jmespath.visitor import _Expression

from auditor.evaluate import functions
from auditor.evaluate.trace import (
    Trace,
    Undecided,
    is_false,
    mismatch,
    ordered,
    same,
    undecided,
    unreadable,
)
from auditor.model.gap import Gap
from auditor.model.node import Json, Node, Read

Ast: TypeAlias = Mapping[str, Any]


Step: TypeAlias = Callable[[Node, Trace], Node]


def compiled(tree: Ast) -> Step:
    """The closure of a tree that has been checked (`auditor.evaluate.paths`)."""
    return _COMPILERS[tree["type"]](tree)


def _itself(tree: Ast) -> Step:
    return lambda node, trace: node


def _literal(tree: Ast) -> Step:
    value = cast(Node, tree["value"])
    return lambda node, trace: value


def _field(tree: Ast) -> Step:
    name: str = tree["value"]

    def step(node: Node, trace: Trace) -> Node:
        node = trace.open(node)
        if isinstance(node, dict | Mapping):
            return node[name] if name in node else unreadable(f"the answer lacks {name}")
        if node is None or isinstance(node, Gap):
            return node
        return mismatch(node, f"an object with {name}")

    return step


def _chain(tree: Ast) -> Step:
    steps = [compiled(child) for child in tree["children"]]

    def step(node: Node, trace: Trace) -> Node:
        for part in steps:
            node = part(node, trace)
        return node

    return step


def _list_step(take: Callable[[Sequence[Node], Trace], Node]) -> Step:
    """A step on a list; null stays null, and anything else is a gap."""

    def step(node: Node, trace: Trace) -> Node:
        node = trace.open(node)
        if isinstance(node, list | tuple):
            return take(node, trace)
        return node if node is None or isinstance(node, Gap) else mismatch(node, "a list")

    return step


def _undecided_among(items: Sequence[Node], trace: Trace) -> Gap | None:
    """The first element of which is not known whether it belongs there, and so where the others stand."""
    opened = [trace.open(item) for item in items]
    return next((item for item in opened if isinstance(item, Undecided)), None)


def _index(tree: Ast) -> Step:
    position: int = tree["value"]

    def take(items: Sequence[Node], trace: Trace) -> Node:
        if not -len(items) <= position < len(items):
            return None  # also when some elements are undecided: without them the list is only shorter
        counted = items[: position + 1] if position >= 0 else items[position:]
        return _undecided_among(counted, trace) or items[position]

    return _list_step(take)


def _slice(tree: Ast) -> Step:
    bounds = slice(*tree["children"])
    return _list_step(lambda items, trace: _undecided_among(items, trace) or list(items[bounds]))


def _with_reads(node: Node, trace: Trace) -> Node:
    """The node with the requests of its own trace: what is known of one element depends on no other."""
    requests = trace.touched()
    return Read(node, requests) if requests else node


def _projected(right: Step, element: Node) -> Node:
    own = Trace()
    opened = own.open(element)
    if isinstance(opened, Undecided):
        return _with_reads(undecided(opened.cause, right(opened.element, own)), own)
    return _with_reads(right(opened, own), own)


def _projection(tree: Ast) -> Step:
    left, right = (compiled(child) for child in tree["children"])
    project = _list_step(lambda items, trace: [_projected(right, item) for item in items])
    return lambda node, trace: project(left(node, trace), trace)


def _value_projection(tree: Ast) -> Step:
    left, right = (compiled(child) for child in tree["children"])

    def step(node: Node, trace: Trace) -> Node:
        node = trace.open(left(node, trace))
        if isinstance(node, Mapping):
            return [_projected(right, value) for value in node.values()]
        return node if node is None or isinstance(node, Gap) else mismatch(node, "an object")

    return step


def _filter_projection(tree: Ast) -> Step:
    left, right, condition = (compiled(child) for child in tree["children"])

    def take(items: Sequence[Node], trace: Trace) -> Node:
        kept: list[Node] = []
        for item in items:
            own = Trace()
            element = own.open(item)
            doubt = element.cause if isinstance(element, Undecided) else None
            if isinstance(element, Undecided):
                element = element.element
            left_out = is_false(own.open(condition(element, own)), own)
            if left_out is True:
                trace.dropped.extend(own.touched())
                continue
            cause = left_out if isinstance(left_out, Gap) else doubt
            value = right(element, own)
            kept.append(_with_reads(value if cause is None else undecided(cause, value), own))
        return kept

    choose = _list_step(take)
    return lambda node, trace: choose(left(node, trace), trace)


def _flatten(tree: Ast) -> Step:
    (inner,) = (compiled(child) for child in tree["children"])

    def take(items: Sequence[Node], trace: Trace) -> Node:
        merged: list[Node] = []
        for item in items:
            own = Trace()
            opened = own.open(item)
            if isinstance(opened, list | tuple):
                merged.extend(_with_reads(part, own) for part in opened)
                if not opened:
                    trace.dropped.extend(own.touched())
            else:
                merged.append(item)
        return merged

    merge = _list_step(take)
    return lambda node, trace: merge(inner(node, trace), trace)


def _whole(node: Node, trace: Trace) -> Json | Gap:
    """The value with all that lies within it, or the first gap in it."""
    probe = Trace()
    value = probe.plain(node)
    trace.requests.extend(probe.requests)
    return probe.gaps[0] if probe.gaps else value


_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def _comparator(tree: Ast) -> Step:
    left_step, right_step = (compiled(child) for child in tree["children"])
    word: str = tree["value"]

    def step(node: Node, trace: Trace) -> Node:
        left, right = trace.open(left_step(node, trace)), trace.open(right_step(node, trace))
        for side in (left, right):
            if isinstance(side, Gap):
                return side
        if left is None or right is None:  # told without touching what lies within the other side
            return None if word in _ORDER else (left is right) == (word == "eq")
        first, second = _whole(left, trace), _whole(right, trace)
        for whole in (first, second):
            if isinstance(whole, Gap):
                return whole
        if word in _ORDER:
            return ordered(_ORDER[word], cast(Json, first), cast(Json, second))
        return same(cast(Json, first), cast(Json, second)) == (word == "eq")

    return step


def _and(tree: Ast) -> Step:
    left_step, right_step = (compiled(child) for child in tree["children"])

    def step(node: Node, trace: Trace) -> Node:
        left = trace.open(left_step(node, trace))
        false = is_false(left, trace)
        if isinstance(false, Gap):
            return false
        return left if false else right_step(node, trace)

    return step


def _or(tree: Ast) -> Step:
    left_step, right_step = (compiled(child) for child in tree["children"])

    def step(node: Node, trace: Trace) -> Node:
        left = trace.open(left_step(node, trace))
        false = is_false(left, trace)
        if isinstance(false, Gap):
            return false
        return right_step(node, trace) if false else left

    return step


def _not(tree: Ast) -> Step:
    (inner,) = (compiled(child) for child in tree["children"])
    return lambda node, trace: is_false(trace.open(inner(node, trace)), trace)


def _multi_select_list(tree: Ast) -> Step:
    steps = [compiled(child) for child in tree["children"]]

    def step(node: Node, trace: Trace) -> Node:
        node = trace.open(node)
        return node if node is None or isinstance(node, Gap) else [part(node, trace) for part in steps]

    return step


def _multi_select_dict(tree: Ast) -> Step:
    steps = {child["value"]: compiled(child["children"][0]) for child in tree["children"]}

    def step(node: Node, trace: Trace) -> Node:
        node = trace.open(node)
        if node is None or isinstance(node, Gap):
            return node
        return {key: part(node, trace) for key, part in steps.items()}

    return step


class _GapTouched(Exception):
    """Carries a gap out of the library's loop over elements."""

    def __init__(self, gap: Gap) -> None:
        self.gap = gap


class _Elementwise:
    """What the library's `map`, `sort_by`, `min_by` and `max_by` ask for one element at a time."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def visit(self, step: Step, element: Node) -> Json:
        value = _whole(step(element, self.trace), self.trace)
        if isinstance(value, Gap):
            raise _GapTouched(value)
        return value


def _function(tree: Ast) -> Step:
    name: str = tree["value"]
    steps = [
        (child["type"] == "expref", compiled(child["children"][0] if child["type"] == "expref" else child))
        for child in tree["children"]
    ]

    def step(node: Node, trace: Trace) -> Node:
        arguments: list[object] = []
        for by_element, argument in steps:
            if by_element:
                # The library looks for this very class, and asks nothing of its parts.
                arguments.append(_Expression(cast(Any, argument), cast(Any, _Elementwise(trace))))
                continue
            value = _whole(argument(node, trace), trace)
            if isinstance(value, Gap):
                return value
            arguments.append(value)
        try:
            return functions.call(name, arguments)
        except _GapTouched as touched:
            return touched.gap
        except functions.FunctionRefusedError as error:
            return unreadable(str(error))

    return step


_COMPILERS: Mapping[str, Callable[[Ast], Step]] = {
    "and_expression": _and,
    "comparator": _comparator,
    "current": _itself,
    "field": _field,
    "filter_projection": _filter_projection,
    "flatten": _flatten,
    "function_expression": _function,
    "identity": _itself,
    "index": _index,
    "index_expression": _chain,
    "literal": _literal,
    "multi_select_dict": _multi_select_dict,
    "multi_select_list": _multi_select_list,
    "not_expression": _not,
    "or_expression": _or,
    "pipe": _chain,
    "projection": _projection,
    "slice": _slice,
    "subexpression": _chain,
    "value_projection": _value_projection,
}
