"""What an external auditor asks for: each control by verdict, with the evidence of its rules."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from auditor.bundled import bundled
from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from auditor.report.presentation import STATUS_WORDS

SHOWN = 3
"""Findings a rule shows for a control; the rest is counted."""

_RANK = {status: rank for rank, status in enumerate(STATUS_WORDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """What one rule of a run came to."""

    rule_id: str
    title: str
    counts: Mapping[Status, int]
    shown: tuple[Finding, ...]
    """The worst of its findings."""

    @property
    def rest(self) -> int:
        """How many findings as bad as those are not among them."""
        worst = self.shown[0].status
        return self.counts.get(worst, 0) - sum(finding.status is worst for finding in self.shown)


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


def controls(report: Report) -> tuple[ControlVerdict, ...]:
    """Every control that a rule of this run speaks for, by framework and control."""
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    speaking: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for finding in report.findings:
        by_rule[finding.rule_id].append(finding)
        for framework, ids in finding.controls.items():
            for control in ids:
                speaking[framework, control].add(finding.rule_id)
    verdicts = {rule_id: _verdict(rule_id, findings) for rule_id, findings in by_rule.items()}
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
