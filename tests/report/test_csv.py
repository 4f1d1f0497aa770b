"""report.csv: read back as it was written, and safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.finding import Status
from auditor.model.report import Report
from auditor.report.csv import guarded, render
from auditor.report.rows import CELL_LIMIT, COLUMNS
from auditor.report.text import visible
from tests.report.official import officially
from tests.report.sample import sample_report
from tests.report.several import REPORTS

__all__ = ["officially"]


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(report).decode(), newline=""), strict=True))


def test_every_finding_of_every_status_has_a_row() -> None:
    found = rows(sample_report())
    assert Counter(row["status"] for row in found) == Counter(
        finding.status.value for finding in sample_report().findings
    )
    assert {row["status"] for row in found} == {status.value for status in Status}
    assert {row["fingerprint"] for row in found} == {f.fingerprint for f in sample_report().findings}


def test_what_fails_comes_first_and_the_most_severe_of_it() -> None:
    first = rows(sample_report())[:3]
    assert [(row["status"], row["severity"]) for row in first] == [
        ("fail", "critical"),
        ("fail", "critical"),
        ("fail", "high"),
    ]


def test_a_row_says_what_report_json_says() -> None:
    (row,) = (row for row in rows(REPORTS["later"]) if row["status"] == "waived")
    assert row["waiver"] == "until the migration, by iam@contoso.com, until 2027-01-31"
    assert row["firstSeenAt"] == "2026-11-20T02:00:00Z"
    assert row["baselineState"] in ("new", "unchanged", "updated")
    assert row["controls"] == "iso-27001-2022 A.8.9; nist-sp-800-53-r5 CM-6, IA-8"


@given(st.text())
def test_no_text_begins_a_formula_and_none_is_lost(text: str) -> None:
    finding = replace(sample_report().findings[0], message=text)
    (row,) = rows(replace(sample_report(), findings=(finding,)))
    assert row["message"].removeprefix("'") == visible(text).removeprefix("'")
    begins_a_formula = row["message"].strip(" '\"\t\n\u00a0\u3000")[:1] in tuple("=+@|%")
    assert row["message"].startswith("'") or not begins_a_formula


@pytest.mark.parametrize("number", ["0", "-1", "42", "-0.5"])
def test_numbers_stay_numbers(number: str) -> None:
    assert guarded(number) == number


FORMULAS = ["=1", "+1", "-1+2", "@A1", "\t1", "\r1", "\n1", " =1", '"=1', "\uff1d1", "|x", "%x"]


@pytest.mark.parametrize("text", FORMULAS, ids=range(len(FORMULAS)))
def test_a_formula_becomes_text(text: str) -> None:
    assert guarded(text) == f"'{text}"


def test_a_cell_is_no_longer_than_a_spreadsheet_takes() -> None:
    finding = replace(sample_report().findings[0], message="x" * 100_000)
    (row,) = rows(replace(sample_report(), findings=(finding,)))
    assert row["message"].startswith("x" * CELL_LIMIT)
    assert row["message"].endswith("… (100,000 characters; report.json has all)")


def test_an_empty_report_has_its_heading() -> None:
    assert render(REPORTS["empty"]) == (",".join(COLUMNS) + "\r\n").encode()


@pytest.mark.parametrize("report", REPORTS)
def test_it_meets_rfc_4180(report: str, officially: Callable[[str, bytes], list[str]]) -> None:
    assert officially("csv", render(REPORTS[report])) == []
