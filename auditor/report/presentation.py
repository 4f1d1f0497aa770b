"""What a reader wants to know first, worked out from a report; shared by the formats that people read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.change import AccessChange, Change, Drift
from auditor.model.finding import Finding, Status
from auditor.model.profile import Step
from auditor.model.report import AuditedApplication, ProfileEntry, Report, ReportedGap
from auditor.model.rule import Severity
from auditor.model.waiver import ReportedWaiver, WaiverState

STATUS_WORDS: Mapping[Status, str] = {
    Status.FAIL: "fails",
    Status.NOT_EVALUATED: "not evaluated",
    Status.WAIVED: "waived",
    Status.PASS: "passes",
    Status.NOT_APPLICABLE: "not applicable",
}
"""In words, the worst first: the order is that of a step's verdict."""

_WAIVERS_FIRST = (
    WaiverState.EXPIRED,
    WaiverState.VOID,
    WaiverState.EXPIRING,
    WaiverState.UNUSED,
    WaiverState.ACTIVE,
)

_ANSWERED = re.compile(r"(?P<question>(?:GET|POST) .*?) was (?P<answer>answered .*)", re.DOTALL)
_WORST_FIRST = {status: rank for rank, status in enumerate(STATUS_WORDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One rule that fails, with everything it fails for: one thing to do."""

    rule_id: str
    title: str
    severity: Severity
    findings: tuple[Finding, ...]
    applications: int

    @property
    def first(self) -> Finding:
        """The finding to start with."""
        return self.findings[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSpot:
    """Gaps that one act would cure: a permission, a licence, or another try."""

    cure: str
    sections: tuple[str, ...]
    subjects: int
    detail: str
    accepted: bool

    @property
    def why(self) -> str:
        """The detail with the answer before the question, which is long and would push it out of sight."""
        answered = _ANSWERED.fullmatch(self.detail)
        if answered is None:
            return self.detail
        return f"{answered['answer']}: {answered['question']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepVerdict:
    """A step of the tutorial for one application. `status` is None when nothing observes the step."""

    number: int
    step: Step
    status: Status | None
    findings: tuple[Finding, ...]


class State(StrEnum):
    """The state of an application, by the worst that is known of it."""

    CRITICAL = "critical"
    HIGH = "high"
    LESSER = "lesser"
    """It fails, and nowhere critically or highly."""
    UNJUDGED = "unjudged"
    """Nothing that could be seen fails, and something could not be seen."""
    WAIVED = "waived"
    """What is wrong is accepted by waivers."""
    FINE = "fine"


STATE_WORDS: Mapping[State, str] = {
    State.CRITICAL: "fails critically",
    State.HIGH: "fails, high",
    State.LESSER: "fails, medium or lower",
    State.UNJUDGED: "nothing wrong seen, not all seen",
    State.WAIVED: "wrong only where it is waived",
    State.FINE: "as it should be",
}
"""In words, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationView:
    """One application: its checklist, what else fails, and how much passes."""

    application: AuditedApplication
    profile: ProfileEntry | None
    steps: tuple[StepVerdict, ...]
    beyond: tuple[Finding, ...]
    """Findings outside the tutorial that are not pass and not not-applicable, the worst first."""
    passed: tuple[Finding, ...]
    """Outside the tutorial."""
    not_applicable: tuple[Finding, ...]
    """Outside the tutorial."""
    counts: Mapping[Status, int]
    worst: Severity | None
    """Of what fails."""
    state: State
    changes: tuple[Change, ...]
    """Since the last run."""
    access_changes: tuple[AccessChange, ...]

    @property
    def urgent(self) -> tuple[Finding, ...]:
        """All that is not right, or not known, or waived, the worst first."""
        of_steps = (finding for step in self.steps for finding in step.findings)
        quiet = (Status.PASS, Status.NOT_APPLICABLE)
        return _by_urgency(f for f in (*of_steps, *self.beyond) if f.status not in quiet)


def all_findings(report: Report) -> tuple[Finding, ...]:
    """Those of the rules, then the changes that nobody explains."""
    return (*report.findings, *(report.drift.findings if report.drift else ()))


def problems(report: Report) -> tuple[Problem, ...]:
    """What fails, by rule: the most severe first, then what concerns most applications."""
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in all_findings(report):
        if finding.status is Status.FAIL:
            by_rule[finding.rule_id].append(finding)
    found = [
        Problem(
            rule_id=rule_id,
            title=findings[0].title,
            severity=max(finding.severity for finding in findings),
            findings=tuple(sorted(findings, key=lambda finding: -finding.severity.rank)),
            applications=len({_owner(finding) for finding in findings}),
        )
        for rule_id, findings in by_rule.items()
    ]
    return tuple(sorted(found, key=lambda p: (-p.severity.rank, -p.applications, p.rule_id)))


def blind_spots(gaps: Iterable[ReportedGap]) -> tuple[BlindSpot, ...]:
    """What could not be seen, by what would cure it; accepted ones last."""
    by_cure: defaultdict[tuple[bool, str], list[ReportedGap]] = defaultdict(list)
    for gap in gaps:
        by_cure[(gap.accepted, cure(gap))].append(gap)
    return tuple(
        BlindSpot(
            cure=remedy,
            sections=tuple(sorted({gap.section for gap in group})),
            subjects=len({gap.subject for gap in group}),
            detail=group[0].detail,
            accepted=accepted,
        )
        for (accepted, remedy), group in sorted(
            by_cure.items(), key=lambda entry: (entry[0][0], -len(entry[1]), entry[0][1])
        )
    )


def cure(gap: ReportedGap) -> str:
    """What to do so that this can be seen next time, in a few words."""
    if gap.licence:
        return f"Needs the licence {gap.licence}"
    if gap.permission and gap.reason == "permission":
        return f"Grant {gap.permission}"
    return {
        "throttled": "Throttled: scan again later, or allow a longer --max-wait",
        "not-found": "Not found: it vanished while it was read",
        "truncated": "More than the page budget or the size limit",
        "not-declared": "Declare it in the configuration",
        "not-observable": "Cannot be followed from outside: look by hand",
        "unavailable-in-cloud": "Not available in this cloud",
        "permission": "A permission is missing",
        "licence": "A licence is missing",
    }.get(gap.reason, "The answer could not be read: scan again")


def verdict_sentence(report: Report) -> str:
    """The whole report in one sentence."""
    total = len(report.applications)
    scope = "one application" if total == 1 else f"{total:,} applications"
    severities = [
        f"{count:,} {severity.value}"
        for severity in sorted(Severity, reverse=True)
        if (count := report.summary.by_severity.get(severity.value, 0)) and severity >= Severity.HIGH
    ]
    fails = report.summary.fail
    unseen = report.summary.not_evaluated
    blind = f"{unseen:,} {_plural(unseen, 'check')} could not be made" if unseen else ""
    if severities:
        count = sum(report.summary.by_severity.get(s.value, 0) for s in (Severity.CRITICAL, Severity.HIGH))
        where = f"in {_affected(report):,} of {scope}" if total > 1 else f"in {scope}" if total else ""
        sentence = f"{' and '.join(severities)} {_plural(count, 'problem')} {where}".rstrip()
    elif fails:
        where = f" in {scope}" if total else ""
        sentence = f"Nothing critical or high{where}; {fails:,} lesser {_plural(fails, 'problem')}"
    else:
        return _without_failures(report, scope, blind)
    if not total:
        sentence += "; no application could be looked at"
    return f"{sentence}; {blind}." if blind else f"{sentence}."


def _without_failures(report: Report, scope: str, blind: str) -> str:
    """Nothing fails: which reassures only as far as something was seen, and nothing is waived."""
    waived = report.summary.waived
    if not report.applications:
        return f"No application could be looked at; {blind}." if blind else "No application was audited."
    if nothing_judged(report):
        return f"Nothing could be judged of {scope}: {blind}." if blind else f"Nothing applies to {scope}."
    if waived:
        sentence = f"Nothing wrong in {scope} but {waived:,} waived {_plural(waived, 'problem')}"
        return f"{sentence}; {blind}." if blind else f"{sentence}."
    if blind:
        return f"Nothing wrong in what could be seen of {scope}, but {blind}."
    return f"Everything is as it should be in {scope}."


def nothing_judged(report: Report) -> bool:
    """Whether no check came to a verdict, so that the absence of failures says nothing."""
    summary = report.summary
    return not (summary.pass_ or summary.fail or summary.waived)


def _affected(report: Report) -> int:
    """How many applications have something critical or high, changes that nobody explains among it."""
    severe = (f for f in all_findings(report) if f.status is Status.FAIL and f.severity >= Severity.HIGH)
    return len({_owner(finding) for finding in severe})


def verdict_kind(report: Report) -> str:
    """broken | attention | blind | clean: the tone of the first line."""
    high = sum(report.summary.by_severity.get(s.value, 0) for s in (Severity.CRITICAL, Severity.HIGH))
    if high:
        return "broken"
    if report.summary.fail:
        return "attention"
    return "blind" if report.summary.not_evaluated or not report.applications else "clean"


def application_views(report: Report) -> tuple[ApplicationView, ...]:
    """All applications, those with the worst failures first."""
    by_application: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in all_findings(report):
        if finding.application is not None:
            by_application[finding.application.service_principal_id].append(finding)
    profiles = {profile.id: profile for profile in report.profiles}
    # A finding about the profile (is there such an application at all?) belongs to the checklist of each.
    about_profile: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.application is None:
            about_profile[finding.subject.id].append(finding)
    changed = _Changed(report.drift)
    views = [
        _view(
            application,
            profiles.get(application.profile or ""),
            by_application[application.service_principal_id],
            about_profile.get(application.profile or "", []),
            changed,
        )
        for application in report.applications
    ]
    return tuple(
        sorted(
            views,
            key=lambda view: (
                -(view.worst.rank if view.worst else -1),
                -view.counts.get(Status.FAIL, 0),
                -view.counts.get(Status.NOT_EVALUATED, 0),
                view.application.display_name.casefold(),
                view.application.app_id,
            ),
        )
    )


def waivers_by_urgency(report: Report) -> tuple[ReportedWaiver, ...]:
    """Those first about which something is to be done; of one state, those that end first."""
    return tuple(
        sorted(report.waivers, key=lambda waiver: (_WAIVERS_FIRST.index(waiver.state), waiver.expires))
    )


def worst(findings: Sequence[Finding]) -> Status | None:
    """The worst status among them, None when there are none."""
    return min((finding.status for finding in findings), key=_WORST_FIRST.__getitem__, default=None)


def _view(
    application: AuditedApplication,
    profile: ProfileEntry | None,
    findings: Sequence[Finding],
    about_profile: Sequence[Finding],
    changed: _Changed,
) -> ApplicationView:
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in (*findings, *about_profile):
        by_rule[finding.rule_id].append(finding)
    steps: list[StepVerdict] = []
    shown: set[str] = set()
    for number, step in enumerate(profile.steps if profile else (), start=1):
        of_step = [finding for rule in step.rules if rule not in shown for finding in by_rule[rule]]
        judging = [finding for rule in step.rules for finding in by_rule[rule]]
        shown.update(step.rules)
        steps.append(
            StepVerdict(
                number=number, step=step, findings=_by_urgency(of_step),
                status=worst(judging) if step.observable else None,
            )
        )  # fmt: skip
    outside = [finding for finding in findings if finding.rule_id not in shown]
    fails = [finding.severity for finding in findings if finding.status is Status.FAIL]
    quiet = (Status.PASS, Status.NOT_APPLICABLE)
    worst_severity = max(fails, default=None)
    counts = Counter(finding.status for finding in findings)
    return ApplicationView(
        application=application,
        profile=profile,
        steps=tuple(steps),
        beyond=_by_urgency(finding for finding in outside if finding.status not in quiet),
        passed=tuple(finding for finding in outside if finding.status is Status.PASS),
        not_applicable=tuple(finding for finding in outside if finding.status is Status.NOT_APPLICABLE),
        counts=counts,
        worst=worst_severity,
        state=_state(worst_severity, counts),
        changes=tuple(changed.of_application[application.service_principal_id]),
        access_changes=tuple(changed.of_access[application.service_principal_id]),
    )


def _state(worst_severity: Severity | None, counts: Mapping[Status, int]) -> State:
    if worst_severity is not None:
        severe = {Severity.CRITICAL: State.CRITICAL, Severity.HIGH: State.HIGH}
        return severe.get(worst_severity, State.LESSER)
    if counts.get(Status.NOT_EVALUATED):
        return State.UNJUDGED
    return State.WAIVED if counts.get(Status.WAIVED) else State.FINE


class _Changed:
    """What changed since the last run, by application."""

    def __init__(self, drift: Drift | None) -> None:
        self.of_application: defaultdict[str, list[Change]] = defaultdict(list)
        self.of_access: defaultdict[str, list[AccessChange]] = defaultdict(list)
        for change in drift.changes if drift else ():
            for application in change.affects:
                self.of_application[application.service_principal_id].append(change)
        for gained_or_lost in drift.access if drift else ():
            self.of_access[gained_or_lost.application.service_principal_id].append(gained_or_lost)


def _by_urgency(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(
            findings,
            key=lambda finding: (_WORST_FIRST[finding.status], -finding.severity.rank, finding.rule_id),
        )
    )


def _owner(finding: Finding) -> str:
    return finding.application.service_principal_id if finding.application else finding.subject.id


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
