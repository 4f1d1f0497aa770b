"""Whether an entry of the log is about a change, and how surely.

Objects are known by their ids alone: names are anybody's to choose. Values decide between entries about the
same property: what an entry did is what its new value holds and its old one does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from auditor.drift.log import UPDATED_NAMES, LogEntry, Modified, held, is_property, plain
from auditor.drift.logged import (
    ADDS,
    CREDENTIALS,
    OBJECTS,
    OF_CREDENTIALS,
    OF_RELATIONS,
    RELATIONS,
    REMOVES,
    names_of,
    singular,
)
from auditor.drift.meaning import loosely
from auditor.model.change import Change, ChangeKind, Confidence
from auditor.model.node import Json


class Fit(Enum):
    """What an entry has to do with a change."""

    NONE = auto()
    """Nothing: another object, another property, another value."""
    DID = auto()
    UNDID = auto()
    """It did the opposite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An entry's verdict, and how sure it is."""

    fit: Fit
    confidence: Confidence = Confidence.LOW


_NO = Match(fit=Fit.NONE)
_ROLE = plain("AppRole.Id")
_DELETIONS = ("delete user", "delete group", "hard delete user", "hard delete group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for: a change, and whose entries may tell of it. Ids are in lower case."""

    change: Change
    object: str
    related: frozenset[str]
    """Objects whose change brings this one along: the registration of a service principal, and reverse."""

    @property
    def ids(self) -> frozenset[str]:
        """An entry that has to do with the change names one of these."""
        ends = _tokens(self.change) if self.change.property in RELATIONS else frozenset[str]()
        return self.related | ends | {self.object}

    def match(self, entry: LogEntry) -> Match:
        """What the entry has to do with the change."""
        if not entry.succeeded:
            return _NO
        if self.change.property in RELATIONS:
            return self._relation(entry, RELATIONS[self.change.property].words)
        if self.change.property in OBJECTS and self.change.element is None:
            return self._object(entry)
        return self._property(entry)

    def _relation(self, entry: LogEntry, words: tuple[str, ...]) -> Match:
        """An activity of its own: `Add owner to application`; or the end of what it held: `Delete user`."""
        if self.change.kind is ChangeKind.REMOVED and _deletes(entry, _tokens(self.change)):
            return Match(fit=Fit.DID, confidence=Confidence.MEDIUM)
        if not any(word in entry.doing for word in words) or self.object not in entry.named:
            return _NO
        fit = self._direction(entry)
        if fit is Fit.NONE or self._is_of_another_role(entry):
            return _NO
        tokens = _tokens(self.change)
        if tokens & entry.named:
            return Match(fit=fit, confidence=Confidence.HIGH)
        if any(target.id != self.object for target in entry.targets):
            return _NO  # it names another one
        return Match(fit=fit, confidence=Confidence.MEDIUM)

    def _is_of_another_role(self, entry: LogEntry) -> bool:
        """Whether it names the role that it assigned, and that is another one than the change's."""
        if self.change.property != "servicePrincipal.appRoleAssignedTo":
            return False
        roles = [each for target in entry.targets for each in target.modified if each.name == _ROLE]
        named = frozenset[str]().union(*(each.old | each.new for each in roles))
        return bool(named) and not named & _texts(self.change, "appRoleId")

    def _object(self, entry: LogEntry) -> Match:
        """An object that came or went: `Add policy`."""
        if not any(target.id == self.object for target in entry.targets):
            return _NO
        if any(word in entry.doing for word in OF_RELATIONS):
            return _NO
        return Match(fit=self._direction(entry), confidence=Confidence.HIGH)

    def _direction(self, entry: LogEntry) -> Fit:
        adds = entry.doing.startswith(ADDS)
        removes = entry.doing.startswith(REMOVES)
        if self.change.kind is ChangeKind.CHANGED or not (adds or removes):
            return Fit.DID if not (adds or removes) else Fit.NONE
        return Fit.DID if adds == (self.change.kind is ChangeKind.ADDED) else Fit.UNDID

    def _property(self, entry: LogEntry) -> Match:
        """A property of an object: the entry names it, or says nothing of what it changed."""
        direct = [target for target in entry.targets if target.id == self.object]
        targets = direct or [target for target in entry.targets if target.id in self.related]
        if not targets:
            return _NO
        named = [each for target in targets for each in target.modified if is_property(each)]
        wanted = names_of(self.change.property)
        about = [each for each in named if singular(each.name) in wanted]
        if about:
            fit, sure = _by_values(self.change, about)
            certain = sure and (direct or fit is Fit.UNDID)
            confidence = Confidence.HIGH if certain else Confidence.MEDIUM
            return Match(fit=fit, confidence=confidence)
        if not direct:
            return _NO
        listed = [name for target in direct for name in _listed(target.modified)]
        if any(singular(plain(name)) in wanted for name in listed):
            return Match(fit=Fit.DID, confidence=Confidence.MEDIUM)
        if any(word in entry.doing for word in CREDENTIALS):
            concerns = self.change.property in OF_CREDENTIALS and not named
            return Match(fit=self._direction(entry), confidence=Confidence.MEDIUM) if concerns else _NO
        elsewhere = any(word in entry.doing for word in OF_RELATIONS) or entry.doing.startswith(REMOVES)
        if named or listed or elsewhere:
            return _NO  # it is about something else
        return Match(fit=Fit.DID, confidence=Confidence.LOW)


def _deletes(entry: LogEntry, ids: frozenset[str]) -> bool:
    """Whether it deleted one of these users or groups: all their relations go without an entry."""
    return entry.doing in _DELETIONS and any(target.id in ids for target in entry.targets)


def _by_values(change: Change, about: list[Modified]) -> tuple[Fit, bool]:
    """Whether the values fit, and whether they were there to say so."""
    old = frozenset().union(*(each.old for each in about))
    new = frozenset().union(*(each.new for each in about))
    if not old and not new:
        return Fit.DID, False
    gained, lost = new - old, old - new
    if change.element is not None:
        tokens = _tokens(change)
        if change.kind is ChangeKind.CHANGED:
            return (Fit.DID, False) if tokens & (old | new) else (Fit.NONE, True)
        came, went = (gained, lost) if change.kind is ChangeKind.ADDED else (lost, gained)
        return (Fit.DID, True) if tokens & came else (Fit.UNDID, True) if tokens & went else (Fit.NONE, True)
    before, after = held(change.before), held(change.after)
    came, went = after - before, before - after
    if came:
        fit = Fit.DID if came <= gained else Fit.UNDID if came <= lost else Fit.NONE
    else:
        fit = Fit.DID if went <= lost else Fit.UNDID if went <= gained else Fit.NONE
    in_another_form = fit is Fit.NONE and not (old | new) & (before | after) and _is_large(change)
    return (Fit.DID, False) if in_another_form else (fit, True)


def _is_large(change: Change) -> bool:
    """Whether the value is a document, which the log may write in a form of its own."""
    return any(isinstance(value, dict | list) for value in (change.before, change.after))


def _tokens(change: Change) -> frozenset[str]:
    """What may stand for the element of a change in the log: its id, its key's id, itself."""
    if change.property == "servicePrincipal.appRoleAssignments":
        return _texts(change, "appRoleId") or _texts(change, "resourceId")
    found = _texts(change, "id", "principalId", "keyId", "keyIds", "thumbprint", "name")
    if change.property == "servicePrincipal.oauth2PermissionGrants":
        return _texts(change, "scope") | _texts(change, "id")
    element = loosely(change.element)
    return found | ({str(element)} if isinstance(element, str) else set())


def _texts(change: Change, *names: str) -> frozenset[str]:
    found: list[Json] = []
    for value in (change.before, change.after):
        if isinstance(value, dict):
            found.extend(value.get(name) for name in names)
    return held(found)


def _listed(modified: tuple[Modified, ...]) -> Iterator[str]:
    """The names that the entry lists as updated."""
    for each in modified:
        if each.name == UPDATED_NAMES:
            for value in each.new:
                yield from value.split(",")
