"""What a collector is, and how it reads an object that Graph sent.

A module of this folder that defines `COLLECTOR` is a collector. It must be cheap to import (no msgraph at
module level): `auditor permissions` imports all of them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from auditor.collect.progress import Progress, Silent
from auditor.model.cloud import Cloud
from auditor.model.configuration import TenantConfiguration, Thresholds
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node, Request
from auditor.model.profile import Profile
from auditor.model.snapshot import TENANT, Per, Record, Section, Snapshot, Target

if TYPE_CHECKING:
    from auditor.graph.answer import Answer, Refusal
    from auditor.graph.client import GraphClient
    from auditor.graph.login_host import LoginHost

Records: TypeAlias = Mapping[str, Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a collector has to work with."""

    graph: GraphClient
    login_host: LoginHost
    cloud: Cloud
    tenant: TenantConfiguration
    tenant_id: str
    """The tenant's GUID, lower case."""
    thresholds: Thresholds
    profiles: Sequence[Profile]
    targets: tuple[Target, ...]
    bulk: bool
    """Many applications: ask once for all instead of once for each."""
    listing: Answer | Refusal | None = None
    """All service principals with `service_principals.SELECT`, when all applications are wanted."""
    sections: Mapping[str, Section]
    """Those that are finished; the ones that `Collector.after` names are among them."""
    at: datetime
    """When the collection started, UTC: the end of every time window."""
    last: Snapshot | None = None
    """The last complete snapshot of this tenant, where nights are compared."""
    progress: Progress = field(default_factory=Silent)

    @property
    def service_principal_ids(self) -> tuple[str, ...]:
        """Object ids of the service principals to audit, sorted."""
        return tuple(sorted({target.service_principal_id for target in self.targets}))

    def value(self, section: str, subject: str = TENANT) -> Node:
        """What a finished section says about a subject; a gap when it has no such record."""
        found = self.sections.get(section)
        record = None if found is None else found.records.get(subject)
        if record is None:
            return Gap(
                section=section,
                subject=subject,
                reason=Reason.UNREADABLE,
                detail=f"{section} holds nothing about {subject}",
            )
        return record.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """One section of the snapshot: what it holds, what it may ask, and how it asks."""

    section: str
    per: Per
    mount: str | None
    """Where the records belong in the evidence; None when evidence is derived from them."""
    title: str
    """For the progress line: what is being read."""
    permissions: tuple[str, ...]
    """Least-privileged application permissions; all of them are needed."""
    after: tuple[str, ...] = ()
    """Sections that it reads; they are finished first."""
    for_drift: bool = False
    """Read only where nights are compared, and when everything else has been read."""
    run: Callable[[Context], Awaitable[Records]]
    again: Callable[[Context, Sequence[str]], Awaitable[Records]] | None = None
    """Reads elements of the list about the only target, or about the tenant, by their ids, where Graph offers
    that: a record for each id, null for one that is not there."""

    @property
    def permission(self) -> str | None:
        """The permissions as a gap names them."""
        return " and ".join(self.permissions) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an object came from, to say so in the gaps inside it."""

    section: str
    subject: str
    request: Request
    permission: str | None = None
    """The permission that would show properties which come back null; None when none would."""

    def gap(self, detail: str, reason: Reason = Reason.UNREADABLE, *, licence: str | None = None) -> Gap:
        """A gap about something inside the object."""
        return Gap(
            section=self.section,
            subject=self.subject,
            reason=reason,
            detail=detail,
            permission=self.permission if reason is Reason.PERMISSION else None,
            licence=licence,
            http_status=self.request.status,
            source=str(self.request),
            collected_at=self.request.at,
        )


def normalise(
    value: Mapping[str, Json],
    *,
    select: Iterable[str],
    null_means: Mapping[str, str],
    origin: Origin,
    sets: Collection[str] = (),
) -> dict[str, Node]:
    """The selected properties of an object, with gaps where Graph did not really say what they are.

    `null_means` says of a property what its null stands for; the null of any other property hides a value.
    `sets` names the properties that are lists without an order: these are sorted, and a value that is
    no list is a gap.
    """
    return {name: _property(value, name, null_means, origin, sets) for name in select}


def _property(
    value: Mapping[str, Json],
    name: str,
    null_means: Mapping[str, str],
    origin: Origin,
    sets: Collection[str],
) -> Node:
    if name not in value:
        return origin.gap(f"{name} was asked for and is not in the answer to {origin.request}")
    found = value[name]
    if found is None:
        if name in null_means:
            return None
        hidden = Reason.PERMISSION if origin.permission else Reason.UNREADABLE
        return origin.gap(f"{name} came back null, which says nothing about its value", hidden)
    if name in sets:
        if not isinstance(found, Sequence) or isinstance(found, str):
            return origin.gap(f"{name} should be a list and is not, in the answer to {origin.request}")
        return in_order(found)
    return found


def in_order(items: Iterable[Json]) -> list[Json]:
    """A set as a list that is the same whatever order Graph sent it in."""
    return sorted(items, key=_canonical)


def by_id(objects: Iterable[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """The objects of a list in the order of their ids, whatever order Graph sent them in."""
    return sorted(objects, key=lambda item: str(item.get("id")))


def _canonical(item: Json) -> str:
    return json.dumps(item, sort_keys=True)


def refused(collector: Collector, subjects: Iterable[str], refusal: Refusal) -> dict[str, Record]:
    """The same refusal as record of each subject."""
    return {subject: refused_record(collector, subject, refusal) for subject in subjects}


def refused_record(collector: Collector, subject: str, refusal: Refusal) -> Record:
    """A refusal as a record: a gap, and the request that was refused."""
    return Record(
        value=refusal.gap(section=collector.section, subject=subject, permission=collector.permission),
        requests=(refusal.request,),
    )


def unavailable(collector: Collector, subject: str, cloud: Cloud) -> Record:
    """The record of something that this cloud does not offer; nothing was asked."""
    return Record(
        value=Gap(
            section=collector.section,
            subject=subject,
            reason=Reason.UNAVAILABLE_IN_CLOUD,
            detail=f"the cloud {cloud.name} does not offer {collector.section}",
        )
    )
