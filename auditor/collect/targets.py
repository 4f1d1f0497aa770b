"""Which service principals are audited, and by which entry of the configuration.

An entry with `match` claims what fits it. An entry without claims what its profile finds: by gallery template
or identifier, by display name only when neither finds anything. With all applications wanted, every profile
is looked for, and every SAML application of the tenant is added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from auditor.collect.lookup import (
    Criterion,
    Found,
    Lookup,
    Object,
    Unclear,
    by_display_name,
    by_identifier,
    by_match,
    by_template,
    identity,
    listed,
    picked,
)
from auditor.graph.answer import Answer, Refusal
from auditor.model.configuration import ApplicationConfiguration, Match
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node
from auditor.model.profile import Profile
from auditor.model.snapshot import TENANT, MatchedBy, Per, Record, Section, Target

SECTION = "matches"

PERMISSION = "Application.Read.All"

MICROSOFT = frozenset({"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"})
"""Tenants that Microsoft registers its own applications in: Microsoft Services, and Microsoft itself."""

SAML = "saml"

RANKS = (MatchedBy.CONFIGURATION, MatchedBy.TEMPLATE, MatchedBy.IDENTIFIER, MatchedBy.DISPLAY_NAME)
"""How sure it is that a service principal is the profile's: the surest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What is audited."""

    targets: tuple[Target, ...]
    """By display name, appId and object id."""
    matches: Section
    """Per profile how it was searched for."""


@dataclass(kw_only=True)
class _Search:
    """What was found for one profile, and how."""

    found: dict[MatchedBy, Found] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def add(self, how: MatchedBy, found: Found) -> None:
        self.found[how] = self.found.get(how, Found()) + found
        self.refusals.extend(found.refusals)

    def record(self, subject: str) -> Record:
        """What was found; a gap when a part of the search could not be made, so that more may be there."""
        gaps = [*self.gaps, *(_gap(refusal, subject) for refusal in self.refusals)]
        requests = sum(self.found.values(), Found()).requests
        return Record(value=gaps[0] if gaps else self._listed(), requests=requests)

    def _listed(self) -> list[Node]:
        surest: dict[str, MatchedBy] = {}
        for how in RANKS:
            for item in self.found.get(how, Found()).objects:
                surest.setdefault(identity(item), how)
        return [{"servicePrincipalId": id, "matchedBy": how.value} for id, how in sorted(surest.items())]


async def find_targets(
    lookup: Lookup,
    *,
    applications: Sequence[ApplicationConfiguration],
    profiles: Sequence[Profile],
    templates: Section,
    listing: Answer | Refusal | None,
) -> Targets:
    """Finds what is audited.

    `profiles` are those that may be looked for, `templates` is the section applicationTemplates about them,
    `listing` all service principals of the tenant when all SAML applications are wanted.
    """
    searches = {profile.id: _Search() for profile in profiles}
    for profile in profiles_to_search(profiles, applications, everything=listing is not None):
        searches[profile.id] = await _search(lookup, profile, templates)
    others = _Search()
    missing: list[Match] = []
    chosen: dict[str, Target] = {}
    for index, entry in enumerate(applications):
        if entry.match is not None:
            found = await lookup.find(by_match(entry.match))
            searches.get(entry.profile or "", others).add(MatchedBy.CONFIGURATION, found)
            if entry.profile is None and not found.objects:  # no rule about a profile will say so
                missing.append(entry.match)
            for item in found.objects:
                name = entry.profile or _recognised(item, searches)
                _choose(chosen, _target(item, name, index, MatchedBy.CONFIGURATION))
    by_profile = {entry.profile for entry in applications if entry.match is None}
    for rank in RANKS[1:]:
        for profile in _configured_first(profiles, applications):
            if listing is None and profile.id not in by_profile:
                continue  # searched for only to recognise what an entry matches
            for item in searches[profile.id].found.get(rank, Found()).objects:
                _choose(chosen, _target(item, profile.id, _entry(item, profile, applications), rank))
    if listing is not None:
        everything = picked(listing, Criterion(filters=(), fits=is_saml_of_others))
        others.refusals.extend(everything.refusals)
        for item in everything.objects:
            _choose(chosen, _target(item, None, None, MatchedBy.ALL_APPLICATIONS))
    if missing and not others.refusals:
        others.gaps.append(absence(missing))
    named = {entry.profile for entry in applications}
    return Targets(targets=in_order(chosen.values()), matches=_matches(searches, others, named))


def profiles_to_search(
    profiles: Sequence[Profile], applications: Sequence[ApplicationConfiguration], *, everything: bool
) -> list[Profile]:
    """The profiles whose own matchers are needed: of entries without `match`, or all.

    All are needed, too, when an entry does not say which profile its service principal has.
    """
    named = {entry.profile for entry in applications if entry.match is None}
    all_of_them = everything or any(entry.profile is None for entry in applications)
    return [profile for profile in profiles if all_of_them or profile.id in named]


def in_order(targets: Iterable[Target]) -> tuple[Target, ...]:
    """The order of applications in every report."""
    return tuple(
        sorted(targets, key=lambda it: (it.display_name.casefold(), it.app_id, it.service_principal_id))
    )


def _choose(chosen: dict[str, Target], target: Target) -> None:
    chosen.setdefault(target.service_principal_id, target)


async def _search(lookup: Lookup, profile: Profile, templates: Section) -> _Search:
    search = _Search()
    record = templates.records.get(profile.id)
    value = None if record is None else record.value
    if isinstance(value, Gap):
        search.gaps.append(value)
    for template in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
        if isinstance(template, Mapping) and isinstance(template.get("id"), str):
            search.add(MatchedBy.TEMPLATE, await lookup.find(by_template(str(template["id"]))))
    for identifier in profile.identifiers:
        search.add(MatchedBy.IDENTIFIER, await lookup.find(by_identifier(identifier)))
    if not any(found.objects for found in search.found.values()):
        for name in profile.display_names:
            search.add(MatchedBy.DISPLAY_NAME, await lookup.find(by_display_name(name)))
    return search


def _recognised(item: Object, searches: Mapping[str, _Search]) -> str | None:
    """The profile that finds this service principal too, the surest first."""
    for rank in RANKS[1:]:
        for name, search in searches.items():
            if identity(item) in map(identity, search.found.get(rank, Found()).objects):
                return name
    return None


def _entry(item: Object, profile: Profile, applications: Sequence[ApplicationConfiguration]) -> int | None:
    """Index of the entry that a service principal found by its profile belongs to.

    Where the display name says which product it is, that product's entry; else the first entry that names no
    product; else the first. An entry for another product than the display name says is not meant.
    """
    entries = [
        (index, entry.product)
        for index, entry in enumerate(applications)
        if entry.profile == profile.id and entry.match is None
    ]
    product = _product(item, profile)
    fitting = [index for index, named in entries if product is not None and named == product]
    general = [index for index, named in entries if named is None]
    rest = [index for index, _ in entries if product is None]
    return next(iter([*fitting, *general, *rest]), None)


def _product(item: Object, profile: Profile) -> str | None:
    """The product that the display name contains, the longest when several do."""
    name = _letters(str(item.get("displayName") or ""))
    contained = [product for product in profile.products if _letters(product) in name]
    return max(contained, key=len, default=None)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _configured_first(
    profiles: Sequence[Profile], applications: Sequence[ApplicationConfiguration]
) -> list[Profile]:
    """A service principal that two profiles find belongs to the one that the configuration names."""
    named = [entry.profile for entry in applications]
    last = len(named)
    return sorted(profiles, key=lambda it: (named.index(it.id) if it.id in named else last, it.id))


def is_saml_of_others(item: Object) -> bool:
    """Whether it is a SAML application that is not Microsoft's own. Raises Unclear."""
    return _text(item, "appOwnerOrganizationId").lower() not in MICROSOFT and _is_saml(item)


def _is_saml(item: Object) -> bool:
    """By its mode; older SAML applications have none, but a key to sign with. Raises Unclear."""
    mode = _text(item, "preferredSingleSignOnMode").lower()
    if mode:
        return mode == SAML
    usages = [key.get("usage") for key in listed(item, "keyCredentials") if isinstance(key, Mapping)]
    return any(isinstance(usage, str) and usage.lower() == "sign" for usage in usages)


def _text(item: Object, name: str) -> str:
    if name not in item:
        raise Unclear
    found = item[name]
    return found if isinstance(found, str) else ""


def _target(item: Object, profile: str | None, application: int | None, how: MatchedBy) -> Target:
    app_id, name = str(item["appId"]), item.get("displayName")
    return Target(
        service_principal_id=identity(item),
        app_id=app_id,
        display_name=name if isinstance(name, str) and name else app_id,
        profile=profile,
        application=application,
        matched_by=how,
    )


def absence(missing: Sequence[Match]) -> Gap:
    """Nothing can be judged of an application that the configuration names and the tenant does not have."""
    named = ", ".join(match.in_words() for match in missing)
    detail = f"the configuration names what the tenant does not have: {named}. Correct the entry or remove it"
    return Gap(section=SECTION, subject=TENANT, reason=Reason.NOT_FOUND, detail=detail)


def is_absence(value: Node) -> bool:
    """Whether a record of the search says that nothing is there, and not that it could not be looked up."""
    return isinstance(value, Gap) and value.reason is Reason.NOT_FOUND and value.http_status is None


def _gap(refusal: Refusal, subject: str) -> Gap:
    return refusal.gap(section=SECTION, subject=subject, permission=PERMISSION)


def _matches(searches: Mapping[str, _Search], others: _Search, named: Collection[str | None]) -> Section:
    """A record for each profile that the configuration names or that was found.

    What kept other applications from being found stands under the tenant.
    """
    records: dict[str, Record] = {}
    for name, search in searches.items():
        if name in named or any(found.objects for found in search.found.values()):
            records[name] = search.record(name)
        else:
            others.gaps.extend(search.gaps)
            others.refusals.extend(search.refusals)
    rest = others.record(TENANT)
    if isinstance(rest.value, Gap):
        records[TENANT] = rest
    return Section(name=SECTION, per=Per.PROFILE, mount=None, records=records)
