"""Judges single clauses of a rule, with three outcomes: it holds, it fails, it could not be told."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from auditor.evaluate.operators import OPERATORS, MismatchError
from auditor.evaluate.paths import Path, Reading
from auditor.evaluate.templates import Template, summarised
from auditor.evaluate.trace import unreadable
from auditor.model.finding import Evidence
from auditor.model.gap import Gap
from auditor.model.node import Json, Node
from auditor.model.rule import Assertion, Clause

NOT_ASKED = "not asked"


class Truth(Enum):
    """Kleene's three values."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One expression that was read for a verdict."""

    path: str
    reading: Reading

    def evidence(self) -> list[Evidence]:
        """An entry for every request that answered; where something is missing, for every gap."""
        gaps, requests = self.reading.gaps, self.reading.requests
        asked = [gap for gap in gaps if gap.source]
        if asked:
            return [self._entry(gap.source, gap.collected_at, present=False) for gap in asked]
        if requests:
            return [self._entry(str(request), request.at, present=not gaps) for request in requests]
        return [self._entry(NOT_ASKED, None, present=not gaps)]

    def _entry(self, source: str, at: str | None, *, present: bool) -> Evidence:
        value = summarised(self.reading.value) if present else None
        return Evidence(
            source=without_select(source), path=self.path, value=value, present=present, collected_at=at
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came out of a clause, and what it was told by."""

    truth: Truth
    looks: tuple[Look, ...]
    observed: Json
    expected: Json
    gaps: tuple[Gap, ...] = ()
    otherwise: Template | None = None
    """The clause's own sentence for when it fails."""


@functools.lru_cache(maxsize=4096)
def without_select(source: str) -> str:
    """A request without its `$select`: which properties were asked for is in the path already."""
    address, _, query = source.partition("?")
    kept = [part for part in query.split("&") if part and not re.match(r"(\$|%24)select=", part)]
    return f"{address}?{'&'.join(kept)}" if kept else address


class AssertionClause:
    """A compiled line of `expect`, `when` or `escalates`."""

    def __init__(self, assertion: Assertion, *, item: bool) -> None:
        self._operator = OPERATORS[assertion.operator]
        self._path = Path(assertion.path, item=item)
        self._operand = assertion.operand
        self._operand_path = Path(assertion.operand_path, item=item) if assertion.operand_path else None
        self.otherwise = Template(assertion.otherwise, item=item) if assertion.otherwise else None

    def judge(self, evidence: Mapping[str, Node]) -> Outcome:
        """Whether it holds for this evidence."""
        reading = self._path.glance(evidence) if self._operator.glance else self._path.read(evidence)
        looks = [Look(path=self._path.expression, reading=reading)]
        operand = self._operand
        if self._operand_path is not None:
            wanted = self._operand_path.read(evidence)
            looks.append(Look(path=self._operand_path.expression, reading=wanted))
            operand = wanted.value
        gaps = tuple(gap for look in looks for gap in look.reading.gaps)
        truth = Truth.UNKNOWN
        if not gaps:
            try:
                truth = Truth.HOLDS if self._operator.holds(reading.value, operand) else Truth.FAILS
            except MismatchError as error:
                gaps = (unreadable(str(error)),)
        return Outcome(
            truth=truth,
            looks=tuple(looks),
            observed=None if reading.gaps else summarised(reading.value),
            expected=None if len(looks) > 1 and looks[1].reading.gaps else self._operator.expected(operand),
            gaps=gaps,
            otherwise=self.otherwise,
        )


class EitherClause:
    """Clauses of which one must hold."""

    def __init__(self, assertions: Sequence[Assertion], otherwise: str | None, *, item: bool) -> None:
        self._clauses = [AssertionClause(assertion, item=item) for assertion in assertions]
        self.otherwise = Template(otherwise, item=item) if otherwise else None

    def judge(self, evidence: Mapping[str, Node]) -> Outcome:
        """The first that holds speaks for all; else what could not be told, else that all fail."""
        outcomes: list[Outcome] = []
        for clause in self._clauses:
            outcome = clause.judge(evidence)
            if outcome.truth is Truth.HOLDS:
                return outcome
            outcomes.append(outcome)
        unknown = [outcome for outcome in outcomes if outcome.truth is Truth.UNKNOWN]
        told = unknown or outcomes
        return Outcome(
            truth=Truth.UNKNOWN if unknown else Truth.FAILS,
            looks=tuple(look for outcome in told for look in outcome.looks),
            observed=told[0].observed,
            expected=told[0].expected,
            gaps=tuple(gap for outcome in unknown for gap in outcome.gaps),
            otherwise=self.otherwise,
        )


CompiledClause: TypeAlias = AssertionClause | EitherClause


def compiled_clause(clause: Clause, *, item: bool) -> CompiledClause:
    """The clause ready to be judged; `item`: it stands within `for_each`."""
    if isinstance(clause, Assertion):
        return AssertionClause(clause, item=item)
    return EitherClause(clause.assertions, clause.otherwise, item=item)
