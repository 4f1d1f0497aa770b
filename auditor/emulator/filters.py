"""`$filter`, `$orderby` and `$search`: what is documented is evaluated, the rest is refused."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from auditor.emulator.requests import Object
from auditor.emulator.resources import Resource

_QUOTED = re.compile(r"('(?:[^']|'')*')")
_WORDS = re.compile(r"\b(startsWith|endsWith|contains|not)\b\s*(\()?", re.IGNORECASE)
_ADVANCED = frozenset({"ne", "not", "endswith"})
_COUNT = "_count"

_COMPARATORS: dict[type[ast._Node], tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Eq: ("eq", operator.eq),
    ast.NotEq: ("ne", operator.ne),
    ast.GtE: ("ge", operator.ge),
    ast.LtE: ("le", operator.le),
    ast.Gt: ("gt", operator.gt),
    ast.Lt: ("lt", operator.lt),
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}

Test = Callable[[object], bool]


class UnsupportedQuery(Exception):
    """The query is not one that Graph documents for this resource."""

    def __init__(self, message: str, *, code: str = "Request_UnsupportedQuery") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled `$filter`."""

    test: Test
    is_advanced: bool
    """Needs the advanced query parameters."""


def compiled(text: str, resource: Resource, extra: str = "") -> Filter:
    """The filter `text` over `resource`. Raises UnsupportedQuery.

    `extra` names a property that may be compared besides the documented ones.
    """
    filters = {**resource.filters, extra: "eq"}
    compiler = _Compiler(resource, filters)
    test = compiler.test(_parsed(text), {})
    return Filter(test, compiler.is_advanced)


@lru_cache(maxsize=512)
def _parsed(text: str) -> ast._Node:
    parts = _QUOTED.split(text)
    parts[::2] = [
        _WORDS.sub(
            lambda found: (
                found[1].lower() + (" (" if found[1].lower() == "not" and found[2] else found[2] or " ")
            ),
            part,
        ).replace("$count", _COUNT)
        for part in parts[::2]
    ]
    try:
        tree: ast._Node | None = ODataParser().parse(ODataLexer().tokenize("".join(parts)))
    except ODataException as error:
        raise UnsupportedQuery(f"Invalid filter clause: {error}", code="BadRequest") from error
    if tree is None:
        raise UnsupportedQuery("Invalid filter clause: the expression is empty.", code="BadRequest")
    return tree


class _Compiler:
    """Turns a syntax tree into a test of an object, checking every property and operator on the way."""

    def __init__(self, resource: Resource, filters: Mapping[str, str]) -> None:
        self._resource = resource
        self._filters = filters
        self.is_advanced = False

    def test(self, node: ast._Node, names: dict[str, str]) -> Test:
        """`names` binds the variables of lambda expressions to the property they run over."""
        if isinstance(node, ast.BoolOp):
            left, right = self.test(node.left, names), self.test(node.right, names)
            if isinstance(node.op, ast.And):
                return lambda item: left(item) and right(item)
            return lambda item: left(item) or right(item)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.test(node.operand, names)
            self.is_advanced |= self._resource.is_directory
            return lambda item: not inner(item)
        if isinstance(node, ast.Compare):
            return self._comparison(node, names)
        if isinstance(node, ast.Call):
            return self._call(node, names)
        if isinstance(node, ast.CollectionLambda):
            return self._lambda(node, names)
        raise UnsupportedQuery("Invalid filter clause", code="BadRequest")

    def _comparison(self, node: ast.Compare, names: dict[str, str]) -> Test:
        path = _path(node.left)
        if isinstance(node.comparator, ast.In):
            self._allow(path, "in", names)
            wanted = [_literal(item) for item in node.right.val] if isinstance(node.right, ast.List) else []
            return lambda item: _folded(_value(item, path, names)) in wanted
        name, compare = _COMPARATORS[type(node.comparator)]
        self._allow(path, name, names)
        other = _literal(node.right)
        if name in ("eq", "ne"):
            return lambda item: compare(_folded(_value(item, path, names)), other)
        return lambda item: _ordered(compare, _folded(_value(item, path, names)), other)

    def _call(self, node: ast.Call, names: dict[str, str]) -> Test:
        function = _FUNCTIONS.get(node.func.name)
        if function is None or len(node.args) != 2:
            raise UnsupportedQuery(f"The function '{node.func.name}' is not supported.")
        path, wanted = _path(node.args[0]), str(_literal(node.args[1]))
        self._allow(path, node.func.name, names)
        return lambda item: function(str(_folded(_value(item, path, names)) or ""), wanted)

    def _lambda(self, node: ast.CollectionLambda, names: dict[str, str]) -> Test:
        if node.lambda_ is None or not isinstance(node.operator, ast.Any):
            raise UnsupportedQuery("Only the lambda operator any with an expression is supported.")
        owner = _path(node.owner)
        variable = node.lambda_.identifier.name
        inner = self.test(node.lambda_.expression, {**names, variable: owner})
        return lambda item: any(inner({variable: each}) for each in _list(_value(item, owner, names)))

    def _allow(self, path: str, word: str, names: dict[str, str]) -> None:
        variable, _, rest = path.partition("/")
        named = path
        if variable in names:
            owner = names[variable]
            named = f"{owner}/{rest}" if rest and f"{owner}/{rest}" in self._filters else owner
        allowed = self._filters.get(named, "").split()
        if word not in allowed:
            shown = names.get(variable, path)
            raise UnsupportedQuery(
                f"Unsupported or invalid query filter clause specified for property '{shown}'"
                f" of resource '{self._resource.kind[:1].upper()}{self._resource.kind[1:]}'."
            )
        if self._resource.is_directory and (word in _ADVANCED or named.endswith("$count")):
            self.is_advanced = True


def _path(node: ast._Node) -> str:
    if isinstance(node, ast.Identifier):
        return node.name
    if isinstance(node, ast.Attribute):
        attribute = "$count" if node.attr == _COUNT else node.attr
        return f"{_path(node.owner)}/{attribute}"
    raise UnsupportedQuery("Invalid filter clause", code="BadRequest")


def _value(item: object, path: str, names: dict[str, str]) -> object:
    for step in path.split("/"):
        if step == "$count":
            return len(_list(item))
        item = item.get(step) if isinstance(item, dict) else None
    return item


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _literal(node: ast._Node) -> object:
    if isinstance(node, ast.DateTime | ast.Date):
        return _folded(node.val)
    if isinstance(node, ast.GUID):
        return node.val.lower()
    if isinstance(node, ast._Literal):
        return _folded(node.py_val)
    raise UnsupportedQuery("Invalid filter clause", code="BadRequest")


def _folded(value: object) -> object:
    """Text without regard to case, as the directory compares; times without fractions and offset."""
    if isinstance(value, str):
        text = value.lower()
        return re.sub(r"(\.\d+)?z$", "", text) if re.match(r"\d{4}-\d\d-\d\dt", text) else text
    return value


def _ordered(compare: Callable[[object, object], bool], left: object, right: object) -> bool:
    return type(left) is type(right) and compare(left, right)


def ordered(
    items: list[Object], text: str, resource: Resource, *, advanced: bool, filtered: bool
) -> list[Object]:
    """`items` sorted by `$orderby`. Raises UnsupportedQuery."""
    name, _, direction = text.strip().partition(" ")
    if name not in (*resource.order, *resource.advanced_order):
        raise UnsupportedQuery(f"Sorting not supported for current query: '{name}'.")
    if resource.is_directory and not advanced and (filtered or name not in resource.order):
        raise UnsupportedQuery(
            "Sorting not supported for current query; it needs 'ConsistencyLevel: eventual' and $count=true."
        )
    return sorted(
        items, key=lambda item: str(item.get(name) or "").lower(), reverse=direction.strip() == "desc"
    )


def searched(items: list[Object], text: str) -> list[Object]:
    """`items` that hold the words of `$search="property:words"`."""
    name, _, words = text.strip().strip('"').partition(":")
    return [item for item in items if words.lower() in str(item.get(name) or "").lower()]
