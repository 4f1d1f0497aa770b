"""`--application NAME`: keeps of what was found what is called so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from auditor.collect.targets import Targets, is_absence
from auditor.errors import CannotRunError, NoSuchApplicationError
from auditor.model.configuration import ApplicationConfiguration
from auditor.model.gap import Gap
from auditor.model.snapshot import TENANT, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What is left, and which entries of the configuration that concerns (their indices)."""

    targets: Targets
    entries: tuple[int, ...]


def select(
    found: Targets, names: Sequence[str], applications: Sequence[ApplicationConfiguration]
) -> Selected:
    """Keeps the targets whose profile, display name, appId or object id is one of `names`; all without names.

    An entry that is named by its profile is kept also when nothing was found for it. As it is spelled first,
    else case aside. Raises NoSuchApplicationError for a name that nothing bears, with the nearest;
    CannotRunError when the search itself could not be made.
    """
    if not names:
        return Selected(targets=found, entries=tuple(range(len(applications))))
    kept: set[str] = set()
    entries: set[int] = set()
    for name in names:
        targets, indices = _named(name, found.targets, applications)
        if not targets and not indices:
            raise _nothing_called(name, found, applications)
        kept.update(target.service_principal_id for target in targets)
        entries.update(indices)
        entries.update(target.application for target in targets if target.application is not None)
    left = tuple(target for target in found.targets if target.service_principal_id in kept)
    profiles = {applications[index].profile for index in entries} | {target.profile for target in left}
    records = {
        subject: record
        for subject, record in found.matches.records.items()
        if subject in profiles or (subject == TENANT and not is_absence(record.value))
    }
    targets_left = Targets(targets=left, matches=replace(found.matches, records=records))
    return Selected(targets=targets_left, entries=tuple(sorted(entries)))


def _named(
    name: str, targets: Iterable[Target], applications: Sequence[ApplicationConfiguration]
) -> tuple[list[Target], list[int]]:
    for wanted, spelled in ((name, str), (name.casefold(), str.casefold)):
        fitting = [target for target in targets if wanted in map(spelled, _names(target))]
        indices = [
            index
            for index, entry in enumerate(applications)
            if entry.profile is not None and spelled(entry.profile) == wanted
        ]
        if fitting or indices:
            return fitting, indices
    return [], []


def _names(target: Target) -> list[str]:
    names = [target.display_name, target.app_id, target.service_principal_id]
    return names if target.profile is None else [target.profile, *names]


def _nothing_called(
    name: str, found: Targets, applications: Sequence[ApplicationConfiguration]
) -> NoSuchApplicationError | CannotRunError:
    searches = (record.value for record in found.matches.records.values())
    gap = next((it for it in searches if isinstance(it, Gap) and not is_absence(it)), None)
    if gap is not None:
        needed = f"Grant {gap.permission} to this program." if gap.permission else "Try again later."
        return CannotRunError(
            f"it could not be looked up which application {name} is: {gap.detail}", remedy=needed
        )
    known = {entry.profile for entry in applications if entry.profile is not None}
    known.update(spelling for target in found.targets for spelling in _names(target))
    by_folded = {spelling.casefold(): spelling for spelling in sorted(known)}
    nearest = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.0)
    remedy = f"The nearest is {by_folded[nearest[0]]}." if nearest else "The configuration names none."
    return NoSuchApplicationError(
        f"--application {name}: no application that is looked at is called so", remedy=remedy
    )
