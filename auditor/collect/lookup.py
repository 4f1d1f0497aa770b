"""Finds service principals: asked for one by one with documented filters, or picked from a list of all.

Filters that Graph documents for servicePrincipal (msgraph-sdk repeats them beside each property): `appId`,
`id`, `displayName` and `applicationTemplateId` with eq, `servicePrincipalNames` with eq and startsWith.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from auditor.graph.answer import Answer, Refusal, unreadable
from auditor.graph.question import literal
from auditor.model.configuration import Match
from auditor.model.node import Json, Request

if TYPE_CHECKING:
    from auditor.graph.client import GraphClient

Object: TypeAlias = Mapping[str, Json]

SELECT = ("id", "appId", "displayName", "servicePrincipalNames", "applicationTemplateId")
"""What it takes to recognise a service principal."""


class Unclear(Exception):
    """A property that a service principal would be recognised by is not in the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """What a service principal may be recognised by."""

    filters: tuple[str, ...]
    """All questions to Graph whose answers together hold everything that fits."""
    fits: Callable[[Object], bool]
    """The same, to check an object with; may raise Unclear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search gave. With refusals, more may be there than was found."""

    objects: tuple[Object, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    requests: tuple[Request, ...] = ()

    def __add__(self, other: Found) -> Found:
        known = {identity(item) for item in self.objects}
        return Found(
            objects=self.objects + tuple(item for item in other.objects if identity(item) not in known),
            refusals=self.refusals + other.refusals,
            requests=tuple(dict.fromkeys(self.requests + other.requests)),
        )


class Lookup(Protocol):
    """A way to find service principals."""

    async def find(self, criterion: Criterion) -> Found:
        """All that fit."""


def by_template(template_id: str) -> Criterion:
    """Those made from a gallery template."""
    return Criterion(
        filters=(f"applicationTemplateId eq {literal(template_id)}",),
        fits=lambda item: _same(_optional(item, "applicationTemplateId"), template_id),
    )


def by_identifier(identifier: str) -> Criterion:
    """Those with this identifier, a trailing `#fragment` left out; case aside, to recognise mistyped ones."""
    return Criterion(
        filters=(
            f"servicePrincipalNames/any(n:n eq {literal(identifier)})",
            f"servicePrincipalNames/any(n:startswith(n,{literal(identifier + '#')}))",
        ),
        fits=lambda item: any(_same(name.partition("#")[0], identifier) for name in names(item)),
    )


def by_display_name(name: str) -> Criterion:
    """Those called so, case aside."""
    return Criterion(
        filters=(f"displayName eq {literal(name)}",),
        fits=lambda item: _same(_optional(item, "displayName"), name),
    )


def by_match(match: Match) -> Criterion:
    """Those that the configuration means; all given values must fit."""
    wanted = [
        (name, value)
        for name, value in (
            ("id", match.object_id),
            ("appId", match.app_id),
            ("displayName", match.display_name),
        )
        if value is not None
    ]
    return Criterion(
        filters=tuple(f"{name} eq {literal(value)}" for name, value in wanted[:1]),
        fits=lambda item: all(_same(_optional(item, name), value) for name, value in wanted),
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Asks Graph for each search: the tenant is not crawled for a few applications."""

    graph: GraphClient

    async def find(self, criterion: Criterion) -> Found:
        """All that fit, checked here as well: a filter that is ignored must not make every object fit."""
        asked = [
            self.graph.list(self.graph.sdk.service_principals, select=SELECT, filter=filter)
            for filter in criterion.filters
        ]
        found = Found()
        for outcome in await asyncio.gather(*asked):
            found += picked(outcome, criterion)
        return found


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Picks from a list of all service principals."""

    listing: Answer | Refusal

    async def find(self, criterion: Criterion) -> Found:
        """All in the list that fit."""
        return picked(self.listing, criterion)


def picked(outcome: Answer | Refusal, criterion: Criterion) -> Found:
    """What fits among the items of an answer."""
    requests = (outcome.request,)
    if isinstance(outcome, Refusal):
        return Found(refusals=(outcome,), requests=requests)
    objects, unclear = [], False
    for item in outcome.objects:
        try:
            if criterion.fits(item):
                identity(item)
                objects.append(item)
        except Unclear:
            unclear = True
    doubt = (unreadable("it cannot be told of every service principal what it is", outcome.request),)
    return Found(objects=tuple(objects), refusals=doubt if unclear else (), requests=requests)


def identity(item: Object) -> str:
    """The object id. Raises Unclear, also when the appId is missing: without them nothing can be asked."""
    found, app_id = item.get("id"), item.get("appId")
    if not isinstance(found, str) or not isinstance(app_id, str):
        raise Unclear
    return found


def names(item: Object) -> tuple[str, ...]:
    """The servicePrincipalNames. Raises Unclear."""
    found = listed(item, "servicePrincipalNames")
    return tuple(name for name in found if isinstance(name, str))


def listed(item: Object, name: str) -> list[Json]:
    """A list; null, as agent identities have it, is an empty one. Raises Unclear when it is absent."""
    found = item.get(name)
    if isinstance(found, list):
        return found
    if name in item and found is None:
        return []
    raise Unclear


def _optional(item: Object, name: str) -> str | None:
    """A text that may be null. Raises Unclear when it is absent."""
    if name not in item:
        raise Unclear
    found = item[name]
    return found if isinstance(found, str) else None


def _same(found: str | None, wanted: str) -> bool:
    return found is not None and found.casefold() == wanted.casefold()
