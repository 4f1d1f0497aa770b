"""What the last snapshot had and this collection did not find is read once more before it counts as gone.

Entra is eventually consistent ("Designing for eventual consistency for Microsoft Entra"): a list or a search
may for a while lack what is there. At the end of the same collection, everything that vanished is read again:
by id where Graph offers that (service principals, registrations, users, groups, policies, assignments to the
application), else in the list that it vanished from. What the second reading finds completes the section, and
with it everything that hangs on it; the requests of both readings are evidence.

The section `rereads` has a record for each thing that had vanished, its subject is
`<section>/<subject>/<id>`: {kind, section, subject, id, application, firstReadAt, found, value}.
`kind` is Graph's type, `section` and `subject` say where it vanished from and `application` is the service
principal that this record belongs to, or null. `found` is true or false, or the gap that kept the second
reading from being made: then nobody knows whether it is gone, and the same gap stands in the section too.
`value` is what the second reading saw, null when it is not there. A whole record that vanished has the
subject for its id. A policy is read again, too, when something is gone that it applied to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from auditor.collect.app_role_assigned_to import COLLECTOR as ASSIGNMENTS
from auditor.collect.app_role_assigned_to import assigned
from auditor.collect.collector import Collector, Context, Records
from auditor.collect.missing_targets import Wanted, recognised
from auditor.collect.targets import SECTION as SEARCH
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Request
from auditor.model.snapshot import TENANT, Per, Record, Section, Target

SECTION = "rereads"

OBJECTS: Mapping[str, str] = {
    "servicePrincipals": "servicePrincipal",
    "applications": "application",
    "claimsPolicy": "customClaimsPolicy",
    "groups": "group",
    "notificationRecipients": "directoryObject",
    "testUser": "user",
    "users": "user",
}
"""Sections whose records are single objects, and of which kind these are."""

LISTS: Mapping[str, str] = {
    "appRoleAssignedTo": "appRoleAssignment",
    "appRoleAssignments": "appRoleAssignment",
    "applicationOwners": "directoryObject",
    "claimsMappingPolicies": "claimsMappingPolicy",
    "conditionalAccessPolicies": "conditionalAccessPolicy",
    "federatedIdentityCredentials": "federatedIdentityCredential",
    "groupMembers": "directoryObject",
    "oauth2PermissionGrants": "oAuth2PermissionGrant",
    "owners": "directoryObject",
    "synchronizationJobs": "synchronizationJob",
    "tokenIssuancePolicies": "tokenIssuancePolicy",
}
"""Sections whose records are lists of things with an id, and of which kind these are."""

OF_PRINCIPALS: Mapping[str, str] = {"users": "User", "groups": "Group", "groupMembers": "Group"}
"""Sections whose subjects are assigned, and the type of principal that they are."""

IN_ORDER = ("servicePrincipals", "applications", ASSIGNMENTS.section)
"""Sections that others hang on: these are read again first, one after the other."""

AT_MOST = 100
"""So many things of one record are read by id; when more vanished, the list is read again instead."""


NOT_OFFERED = (400, 405, 501)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """What a record of the last snapshot had and the record of this one lacks."""

    section: str
    subject: str
    ids: frozenset[str]
    """Elements of the list; empty when the whole record is gone."""


def vanished(last: Mapping[str, Section], now: Mapping[str, Section]) -> list[Vanished]:
    """Everything that is to be read once more, of records that are about the same subject."""
    found: list[Vanished] = []
    for name in sorted({*OBJECTS, *LISTS} & last.keys() & now.keys()):
        earlier = last[name].records
        for subject, record in now[name].records.items():
            was = earlier.get(subject)
            if was is None or isinstance(was.value, Gap) or was.value is None:
                continue
            if _is_gone(record.value, name):
                found.append(Vanished(section=name, subject=subject, ids=frozenset()))
            elif name in LISTS and not isinstance(record.value, Gap):
                missing = _missing(_elements(was.value), _elements(record.value))
                if missing:
                    found.append(Vanished(section=name, subject=subject, ids=missing))
    return found


def _missing(was: Mapping[str, Node], now: Mapping[str, Node]) -> frozenset[str]:
    """Elements that are gone, and policies that lack something that they applied to."""
    return frozenset(id for id, item in was.items() if id not in now or _applied(item) - _applied(now[id]))


def _applied(policy: Node) -> set[str]:
    applies_to = policy.get("appliesTo") if isinstance(policy, Mapping) else None
    return set(_elements(applies_to))


def _is_not_offered(value: Node) -> bool:
    """Whether this Graph does not read such things by id: then the list alone can tell."""
    return isinstance(value, Gap) and value.http_status in NOT_OFFERED


def _is_gone(value: Node, section: str) -> bool:
    return (value is None and section in OBJECTS) or is_absent(value)


def is_absent(value: Node) -> bool:
    """Whether this says that there is no such thing, and not that it could not be read."""
    return isinstance(value, Gap) and value.reason is Reason.NOT_FOUND


def _elements(value: Node) -> dict[str, Node]:
    """The elements of a list by their ids."""
    found: dict[str, Node] = {}
    for item in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
        identity = item.get("id") if isinstance(item, Mapping) else None
        if isinstance(identity, str):
            found[identity] = item
    return found


@dataclass(kw_only=True)
class Rereading:
    """The second reading. `sections` are completed as it goes."""

    context: Context
    """Of the collection; its `sections` are those below."""
    sections: dict[str, Section]
    collectors: Mapping[str, Collector]
    records: dict[str, Record] = field(default_factory=dict)
    """Of the section `rereads`."""

    @property
    def section(self) -> Section:
        """What both readings said."""
        return Section(name=SECTION, per=Per.OBJECT, mount=None, records=dict(sorted(self.records.items())))

    async def targets(self, missing: Sequence[Target], wanted: Wanted) -> dict[Target, Record]:
        """Reads applications by id that the search did not find; gives those that remain targets.

        One that could not be read this time either is a target: nothing of it is known, but that it was.
        """
        if not missing:
            return {}
        collector = self.collectors["servicePrincipals"]
        context = replace(self.context, targets=tuple(missing), bulk=False, listing=None)
        records = await collector.run(context)
        found: dict[Target, Record] = {}
        for target in missing:
            id = target.service_principal_id
            self.note(
                kind=OBJECTS[collector.section],
                section=collector.section,
                subject=id,
                id=id,
                application=id,
                first=self._search_for(target),
                second=records[id],
            )
            value = records[id].value
            if isinstance(value, Mapping):
                how = recognised(target, value, wanted, self.sections["applicationTemplates"])
                if how is not None:
                    found[replace(target, matched_by=how)] = records[id]
            elif not is_absent(value):
                found[target] = records[id]
        return found

    def _search_for(self, target: Target) -> tuple[Request, ...]:
        """The requests that should have found it."""
        if self.context.listing is not None:
            return (self.context.listing.request,)
        records = self.sections[SEARCH].records
        record = records.get(target.profile or TENANT)
        return record.requests if record is not None else ()

    async def run(self) -> None:
        """Reads again what vanished, assignments first: people and groups hang on them."""
        assert self.context.last is not None
        last = self.context.last.sections
        for name in (*IN_ORDER, None):
            if name is None:
                await self._principals()
            found = [it for it in vanished(last, self.sections) if name in (it.section, None)]
            await asyncio.gather(*(self._again(each) for each in found if self._is_new(each)))

    def _is_new(self, gone: Vanished) -> bool:
        """Whether it was not read again already."""
        identity = next(iter(gone.ids), gone.subject)
        return f"{gone.section}/{gone.subject}/{identity}" not in self.records

    async def _again(self, gone: Vanished) -> None:
        collector = self.collectors[gone.section]
        context = self._narrowed(gone)
        first = self.sections[gone.section].records[gone.subject]
        second: Records = {}
        if collector.again is not None and 0 < len(gone.ids) <= AT_MOST:
            second = await collector.again(context, sorted(gone.ids))
        if not second or any(_is_not_offered(record.value) for record in second.values()):
            second = _of_list((await collector.run(context)).get(gone.subject), gone)
        self._note(gone, first, second)
        self._replace(gone.section, gone.subject, completed(first, second, whole=not gone.ids))

    def _narrowed(self, gone: Vanished) -> Context:
        """The context in which a collector reads this subject and no other."""
        context = replace(self.context, bulk=False, listing=None)
        if gone.section in OF_PRINCIPALS:
            return _with_principals(context, {OF_PRINCIPALS[gone.section]: [gone.subject]})
        if gone.section == "notificationRecipients":
            return _with_address(context, gone.subject)
        if self.sections[gone.section].per is Per.SERVICE_PRINCIPAL:
            own = tuple(it for it in context.targets if it.service_principal_id == gone.subject)
            return replace(context, targets=own)
        return context

    async def _principals(self) -> None:
        """People and groups whose assignment was found again after all."""
        for name, kind in OF_PRINCIPALS.items():
            new = set(assigned(self.context, kind)) - self.sections[name].records.keys()
            if new:
                context = _with_principals(replace(self.context, bulk=False), {kind: sorted(new)})
                for subject, record in (await self.collectors[name].run(context)).items():
                    self._replace(name, subject, record)

    def _replace(self, name: str, subject: str, record: Record) -> None:
        section = self.sections[name]
        records = dict(sorted({**section.records, subject: record}.items()))
        self.sections[name] = replace(section, records=records)

    def _note(self, gone: Vanished, first: Record, second: Records) -> None:
        per = self.sections[gone.section].per
        for identity in gone.ids or (gone.subject,):
            self.note(
                kind={**OBJECTS, **LISTS}[gone.section],
                section=gone.section,
                subject=gone.subject,
                id=identity,
                application=gone.subject if per is Per.SERVICE_PRINCIPAL else None,
                first=first.requests,
                second=second[identity],
            )

    def note(
        self,
        *,
        kind: str,
        section: str,
        subject: str,
        id: str,
        application: str | None,
        first: tuple[Request, ...],
        second: Record,
    ) -> None:
        """Keeps what both readings of one thing said."""
        unknown = isinstance(second.value, Gap) and not is_absent(second.value)
        value = None if isinstance(second.value, Gap) else second.value
        self.records[f"{section}/{subject}/{id}"] = Record(
            value={
                "kind": kind,
                "section": section,
                "subject": subject,
                "id": id,
                "application": application,
                "firstReadAt": first[0].at if first else None,
                "found": second.value if unknown else value is not None,
                "value": value,
            },
            requests=(*first, *second.requests),
        )


def _of_list(record: Record | None, gone: Vanished) -> Records:
    """A record that was read again, as a record for each thing that had vanished."""
    if record is None:  # nothing is there any more that it could hang on
        return dict.fromkeys(gone.ids or (gone.subject,), Record(value=None))
    if not gone.ids:
        return {gone.subject: record}
    if isinstance(record.value, Gap):
        return dict.fromkeys(gone.ids, record)
    elements = _elements(record.value)
    return {id: replace(record, value=elements.get(id)) for id in gone.ids}


def completed(first: Record, second: Records, *, whole: bool) -> Record:
    """The record with what the second reading found; as it was when there was nothing to be found.

    Where that reading could not be made, its gap stands in place of what may still be there.
    """
    news = {id: record for id, record in second.items() if record.value is not None}
    news = {id: record for id, record in news.items() if not is_absent(record.value)}
    if not news:
        return first
    requests = [request for record in news.values() for request in record.requests]
    value: Node
    if whole:
        (value,) = (record.value for record in news.values())
    else:
        assert isinstance(first.value, Sequence)
        known = [item for item in first.value if _identity(item) not in news]
        found = [record.value for record in news.values() if not isinstance(record.value, Gap)]
        gaps = list(dict.fromkeys(it.value for it in news.values() if isinstance(it.value, Gap)))
        value = [*sorted([*known, *found], key=_identity), *gaps]
    return Record(value=value, requests=tuple(dict.fromkeys((*first.requests, *requests))))


def _identity(item: Node) -> str:
    return str(item.get("id")) if isinstance(item, Mapping) else ""


def _with_principals(context: Context, principals: Mapping[str, Collection[str]]) -> Context:
    """As if these were the only ones that are assigned."""
    assignments: list[Node] = [
        {"principalId": id, "principalType": kind} for kind, listed in principals.items() for id in listed
    ]
    return _with_section(context, ASSIGNMENTS.section, assignments)


def _with_address(context: Context, address: str) -> Context:
    """As if mails about certificates went to this address alone."""
    return _with_section(context, "servicePrincipals", {"notificationEmailAddresses": [address]})


def _with_section(context: Context, name: str, value: Node) -> Context:
    """As if there was one application, about which the section says this."""
    target = context.targets[0]
    records = {target.service_principal_id: Record(value=value)}
    only = Section(name=name, per=Per.SERVICE_PRINCIPAL, mount=None, records=records)
    return replace(context, targets=(target,), sections={**context.sections, name: only})
