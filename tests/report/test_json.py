"""report.json: valid against its schema, the same bytes every time, and the schema as strict as the types."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor.model import access, change, configuration, finding, gap, profile, report, rule, waiver
from auditor.model.report import Report
from auditor.model.wire import from_json, to_json
from auditor.report import formats
from auditor.report.json import render
from auditor.yaml_document import bundled_schema
from tests.report.drifted import sample_drift
from tests.report.nights import second_night
from tests.report.sample import HOSTILE, sample_report

SCHEMA = bundled_schema("report")


def compared_report() -> Report:
    """The sample as the run of a later night, which solved one failure and could not look at another."""
    sample = sample_report()
    failure = next(each for each in sample.findings if each.status is finding.Status.FAIL)
    earlier = report.EarlierFinding(
        fingerprint=failure.fingerprint,
        rule_id=failure.rule_id,
        title=failure.title,
        status=failure.status,
        severity=failure.severity,
        application=failure.application,
        subject=failure.subject,
        expected=failure.expected,
        observed=failure.observed,
        first_seen_at=sample.run.evaluated_at,
        cause=finding.Cause.TENANT,
    )
    comparison = report.Comparison(
        run_id=sample.run.id,
        evaluated_at=sample.run.evaluated_at,
        rules_changed=True,
        new=1,
        unchanged=2,
        updated=3,
        absent=(earlier,),
        unknown=(dataclasses.replace(earlier, cause=None),),
    )
    new = dataclasses.replace(
        failure,
        first_seen_at=sample.run.evaluated_at,
        baseline_state=finding.BaselineState.NEW,
        baseline_cause=finding.Cause.TIME,
    )
    return dataclasses.replace(
        sample, comparison=comparison, drift=sample_drift(), findings=(*sample.findings, new)
    )


@pytest.mark.parametrize(
    "told", [sample_report(), compared_report(), second_night()], ids=["first", "compared", "later"]
)
def test_a_report_is_valid_and_survives_the_journey(told: Report) -> None:
    document = json.loads(render(told))
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)] == []
    assert from_json(document, Report) == told
    assert document["applications"][0]["displayName"] == HOSTILE


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(sample_report()) == render(sample_report())
    assert render(sample_report()).endswith(b"}\n")


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)


def test_the_schema_lets_no_key_be_missing_or_further() -> None:
    for description in _objects(SCHEMA):
        assert description["additionalProperties"] is False
        assert description["required"] == list(description["properties"])


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (report.Report, ()),
        (report.Run, ("$defs", "run")),
        (report.ReportedGap, ("$defs", "gap")),
        (report.AuditedApplication, ("$defs", "application")),
        (report.Certificate, ("$defs", "certificate")),
        (report.RuleEntry, ("$defs", "rule")),
        (report.ProfileEntry, ("$defs", "profile")),
        (report.UsedConfiguration, ("$defs", "configuration")),
        (report.Summary, ("$defs", "summary")),
        (report.Coverage, ("properties", "coverage")),
        (report.Comparison, ("$defs", "comparison")),
        (report.EarlierFinding, ("$defs", "earlierFinding")),
        (report.TrendPoint, ("$defs", "trendPoint")),
        (waiver.ReportedWaiver, ("$defs", "reportedWaiver")),
        (waiver.AppliedWaiver, ("$defs", "appliedWaiver")),
        (access.Access, ("$defs", "access")),
        (access.Assigned, ("$defs", "assigned")),
        (change.Drift, ("$defs", "drift")),
        (change.Change, ("$defs", "change")),
        (change.AccessChange, ("$defs", "accessChange")),
        (change.Attribution, ("$defs", "attribution")),
        (change.Candidate, ("$defs", "candidate")),
        (change.UnknownPart, ("$defs", "unknownPart")),
        (change.ComparedRun, ("$defs", "comparedRun")),
        (finding.Finding, ("$defs", "finding")),
        (finding.Evidence, ("$defs", "evidence")),
        (profile.Step, ("$defs", "profile", "properties", "steps", "items")),
        (configuration.Thresholds, ("$defs", "configuration", "properties", "thresholds")),
    ],
)
def test_the_schema_has_the_keys_of_the_types(kind: type, place: tuple[str, ...]) -> None:
    description: Any = SCHEMA
    for key in place:
        description = description[key]
    sample = to_json(_first(kind, (second_night(), compared_report())))
    assert isinstance(sample, dict)
    assert set(description["properties"]) == set(sample)


def test_the_schema_of_drift_json_is_that_of_drift_in_the_report() -> None:
    alone = bundled_schema("drift")
    definitions: Any = alone["$defs"]
    assert definitions == {name: SCHEMA["$defs"][name] for name in definitions}  # type: ignore[index]
    document = to_json(sample_drift())
    assert [error.message for error in Draft202012Validator(alone).iter_errors(document)] == []


def _first(kind: type, value: object) -> object:
    found = next(_instances(kind, value), None)
    assert found is not None, f"the sample has no {kind.__name__}"
    return found


def _instances(kind: type, value: object) -> Iterator[object]:
    if isinstance(value, kind):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _instances(kind, item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _instances(kind, getattr(value, field.name))


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (("severity",), [severity.value for severity in reversed(rule.Severity)]),
        (("finding", "properties", "status"), [status.value for status in finding.Status]),
        (("gap", "properties", "reason"), [reason.value for reason in gap.Reason]),
        (("finding", "properties", "subject", "properties", "kind"), [k.value for k in rule.SubjectKind]),
    ],
)
def test_the_schema_has_the_words_of_the_types(words: tuple[str, ...], known: list[str]) -> None:
    description: Any = SCHEMA["$defs"]
    for key in words:
        description = description[key]
    assert description["enum"] == known


def test_every_format_writes_a_file_of_its_own() -> None:
    found = formats()
    assert {"html", "json"} <= set(found)
    assert len({each.file_name for each in found.values()}) == len(found)
