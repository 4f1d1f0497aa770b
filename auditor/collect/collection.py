"""One collection: signs in, finds out what to audit, runs the collectors, makes the snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor import __version__
from auditor.collect import application_templates, service_principals
from auditor.collect.collector import Collector, Context
from auditor.collect.lookup import Asked, Listed
from auditor.collect.missing_targets import Wanted, missing_targets, with_targets
from auditor.collect.progress import Progress, Silent
from auditor.collect.registry import list_collectors
from auditor.collect.rereads import Rereading
from auditor.collect.selection import Selected, select
from auditor.collect.targets import SECTION as SEARCH
from auditor.collect.targets import Targets, find_targets, in_order, profiles_to_search
from auditor.errors import UsageError
from auditor.graph.question import timestamp
from auditor.model.configuration import Judgement, TenantConfiguration
from auditor.model.node import Node
from auditor.model.profile import Profile
from auditor.model.snapshot import TENANT, Per, Section, Snapshot, Target, TenantIdentity
from auditor.model.wire import to_json

if TYPE_CHECKING:
    from auditor.graph.connection import Connection
    from auditor.graph.traffic import Traffic

MANY = 20
"""Applications from which on everything is asked for once, not for each."""


def now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


async def collect(
    tenant: TenantConfiguration,
    *,
    judgement: Judgement,
    profiles: Sequence[Profile],
    all_applications: bool = False,
    names: Sequence[str] = (),
    progress: Progress | None = None,
    max_wait: float = 300.0,
    compared: bool = False,
    last: Snapshot | None = None,
    clock: Callable[[], datetime] = now,
    traffic: Traffic | None = None,
) -> Snapshot:
    """Reads a tenant; counts in `traffic` what that took.

    `judgement` is stored in the snapshot, `names` are those of `--application`, `max_wait` the seconds that
    one request may be throttled. `compared` says that snapshots of this tenant are kept and compared, and
    `last` is the last of them: then what drift needs is read too. Raises CannotRunError when nothing can be
    read, UsageError when nothing is called as one of `names`, or nothing is to be looked at.
    """
    from auditor.graph.connection import connect  # msgraph takes its time

    if not tenant.applications and not all_applications:
        raise UsageError(
            "the configuration names no application to look at",
            remedy="Name one under applications, or give --all-applications.",
        )
    progress = progress or Silent()
    started = clock()
    async with connect(
        tenant, max_wait=max_wait, waiting=progress.waiting, clock=clock, traffic=traffic
    ) as connection:
        collection = _Collection(
            tenant=tenant,
            profiles=profiles,
            everything=all_applications,
            connection=connection,
            judgement=judgement,
            started=started,
            progress=progress,
            compared=compared or last is not None,
            last=last if last and last.tenant.id == connection.tenant_id else None,
        )
        selected = await collection.run(names)
    return Snapshot(
        tenant=_identity(connection.tenant_id, collection.sections.get("organization")),
        cloud=tenant.cloud,
        started_at=timestamp(started),
        finished_at=timestamp(clock()),
        auditor_version=__version__,
        configuration=to_json(judgement),
        targets=selected.targets.targets,
        entries=selected.entries if names else None,
        sections=dict(sorted(collection.sections.items())),
    )


@dataclass(kw_only=True)
class _Collection:
    """The sections of one tenant as they come to be."""

    tenant: TenantConfiguration
    profiles: Sequence[Profile]
    everything: bool
    connection: Connection
    judgement: Judgement
    started: datetime
    progress: Progress
    compared: bool
    last: Snapshot | None
    sections: dict[str, Section] = field(default_factory=dict)

    async def run(self, names: Sequence[str]) -> Selected:
        """Reads everything; gives what was audited."""
        collectors = [it for it in list_collectors() if self.compared or not it.for_drift]
        self.progress.planned(len(collectors))
        context = Context(
            graph=self.connection.graph,
            login_host=self.connection.login_host,
            cloud=self.connection.cloud,
            tenant=self.tenant,
            tenant_id=self.connection.tenant_id,
            thresholds=self.judgement.thresholds,
            profiles=self._profiles(),
            targets=(),
            bulk=self.everything,
            sections=self.sections,
            at=self.started,
            progress=self.progress,
            last=self.last,
        )
        if self.everything:
            context = replace(context, listing=await service_principals.list_all(context.graph))
        await self._collect(application_templates.COLLECTOR, context)
        found = await self._targets(context)
        missing = missing_targets(self.last, found.targets, self._wanted) if self.last else ()
        both = replace(found, targets=in_order([*found.targets, *missing]))
        selected = select(both, names, self.tenant.applications)
        missing = tuple(it for it in selected.targets.targets if it in missing)
        targets = tuple(it for it in selected.targets.targets if it not in missing)
        selected = replace(selected, targets=replace(selected.targets, targets=targets))
        self.sections[SEARCH] = selected.targets.matches
        context = replace(context, targets=targets, bulk=self.everything or len(targets) > MANY)
        first = [it for it in collectors if it is not application_templates.COLLECTOR and not it.for_drift]
        await self._collect_all(first, context)
        if self.last is not None:
            selected = await self._completed(selected, missing, first, context)
        await self._collect_all([it for it in collectors if it.for_drift], context)
        return selected

    async def _completed(
        self, selected: Selected, missing: Sequence[Target], collectors: Sequence[Collector], context: Context
    ) -> Selected:
        """Reads once more what the last snapshot had and this collection did not find."""
        rereading = Rereading(
            context=context,
            sections=self.sections,
            collectors={collector.section: collector for collector in collectors},
        )
        again = await rereading.targets(missing, self._wanted)
        if again:
            targets = with_targets(selected.targets, again, self._wanted)
            selected = replace(selected, targets=targets)
            self.sections[SEARCH] = targets.matches
            await self._join(tuple(again), collectors, context)
        rereading.context = replace(context, targets=selected.targets.targets)
        await rereading.run()
        self.sections[rereading.section.name] = rereading.section
        return selected

    async def _join(
        self, targets: tuple[Target, ...], collectors: Sequence[Collector], context: Context
    ) -> None:
        """Reads everything about further targets."""
        of_all = (Per.TENANT, Per.PROFILE)
        apart = replace(self, sections={it.name: it for it in self.sections.values() if it.per in of_all})
        about_them = replace(context, targets=targets, bulk=False, listing=None, sections=apart.sections)
        await apart._collect_all([it for it in collectors if it.per not in of_all], about_them)
        for name, section in apart.sections.items():
            if section.per not in of_all:
                records = {**section.records, **self.sections[name].records}
                self.sections[name] = replace(section, records=dict(sorted(records.items())))

    @property
    def _wanted(self) -> Wanted:
        return Wanted(
            applications=self.tenant.applications, profiles=self.profiles, everything=self.everything
        )

    def _profiles(self) -> list[Profile]:
        """The profiles that this collection is about: named by the configuration, or looked for."""
        applications = self.tenant.applications
        searched = profiles_to_search(self.profiles, applications, everything=self.everything)
        named = {entry.profile for entry in applications}
        return [profile for profile in self.profiles if profile in searched or profile.id in named]

    async def _targets(self, context: Context) -> Targets:
        lookup = Asked(graph=context.graph) if context.listing is None else Listed(listing=context.listing)
        return await find_targets(
            lookup,
            applications=self.tenant.applications,
            profiles=self.profiles,
            templates=self.sections[application_templates.COLLECTOR.section],
            listing=context.listing,
        )

    async def _collect_all(self, collectors: Iterable[Collector], context: Context) -> None:
        """Runs collectors, each when those are done that it reads; side by side otherwise."""
        done = {collector.section: asyncio.Event() for collector in collectors}

        async def in_turn(collector: Collector) -> None:
            for section in collector.after:
                if section in done:
                    await done[section].wait()
            await self._collect(collector, context)
            done[collector.section].set()

        tasks = [asyncio.create_task(in_turn(collector)) for collector in collectors]
        try:
            await asyncio.gather(*tasks)
        finally:  # when one cannot go on, none does
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _collect(self, collector: Collector, context: Context) -> None:
        self.progress.started(collector.title)
        records = await collector.run(context)
        self.sections[collector.section] = Section(
            name=collector.section,
            per=collector.per,
            mount=collector.mount,
            records=dict(sorted(records.items())),
        )
        self.progress.finished(collector.title)


def _identity(tenant_id: str, organization: Section | None) -> TenantIdentity:
    record = None if organization is None else organization.records.get(TENANT)
    value = None if record is None else record.value
    shown: Mapping[str, Node] = value if isinstance(value, Mapping) else {}
    name, domains = shown.get("displayName"), shown.get("verifiedDomains")
    return TenantIdentity(
        id=tenant_id,
        display_name=name if isinstance(name, str) else None,
        domain=_default_domain(domains if isinstance(domains, list) else []),
    )


def _default_domain(domains: Sequence[Node]) -> str | None:
    for domain in domains:
        name = domain.get("name") if isinstance(domain, Mapping) and domain.get("isDefault") is True else None
        if isinstance(name, str):
            return name
    return None
