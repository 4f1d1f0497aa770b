"""What an external auditor asks for: each control by verdict, with the evidence of its rules."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from auditor.bundled import bundled
from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from auditor.report.presentation import STATUS_WORDS

SHOWN = 5
"""Findings that a rule shows as its evidence; the rest is counted."""

_RANK = {status: rank for rank, status in enumerate(STATUS_WORDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """What one rule of a run came to, with its evidence."""

    rule_id: str
    title: str
    counts: Mapping[Status, int]
    shown: tuple[Finding, ...]
    """The worst of its findings."""

    @property
    def status(self) -> Status:
        """The worst."""
        return self.shown[0].status

    @property
    def rest(self) -> int:
        """How many findings as bad as those are not among them."""
        same = sum(finding.status is self.status for finding in self.shown)
        return self.counts.get(self.status, 0) - same


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlVerdict:
    """A control of a framework, by the findings that speak for it."""

    framework: str
    framework_name: str
    control: str
    name: str | None
    """None for a control of which this program does not know the name."""
    status: Status
    """The worst."""
    counts: Mapping[Status, int]
    rules: tuple[RuleVerdict, ...]


def rule_verdicts(findings: Iterable[Finding]) -> tuple[RuleVerdict, ...]:
    """How every rule came out that has a finding, by id."""
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding.rule_id].append(finding)
    return tuple(_verdict(rule_id, found) for rule_id, found in sorted(by_rule.items()))


def controls(report: Report) -> tuple[ControlVerdict, ...]:
    """Every control that a rule of this run speaks for, by framework and control."""
    speaking: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for finding in report.findings:
        for framework, ids in finding.controls.items():
            for control in ids:
                speaking[framework, control].add(finding.rule_id)
    verdicts = {verdict.rule_id: verdict for verdict in rule_verdicts(report.findings)}
    return tuple(
        _control(framework, control, tuple(verdicts[rule_id] for rule_id in sorted(rules)))
        for (framework, control), rules in sorted(
            speaking.items(), key=lambda entry: (entry[0][0], _numbered(entry[0][1]))
        )
    )


def framework_name(framework: str) -> str:
    """As people call it."""
    name: str = _names().get(framework, {}).get("name", framework)
    return name


def _verdict(rule_id: str, findings: list[Finding]) -> RuleVerdict:
    worst = sorted(findings, key=lambda finding: (_RANK[finding.status], -finding.severity.rank))
    return RuleVerdict(
        rule_id=rule_id,
        title=findings[0].title,
        counts=Counter(finding.status for finding in findings),
        shown=tuple(worst[:SHOWN]),
    )


def _control(framework: str, control: str, rules: tuple[RuleVerdict, ...]) -> ControlVerdict:
    counts: Counter[Status] = Counter()
    for rule in rules:
        counts.update(rule.counts)
    return ControlVerdict(
        framework=framework,
        framework_name=framework_name(framework),
        control=control,
        name=_names().get(framework, {}).get("controls", {}).get(control),
        status=min(counts, key=_RANK.__getitem__),
        counts=counts,
        rules=rules,
    )


def _numbered(control: str) -> list[tuple[int, str]]:
    """So that 3.10 comes after 3.3."""
    parts = control.replace("(", ".").replace(")", "").replace("-", ".").split(".")
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


@cache
def _names() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((bundled("reports") / "controls.json").read_text(encoding="utf-8"))
    return found
