"""When two values mean the same: letter case that does not matter, and formatting.

Microsoft Graph documentation ("servicePrincipal resource type" and others) for what is a GUID or a
thumbprint; RFC 3986 section 6.2.2.1 for scheme and host of a URL, RFC 5321 section 2.4 for mail domains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import urlsplit

from auditor.model.gap import Gap
from auditor.model.node import Json, Node, Read
from auditor.model.wire import encode_node

Normal: TypeAlias = Callable[[Node], Node]
"""Gives what two values have in common that mean the same."""

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_MAIL = re.compile(r"[^@\s/:]+@[^@\s/:]+\.[^@\s/:]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def canonical(value: Node) -> str:
    """One text for equal JSON."""
    return json.dumps(encode_node(value), sort_keys=True, separators=(",", ":"))


def exactly(value: Node) -> Node:
    """Every letter counts: identifiers, names."""
    return value


def by_letters(value: Node) -> Node:
    """Letter case does not matter: GUIDs, domains, user principal names, Graph's enumerations."""
    return value.lower() if isinstance(value, str) else value


def thumbprint(value: Node) -> Node:
    """Hexadecimal digits, whatever their case and whatever stands between them."""
    return re.sub(r"[\s:]", "", value).upper() if isinstance(value, str) else value


def identifier(value: Node) -> Node:
    """An entity ID is compared letter by letter; only a bare GUID, the name every application has, is not."""
    return value.lower() if isinstance(value, str) and _GUID.fullmatch(value) else value


def url(value: Node) -> Node:
    """Scheme and host of an absolute URL without regard to case; everything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return value
    if not parts.scheme or not parts.netloc:
        return value
    login, at, host = parts.netloc.rpartition("@")
    rest = value[len(parts.scheme) + len("://") + len(parts.netloc) :]
    return f"{parts.scheme}://{login}{at}{host.lower()}{rest}"


def mail(value: Node) -> Node:
    """The domain without regard to case."""
    if not isinstance(value, str):
        return value
    name, at, domain = value.rpartition("@")
    return f"{name}{at}{domain.lower()}" if at else value


def instant(value: Node) -> Node:
    """The same point in time, to the second, however it is written; Graph cuts fractions here and there."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return value
    whole = re.sub(r"\.\d+", "", value)
    try:
        return datetime.fromisoformat(whole).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return value


def false_unless_set(value: Node) -> Node:
    """Null is false."""
    return False if value is None else value


def blank_or_text(value: Node) -> Node:
    """Null and the empty text are both blank."""
    return None if value == "" else value


def loosely(value: Node) -> Node:
    """A value of which nobody said what it is, by its looks."""
    if not isinstance(value, str):
        return value
    if _GUID.fullmatch(value):
        return value.lower()
    if _DIGITS.fullmatch(value):
        return value.upper()
    if _MAIL.fullmatch(value):
        return mail(value)
    if _TIME.fullmatch(value):
        return instant(value)
    return url(value)


def by_looks(value: Node) -> Node:
    """The same for values that make no difference, whatever they are: lists as sets, nothing as absent."""
    if isinstance(value, Mapping):
        found = {name: by_looks(item) for name, item in value.items()}
        return {name: item for name, item in found.items() if item is not None and item != []}
    if is_list(value):
        return sorted((by_looks(item) for item in items(value)), key=canonical)
    return loosely(value)


def definition(value: Node) -> Node:
    """A policy's definition: the JSON inside its strings, by looks. White space and order say nothing."""
    return by_looks([_parsed(item) for item in items(value)] if is_list(value) else _parsed(value))


def _parsed(value: Node) -> Node:
    if not isinstance(value, str):
        return value
    try:
        found: Json = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found


def is_list(value: Node) -> bool:
    """Whether it is a list of whatever."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def items(value: Node) -> list[Node]:
    """The elements of a list; nothing for what is none."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def text(value: Node, key: str) -> str | None:
    """A text in an object, or None."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else None


def in_order(value: Node) -> Node:
    """The value with its lists sorted: what is shown of it must not depend on the order of a set."""
    if isinstance(value, Mapping):
        return {name: in_order(item) for name, item in value.items()}
    if is_list(value):
        return sorted((in_order(item) for item in items(value)), key=canonical)
    return value


def has_gap(value: Node) -> bool:
    """Whether something inside could not be read."""
    if isinstance(value, Gap):
        return True
    if isinstance(value, Read):
        return has_gap(value.value)
    if isinstance(value, Mapping):
        return any(has_gap(item) for item in value.values())
    return any(has_gap(item) for item in items(value))
