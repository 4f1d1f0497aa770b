"""report.ocsf.json: events that the published schema of class 2003 takes, each on a line of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from auditor.model.finding import Status
from auditor.model.report import Report
from auditor.report.ocsf import VERSION, render
from tests.report.official import officially
from tests.report.sample import sample_report
from tests.report.several import REPORTS

__all__ = ["officially"]


@cache
def validator() -> Draft202012Validator:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION)).get_class_schema(
        "compliance_finding", ["cloud"]
    )
    return Draft202012Validator(schema)


def events(report: Report) -> list[dict[str, Any]]:
    return [json.loads(line) for line in render(report).splitlines()]


def by_status(report: Report) -> dict[str, dict[str, Any]]:
    return {event["status_code"]: event for event in events(report)}


@pytest.mark.parametrize("report", REPORTS)
def test_every_event_meets_the_schema(report: str) -> None:
    for event in events(REPORTS[report]):
        assert [error.message for error in validator().iter_errors(event)] == []


@pytest.mark.parametrize("report", sorted(set(REPORTS) - {"empty"}))
def test_every_event_meets_the_published_one(
    report: str, officially: Callable[[str, bytes], list[str]]
) -> None:
    assert officially("ocsf", render(REPORTS[report])) == []


def test_every_finding_is_an_event() -> None:
    found = {event["finding_info"]["uid"] for event in events(sample_report())}
    assert found == {finding.fingerprint for finding in sample_report().findings}


def test_the_words_of_each_status() -> None:
    words = {
        code: (event["compliance"]["status_id"], event["status"])
        for code, event in by_status(sample_report()).items()
    }
    assert words == {
        "pass": (1, "Resolved"),
        "not-evaluated": (2, "Unknown"),
        "fail": (3, "New"),
        "waived": (3, "Suppressed"),
        "not-applicable": (99, "Not Applicable"),
    }
    assert set(words) == {status.value for status in Status}


def test_an_event_says_what_was_seen_before() -> None:
    event = by_status(REPORTS["later"])["waived"]
    assert event["status_detail"] == "until the migration, by iam@contoso.com, until 2027-01-31"
    assert event["finding_info"]["first_seen_time"] == 1795140000000
    assert event["unmapped"]["baselineState"] in ("new", "unchanged", "updated")
    assert {event["activity_name"] for event in events(REPORTS["later"])} == {"Create", "Update", "Close"}


def test_what_is_solved_is_closed() -> None:
    (closed,) = (event for event in events(REPORTS["later"]) if event["activity_name"] == "Close")
    assert REPORTS["later"].comparison is not None
    assert closed["finding_info"]["uid"] == REPORTS["later"].comparison.absent[0].fingerprint
    assert (closed["type_uid"], closed["status"]) == (200303, "Resolved")


def test_an_event_names_application_subject_and_controls() -> None:
    by_rule = {event["finding_info"]["analytic"]["uid"]: event for event in events(sample_report())}
    event = by_rule["no-unexpected-reply-url"]
    assert [(r["type"], r["role"]) for r in event["resources"]] == [
        ("Service Principal", "Target"),
        ("replyUrl", "Affected"),
    ]
    assert event["compliance"]["requirements"] == ["A.8.9", "CM-6", "IA-8"]
    assert event["compliance"]["standards"] == ["iso-27001-2022", "nist-sp-800-53-r5"]


def test_an_empty_report_is_an_empty_file() -> None:
    assert render(REPORTS["empty"]) == b""
