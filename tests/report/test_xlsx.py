"""report.xlsx: opened by a reader of workbooks; text stays text."""

from __future__ import annotations

import io
import zipfile
from collections import Counter

import pytest
from openpyxl import Workbook, load_workbook

from auditor.model.finding import Status
from auditor.model.report import Report
from auditor.report.presentation import verdict_sentence
from auditor.report.rows import COLUMNS, cells
from auditor.report.xlsx import render
from tests.report.sample import sample_report
from tests.report.several import REPORTS


def workbook(report: Report) -> Workbook:
    return load_workbook(io.BytesIO(render(report)))


def rows(report: Report, sheet: str) -> list[dict[str, object]]:
    heading, *found = workbook(report)[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, heading), row, strict=True)) for row in found]


def test_the_sheets() -> None:
    names = workbook(sample_report()).sheetnames
    assert names == ["Summary", "Findings", "Applications", "Certificates", "Gaps"]


def test_every_finding_of_every_status_has_its_row() -> None:
    found = rows(sample_report(), "Findings")
    assert list(found[0]) == list(COLUMNS)
    assert Counter(row["status"] for row in found) == Counter(
        finding.status.value for finding in sample_report().findings
    )
    assert {row["fingerprint"] for row in found} == {f.fingerprint for f in sample_report().findings}
    by_fingerprint = {f.fingerprint: f for f in sample_report().findings}
    for row in found:
        said = cells(by_fingerprint[str(row["fingerprint"])])
        assert [value or "" for value in row.values()] == said


def test_the_summary_counts_them() -> None:
    sheet = workbook(sample_report())["Summary"]
    said = {row[0]: row[1] for row in sheet.iter_rows(max_col=2, values_only=True)}
    assert said["Verdict"] == verdict_sentence(sample_report())
    assert (said["fails"], said["not evaluated"], said["waived"]) == (8, 3, 1)
    assert (said["passes"], said["not applicable"]) == (6, 3)


def test_the_summary_says_what_changed() -> None:
    sheet = workbook(REPORTS["later"])["Summary"]
    said = {row[0]: row[1] for row in sheet.iter_rows(max_col=2, values_only=True)}
    words = ("new", "unchanged", "updated", "solved", "unknown")
    assert [said[word] for word in words] == [1, 2, 3, 1, 1]


def test_applications_carry_what_was_not_evaluated() -> None:
    found = {row["application"]: row for row in rows(sample_report(), "Applications")}
    assert found["GoToMeeting"]["not-evaluated"] == 1
    assert found["GoToMeeting"]["fail"] == 3


def test_certificates_are_sorted_by_their_end() -> None:
    found = rows(sample_report(), "Certificates")
    assert [row["daysLeft"] for row in found] == [-13, 7, 45, 512, 1090]


def test_gaps_name_their_cure() -> None:
    found = rows(sample_report(), "Gaps")
    assert [row["permission"] or row["licence"] for row in found] == [
        "Policy.Read.All",
        None,
        "Microsoft Entra ID P1",
    ]


@pytest.mark.parametrize("sheet", ["Findings", "Applications", "Certificates", "Gaps"])
def test_the_heading_stays_and_filters(sheet: str) -> None:
    found = workbook(sample_report())[sheet]
    assert found.freeze_panes == "B2"
    assert found.auto_filter.ref == found.dimensions


@pytest.mark.parametrize("report", REPORTS)
def test_no_cell_is_a_formula_or_a_link(report: str) -> None:
    for sheet in workbook(REPORTS[report]):
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row} <= {"s", "n", "inlineStr"}
            assert not any(cell.hyperlink for cell in row)
    with zipfile.ZipFile(io.BytesIO(render(REPORTS[report]))) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert b"<f>" not in content
            assert b"hyperlink" not in content
            assert b'TargetMode="External"' not in content


def test_statuses_are_told_apart_without_colour() -> None:
    assert {row["status"] for row in rows(sample_report(), "Findings")} == {s.value for s in Status}
