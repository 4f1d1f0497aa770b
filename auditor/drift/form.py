"""How a value is compared: as one, by its properties, as a set, or not at all. `difference` reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from auditor.drift.meaning import Normal, loosely
from auditor.model.node import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One value; it changed when what `normal` gives did."""

    normal: Normal = loosely


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """An object, property by property; one that is not listed is compared by its looks."""

    listed: Mapping[str, Form] = field(default_factory=dict)
    whole_when_null: bool = False
    """Where one side is null, it came or went as a whole; else each of its properties did."""
    optional: bool = False
    """A property that is not there is not set; else it was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """A set. `key` gives an element's identity; elements of the same are compared by `each`."""

    key: Callable[[Node], str]
    each: Form
    presence: bool = True
    """False: that an element is there says nothing by itself, only what it holds does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """Compared as what `view` makes of it; it sees both sides, so that it can find the same in both."""

    view: Callable[[Node, Node], tuple[Node, Node]]
    form: Form


@dataclass(frozen=True, slots=True)
class Looks:
    """Of which nobody said what it is: objects by property, lists as sets, the rest by its looks."""


@dataclass(frozen=True, slots=True)
class Volatile:
    """Changes by itself, or only repeats what stands elsewhere: makes no drift."""


Form: TypeAlias = Union[Whole, Properties, Members, Through, Looks, Volatile]  # noqa: UP007

LOOKS = Looks()
VOLATILE = Volatile()
