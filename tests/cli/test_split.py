"""`--split`: an index and a page for each application, whole or not at all, and none of yesterday's."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model.report import Report
from auditor.report.html import SPLIT_ABOVE
from auditor.report.json import render
from auditor.report.places import page_name
from tests.conftest import Runner
from tests.report.nights import second_night
from tests.report.sample import APPLICATIONS, MEETING, sample_report


def told(folder: Path, report: Report) -> Path:
    file = folder / "report.json"
    file.write_bytes(render(report))
    return file


def pages(out: Path) -> list[str]:
    return sorted(page.name for page in (out / "applications").glob("*"))


def test_an_index_and_a_page_for_each_application(auditor: Runner, tmp_path: Path) -> None:
    result = auditor("report", "render", told(tmp_path, second_night()), "--split", "--out", "out")
    assert result.code == 0
    assert result.stderr.splitlines() == ["auditor: out/report.html"]
    out = tmp_path / "out"
    assert pages(out) == sorted(page_name(each.service_principal_id) for each in APPLICATIONS)
    assert stat.S_IMODE((out / "applications").stat().st_mode) == 0o700
    for page in (out / "report.html", *(out / "applications").iterdir()):
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "applications/" in (out / "report.html").read_text(encoding="utf-8")


def test_pages_of_applications_that_are_gone_are_removed_and_nothing_else(
    auditor: Runner, tmp_path: Path
) -> None:
    auditor("report", "render", told(tmp_path, sample_report()), "--split", "--out", "out")
    folder = tmp_path / "out" / "applications"
    kept = {"notes.html", "index.html", f"{MEETING.service_principal_id}.txt"}
    for name in kept:
        (folder / name).write_text("mine")
    one = replace(sample_report(), applications=(MEETING,))
    auditor("report", "render", told(tmp_path, one), "--split", "--out", "out")
    assert set(pages(tmp_path / "out")) == {page_name(MEETING.service_principal_id), *kept}
    # A whole report leaves no pages that look as if they belonged to it; the folder stays for its others.
    auditor("report", "render", told(tmp_path, one), "--out", "out")
    assert set(pages(tmp_path / "out")) == kept


def test_the_folder_goes_with_its_last_page(auditor: Runner, tmp_path: Path) -> None:
    file = told(tmp_path, sample_report())
    auditor("report", "render", file, "--split", "--out", "out")
    auditor("report", "render", file, "--format", "csv", "--out", "out")
    assert len(pages(tmp_path / "out")) == len(APPLICATIONS), "another format is no reason"
    auditor("report", "render", file, "--out", "out")
    assert not (tmp_path / "out" / "applications").exists()


def test_a_page_that_cannot_be_written_leaves_everything_as_it_was(auditor: Runner, tmp_path: Path) -> None:
    auditor("report", "render", told(tmp_path, sample_report()), "--out", "out")
    before = (tmp_path / "out" / "report.html").read_bytes()
    (tmp_path / "out" / "applications").write_text("in the way")
    result = auditor("report", "render", told(tmp_path, second_night()), "--split", "--out", "out")
    assert result.code == 1
    assert "cannot be written" in result.stderr
    assert (tmp_path / "out" / "report.html").read_bytes() == before
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["applications", "report.html"]


@pytest.mark.parametrize("command", ["evaluate", "report render", "scan"])
def test_without_html_there_is_nothing_to_split(auditor: Runner, tmp_path: Path, command: str) -> None:
    file = () if command == "scan" else (told(tmp_path, sample_report()),)
    result = auditor(*command.split(), *file, "--split", "--format", "json")
    assert result.code == 2
    assert "--format does not name html" in result.stderr


def test_a_large_report_suggests_to_split_it(auditor: Runner, tmp_path: Path) -> None:
    report = sample_report()
    large = replace(report.findings[3], observed="x" * SPLIT_ABOVE)
    file = told(tmp_path, replace(report, findings=(*report.findings, large)))
    suggestion = "--split writes an index and a file per application"
    assert suggestion in auditor("report", "render", file).stderr
    assert suggestion not in auditor("report", "render", file, "--split").stderr
