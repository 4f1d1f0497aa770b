"""What holds for every format: same bytes, nothing hostile breaks it, the same offline from report.json."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.report import formats, json
from tests.conftest import Runner
from tests.report.several import REPORTS

FORMATS = formats()


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"pdf"}))
@pytest.mark.parametrize("report", REPORTS)
def test_the_same_report_gives_the_same_bytes(name: str, report: str) -> None:
    render = FORMATS[name].render
    assert render(REPORTS[report]) == render(REPORTS[report])


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"html", "pdf"}))
def test_it_is_made_from_report_json_alone(name: str, auditor: Runner, tmp_path: Path) -> None:
    for report in REPORTS.values():
        (tmp_path / "old.json").write_bytes(json.render(report))
        assert auditor("report", "render", "old.json", "--format", name, "--out", "again").code == 0
        written = (tmp_path / "again" / FORMATS[name].file_name).read_bytes()
        assert written == FORMATS[name].render(report)
