"""Who did it: each change joined with the directory's audit log.

An entry counts when it succeeded, falls between the two snapshots (an hour before the first one counts less:
what was done then should have been seen), is about the object, by its id, and about the property, and when
nothing undid it later. Where the log was read and holds no such entry, that is a finding of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from auditor.drift.last_seen import LastSeen
from auditor.drift.log import Log, LogEntry, joined_logs, moment
from auditor.drift.logged import is_logged
from auditor.drift.matching import Fit, Match, Wanted
from auditor.drift.meaning import text
from auditor.drift.unattributed import unattributed_findings
from auditor.model.change import (
    AccessChange,
    Attribution,
    AttributionStatus,
    Candidate,
    Change,
    Confidence,
    Drift,
    ViaKind,
)
from auditor.model.gap import Gap
from auditor.model.snapshot import TENANT, Snapshot

_RANK = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}

OVERLAP = timedelta(hours=1)
"""So long before the earlier snapshot an entry may have been made and still not be seen in it."""

_APPLICATIONS = ("application", "servicePrincipal", "synchronizationJob")
"""Kinds of objects that are an application, or a part of one."""

_NOT_RECORDED = Attribution(
    status=AttributionStatus.NOT_EVALUATED,
    reason="the directory's log does not record this",
)


def attribute(drift: Drift, before: Snapshot | LastSeen, after: Snapshot) -> Drift:
    """The drift from `before` to `after` with who did it, by the log that `after` holds.

    What was last seen before `before` is looked up in the logs of the collections in between, too.
    """
    seen = before if isinstance(before, LastSeen) else LastSeen(snapshot=before)
    before = seen.snapshot
    between = (before, *seen.between) if seen.between else ()
    log = joined_logs([after, *sorted(between, key=lambda each: each.started_at, reverse=True)])
    joining = _Joining(seen=seen, after=after, log=log)
    changes = tuple(replace(change, attribution=joining.attribution(change)) for change in drift.changes)
    by_change = _ByAccess(changes)
    access = tuple(replace(each, attribution=by_change.attribution(each)) for each in drift.access)
    findings = unattributed_findings(changes, before, after, log) if isinstance(log, Log) else ()
    return replace(drift, changes=changes, access=access, findings=findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitting:
    """An entry that may have done it."""

    entry: LogEntry
    match: Match
    in_time: bool
    """Between the snapshots, and not just before the first."""

    @property
    def rank(self) -> tuple[int, bool]:
        """The smaller the surer."""
        return _RANK[self.confidence], not self.in_time

    @property
    def confidence(self) -> Confidence:
        """An entry from before the first snapshot is never quite sure."""
        sure = self.match.confidence is Confidence.HIGH and not self.in_time
        return Confidence.MEDIUM if sure else self.match.confidence

    @property
    def candidate(self) -> Candidate:
        """As it is told."""
        return Candidate(
            actor=self.entry.actor,
            at=self.entry.time,
            activity=self.entry.activity,
            correlation_id=self.entry.correlation_id,
            confidence=self.confidence,
        )


class _Joining:
    def __init__(self, *, seen: LastSeen, after: Snapshot, log: Log | Gap | None) -> None:
        self._before = seen.snapshot
        self._since = seen.since
        self._after = after
        self._log = log
        self._end = moment(after.finished_at)
        self._by_id: defaultdict[str, list[LogEntry]] = defaultdict(list)
        """The entries that name an object, by its id."""
        for entry in log.entries if isinstance(log, Log) else ():
            for id in entry.named:
                self._by_id[id].append(entry)

    def attribution(self, change: Change) -> Attribution:
        """Who did it."""
        if not is_logged(change.property):
            return _NOT_RECORDED
        if not isinstance(self._log, Log):
            return _unread(self._log)
        wanted = Wanted(change=change, object=self._object(change), related=self._related(change))
        begin = self._begin(change)
        found = self._fitting(wanted, begin)
        if found:
            return _named(found)
        hole = self._log.unread if begin < self._log.since else None
        return _unread(hole) if hole else _nobody(self._log, begin)

    def _begin(self, change: Change) -> datetime:
        """When the collection began that saw the state before."""
        subjects = [change.object.id, TENANT]
        if change.application is not None:
            subjects.append(change.application.service_principal_id)
        times = [self._since.get((change.section, subject.lower())) for subject in subjects]
        begin = moment(next(filter(None, times), self._before.started_at))
        if begin > self._end and isinstance(self._log, Log):  # the clock was set back in between
            return self._log.since + OVERLAP
        return begin

    def _fitting(self, wanted: Wanted, begin: datetime) -> list[_Fitting]:
        """The entries that did it and were not undone, the best first."""
        found: list[_Fitting] = []
        named = {entry for id in wanted.ids for entry in self._by_id.get(id, ())}
        for entry in sorted(named, key=lambda entry: (entry.at, entry.time, entry.order)):
            if not begin - OVERLAP <= entry.at <= self._end:
                continue
            match = wanted.match(entry)
            if match.fit is Fit.DID:
                found.append(_Fitting(entry=entry, match=match, in_time=entry.at >= begin))
            elif match.fit is Fit.UNDID:
                # One that does not say what it undid takes back nothing that is surer.
                found = [each for each in found if _RANK[each.match.confidence] < _RANK[match.confidence]]
        found.reverse()  # of those that fit alike the last one made the state what it is
        return sorted(found, key=lambda each: each.rank)

    def _object(self, change: Change) -> str:
        """The object whose entries tell of the change: a provisioning job's is its application."""
        if change.object.kind == "synchronizationJob" and change.application is not None:
            return change.application.service_principal_id.lower()
        return change.object.id.lower()

    def _related(self, change: Change) -> frozenset[str]:
        """The registration of a service principal, and reverse. Of people, groups and policies: nothing."""
        if change.application is None or change.object.kind not in _APPLICATIONS:
            return frozenset()
        id = change.application.service_principal_id
        ids = [id]
        for snapshot in (self._before, self._after):
            record = snapshot.record("applications", id)
            registration = None if record is None else text(record.value, "id")
            ids.extend([] if registration is None else [registration])
        return frozenset(each.lower() for each in ids) - {change.object.id.lower()}


def _nobody(log: Log, begin: datetime) -> Attribution:
    """Why nobody is named for what was last seen otherwise at `begin`."""
    days = log.retention_days
    if days is not None and begin < log.until - timedelta(days=days):
        reason = f"no matching entry; what happened more than {days} days ago is older than the retention"
    elif begin < log.since:
        reason = f"no matching entry; what happened before {_told(log.since)} is older than the log read"
    else:
        reason = f"no matching entry from {_told(log.since)} to {_told(log.until)}"
    return Attribution(status=AttributionStatus.UNATTRIBUTED, reason=reason)


def _told(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _unread(log: Gap | None) -> Attribution:
    if log is None:
        reason = "attribution not evaluated: the directory's log was not asked for"
    else:
        cures = [
            log.permission and f"needs {log.permission}",
            log.licence and f"needs the licence {log.licence}",
        ]
        cure = "; ".join(filter(None, cures))
        reason = (
            f"attribution not evaluated: the directory's log could not be read: {log.reason.value}"
            f"{f' ({cure})' if cure else ''}"
        )
    return Attribution(status=AttributionStatus.NOT_EVALUATED, reason=reason)


def _named(found: Sequence[_Fitting]) -> Attribution:
    """The best of them; ambiguous where another actor's entry fits as well.

    Graph documents both halves of `initiatedBy` as nullable: an entry that names nobody attributes nothing.
    """
    alike = [each for each in found if each.rank == found[0].rank]
    best = next((each for each in alike if _who(each)[1]), None)
    if best is None:
        entry = found[0].entry
        silent = f"the entry of {entry.time} ({entry.activity}) does not say who"
        return Attribution(status=AttributionStatus.UNATTRIBUTED, reason=silent)
    as_well = {_who(each) for each in alike}
    ambiguous = len(as_well) > 1
    reason = None
    if ambiguous:
        reason = f"entries of {len(as_well)} actors fit as well as each other"
    elif best.confidence is Confidence.LOW:
        reason = "the entry is about the object and does not say what it changed"
    elif not best.in_time:
        reason = "the entry is from before the earlier snapshot, which did not show its effect yet"
    return Attribution(
        status=AttributionStatus.AMBIGUOUS if ambiguous else AttributionStatus.ATTRIBUTED,
        reason=reason,
        actor=best.entry.actor,
        at=best.entry.time,
        activity=best.entry.activity,
        correlation_id=best.entry.correlation_id,
        confidence=best.confidence,
        candidates=tuple(each.candidate for each in found),
    )


def _who(each: _Fitting) -> tuple[str, str]:
    actor = each.entry.actor
    return actor.kind.value, (actor.id or actor.name or "").lower()


class _ByAccess:
    """Which change gave or took access."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._assigned: dict[tuple[str, str], Attribution] = {}
        self._members: dict[tuple[str, str], Attribution] = {}
        for change in changes:
            if change.property == "servicePrincipal.appRoleAssignedTo" and change.application is not None:
                value = change.after or change.before
                principal = text(value, "principalId") or ""
                key = (change.application.service_principal_id.lower(), principal.lower())
                self._assigned.setdefault(key, change.attribution)
            elif change.property == "group.members":
                self._members[change.object.id.lower(), change.element or ""] = change.attribution

    def attribution(self, access: AccessChange) -> Attribution:
        """That of the assignment, else that of the membership."""
        application = access.application.service_principal_id.lower()
        principal, group = access.principal.id.lower(), (access.via.id or "").lower()
        if access.via.kind is ViaKind.GROUP:
            by_group: Mapping[tuple[str, str], Attribution] = {**self._members}
            found = self._assigned.get((application, group)) or by_group.get((group, principal))
        else:
            found = self._assigned.get((application, principal))
        return found or access.attribution
