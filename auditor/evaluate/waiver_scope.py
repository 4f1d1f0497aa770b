"""Whom a waiver means by its `application`.

By id before by profile before by display name, as spelled before case aside: whoever may name applications
must not get one under the waiver of another. So a display name that several applications bear means none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TypeAlias

from auditor.model.finding import Finding
from auditor.model.report import AuditedApplication
from auditor.model.rule import SubjectKind
from auditor.model.waiver import TENANT_WIDE

_BY_ID, _BY_NAME, _BY_PROFILE = 3, 2, 1
"""The ranks: the greater, the narrower."""

_Names: TypeAlias = dict[str, set[str]]
"""Spelling to owners."""


class Owners:
    """The applications, profiles and the tenant that findings are about, by what they are called."""

    def __init__(self, findings: Iterable[Finding], applications: Iterable[AuditedApplication]) -> None:
        self._ids: _Names = {}
        self._profiles: _Names = {}
        self._names: _Names = {}
        for application in applications:
            owner = _application(application.service_principal_id)
            self._application(owner, application.app_id, application.display_name)
            if application.profile is not None:
                self._profiles.setdefault(application.profile, set()).add(owner)
        for finding in findings:
            self._add(finding)
        self.meant = cache(self._meant)

    def rank(self, name: str, finding: Finding) -> int | None:
        """How narrowly `name` means what the finding is about; None when it does not."""
        rank, owners = self.meant(name)
        return rank if _owner(finding) in owners else None

    def knows(self, name: str) -> bool:
        """Whether anything is called so."""
        return bool(self.meant(name)[1])

    def bearers(self, name: str) -> int:
        """How many applications have this display name, if that is all it is; 0 when none has."""
        if self.knows(name):
            return 1
        return max((len(_applications(found)) for found in _spelled(self._names, name)), default=0)

    def _add(self, finding: Finding) -> None:
        owner, subject = _owner(finding), finding.subject
        if finding.application is not None:
            self._application(owner, finding.application.app_id, finding.application.display_name)
        elif subject.kind is SubjectKind.PROFILE:
            self._profiles.setdefault(subject.id, set()).add(owner)
            self._profiles.setdefault(subject.id.partition("/")[0], set()).add(owner)
            self._names.setdefault(subject.name, set()).add(owner)
        else:
            self._ids.setdefault(TENANT_WIDE, set()).add(owner)
            self._ids.setdefault(subject.id, set()).add(owner)

    def _application(self, owner: str, app_id: str, display_name: str) -> None:
        self._ids.setdefault(owner.partition(" ")[2], set()).add(owner)
        self._ids.setdefault(app_id, set()).add(owner)
        self._names.setdefault(display_name, set()).add(owner)

    def _meant(self, name: str) -> tuple[int, frozenset[str]]:
        kinds = ((_BY_ID, self._ids), (_BY_PROFILE, self._profiles), (_BY_NAME, self._names))
        for spelled in (_as_spelled, _case_aside):
            for rank, names in kinds:
                owners = spelled(names, name)
                if owners:
                    is_ambiguous = rank == _BY_NAME and len(_applications(owners)) > 1
                    return rank, frozenset() if is_ambiguous else frozenset(owners)
        return 0, frozenset()


def _as_spelled(names: Mapping[str, set[str]], name: str) -> set[str]:
    return names.get(name, set())


def _case_aside(names: Mapping[str, set[str]], name: str) -> set[str]:
    folded = name.casefold()
    return {owner for spelling, owners in names.items() if spelling.casefold() == folded for owner in owners}


_SPELLINGS: tuple[Callable[[Mapping[str, set[str]], str], set[str]], ...] = (_as_spelled, _case_aside)


def _spelled(names: Mapping[str, set[str]], name: str) -> list[set[str]]:
    return [found for spelled in _SPELLINGS if (found := spelled(names, name))]


def _owner(finding: Finding) -> str:
    if finding.application is not None:
        return _application(finding.application.service_principal_id)
    return f"{finding.subject.kind.value} {finding.subject.id}"


def _application(service_principal_id: str) -> str:
    return f"application {service_principal_id}"


def _applications(owners: Iterable[str]) -> list[str]:
    return [owner for owner in owners if owner.startswith("application ")]
