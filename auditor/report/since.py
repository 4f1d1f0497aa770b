"""What is new, worse, changed and solved since the last run, and by whom; for what people read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.change import AccessKind, Attribution, AttributionStatus, Change, Confidence, Drift
from auditor.model.finding import BaselineState, Cause, Finding, Status
from auditor.model.report import Comparison, EarlierFinding, Report
from auditor.model.rule import Severity


class Turn(StrEnum):
    """What became of something since the last run, in the order in which it matters."""

    NEW = "new"
    WORSE = "worse"
    """It failed before, with a lower severity or under a waiver."""
    UNEXPLAINED = "unexplained"
    """A change that the audit log, although read, explains by nobody."""
    OTHERWISE = "changed"
    """It fails as badly as before, in another way."""
    SOLVED = "solved"
    UNKNOWN = "not seen again"


_NOBODY = "nobody that the audit log names"

_UNKNOWN = "by whom is not known"

_CAUSES: Mapping[Cause | None, str] = {
    Cause.TIME: "by the passing of time",
    Cause.RULES: "by other rules or another configuration, not in the tenant",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A failure that is not what it was, or a change that nobody explains."""

    turn: Turn
    finding: Finding | EarlierFinding
    was: EarlierFinding | None
    """As it was, of what is worse or otherwise."""
    who: str
    """In a few words; never empty: that nobody knows is said."""

    @property
    def about(self) -> str:
        """The application's name, else the subject's."""
        application = self.finding.application
        return application.display_name if application else self.finding.subject.name

    @property
    def text(self) -> str:
        """What is wrong, in a sentence."""
        return self.finding.message if isinstance(self.finding, Finding) else self.finding.title

    @property
    def linked(self) -> bool:
        """Whether the page has the finding: what is solved is no longer there."""
        return isinstance(self.finding, Finding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items of one rule that took the same turn."""

    items: tuple[Item, ...]

    @property
    def first(self) -> Item:
        """The item to show for all."""
        return self.items[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Everything since the last run. `items` has the most urgent first, in the order of `Turn`."""

    comparison: Comparison
    drift: Drift | None
    items: tuple[Item, ...]

    @property
    def groups(self) -> tuple[Group, ...]:
        """The items, those of one rule and turn together."""
        found: defaultdict[tuple[Turn, str], list[Item]] = defaultdict(list)
        for item in self.items:
            found[item.turn, item.finding.rule_id].append(item)
        return tuple(Group(items=tuple(items)) for items in found.values())

    def of(self, turn: Turn) -> tuple[Item, ...]:
        """The items that took this turn."""
        return tuple(item for item in self.items if item.turn is turn)

    @property
    def gained(self) -> int:
        """How many got access who had it in no other way before."""
        return self._access(AccessKind.GAINED)

    @property
    def lost(self) -> int:
        """How many lost it who have it in no other way now."""
        return self._access(AccessKind.LOST)

    def _access(self, kind: AccessKind) -> int:
        if self.drift is None:
            return 0
        return sum(change.kind is kind and change.effective is not False for change in self.drift.access)

    @property
    def actors(self) -> tuple[str, ...]:
        """Everybody to whom a change is attributed, sorted."""
        if self.drift is None:
            return ()
        attributed = [
            *(change.attribution for change in self.drift.changes),
            *(change.attribution for change in self.drift.access),
        ]
        return tuple(sorted({actor_name(each) for each in attributed if each.actor is not None}))


def since(report: Report) -> Since | None:
    """None without a run to compare with."""
    comparison = report.comparison
    if comparison is None:
        return None
    changes = _Changes(report.drift)
    was = {earlier.fingerprint: earlier for earlier in comparison.earlier}
    items = [
        Item(
            turn=_turn(finding, was.get(finding.fingerprint)),
            finding=finding,
            was=was.get(finding.fingerprint),
            who=changes.who(finding, finding.baseline_cause),
        )
        for finding in report.findings
        if finding.status is Status.FAIL
        and finding.baseline_state in (BaselineState.NEW, BaselineState.UPDATED)
    ]
    items += [
        Item(turn=Turn.UNEXPLAINED, finding=finding, was=None, who=_NOBODY)
        for finding in (report.drift.findings if report.drift else ())
        if finding.status is Status.FAIL
    ]
    items += [_gone(Turn.SOLVED, each, changes.who(each, each.cause)) for each in comparison.absent]
    items += [_gone(Turn.UNKNOWN, each, "neither solved nor new") for each in comparison.unknown]
    return Since(comparison=comparison, drift=report.drift, items=tuple(sorted(items, key=_urgency)))


def who(attribution: Attribution) -> str:
    """`alice@contoso.com`, `probably ...`, `... or ...`, or that nobody knows."""
    match attribution.status:
        case AttributionStatus.ATTRIBUTED:
            unsure = "probably " if attribution.confidence is Confidence.LOW else ""
            return unsure + actor_name(attribution)
        case AttributionStatus.AMBIGUOUS:
            actors = [each.actor for each in attribution.candidates]
            names = list(dict.fromkeys(_name(each.name, each.id) for each in actors))
            shown = names[:2] or [actor_name(attribution)]
            more = [f"{len(names) - 2} others"] if len(names) > 2 else []
            return " or ".join([*shown, *more])
        case AttributionStatus.UNATTRIBUTED:
            return _NOBODY
        case AttributionStatus.NOT_EVALUATED:
            return _UNKNOWN


def actor_name(attribution: Attribution) -> str:
    """Who is named; the best of several candidates."""
    actor = attribution.actor
    return "nobody" if actor is None else _name(actor.name, actor.id)


def _name(name: str | None, id: str | None) -> str:
    return name or id or "somebody without a name"


class _Changes:
    """Which changes of the tenant explain what became of a finding."""

    def __init__(self, drift: Drift | None) -> None:
        self._by_rule: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
        for change in drift.changes if drift else ():
            places = [each.service_principal_id for each in change.affects] or [""]
            for rule_id in change.rule_ids:
                for place in places:
                    self._by_rule[place, rule_id].append(change)

    def who(self, finding: Finding | EarlierFinding, cause: Cause | None) -> str:
        """Who did it, or what did."""
        if cause in _CAUSES:
            return _CAUSES[cause]
        place = finding.application.service_principal_id if finding.application else ""
        fitting = self._by_rule.get((place, finding.rule_id)) or self._by_rule.get(("", finding.rule_id), [])
        exact = [change for change in fitting if change.element == finding.subject.id] or fitting
        names = list(dict.fromkeys(who(change.attribution) for change in exact))
        if not names:
            return _UNKNOWN
        return " and ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _turn(finding: Finding, was: EarlierFinding | None) -> Turn:
    if finding.baseline_state is BaselineState.NEW:
        return Turn.NEW
    worse = was is not None and (finding.severity > was.severity or was.status is Status.WAIVED)
    return Turn.WORSE if worse else Turn.OTHERWISE


def _gone(turn: Turn, earlier: EarlierFinding, said: str) -> Item:
    return Item(turn=turn, finding=earlier, was=None, who=said)


def _urgency(item: Item) -> tuple[int, int, str, str, str]:
    by_time = isinstance(item.finding, Finding) and item.finding.baseline_cause is not Cause.TENANT
    severity = -item.finding.severity.rank
    order = list(Turn).index(item.turn) * 2 + by_time
    return order, severity, item.finding.rule_id, item.about.casefold(), item.finding.fingerprint


def severities(items: Iterable[Item]) -> str:
    """`2 critical, 1 high`; the worst first."""
    counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for item in items:
        counts[item.finding.severity] += 1
    return ", ".join(f"{count:,} {severity.value}" for severity, count in counts.items() if count)
