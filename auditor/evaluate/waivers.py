"""Lays waivers over findings. Pure: the clock is an argument, and the order of waivers makes no difference.

A waiver can only add acceptance: where several match a failure, one that is in force and fits is enough. It
touches nothing but failures: what could not be judged is accepted by `accepted_gaps`, and by nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from auditor.evaluate.templates import in_words
from auditor.evaluate.trace import same
from auditor.evaluate.waiver_scope import Owners
from auditor.model.finding import Finding, Status
from auditor.model.node import Json
from auditor.model.report import AuditedApplication
from auditor.model.waiver import UNATTRIBUTED_CHANGE, AppliedWaiver, ReportedWaiver, Waiver, WaiverState

WARNING_DAYS = 14
"""So many days before its last one a waiver is said to expire."""

_LONGEST_VALUE = 120
_SUBJECTS_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What was looked at, to tell a waiver that matches nothing from one that could not be tried."""

    applications: Sequence[AuditedApplication] = ()
    narrowed: bool = False
    """Whether only some applications of the configuration were looked for (`--application`)."""
    rules: Collection[str] | None = None
    """Ids of the rules that judged; None: not known, any may have."""


def apply_waivers(
    findings: Iterable[Finding],
    waivers: Iterable[Waiver],
    *,
    at: datetime,
    scanned: Scanned | None = None,
) -> tuple[tuple[Finding, ...], tuple[ReportedWaiver, ...]]:
    """The findings in their order, failures that are waived with that status, and what became of each waiver.

    A failure whose waiver is expired or void stays one, and its `waiver` says so. `at` is in UTC.
    """
    each = {waiver.id: waiver for waiver in sorted(waivers, key=_order)}
    return _Waiving(tuple(findings), tuple(each.values()), at, scanned or Scanned()).result()


def reported_together(
    reported: Iterable[ReportedWaiver], others: Iterable[ReportedWaiver]
) -> tuple[ReportedWaiver, ...]:
    """Those of both in the order of a report; what `others` says of a waiver counts."""
    by_id = {waiver.id: waiver for waiver in (*reported, *others)}
    return tuple(sorted(by_id.values(), key=_reported_order))


def same_meaning(left: Json, right: Json) -> bool:
    """Equal as JSON, lists as sets: no operator of a rule asks for the order or number of equal items."""
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return _within(left, right) and _within(right, left)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same_meaning(left[key], right[key]) for key in left)
    return same(left, right)


def _within(items: Sequence[Json], others: Sequence[Json]) -> bool:
    return all(any(same_meaning(item, other) for other in others) for item in items)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """A waiver in whose scope a failure is."""

    waiver: Waiver
    rank: int
    """How narrowly it names the application."""
    fits: bool
    """Whether the value is the one it is pinned to, if it is."""

    @property
    def specificity(self) -> tuple[bool, bool, int, str, str]:
        """The greatest decides; of equal ones the one that lasts longest."""
        waiver = self.waiver
        return waiver.pinned, waiver.subject is not None, self.rank, waiver.expires, waiver.id


class _Waiving:
    def __init__(
        self, findings: tuple[Finding, ...], waivers: Sequence[Waiver], at: datetime, scanned: Scanned
    ) -> None:
        self._findings = findings
        self._waivers = waivers
        self._today = at.astimezone(UTC).date()
        self._scanned = scanned
        self._owners = Owners(findings, scanned.applications)
        by_rule: defaultdict[str, list[Waiver]] = defaultdict(list)
        for waiver in waivers:
            by_rule[waiver.rule].append(waiver)
        self._by_rule = by_rule
        self._in_scope: defaultdict[str, list[tuple[Finding, _Match]]] = defaultdict(list)
        """By waiver: the failures in its scope."""
        self._decided: defaultdict[str, list[str]] = defaultdict(list)
        """By waiver: fingerprints of what it waives, or of what fails because it no longer does."""

    def result(self) -> tuple[tuple[Finding, ...], tuple[ReportedWaiver, ...]]:
        matches = [self._matches(finding) for finding in self._findings]  # all of them before any is decided
        findings = tuple(map(self._under, self._findings, matches))
        return findings, reported_together((), map(self._reported, self._waivers))

    def days_left(self, waiver: Waiver) -> int:
        return (date.fromisoformat(waiver.expires) - self._today).days

    def _matches(self, finding: Finding) -> list[_Match]:
        if finding.status is not Status.FAIL:
            return []
        found = []
        for waiver in self._by_rule.get(finding.rule_id, ()):
            rank = self._owners.rank(waiver.application, finding)
            if rank is not None and _is_subject(waiver.subject, finding):
                fits = not waiver.pinned or same_meaning(waiver.value, finding.observed)
                match = _Match(waiver=waiver, rank=rank, fits=fits)
                found.append(match)
                self._in_scope[waiver.id].append((finding, match))
        return sorted(found, key=lambda match: match.specificity, reverse=True)

    def _under(self, finding: Finding, matches: Sequence[_Match]) -> Finding:
        """The finding with the waiver that decides for it, if any does."""
        lasting = [match for match in matches if self.days_left(match.waiver) >= 0]
        in_force = next((match.waiver for match in lasting if match.fits), None)
        if in_force is not None:
            self._decided[in_force.id].append(finding.fingerprint)
            said = f"Waived until {in_force.expires} by {in_force.owner}: {in_force.reason}"
            applied = self._applied(in_force, self._by_day(in_force), said)
            return replace(finding, status=Status.WAIVED, waiver=applied)
        expired = [match.waiver for match in matches if match not in lasting and match.fits]
        void = [match.waiver for match in lasting if self._is_void(match.waiver)]
        for waiver in (*expired, *void):
            self._decided[waiver.id].append(finding.fingerprint)
        if expired:
            said = f"No longer waived: the waiver expired on {expired[0].expires}."
            return replace(finding, waiver=self._applied(expired[0], WaiverState.EXPIRED, said))
        if void:
            said = f"Not waived: the waiver is pinned to {_shown(void[0].value)}, and that is not the value."
            return replace(finding, waiver=self._applied(void[0], WaiverState.VOID, said))
        return finding

    def _is_void(self, waiver: Waiver) -> bool:
        """Whether none of what it is about has the value that it is pinned to."""
        if waiver.rule == UNATTRIBUTED_CHANGE:
            return False  # another change is another event, not another value of the same
        scope = self._in_scope[waiver.id]
        return bool(scope) and not any(match.fits for _, match in scope)

    def _by_day(self, waiver: Waiver) -> WaiverState:
        left = self.days_left(waiver)
        if left < 0:
            return WaiverState.EXPIRED
        return WaiverState.EXPIRING if left <= WARNING_DAYS else WaiverState.ACTIVE

    def _applied(self, waiver: Waiver, state: WaiverState, message: str) -> AppliedWaiver:
        return AppliedWaiver(
            id=waiver.id,
            state=state,
            reason=waiver.reason,
            owner=waiver.owner,
            ticket=waiver.ticket,
            expires=waiver.expires,
            days_left=self.days_left(waiver),
            message=message,
        )

    def _reported(self, waiver: Waiver) -> ReportedWaiver:
        state, message, remedy = self._told(waiver)
        return ReportedWaiver(
            id=waiver.id,
            rule_id=waiver.rule,
            application=waiver.application,
            subject=waiver.subject,
            pinned=waiver.pinned,
            value=waiver.value,
            reason=waiver.reason,
            owner=waiver.owner,
            ticket=waiver.ticket,
            expires=waiver.expires,
            tenant=waiver.tenant,
            state=state,
            days_left=self.days_left(waiver),
            findings=tuple(sorted(set(self._decided[waiver.id]))),
            message=message,
            remedy=remedy,
        )

    def _told(self, waiver: Waiver) -> tuple[WaiverState, str, str | None]:
        """State, sentence and remedy."""
        by_day, count = self._by_day(waiver), len(self._decided[waiver.id])
        if by_day is WaiverState.EXPIRED:
            said = f"Expired on {waiver.expires}"
            if count:
                remedy = "Set right what it waived; or agree on a new day and write it into `expires`."
                return by_day, f"{said}: {_failures(count)} no longer waived.", remedy
            return by_day, f"{said}, and nothing fails because of that.", "Remove it."
        if self._is_void(waiver):
            said = f"Void: {self._values(waiver)}"
            remedy = (
                "Look at the value of now; then set it right, write it into `value`, or remove the waiver."
            )
            return WaiverState.VOID, said, remedy
        if not count:
            unused = self._unused(waiver)
            if unused is not None:
                return WaiverState.UNUSED, *unused
        if by_day is WaiverState.EXPIRING:
            left = self.days_left(waiver)
            when = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
            remedy = "Set right what it waives; or agree on a new day and write it into `expires`."
            return by_day, f"Expires {when}, on {waiver.expires}. {self._does(waiver)}", remedy
        return by_day, f"In force until {waiver.expires}. {self._does(waiver)}", None

    def _does(self, waiver: Waiver) -> str:
        count = len(self._decided[waiver.id])
        if count:
            return f"It waives {_failures(count)}."
        if waiver.rule == UNATTRIBUTED_CHANGE:
            return "There was no such change."
        return "What it is about could not be judged, or was not looked at."

    def _values(self, waiver: Waiver) -> str:
        scope = self._in_scope[waiver.id]
        others = f", and other values in {len(scope) - 1} more" if len(scope) > 1 else ""
        return f"pinned to {_shown(waiver.value)}, the value is {_shown(scope[0][0].observed)}{others}."

    def _unused(self, waiver: Waiver) -> tuple[str, str] | None:
        """Why a waiver that could be in force waives nothing, and what to do; None when nobody can tell."""
        if waiver.rule == UNATTRIBUTED_CHANGE:
            return None  # an event: most nights have none, and that says nothing about the next
        if any(match.fits for _, match in self._in_scope[waiver.id]):
            return "Another waiver, more specific or longer, decides for all it matches.", "Remove it."
        if self._scanned.rules is not None and waiver.rule not in self._scanned.rules:
            return "Matches nothing: the rule is switched off.", "Remove it, or switch the rule on."
        if self._owners.bearers(waiver.application) > 1:
            said = f"Matches nothing: several applications are called {waiver.application}."
            return said, "Name the application by its appId."
        if self._may_be_unseen(waiver):
            return None
        if not self._owners.knows(waiver.application):
            said = f"Matches nothing: no application that was looked at is called {waiver.application}."
            remedy = "Correct the name (the appId is safest), remove it, or say which `tenant` it is for."
            return said, remedy
        others = [f.subject.id for f in self._of_rule(waiver) if f.status in (Status.FAIL, Status.WAIVED)]
        if not others:
            return "Matches nothing: the rule finds nothing wrong there.", "Remove it."
        named = ", ".join(others[:_SUBJECTS_NAMED]) + (", ..." if len(others) > _SUBJECTS_NAMED else "")
        said = f"Matches nothing: the rule finds nothing wrong with {waiver.subject}, but with {named}."
        return said, "Correct `subject`, or remove the waiver."

    def _may_be_unseen(self, waiver: Waiver) -> bool:
        """Whether what it is about could not be judged, or was not looked for."""
        unjudged = (f for f in self._of_rule(waiver, or_search=True) if f.status is Status.NOT_EVALUATED)
        return any(unjudged) or (self._scanned.narrowed and not self._owners.knows(waiver.application))

    def _of_rule(self, waiver: Waiver, *, or_search: bool = False) -> Iterable[Finding]:
        """What the rule says about the application; `or_search`: or about where it was searched for."""
        for finding in self._findings:
            is_of = self._owners.rank(waiver.application, finding) is not None
            if finding.rule_id == waiver.rule and (is_of or (or_search and finding.application is None)):
                yield finding


def _is_subject(wanted: str | None, finding: Finding) -> bool:
    """Whether it is about this element. The case of GUIDs and thumbprints says nothing; that of URLs does."""
    if wanted is None or wanted == finding.subject.id:
        return True
    folded = wanted.casefold()
    return folded == finding.subject.id.casefold() and not set(folded) - set("0123456789abcdef-")


def _failures(count: int) -> str:
    return "1 failure" if count == 1 else f"{count} failures"


def _shown(value: Json) -> str:
    text = in_words(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _order(waiver: Waiver) -> tuple[str, ...]:
    return waiver.id, waiver.owner, waiver.reason, waiver.ticket or ""


def _reported_order(waiver: ReportedWaiver) -> tuple[str, ...]:
    return waiver.rule_id, waiver.application.casefold(), waiver.subject or "", waiver.expires, waiver.id
