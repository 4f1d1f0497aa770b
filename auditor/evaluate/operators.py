"""The words of `expect` and `when`: one table, one word per meaning.

An operator says whether a value holds against an operand, and how to put the operand into the report. Null is
a value: wrong where something is asked for, right where nothing is. A value of a type the operator knows
nothing about is neither right nor wrong: it raises MismatchError, and the rule is not evaluated.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from auditor.evaluate.trace import ordered, same, type_of
from auditor.model.gap import Gap
from auditor.model.node import Json
from auditor.model.profile import ExpectationKind


class MismatchError(ValueError):
    """The value or the operand is of a type with which nothing can be said."""


Holds: TypeAlias = Callable[[Json, Json], bool]
"""Of the value and the operand. Raises MismatchError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One word of the table."""

    holds: Holds
    expected: Callable[[Json], Json]
    """The operand as the report shows it under `expected`."""
    glance: bool = False
    """What lies within the value makes no difference, so it is not touched."""


PLACEHOLDER = re.compile(r"<([A-Za-z0-9_ -]+)>")


def pattern_regex(pattern: str) -> re.Pattern[str]:
    """`https://<subdomain>.example.com` as a regular expression for the whole text.

    Raises ValueError when angle brackets do not pair up around a name.
    """
    literals = PLACEHOLDER.split(pattern)[::2]
    if any("<" in literal or ">" in literal for literal in literals):
        raise ValueError(f"the angle brackets of {pattern!r} do not enclose a name each")
    return re.compile("[A-Za-z0-9._~-]+".join(re.escape(literal) for literal in literals))


def _scalar(value: Json) -> Json:
    if isinstance(value, Mapping | list | tuple):
        raise MismatchError(f"{type_of(value)} stands where a single value belongs")
    return value


def _text(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise MismatchError(f"{type_of(value)} stands where a text belongs")


def _items(value: Json) -> list[Json]:
    """The items of a list; null is Graph's other way to say that there are none."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return list(value)
    raise MismatchError(f"{type_of(value)} stands where a list belongs")


def _equals(value: Json, operand: Json) -> bool:
    return operand is not None and same(_scalar(value), _scalar(operand))


def _equals_ignoring_case(value: Json, operand: Json) -> bool:
    left, right = _text(value), _text(operand)
    return left is not None and right is not None and left.casefold() == right.casefold()


def _contains(value: Json, operand: Json) -> bool:
    return any(_equals(item, operand) for item in _items(value))


def _one_of(value: Json, operand: Json) -> bool:
    return any(_equals(value, choice) for choice in _items(operand))


def _is_empty(value: Json, operand: Json) -> bool:
    if isinstance(value, bool | int | float):
        raise MismatchError(f"{type_of(value)} is neither empty nor filled")
    return (not value) is operand


def _is_true(value: Json, operand: Json) -> bool:
    if value is not None and not isinstance(value, bool):
        raise MismatchError(f"{type_of(value)} stands where true or false belongs")
    return value is operand


def _compared(compare: Callable[[Any, Any], bool]) -> Holds:
    def holds(value: Json, operand: Json) -> bool:
        if value is None or operand is None:
            return False
        result = ordered(compare, value, operand)
        if isinstance(result, Gap):
            raise MismatchError(result.detail)
        return result

    return holds


def _matches(value: Json, operand: Json) -> bool:
    text, pattern = _text(value), _text(operand)
    return text is not None and pattern is not None and re.fullmatch(pattern, text) is not None


def _same_set_as(value: Json, operand: Json) -> bool:
    left, right = _items(value), _items(operand)

    def within(items: list[Json], others: list[Json]) -> bool:
        return all(any(same(item, other) for other in others) for item in items)

    return within(left, right) and within(right, left)


def _expectation(operand: Json) -> tuple[ExpectationKind, Json]:
    if not isinstance(operand, Mapping) or "kind" not in operand:
        raise MismatchError("the profile does not say what is expected")
    return ExpectationKind(str(operand["kind"])), operand.get("value")


def _choices(value: Json) -> list[Json]:
    return list(value.values()) if isinstance(value, Mapping) else _items(value)


def _meets(value: Json, operand: Json) -> bool:
    kind, wanted = _expectation(operand)
    match kind:
        case ExpectationKind.ANY:
            return True
        case ExpectationKind.BLANK:
            return value is None or value == "" or value == []
        case ExpectationKind.EXACTLY:
            return _equals(value, wanted)
        case ExpectationKind.ONE_OF:
            return _one_of(value, _choices(wanted))
        case ExpectationKind.MATCHES:
            text = _text(value)
            return text is not None and pattern_regex(str(wanted)).fullmatch(text) is not None


def _has_one_that_meets(value: Json, operand: Json) -> bool:
    kind, _ = _expectation(operand)
    items = _items(value)
    if kind is ExpectationKind.BLANK:
        return not items
    return kind is ExpectationKind.ANY or any(_meets(item, operand) for item in items)


def is_public_https_url(value: Json) -> bool:
    """Whether an answer sent there can be read by nobody else: https, one host, not this machine's own.

    A last label of digits (or 0x...) makes a host an IPv4 address in every browser (URL Standard, 3.5).
    """
    text = _text(value)
    if text is None or "*" in text:
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme != "https" or not host:
        return False
    last = host.rstrip(".").rpartition(".")[2]
    is_address = ":" in host or re.fullmatch(r"\d+|0x[0-9a-f]*", last) is not None or _is_address(host)
    return not is_address and last != "localhost"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _itself(operand: Json) -> Json:
    return operand


def _shown(template: str) -> Callable[[Json], Json]:
    def expected(operand: Json) -> Json:
        return template.format("null" if operand is None else operand)

    return expected


def _either_way(if_true: str, if_false: str) -> Callable[[Json], Json]:
    return lambda operand: if_true if operand is True else if_false


def _expected_by_profile(operand: Json) -> Json:
    """The value of an expectation; what has no value in words."""
    try:
        kind, wanted = _expectation(operand)
    except MismatchError:
        return None
    match kind:
        case ExpectationKind.EXACTLY:
            return wanted
        case ExpectationKind.ONE_OF:
            return _choices(wanted)
        case ExpectationKind.MATCHES:
            return f"of the form {wanted}"
        case ExpectationKind.BLANK:
            return "blank"
        case ExpectationKind.ANY:
            return "any value"


OPERATORS: Mapping[str, Operator] = {
    "equals": Operator(holds=_equals, expected=_itself),
    "not_equals": Operator(holds=lambda v, o: not _equals(v, o), expected=_shown("not {}")),
    "equals_ignoring_case": Operator(holds=_equals_ignoring_case, expected=_itself),
    "one_of": Operator(holds=_one_of, expected=_itself),
    "contains": Operator(holds=_contains, expected=_itself),
    "excludes": Operator(holds=lambda v, o: not _contains(v, o), expected=_shown("not {}")),
    "is_empty": Operator(holds=_is_empty, expected=_either_way("nothing", "at least one"), glance=True),
    "is_null": Operator(
        holds=lambda v, o: (v is None) is o, expected=_either_way("null", "a value"), glance=True
    ),
    "is_true": Operator(holds=_is_true, expected=_itself),
    "at_least": Operator(holds=_compared(operator.ge), expected=_shown("at least {}")),
    "at_most": Operator(holds=_compared(operator.le), expected=_shown("at most {}")),
    "more_than": Operator(holds=_compared(operator.gt), expected=_shown("more than {}")),
    "less_than": Operator(holds=_compared(operator.lt), expected=_shown("less than {}")),
    "matches": Operator(holds=_matches, expected=_shown("of the form {}")),
    "same_set_as": Operator(holds=_same_set_as, expected=_itself),
    "meets": Operator(holds=_meets, expected=_expected_by_profile),
    "has_one_that_meets": Operator(holds=_has_one_that_meets, expected=_expected_by_profile),
    "is_public_https_url": Operator(
        holds=lambda v, o: is_public_https_url(v) is o,
        expected=_either_way("a public https URL", "no public https URL"),
    ),
}
"""By the word in the rule file; `reports/schema/rule.schema.json` says what operand each takes."""
