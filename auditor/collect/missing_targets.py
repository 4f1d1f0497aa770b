"""Applications that the last snapshot was about and that this collection's search did not find.

They stay in the audit as long as they are there and the configuration is about them: an identifier that was
changed must not take an application out of sight. One that was audited because all SAML applications are
stays only as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from auditor.collect.lookup import (
    Criterion,
    Unclear,
    by_display_name,
    by_identifier,
    by_match,
    by_template,
)
from auditor.collect.targets import Targets, absence, in_order, is_absence, is_saml_of_others
from auditor.model.configuration import ApplicationConfiguration, Judgement
from auditor.model.gap import Gap
from auditor.model.node import Json, Node
from auditor.model.profile import Profile
from auditor.model.snapshot import TENANT, MatchedBy, Record, Section, Snapshot, Target
from auditor.model.wire import from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the configuration is about."""

    applications: Sequence[ApplicationConfiguration]
    profiles: Sequence[Profile]
    everything: bool
    """All SAML applications."""


def missing_targets(last: Snapshot, found: Iterable[Target], wanted: Wanted) -> tuple[Target, ...]:
    """Targets of the last snapshot that were not found, as targets under the configuration of now."""
    known = {target.service_principal_id for target in found}
    then = from_json(last.configuration, Judgement).applications
    missing: list[Target] = []
    for target in last.targets:
        if target.service_principal_id not in known:
            now = _under(target, then, wanted)
            if now is not None:
                missing.append(now)
    return tuple(missing)


def _under(target: Target, then: Sequence[ApplicationConfiguration], wanted: Wanted) -> Target | None:
    """The target as the configuration of now counts it; None when it is not about it any more."""
    if target.application is None:
        profiles = {profile.id for profile in wanted.profiles}
        profile = target.profile if target.profile in profiles else None
        return replace(target, profile=profile) if wanted.everything else None
    was = then[target.application]
    alike = [
        index
        for index, entry in enumerate(wanted.applications)
        if (entry.profile, entry.match) == (was.profile, was.match)
    ]
    same = [index for index in alike if wanted.applications[index].product == was.product]
    index = next(iter([*same, *alike]), None)
    return None if index is None else replace(target, application=index)


def recognised(
    target: Target, item: Mapping[str, Node], wanted: Wanted, templates: Section
) -> MatchedBy | None:
    """How the service principal is recognised now; None when it is not wanted any more."""
    shown = {name: cast(Json, value) for name, value in item.items() if not isinstance(value, Gap)}
    entry = None if target.application is None else wanted.applications[target.application]
    for how, criterion in _criteria(target, entry, wanted, templates):
        try:
            if criterion.fits(shown):
                return how
        except Unclear:
            continue
    try:
        is_saml = is_saml_of_others(shown)
    except Unclear:
        is_saml = True
    if entry is not None:
        return MatchedBy.LAST_SNAPSHOT
    return MatchedBy.ALL_APPLICATIONS if is_saml else None


def _criteria(
    target: Target, entry: ApplicationConfiguration | None, wanted: Wanted, templates: Section
) -> Iterator[tuple[MatchedBy, Criterion]]:
    """What it may be recognised by, the surest first."""
    if entry is not None and entry.match is not None:
        yield MatchedBy.CONFIGURATION, by_match(entry.match)
        return
    for profile in wanted.profiles:
        if profile.id == target.profile:
            record = templates.records.get(profile.id)
            listed = record.value if record is not None and isinstance(record.value, list) else []
            for template in listed:
                if isinstance(template, Mapping):
                    yield MatchedBy.TEMPLATE, by_template(str(template.get("id")))
            for identifier in profile.identifiers:
                yield MatchedBy.IDENTIFIER, by_identifier(identifier)
            for name in profile.display_names:
                yield MatchedBy.DISPLAY_NAME, by_display_name(name)


def with_targets(found: Targets, again: Mapping[Target, Record], wanted: Wanted) -> Targets:
    """What was found, and these, which a second reading found. Its requests belong to the search."""
    records = dict(found.matches.records)
    for target, second in again.items():
        first = records.get(target.profile or "")
        if first is not None and isinstance(first.value, list):
            match: dict[str, Node] = {
                "servicePrincipalId": target.service_principal_id,
                "matchedBy": target.matched_by.value,
            }
            listed = sorted([*first.value, match], key=lambda item: str(item["servicePrincipalId"]))
            requests = tuple(dict.fromkeys((*first.requests, *second.requests)))
            records[target.profile or ""] = Record(value=listed, requests=requests)
    targets = in_order([*found.targets, *again])
    absent = records.pop(TENANT, None)
    if absent is not None:
        remaining = _absent(absent, targets, wanted)
        records |= {} if remaining is None else {TENANT: remaining}
    return Targets(targets=targets, matches=replace(found.matches, records=records))


def _absent(record: Record, targets: Iterable[Target], wanted: Wanted) -> Record | None:
    """What the configuration names and the tenant does not have, now that more was found."""
    if not is_absence(record.value):
        return record
    found = {target.application for target in targets}
    missing = [
        entry.match
        for index, entry in enumerate(wanted.applications)
        if entry.match is not None and entry.profile is None and index not in found
    ]
    return replace(record, value=absence(missing)) if missing else None
