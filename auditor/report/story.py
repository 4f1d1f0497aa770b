"""The whole story of a rule, and of a finding: in parts with headings, for a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auditor.model.change import Change
from auditor.model.finding import ApplicationReference, BaselineState, Cause, Evidence, Finding, Status
from auditor.model.node import Json
from auditor.model.report import EarlierFinding, Report, RuleEntry
from auditor.model.rule import Assertion, Clause, Remediation, Rule
from auditor.report.carried import waiver_text
from auditor.report.text import value_text, visible

WIDTH = 100

_STATUS = {
    Status.PASS: "holds",
    Status.FAIL: "does not hold",
    Status.NOT_EVALUATED: "could not be judged",
    Status.NOT_APPLICABLE: "does not apply",
    Status.WAIVED: "does not hold, and is waived",
}
_CAUSE = {
    Cause.TENANT: "because something changed in the tenant, or was seen there for the first time",
    Cause.RULES: "because the rules, profiles, configuration or program changed; the tenant did not",
    Cause.TIME: "because time passed; the tenant did not change",
}
_SOLVED = "The last run failed here; this one does not: it is solved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading and its lines, indented and wrapped; what is meant to be copied stays on one line."""

    title: str
    lines: tuple[str, ...]


def rule_story(rule: Rule) -> tuple[Part, ...]:
    """What a rule asks for, why, and how to set it right."""
    facts = [rule.id, rule.severity.value, rule.category, f"once per {rule.scope}"]
    facts += [f"needs a {rule.needs}"] if rule.needs else []
    facts += [] if rule.enabled else ["off by default"]
    return (
        Part(title=rule.title, lines=(", ".join(facts),)),
        Part(title="Why", lines=(paragraph(rule.rationale),)),
        Part(title="What must hold", lines=tuple(requirement(rule))),
        Part(title="How to set it right", lines=tuple(_remedy(rule.remediation))),
        Part(title="References", lines=tuple(f"  {reference}" for reference in rule.references)),
        Part(title="Controls", lines=tuple(_controls(rule.controls))),
    )


def finding_story(report: Report, finding: Finding, rule: Rule | None) -> tuple[Part, ...]:
    """All that is known about a finding of the report; `rule` as it judged, None when it is not at hand."""
    entry = next((each for each in report.rules if each.id == finding.rule_id), None)
    parts = [
        Part(title=visible(finding.title), lines=tuple(_facts(finding))),
        Part(title="Judged", lines=tuple(_judged(report, finding))),
        Part(title="What was read", lines=tuple(_read(finding))),
        Part(title="What must hold", lines=tuple(_must_hold(rule, entry))),
        Part(title="Why it matters", lines=() if entry is None else (paragraph(entry.rationale),)),
        Part(title="Where it comes from", lines=tuple(_origin(report, finding, entry))),
        Part(
            title="How to set it right",
            lines=() if finding.remediation is None else tuple(_remedy(finding.remediation)),
        ),
        Part(title="Since when, and what changed", lines=tuple(_since(report, finding))),
    ]
    return tuple(part for part in parts if part.lines)


def earlier_story(finding: EarlierFinding, *, unknown: bool) -> tuple[Part, ...]:
    """About a failure of an earlier run that this one does not have."""
    if unknown:
        said = "The last run had it; this one could not tell: it is neither solved nor new."
    else:
        said = f"{_SOLVED}{_because(finding)}."
    facts = f"{finding.rule_id}, {finding.severity.value}, {finding.fingerprint}"
    observed = f"Then expected {value_text(finding.expected)}, observed {value_text(finding.observed)}."
    since = [] if finding.first_seen_at is None else [f"  First seen {finding.first_seen_at}."]
    return (
        Part(title=visible(finding.title), lines=(facts, paragraph(visible(_about(finding)), ""))),
        Part(title="What became of it", lines=(paragraph(said), paragraph(visible(observed)), *since)),
    )


def _because(finding: EarlierFinding) -> str:
    return f", {_CAUSE[finding.cause]}" if finding.cause else ""


def paragraph(text: str, indent: str = "  ") -> str:
    """The text wrapped; no URL is broken."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def requirement(rule: Rule) -> Iterator[str]:
    """What a rule expects, clause by clause, as its file says it."""
    if rule.requires:
        yield f"  first: {', '.join(rule.requires)}"
    for guard in rule.when:
        yield from _clause(guard, "  when ")
    if rule.for_each:
        yield f"  for each item of {rule.for_each.path}"
    for clause in rule.expect:
        yield from _clause(clause, "  ")
    for escalation in rule.escalates:
        yield from _clause(escalation.condition, f"  {escalation.severity.value} when ")


def _clause(clause: Clause, lead: str) -> Iterator[str]:
    if isinstance(clause, Assertion):
        yield lead + _assertion(clause)
        return
    yield f"{lead}one of"
    for assertion in clause.assertions:
        yield f"{' ' * len(lead)}  {_assertion(assertion)}"


def _assertion(assertion: Assertion) -> str:
    operand = assertion.operand_path or json.dumps(assertion.operand, ensure_ascii=False)
    words = assertion.operator.replace("_", " ")
    if assertion.operator.startswith("is_") and isinstance(assertion.operand, bool):
        if assertion.operator == "is_true":
            return f"{assertion.path} is {'true' if assertion.operand else 'false'}"
        return f"{assertion.path} {words if assertion.operand else words.replace('is', 'is not', 1)}"
    return f"{assertion.path} {words} {operand}"


def _remedy(remediation: Remediation) -> Iterator[str]:
    yield paragraph(visible(remediation.portal))
    for name, text in (("Graph", remediation.graph), ("Azure CLI", remediation.cli)):
        if text:
            yield f"  {name}:\n    {visible(text)}"  # on one line, to be copied


def _controls(controls: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from (f"  {framework}: {', '.join(ids)}" for framework, ids in sorted(controls.items()))


def _facts(finding: Finding) -> Iterator[str]:
    yield f"{finding.rule_id}, {finding.severity.value}, {finding.fingerprint}"
    yield paragraph(visible(_about(finding)), "")


def _about(finding: Finding | EarlierFinding) -> str:
    subject = finding.subject
    about = f"{subject.kind.value} {subject.name}"
    if subject.id != subject.name:
        about += f" ({subject.id})"
    if finding.application is not None and subject.id != finding.application.service_principal_id:
        about += f" of {finding.application.display_name} ({finding.application.app_id})"
    return about


def _judged(report: Report, finding: Finding) -> Iterator[str]:
    yield paragraph(f"{finding.status.value}: it {_STATUS[finding.status]}. {visible(finding.message)}")
    if finding.status in (Status.FAIL, Status.WAIVED, Status.PASS):
        yield f"  expected  {_shown(finding.expected)}"
        yield f"  observed  {_shown(finding.observed)}"
    if finding.waiver is not None:
        yield f"  waiver    {visible(waiver_text(finding))}"
    yield (
        f"  for {report.run.evaluated_at}, by {report.run.rules.count} rules"
        f" (digest {report.run.rules.digest[:12]}), auditor {report.run.auditor_version}"
    )


def _read(finding: Finding) -> Iterator[str]:
    for entry in finding.evidence:
        yield f"  {visible(entry.source)}"
        yield f"    {visible(entry.path)} = {_value(entry)}"
        if entry.collected_at is not None:
            yield f"    read {entry.collected_at}"


def _value(entry: Evidence) -> str:
    return _shown(entry.value) if entry.present else f"not read: {_shown(entry.value)}"


def _shown(value: Json) -> str:
    text = visible(value_text(value))
    return text if len(text) <= 4 * WIDTH else f"{text[: 4 * WIDTH]}… ({len(text)} characters)"


def _must_hold(rule: Rule | None, entry: RuleEntry | None) -> Iterator[str]:
    if rule is not None:
        yield from requirement(rule)
    elif entry is not None:
        yield paragraph(
            f"{entry.title}. The clauses are in the rules of that run, which are others than these."
        )


def _origin(report: Report, finding: Finding, entry: RuleEntry | None) -> Iterator[str]:
    if finding.tutorial is not None:
        step = finding.tutorial.step
        titles = {each.id: each.title for profile in report.profiles for each in profile.steps}
        named = f"{step}, {titles[step]}" if step in titles else step
        yield paragraph(f"tutorial  {finding.tutorial.document}, step {named}")
    if entry is not None and entry.source is not None:
        yield f"  rule      {visible(entry.source.file)}:{entry.source.line}"
    yield from (f"  {reference}" for reference in finding.references)
    yield from _controls(finding.controls)


def _since(report: Report, finding: Finding) -> Iterator[str]:
    if report.comparison is None and finding.first_seen_at is None:
        yield paragraph(
            "Not known: the run was not compared with an earlier one."
            " With `history` in the configuration, scans remember."
        )
    if finding.first_seen_at is not None:
        yield f"  First seen {finding.first_seen_at}."
    if finding.baseline_state is not None:
        compared = report.comparison.evaluated_at if report.comparison else None
        said = f"{finding.baseline_state.value} since the run of {compared}" if compared else "the first run"
        if finding.baseline_state in (BaselineState.NEW, BaselineState.UPDATED) and finding.baseline_cause:
            said += f", {_CAUSE[finding.baseline_cause]}"
        yield paragraph(f"{said[0].upper()}{said[1:]}.")
    was = () if report.comparison is None else report.comparison.absent
    for earlier in was:
        if earlier.fingerprint == finding.fingerprint:
            yield paragraph(
                f"{_SOLVED}{_because(earlier)}. First seen {earlier.first_seen_at or 'long ago'}."
            )
    for change in () if report.drift is None else report.drift.changes:
        if finding.rule_id in change.rule_ids and _concerns(change, finding.application):
            yield from _changed(change)


def _concerns(change: Change, application: ApplicationReference | None) -> bool:
    return not change.affects or application is None or application in change.affects


def _changed(change: Change) -> Iterator[str]:
    yield f"  {change.kind.value} {visible(change.property)}"
    yield f"    before  {_shown(change.before)}"
    yield f"    after   {_shown(change.after)}"
    by = change.attribution
    if by.actor is None:
        yield paragraph(visible(f"by whom: {by.status.value}. {by.reason or ''}".strip()), "    ")
        return
    name = by.actor.name or by.actor.id or "unknown"
    yield paragraph(
        visible(
            f"by {by.actor.kind.value} {name}, {by.at}, {by.activity}"
            f" ({by.status.value}, confidence {by.confidence.value if by.confidence else 'unknown'})"
        ),
        "    ",
    )
