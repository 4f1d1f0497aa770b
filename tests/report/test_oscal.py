"""report.oscal.json: assessment results as bindings made from NIST's schema read them."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oscal_bindings import AssessmentResultsDocument

from auditor.model.finding import Status
from auditor.model.report import Report
from auditor.report.carried import findings
from auditor.report.oscal import render
from tests.report.official import officially
from tests.report.sample import sample_report
from tests.report.several import REPORTS

__all__ = ["officially"]


def results(report: Report) -> dict[str, Any]:
    (found,) = json.loads(render(report))["assessment-results"]["results"]
    return dict(found)


def named(node: dict[str, Any], name: str) -> list[str]:
    return [each["value"] for each in node["props"] if each["name"] == name]


@pytest.mark.parametrize("report", REPORTS)
def test_bindings_of_the_schema_read_it(report: str) -> None:
    document = AssessmentResultsDocument.model_validate_json(render(REPORTS[report]))
    (found,) = document.assessment_results.results
    assert len(found.observations or ()) == len(findings(REPORTS[report]))


@pytest.mark.parametrize("schema", ["oscal-ar", "oscal-ar-1.2.1"])
@pytest.mark.parametrize("report", REPORTS)
def test_it_meets_the_schema_of_nist(
    schema: str, report: str, officially: Callable[[str, bytes], list[str]]
) -> None:
    complaints = officially(schema, render(REPORTS[report]))
    assert [each for each in complaints if "metadata.oscal-version" not in each] == []


def test_every_finding_is_an_observation_with_its_status() -> None:
    statuses = [named(each, "status")[0] for each in results(sample_report())["observations"]]
    assert Counter(statuses) == Counter(finding.status.value for finding in sample_report().findings)


def test_the_words_of_each_status() -> None:
    found = results(sample_report())
    status_of = {each["uuid"]: named(each, "status")[0] for each in found["observations"]}
    words = {
        (
            status_of[each["related-observations"][0]["observation-uuid"]],
            each["target"]["status"]["state"],
            each["target"]["status"]["reason"],
        )
        for each in found["findings"]
    }
    assert words == {
        ("pass", "satisfied", "pass"),
        ("fail", "not-satisfied", "fail"),
        ("waived", "not-satisfied", "fail"),
        ("not-evaluated", "not-satisfied", "other"),
    }


def test_what_fails_is_a_risk_and_what_is_waived_an_approved_deviation() -> None:
    risks = Counter(risk["status"] for risk in results(sample_report())["risks"])
    count = Counter(finding.status for finding in sample_report().findings)
    assert risks == {"open": count[Status.FAIL], "deviation-approved": count[Status.WAIVED]}


def test_controls_are_written_as_the_catalogue_writes_them() -> None:
    (selection,) = results(sample_report())["reviewed-controls"]["control-selections"]
    assert selection == {"include-controls": [{"control-id": "cm-6"}, {"control-id": "ia-8"}]}


def uuids(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "uuid" in node:
            yield node["uuid"]
        for each in node.values():
            yield from uuids(each)
    elif isinstance(node, list):
        for each in node:
            yield from uuids(each)


@pytest.mark.parametrize("report", REPORTS)
def test_identifiers_are_made_of_what_they_name_and_stand_once(report: str) -> None:
    found = list(uuids(json.loads(render(REPORTS[report]))))
    assert len(set(found)) == len(found)
    assert {uuid.UUID(each).version for each in found} == {5}
