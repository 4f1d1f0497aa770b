"""Differences as changes: which application, which object, which property, how severe."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auditor.drift.concerned import concerned
from auditor.drift.difference import Absent, Difference, Place, Unseen
from auditor.drift.meaning import canonical, in_order, text
from auditor.drift.people import people
from auditor.drift.properties import APPLICATION_CAME_OR_WENT, Meaning, covering, meaning_of
from auditor.drift.scope import Scope, reference
from auditor.drift.table import PEOPLE, RENAMED, SECTIONS, SectionForm
from auditor.model.change import (
    Attribution,
    AttributionStatus,
    Change,
    ChangedObject,
    ChangeKind,
    Coverage,
    UnknownPart,
)
from auditor.model.finding import ApplicationReference
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.snapshot import Per, Snapshot, Target
from auditor.model.wire import encode_node

NOBODY_ASKED = Attribution(status=AttributionStatus.NOT_EVALUATED, reason="no log was looked at")

_WHEN = {(True, False): "then", (False, True): "now", (True, True): "then and now"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose record is compared."""

    section: str
    per: Per
    id: str
    form: SectionForm


class Telling:
    """Makes changes of differences between two snapshots of one tenant."""

    def __init__(self, before: Snapshot, after: Snapshot, scope: Scope, rules: Sequence[Coverage]) -> None:
        self._before = before
        self._after = after
        self._rules = rules
        self._targets = {**scope.removed, **scope.added, **scope.both}
        self._concerned = concerned((before, after))
        self._people = {**people(before), **people(after)}

    def change(self, subject: Subject, found: Difference) -> Change:
        """The difference in a subject's record as a change."""
        name = _property(subject.form, found.place)
        return self._change(
            subject=subject,
            name=name,
            meaning=meaning_of(name),
            object=self._object(subject, found.place),
            keys=found.place.keys,
            kind=found.kind,
            values=(found.before, found.after),
            affects=self._affected(subject, found.place),
        )

    def application(self, target: Target, kind: ChangeKind) -> Change:
        """An application that came or went."""
        id = target.service_principal_id
        subject = Subject(
            section="servicePrincipals",
            per=Per.SERVICE_PRINCIPAL,
            id=id,
            form=SECTIONS["servicePrincipals"],
        )
        told: Node = {"id": id, "appId": target.app_id, "displayName": target.display_name}
        return self._change(
            subject=subject,
            name="servicePrincipal",
            meaning=APPLICATION_CAME_OR_WENT,
            object=self._object(subject, Place()),
            keys=(),
            kind=kind,
            values=(None, told) if kind is ChangeKind.ADDED else (told, None),
            affects=(reference(target),),
        )

    def unknown(self, subject: Subject, unseen: Unseen) -> UnknownPart:
        """What could not be compared."""
        affects = self._affected(subject, unseen.place)
        return UnknownPart(
            section=subject.section,
            property=_property(subject.form, unseen.place) if unseen.place.names else None,
            application=affects[0] if len(affects) == 1 else None,
            reason=why_unseen(unseen.before, unseen.after),
        )

    def _change(
        self,
        *,
        subject: Subject,
        name: str,
        meaning: Meaning,
        object: ChangedObject,
        keys: tuple[str, ...],
        kind: ChangeKind,
        values: tuple[Node, Node],
        affects: tuple[ApplicationReference, ...],
    ) -> Change:
        rules = covering(name, meaning, self._rules)
        before, after = (encode_node(in_order(value)) for value in values)
        parts = (
            self._after.tenant.id.lower(),
            subject.section,
            object.id.lower(),
            name,
            *keys,
            kind.value,
            canonical(before),
            canonical(after),
        )
        own_key = 1 if subject.form.member else 0
        return Change(
            id=hashlib.sha256("\n".join(parts).encode(errors="backslashreplace")).hexdigest()[:32],
            application=affects[0] if len(affects) == 1 else None,
            affects=affects,
            object=object,
            section=subject.section,
            property=name,
            element=keys[-1] if len(keys) > own_key else None,
            kind=kind,
            before=before,
            after=after,
            rule_ids=tuple(rule.rule_id for rule in rules),
            severity=max((rule.severity for rule in rules), default=meaning.severity),
            attribution=NOBODY_ASKED,
        )

    def _affected(self, subject: Subject, place: Place) -> tuple[ApplicationReference, ...]:
        """The applications that have to do with it, by name."""
        if subject.per is Per.SERVICE_PRINCIPAL:
            ids: frozenset[str] | set[str] = {subject.id.lower()}
        else:
            asked = (*reversed(place.keys),) if subject.per is Per.TENANT else (subject.id,)
            ids = next(
                (self._concerned[key.lower()] for key in asked if key.lower() in self._concerned), set()
            )
        found = [reference(self._targets[id]) for id in ids if id in self._targets]
        return tuple(sorted(found, key=order_of_application))

    def _object(self, subject: Subject, place: Place) -> ChangedObject:
        kind, id = subject.form.object, subject.id
        if subject.form.member is not None and place.outermost is not None:
            was, now = place.outermost
            element = was if now is None else now
            id = text(element, "id") or id
            return ChangedObject(kind=subject.form.member, id=id, name=text(element, "displayName") or id)
        if subject.per is Per.SERVICE_PRINCIPAL:
            target = self._targets.get(id.lower())
            name = id if target is None else target.display_name
            if kind == "application":
                id = text(self._value("applications", id), "id") or id
            return ChangedObject(kind=kind, id=id, name=name)
        if subject.per is Per.TENANT:
            tenant = self._after.tenant
            return ChangedObject(kind=kind, id=tenant.id, name=tenant.display_name or tenant.id)
        if subject.section == PEOPLE:
            return ChangedObject(kind=kind, id=id, name=text(self._people.get(id), "userPrincipalName") or id)
        return ChangedObject(kind=kind, id=id, name=text(self._value("groups", id), "displayName") or id)

    def _value(self, section: str, subject: str) -> Node:
        for snapshot in (self._after, self._before):
            record = snapshot.record(section, subject)
            if record is not None and isinstance(record.value, Mapping):
                return record.value
        return None


def _property(form: SectionForm, place: Place) -> str:
    prefix = form.member if form.member and place.keys and place.names else form.prefix
    name = ".".join((prefix, *place.names))
    for long, short in RENAMED.items():
        if name == long or name.startswith(f"{long}."):
            return short + name.removeprefix(long)
    return name


def why_unseen(before: Gap | Absent | None, after: Gap | Absent | None) -> str:
    """Why something could not be compared, with what would cure it."""
    when = _WHEN[before is not None, after is not None]
    gap = next((side for side in (after, before) if isinstance(side, Gap)), None)
    if gap is None:
        return f"not asked for {when}"
    cures = [gap.permission and f"needs {gap.permission}", gap.licence and f"needs the licence {gap.licence}"]
    cure = "; ".join(filter(None, cures))
    return f"not read {when}: {gap.reason.value}{f' ({cure})' if cure else ''}"


def order_of_application(application: ApplicationReference | None) -> tuple[str, str, str]:
    """By name, as in every report; the tenant's own first."""
    if application is None:
        return ("", "", "")
    return (application.display_name.casefold(), application.app_id, application.service_principal_id)


def in_order_of_reading(changes: Iterator[Change]) -> tuple[Change, ...]:
    """Sorted by application, section, property and element."""
    return tuple(
        sorted(
            changes,
            key=lambda it: (
                order_of_application(it.application),
                it.section,
                it.property,
                it.object.id,
                it.element or "",
                it.id,
            ),
        )
    )
