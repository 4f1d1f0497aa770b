"""Judges one rule on the evidence of one application, profile or tenant. Pure: no file, no clock, no network.

The evidence of a verdict is what the verdict depends on: of a failure the clauses that fail, of a pass all
of them, of what could not be judged the gaps; and always the guards on the way there. So when a request
fails, those verdicts change whose evidence names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from auditor.evaluate.clauses import AssertionClause, CompiledClause, Outcome, Truth, compiled_clause
from auditor.evaluate.elements import Element, Elements, ElementsOf
from auditor.evaluate.paths import ITEM
from auditor.evaluate.templates import Template, summarised
from auditor.model.finding import Evidence, Status, Subject
from auditor.model.gap import Gap
from auditor.model.node import Json, Node
from auditor.model.rule import Assertion, Need, Rule, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a rule says; `subject` is None when it is the application, profile or tenant as a whole."""

    status: Status
    severity: Severity
    message: str
    expected: Json = None
    observed: Json = None
    evidence: tuple[Evidence, ...]
    gaps: tuple[Gap, ...] = ()
    subject: Subject | None = None

    @classmethod
    def unjudged(cls, gaps: Sequence[Gap], *, evidence: Iterable[Evidence], severity: Severity) -> Result:
        """A rule that could not be judged, because of these gaps."""
        each = tuple(dict.fromkeys(gaps))
        return cls(
            status=Status.NOT_EVALUATED,
            severity=severity,
            message=_unjudged(each),
            evidence=tuple(evidence),
            gaps=each,
        )


_WORST = (Status.FAIL, Status.NOT_EVALUATED, Status.PASS, Status.NOT_APPLICABLE)


def worst(results: Iterable[Result]) -> Status:
    """The status that counts when a rule has several results."""
    return min((result.status for result in results), key=_WORST.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A rule that must hold first, as it was judged."""

    title: str
    results: Sequence[Result]

    def evidence(self) -> list[Evidence]:
        """By what it was judged."""
        return [entry for result in self.results for entry in result.evidence]

    def gaps(self) -> tuple[Gap, ...]:
        """Why it could not be judged."""
        return tuple(gap for result in self.results for gap in result.gaps)


class CompiledRule:
    """A rule with every expression compiled, ready to judge any number of evidences."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        item = rule.for_each is not None
        needs = _needs(rule)
        self.has_profile = needs[0] if rule.needs is Need.PROFILE else None
        """That a profile of ours says something is no evidence about the tenant."""
        self.guards = [*needs, *(compiled_clause(clause, item=False) for clause in rule.when)]
        self.elements = ElementsOf(rule.for_each) if rule.for_each else None
        self.clauses = [compiled_clause(clause, item=item) for clause in rule.expect]
        self.escalations = [
            (AssertionClause(escalation.condition, item=item), escalation.severity)
            for escalation in rule.escalates
        ]
        self.message_pass = Template(rule.message_pass, item=item)
        self.message_fail = Template(rule.message_fail, item=item)

    def judge(
        self,
        evidence: Mapping[str, Node],
        *,
        requirements: Sequence[Requirement] = (),
        severity: Severity | None = None,
    ) -> list[Result]:
        """The results, at least one. `severity` is the configuration's, which no escalation changes."""
        case = _Case(self, evidence, severity)
        return case.stopped(requirements) or case.results()


class _Case:
    """One rule on one evidence."""

    def __init__(self, rule: CompiledRule, evidence: Mapping[str, Node], severity: Severity | None) -> None:
        self._rule = rule
        self._evidence = evidence
        self._severity = severity
        self._way: list[Evidence] = []
        """What had to hold for the rule to be judged at all."""

    def stopped(self, requirements: Sequence[Requirement]) -> list[Result]:
        """The result when a requirement or a guard keeps the rule from being judged; else none."""
        for requirement in requirements:
            status = worst(requirement.results)
            if status is Status.FAIL:
                sentence = f"Not judged, because this does not hold: {requirement.title}."
                return [self._not_applicable(sentence, requirement.evidence())]
            if status is Status.NOT_EVALUATED:
                return [self._not_evaluated(requirement.gaps(), requirement.evidence())]
            self._way.extend(requirement.evidence())
        for guard in self._rule.guards:
            outcome = guard.judge(self._evidence)
            if outcome.truth is Truth.UNKNOWN:
                return [self._not_evaluated(outcome.gaps, _entries([outcome]))]
            if outcome.truth is Truth.FAILS:
                sentence = guard.otherwise.fill(self._evidence) if guard.otherwise else ""
                return [self._not_applicable(sentence, _entries([outcome]))]
            if guard is not self._rule.has_profile:
                self._way.extend(_entries([outcome]))
        return []

    def results(self) -> list[Result]:
        """What the clauses say, of every element or as a whole."""
        each = self._rule.elements
        if each is None:
            return [self._judged(self._evidence)]
        found = each.find(self._evidence)
        if found.look.reading.gaps:
            return [self._not_evaluated(found.look.reading.gaps, found.look.evidence())]
        if not found.elements:
            return [self._not_applicable(found.none, found.look.evidence())]
        results = [self._of_element(element, each.place) for element in found.elements]
        others = [result for result in results if result.status is not Status.PASS]
        return _one_each(others) if others else [self._all_hold(found, results)]

    def _of_element(self, element: Element, place: str) -> Result:
        if element.gap is not None:
            return replace(
                self._not_evaluated((element.gap,), element.look.evidence()), subject=element.subject
            )
        result = self._judged({**self._evidence, ITEM: element.node})
        sources = {entry.source for entry in result.evidence}
        further = [entry for entry in element.look.evidence() if entry.source not in sources]
        gaps = tuple(
            replace(gap, section=place + gap.section.removeprefix(ITEM))
            if gap.section.partition(".")[0] == ITEM
            else gap
            for gap in result.gaps
        )
        return replace(result, subject=element.subject, evidence=(*result.evidence, *further), gaps=gaps)

    def _judged(self, evidence: Mapping[str, Node]) -> Result:
        outcomes = [clause.judge(evidence) for clause in self._rule.clauses]
        failing = [outcome for outcome in outcomes if outcome.truth is Truth.FAILS]
        unknown = [outcome for outcome in outcomes if outcome.truth is Truth.UNKNOWN]
        if unknown and not failing:
            gaps = tuple(gap for outcome in unknown for gap in outcome.gaps)
            return self._not_evaluated(gaps, _entries(unknown))
        told = failing or outcomes
        if failing:
            sentence = told[0].otherwise or self._rule.message_fail
            severity = self._escalated(evidence)
        else:
            sentence = self._rule.message_pass
            severity = self._base_severity
        return Result(
            status=Status.FAIL if failing else Status.PASS,
            severity=severity,
            message=sentence.fill(evidence),
            expected=told[0].expected,
            observed=told[0].observed,
            evidence=self._on_the_way(_entries(told)),
        )

    def _all_hold(self, found: Elements, results: Sequence[Result]) -> Result:
        """One pass for all elements, with the values of all by request."""
        values: dict[tuple[str, str], list[Evidence]] = {}
        for result in results:
            for entry in result.evidence:
                values.setdefault((entry.path, entry.source), []).append(entry)
        entries = [
            replace(same[0], value=summarised([entry.value for entry in same])) if len(same) > 1 else same[0]
            for same in values.values()
            if same[0] not in self._way
        ]
        observed = [result.observed for result in results]
        return replace(
            results[0],
            message=self._rule.message_pass.fill(self._evidence),
            observed=observed[0] if len(observed) == 1 else summarised(observed),
            evidence=self._on_the_way([*found.look.evidence(), *entries]),
            subject=None,
        )

    @property
    def _base_severity(self) -> Severity:
        return self._severity or self._rule.rule.severity

    def _escalated(self, evidence: Mapping[str, Node]) -> Severity:
        """The severity of a failure; a condition that could not be told changes nothing."""
        severity = self._base_severity
        if self._severity is None:
            for condition, higher in self._rule.escalations:
                if condition.judge(evidence).truth is Truth.HOLDS:
                    severity = higher
        return severity

    def _not_applicable(self, sentence: str, entries: Iterable[Evidence]) -> Result:
        return Result(
            status=Status.NOT_APPLICABLE,
            severity=self._base_severity,
            message=sentence,
            evidence=self._on_the_way(entries),
        )

    def _not_evaluated(self, gaps: Sequence[Gap], entries: Iterable[Evidence]) -> Result:
        return Result.unjudged(gaps, evidence=self._on_the_way(entries), severity=self._base_severity)

    def _on_the_way(self, entries: Iterable[Evidence]) -> tuple[Evidence, ...]:
        """The entries after those of the guards, one for each path and source."""
        found = {(entry.path, entry.source): entry for entry in (*self._way, *entries)}
        return tuple(found.values())


def _unjudged(gaps: Sequence[Gap]) -> str:
    """The sentence of a finding that could not be judged."""
    first = gaps[0]
    sentence = f"Could not be judged: {first.detail.rstrip('.')}."
    if first.permission:
        sentence += f" Cured by the permission {first.permission}."
    if first.licence:
        sentence += f" Needs the licence {first.licence}."
    further = len(gaps) - 1
    return f"{sentence} {further} more could not be read." if further else sentence


def _entries(outcomes: Iterable[Outcome]) -> list[Evidence]:
    return [entry for outcome in outcomes for look in outcome.looks for entry in look.evidence()]


def _one_each(results: Iterable[Result]) -> list[Result]:
    """One result for each element: what a list names twice is one subject, and its worst result counts."""
    found: dict[str, Result] = {}
    for result in results:
        assert result.subject is not None
        known = found.setdefault(result.subject.id, result)
        if _WORST.index(result.status) < _WORST.index(known.status):
            found[result.subject.id] = result
    return list(found.values())


_NEEDS = {
    Need.PROFILE: ("profile", "is_null", False, "No profile says what is expected of this application."),
    Need.CERTIFICATE: (
        "servicePrincipal.samlSigningExpected",
        "is_true",
        True,
        "It has no SAML signing certificate and no settings that call for one.",
    ),
}


def _needs(rule: Rule) -> list[CompiledClause]:
    """What `needs` stands for, as a guard."""
    if rule.needs is None:
        return []
    path, operator, operand, otherwise = _NEEDS[rule.needs]
    guard = Assertion(path=path, operator=operator, operand=operand, otherwise=otherwise, mark=rule.mark)
    return [compiled_clause(guard, item=False)]
